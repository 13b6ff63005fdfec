-- Version 2: views for people, beside the tables of version 1. README.md in this
-- folder shows what to ask them.
--
-- Names are plural where the table's is singular. A time is text in UTC, cut to the
-- second: 2026-03-01T12:00:00Z; a day is 2026-03-01; NULL is never. Ids stand beside
-- names, since names are not unique. No view has a digest, a seal or a pepper.
--
-- A view says what the records say. Whether a call or a person is let through is
-- decided by the library alone, on more than one record and at the time of asking.

CREATE VIEW organizations AS
SELECT
	o.org,
	o.name,
	CASE WHEN o.closed IS NOT NULL THEN 'closed' WHEN o.suspended IS NOT NULL THEN 'suspended' ELSE 'active' END AS state,
	s.plan, -- NULL without a subscription
	o.currency,
	o.time_zone,
	strftime('%Y-%m-%dT%H:%M:%SZ', o.created / 1000000, 'unixepoch') AS created,
	strftime('%Y-%m-%dT%H:%M:%SZ', o.suspended / 1000000, 'unixepoch') AS suspended,
	strftime('%Y-%m-%dT%H:%M:%SZ', o.closed / 1000000, 'unixepoch') AS closed
FROM organization o LEFT JOIN subscription s ON s.org = o.org;

-- Everybody on a roster. The role is that in the organization: owner or member.
CREATE VIEW members AS
SELECT
	m.org,
	o.name AS org_name,
	m.user,
	m.name,
	m.email,
	CASE WHEN EXISTS (SELECT 1 FROM json_each(o.owners) WHERE value = m.user) THEN 'owner' ELSE 'member' END AS role,
	iif(m.suspended IS NULL, 'active', 'suspended') AS state,
	strftime('%Y-%m-%dT%H:%M:%SZ', m.joined / 1000000, 'unixepoch') AS joined,
	strftime('%Y-%m-%dT%H:%M:%SZ', m.suspended / 1000000, 'unixepoch') AS suspended
FROM member m LEFT JOIN organization o ON o.org = m.org;

CREATE VIEW projects AS
SELECT
	p.org,
	o.name AS org_name,
	p.id AS project,
	p.name,
	iif(p.archived IS NULL, 'active', 'archived') AS state,
	strftime('%Y-%m-%dT%H:%M:%SZ', p.created / 1000000, 'unixepoch') AS created,
	strftime('%Y-%m-%dT%H:%M:%SZ', p.archived / 1000000, 'unixepoch') AS archived
FROM project p LEFT JOIN organization o ON o.org = p.org;

-- Who has a role in a project that counts now: given in the current stay on the
-- roster, to somebody who is not suspended. Owners of the organization need none.
CREATE VIEW project_people AS
SELECT
	p.org,
	p.project,
	j.name AS project_name,
	p.user,
	m.name,
	m.email,
	p.role, -- owner, member or viewer
	strftime('%Y-%m-%dT%H:%M:%SZ', p.added / 1000000, 'unixepoch') AS added
FROM project_member p
JOIN member m ON m.org = p.org AND m.user = p.user AND m.membership = p.membership AND m.suspended IS NULL
JOIN project j ON j.org = p.org AND j.id = p.project;

CREATE VIEW invites AS
SELECT
	i.org,
	i.id AS invite,
	i.email,
	i.role, -- in the organization
	CASE
		WHEN i.accepted IS NOT NULL THEN 'accepted'
		WHEN i.revoked IS NOT NULL THEN 'revoked'
		WHEN i.expires IS NULL OR i.expires <= unixepoch('subsec') * 1000000 THEN 'expired'
		ELSE 'open'
	END AS state,
	i.invited_by,
	strftime('%Y-%m-%dT%H:%M:%SZ', i.created / 1000000, 'unixepoch') AS created,
	strftime('%Y-%m-%dT%H:%M:%SZ', i.expires / 1000000, 'unixepoch') AS expires,
	strftime('%Y-%m-%dT%H:%M:%SZ', i.accepted / 1000000, 'unixepoch') AS accepted,
	nullif(i.accepted_by, '') AS accepted_by,
	strftime('%Y-%m-%dT%H:%M:%SZ', i.revoked / 1000000, 'unixepoch') AS revoked
FROM invite i;

-- State is of the key itself: an active key is refused all the same while its
-- project is archived, its organization suspended or its holder gone.
CREATE VIEW keys AS
SELECT
	k.org,
	k.project,
	p.name AS project_name,
	k.id AS key,
	k.name,
	k.cur_hint AS hint, -- the last characters of the token
	k.kind,             -- personal or service
	nullif(k.holder, '') AS holder,
	CASE
		WHEN k.revoked IS NOT NULL THEN 'revoked'
		WHEN k.expires <= unixepoch('subsec') * 1000000 THEN 'expired'
		ELSE 'active'
	END AS state,
	k.models, -- a JSON array, or the JSON text "all": all that the project has
	k.created_by,
	strftime('%Y-%m-%dT%H:%M:%SZ', k.created / 1000000, 'unixepoch') AS created,
	strftime('%Y-%m-%dT%H:%M:%SZ', k.cur_minted / 1000000, 'unixepoch') AS minted, -- the secret of now
	strftime('%Y-%m-%dT%H:%M:%SZ', k.prev_ends / 1000000, 'unixepoch') AS grace_ends, -- of the secret before
	strftime('%Y-%m-%dT%H:%M:%SZ', k.expires / 1000000, 'unixepoch') AS expires,
	strftime('%Y-%m-%dT%H:%M:%SZ', k.revoked / 1000000, 'unixepoch') AS revoked
FROM key k LEFT JOIN project p ON p.org = k.org AND p.id = k.project;

-- The first and the last quarter of an hour in which a key called a model, and how
-- often it did. Calls that were refused do not count. A key without a row never
-- called.
CREATE VIEW key_uses AS
SELECT
	org,
	project,
	item AS key,
	strftime('%Y-%m-%dT%H:%M:%SZ', min(start) / 1000000, 'unixepoch') AS first_used,
	strftime('%Y-%m-%dT%H:%M:%SZ', max(start) / 1000000, 'unixepoch') AS last_used,
	CAST(total(calls) AS INTEGER) AS calls
FROM usage_quarter WHERE grain = 'key' AND outcome <> 'denied'
GROUP BY org, project, item;

-- What each active project may call: models that are offered to the organization,
-- in its plan, and turned on in the project.
CREATE VIEW project_models AS
SELECT p.org, p.id AS project, p.name AS project_name, m.id AS model
FROM project p
JOIN subscription s ON s.org = p.org
JOIN model m ON m.alias = '' AND m.retired IS NULL
WHERE p.archived IS NULL
	AND (m.public OR EXISTS (SELECT 1 FROM json_each(m.orgs) WHERE value = p.org))
	AND (s.models = '"all"' OR EXISTS (SELECT 1 FROM json_each(s.models) WHERE value = m.id))
	AND (p.models = '"all"' OR EXISTS (SELECT 1 FROM json_each(p.models) WHERE value = m.id));

-- Who changed what, in the order of the commits. Without an organization it is the
-- catalogue.
CREATE VIEW audit_trail AS
SELECT
	l.seq,
	strftime('%Y-%m-%dT%H:%M:%SZ', l.at / 1000000, 'unixepoch') AS at,
	nullif(l.org, '') AS org,
	o.name AS org_name,
	nullif(l.project, '') AS project,
	nullif(l.actor, '') AS actor,
	nullif(l.on_behalf, '') AS on_behalf, -- in whose place the actor acted
	l.action,
	nullif(l.subject_kind, '') AS subject_kind,
	nullif(l.subject_id, '') AS subject,
	nullif(l.subject_user, '') AS subject_user,
	l.detail, -- a JSON object of what changed
	l.op AS operation
FROM log l LEFT JOIN organization o ON o.org = l.org;

-- Calls by project, served model and day of UTC; reports of the library cut days in
-- the time zone of the organization. Costs are estimates in the currency of the
-- organization: cost as a decimal number in text, cost_micro in millionths. They
-- leave out the calls that are unpriced. Sums are exact to 2^53; a sum() beyond int64
-- would be an error for who asks about everybody, on account of one.
CREATE VIEW daily_usage AS
SELECT
	u.org,
	u.project,
	p.name AS project_name,
	strftime('%Y-%m-%d', u.start / 1000000, 'unixepoch') AS day,
	u.item AS model,
	CAST(total(u.calls) AS INTEGER) AS calls,
	CAST(total(iif(u.outcome = 'denied', u.calls, 0)) AS INTEGER) AS denied,
	CAST(total(u.input) AS INTEGER) AS input,
	CAST(total(u.cached_input) AS INTEGER) AS cached_input,
	CAST(total(u.output) AS INTEGER) AS output,
	CAST(total(u.reasoning) AS INTEGER) AS reasoning,
	CAST(total(u.images) AS INTEGER) AS images,
	CAST(total(u.seconds) AS INTEGER) AS seconds,
	CAST(total(u.characters) AS INTEGER) AS characters,
	CAST(total(u.requests) AS INTEGER) AS requests,
	printf('%d.%06d', CAST(total(u.cost) AS INTEGER) / 1000000, CAST(total(u.cost) AS INTEGER) % 1000000) AS cost,
	o.currency,
	CAST(total(u.cost) AS INTEGER) AS cost_micro,
	CAST(total(u.calls - u.priced) AS INTEGER) AS unpriced
FROM usage_quarter u
LEFT JOIN organization o ON o.org = u.org
LEFT JOIN project p ON p.org = u.org AND p.id = u.project
WHERE u.grain = 'model'
GROUP BY u.org, u.project, day, u.item;
