-- Pages of runs, newest first: of one pipeline, and those that failed.

CREATE INDEX runs_of_pipeline ON runs (pipeline);
CREATE INDEX runs_failed ON runs (id) WHERE state = 'failed';
