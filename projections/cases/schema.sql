-- One row per thing that an operator may have to act on. Money is folded from its arrival on, and shown once it waits for an order.
CREATE TABLE cases_{{generation}} (
	key       keytext PRIMARY KEY, -- unmatched:<capture_id>, refund:<refund_id>, review:<review_id>
	shown     boolean NOT NULL,
	body      text    NOT NULL,
	kind      keytext NOT NULL,
	status    keytext NOT NULL,
	order_id  keytext NOT NULL,
	opened_at bigint  NOT NULL -- ms since 1970
);
CREATE INDEX IF NOT EXISTS cases_{{generation}}_newest ON cases_{{generation}} (kind, status, opened_at, key) WHERE shown;
