-- What the service has decided of each schedule: see src/scheduler/clockwork.h.

CREATE TABLE schedules (
  pipeline TEXT PRIMARY KEY,
  schedule TEXT NOT NULL,                  -- the schedule that the rest belongs to: '0 6 * * * Europe/Berlin'
  decided_until TEXT NOT NULL,             -- where the next interval begins; only grows
  not_due_before TEXT NOT NULL             -- the next interval ends after it
) STRICT, WITHOUT ROWID;

CREATE TABLE left_out (                    -- intervals without a run of their own, and why
  pipeline TEXT NOT NULL,
  interval_start TEXT NOT NULL,
  interval_end TEXT NOT NULL,
  intervals INTEGER NOT NULL,              -- how many, together from start to end
  reason TEXT NOT NULL,
  at TEXT NOT NULL,
  PRIMARY KEY (pipeline, interval_start)
) STRICT, WITHOUT ROWID;
