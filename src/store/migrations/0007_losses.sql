-- Attempts that were lost: their process died with whoever watched over it. Such an attempt's state is 'lost'.

ALTER TABLE tasks ADD COLUMN losses INTEGER NOT NULL DEFAULT 0;  -- since the task was last cleared
