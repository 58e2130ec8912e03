package subscription

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"
)

// Status is a consumer as its row tells, in whichever process it runs.
type Status struct {
	Name, Kind, Owner     string // Kind: projector, reactor
	Epoch, Position       int64
	LeaseUntil, Heartbeat time.Time // by the database's clock; zero: never
	Parked                int64     // keys
	Error                 string    // why the batch after Position failed, last time; "" once it is behind the consumer
}

const statusColumns = `SELECT name, kind, owner, epoch, position, lease_until, heartbeat_at, error,
	(SELECT count(*) FROM parked WHERE parked.consumer = consumers.name) FROM consumers`

// Overview tells about the consumers of all the databases that a program uses, each named once. A consumer whose row is in two of
// them works in the first; the other row is of a time when it worked there.
type Overview []Database

// Statuses lists every projector and reactor, by database and name.
func (o Overview) Statuses(ctx context.Context) ([]Status, error) {
	var all []Status
	seen := map[string]bool{}
	for _, db := range o {
		found, err := readStatuses(ctx, db)
		if err != nil {
			return nil, err
		}
		for _, s := range found {
			if !seen[s.Name] {
				all = append(all, s)
			}
			seen[s.Name] = true
		}
	}
	return all, nil
}

func readStatuses(ctx context.Context, db Database) ([]Status, error) {
	rows, err := db.Read.QueryContext(ctx, statusColumns+` WHERE kind <> 'task' ORDER BY name`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Status
	for rows.Next() {
		s, err := scanStatus(rows.Scan)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, rows.Err()
}

func readStatus(ctx context.Context, db Database, name string) (Status, error) {
	return scanStatus(db.Read.QueryRowContext(ctx, statusColumns+` WHERE name = $1`, name).Scan)
}

func scanStatus(scan func(...any) error) (Status, error) {
	var s Status
	var lease, heartbeat int64
	err := scan(&s.Name, &s.Kind, &s.Owner, &s.Epoch, &s.Position, &lease, &heartbeat, &s.Error, &s.Parked)
	s.LeaseUntil, s.Heartbeat = fromMillis(lease), fromMillis(heartbeat)
	return s, err
}

// longestError bounds what is kept of an error, in bytes: brokers and databases may answer with pages.
const longestError = 1000

// Storable makes of an error's text what both databases take: Postgres refuses a NUL and broken UTF-8, and a row that can not be written
// would be tried for ever.
func Storable(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\x00", "")
}

// tell keeps why a batch failed beside the checkpoint, where every process can see it; advance forgets it. Failing is
// harmless: it stands in the log as well, and the next try tells again.
func (s *session) tell(ctx context.Context, why error) {
	text := why.Error()
	_, err := s.db.Write.ExecContext(ctx, `UPDATE consumers SET error = $1 WHERE name = $2 AND epoch = $3`,
		Storable(text[:min(len(text), longestError)]), s.name, s.lease.epoch)
	if err != nil && ctx.Err() == nil {
		s.log.Warn("the error could not be kept", "error", err)
	}
}

// Handling is what one consumer did with one record.
type Handling struct {
	Status   string // handled, pending, parked or discarded
	Attempts int64
	At       time.Time // when the batch that held it was done; zero when pending, or longer ago than progress is kept
	Error    string    // why it is parked, or was discarded
}

// Handled tells what became of the record at position for a consumer. It is derived: nothing is written per message.
func (o Overview) Handled(ctx context.Context, consumer string, position int64) (Handling, error) {
	for _, db := range o {
		status, err := readStatus(ctx, db, consumer)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return Handling{}, err
		}
		return handled(ctx, db, status, position)
	}
	return Handling{Status: "pending"}, nil
}

func handled(ctx context.Context, db Database, consumer Status, position int64) (Handling, error) {
	if consumer.Position < position {
		return Handling{Status: "pending"}, nil
	}
	h := Handling{Status: "parked"}
	err := db.Read.QueryRowContext(ctx, `
		SELECT p.attempts, p.error FROM parked p JOIN parked_positions s ON s.consumer = p.consumer AND s.key = p.key
		WHERE s.consumer = $1 AND s.position = $2`, consumer.Name, position).Scan(&h.Attempts, &h.Error)
	if !errors.Is(err, sql.ErrNoRows) {
		return h, err
	}
	var at int64
	err = db.Read.QueryRowContext(ctx, `SELECT reason, discarded_at FROM discarded WHERE consumer = $1 AND position = $2`,
		consumer.Name, position).Scan(&h.Error, &at)
	if !errors.Is(err, sql.ErrNoRows) {
		h.Status, h.At = "discarded", fromMillis(at)
		return h, err
	}
	err = db.Read.QueryRowContext(ctx, `
		SELECT at FROM progress WHERE consumer = $1 AND position >= $2 ORDER BY position LIMIT 1`, consumer.Name, position).Scan(&at)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return h, err
	}
	return Handling{Status: "handled", Attempts: 1, At: fromMillis(at)}, nil
}

// progressKept is how long the time at which a batch was done is remembered.
const progressKept = 7 * 24 * time.Hour

// sweep removes old progress rows, once an hour at most. Failing is harmless: the next hour tries again.
func (s *session) sweep(ctx context.Context) {
	if time.Since(s.swept) < time.Hour {
		return
	}
	s.swept = time.Now()
	_, err := s.db.Write.ExecContext(ctx, `DELETE FROM progress WHERE consumer = $1 AND at < now_ms() - $2`,
		s.name, progressKept.Milliseconds())
	if err != nil {
		s.log.Warn("old progress rows stay for another hour", "error", err)
	}
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
