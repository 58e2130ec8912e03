-- One row per order, keyed by its id. Rows of money that has no order yet are folded, but not shown.
CREATE TABLE orders_{{generation}} (
	key            keytext PRIMARY KEY,
	shown          boolean NOT NULL,
	body           text    NOT NULL,
	placed_at      bigint  NOT NULL, -- ms since 1970, 0 while there is no order
	status         keytext NOT NULL,
	payment_status keytext NOT NULL,
	customer_ref   keytext NOT NULL, -- empty: none was given
	skus           text    NOT NULL  -- of the lines, each between bars
);
CREATE INDEX IF NOT EXISTS orders_{{generation}}_newest ON orders_{{generation}} (placed_at, key) WHERE shown;
CREATE INDEX IF NOT EXISTS orders_{{generation}}_status ON orders_{{generation}} (status, placed_at, key) WHERE shown;
CREATE INDEX IF NOT EXISTS orders_{{generation}}_payment ON orders_{{generation}} (payment_status, placed_at, key) WHERE shown;
CREATE INDEX IF NOT EXISTS orders_{{generation}}_customer ON orders_{{generation}} (customer_ref, placed_at, key) WHERE shown;
