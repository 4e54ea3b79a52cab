// What must survive the death of any process: pipelines, runs, tasks, attempts, events, checkpoints, publications and
// the outbox. Every change is one transaction that either happened or did not, guarded by what the caller believes to
// be true. The store has no clock: times are the caller's.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "store/records.h"

namespace stir::store {

// One atomic change. Everything in it is written or nothing; it fails with kStoreConflict, and nothing is written, when
// a fence or a `from` does not hold any more.
//
// Durable against a loss of power as soon as Commit returns, when it ends a run or holds messages, checkpoints, files
// or publications; else against the death of this process (a loss of power may take back the newest transitions, never
// a part of one and never an older one without the newer ones).
struct Changes {
  std::optional<Fence> fence{};      // of the run that all tasks below belong to; required for tasks and run
  std::vector<NewTask> new_tasks{};  // a name that is there already is left as it is
  std::vector<TaskChange> tasks{};   // in this order
  std::vector<TaskNote> notes{};     // of tasks that run
  std::vector<NewRun> runs{};        // each another one, with the next sequence of its interval
  std::optional<RunChange> run{};
  std::vector<NewEvent> events{};
  std::vector<NewMessage> messages{};     // the outbox; a `dedup_key` that was ever used is left out
  std::vector<Checkpoint> checkpoints{};  // watermarks never move back (see Checkpoint)
  std::vector<TakenFile> taken_files{};
  std::vector<PublicationChange> publications{};
  std::vector<AuditEntry> audit{};
  std::vector<AssetVersion> renewed{};  // `version` is not looked at: each counts one more
};

// Thread safe. Calls block until what they did is committed; calls of several threads are committed together.
class Store {
 public:
  virtual ~Store() = default;

  // Pipelines: what was seen last. `paused` is set on its own and kept by PutPipeline.
  virtual Status PutPipeline(const Pipeline& pipeline) = 0;
  virtual Status SetPaused(std::string_view name, bool paused) = 0;
  virtual Result<std::vector<Pipeline>> Pipelines() = 0;

  // Schedules: of every pipeline that was ever seen, by name.
  virtual Result<std::vector<ScheduleMemory>> Schedules() = 0;
  // Fails with kStoreConflict, and nothing is written, when the schedule does not stand at `step.from` any more. The
  // run of the step's interval, if the step has one: `created` is false when the interval had a run already, of any
  // type.
  virtual Result<std::optional<CreatedRun>> AdvanceSchedule(const ScheduleStep& step) = 0;
  virtual Result<std::vector<LeftOut>> LeftOutIntervals(std::string_view pipeline, size_t limit) = 0;  // newest first

  virtual Result<std::vector<AssetVersion>> Assets() = 0;  // by name

  // Idempotent: the newest run of the same pipeline, type and logical date is returned as it is (`created` is false),
  // unless `run.again` is set and it has ended, then another one with the next `sequence` is made. State: queued.
  virtual Result<CreatedRun> CreateRun(const NewRun& run) = 0;
  // Takes a run over: from here on only changes that carry this fence are accepted, those of earlier holders are
  // refused. `holder` says who ("pid 123 on host"). Fails when there is no such run.
  virtual Result<Fence> ClaimRun(int64_t run, std::string_view holder, Timestamp now) = 0;
  virtual Status Commit(const Changes& changes) = 0;
  // Backfills: another one (its id), and from one state to the next, with the record of who did it. The latter fails
  // with kStoreConflict when it is not in `from` any more.
  virtual Result<int64_t> CreateBackfill(const Backfill& backfill) = 0;
  virtual Status MoveBackfill(int64_t id, std::string_view from, std::string_view to,
                              const std::optional<AuditEntry>& entry, Timestamp now) = 0;
  virtual Result<std::vector<Backfill>> Backfills() = 0;  // newest first
  // What a person asks of a run that has not ended ("cancel", "hold", or nothing any more), with the record of it.
  // Fails when the run has ended, or when there is none.
  virtual Status Wish(int64_t run, std::string_view wish, const AuditEntry& entry) = 0;
  virtual Result<std::vector<AuditEntry>> Audit(size_t limit) = 0;  // newest first
  // Forgets runs that ended before, with their tasks, attempts, events and delivered messages: oldest first, at most
  // `limit`. The newest run of each pipeline stays, and so do intervals' decisions. The runs that are gone.
  virtual Result<std::vector<int64_t>> Forget(Timestamp ended_before, size_t limit) = 0;
  Status AddEvent(NewEvent event);

  virtual Result<std::optional<Run>> GetRun(int64_t run) = 0;
  virtual Result<std::vector<Run>> ListRuns(const RunFilter& filter) = 0;  // newest first
  virtual Result<std::vector<Run>> UnfinishedRuns() = 0;                   // oldest first
  // The newest run that this task made (NewRun::triggered_by).
  virtual Result<std::optional<Run>> TriggeredRun(std::string_view by) = 0;
  // The newest run of the newest interval that began before.
  virtual Result<std::optional<Run>> RunBefore(std::string_view pipeline, Timestamp interval_start) = 0;
  virtual Result<std::vector<Task>> Tasks(int64_t run) = 0;        // by position
  virtual Result<std::vector<Attempt>> Attempts(int64_t run) = 0;  // by task, then number
  virtual Result<std::vector<Event>> Events(int64_t run, int64_t after_id, size_t limit) = 0;
  // Mean duration of the last successful attempts of each task of a pipeline, by task name.
  virtual Result<std::map<std::string, Duration>> TaskDurations(std::string_view pipeline) = 0;

  virtual Result<std::optional<Checkpoint>> GetCheckpoint(std::string_view ingestion) = 0;
  virtual Result<std::vector<TakenFile>> TakenFiles(std::string_view ingestion) = 0;
  virtual Result<std::vector<Publication>> Publications(std::string_view name) = 0;  // newest generation first

  // The outbox. A claimed message is not given out again before `until`, so a sender that dies costs a delay, not a
  // message.
  virtual Result<std::vector<Message>> ClaimMessages(Timestamp now, Timestamp until, size_t limit) = 0;
  virtual Status MarkDelivered(int64_t message, Timestamp now) = 0;
  // Without `next_attempt` the message is given up (state "dead"); it stays for a person to see.
  virtual Status MarkFailed(int64_t message, std::string_view error, std::optional<Timestamp> next_attempt) = 0;
  virtual Result<std::vector<Message>> Messages(std::optional<int64_t> run) = 0;
};

// One step of the schema. `name` is the file's ("0001_first.sql"); its number is the version it leads to.
struct Migration {
  std::string_view name{};
  std::string_view sql{};
};

struct StoreOptions {
  // Called on the writer's thread before every step that touches the disk ("create-run", "changes", "commit") and after
  // ("committed"): a test ends the process there.
  std::function<void(std::string_view)> before_write{};
  Duration busy_timeout = std::chrono::seconds(10);  // how long another process may hold the store
  std::span<const Migration> migrations{};           // empty: those built in
};

// Opens `path` (".stir/state.db"), creating it and its folder, and brings its schema up to date: after a copy to
// `<path>.v<N>` when it had one. A store of a newer stir is refused, never changed.
Result<std::unique_ptr<Store>> OpenSqliteStore(const std::string& path, StoreOptions options = {});

}  // namespace stir::store
