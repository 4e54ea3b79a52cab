// The store in one SQLite file: a writer (writer.h) for every change, and one connection for reading behind a lock,
// which sees what was committed and never waits for the writer.
#include <fmt/format.h>

#include <chrono>
#include <mutex>
#include <thread>

#include "base/files.h"
#include "base/kinds.h"
#include "embedded/embedded.h"
#include "store/changes.h"
#include "store/kinds.h"
#include "store/reads.h"
#include "store/schedules.h"
#include "store/schema.h"
#include "store/sqlite.h"
#include "store/store.h"
#include "store/writer.h"

namespace stir::store {
namespace {

constexpr std::string_view kRunsOfKey =
    "SELECT id, state, sequence FROM runs WHERE pipeline = ?1 AND run_type = ?2 AND logical_date = ?3 ORDER BY "
    "sequence DESC LIMIT 1";

class SqliteStore final : public Store {
  // Declared first: what it returns is deduced.
  template <typename Function, typename... Arguments>
  auto Read(Function function, const Arguments&... arguments) {
    std::lock_guard lock(reading_);
    return function(*reader_, arguments...);
  }

 public:
  SqliteStore(std::unique_ptr<Connection> writer, std::unique_ptr<Connection> reader,
              std::function<void(std::string_view)> before_write)
      : reader_(std::move(reader)), writer_(std::move(writer), std::move(before_write)) {}

  Status PutPipeline(const Pipeline& pipeline) override {
    return writer_.Do("put-pipeline", false, [&](Connection& connection) {
      return connection.Run(
          "INSERT INTO pipelines (name, definition_hash, definition, seen_at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT "
          "(name) DO UPDATE SET definition_hash = excluded.definition_hash, definition = excluded.definition, "
          "seen_at = excluded.seen_at",
          pipeline.name, pipeline.definition_hash, pipeline.definition, pipeline.seen_at);
    });
  }

  Status SetPaused(std::string_view name, bool paused) override {
    return writer_.Do("set-paused", true, [&](Connection& connection) -> Status {
      STIR_TRY(connection.Run("UPDATE pipelines SET paused = ?2 WHERE name = ?1", name, paused));
      if (connection.Changes() == 0)
        return Diagnostic(kStoreConflict, fmt::format("there is no pipeline `{}` in the store", name));
      return {};
    });
  }

  Result<std::vector<ScheduleMemory>> Schedules() override { return Read(ReadSchedules); }

  Result<std::optional<CreatedRun>> AdvanceSchedule(const ScheduleStep& step) override {
    int64_t id = 0;
    bool created = false;
    STIR_TRY(writer_.Do("advance-schedule", false,
                        [&](Connection& connection) { return Advance(connection, step, id, created); }));
    if (!step.run) return std::optional<CreatedRun>();
    STIR_ASSIGN(std::optional<Run> found, GetRun(id));
    if (!found) return Diagnostic(kStoreFailed, fmt::format("run {} is gone", id));
    return std::optional<CreatedRun>({std::move(*found), created});
  }

  Result<std::vector<LeftOut>> LeftOutIntervals(std::string_view pipeline, size_t limit) override {
    return Read(ReadLeftOut, pipeline, limit);
  }

  Result<std::vector<AssetVersion>> Assets() override { return Read(ReadAssets); }

  Result<CreatedRun> CreateRun(const NewRun& run) override {
    int64_t id = 0;
    bool created = false;
    STIR_TRY(writer_.Do("create-run", false,
                        [&](Connection& connection) { return FindOrInsert(connection, run, id, created); }));
    STIR_ASSIGN(std::optional<Run> found, GetRun(id));
    if (!found) return Diagnostic(kStoreFailed, fmt::format("run {} is gone", id));
    return CreatedRun{std::move(*found), created};
  }

  Result<Fence> ClaimRun(int64_t run, std::string_view holder, Timestamp now) override {
    Fence fence{run, 0};
    const auto claim_it = [&](Connection& connection) -> Status {
      Statement claim =
          connection.Query("UPDATE runs SET token = token + 1, holder = ?2 WHERE id = ?1 RETURNING token", run, holder);
      if (claim.Step()) fence.token = claim.Int(0);
      STIR_TRY(claim.Finish());
      if (fence.token == 0) return Diagnostic(kStoreConflict, fmt::format("there is no run {}", run));
      return connection.Run(
          "INSERT INTO events (at, run, level, code, name, message, data) VALUES (?1, ?2, 'debug', 'S010', "
          "'RunClaimed', ?3, '{}')",
          now, run, fmt::format("claimed by {}", holder));
    };
    STIR_TRY(writer_.Do("claim-run", false, claim_it));
    return fence;
  }

  Status Commit(const Changes& changes) override {
    return writer_.Do("changes", MustBeDurable(changes),
                      [&](Connection& connection) { return Apply(connection, changes); });
  }

  Result<int64_t> CreateBackfill(const Backfill& backfill) override {
    int64_t id = 0;
    const auto create = [&](Connection& connection) -> Status {
      STIR_TRY(
          connection.Run("INSERT INTO backfills (pipeline, first, until, rerun, params, at_once, state, created_at) "
                         "VALUES (?1, ?2, ?3, "
                         "?4, ?5, ?6, 'running', ?7)",
                         backfill.pipeline, backfill.first, backfill.until, backfill.rerun, backfill.params,
                         static_cast<int64_t>(backfill.at_once), backfill.created_at));
      id = connection.LastInsertId();
      return {};
    };
    STIR_TRY(writer_.Do("create-backfill", true, create));
    return id;
  }

  Status MoveBackfill(int64_t id, std::string_view from, std::string_view to, const std::optional<AuditEntry>& entry,
                      Timestamp now) override {
    return writer_.Do("move-backfill", true, [&](Connection& connection) -> Status {
      STIR_TRY(
          connection.Run("UPDATE backfills SET state = ?3, ended_at = CASE WHEN ?3 = 'running' THEN NULL ELSE ?4 "
                         "END WHERE id = ?1 AND state = ?2",
                         id, from, to, now));
      if (connection.Changes() == 0) return Diagnostic(kStoreConflict, fmt::format("backfill {} is not {}", id, from));
      return entry ? Insert(connection, *entry) : Status();
    });
  }

  Result<std::vector<Backfill>> Backfills() override { return Read(ReadBackfills); }

  Status Wish(int64_t run, std::string_view wish, const AuditEntry& entry) override {
    return writer_.Do("wish", true, [&](Connection& connection) -> Status {
      STIR_TRY(connection.Run("UPDATE runs SET wish = ?2 WHERE id = ?1 AND state IN ('queued', 'running')", run, wish));
      if (connection.Changes() == 0) return Diagnostic(kStoreConflict, fmt::format("run {} has ended", run));
      return Insert(connection, entry);
    });
  }

  Result<std::vector<AuditEntry>> Audit(size_t limit) override { return Read(ReadAudit, limit); }

  Result<std::vector<int64_t>> Forget(Timestamp ended_before, size_t limit) override {
    std::vector<int64_t> gone;
    STIR_TRY(writer_.Do("forget", false,
                        [&](Connection& connection) { return ForgetRuns(connection, ended_before, limit, gone); }));
    return gone;
  }

  Result<std::vector<Message>> ClaimMessages(Timestamp now, Timestamp until, size_t limit) override {
    std::vector<Message> messages;
    const auto claim_them = [&](Connection& connection) -> Status {
      STIR_ASSIGN(messages, ReadDueMessages(connection, now, limit));
      for (Message& message : messages) {
        STIR_TRY(connection.Run("UPDATE outbox SET next_attempt_at = ?2, attempts = attempts + 1 WHERE id = ?1",
                                message.id, until));
        message.next_attempt_at = until;
        ++message.attempts;
      }
      return {};
    };
    STIR_TRY(writer_.Do("claim-messages", false, claim_them));
    return messages;
  }

  Status MarkDelivered(int64_t message, Timestamp now) override {
    return writer_.Do("message-delivered", true, [&](Connection& connection) {
      return connection.Run("UPDATE outbox SET state = 'delivered', delivered_at = ?2, last_error = '' WHERE id = ?1",
                            message, now);
    });
  }

  Status MarkFailed(int64_t message, std::string_view error, std::optional<Timestamp> next_attempt) override {
    return writer_.Do("message-failed", true, [&](Connection& connection) {
      return connection.Run(
          "UPDATE outbox SET state = CASE WHEN ?3 IS NULL THEN 'dead' ELSE 'pending' END, next_attempt_at = "
          "COALESCE(?3, next_attempt_at), "
          "last_error = ?2 WHERE id = ?1 AND state = 'pending'",
          message, error, next_attempt);
    });
  }

  Result<std::vector<Pipeline>> Pipelines() override { return Read(ReadPipelines); }
  Result<std::optional<Run>> GetRun(int64_t run) override { return Read(ReadRun, run); }
  Result<std::vector<Run>> ListRuns(const RunFilter& filter) override { return Read(ReadRuns, filter); }
  Result<std::vector<Run>> UnfinishedRuns() override { return Read(ReadUnfinishedRuns); }
  Result<std::optional<Run>> TriggeredRun(std::string_view by) override { return Read(ReadTriggeredRun, by); }
  Result<std::optional<Run>> RunBefore(std::string_view pipeline, Timestamp interval_start) override {
    return Read(ReadRunBefore, pipeline, interval_start);
  }
  Result<std::vector<Task>> Tasks(int64_t run) override { return Read(ReadTasks, run); }
  Result<std::vector<Attempt>> Attempts(int64_t run) override { return Read(ReadAttempts, run); }
  Result<std::vector<Event>> Events(int64_t run, int64_t after_id, size_t limit) override {
    return Read(ReadEvents, run, after_id, limit);
  }
  Result<std::map<std::string, Duration>> TaskDurations(std::string_view pipeline) override {
    return Read(ReadTaskDurations, pipeline);
  }
  Result<std::optional<Checkpoint>> GetCheckpoint(std::string_view ingestion) override {
    return Read(ReadCheckpoint, ingestion);
  }
  Result<std::vector<TakenFile>> TakenFiles(std::string_view ingestion) override {
    return Read(ReadTakenFiles, ingestion);
  }
  Result<std::vector<Publication>> Publications(std::string_view name) override { return Read(ReadPublications, name); }
  Result<std::vector<Message>> Messages(std::optional<int64_t> run) override { return Read(ReadMessages, run); }

 private:
  static Status FindOrInsert(Connection& connection, const NewRun& run, int64_t& id, bool& created) {
    int64_t sequence = 0;
    {
      Statement newest = connection.Query(kRunsOfKey, run.pipeline, run.run_type, run.logical_date);
      if (newest.Step()) {
        id = newest.Int(0);
        sequence = newest.Int(2) + 1;
        const auto state = scheduler::ParseTaskState(newest.Text(1));
        if (!run.again || !state || !scheduler::IsFinal(*state)) return {};
      }
      STIR_TRY(newest.Finish());
    }
    STIR_TRY(InsertRun(connection, run, sequence));
    id = connection.LastInsertId();
    created = true;
    return {};
  }

  std::mutex reading_;
  const std::unique_ptr<Connection> reader_;  // used under reading_
  Writer writer_;
};

std::vector<Migration> BuiltInMigrations() {
  std::vector<Migration> migrations;
  for (const embedded::EmbeddedFile& file : embedded::Migrations()) migrations.push_back({file.path, file.text});
  return migrations;
}

// Held while a store is made or brought to the newest schema: SQLite does not wait for another process that is just
// turning the file to WAL, and what one reads of a schema meanwhile may be half of it. Without a right to create it
// SQLite's own error is better.
Result<std::unique_ptr<FileLock>> HoldSchema(const std::string& path, Duration longest) {
  const auto give_up = std::chrono::steady_clock::now() + longest;
  while (true) {
    auto lock = SystemFiles().Lock(path + ".lock");
    if (lock.ok()) return lock;
    if (lock.error().front().kind != kLocked) return std::unique_ptr<FileLock>();
    if (std::chrono::steady_clock::now() >= give_up) return lock;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

}  // namespace

Status Store::AddEvent(NewEvent event) {
  Changes changes;
  changes.events.push_back(std::move(event));
  return Commit(changes);
}

Result<std::unique_ptr<Store>> OpenSqliteStore(const std::string& path, StoreOptions options) {
  if (const fs::path folder = fs::path(path).parent_path(); !folder.empty())
    STIR_TRY(SystemFiles().MakeDirectories(folder));
  STIR_ASSIGN(std::unique_ptr<FileLock> schema, HoldSchema(path, options.busy_timeout));
  STIR_ASSIGN(std::unique_ptr<Connection> writer, Connection::Open(path, true, options.busy_timeout));
  STIR_TRY(writer->Execute("PRAGMA journal_mode = WAL"));
  STIR_TRY(writer->Execute("PRAGMA synchronous = FULL"));
  const std::vector<Migration> built_in = BuiltInMigrations();
  STIR_TRY(Migrate(*writer, path, options.migrations.empty() ? built_in : options.migrations));
  schema.reset();
  STIR_TRY(writer->Execute("PRAGMA synchronous = NORMAL"));
  STIR_ASSIGN(std::unique_ptr<Connection> reader, Connection::Open(path, false, options.busy_timeout));
  return std::unique_ptr<Store>(
      std::make_unique<SqliteStore>(std::move(writer), std::move(reader), std::move(options.before_write)));
}

}  // namespace stir::store
