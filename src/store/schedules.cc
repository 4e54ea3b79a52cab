#include "store/schedules.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "store/kinds.h"
#include "store/reads.h"

namespace stir::store {
namespace {

std::string VersionsText(const scheduler::Versions& versions) {
  JsonWriter json;
  json.BeginObject();
  for (const auto& [asset, version] : versions) json.Key(asset).Int(version);
  json.EndObject();
  return std::move(json).Take();
}

scheduler::Versions VersionsIn(const std::string& text) {
  scheduler::Versions versions;
  const Json json = ReadJson(text);
  if (!json.is_object()) return versions;
  for (const auto& [asset, version] : json.items())
    if (version.is_number_integer()) versions[asset] = version.get<int64_t>();
  return versions;
}

// The next interval begins where the caller believes, or somebody else decided meanwhile.
Status CompareAndSet(Connection& connection, const ScheduleStep& step) {
  if (step.from.schedule.empty())
    STIR_TRY(connection.Run(
        "INSERT INTO schedules (pipeline, schedule, decided_until, not_due_before, seen) VALUES (?1, ?2, "
        "?3, ?4, ?5) ON CONFLICT DO NOTHING",
        step.pipeline, step.to.schedule, step.to.decided_until, step.to.not_due_before, VersionsText(step.to.seen)));
  else
    STIR_TRY(
        connection.Run("UPDATE schedules SET schedule = ?4, decided_until = ?5, not_due_before = ?6, seen = ?7 WHERE "
                       "pipeline = ?1 AND schedule = ?2 AND decided_until = ?3 AND ?5 >= ?3",
                       step.pipeline, step.from.schedule, step.from.decided_until, step.to.schedule,
                       step.to.decided_until, step.to.not_due_before, VersionsText(step.to.seen)));
  if (connection.Changes() == 1) return {};
  return Diagnostic(kStoreConflict, fmt::format("somebody else decided about pipeline `{}`", step.pipeline))
      .Hint("read its schedule again");
}

Status Insert(Connection& connection, std::string_view pipeline, const LeftOut& left_out) {
  return connection.Run(
      "INSERT INTO left_out (pipeline, interval_start, interval_end, intervals, reason, at) VALUES (?1, ?2, ?3, ?4, "
      "?5, ?6) ON CONFLICT DO NOTHING",
      pipeline, left_out.start, left_out.end, left_out.intervals, left_out.reason, left_out.at);
}

// An interval that was run by hand is not run again.
Status FindOrInsert(Connection& connection, const NewRun& run, int64_t& id, bool& created) {
  std::string type;
  {
    Statement found = connection.Query(
        "SELECT id, run_type FROM runs WHERE pipeline = ?1 AND logical_date = ?2 ORDER BY id DESC LIMIT 1",
        run.pipeline, run.logical_date);
    if (found.Step()) id = found.Int(0), type = found.Text(1);
    STIR_TRY(found.Finish());
  }
  if (!type.empty())
    return Insert(connection, run.pipeline,
                  {run.data_interval_start, run.data_interval_end, 1, fmt::format("run {} ({}) has it", id, type),
                   run.created_at});
  STIR_TRY(InsertRun(connection, run, 0));
  id = connection.LastInsertId();
  created = true;
  return {};
}

}  // namespace

Status InsertRun(Connection& connection, const NewRun& run, int64_t sequence) {
  return connection.Run(
      "INSERT INTO runs (pipeline, run_type, logical_date, sequence, data_interval_start, data_interval_end, state, "
      "params, definition_hash, triggered_by, backfill, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'queued', ?7, ?8, "
      "?9, "
      "?10, ?11)",
      run.pipeline, run.run_type, run.logical_date, sequence, run.data_interval_start, run.data_interval_end,
      run.params, run.definition_hash, run.triggered_by, run.backfill, run.created_at);
}

Status InsertAnotherRun(Connection& connection, const NewRun& run) {
  Statement newest = connection.Query(
      "SELECT COALESCE(MAX(sequence) + 1, 0) FROM runs WHERE pipeline = ?1 AND run_type = ?2 AND logical_date = ?3",
      run.pipeline, run.run_type, run.logical_date);
  const int64_t sequence = newest.Step() ? newest.Int(0) : 0;
  STIR_TRY(newest.Finish());
  return InsertRun(connection, run, sequence);
}

Status Advance(Connection& connection, const ScheduleStep& step, int64_t& run, bool& created) {
  STIR_TRY(CompareAndSet(connection, step));
  if (step.left_out) STIR_TRY(Insert(connection, step.pipeline, *step.left_out));
  return step.run ? FindOrInsert(connection, *step.run, run, created) : Status();
}

Result<std::vector<ScheduleMemory>> ReadSchedules(Connection& connection) {
  Statement rows = connection.Query(
      "SELECT p.name, p.paused, s.schedule, s.decided_until, s.not_due_before, s.seen FROM pipelines p LEFT JOIN "
      "schedules s "
      "ON s.pipeline = p.name ORDER BY p.name");
  std::vector<ScheduleMemory> memories;
  while (rows.Step()) {
    ScheduleMemory& each = memories.emplace_back();
    each.pipeline = rows.Text(0);
    each.memory.paused = rows.Int(1) != 0;
    if (rows.IsNull(2)) continue;
    each.memory.schedule = rows.Text(2);
    each.memory.decided_until = rows.Time(3);
    each.memory.not_due_before = rows.Time(4);
    each.memory.seen = VersionsIn(rows.Text(5));
  }
  STIR_TRY(rows.Finish());
  return memories;
}

Status Renew(Connection& connection, const AssetVersion& asset) {
  return connection.Run(
      "INSERT INTO assets (asset, version, at, run) VALUES (?1, 1, ?2, ?3) ON CONFLICT (asset) DO UPDATE SET version = "
      "version + 1, at = excluded.at, run = excluded.run",
      asset.asset, asset.at, asset.run);
}

Result<std::vector<AssetVersion>> ReadAssets(Connection& connection) {
  Statement rows = connection.Query("SELECT asset, version, at, run FROM assets ORDER BY asset");
  std::vector<AssetVersion> assets;
  while (rows.Step()) assets.push_back({rows.Text(0), rows.Int(1), rows.Time(2), rows.OptionalInt(3)});
  STIR_TRY(rows.Finish());
  return assets;
}

Result<std::vector<LeftOut>> ReadLeftOut(Connection& connection, std::string_view pipeline, size_t limit) {
  Statement rows = connection.Query(
      "SELECT interval_start, interval_end, intervals, reason, at FROM left_out WHERE pipeline = ?1 ORDER BY "
      "interval_start DESC LIMIT ?2",
      pipeline, static_cast<int64_t>(limit));
  std::vector<LeftOut> left_out;
  while (rows.Step()) left_out.push_back({rows.Time(0), rows.Time(1), rows.Int(2), rows.Text(3), rows.Time(4)});
  STIR_TRY(rows.Finish());
  return left_out;
}

Result<std::vector<Backfill>> ReadBackfills(Connection& connection) {
  Statement rows = connection.Query(
      "SELECT id, pipeline, first, until, rerun, params, at_once, state, created_at, ended_at FROM backfills ORDER BY "
      "id "
      "DESC");
  std::vector<Backfill> backfills;
  while (rows.Step()) backfills.push_back(ToBackfill(rows));
  STIR_TRY(rows.Finish());
  return backfills;
}

Status ForgetRuns(Connection& connection, Timestamp ended_before, size_t limit, std::vector<int64_t>& gone) {
  Statement old = connection.Query(
      "SELECT id FROM runs r WHERE ended_at < ?1 AND EXISTS (SELECT 1 FROM runs newer WHERE newer.pipeline = "
      "r.pipeline "
      "AND newer.id > r.id) ORDER BY id LIMIT ?2",
      ended_before, static_cast<int64_t>(limit));
  while (old.Step()) gone.push_back(old.Int(0));
  STIR_TRY(old.Finish());
  for (const int64_t run : gone) {
    STIR_TRY(connection.Run("DELETE FROM outbox WHERE run = ?1 AND state <> 'pending'", run));
    STIR_TRY(connection.Run("DELETE FROM runs WHERE id = ?1", run));
  }
  if (gone.empty()) return {};
  return connection.Run("DELETE FROM left_out WHERE at < ?1", ended_before);
}

}  // namespace stir::store
