package eventstore

import (
	"bytes"
	"maps"
	"time"
)

// plan decides every request of a batch against what was found under the lock and against the earlier winners of the
// same batch, fills in the outcomes, and returns the rows of those that won. Receipts are checked before versions.
//
// lost names streams that an earlier request wanted to write and did not: whoever was decided after it may have counted on
// events that never came to be, so it is told wrong version even where the number happens to fit.
func (s *Store) plan(found Snapshot, requests []Request, batch []int, lost map[string]bool, outcomes []Outcome) Rows {
	p := planner{
		lost:     maps.Clone(lost),
		position: found.Tail.Position,
		versions: found.Versions,
		receipts: found.Receipts,
		now:      stamp(s.now(), found.Tail.RecordedAt),
	}
	if p.versions == nil {
		p.versions = map[string]int64{}
	}
	if p.receipts == nil {
		p.receipts = map[ReceiptKey]Receipt{}
	}
	for _, i := range batch {
		outcomes[i] = p.decide(requests[i])
		markLost(p.lost, requests[i], outcomes[i])
	}
	return p.rows
}

// markLost notes the streams that a request wanted to write if it did not win.
func markLost(lost map[string]bool, r Request, outcome Outcome) {
	if _, won := outcome.(Appended); won {
		return
	}
	for _, e := range r.Events {
		lost[e.Stream] = true
	}
}

// stamp is the batch's recorded_at: never earlier than the tail's, so that "as of a time" is a prefix of the log.
func stamp(now, tail time.Time) time.Time {
	now = now.UTC().Truncate(time.Millisecond)
	if now.Before(tail) {
		return tail
	}
	return now
}

type planner struct {
	position int64
	lost     map[string]bool
	versions map[string]int64
	receipts map[ReceiptKey]Receipt
	now      time.Time
	rows     Rows
}

func (p *planner) decide(r Request) Outcome {
	for _, asked := range r.Receipts {
		stored, ok := p.receipts[ReceiptKey{asked.Scope, asked.Key}]
		switch {
		case !ok:
		case bytes.Equal(stored.Fingerprint, asked.Fingerprint):
			return Duplicate{stored}
		default:
			return KeyConflict{stored}
		}
	}
	for stream, expected := range r.Expected {
		if actual := p.versions[stream]; actual != expected || p.lost[stream] {
			return WrongVersion{Stream: stream, Expected: expected, Actual: actual}
		}
	}
	return p.accept(r)
}

func (p *planner) accept(r Request) Outcome {
	var outcome Appended
	for _, e := range r.Events {
		p.position++
		p.versions[e.Stream]++
		p.rows.Records = append(p.rows.Records, Record{
			Position: p.position, Stream: e.Stream, Version: p.versions[e.Stream],
			EventID: e.ID, Type: e.Type, SchemaVersion: e.SchemaVersion, CommandID: r.CommandID,
			Data: e.Data, Metadata: e.Metadata, RecordedAt: p.now,
		})
		if outcome.First == 0 {
			outcome.First = p.position
		}
		outcome.Last = p.position
	}
	for _, receipt := range r.Receipts {
		if receipt.Response == nil {
			continue
		}
		receipt.Position = outcome.Last
		p.receipts[ReceiptKey{receipt.Scope, receipt.Key}] = receipt
		p.rows.Receipts = append(p.rows.Receipts, ReceiptRow{Receipt: receipt, CommandID: r.CommandID, RecordedAt: p.now})
	}
	return outcome
}
