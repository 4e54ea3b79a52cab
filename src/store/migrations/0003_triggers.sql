-- Runs that a task of another run made: '17/fan[us]' is task fan[us] of run 17.

ALTER TABLE runs ADD COLUMN triggered_by TEXT NOT NULL DEFAULT '';
CREATE INDEX runs_triggered ON runs (triggered_by) WHERE triggered_by <> '';
