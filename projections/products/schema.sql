-- One row per SKU.
CREATE TABLE products_{{generation}} (
	key   keytext PRIMARY KEY,
	shown boolean NOT NULL,
	body  text    NOT NULL
);
