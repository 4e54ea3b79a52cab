// The rows of the store, as values (`{}` after every member lets a caller name only the ones it sets). JSON fields hold
// a serialised value, "{}" when there is nothing to say; texts of states and types are what a person reads with
// `sqlite3`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "scheduler/clockwork.h"
#include "scheduler/state.h"

namespace stir::store {

using scheduler::TaskState;

struct Pipeline {
  std::string name{};
  std::string definition_hash{};
  std::string definition = "{}";  // JSON
  bool paused = false;
  Timestamp seen_at{};
};

struct NewRun {
  std::string pipeline{};
  std::string run_type{};  // "scheduled", "manual", "backfill", "triggered"
  Timestamp logical_date{};
  Timestamp data_interval_start{}, data_interval_end{};
  std::string params = "{}";  // JSON
  std::string definition_hash{};
  bool again = false;
  std::optional<int64_t> backfill{};
  std::string triggered_by{};  // "17/fan[us]": the task of another run that makes it; empty: none
  Timestamp created_at{};
};

struct Run {
  int64_t id = 0;  // what people type: `stir runs show 42`
  std::string pipeline{}, run_type{};
  int64_t sequence = 0;  // 0, and one more for every run made again
  Timestamp logical_date{}, data_interval_start{}, data_interval_end{};
  TaskState state = TaskState::kQueued;  // queued, running, success, failed, canceled
  std::string notes{};                   // "1 failed, allowed; 3 skipped"
  std::string params = "{}";
  std::string definition_hash{};
  std::string holder{};  // who runs it, or ran it last
  int64_t token = 0;     // of its last claim
  std::optional<int64_t> backfill{};
  std::string triggered_by{};
  std::string wish{};  // what a person asks of it: "cancel", "hold"; empty: nothing
  Timestamp created_at{};
  std::optional<Timestamp> started_at{}, ended_at{};
};

// A range of intervals to be run, and how far it has come is what its runs say.
struct Backfill {
  int64_t id = 0;
  std::string pipeline{};
  Timestamp first{}, until{};  // intervals that begin in [first, until)
  std::string rerun = "all";   // "all", "failed", "missing": which of them
  std::string params = "{}";
  int at_once = 1;
  std::string state = "running";  // "running", "canceled", "done"
  Timestamp created_at{};
  std::optional<Timestamp> ended_at{};
};

struct CreatedRun {
  Run run;
  bool created = false;
};

// What is known of a pipeline's schedule.
struct ScheduleMemory {
  std::string pipeline{};
  scheduler::Memory memory{};
};

// Intervals without a run of their own, one after another, and why.
struct LeftOut {
  Timestamp start{}, end{};
  int64_t intervals = 1;
  std::string reason{};
  Timestamp at{};
};

// One decision about a schedule, carried out: what is remembered of it, and what it makes.
struct ScheduleStep {
  std::string pipeline{};
  scheduler::Memory from{}, to{};  // `paused` is left as it is
  std::optional<NewRun> run{};     // for its interval, unless that has one of any type
  std::optional<LeftOut> left_out{};
};

// How often a source was loaded, a model was built, a publication was done, and when it last was.
struct AssetVersion {
  std::string asset{};  // "source.shop.sales.us_east", "model.shop.orders", "publication.leaderboard"
  int64_t version = 0;
  Timestamp at{};
  std::optional<int64_t> run{};
};

// The right to change a run, given by ClaimRun.
struct Fence {
  int64_t run = 0;
  int64_t token = 0;
};

struct RunFilter {
  std::string pipeline{};  // empty: all
  std::string run_type{};
  std::vector<TaskState> states{};  // empty: all
  std::optional<Timestamp> logical_date{};
  std::optional<Timestamp> logical_before{};
  std::optional<int64_t> backfill{};
  size_t limit = 100;
};

// Tasks are created before any of them starts, so that the record says what was going to happen.
struct NewTask {
  std::string name{};     // unique in its run: "extract.us_east", "transform.model.shop.orders"
  std::string parent{};   // of a task that another was expanded into: that one's name
  int64_t position = 0;   // its place in the plan
  std::string kind{};     // "ingest", "build", "model", ...
  std::string subject{};  // what it is about: an ingestion, a node's unique id
  bool allow_failure = false;
  std::string data = "{}";  // JSON: what the caller needs to rebuild it
};

// Moves a task from one state to another, if it is there. To kRunning begins attempt number `attempt` + 1; from
// kRunning ends attempt number `attempt`. Anything to the same state is refused, and so is leaving a final state,
// except to kNone or kQueued (the task was cleared).
struct TaskChange {
  std::string name{};
  TaskState from = TaskState::kNone;
  int attempt = 0;  // attempts begun so far, as the caller knows it
  TaskState to = TaskState::kNone;
  Timestamp at{};
  std::optional<int> failures{}, losses{};
  bool is_lost = false;                              // the attempt that ends
  std::optional<Timestamp> retry_at{};               // to kUpForRetry
  std::optional<std::string> message{};              // why, in a line
  std::optional<std::string> error{};                // JSON: diagnostics of the attempt that ends
  std::optional<std::string> outputs{};              // JSON: read by later tasks
  std::optional<std::vector<std::string>> chosen{};  // of a branch: names
  std::optional<bool> gate_open{};                   // of a gate
  std::string log_path{};                            // to kRunning: where the attempt's log is, below .stir/logs
  std::string worker{};                              // to kRunning: who works on it ("pid 4711")
};

// What a running task waits for, in a line.
struct TaskNote {
  std::string name{}, message{};
};

struct Task {
  int64_t id = 0, run = 0;
  std::string name{}, parent{};
  int64_t position = 0;
  std::string kind{}, subject{};
  bool allow_failure = false;
  std::string data = "{}";
  TaskState state = TaskState::kNone;
  int attempts = 0, failures = 0, losses = 0;
  std::optional<Timestamp> retry_at{}, started_at{}, ended_at{};  // started: the first attempt
  std::string message{};
  std::string outputs = "{}";
  std::vector<std::string> chosen{};
  bool gate_open = true;
};

struct Attempt {
  std::string task{};
  int number = 0;  // 1 is the first
  TaskState state = TaskState::kRunning;
  bool is_lost = false;  // nobody knows how it ended: `state` is kFailed
  Timestamp started_at{};
  std::optional<Timestamp> ended_at{};
  std::string worker{}, log_path{}, message{};
  std::string error = "[]";

  std::string_view StateText() const { return is_lost ? "lost" : scheduler::ToString(state); }
};

// Who did what to what, by hand.
struct AuditEntry {
  Timestamp at{};
  std::string who{}, action{}, subject{}, detail{};
};

struct RunChange {
  TaskState from = TaskState::kQueued;
  TaskState to = TaskState::kRunning;
  Timestamp at{};
  std::optional<std::string> notes{};
};

struct NewEvent {
  Timestamp at{};
  std::optional<int64_t> run{};
  std::string task{};  // its name, or empty
  int attempt = 0;
  std::string level = "info";  // "debug", "info", "warn", "error"
  std::string code{}, name{}, message{};
  std::string data = "{}";
};

struct Event : NewEvent {
  int64_t id = 0;
};

struct NewMessage {
  std::string dedup_key{};  // the same key is sent once, ever
  std::optional<int64_t> run{};
  std::string channel{};  // the connection that it goes out on
  std::string payload = "{}";
  Timestamp created_at{};
};

struct Message : NewMessage {
  int64_t id = 0;
  std::string state{};  // "pending", "delivered", "dead"
  int attempts = 0;
  Timestamp next_attempt_at{};
  std::string last_error{};
};

// How far an ingestion has come; the mirror of the row that the load wrote in its target. A `version` that is not
// larger than the stored one is left out: the mirror never moves back, and repeating is harmless.
struct Checkpoint {
  std::string ingestion{};
  int64_t version = 0;  // counts the loads of this ingestion
  std::string watermark{};
  std::string data = "{}";
  std::optional<int64_t> run{};
  Timestamp at{};
};

// A file that an ingestion has loaded. The same path with another size, time or hash is another file.
struct TakenFile {
  std::string ingestion{}, path{};
  int64_t size = 0, mtime_ns = 0;
  std::string content_hash{};
  std::optional<int64_t> run{};
  Timestamp at{};
};

// One step of a publication's journal: generation `generation` goes from one state to the next, if it is there. An
// empty `from` begins the generation, which must be new.
struct PublicationChange {
  std::string name{};
  int64_t generation = 0;
  std::string from{}, to{};           // "staging", "verified", ...: the words of the state machine that writes them
  std::optional<std::string> data{};  // JSON
  std::optional<int64_t> run{};
  Timestamp at{};
};

struct Publication {
  std::string name{};
  int64_t generation = 0;
  std::string state, data = "{}";
  std::optional<int64_t> run{};
  Timestamp begun_at{}, changed_at{};
};

}  // namespace stir::store
