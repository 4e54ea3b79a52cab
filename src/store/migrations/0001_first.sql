-- The state of stir, readable with `sqlite3 .stir/state.db`. Times are RFC 3339 in UTC, JSON columns hold JSON.
-- Who changes what: see src/store/README.md.

CREATE TABLE pipelines (
  name TEXT PRIMARY KEY,
  definition_hash TEXT NOT NULL,
  definition TEXT NOT NULL,                -- JSON
  paused INTEGER NOT NULL DEFAULT 0,
  seen_at TEXT NOT NULL
) STRICT;

CREATE TABLE runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  pipeline TEXT NOT NULL,
  run_type TEXT NOT NULL,                  -- scheduled, manual, backfill, triggered
  logical_date TEXT NOT NULL,
  sequence INTEGER NOT NULL DEFAULT 0,     -- one more for every run made again
  data_interval_start TEXT NOT NULL,
  data_interval_end TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'success', 'failed', 'canceled')),
  notes TEXT NOT NULL DEFAULT '',
  params TEXT NOT NULL,                    -- JSON
  definition_hash TEXT NOT NULL,
  holder TEXT NOT NULL DEFAULT '',         -- who runs it, or ran it last
  token INTEGER NOT NULL DEFAULT 0,        -- one more for every claim; changes of older holders are refused
  created_at TEXT NOT NULL,
  started_at TEXT,
  ended_at TEXT,
  UNIQUE (pipeline, run_type, logical_date, sequence)
) STRICT;
CREATE INDEX runs_by_date ON runs (pipeline, logical_date);
CREATE INDEX runs_unfinished ON runs (state) WHERE state IN ('queued', 'running');

CREATE TABLE tasks (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  parent TEXT NOT NULL DEFAULT '',         -- the task that this one was expanded from
  position INTEGER NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  allow_failure INTEGER NOT NULL DEFAULT 0,
  data TEXT NOT NULL,                      -- JSON
  state TEXT NOT NULL DEFAULT 'none' CHECK (state IN ('none', 'queued', 'running', 'up_for_retry', 'success', 'failed',
    'skipped', 'upstream_failed', 'canceled', 'removed')),
  attempts INTEGER NOT NULL DEFAULT 0,     -- begun so far
  failures INTEGER NOT NULL DEFAULT 0,
  retry_at TEXT,
  started_at TEXT,                         -- the first attempt
  ended_at TEXT,
  message TEXT NOT NULL DEFAULT '',
  outputs TEXT NOT NULL DEFAULT '{}',      -- JSON
  chosen TEXT NOT NULL DEFAULT '[]',       -- JSON: the tasks that a branch chose
  gate_open INTEGER NOT NULL DEFAULT 1,
  UNIQUE (run, name)
) STRICT;

CREATE TABLE attempts (
  task INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,                 -- 1 is the first
  state TEXT NOT NULL,                     -- 'running', or the state that it left its task in
  worker TEXT NOT NULL DEFAULT '',
  log_path TEXT NOT NULL DEFAULT '',       -- below .stir/logs
  message TEXT NOT NULL DEFAULT '',
  error TEXT NOT NULL DEFAULT '[]',        -- JSON
  started_at TEXT NOT NULL,
  ended_at TEXT,
  PRIMARY KEY (task, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at TEXT NOT NULL,
  run INTEGER REFERENCES runs (id) ON DELETE CASCADE,
  task TEXT NOT NULL DEFAULT '',
  attempt INTEGER NOT NULL DEFAULT 0,
  level TEXT NOT NULL CHECK (level IN ('debug', 'info', 'warn', 'error')),
  code TEXT NOT NULL,
  name TEXT NOT NULL,
  message TEXT NOT NULL,
  data TEXT NOT NULL                       -- JSON
) STRICT;
CREATE INDEX events_by_run ON events (run, id);

CREATE TABLE checkpoints (
  ingestion TEXT PRIMARY KEY,
  version INTEGER NOT NULL,                -- only grows
  watermark TEXT NOT NULL,
  data TEXT NOT NULL,                      -- JSON
  run INTEGER,
  at TEXT NOT NULL
) STRICT;

CREATE TABLE taken_files (
  ingestion TEXT NOT NULL,
  path TEXT NOT NULL,
  size INTEGER NOT NULL,
  mtime_ns INTEGER NOT NULL,
  content_hash TEXT NOT NULL,
  run INTEGER,
  at TEXT NOT NULL,
  PRIMARY KEY (ingestion, path, size, mtime_ns, content_hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE publications (
  name TEXT NOT NULL,
  generation INTEGER NOT NULL,
  state TEXT NOT NULL,
  data TEXT NOT NULL DEFAULT '{}',         -- JSON
  run INTEGER,
  begun_at TEXT NOT NULL,
  changed_at TEXT NOT NULL,
  PRIMARY KEY (name, generation)
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  dedup_key TEXT NOT NULL UNIQUE,
  run INTEGER,
  channel TEXT NOT NULL,
  payload TEXT NOT NULL,                   -- JSON
  state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'dead')),
  attempts INTEGER NOT NULL DEFAULT 0,
  next_attempt_at TEXT NOT NULL,
  last_error TEXT NOT NULL DEFAULT '',
  created_at TEXT NOT NULL,
  delivered_at TEXT
) STRICT;
CREATE INDEX outbox_pending ON outbox (next_attempt_at) WHERE state = 'pending';
