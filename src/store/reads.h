// Rows back into values. Every function is one statement, so it sees one moment of the store.
#pragma once

#include "store/sqlite.h"
#include "store/store.h"

namespace stir::store {

// A row of these columns, of `runs`.
inline constexpr std::string_view kRunColumns =
    "id, pipeline, run_type, sequence, logical_date, data_interval_start, data_interval_end, state, notes, params, "
    "definition_hash, holder, token, created_at, started_at, ended_at, triggered_by, wish, backfill";
Run ToRun(const Statement& row);

// A row that begins with id, pipeline, first, until, rerun, params, at_once, state, created_at, ended_at of
// `backfills`.
Backfill ToBackfill(const Statement& row);

Result<std::vector<Pipeline>> ReadPipelines(Connection& connection);
Result<std::optional<Run>> ReadRun(Connection& connection, int64_t run);
Result<std::vector<Run>> ReadRuns(Connection& connection, const RunFilter& filter);
Result<std::vector<Run>> ReadUnfinishedRuns(Connection& connection);
Result<std::optional<Run>> ReadTriggeredRun(Connection& connection, std::string_view by);
Result<std::optional<Run>> ReadRunBefore(Connection& connection, std::string_view pipeline, Timestamp interval_start);
Result<std::vector<Task>> ReadTasks(Connection& connection, int64_t run);
Result<std::vector<Attempt>> ReadAttempts(Connection& connection, int64_t run);
Result<std::vector<Event>> ReadEvents(Connection& connection, int64_t run, int64_t after_id, size_t limit);
Result<std::map<std::string, Duration>> ReadTaskDurations(Connection& connection, std::string_view pipeline);
Result<std::optional<Checkpoint>> ReadCheckpoint(Connection& connection, std::string_view ingestion);
Result<std::vector<TakenFile>> ReadTakenFiles(Connection& connection, std::string_view ingestion);
Result<std::vector<Publication>> ReadPublications(Connection& connection, std::string_view name);
Result<std::vector<Message>> ReadMessages(Connection& connection, std::optional<int64_t> run);
Result<std::vector<AuditEntry>> ReadAudit(Connection& connection, size_t limit);
Result<std::vector<Message>> ReadDueMessages(Connection& connection, Timestamp now, size_t limit);

}  // namespace stir::store
