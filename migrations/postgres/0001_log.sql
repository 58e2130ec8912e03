-- Text keys sort bytewise, whatever the database's collation is, as they do on SQLite.
CREATE DOMAIN keytext AS text COLLATE "C";

-- The database's clock in ms since 1970, for leases and timers.
CREATE FUNCTION now_ms() RETURNS bigint LANGUAGE sql VOLATILE PARALLEL SAFE
	AS $$ SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint $$;

-- The log's identity, made once and never changed.
CREATE TABLE log (
	id     integer PRIMARY KEY CHECK (id = 1),
	log_id uuid NOT NULL
);
INSERT INTO log VALUES (1, gen_random_uuid());

CREATE TABLE events (
	position       bigint  PRIMARY KEY,
	stream         keytext NOT NULL,
	version        bigint  NOT NULL,
	event_id       uuid    NOT NULL UNIQUE,
	type           text    NOT NULL,
	schema_version integer NOT NULL,
	command_id     uuid    NOT NULL,
	data           text    NOT NULL,
	metadata       text    NOT NULL,
	recorded_at    bigint  NOT NULL,
	UNIQUE (stream, version)
);

CREATE TABLE receipts (
	scope       keytext NOT NULL,
	key         keytext NOT NULL,
	fingerprint bytea   NOT NULL,
	response    bytea   NOT NULL,
	position    bigint  NOT NULL,
	command_id  uuid    NOT NULL,
	recorded_at bigint  NOT NULL,
	PRIMARY KEY (scope, key)
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP;
END $$;

-- ALWAYS: session_replication_role = replica walks past an ordinary trigger.
CREATE TRIGGER no_change   BEFORE UPDATE OR DELETE ON log      FOR EACH ROW       EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE         ON log      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_change   BEFORE UPDATE OR DELETE ON events   FOR EACH ROW       EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE         ON events   FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_change   BEFORE UPDATE OR DELETE ON receipts FOR EACH ROW       EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE         ON receipts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE log      ENABLE ALWAYS TRIGGER no_change, ENABLE ALWAYS TRIGGER no_truncate;
ALTER TABLE events   ENABLE ALWAYS TRIGGER no_change, ENABLE ALWAYS TRIGGER no_truncate;
ALTER TABLE receipts ENABLE ALWAYS TRIGGER no_change, ENABLE ALWAYS TRIGGER no_truncate;
