package transfer

import (
	"fmt"
	"strings"
)

// kind is how a column's value travels: text as a JSON string, number as a JSON number, binary in base64.
type kind int

const (
	text kind = iota
	number
	binary
)

type column struct {
	name string
	kind kind
}

// table is one table of the log's place, as far as it moves.
type table struct {
	name    string
	columns []column
	key     int    // so many of the columns, from the first, are the primary key
	only    string // condition of the rows that move; "": all
	// own: rows that the target has beside the file's stay there: they only ever grow, and each is an answer, a letter or a mail
	// of its own. Of other tables the target gets exactly the file's rows.
	own bool
}

const (
	eventsTable   = "events"
	receiptsTable = "receipts"

	// Of consumers, only reactors move. Projectors' checkpoints belong to read models, which do not; tasks have none.
	reactors   = `kind = 'reactor'`
	ofReactors = `consumer IN (SELECT name FROM consumers WHERE kind = 'reactor')`
)

// tables is what moves, in the order of the file. A checkpoint follows the events that are behind it.
var tables = []table{
	{name: eventsTable, key: 1, columns: []column{{"position", number}, {"stream", text}, {"version", number}, {"event_id", text}, {"type", text},
		{"schema_version", number}, {"command_id", text}, {"data", text}, {"metadata", text}, {"recorded_at", number}}},
	{name: receiptsTable, key: 2, own: true, columns: []column{{"scope", text}, {"key", text}, {"fingerprint", binary}, {"response", binary},
		{"position", number}, {"command_id", text}, {"recorded_at", number}}},
	{name: "inbox", key: 1, own: true, columns: []column{{"message_id", text}, {"source", text}, {"event_type", text}, {"raw", binary},
		{"problem", text}, {"received_at", number}}},
	{name: "mailbox", key: 1, own: true, columns: []column{{"message_id", text}, {"order_id", text}, {"recipient", text}, {"subject", text},
		{"body", text}, {"sent_at", number}}},
	{name: "cursors", key: 1, columns: []column{{"name", text}, {"position", text}}},
	{name: "contacts", key: 1, columns: []column{{"customer_ref", text}, {"email", text}, {"name", text}, {"updated_at", number}}},
	{name: "keys", key: 1, columns: []column{{"key_id", text}, {"hash", binary}, {"principal", text}, {"created_at", number}}},
	{name: "consumers", key: 1, only: reactors, columns: []column{{"name", text}, {"kind", text}, {"log_id", text}, {"position", number}, {"event_id", text}}},
	{name: "parked", key: 2, only: ofReactors, columns: []column{{"consumer", text}, {"key", text}, {"error", text}, {"attempts", number},
		{"parked_at", number}, {"asked", text}, {"reason", text}}},
	{name: "parked_positions", key: 3, only: ofReactors, columns: []column{{"consumer", text}, {"key", text}, {"position", number}, {"event_id", text}}},
	{name: "discarded", key: 3, only: ofReactors, columns: []column{{"consumer", text}, {"key", text}, {"position", number}, {"reason", text},
		{"discarded_at", number}}},
	{name: "progress", key: 2, only: ofReactors, columns: []column{{"consumer", text}, {"position", number}, {"at", number}}},
}

// clear removes what the target must not keep of tables that get exactly the file's rows. On Postgres the projectors' rows stand in
// the same tables and stay: they follow the same log. Consumers go last, because the others are told apart by them.
var clear = []string{
	`DELETE FROM cursors`,
	`DELETE FROM contacts`,
	`DELETE FROM keys`,
	`DELETE FROM parked WHERE ` + notOfProjectors,
	`DELETE FROM parked_positions WHERE ` + notOfProjectors,
	`DELETE FROM discarded WHERE ` + notOfProjectors,
	`DELETE FROM progress WHERE ` + notOfProjectors,
	`DELETE FROM consumers WHERE kind <> 'projector'`,
}

const notOfProjectors = `consumer NOT IN (SELECT name FROM consumers WHERE kind = 'projector')`

// indexOf is a table's place in the file; -1: no such table.
func indexOf(name string) int {
	for i, t := range tables {
		if t.name == name {
			return i
		}
	}
	return -1
}

func (t table) names() string {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.name
	}
	return strings.Join(names, ", ")
}

func (t table) keys() string {
	names := make([]string, t.key)
	for i, c := range t.columns[:t.key] {
		names[i] = c.name
	}
	return strings.Join(names, ", ")
}

// selection reads the rows that move, in the same order on both databases: text keys sort bytewise there.
func (t table) selection() string {
	where := ""
	if t.only != "" {
		where = " WHERE " + t.only
	}
	return `SELECT ` + t.names() + ` FROM ` + t.name + where + ` ORDER BY ` + t.keys()
}

// insertion writes one row.
func (t table) insertion() string {
	places := make([]string, len(t.columns))
	for i := range places {
		places[i] = fmt.Sprintf("$%d", i+1)
	}
	query := `INSERT INTO ` + t.name + ` (` + t.names() + `) VALUES (` + strings.Join(places, ", ") + `)`
	if t.own {
		query += ` ON CONFLICT (` + t.keys() + `) DO NOTHING`
	}
	return query
}
