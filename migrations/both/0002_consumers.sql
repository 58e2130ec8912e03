-- A consumer's checkpoint and its lease. owner '' and lease_until 0: nobody holds it.
CREATE TABLE consumers (
	name         keytext PRIMARY KEY,
	kind         text   NOT NULL DEFAULT '',
	log_id       text   NOT NULL DEFAULT '',
	position     bigint NOT NULL DEFAULT 0,
	event_id     text   NOT NULL DEFAULT '',
	epoch        bigint NOT NULL DEFAULT 0,
	owner        text   NOT NULL DEFAULT '',
	lease_until  bigint NOT NULL DEFAULT 0,
	heartbeat_at bigint NOT NULL DEFAULT 0
);

-- Keys that a consumer could not handle, and every position it skipped because of that.
CREATE TABLE parked (
	consumer  keytext NOT NULL,
	key       keytext NOT NULL,
	error     text   NOT NULL DEFAULT '',
	attempts  bigint NOT NULL DEFAULT 0,
	parked_at bigint NOT NULL DEFAULT 0,
	PRIMARY KEY (consumer, key)
);
CREATE TABLE parked_positions (
	consumer keytext NOT NULL,
	key      keytext NOT NULL,
	position bigint NOT NULL,
	event_id text   NOT NULL DEFAULT '',
	PRIMARY KEY (consumer, key, position)
);
CREATE TABLE discarded (
	consumer     keytext NOT NULL,
	key          keytext NOT NULL,
	position     bigint NOT NULL,
	reason       text   NOT NULL DEFAULT '',
	discarded_at bigint NOT NULL DEFAULT 0,
	PRIMARY KEY (consumer, key, position)
);

-- One row per batch: everything up to position was done at that time.
CREATE TABLE progress (
	consumer keytext NOT NULL,
	position bigint NOT NULL,
	at       bigint NOT NULL,
	PRIMARY KEY (consumer, position)
);
