package messagingtest

import (
	"testing"

	"ordermill/messaging"
)

// Target is a transport under test, on names of its own. Run and RunFaults open it many times, so what it leaves
// between two tests is part of the test.
type Target struct {
	// Fresh gives a broker's names that nobody has used.
	Fresh func(t testing.TB) Names
	// Replays: a feed brings what was published after its checkpoint before it ran.
	Replays bool
	// Letters: letters come in this way.
	Letters bool
	// Outside: others can reach the broker, so there may be foreign messages, and copies can be kept.
	Outside bool
	// Damages are what somebody may do to what the broker holds while the transport runs, by name (RunFaults).
	Damages map[string]func(t testing.TB, names Names)
	// Full makes the broker's memory full, so that it takes no more records, until relieve (RunFaults).
	Full func(t testing.TB) (relieve func())
}

// Names is one place on a broker.
type Names interface {
	// Open makes a transport here. The suite closes it.
	Open(t testing.TB) messaging.Transport
	// Inject puts bytes that are no record where records travel (Outside).
	Inject(t testing.TB, body []byte)
	// Keep starts keeping all records durably, as an outside service would, once the first was published (Outside).
	// The function returns the positions kept so far.
	Keep(t testing.TB) func() []int64
	// Send sends a letter (Letters).
	Send(t testing.TB, body []byte)
}

// Broker is a server that a test may do anything to.
type Broker interface {
	Stop()
	Kill()
	Restart()
	Freeze()
	Thaw()
}
