-- One row per order id that something ever happened to; shown while a timer is pending.
CREATE TABLE timers_{{generation}} (
	key    keytext PRIMARY KEY,
	shown  boolean NOT NULL,
	body   text    NOT NULL,
	due_at bigint  NOT NULL -- of the soonest pending timer, ms since 1970; 0 while nothing is pending
);
CREATE INDEX IF NOT EXISTS timers_{{generation}}_soonest ON timers_{{generation}} (due_at, key) WHERE shown;
