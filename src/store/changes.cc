#include "store/changes.h"

#include <fmt/format.h>

#include <cassert>

#include "base/json.h"
#include "store/kinds.h"
#include "store/schedules.h"

namespace stir::store {
namespace {

using scheduler::IsFinal;
using scheduler::ToString;

Diagnostic Conflict(std::string message) {
  return Diagnostic(kStoreConflict, std::move(message)).Hint("another process has moved on: read the run again");
}

Status CheckFence(Connection& connection, const Fence& fence) {
  Statement statement = connection.Query("SELECT token, holder FROM runs WHERE id = ?1", fence.run);
  if (!statement.Step()) {
    STIR_TRY(statement.Finish());
    return Conflict(fmt::format("there is no run {}", fence.run));
  }
  if (statement.Int(0) == fence.token) return {};
  return Conflict(fmt::format("run {} was taken over by {}", fence.run, statement.Text(1)));
}

Status Insert(Connection& connection, int64_t run, const NewTask& task) {
  return connection.Run(
      "INSERT INTO tasks (run, name, parent, position, kind, subject, allow_failure, data) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (run, name) DO NOTHING",
      run, task.name, task.parent, task.position, task.kind, task.subject, task.allow_failure, task.data);
}

bool IsAllowed(TaskState from, TaskState to) {
  if (from == to) return false;
  if (IsFinal(from)) return to == TaskState::kNone || to == TaskState::kQueued;
  return to != TaskState::kNone;
}

std::optional<std::string> NamesAsJson(const std::optional<std::vector<std::string>>& names) {
  if (!names) return std::nullopt;
  JsonWriter json;
  json.BeginArray();
  for (const std::string& name : *names) json.String(name);
  json.EndArray();
  return std::move(json).Take();
}

// Why a compare-and-set found nothing.
Status ExplainMiss(Connection& connection, int64_t run, const TaskChange& change) {
  Statement statement =
      connection.Query("SELECT state, attempts FROM tasks WHERE run = ?1 AND name = ?2", run, change.name);
  if (!statement.Step()) {
    STIR_TRY(statement.Finish());
    return Conflict(fmt::format("run {} has no task `{}`", run, change.name));
  }
  return Conflict(fmt::format("task `{}` of run {} is {} after {} attempts, not {} after {}", change.name, run,
                              statement.Text(0), statement.Int(1), ToString(change.from), change.attempt));
}

Status BeginAttempt(Connection& connection, int64_t run, const TaskChange& change) {
  return connection.Run(
      "INSERT INTO attempts (task, number, state, worker, log_path, started_at) "
      "SELECT id, attempts, 'running', ?3, ?4, ?5 FROM tasks WHERE run = ?1 AND name = ?2",
      run, change.name, change.worker, change.log_path, change.at);
}

Status EndAttempt(Connection& connection, int64_t run, const TaskChange& change) {
  const TaskState ended = IsFinal(change.to) ? change.to : TaskState::kFailed;
  return connection.Run(
      "UPDATE attempts SET state = ?4, ended_at = ?5, message = COALESCE(?6, message), error = COALESCE(?7, error) "
      "WHERE task = (SELECT id FROM tasks WHERE run = ?1 AND name = ?2) AND number = ?3",
      run, change.name, change.attempt, change.is_lost ? "lost" : ToString(ended), change.at, change.message,
      change.error);
}

Status Move(Connection& connection, int64_t run, const TaskChange& change) {
  if (!IsAllowed(change.from, change.to)) {
    return Diagnostic(kStoreFailed, fmt::format("task `{}` cannot go from {} to {}", change.name, ToString(change.from),
                                                ToString(change.to)));
  }
  const bool cleared = IsFinal(change.from);
  const bool begins = change.to == TaskState::kRunning;
  STIR_TRY(connection.Run(
      "UPDATE tasks SET state = ?5, attempts = attempts + ?6, failures = COALESCE(?7, failures), retry_at = ?8, "
      "message = COALESCE(?9, CASE WHEN ?10 THEN '' ELSE message END), "
      "outputs = COALESCE(?11, CASE WHEN ?10 THEN '{}' ELSE outputs END), "
      "chosen = COALESCE(?12, CASE WHEN ?10 THEN '[]' ELSE chosen END), "
      "gate_open = COALESCE(?13, CASE WHEN ?10 THEN 1 ELSE gate_open END), "
      "started_at = CASE WHEN ?6 THEN COALESCE(started_at, ?14) ELSE started_at END, "
      "ended_at = CASE WHEN ?15 THEN ?14 END, losses = COALESCE(?16, losses) "
      "WHERE run = ?1 AND name = ?2 AND state = ?3 AND attempts = ?4",
      run, change.name, ToString(change.from), change.attempt, ToString(change.to), begins, change.failures,
      change.retry_at, change.message, cleared, change.outputs, NamesAsJson(change.chosen), change.gate_open, change.at,
      IsFinal(change.to), change.losses));
  if (connection.Changes() == 0) return ExplainMiss(connection, run, change);
  if (begins) return BeginAttempt(connection, run, change);
  return change.from == TaskState::kRunning ? EndAttempt(connection, run, change) : Status();
}

Status Move(Connection& connection, int64_t run, const RunChange& change) {
  STIR_TRY(
      connection.Run("UPDATE runs SET state = ?3, notes = COALESCE(?4, notes), "
                     "wish = CASE WHEN ended_at IS NOT NULL THEN '' ELSE wish END, "  // it begins again
                     "started_at = CASE WHEN ?3 = 'running' THEN COALESCE(started_at, ?5) ELSE started_at END, "
                     "ended_at = CASE WHEN ?6 THEN ?5 END WHERE id = ?1 AND state = ?2",
                     run, ToString(change.from), ToString(change.to), change.notes, change.at, IsFinal(change.to)));
  if (connection.Changes() == 1 && change.from != change.to) return {};
  return Conflict(fmt::format("run {} is not {}", run, ToString(change.from)));
}

Status Insert(Connection& connection, const NewEvent& event) {
  return connection.Run(
      "INSERT INTO events (at, run, task, attempt, level, code, name, message, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, "
      "?7, ?8, ?9)",
      event.at, event.run, event.task, event.attempt, event.level, event.code, event.name, event.message, event.data);
}

Status Insert(Connection& connection, const NewMessage& message) {
  return connection.Run(
      "INSERT INTO outbox (dedup_key, run, channel, payload, next_attempt_at, created_at) VALUES (?1, ?2, ?3, ?4, ?5, "
      "?5) "
      "ON CONFLICT (dedup_key) DO NOTHING",
      message.dedup_key, message.run, message.channel, message.payload, message.created_at);
}

Status Put(Connection& connection, const Checkpoint& checkpoint) {
  return connection.Run(
      "INSERT INTO checkpoints (ingestion, version, watermark, data, run, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
      "ON CONFLICT (ingestion) DO UPDATE SET version = excluded.version, watermark = excluded.watermark, data = "
      "excluded.data, "
      "run = excluded.run, at = excluded.at WHERE excluded.version > version",
      checkpoint.ingestion, checkpoint.version, checkpoint.watermark, checkpoint.data, checkpoint.run, checkpoint.at);
}

Status Put(Connection& connection, const TakenFile& file) {
  return connection.Run(
      "INSERT INTO taken_files (ingestion, path, size, mtime_ns, content_hash, run, at) VALUES (?1, ?2, ?3, ?4, ?5, "
      "?6, ?7) "
      "ON CONFLICT DO NOTHING",
      file.ingestion, file.path, file.size, file.mtime_ns, file.content_hash, file.run, file.at);
}

Status Put(Connection& connection, const PublicationChange& change) {
  if (change.from.empty()) {
    STIR_TRY(
        connection.Run("INSERT INTO publications (name, generation, state, data, run, begun_at, changed_at) "
                       "VALUES (?1, ?2, ?3, COALESCE(?4, '{}'), ?5, ?6, ?6) ON CONFLICT DO NOTHING",
                       change.name, change.generation, change.to, change.data, change.run, change.at));
  } else {
    STIR_TRY(connection.Run(
        "UPDATE publications SET state = ?4, data = COALESCE(?5, data), run = COALESCE(?6, run), changed_at = ?7 "
        "WHERE name = ?1 AND generation = ?2 AND state = ?3",
        change.name, change.generation, change.from, change.to, change.data, change.run, change.at));
  }
  if (connection.Changes() == 1) return {};
  return Conflict(fmt::format("generation {} of publication `{}` is not {}", change.generation, change.name,
                              change.from.empty() ? "new" : change.from));
}

}  // namespace

Status Insert(Connection& connection, const AuditEntry& entry) {
  return connection.Run("INSERT INTO audit (at, who, action, subject, detail) VALUES (?1, ?2, ?3, ?4, ?5)", entry.at,
                        entry.who, entry.action, entry.subject, entry.detail);
}

bool MustBeDurable(const Changes& changes) {
  return (changes.run && IsFinal(changes.run->to)) || !changes.messages.empty() || !changes.checkpoints.empty() ||
         !changes.taken_files.empty() || !changes.publications.empty() || !changes.runs.empty() ||
         !changes.audit.empty();
}

Status Apply(Connection& connection, const Changes& changes) {
  assert(changes.fence ||
         (changes.new_tasks.empty() && changes.tasks.empty() && changes.notes.empty() && !changes.run));
  const int64_t run = changes.fence ? changes.fence->run : 0;
  if (changes.fence) STIR_TRY(CheckFence(connection, *changes.fence));
  for (const NewTask& task : changes.new_tasks) STIR_TRY(Insert(connection, run, task));
  for (const TaskChange& change : changes.tasks) STIR_TRY(Move(connection, run, change));
  for (const TaskNote& note : changes.notes)
    STIR_TRY(connection.Run("UPDATE tasks SET message = ?3 WHERE run = ?1 AND name = ?2 AND state = 'running'", run,
                            note.name, note.message));
  for (const NewRun& each : changes.runs) STIR_TRY(InsertAnotherRun(connection, each));
  if (changes.run) STIR_TRY(Move(connection, run, *changes.run));
  for (const NewEvent& event : changes.events) STIR_TRY(Insert(connection, event));
  for (const NewMessage& message : changes.messages) STIR_TRY(Insert(connection, message));
  for (const Checkpoint& checkpoint : changes.checkpoints) STIR_TRY(Put(connection, checkpoint));
  for (const TakenFile& file : changes.taken_files) STIR_TRY(Put(connection, file));
  for (const PublicationChange& change : changes.publications) STIR_TRY(Put(connection, change));
  for (const AuditEntry& entry : changes.audit) STIR_TRY(Insert(connection, entry));
  for (const AssetVersion& asset : changes.renewed) STIR_TRY(Renew(connection, asset));
  return {};
}

}  // namespace stir::store
