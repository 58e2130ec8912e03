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
	rows, err := s.db.QueryContext(ctx, fmt.Sprintf(`SELECT %s FROM %s WHERE key > $1 ORDER BY key LIMIT %d`,
		strings.Join(s.table.columns, ", "), s.table.name, scanAtOnce), s.last)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		row := &scanned{values: make([][]byte, len(s.table.columns))}
		into := make([]any, len(row.values))
		for i := range into {
			into[i] = &row.values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		row.key = string(row.values[0])
		s.page = append(s.page, row)
		s.last = row.key
	}
	s.end = len(s.page) < scanAtOnce
	return rows.Err()
}
