package transfer

import (
	"bufio"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/google/uuid"

	"ordermill/migrations"
)

// Export writes a shop, as one snapshot sees it, and returns what it wrote. program is the version of this program. What was
// written when an error is returned has no end, and an import refuses it.
func Export(ctx context.Context, snapshot *sql.Tx, program string, to io.Writer) (Summary, error) {
	if err := Unfinished(ctx, snapshot); err != nil {
		return Summary{}, err
	}
	header := Header{Format: Format, Schema: migrations.Newest(), Program: program}
	if err := snapshot.QueryRowContext(ctx, `SELECT log_id FROM log`).Scan(&header.LogID); err != nil {
		return Summary{}, fmt.Errorf("read the log's id: %w", err)
	}
	var err error
	if header.Head, err = headOf(ctx, snapshot); err != nil {
		return Summary{}, err
	}
	out := &writer{to: bufio.NewWriterSize(to, 64<<10), sum: sha256.New()}
	if err := out.header(header); err != nil {
		return Summary{}, err
	}
	summary := Summary{LogID: header.LogID, Head: header.Head.Position, Counts: map[string]int64{}}
	for _, t := range tables {
		n, err := exportTable(ctx, snapshot, t, out)
		if err != nil {
			return summary, fmt.Errorf("export %s: %w", t.name, err)
		}
		summary.Counts[t.name] = n
	}
	return summary, out.end(summary.Counts)
}

func headOf(ctx context.Context, snapshot *sql.Tx) (head Head, err error) {
	var id uuid.UUID
	err = snapshot.QueryRowContext(ctx, `SELECT position, event_id FROM events ORDER BY position DESC LIMIT 1`).Scan(&head.Position, &id)
	if errors.Is(err, sql.ErrNoRows) {
		return Head{}, nil
	}
	head.EventID = id
	return head, err
}

func exportTable(ctx context.Context, snapshot *sql.Tx, t table, out *writer) (n int64, err error) {
	rows, err := snapshot.QueryContext(ctx, t.selection())
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	into := t.scanner()
	var line []byte
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return n, err
		}
		if line, err = appendRow(line[:0], t, scanned(into)); err != nil {
			return n, fmt.Errorf("row %d: %w", n+1, err)
		}
		if err := out.row(line); err != nil {
			return n, err
		}
		n++
	}
	return n, rows.Err()
}

// writer writes lines and keeps their sum.
type writer struct {
	to           *bufio.Writer
	sum          hash.Hash
	lines, bytes int // of rows since the last check
}

func (w *writer) line(text []byte) error {
	w.sum.Write(text)
	w.sum.Write(newline)
	if _, err := w.to.Write(text); err != nil {
		return err
	}
	return w.to.WriteByte('\n')
}

var newline = []byte{'\n'}

func (w *writer) object(member string, value any) error {
	text, err := object(member, value)
	if err != nil {
		return err
	}
	return w.line(text)
}

func (w *writer) header(h Header) error {
	if err := w.object(headerMember, h); err != nil {
		return err
	}
	return w.check() // who reads knows at once whether the header is right
}

func (w *writer) row(text []byte) error {
	w.lines, w.bytes = w.lines+1, w.bytes+len(text)
	if err := w.line(text); err != nil || w.lines < batchLines && w.bytes < batchBytes {
		return err
	}
	return w.check()
}

func (w *writer) check() error {
	w.lines, w.bytes = 0, 0
	return w.object(checkMember, check{digestOf(w.sum.Sum(nil))})
}

func (w *writer) end(counts map[string]int64) error {
	if err := w.object(endMember, end{counts, digestOf(w.sum.Sum(nil))}); err != nil {
		return err
	}
	return w.to.Flush()
}
