package subscription

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// What can be asked for about a parked key.
const (
	Retry   = "retry"   // replay what was skipped; the key goes on if that succeeds
	Discard = "discard" // skip it for good; the key goes on
)

// ErrNotParked: the consumer has not parked this key, or not any more.
var ErrNotParked = errors.New("the key is not parked")

// ParkedKey is a key that a consumer could not handle.
type ParkedKey struct {
	Consumer, Key string
	Error         string // of the last try
	Attempts      int64
	ParkedAt      time.Time
	Skipped       int64  // positions
	Asked         string // what the consumer's owner is about to do: Retry, Discard; "": nothing
}

// Parked lists the parked keys of all consumers, by database, consumer and key.
func (o Overview) Parked(ctx context.Context) (all []ParkedKey, err error) {
	for i, db := range o {
		found, err := db.parked(ctx)
		if err != nil {
			return nil, err
		}
		for _, p := range found {
			elsewhere, err := o[:i].knows(ctx, p.Consumer)
			if err != nil {
				return nil, err
			}
			if !elsewhere {
				all = append(all, p)
			}
		}
	}
	return all, nil
}

// knows reports whether a consumer works in one of the databases.
func (o Overview) knows(ctx context.Context, consumer string) (bool, error) {
	for _, db := range o {
		_, err := readStatus(ctx, db, consumer)
		if !errors.Is(err, sql.ErrNoRows) {
			return err == nil, err
		}
	}
	return false, nil
}

func (db Database) parked(ctx context.Context) (all []ParkedKey, err error) {
	rows, err := db.Read.QueryContext(ctx, `
		SELECT consumer, key, error, attempts, parked_at, asked,
			(SELECT count(*) FROM parked_positions s WHERE s.consumer = p.consumer AND s.key = p.key)
		FROM parked p ORDER BY consumer, key`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var p ParkedKey
		var at int64
		if err := rows.Scan(&p.Consumer, &p.Key, &p.Error, &p.Attempts, &at, &p.Asked, &p.Skipped); err != nil {
			return nil, err
		}
		p.ParkedAt = fromMillis(at)
		all = append(all, p)
	}
	return all, rows.Err()
}

// Skipped returns the first positions, at most limit, that were skipped for a parked key.
func (o Overview) Skipped(ctx context.Context, consumer, key string, limit int) (positions []int64, err error) {
	for _, db := range o {
		pointers, err := db.skipped(ctx, consumer, key, limit)
		if err != nil {
			return nil, err
		}
		for _, p := range pointers {
			positions = append(positions, p.position)
		}
	}
	return positions, nil
}

// pointer is a dead letter: a place in the log, and the event that stands there.
type pointer struct {
	position int64
	eventID  string
}

func (db Database) skipped(ctx context.Context, consumer, key string, limit int) (all []pointer, err error) {
	rows, err := db.Read.QueryContext(ctx, `
		SELECT position, event_id FROM parked_positions WHERE consumer = $1 AND key = $2 ORDER BY position LIMIT $3`, consumer, key, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var p pointer
		if err := rows.Scan(&p.position, &p.eventID); err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, rows.Err()
}

// Ask leaves word that a parked key is to be retried, or discarded for a reason. The consumer's owner, in whichever process,
// does it within about a second; see Parked for what came of it. ErrNotParked if the key is not parked.
func (o Overview) Ask(ctx context.Context, consumer, key, what, reason string) error {
	for _, db := range o {
		result, err := db.Write.ExecContext(ctx, `UPDATE parked SET asked = $1, reason = $2 WHERE consumer = $3 AND key = $4`,
			what, reason, consumer, key)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n > 0 {
			return err
		}
	}
	return ErrNotParked
}
