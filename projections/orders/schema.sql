-- One row per order, keyed by its id. Rows of money that has no order yet are folded, but not shown.
CREATE TABLE orders_{{generation}} (
	key       keytext PRIMARY KEY,
	shown     boolean NOT NULL,
	body      text    NOT NULL,
	placed_at bigint  NOT NULL -- ms since 1970, 0 while there is no order
);
CREATE INDEX IF NOT EXISTS orders_{{generation}}_newest ON orders_{{generation}} (placed_at, key) WHERE shown;
