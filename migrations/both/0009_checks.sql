-- dry_run, max_changes: what a rebuild was asked for; max_changes -1 is any number. report: how it compares with what was live, as JSON;
-- '' while, or because, it is not compared.
ALTER TABLE generations ADD COLUMN dry_run bigint NOT NULL DEFAULT 0;
ALTER TABLE generations ADD COLUMN max_changes bigint NOT NULL DEFAULT -1;
ALTER TABLE generations ADD COLUMN report text NOT NULL DEFAULT '';
-- The last comparison of a read model with the log. error: why there was none.
CREATE TABLE verified (
	projection   keytext NOT NULL,
	code_version bigint NOT NULL,
	generation   bigint NOT NULL,
	position     bigint NOT NULL,
	differences  bigint NOT NULL,
	mended       bigint NOT NULL,
	error        text   NOT NULL,
	verified_at  bigint NOT NULL,
	PRIMARY KEY (projection, code_version)
);
