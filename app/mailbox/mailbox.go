// Package mailbox is the mail carrier of a shop without a mail server: it keeps every mail in a table, one per Message-ID,
// where people and tests can read it. It sends nothing anywhere.
package mailbox

import (
	"context"
	"database/sql"
	"time"

	"ordermill/app"
)

// Box keeps mails in the table mailbox.
type Box struct{ write, read *sql.DB }

// New makes a box over the log place's database.
func New(write, read *sql.DB) *Box { return &Box{write, read} }

// Send keeps a mail. A mail whose Message-ID is there already was sent before; that is not an error.
func (b *Box) Send(ctx context.Context, m app.Mail) error {
	_, err := b.write.ExecContext(ctx, `
		INSERT INTO mailbox (message_id, order_id, recipient, subject, body, sent_at) VALUES ($1, $2, $3, $4, $5, now_ms())
		ON CONFLICT (message_id) DO NOTHING`, m.MessageID, m.OrderID, m.To, m.Subject, m.Text)
	return err
}

// List returns up to limit mails with a Message-ID after the given one, in order of Message-ID; "" starts at the first.
func (b *Box) List(ctx context.Context, after string, limit int) ([]app.Mail, error) {
	rows, err := b.read.QueryContext(ctx, `
		SELECT message_id, order_id, recipient, subject, body, sent_at FROM mailbox
		WHERE message_id > $1 ORDER BY message_id LIMIT $2`, after, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var mails []app.Mail
	for rows.Next() {
		var m app.Mail
		var sent int64
		if err := rows.Scan(&m.MessageID, &m.OrderID, &m.To, &m.Subject, &m.Text, &sent); err != nil {
			return nil, err
		}
		m.SentAt = time.UnixMilli(sent).UTC()
		mails = append(mails, m)
	}
	return mails, rows.Err()
}
