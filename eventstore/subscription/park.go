package subscription

import (
	"context"
	"database/sql"
)

// parking is a key that is about to be parked, with the reason.
type parking struct {
	key string
	err error
}

// park writes newly parked keys, and every position that was skipped for a parked key: a dead letter is a pointer into the log.
func park(ctx context.Context, tx *sql.Tx, consumer string, newly []parking, skipped []Work) error {
	for _, p := range newly {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO parked (consumer, key, error, attempts, parked_at) VALUES ($1, $2, $3, 1, now_ms())
			ON CONFLICT (consumer, key) DO UPDATE SET error = excluded.error, attempts = parked.attempts + 1`,
			consumer, p.key, Storable(p.err.Error()))
		if err != nil {
			return err
		}
	}
	for _, w := range skipped {
		for _, d := range w.Deliveries {
			_, err := tx.ExecContext(ctx, `
				INSERT INTO parked_positions (consumer, key, position, event_id) VALUES ($1, $2, $3, $4)`,
				consumer, w.Key, d.Position, d.EventID.String())
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// Querier is a database, or a transaction or connection whose snapshot the answer must be of.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// ParkedKeys are the keys that a consumer skips.
func ParkedKeys(ctx context.Context, db Querier, consumer string) (map[string]bool, error) {
	rows, err := db.QueryContext(ctx, `SELECT key FROM parked WHERE consumer = $1`, consumer)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	keys := map[string]bool{}
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return nil, err
		}
		keys[key] = true
	}
	return keys, rows.Err()
}
