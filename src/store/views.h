// What pages ask of the store, in one question each. A view has a connection of its own: it sees what was committed,
// and waits neither for who writes nor for those who decide. Lists are bounded, and go on after the last id they gave.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/records.h"

namespace stir::store {

class Connection;

struct RunPage {
  std::string pipeline{}, run_type{};  // empty: all
  std::vector<TaskState> states{};     // empty: all
  std::optional<int64_t> backfill{};
  std::optional<Timestamp> from{}, until{};  // logical dates in [from, until)
  std::optional<int64_t> before{};           // ids less than this
  size_t limit = 50;
};

// The newest runs of a pipeline by their dates, and how each of their tasks stands.
struct Grid {
  struct Cell {
    int64_t run = 0;
    std::string name{}, parent{}, kind{};
    TaskState state = TaskState::kNone;
    int attempts = 0;
    std::optional<Timestamp> started_at{}, ended_at{};
  };
  std::vector<Run> runs;
  std::vector<Cell> cells;  // by run, then by the place in its plan
};

struct NumberedEntry : AuditEntry {
  int64_t id = 0;
};

struct CountedBackfill : Backfill {
  size_t succeeded = 0, failed = 0, unfinished = 0;  // of its runs
};

// How many there are, by state.
struct Counts {
  std::map<std::string, int64_t> runs, tasks;  // that have not ended; tasks of such runs
  int64_t pending_messages = 0;
};

// Thread safe.
class Views {
 public:
  // The store must be there, with the newest schema.
  static Result<std::unique_ptr<Views>> Open(const std::string& path);
  ~Views();

  Result<std::vector<Run>> Runs(const RunPage& page);  // newest first
  Result<std::optional<Run>> GetRun(int64_t run);
  Result<std::vector<Run>> UnfinishedRuns();
  // The newest run of each, by pipeline; those that never ran are not there.
  Result<std::map<std::string, Run>> LastRuns(const std::vector<std::string>& pipelines);
  // Runs before this one by date, where one is given: see Grid.
  Result<Grid> GridOf(std::string_view pipeline, std::optional<int64_t> before, size_t limit);
  Result<std::vector<Task>> Tasks(int64_t run);
  Result<std::vector<Attempt>> Attempts(int64_t run);
  Result<std::vector<Message>> Messages(int64_t run);
  Result<std::vector<ScheduleMemory>> Schedules();
  Result<std::vector<AssetVersion>> Assets();
  Result<std::vector<Publication>> Publications(std::string_view name);
  Result<std::vector<LeftOut>> LeftOutIntervals(std::string_view pipeline, size_t limit);
  Result<std::vector<CountedBackfill>> Backfills(std::optional<int64_t> before, size_t limit);  // newest first
  Result<std::vector<NumberedEntry>> Audit(std::optional<int64_t> before, size_t limit);        // newest first
  Result<Counts> Count();

 private:
  explicit Views(std::unique_ptr<Connection> connection);

  std::mutex mutex_;
  const std::unique_ptr<Connection> connection_;  // used under mutex_
};

}  // namespace stir::store
