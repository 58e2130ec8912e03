package projections

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ordermill/eventstore/subscription"
)

// fixedColumns is how many columns every table of rows begins with: key, shown, body.
const fixedColumns = 3

// table is one generation's table of rows.
type table struct {
	name    string
	columns []string
}

func (p *Projection[R]) table(generation int64) table {
	columns := []string{"key", "shown", "body"}
	for _, c := range p.Columns {
		columns = append(columns, c.Name)
	}
	return table{fmt.Sprintf("%s_%d", p.Name, generation), columns}
}

// loadAtOnce bounds the placeholders of one statement; more make SQLite's parsing slow.
const loadAtOnce = 64

// load returns the stored bodies of those keys that have a row.
func (t table) load(ctx context.Context, db subscription.Querier, keys []string) (map[string][]byte, error) {
	bodies := make(map[string][]byte, len(keys))
	for len(keys) > 0 {
		n := min(len(keys), loadAtOnce)
		if err := t.loadSome(ctx, db, keys[:n], bodies); err != nil {
			return nil, fmt.Errorf("load rows of %s: %w", t.name, err)
		}
		keys = keys[n:]
	}
	return bodies, nil
}

func (t table) loadSome(ctx context.Context, db subscription.Querier, keys []string, bodies map[string][]byte) error {
	width := 1 // a power of two, so that a database sees few different statements; the last key fills the rest
	for width < len(keys) {
		width *= 2
	}
	args := make([]any, width)
	for i := range args {
		args[i] = keys[min(i, len(keys)-1)]
	}
	rows, err := db.QueryContext(ctx, "SELECT key, body FROM "+t.name+" WHERE key IN ("+placeholders(0, width)+")", args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		var body []byte
		if err := rows.Scan(&key, &body); err != nil {
			return err
		}
		bodies[key] = body
	}
	return rows.Err()
}

// upsertAtOnce is how many rows one statement writes when there are that many: fewer round trips, and still quick to parse.
const upsertAtOnce = 16

// upsertSQL writes some rows, whether they are there already or not.
func (t table) upsertSQL(rows int) string {
	var set []string
	for _, c := range t.columns[1:] {
		set = append(set, c+" = excluded."+c)
	}
	values := make([]string, rows)
	for i := range values {
		values[i] = "(" + placeholders(i*len(t.columns), len(t.columns)) + ")"
	}
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES %s ON CONFLICT (key) DO UPDATE SET %s",
		t.name, strings.Join(t.columns, ", "), strings.Join(values, ", "), strings.Join(set, ", "))
}

// upsert writes rows, each given as the values of its columns.
func (t table) upsert(ctx context.Context, tx *sql.Tx, rows [][]any) error {
	for _, width := range []int{upsertAtOnce, 1} {
		n := len(rows) / width * width
		if err := t.upsertSome(ctx, tx, rows[:n], width); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// prepareFrom is how often a statement is run before preparing it pays, which costs a round trip before and one after.
const prepareFrom = 8

func (t table) upsertSome(ctx context.Context, tx *sql.Tx, rows [][]any, width int) error {
	exec := func(values []any) (sql.Result, error) { return tx.ExecContext(ctx, t.upsertSQL(width), values...) }
	if len(rows) >= prepareFrom*width {
		stmt, err := tx.PrepareContext(ctx, t.upsertSQL(width))
		if err != nil {
			return fmt.Errorf("write rows of %s: %w", t.name, err)
		}
		defer stmt.Close()
		exec = func(values []any) (sql.Result, error) { return stmt.ExecContext(ctx, values...) }
	}
	for ; len(rows) > 0; rows = rows[width:] {
		if _, err := exec(slices.Concat(rows[:width]...)); err != nil {
			return fmt.Errorf("write rows of %s, from key %q: %w", t.name, rows[0][0], err)
		}
	}
	return nil
}

// placeholders are n of them, after the first so many.
func placeholders(after, n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = "$" + strconv.Itoa(after+i+1)
	}
	return strings.Join(list, ", ")
}

var (
	sqlComment  = regexp.MustCompile(`--[^\n]*`)
	createTable = regexp.MustCompile(`(?i)CREATE TABLE (\w+)`)
	createIndex = regexp.MustCompile(`(?i)^CREATE (UNIQUE )?INDEX`)
)

// schema parts a projection's schema, for one generation, into what makes the tables and what makes the indexes.
func (p *Projection[R]) schema(generation int64) (tables, indexes []string) {
	text := strings.ReplaceAll(p.Schema, "{{generation}}", strconv.FormatInt(generation, 10))
	for statement := range strings.SplitSeq(sqlComment.ReplaceAllString(text, ""), ";") {
		switch statement = strings.TrimSpace(statement); {
		case statement == "":
		case createIndex.MatchString(statement):
			indexes = append(indexes, statement)
		default:
			tables = append(tables, statement)
		}
	}
	return tables, indexes
}

// tableNames lists the tables of one generation.
func (p *Projection[R]) tableNames(generation int64) (names []string) {
	tables, _ := p.schema(generation)
	for _, statement := range tables {
		if m := createTable.FindStringSubmatch(statement); m != nil {
			names = append(names, m[1])
		}
	}
	return names
}
