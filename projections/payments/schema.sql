-- One row per payment account, keyed by its order's id, whether there is such an order or not.
CREATE TABLE payments_{{generation}} (
	key       keytext PRIMARY KEY,
	shown     boolean NOT NULL,
	body      text    NOT NULL,
	opened_at bigint  NOT NULL, -- ms since 1970
	status    keytext NOT NULL  -- payment_status
);
CREATE INDEX IF NOT EXISTS payments_{{generation}}_newest ON payments_{{generation}} (opened_at, key) WHERE shown;
CREATE INDEX IF NOT EXISTS payments_{{generation}}_status ON payments_{{generation}} (status, opened_at, key) WHERE shown;
