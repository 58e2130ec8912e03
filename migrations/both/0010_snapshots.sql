-- What a long stream's events fold to, at a version, so that a command need not fold all of them. Any row may be deleted.
CREATE TABLE snapshots (
	stream        keytext NOT NULL,
	state_version bigint NOT NULL, -- of the rules that folded it: another program's state is nothing to this one
	version       bigint NOT NULL, -- of the stream
	event_id      text   NOT NULL, -- of the event at that version
	log_id        text   NOT NULL,
	state         text   NOT NULL,
	checksum      text   NOT NULL, -- of all columns above
	taken_at      bigint NOT NULL,
	PRIMARY KEY (stream, state_version)
);
