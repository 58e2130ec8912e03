package projections

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxLimit is the most rows that one List returns.
const MaxLimit = 200

// Found is one row, and the position of the read model when it was read.
type Found[R any] struct {
	Row      R
	Position int64 // of the projection, not of the row
}

// Page is some rows of a list, and the position of the read model when they were read.
type Page[R any] struct {
	Rows     []R
	Parked   []string // keys of those rows that may be old: an event of the key could not be folded
	Next     string   // cursor of the page after this one; empty at the end
	Position int64    // of the projection
	Now      int64    // the database's clock then, ms since 1970
}

// Query says which rows List returns.
type Query struct {
	Limit  int    // 1..MaxLimit
	Cursor string // Next of the page before; "" is the start
	Where  []Condition
	Frozen int64 // the generation to read, see Freeze; 0: the live one
}

// Get returns the row of a key: ErrNotFound, ErrNotReady, ErrParked. Its pointer, position and row are of one snapshot. A
// Found that comes with ErrNotFound carries the position at which there was no row.
func (m *Model[R]) Get(ctx context.Context, key string) (found Found[R], err error) {
	if !utf8.ValidString(key) || strings.ContainsRune(key, 0) {
		return found, fmt.Errorf("%s: %w", m.projection.Name, ErrNotFound)
	}
	err = m.onLive(ctx, func(generation int64) (now int64, err error) {
		var body []byte
		var parked bool
		err = m.db.Read.QueryRowContext(ctx, fmt.Sprintf(`
			SELECT l.generation, c.position, r.body, EXISTS (SELECT 1 FROM parked p WHERE p.consumer = c.name AND p.key = $4)
			FROM live l JOIN consumers c ON c.name = $3
			LEFT JOIN %s r ON r.key = $4 AND r.shown
			WHERE l.projection = $1 AND l.code_version = $2`, m.projection.table(generation).name),
			m.projection.Name, m.projection.Version, consumerName(m.projection.Name, generation), key).
			Scan(&now, &found.Position, &body, &parked)
		switch {
		case err != nil || now != generation:
			return now, err
		case parked:
			return now, fmt.Errorf("%s: %w", m.projection.Name, ErrParked)
		case body == nil:
			return now, fmt.Errorf("%s: %w", m.projection.Name, ErrNotFound)
		}
		found.Row, err = decode[R](body)
		return now, err
	})
	return found, err
}

// List returns rows in the projection's order, from the start or from another page's Next. ErrBadCursor if that page was of
// another list, or of this one with other conditions. Where Get refuses a parked key, List shows its row as it was before and
// names the key in Parked: one key that needs a human must not make the whole list unreadable, nor an order vanish from it,
// nor pass for up to date. A key whose first event could not be folded has no row to show.
func (m *Model[R]) List(ctx context.Context, query Query) (page Page[R], err error) {
	if query.Limit < 1 || query.Limit > MaxLimit {
		return page, fmt.Errorf("list %s: limit %d is not in 1..%d", m.projection.Name, query.Limit, MaxLimit)
	}
	if err := m.projection.allows(query.Where); err != nil {
		return page, err
	}
	from, err := m.parseCursor(query)
	if err != nil {
		return page, err
	}
	if query.Frozen != 0 {
		return page, m.listFrozen(ctx, query, from, &page)
	}
	err = m.onLive(ctx, func(generation int64) (int64, error) { return m.list(ctx, generation, query, from, &page) })
	return page, err
}

// list reads one row more than asked for, to know whether there is another page.
func (m *Model[R]) list(ctx context.Context, generation int64, query Query, from *cursor, page *Page[R]) (now int64, err error) {
	args := []any{m.projection.Name, m.projection.Version, consumerName(m.projection.Name, generation), query.Limit + 1}
	rows, err := m.db.Read.QueryContext(ctx, m.listSQL(generation, query, from, &args), args...)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	*page = Page[R]{Rows: []R{}}
	var last cursor
	for rows.Next() {
		var key sql.NullString
		var sort sql.NullInt64
		var body []byte
		var parked bool
		if err := rows.Scan(&now, &page.Position, &page.Now, &key, &sort, &body, &parked); err != nil {
			return 0, err
		}
		if !key.Valid {
			break // only the pointer and the position: the list ends here
		}
		if len(page.Rows) == query.Limit {
			page.Next = m.formatCursor(last, query)
			break
		}
		row, err := decode[R](body)
		if err != nil {
			return 0, fmt.Errorf("row %q of %s: %w", key.String, m.projection.Name, err)
		}
		page.Rows = append(page.Rows, row)
		if parked {
			page.Parked = append(page.Parked, key.String)
		}
		last = cursor{Sort: sort.Int64, Key: key.String}
	}
	return now, rows.Err()
}

func (m *Model[R]) listSQL(generation int64, query Query, from *cursor, args *[]any) string {
	sort, beyond, direction := "0", ">", "ASC"
	by := m.projection.Order
	if by.Column != "" {
		sort = by.Column
	}
	if by.Descending {
		beyond, direction = "<", "DESC"
	}
	where, order := "shown", "key "+direction
	if by.Column != "" {
		order = by.Column + " " + direction + ", " + order
	}
	for _, c := range query.Where {
		where += " AND " + c.sql(args)
	}
	switch {
	case from == nil:
	case by.Column == "":
		where += fmt.Sprintf(" AND key %s %s", beyond, bind(args, from.Key))
	default:
		where += fmt.Sprintf(" AND (%s, key) %s (%s, %s)", by.Column, beyond, bind(args, from.Sort), bind(args, from.Key))
	}
	pointer := "live"
	if query.Frozen != 0 {
		pointer = fmt.Sprintf("(SELECT projection, code_version, generation FROM generations WHERE generation = %d AND status = 'frozen')", generation)
	}
	return fmt.Sprintf(`
		SELECT l.generation, c.position, now_ms(), r.key, r.sort, r.body,
			EXISTS (SELECT 1 FROM parked p WHERE p.consumer = c.name AND p.key = r.key)
		FROM %s l JOIN consumers c ON c.name = $3
		LEFT JOIN (SELECT key, %s AS sort, body FROM %s WHERE %s ORDER BY %s LIMIT $4) r ON TRUE
		WHERE l.projection = $1 AND l.code_version = $2 ORDER BY r.sort %s, r.key %s`,
		pointer, sort, m.projection.table(generation).name, where, order, direction, direction)
}

// onLive runs a query on the live generation's table, and again when the answer says that another one is live by now: the
// pointer is read in the same statement as the rows, so both are of one snapshot without a transaction.
func (m *Model[R]) onLive(ctx context.Context, query func(generation int64) (now int64, err error)) error {
	generation, failed := m.known.Load(), error(nil)
	for range 4 { // more flips than that do not fit into one query
		if generation != 0 {
			now, err := query(generation)
			if now == generation {
				return err
			}
			failed = err // perhaps its table is gone
		}
		s, err := m.standing(ctx)
		switch {
		case err != nil:
			return fmt.Errorf("query %s: %w", m.projection.Name, err)
		case s.live == 0:
			return fmt.Errorf("%s: %w", m.projection.Name, ErrNotReady)
		case s.live == generation && failed != nil:
			return fmt.Errorf("query %s: %w", m.projection.Name, failed)
		}
		generation = s.live
		m.known.Store(generation)
	}
	return fmt.Errorf("query %s: no generation stays live: %w", m.projection.Name, errors.Join(ErrNotReady, failed))
}
