#include "store/views.h"

#include <fmt/format.h>

#include <limits>

#include "base/json.h"
#include "store/reads.h"
#include "store/schedules.h"
#include "store/sqlite.h"

namespace stir::store {
namespace {

constexpr Duration kLongestWait = std::chrono::seconds(5);

// Everything is optional; the index that serves the order is the one that `by` says.
std::string PageSql(std::string_view by) {
  return fmt::format(
      "SELECT {} FROM runs WHERE {} AND (?2 = '' OR run_type = ?2) AND (?3 = ',' OR instr(?3, ',' || state || ',') > "
      "0) AND (?4 IS NULL OR backfill = ?4) AND (?5 IS NULL OR logical_date >= ?5) AND (?6 IS NULL OR logical_date < "
      "?6) AND id < ?7 ORDER BY id DESC LIMIT ?8",
      kRunColumns, by);
}

bool Are(const std::vector<TaskState>& states, TaskState one, TaskState other) {
  if (states.empty()) return false;
  for (const TaskState state : states)
    if (state != one && state != other) return false;
  return true;
}

const std::string& SqlFor(const RunPage& page) {
  static const std::string kAny = PageSql("(?1 = '' OR pipeline = ?1)");
  static const std::string kOfPipeline = PageSql("pipeline = ?1");
  static const std::string kUnfinished = PageSql("state IN ('queued', 'running') AND (?1 = '' OR pipeline = ?1)");
  static const std::string kFailed = PageSql("state = 'failed' AND (?1 = '' OR pipeline = ?1)");
  if (Are(page.states, TaskState::kQueued, TaskState::kRunning)) return kUnfinished;
  if (!page.pipeline.empty()) return kOfPipeline;
  return Are(page.states, TaskState::kFailed, TaskState::kFailed) ? kFailed : kAny;
}

int64_t Below(const std::optional<int64_t>& before) { return before.value_or(std::numeric_limits<int64_t>::max()); }

Result<std::vector<Run>> GridRuns(Connection& connection, std::string_view pipeline,
                                  const std::optional<int64_t>& before, size_t limit) {
  // Dates in the order of the index, so that no more rows are read than are given.
  static const std::string kSql = fmt::format(
      "SELECT {} FROM runs WHERE pipeline = ?1 AND (?2 IS NULL OR (logical_date, id) < (SELECT logical_date, id FROM "
      "runs WHERE id = ?2)) ORDER BY logical_date DESC, id DESC LIMIT ?3",
      kRunColumns);
  Statement rows = connection.Query(kSql, pipeline, before, static_cast<int64_t>(limit));
  std::vector<Run> runs;
  while (rows.Step()) runs.push_back(ToRun(rows));
  STIR_TRY(rows.Finish());
  return runs;
}

Result<std::vector<Grid::Cell>> GridCells(Connection& connection, const std::vector<Run>& runs) {
  JsonWriter ids;
  ids.BeginArray();
  for (const Run& run : runs) ids.Int(run.id);
  ids.EndArray();
  Statement rows = connection.Query(
      "SELECT run, name, parent, kind, state, attempts, started_at, ended_at FROM tasks WHERE run IN (SELECT value "
      "FROM json_each(?1)) ORDER BY run, position, id",
      ids.text());
  std::vector<Grid::Cell> cells;
  while (rows.Step())
    cells.push_back({.run = rows.Int(0),
                     .name = rows.Text(1),
                     .parent = rows.Text(2),
                     .kind = rows.Text(3),
                     .state = scheduler::ParseTaskState(rows.Text(4)).value_or(TaskState::kNone),
                     .attempts = static_cast<int>(rows.Int(5)),
                     .started_at = rows.OptionalTime(6),
                     .ended_at = rows.OptionalTime(7)});
  STIR_TRY(rows.Finish());
  return cells;
}

Status CountInto(Statement rows, std::map<std::string, int64_t>& counts) {
  while (rows.Step()) counts[rows.Text(0)] = rows.Int(1);
  return rows.Finish();
}

// One moment of the store for several statements; it ends with the object.
class Moment {
 public:
  static Result<Moment> Begin(Connection& connection) {
    STIR_TRY(connection.Execute("BEGIN"));
    return Moment(connection);
  }
  Moment(Moment&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  Moment& operator=(Moment&&) = delete;
  ~Moment() {
    if (connection_ != nullptr) static_cast<void>(connection_->Execute("COMMIT").ok());
  }

 private:
  explicit Moment(Connection& connection) : connection_(&connection) {}
  Connection* connection_;
};

}  // namespace

Result<std::unique_ptr<Views>> Views::Open(const std::string& path) {
  STIR_ASSIGN(auto connection, Connection::Open(path, false, kLongestWait));
  return std::unique_ptr<Views>(new Views(std::move(connection)));
}

Views::Views(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
Views::~Views() = default;

Result<std::vector<Run>> Views::Runs(const RunPage& page) {
  std::string states = ",";
  for (const TaskState state : page.states) states += fmt::format("{},", ToString(state));
  const std::scoped_lock lock(mutex_);
  Statement rows = connection_->Query(SqlFor(page), page.pipeline, page.run_type, states, page.backfill, page.from,
                                      page.until, Below(page.before), static_cast<int64_t>(page.limit));
  std::vector<Run> runs;
  while (rows.Step()) runs.push_back(ToRun(rows));
  STIR_TRY(rows.Finish());
  return runs;
}

Result<std::map<std::string, Run>> Views::LastRuns(const std::vector<std::string>& pipelines) {
  std::map<std::string, Run> last;
  for (const std::string& pipeline : pipelines) {
    STIR_ASSIGN(std::vector<Run> runs, Runs({.pipeline = pipeline, .limit = 1}));
    if (!runs.empty()) last.emplace(pipeline, std::move(runs.front()));
  }
  return last;
}

Result<Grid> Views::GridOf(std::string_view pipeline, std::optional<int64_t> before, size_t limit) {
  const std::scoped_lock lock(mutex_);
  STIR_ASSIGN(const Moment moment, Moment::Begin(*connection_));
  Grid grid;
  STIR_ASSIGN(grid.runs, GridRuns(*connection_, pipeline, before, limit));
  STIR_ASSIGN(grid.cells, GridCells(*connection_, grid.runs));
  return grid;
}

Result<std::vector<CountedBackfill>> Views::Backfills(std::optional<int64_t> before, size_t limit) {
  const std::scoped_lock lock(mutex_);
  Statement rows = connection_->Query(
      "SELECT b.id, b.pipeline, b.first, b.until, b.rerun, b.params, b.at_once, b.state, b.created_at, b.ended_at, "
      "COUNT(r.id) FILTER (WHERE r.state = 'success'), COUNT(r.id) FILTER (WHERE r.state IN ('failed', 'canceled')), "
      "COUNT(r.id) FILTER (WHERE r.state IN ('queued', 'running')) FROM backfills b LEFT JOIN runs r ON r.backfill = "
      "b.id WHERE b.id IN (SELECT id FROM backfills WHERE id < ?1 ORDER BY id DESC LIMIT ?2) GROUP BY b.id ORDER BY "
      "b.id DESC",
      Below(before), static_cast<int64_t>(limit));
  std::vector<CountedBackfill> backfills;
  while (rows.Step()) {
    CountedBackfill each;
    static_cast<Backfill&>(each) = ToBackfill(rows);
    each.succeeded = static_cast<size_t>(rows.Int(10));
    each.failed = static_cast<size_t>(rows.Int(11));
    each.unfinished = static_cast<size_t>(rows.Int(12));
    backfills.push_back(std::move(each));
  }
  STIR_TRY(rows.Finish());
  return backfills;
}

Result<std::vector<NumberedEntry>> Views::Audit(std::optional<int64_t> before, size_t limit) {
  const std::scoped_lock lock(mutex_);
  Statement rows = connection_->Query(
      "SELECT id, at, who, action, subject, detail FROM audit WHERE id < ?1 ORDER BY id DESC LIMIT ?2", Below(before),
      static_cast<int64_t>(limit));
  std::vector<NumberedEntry> entries;
  while (rows.Step()) {
    NumberedEntry entry;
    entry.id = rows.Int(0);
    static_cast<AuditEntry&>(entry) = {rows.Time(1), rows.Text(2), rows.Text(3), rows.Text(4), rows.Text(5)};
    entries.push_back(std::move(entry));
  }
  STIR_TRY(rows.Finish());
  return entries;
}

Result<Counts> Views::Count() {
  const std::scoped_lock lock(mutex_);
  STIR_ASSIGN(const Moment moment, Moment::Begin(*connection_));
  Counts counts;
  STIR_TRY(CountInto(
      connection_->Query("SELECT state, COUNT(*) FROM runs WHERE state IN ('queued', 'running') GROUP BY state"),
      counts.runs));
  STIR_TRY(
      CountInto(connection_->Query("SELECT t.state, COUNT(*) FROM runs r JOIN tasks t ON t.run = r.id WHERE r.state IN "
                                   "('queued', 'running') GROUP BY t.state"),
                counts.tasks));
  Statement pending = connection_->Query("SELECT COUNT(*) FROM outbox WHERE state = 'pending'");
  if (pending.Step()) counts.pending_messages = pending.Int(0);
  STIR_TRY(pending.Finish());
  return counts;
}

Result<std::optional<Run>> Views::GetRun(int64_t run) {
  const std::scoped_lock lock(mutex_);
  return ReadRun(*connection_, run);
}
Result<std::vector<Run>> Views::UnfinishedRuns() {
  const std::scoped_lock lock(mutex_);
  return ReadUnfinishedRuns(*connection_);
}
Result<std::vector<Task>> Views::Tasks(int64_t run) {
  const std::scoped_lock lock(mutex_);
  return ReadTasks(*connection_, run);
}
Result<std::vector<Attempt>> Views::Attempts(int64_t run) {
  const std::scoped_lock lock(mutex_);
  return ReadAttempts(*connection_, run);
}
Result<std::vector<Message>> Views::Messages(int64_t run) {
  const std::scoped_lock lock(mutex_);
  return ReadMessages(*connection_, run);
}
Result<std::vector<ScheduleMemory>> Views::Schedules() {
  const std::scoped_lock lock(mutex_);
  return ReadSchedules(*connection_);
}
Result<std::vector<AssetVersion>> Views::Assets() {
  const std::scoped_lock lock(mutex_);
  return ReadAssets(*connection_);
}
Result<std::vector<Publication>> Views::Publications(std::string_view name) {
  const std::scoped_lock lock(mutex_);
  return ReadPublications(*connection_, name);
}
Result<std::vector<LeftOut>> Views::LeftOutIntervals(std::string_view pipeline, size_t limit) {
  const std::scoped_lock lock(mutex_);
  return ReadLeftOut(*connection_, pipeline, limit);
}

}  // namespace stir::store
