-- What an operator wants done about a parked key: '' nothing, retry, or discard for a reason. The consumer's owner does it.
ALTER TABLE parked ADD COLUMN asked text NOT NULL DEFAULT '';
ALTER TABLE parked ADD COLUMN reason text NOT NULL DEFAULT '';
