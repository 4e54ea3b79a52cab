#include "store/reads.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/json.h"

namespace stir::store {
namespace {

// All rows of a statement, each through `read`.

template <typename Row>
Result<std::vector<Row>> Collect(Statement& statement, Row (*read)(const Statement&)) {
  std::vector<Row> rows;
  while (statement.Step()) rows.push_back(read(statement));
  STIR_TRY(statement.Finish());
  return rows;
}

template <typename Row>
Result<std::optional<Row>> First(Statement& statement, Row (*read)(const Statement&)) {
  STIR_ASSIGN(std::vector<Row> rows, Collect(statement, read));
  if (rows.empty()) return std::optional<Row>();
  return std::optional<Row>(std::move(rows.front()));
}

TaskState StateIn(const Statement& row, int column) {
  return scheduler::ParseTaskState(row.Text(column)).value_or(TaskState::kNone);
}

std::vector<std::string> NamesIn(const std::string& json) {
  const Json parsed = ReadJson(json);
  std::vector<std::string> names;
  if (!parsed.is_array()) return names;
  for (const Json& each : parsed) {
    if (each.is_string()) names.push_back(each.get<std::string>());
  }
  return names;
}

Pipeline ToPipeline(const Statement& row) {
  return {row.Text(0), row.Text(1), row.Text(2), row.Int(3) != 0, row.Time(4)};
}

Task ToTask(const Statement& row) {
  return {.id = row.Int(0),
          .run = row.Int(1),
          .name = row.Text(2),
          .parent = row.Text(3),
          .position = row.Int(4),
          .kind = row.Text(5),
          .subject = row.Text(6),
          .allow_failure = row.Int(7) != 0,
          .data = row.Text(8),
          .state = StateIn(row, 9),
          .attempts = static_cast<int>(row.Int(10)),
          .failures = static_cast<int>(row.Int(11)),
          .losses = static_cast<int>(row.Int(19)),
          .retry_at = row.OptionalTime(12),
          .started_at = row.OptionalTime(13),
          .ended_at = row.OptionalTime(14),
          .message = row.Text(15),
          .outputs = row.Text(16),
          .chosen = NamesIn(row.Text(17)),
          .gate_open = row.Int(18) != 0};
}

Attempt ToAttempt(const Statement& row) {
  const bool is_lost = row.Text(2) == "lost";
  return {.task = row.Text(0),
          .number = static_cast<int>(row.Int(1)),
          .state = is_lost ? TaskState::kFailed : StateIn(row, 2),
          .is_lost = is_lost,
          .started_at = row.Time(3),
          .ended_at = row.OptionalTime(4),
          .worker = row.Text(5),
          .log_path = row.Text(6),
          .message = row.Text(7),
          .error = row.Text(8)};
}

Event ToEvent(const Statement& row) {
  Event event;
  event.id = row.Int(0);
  event.at = row.Time(1);
  event.run = row.OptionalInt(2);
  event.task = row.Text(3);
  event.attempt = static_cast<int>(row.Int(4));
  event.level = row.Text(5);
  event.code = row.Text(6);
  event.name = row.Text(7);
  event.message = row.Text(8);
  event.data = row.Text(9);
  return event;
}

Checkpoint ToCheckpoint(const Statement& row) {
  return {row.Text(0), row.Int(1), row.Text(2), row.Text(3), row.OptionalInt(4), row.Time(5)};
}

TakenFile ToTakenFile(const Statement& row) {
  return {row.Text(0), row.Text(1), row.Int(2), row.Int(3), row.Text(4), row.OptionalInt(5), row.Time(6)};
}

Publication ToPublication(const Statement& row) {
  return {row.Text(0), row.Int(1), row.Text(2), row.Text(3), row.OptionalInt(4), row.Time(5), row.Time(6)};
}

Message ToMessage(const Statement& row) {
  Message message;
  message.id = row.Int(0);
  message.dedup_key = row.Text(1);
  message.run = row.OptionalInt(2);
  message.channel = row.Text(3);
  message.payload = row.Text(4);
  message.state = row.Text(5);
  message.attempts = static_cast<int>(row.Int(6));
  message.next_attempt_at = row.Time(7);
  message.last_error = row.Text(8);
  message.created_at = row.Time(9);
  return message;
}

}  // namespace

Backfill ToBackfill(const Statement& row) {
  return {.id = row.Int(0),
          .pipeline = row.Text(1),
          .first = row.Time(2),
          .until = row.Time(3),
          .rerun = row.Text(4),
          .params = row.Text(5),
          .at_once = static_cast<int>(row.Int(6)),
          .state = row.Text(7),
          .created_at = row.Time(8),
          .ended_at = row.OptionalTime(9)};
}

Run ToRun(const Statement& row) {
  return {.id = row.Int(0),
          .pipeline = row.Text(1),
          .run_type = row.Text(2),
          .sequence = row.Int(3),
          .logical_date = row.Time(4),
          .data_interval_start = row.Time(5),
          .data_interval_end = row.Time(6),
          .state = StateIn(row, 7),
          .notes = row.Text(8),
          .params = row.Text(9),
          .definition_hash = row.Text(10),
          .holder = row.Text(11),
          .token = row.Int(12),
          .backfill = row.OptionalInt(18),
          .triggered_by = row.Text(16),
          .wish = row.Text(17),
          .created_at = row.Time(13),
          .started_at = row.OptionalTime(14),
          .ended_at = row.OptionalTime(15)};
}

Result<std::vector<Pipeline>> ReadPipelines(Connection& connection) {
  Statement rows =
      connection.Query("SELECT name, definition_hash, definition, paused, seen_at FROM pipelines ORDER BY name");
  return Collect(rows, ToPipeline);
}

Result<std::optional<Run>> ReadRun(Connection& connection, int64_t run) {
  static const std::string kSql = fmt::format("SELECT {} FROM runs WHERE id = ?1", kRunColumns);
  Statement rows = connection.Query(kSql, run);
  return First(rows, ToRun);
}

Result<std::vector<Run>> ReadRuns(Connection& connection, const RunFilter& filter) {
  static const std::string kSql = fmt::format(
      "SELECT {} FROM runs WHERE (?1 = '' OR pipeline = ?1) AND (?2 = '' OR run_type = ?2) AND "
      "(?3 = ',' OR instr(?3, ',' || state || ',') > 0) AND (?4 IS NULL OR logical_date = ?4) AND "
      "(?5 IS NULL OR logical_date < ?5) AND (?7 IS NULL OR backfill = ?7) ORDER BY id DESC LIMIT ?6",
      kRunColumns);
  std::string states = ",";
  for (const TaskState state : filter.states) states += fmt::format("{},", ToString(state));
  Statement rows = connection.Query(kSql, filter.pipeline, filter.run_type, states, filter.logical_date,
                                    filter.logical_before, static_cast<int64_t>(filter.limit), filter.backfill);
  return Collect(rows, ToRun);
}

Result<std::vector<Run>> ReadUnfinishedRuns(Connection& connection) {
  static const std::string kSql =
      fmt::format("SELECT {} FROM runs WHERE state IN ('queued', 'running') ORDER BY id", kRunColumns);
  Statement rows = connection.Query(kSql);
  return Collect(rows, ToRun);
}

Result<std::vector<AuditEntry>> ReadAudit(Connection& connection, size_t limit) {
  Statement rows = connection.Query("SELECT at, who, action, subject, detail FROM audit ORDER BY id DESC LIMIT ?1",
                                    static_cast<int64_t>(limit));
  std::vector<AuditEntry> entries;
  while (rows.Step()) entries.push_back({rows.Time(0), rows.Text(1), rows.Text(2), rows.Text(3), rows.Text(4)});
  STIR_TRY(rows.Finish());
  return entries;
}

Result<std::optional<Run>> ReadTriggeredRun(Connection& connection, std::string_view by) {
  static const std::string kSql = fmt::format(
      "SELECT {} FROM runs WHERE triggered_by = ?1 AND triggered_by <> '' ORDER BY id DESC LIMIT 1", kRunColumns);
  Statement rows = connection.Query(kSql, by);
  return First(rows, ToRun);
}

Result<std::optional<Run>> ReadRunBefore(Connection& connection, std::string_view pipeline, Timestamp interval_start) {
  static const std::string kSql = fmt::format(
      "SELECT {} FROM runs WHERE pipeline = ?1 AND logical_date < ?2 ORDER BY logical_date DESC, id DESC LIMIT 1",
      kRunColumns);
  Statement rows = connection.Query(kSql, pipeline, interval_start);
  return First(rows, ToRun);
}

Result<std::vector<Task>> ReadTasks(Connection& connection, int64_t run) {
  Statement rows = connection.Query(
      "SELECT id, run, name, parent, position, kind, subject, allow_failure, data, state, attempts, failures, "
      "retry_at, started_at, ended_at, message, outputs, chosen, gate_open, losses FROM tasks WHERE run = ?1 ORDER BY "
      "position, id",
      run);
  return Collect(rows, ToTask);
}

Result<std::vector<Attempt>> ReadAttempts(Connection& connection, int64_t run) {
  Statement rows = connection.Query(
      "SELECT t.name, a.number, a.state, a.started_at, a.ended_at, a.worker, a.log_path, a.message, a.error "
      "FROM tasks t JOIN attempts a ON a.task = t.id WHERE t.run = ?1 ORDER BY t.position, t.id, a.number",
      run);
  return Collect(rows, ToAttempt);
}

Result<std::vector<Event>> ReadEvents(Connection& connection, int64_t run, int64_t after_id, size_t limit) {
  Statement rows = connection.Query(
      "SELECT id, at, run, task, attempt, level, code, name, message, data FROM events WHERE run = ?1 AND id > ?2 "
      "ORDER BY id LIMIT ?3",
      run, after_id, static_cast<int64_t>(limit));
  return Collect(rows, ToEvent);
}

Result<std::map<std::string, Duration>> ReadTaskDurations(Connection& connection, std::string_view pipeline) {
  Statement rows = connection.Query(
      "SELECT t.name, AVG(julianday(a.ended_at) - julianday(a.started_at)) * 86400e6 FROM tasks t JOIN attempts a ON "
      "a.task = t.id WHERE t.run IN (SELECT id FROM runs WHERE pipeline = ?1 ORDER BY id DESC LIMIT 10) AND a.state "
      "= 'success' GROUP BY t.name",
      pipeline);
  std::map<std::string, Duration> durations;
  while (rows.Step()) durations[rows.Text(0)] = Duration(rows.Int(1));
  STIR_TRY(rows.Finish());
  return durations;
}

Result<std::optional<Checkpoint>> ReadCheckpoint(Connection& connection, std::string_view ingestion) {
  Statement rows = connection.Query(
      "SELECT ingestion, version, watermark, data, run, at FROM checkpoints WHERE ingestion = ?1", ingestion);
  return First(rows, ToCheckpoint);
}

Result<std::vector<TakenFile>> ReadTakenFiles(Connection& connection, std::string_view ingestion) {
  Statement rows = connection.Query(
      "SELECT ingestion, path, size, mtime_ns, content_hash, run, at FROM taken_files WHERE ingestion = ?1 ORDER BY "
      "path, at",
      ingestion);
  return Collect(rows, ToTakenFile);
}

Result<std::vector<Publication>> ReadPublications(Connection& connection, std::string_view name) {
  Statement rows = connection.Query(
      "SELECT name, generation, state, data, run, begun_at, changed_at FROM publications WHERE name = ?1 ORDER BY "
      "generation DESC",
      name);
  return Collect(rows, ToPublication);
}

Result<std::vector<Message>> ReadMessages(Connection& connection, std::optional<int64_t> run) {
  Statement rows = connection.Query(
      "SELECT id, dedup_key, run, channel, payload, state, attempts, next_attempt_at, last_error, created_at FROM "
      "outbox WHERE ?1 IS NULL OR run = ?1 ORDER BY id",
      run);
  return Collect(rows, ToMessage);
}

Result<std::vector<Message>> ReadDueMessages(Connection& connection, Timestamp now, size_t limit) {
  Statement rows = connection.Query(
      "SELECT id, dedup_key, run, channel, payload, state, attempts, next_attempt_at, last_error, created_at FROM "
      "outbox WHERE state = 'pending' AND next_attempt_at <= ?1 ORDER BY next_attempt_at, id LIMIT ?2",
      now, static_cast<int64_t>(limit));
  return Collect(rows, ToMessage);
}

}  // namespace stir::store
