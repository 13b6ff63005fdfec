-- Version 1 of the schema, for hosts that query the tables themselves.
--
-- All tables are STRICT, and text is compared byte for byte (BINARY). A time is a
-- whole number of microseconds since 1970 in UTC; NULL is the zero time: not
-- archived, not revoked, never. A list is a JSON array; a set of models is one,
-- or the JSON text "all". rev is the log.seq of the commit that wrote the row.
--
-- Read as you like, on connections of your own. Do not write: every change has
-- to be in the log, and secrets are sealed to their rows.

-- One row about this database.
CREATE TABLE meta (
	id      INTEGER PRIMARY KEY CHECK (id = 1),
	epoch   TEXT NOT NULL CHECK (length(epoch) = 32), -- random; tells this log from every other
	pruned  INTEGER NOT NULL CHECK (pruned >= 0),     -- the newest log.seq that was forgotten
	horizon INTEGER                                   -- usage before this time is final; NULL at first
) STRICT;

INSERT INTO meta (id, epoch, pruned) VALUES (1, lower(hex(randomblob(16))), 0);

-- Records, each table by the identity of its kind.

CREATE TABLE organization (
	org       TEXT NOT NULL CHECK (octet_length(org) BETWEEN 1 AND 255),
	rev       INTEGER NOT NULL CHECK (rev > 0),
	name      TEXT NOT NULL,
	logo_url  TEXT NOT NULL,
	accent    TEXT NOT NULL,
	time_zone TEXT NOT NULL,
	currency  TEXT NOT NULL,
	owners    TEXT NOT NULL CHECK (json_type(owners) = 'array'), -- user ids
	created   INTEGER,
	suspended INTEGER,
	closed    INTEGER,
	PRIMARY KEY (org)
) STRICT, WITHOUT ROWID;

CREATE TABLE subscription (
	org            TEXT NOT NULL CHECK (octet_length(org) BETWEEN 1 AND 255),
	rev            INTEGER NOT NULL CHECK (rev > 0),
	plan           TEXT NOT NULL,
	models         TEXT NOT NULL CHECK (models = '"all"' OR json_type(models) = 'array'),
	default_limits TEXT NOT NULL CHECK (json_type(default_limits) = 'array'),
	maximum_limits TEXT NOT NULL CHECK (json_type(maximum_limits) = 'array'),
	PRIMARY KEY (org)
) STRICT, WITHOUT ROWID;

CREATE TABLE member (
	org        TEXT NOT NULL CHECK (octet_length(org) BETWEEN 1 AND 255),
	user       TEXT NOT NULL CHECK (octet_length(user) BETWEEN 1 AND 255),
	rev        INTEGER NOT NULL CHECK (rev > 0),
	membership TEXT NOT NULL,
	name       TEXT NOT NULL,
	email      TEXT NOT NULL,
	joined     INTEGER,
	suspended  INTEGER,
	PRIMARY KEY (org, user)
) STRICT, WITHOUT ROWID;

CREATE INDEX member_by_user ON member (user, org);

CREATE TABLE project (
	org      TEXT NOT NULL CHECK (octet_length(org) BETWEEN 1 AND 255),
	id       TEXT NOT NULL CHECK (octet_length(id) BETWEEN 1 AND 255),
	rev      INTEGER NOT NULL CHECK (rev > 0),
	name     TEXT NOT NULL,
	models   TEXT NOT NULL CHECK (models = '"all"' OR json_type(models) = 'array'),
	limits   TEXT NOT NULL CHECK (json_type(limits) = 'array'),
	created  INTEGER,
	archived INTEGER,
	PRIMARY KEY (org, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE project_member (
	org        TEXT NOT NULL CHECK (octet_length(org) BETWEEN 1 AND 255),
	project    TEXT NOT NULL CHECK (octet_length(project) BETWEEN 1 AND 255),
	user       TEXT NOT NULL CHECK (octet_length(user) BETWEEN 1 AND 255),
	rev        INTEGER NOT NULL CHECK (rev > 0),
	membership TEXT NOT NULL, -- counts only while it is the member's current one
	role       TEXT NOT NULL,
	added      INTEGER,
	PRIMARY KEY (org, project, user)
) STRICT, WITHOUT ROWID;

CREATE INDEX project_member_by_user ON project_member (org, user, project);

-- cur_ columns are of the newest secret, prev_ columns of the one before while a
-- rotation's grace lasts; then prev_digest is not NULL.
CREATE TABLE key (
	org            TEXT NOT NULL CHECK (octet_length(org) BETWEEN 1 AND 255),
	id             TEXT NOT NULL CHECK (octet_length(id) BETWEEN 1 AND 255),
	rev            INTEGER NOT NULL CHECK (rev > 0),
	project        TEXT NOT NULL,
	kind           TEXT NOT NULL,
	name           TEXT NOT NULL,
	holder         TEXT NOT NULL, -- of a personal key; else empty
	membership     TEXT NOT NULL, -- of a personal key; else empty
	models         TEXT NOT NULL CHECK (models = '"all"' OR json_type(models) = 'array'),
	limits         TEXT NOT NULL CHECK (json_type(limits) = 'array'),
	created_by     TEXT NOT NULL,
	created        INTEGER,
	expires        INTEGER,
	revoked        INTEGER,
	cur_digest     BLOB NOT NULL CHECK (length(cur_digest) = 32),
	cur_seal       BLOB NOT NULL CHECK (length(cur_seal) = 32),
	cur_pepper     TEXT NOT NULL,
	cur_hint       TEXT NOT NULL,
	cur_minted_by  TEXT NOT NULL,
	cur_minted     INTEGER,
	cur_ends       INTEGER,
	prev_digest    BLOB CHECK (length(prev_digest) = 32),
	prev_seal      BLOB CHECK (length(prev_seal) = 32),
	prev_pepper    TEXT NOT NULL,
	prev_hint      TEXT NOT NULL,
	prev_minted_by TEXT NOT NULL,
	prev_minted    INTEGER,
	prev_ends      INTEGER,
	place          INTEGER NOT NULL AS (ifnull(created, 0)) VIRTUAL, -- what lists order by
	PRIMARY KEY (org, id)
) STRICT, WITHOUT ROWID;

-- An id exists once over all organizations.
CREATE UNIQUE INDEX key_by_id ON key (id);
CREATE INDEX key_by_project ON key (org, project, place, id);
CREATE INDEX key_by_holder ON key (org, holder, place, id) WHERE holder <> '';

CREATE TABLE invite (
	org         TEXT NOT NULL CHECK (octet_length(org) BETWEEN 1 AND 255),
	id          TEXT NOT NULL CHECK (octet_length(id) BETWEEN 1 AND 255),
	rev         INTEGER NOT NULL CHECK (rev > 0),
	email       TEXT NOT NULL,
	role        TEXT NOT NULL,
	placements  TEXT NOT NULL CHECK (json_type(placements) = 'array'), -- of {"project", "role"}
	digest      BLOB NOT NULL CHECK (length(digest) = 32),
	pepper      TEXT NOT NULL,
	invited_by  TEXT NOT NULL,
	created     INTEGER,
	expires     INTEGER,
	accepted    INTEGER,
	accepted_by TEXT NOT NULL,
	revoked     INTEGER,
	place       INTEGER NOT NULL AS (ifnull(created, 0)) VIRTUAL,
	PRIMARY KEY (org, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX invite_by_id ON invite (id);
CREATE INDEX invite_by_place ON invite (org, place, id);

-- The name of an active project, so that no other takes it.
CREATE TABLE name_claim (
	org     TEXT NOT NULL CHECK (octet_length(org) BETWEEN 1 AND 255),
	folded  TEXT NOT NULL CHECK (octet_length(folded) BETWEEN 1 AND 255),
	rev     INTEGER NOT NULL CHECK (rev > 0),
	project TEXT NOT NULL,
	PRIMARY KEY (org, folded)
) STRICT, WITHOUT ROWID;

CREATE TABLE model (
	id      TEXT NOT NULL CHECK (octet_length(id) BETWEEN 1 AND 255),
	rev     INTEGER NOT NULL CHECK (rev > 0),
	alias   TEXT NOT NULL, -- the model that this id stands for; else empty
	public  INTEGER NOT NULL CHECK (public IN (0, 1)),
	orgs    TEXT NOT NULL CHECK (json_type(orgs) = 'array'),
	prices  TEXT NOT NULL CHECK (json_type(prices) = 'array'), -- of {"unit", "currency", "nano", "from"}
	created INTEGER,
	retired INTEGER,
	PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;

-- One row a commit: the audit trail and the change feed. A seq is never used
-- twice. An index ends in the seq by itself, so each lists in order of time.
CREATE TABLE log (
	seq          INTEGER PRIMARY KEY AUTOINCREMENT,
	org          TEXT NOT NULL, -- empty for the catalogue
	op           TEXT NOT NULL CHECK (op <> ''),
	request      BLOB NOT NULL CHECK (length(request) = 16),
	actor        TEXT NOT NULL,
	on_behalf    TEXT NOT NULL,
	action       TEXT NOT NULL CHECK (action <> ''),
	subject_kind TEXT NOT NULL,
	subject_org  TEXT NOT NULL,
	subject_id   TEXT NOT NULL,
	subject_user TEXT NOT NULL,
	project      TEXT NOT NULL, -- whose trail shows it too; may be empty
	at           INTEGER NOT NULL CHECK (at >= 0),
	detail       TEXT CHECK (json_valid(detail)), -- an object of changed fields
	refs         TEXT NOT NULL CHECK (json_type(refs) = 'array') -- of [kind, org, id, user]
) STRICT;

CREATE UNIQUE INDEX log_by_op ON log (org, op);
CREATE INDEX log_by_org ON log (org);
CREATE INDEX log_by_project ON log (org, project);
CREATE INDEX log_by_subject ON log (org, subject_id, subject_user);
CREATE INDEX log_by_actor ON log (org, actor);

-- One row a call, or for several merged into one. A unit or cost that is NULL is
-- unknown, which is not 0.
CREATE TABLE usage_record (
	id           TEXT NOT NULL CHECK (octet_length(id) BETWEEN 1 AND 255),
	at           INTEGER NOT NULL CHECK (at >= 0),
	org          TEXT NOT NULL CHECK (org <> ''),
	project      TEXT NOT NULL CHECK (project <> ''),
	key          TEXT NOT NULL, -- one of key and user is set
	user         TEXT NOT NULL CHECK ((user = '') <> (key = '')),
	requested    TEXT NOT NULL,
	served       TEXT NOT NULL,
	outcome      TEXT NOT NULL,
	reason       TEXT NOT NULL,
	status       INTEGER NOT NULL,
	input        INTEGER CHECK (input >= 0),
	cached_input INTEGER CHECK (cached_input >= 0),
	output       INTEGER CHECK (output >= 0),
	reasoning    INTEGER CHECK (reasoning >= 0),
	images       INTEGER CHECK (images >= 0),
	seconds      INTEGER CHECK (seconds >= 0),
	characters   INTEGER CHECK (characters >= 0),
	requests     INTEGER CHECK (requests >= 0),
	latency      INTEGER NOT NULL CHECK (latency >= 0),     -- microseconds
	first_token  INTEGER NOT NULL CHECK (first_token >= 0), -- microseconds; 0 where unknown
	request_id   TEXT NOT NULL,
	cost         INTEGER CHECK (cost >= 0), -- micro-units of the organization's currency
	count        INTEGER NOT NULL CHECK (count > 0) -- units and cost are of one call, also where it is more
) STRICT;

CREATE UNIQUE INDEX usage_record_by_id ON usage_record (id);
CREATE INDEX usage_record_by_org ON usage_record (org, at);
CREATE INDEX usage_record_by_project ON usage_record (org, project, at);

-- What calls that began in a quarter of an hour add up to. Every call is in two
-- rows: one of grain "model", and one of grain "key" or "user". Beside each
-- amount, the column in _by says how many of the calls reported it.
CREATE TABLE usage_quarter (
	org             TEXT NOT NULL CHECK (org <> ''),
	project         TEXT NOT NULL CHECK (project <> ''),
	grain           TEXT NOT NULL CHECK (grain IN ('model', 'key', 'user')),
	start           INTEGER NOT NULL CHECK (start >= 0 AND start % 900000000 = 0),
	item            TEXT NOT NULL,
	outcome         TEXT NOT NULL,
	calls           INTEGER NOT NULL CHECK (calls >= 0),
	input           INTEGER NOT NULL CHECK (input >= 0),
	cached_input    INTEGER NOT NULL CHECK (cached_input >= 0),
	output          INTEGER NOT NULL CHECK (output >= 0),
	reasoning       INTEGER NOT NULL CHECK (reasoning >= 0),
	images          INTEGER NOT NULL CHECK (images >= 0),
	seconds         INTEGER NOT NULL CHECK (seconds >= 0),
	characters      INTEGER NOT NULL CHECK (characters >= 0),
	requests        INTEGER NOT NULL CHECK (requests >= 0),
	input_by        INTEGER NOT NULL CHECK (input_by >= 0),
	cached_input_by INTEGER NOT NULL CHECK (cached_input_by >= 0),
	output_by       INTEGER NOT NULL CHECK (output_by >= 0),
	reasoning_by    INTEGER NOT NULL CHECK (reasoning_by >= 0),
	images_by       INTEGER NOT NULL CHECK (images_by >= 0),
	seconds_by      INTEGER NOT NULL CHECK (seconds_by >= 0),
	characters_by   INTEGER NOT NULL CHECK (characters_by >= 0),
	requests_by     INTEGER NOT NULL CHECK (requests_by >= 0),
	cost            INTEGER NOT NULL CHECK (cost >= 0),
	priced          INTEGER NOT NULL CHECK (priced >= 0), -- calls whose cost is known
	PRIMARY KEY (org, project, grain, start, item, outcome)
) STRICT, WITHOUT ROWID;
