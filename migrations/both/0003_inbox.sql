-- Letters that came from a broker and were refused, byte for byte.
CREATE TABLE inbox (
	message_id  keytext PRIMARY KEY,
	source      text   NOT NULL DEFAULT '',
	event_type  text   NOT NULL DEFAULT '',
	raw         bytea  NOT NULL,
	problem     text   NOT NULL DEFAULT '',
	received_at bigint NOT NULL
);

-- How far a reader of a broker has come, in the broker's own words.
CREATE TABLE cursors (
	name     keytext PRIMARY KEY,
	position text   NOT NULL
);

-- Personal data, erasable; the log knows customer_ref only.
CREATE TABLE contacts (
	customer_ref keytext PRIMARY KEY,
	email        text   NOT NULL DEFAULT '',
	name         text   NOT NULL DEFAULT '',
	updated_at   bigint NOT NULL
);

CREATE TABLE keys (
	key_id     keytext PRIMARY KEY,
	hash       bytea  NOT NULL,
	principal  text   NOT NULL DEFAULT '',
	created_at bigint NOT NULL
);

CREATE TABLE mailbox (
	message_id keytext PRIMARY KEY,
	order_id   keytext NOT NULL DEFAULT '',
	recipient  text   NOT NULL DEFAULT '',
	subject    text   NOT NULL DEFAULT '',
	body       text   NOT NULL DEFAULT '',
	sent_at    bigint NOT NULL
);
