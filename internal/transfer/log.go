package transfer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"ordermill/eventstore"
)

// events compares what the target has and appends the rest.
func (a *arrival) events(ctx context.Context, rows []row) error {
	records := make([]eventstore.Record, len(rows))
	for i, r := range rows {
		record, err := recordOf(r)
		if err != nil {
			return a.damaged("%v", err)
		}
		if record.Position != a.at.Position+1 {
			return a.damaged("event %d follows event %d", record.Position, a.at.Position)
		}
		a.at = Head{record.Position, record.EventID}
		records[i] = record
	}
	there := int(min(max(a.begins.Position-records[0].Position+1, 0), int64(len(records))))
	if err := a.compare(ctx, records[:there]); err != nil {
		return err
	}
	if records = records[there:]; len(records) == 0 {
		return nil
	}
	if err := a.marks(ctx); err != nil {
		return err
	}
	return a.append(ctx, records)
}

// compare demands that the target's log has these very records.
func (a *arrival) compare(ctx context.Context, records []eventstore.Record) error {
	if len(records) == 0 {
		return nil
	}
	have, err := a.target.Log.Read(ctx, eventstore.Query{After: records[0].Position - 1, Limit: len(records)})
	if err != nil {
		return err
	}
	for i, r := range records {
		if i >= len(have) || !same(have[i], r) {
			return fmt.Errorf("%w: at position %d it has another event: it went on by itself. Nothing was written; import into a new store "+
				"(another folder, or another --name)", ErrOtherLog, r.Position)
		}
	}
	return nil
}

func same(a, b eventstore.Record) bool {
	return a.Position == b.Position && a.Stream == b.Stream && a.Version == b.Version && a.EventID == b.EventID && a.Type == b.Type &&
		a.SchemaVersion == b.SchemaVersion && a.CommandID == b.CommandID && bytes.Equal(a.Data, b.Data) &&
		bytes.Equal(a.Metadata, b.Metadata) && a.RecordedAt.Equal(b.RecordedAt)
}

// append writes records under the log's lock, if its tail is the one before them.
func (a *arrival) append(ctx context.Context, records []eventstore.Record) error {
	var grew error
	err := a.target.Log.Append(ctx, eventstore.Lookup{}, func(s eventstore.Snapshot) eventstore.Rows {
		if s.Tail.Position != a.begins.Position || s.Tail.EventID != a.begins.EventID {
			grew = fmt.Errorf("%w: somebody wrote to it during the import. Stop all copies and import into a new store", ErrServed)
			return eventstore.Rows{}
		}
		return eventstore.Rows{Records: records}
	})
	if err = errors.Join(err, grew); err != nil {
		return fmt.Errorf("events %d to %d: %w", records[0].Position, records[len(records)-1].Position, err)
	}
	last := records[len(records)-1]
	a.begins = eventstore.Tail{Position: last.Position, EventID: last.EventID, RecordedAt: last.RecordedAt}
	return nil
}

// receipts writes those that are not there. One that only the target has stays: it is an answer that somebody was given.
func (a *arrival) receipts(ctx context.Context, rows []row) error {
	all := make([]eventstore.ReceiptRow, len(rows))
	var lookup eventstore.Lookup
	for i, r := range rows {
		receipt, err := receiptOf(r)
		if err != nil {
			return a.damaged("%v", err)
		}
		all[i] = receipt
		lookup.Receipts = append(lookup.Receipts, eventstore.ReceiptKey{Scope: receipt.Scope, Key: receipt.Key})
	}
	var differs error
	err := a.target.Log.Append(ctx, lookup, func(s eventstore.Snapshot) (missing eventstore.Rows) {
		for i, key := range lookup.Receipts {
			have, ok := s.Receipts[key]
			if !ok {
				missing.Receipts = append(missing.Receipts, all[i])
			} else if want := all[i]; have.Position != want.Position || !bytes.Equal(have.Fingerprint, want.Fingerprint) || !bytes.Equal(have.Response, want.Response) {
				differs = fmt.Errorf("%w: both have answered a command of scope %q, each in its own way: the target went on by itself. "+
					"Import into a new store", ErrOtherLog, key.Scope)
				return eventstore.Rows{}
			}
		}
		return missing
	})
	if err = errors.Join(err, differs); err != nil {
		return fmt.Errorf("receipts: %w", err)
	}
	return nil
}

// wholeLog demands that the last event so far is the one that the header names.
func (a *arrival) wholeLog() error {
	if a.at != a.header.Head {
		return a.damaged("the log ends at %d where its header says %d", a.at.Position, a.header.Head.Position)
	}
	return nil
}

// recordOf is a row of events as the log takes it. The values stand in the order of the table's columns.
func recordOf(r row) (eventstore.Record, error) {
	v := r.values
	eventID, err := uuid.Parse(v[3].(string))
	if err != nil {
		return eventstore.Record{}, err
	}
	commandID, err := uuid.Parse(v[6].(string))
	return eventstore.Record{
		Position: v[0].(int64), Stream: v[1].(string), Version: v[2].(int64), EventID: eventID, Type: v[4].(string),
		SchemaVersion: int(v[5].(int64)), CommandID: commandID,
		Data: json.RawMessage(v[7].(string)), Metadata: json.RawMessage(v[8].(string)),
		RecordedAt: time.UnixMilli(v[9].(int64)).UTC(),
	}, err
}

// receiptOf is a row of receipts as the log takes it.
func receiptOf(r row) (eventstore.ReceiptRow, error) {
	v := r.values
	commandID, err := uuid.Parse(v[5].(string))
	return eventstore.ReceiptRow{
		Receipt: eventstore.Receipt{
			Scope: v[0].(string), Key: v[1].(string), Fingerprint: v[2].([]byte), Response: v[3].([]byte), Position: v[4].(int64),
		},
		CommandID: commandID, RecordedAt: time.UnixMilli(v[6].(int64)).UTC(),
	}, err
}
