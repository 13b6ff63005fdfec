-- Version 3: a second tier of the roll-up, by days of UTC, beside the quarters of
-- version 1. Every call is in two rows of it too. A report reads the days that a
-- period has whole, and quarters of an hour at its ends.
CREATE TABLE usage_day (
	org             TEXT NOT NULL CHECK (org <> ''),
	project         TEXT NOT NULL CHECK (project <> ''),
	grain           TEXT NOT NULL CHECK (grain IN ('model', 'key', 'user')),
	start           INTEGER NOT NULL CHECK (start >= 0 AND start % 86400000000 = 0),
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

INSERT INTO usage_day
SELECT org, project, grain, start - start % 86400000000, item, outcome,
	sum(calls),
	sum(input),
	sum(cached_input),
	sum(output),
	sum(reasoning),
	sum(images),
	sum(seconds),
	sum(characters),
	sum(requests),
	sum(input_by),
	sum(cached_input_by),
	sum(output_by),
	sum(reasoning_by),
	sum(images_by),
	sum(seconds_by),
	sum(characters_by),
	sum(requests_by),
	sum(cost),
	sum(priced)
FROM usage_quarter GROUP BY 1, 2, 3, 4, 5, 6;

-- As in version 2, and read from the days.
DROP VIEW daily_usage;

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
FROM usage_day u
LEFT JOIN organization o ON o.org = u.org
LEFT JOIN project p ON p.org = u.org AND p.id = u.project
WHERE u.grain = 'model'
GROUP BY u.org, u.project, day, u.item;
