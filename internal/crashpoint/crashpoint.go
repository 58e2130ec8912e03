// Package crashpoint names the durable steps between which the program may die at any moment. The end-to-end tests build it
// with the tag crashpoints and have it killed at each of them; in every other build Reach does nothing.
package crashpoint

// Point is a place just before or just after a durable step.
type Point string

// The points, in the order in which an order meets them.
const (
	BeforeAppend     Point = "before-append" // decided, nothing written
	InAppend         Point = "in-append"     // the log's lock is held, nothing written
	AfterAppend      Point = "after-append"  // committed, nobody told
	BeforePublish    Point = "before-publish"
	AfterPublish     Point = "after-publish"     // confirmed, the relay's checkpoint not moved
	BeforeProjection Point = "before-projection" // rows written, not committed
	AfterProjection  Point = "after-projection"  // rows and checkpoint committed, nothing acknowledged
	BeforeReaction   Point = "before-reaction"   // a reactor has decided what to command
	AfterReaction    Point = "after-reaction"    // its command is through
	BeforeCheckpoint Point = "before-checkpoint" // a reactor's batch is done, its checkpoint not moved
	AfterCheckpoint  Point = "after-checkpoint"
	BeforeMail       Point = "before-mail"
	AfterMail        Point = "after-mail" // sent, not recorded
	BeforeProvider   Point = "before-provider"
	AfterProvider    Point = "after-provider"  // asked, the answer not recorded
	BeforeTimer      Point = "before-timer"    // due, not fired
	AfterTimer       Point = "after-timer"     // fired
	BeforeSnapshot   Point = "before-snapshot" // folded, not written
	AfterSnapshot    Point = "after-snapshot"
)

// All lists every point.
var All = []Point{BeforeAppend, InAppend, AfterAppend, BeforePublish, AfterPublish, BeforeProjection, AfterProjection, BeforeReaction, AfterReaction,
	BeforeCheckpoint, AfterCheckpoint, BeforeMail, AfterMail, BeforeProvider, AfterProvider, BeforeTimer, AfterTimer, BeforeSnapshot, AfterSnapshot}

// Variable is the environment's variable that says where to die, in a build with the tag: POINT:N, the N-th time that POINT is
// reached. POINT:N:freeze stops there as SIGSTOP does, until SIGCONT.
const Variable = "ORDERMILL_CRASH_AT"
