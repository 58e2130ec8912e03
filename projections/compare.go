package projections

import (
	"context"
	"fmt"
	"strings"

	"ordermill/eventstore/subscription"
)

// scanAtOnce is how many rows a comparison holds of each table.
const scanAtOnce = 1000

// scan reads a table in the order of its keys.
type scan struct {
	db    subscription.Querier
	table table
	page  []*scanned
	last  string
	end   bool
}

// scanned is a row as text, column by column; NULL is nil.
type scanned struct {
	key    string
	values [][]byte
}

// body is the row's content; empty if there is no row.
func (s *scanned) body() string {
	if s == nil {
		return ""
	}
	return string(s.values[fixedColumns-1])
}

// next returns the next row, or nil at the end.
func (s *scan) next(ctx context.Context) (*scanned, error) {
	if len(s.page) == 0 && !s.end {
		if err := s.read(ctx); err != nil {
			return nil, fmt.Errorf("read rows of %s: %w", s.table.name, err)
		}
	}
	if len(s.page) == 0 {
		return nil, nil
	}
	row := s.page[0]
	s.page = s.page[1:]
	return row, nil
}

func (s *scan) read(ctx context.Context) error {
	page, err := s.table.scan(ctx, s.db, fmt.Sprintf(`key > $1 ORDER BY key LIMIT %d`, scanAtOnce), s.last)
	if err != nil {
		return err
	}
	s.page, s.end = page, len(page) < scanAtOnce
	if len(page) > 0 {
		s.last = page[len(page)-1].key
	}
	return nil
}

// scan reads the rows of which a condition on the key holds.
func (t table) scan(ctx context.Context, db subscription.Querier, where, key string) (found []*scanned, err error) {
	rows, err := db.QueryContext(ctx, fmt.Sprintf(`SELECT %s FROM %s WHERE %s`, strings.Join(t.columns, ", "), t.name, where), key)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		row := &scanned{values: make([][]byte, len(t.columns))}
		into := make([]any, len(row.values))
		for i := range into {
			into[i] = &row.values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		row.key = string(row.values[0])
		found = append(found, row)
	}
	return found, rows.Err()
}

// scanOne reads one row; nil if there is none.
func (t table) scanOne(ctx context.Context, db subscription.Querier, key string) (*scanned, error) {
	found, err := t.scan(ctx, db, `key = $1`, key)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}
