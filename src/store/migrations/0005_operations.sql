-- What people ask of runs, and the record of who asked what.

ALTER TABLE runs ADD COLUMN wish TEXT NOT NULL DEFAULT '';  -- 'cancel', 'hold', or nothing

CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at TEXT NOT NULL,
  who TEXT NOT NULL,                       -- user@host
  action TEXT NOT NULL,                    -- 'cancel', 'mark', 'pause', ...
  subject TEXT NOT NULL,                   -- 'run 12', 'pipeline core'
  detail TEXT NOT NULL
) STRICT;

CREATE TABLE backfills (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  pipeline TEXT NOT NULL,
  first TEXT NOT NULL,                     -- intervals that begin from here
  until TEXT NOT NULL,                     -- to before here
  rerun TEXT NOT NULL CHECK (rerun IN ('all', 'failed', 'missing')),
  params TEXT NOT NULL,                    -- JSON
  at_once INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('running', 'canceled', 'done')),
  created_at TEXT NOT NULL,
  ended_at TEXT
) STRICT;

ALTER TABLE runs ADD COLUMN backfill INTEGER;
CREATE INDEX runs_of_backfill ON runs (backfill) WHERE backfill IS NOT NULL;
