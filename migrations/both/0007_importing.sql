-- A row while an import has begun and not ended: the store must not be served. Its reactors would begin where they stand here,
-- and do again, or never, what the shop has done elsewhere.
CREATE TABLE importing (
	id       bigint PRIMARY KEY CHECK (id = 1),
	log_id   text   NOT NULL,
	head     bigint NOT NULL,
	begun_at bigint NOT NULL
);
