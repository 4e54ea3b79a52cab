-- What data is renewed, and what schedules on data have taken in: see src/scheduler/clockwork.h.

CREATE TABLE assets (
  asset TEXT PRIMARY KEY,                  -- 'source.shop.sales.us_east', 'model.shop.orders', 'publication.leaderboard'
  version INTEGER NOT NULL,                -- one more for every time
  at TEXT NOT NULL,
  run INTEGER
) STRICT, WITHOUT ROWID;

ALTER TABLE schedules ADD COLUMN seen TEXT NOT NULL DEFAULT '{}';  -- JSON: the versions that the last run began with
