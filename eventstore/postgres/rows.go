package postgres

import (
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"ordermill/eventstore"
)

const columns = `position, stream, version, event_id, type, schema_version, command_id, data, metadata, recorded_at`

const (
	tailSQL     = `SELECT position, event_id, recorded_at FROM events ORDER BY position DESC LIMIT 1`
	versionSQL  = `SELECT stream, version FROM events WHERE stream = $1 ORDER BY version DESC LIMIT 1`
	versionsSQL = `SELECT s.stream, e.version FROM unnest($1::text[]) AS s(stream),
		LATERAL (SELECT version FROM events WHERE stream = s.stream ORDER BY version DESC LIMIT 1) AS e`
	receiptSQL  = `SELECT scope, key, fingerprint, response, position FROM receipts WHERE scope = $1 AND key = $2`
	receiptsSQL = `SELECT k.scope, k.key, r.fingerprint, r.response, r.position FROM unnest($1::text[], $2::text[]) AS k(scope, key),
		LATERAL (SELECT fingerprint, response, position FROM receipts WHERE scope = k.scope AND key = k.key LIMIT 1) AS r`
	eventIDsSQL = `SELECT event_id FROM events WHERE event_id = ANY ($1::uuid[])`

	insertEventSQL  = `INSERT INTO events (` + columns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	insertEventsSQL = `INSERT INTO events (` + columns + `) SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[],
		$4::uuid[], $5::text[], $6::integer[], $7::uuid[], $8::text[], $9::text[], $10::bigint[])`
	receiptColumns    = `scope, key, fingerprint, response, position, command_id, recorded_at`
	insertReceiptSQL  = `INSERT INTO receipts (` + receiptColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	insertReceiptsSQL = `INSERT INTO receipts (` + receiptColumns + `) SELECT * FROM unnest($1::text[], $2::text[],
		$3::bytea[], $4::bytea[], $5::bigint[], $6::uuid[], $7::bigint[])`
)

// queueLookup asks for what lookup names; the snapshot is filled when the batch is answered.
func queueLookup(batch *pgx.Batch, lookup eventstore.Lookup) *eventstore.Snapshot {
	found := &eventstore.Snapshot{
		Versions: make(map[string]int64, len(lookup.Streams)),
		Receipts: make(map[eventstore.ReceiptKey]eventstore.Receipt, len(lookup.Receipts)),
		EventIDs: make(map[uuid.UUID]bool, len(lookup.EventIDs)),
	}
	batch.Queue(tailSQL).Query(each(func(rows pgx.Rows) error {
		var recordedAt int64
		err := rows.Scan(&found.Tail.Position, &found.Tail.EventID, &recordedAt)
		found.Tail.RecordedAt = time.UnixMilli(recordedAt).UTC()
		return err
	}))
	addVersion := each(func(rows pgx.Rows) error {
		var stream string
		var version int64
		err := rows.Scan(&stream, &version)
		found.Versions[stream] = version
		return err
	})
	if len(lookup.Streams) <= few {
		for _, stream := range lookup.Streams {
			batch.Queue(versionSQL, stream).Query(addVersion)
		}
	} else {
		batch.Queue(versionsSQL, lookup.Streams).Query(addVersion)
	}
	addReceipt := each(func(rows pgx.Rows) error {
		var r eventstore.Receipt
		err := rows.Scan(&r.Scope, &r.Key, &r.Fingerprint, &r.Response, &r.Position)
		found.Receipts[eventstore.ReceiptKey{Scope: r.Scope, Key: r.Key}] = r
		return err
	})
	if len(lookup.Receipts) <= few {
		for _, key := range lookup.Receipts {
			batch.Queue(receiptSQL, key.Scope, key.Key).Query(addReceipt)
		}
	} else {
		scopes, keys := make([]string, len(lookup.Receipts)), make([]string, len(lookup.Receipts))
		for i, key := range lookup.Receipts {
			scopes[i], keys[i] = key.Scope, key.Key
		}
		batch.Queue(receiptsSQL, scopes, keys).Query(addReceipt)
	}
	if len(lookup.EventIDs) > 0 {
		batch.Queue(eventIDsSQL, lookup.EventIDs).Query(each(func(rows pgx.Rows) error {
			var id uuid.UUID
			err := rows.Scan(&id)
			found.EventIDs[id] = true
			return err
		}))
	}
	return found
}

// each makes a function for one row into one for all.
func each(scan func(pgx.Rows) error) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		for rows.Next() {
			if err := scan(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	}
}

func queueRecords(batch *pgx.Batch, records []eventstore.Record) {
	n := len(records)
	if n <= few {
		for _, r := range records {
			batch.Queue(insertEventSQL, r.Position, r.Stream, r.Version, r.EventID, r.Type, r.SchemaVersion, r.CommandID,
				string(r.Data), string(r.Metadata), r.RecordedAt.UnixMilli())
		}
		return
	}
	position, version, recordedAt := make([]int64, n), make([]int64, n), make([]int64, n)
	stream, eventType, data, metadata := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	eventID, commandID := make(uuids, n), make(uuids, n)
	schemaVersion := make([]int, n)
	for i, r := range records {
		position[i], version[i], recordedAt[i] = r.Position, r.Version, r.RecordedAt.UnixMilli()
		stream[i], eventType[i], data[i], metadata[i] = r.Stream, r.Type, string(r.Data), string(r.Metadata)
		eventID[i], commandID[i] = asUUID(r.EventID), asUUID(r.CommandID)
		schemaVersion[i] = r.SchemaVersion
	}
	batch.Queue(insertEventsSQL, position, stream, version, eventID, eventType, schemaVersion, commandID, data, metadata, recordedAt)
}

func queueReceipts(batch *pgx.Batch, receipts []eventstore.ReceiptRow) {
	n := len(receipts)
	if n <= few {
		for _, r := range receipts {
			batch.Queue(insertReceiptSQL, r.Scope, r.Key, notNull(r.Fingerprint), notNull(r.Response), r.Position, r.CommandID, r.RecordedAt.UnixMilli())
		}
		return
	}
	scope, key := make([]string, n), make([]string, n)
	fingerprint, response := make([][]byte, n), make([][]byte, n)
	position, recordedAt := make([]int64, n), make([]int64, n)
	commandID := make(uuids, n)
	for i, r := range receipts {
		scope[i], key[i] = r.Scope, r.Key
		fingerprint[i], response[i] = notNull(r.Fingerprint), notNull(r.Response)
		position[i], recordedAt[i], commandID[i] = r.Position, r.RecordedAt.UnixMilli(), asUUID(r.CommandID)
	}
	batch.Queue(insertReceiptsSQL, scope, key, fingerprint, response, position, commandID, recordedAt)
}

// uuids is an array that pgx sends as it is. The elements of a []uuid.UUID are made text and read back, which took a sixth of
// the process's time under load.
type uuids = pgtype.FlatArray[pgtype.UUID]

func asUUID(id uuid.UUID) pgtype.UUID { return pgtype.UUID{Bytes: id, Valid: true} }

// notNull keeps empty bytes empty: a nil slice would be stored as NULL.
func notNull(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
