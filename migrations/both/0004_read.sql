-- Every generation of a read model's tables, and which one a version of the code reads.
CREATE TABLE generations (
	projection   keytext NOT NULL,
	generation   bigint NOT NULL,
	code_version bigint NOT NULL,
	status       text   NOT NULL,
	created_at   bigint NOT NULL,
	events_total bigint NOT NULL DEFAULT 0,
	error        text   NOT NULL DEFAULT '',
	PRIMARY KEY (projection, generation)
);
CREATE TABLE live (
	projection   keytext NOT NULL,
	code_version bigint NOT NULL,
	generation   bigint NOT NULL,
	PRIMARY KEY (projection, code_version)
);
