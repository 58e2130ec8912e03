-- The log's identity, made once and never changed.
CREATE TABLE log (
	id     integer PRIMARY KEY CHECK (id = 1),
	log_id text NOT NULL
);
INSERT INTO log VALUES (1, gen_random_uuid());

CREATE TABLE events (
	position       integer PRIMARY KEY,
	stream         text    NOT NULL,
	version        integer NOT NULL,
	event_id       text    NOT NULL UNIQUE,
	type           text    NOT NULL,
	schema_version integer NOT NULL,
	command_id     text    NOT NULL,
	data           text    NOT NULL,
	metadata       text    NOT NULL,
	recorded_at    integer NOT NULL,
	UNIQUE (stream, version)
);

CREATE TABLE receipts (
	scope       text    NOT NULL,
	key         text    NOT NULL,
	fingerprint blob    NOT NULL,
	response    blob    NOT NULL,
	position    integer NOT NULL,
	command_id  text    NOT NULL,
	recorded_at integer NOT NULL,
	PRIMARY KEY (scope, key)
) WITHOUT ROWID;

-- INSERT OR REPLACE deletes too, but fires these only on connections with recursive_triggers on, as ours are.
CREATE TRIGGER log_no_update      BEFORE UPDATE ON log      BEGIN SELECT RAISE(ABORT, 'log is append-only: UPDATE is refused'); END;
CREATE TRIGGER log_no_delete      BEFORE DELETE ON log      BEGIN SELECT RAISE(ABORT, 'log is append-only: DELETE is refused'); END;
CREATE TRIGGER events_no_update   BEFORE UPDATE ON events   BEGIN SELECT RAISE(ABORT, 'events is append-only: UPDATE is refused'); END;
CREATE TRIGGER events_no_delete   BEFORE DELETE ON events   BEGIN SELECT RAISE(ABORT, 'events is append-only: DELETE is refused'); END;
CREATE TRIGGER receipts_no_update BEFORE UPDATE ON receipts BEGIN SELECT RAISE(ABORT, 'receipts is append-only: UPDATE is refused'); END;
CREATE TRIGGER receipts_no_delete BEFORE DELETE ON receipts BEGIN SELECT RAISE(ABORT, 'receipts is append-only: DELETE is refused'); END;
