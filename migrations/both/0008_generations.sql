-- tables: those of the generation, between commas, so that a program whose schema is another one can drop them. ended_at: when its
-- rebuild ended. retired_at: when it ceased to be live; 0 while it is, or never was. rate: events per second, while it is filled.
ALTER TABLE generations ADD COLUMN tables text NOT NULL DEFAULT '';
ALTER TABLE generations ADD COLUMN ended_at bigint NOT NULL DEFAULT 0;
ALTER TABLE generations ADD COLUMN retired_at bigint NOT NULL DEFAULT 0;
ALTER TABLE generations ADD COLUMN rate bigint NOT NULL DEFAULT 0;
