// The execution of a plan with an engine that runs nothing: what is told, in which order, and how it stops.
#include "engine/execute.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <mutex>

#include "adapter/kinds.h"
#include "project/testing/memory_project.h"

namespace stir::engine {
namespace {

// A session that can only be canceled.
class IdleConnection final : public adapter::Connection {
 public:
  explicit IdleConnection(std::function<void()> on_cancel) : on_cancel_(std::move(on_cancel)) {}
  Result<adapter::Outcome> Execute(std::string_view) override { return adapter::Outcome{}; }
  Result<std::unique_ptr<adapter::Rows>> Query(std::string_view) override { return std::unique_ptr<adapter::Rows>(); }
  void Cancel() override { on_cancel_(); }
  Status Begin() override { return {}; }
  Status Commit() override { return {}; }
  Status Rollback() override { return {}; }
  bool InTransaction() const override { return false; }
  Result<std::vector<std::string>> ListSchemas(std::string_view) override { return std::vector<std::string>{}; }
  Result<std::vector<adapter::Relation>> ListRelations(std::string_view, std::string_view) override {
    return std::vector<adapter::Relation>{};
  }
  Result<std::vector<adapter::Column>> ListColumns(const adapter::Relation&) override {
    return std::vector<adapter::Column>{};
  }
  Result<std::vector<adapter::ColumnInfo>> Describe(std::string_view) override {
    return std::vector<adapter::ColumnInfo>{};
  }
  Status CreateSchema(std::string_view, std::string_view) override { return {}; }
  Status Reset() override { return {}; }

 private:
  std::function<void()> on_cancel_;
};

class IdleAdapter final : public adapter::Adapter {
 public:
  explicit IdleAdapter(std::function<void()> on_cancel) : on_cancel_(std::move(on_cancel)) {}
  const adapter::Dialect& dialect() const override { return dialect_; }
  const adapter::Profile& profile() const override { return profile_; }
  std::string EngineVersion() override { return "0"; }
  Result<std::unique_ptr<adapter::Connection>> Connect() override {
    return std::unique_ptr<adapter::Connection>(std::make_unique<IdleConnection>(on_cancel_));
  }

 private:
  adapter::Dialect dialect_;
  adapter::Profile profile_;
  std::function<void()> on_cancel_;
};

// Something that a thread waits for.
class Signal {
 public:
  void Set() {
    const std::lock_guard lock(mutex_);
    set_ = true;
    changed_.notify_all();
  }
  void Wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return set_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool set_ = false;
};

runtime::NodeOutcome Ended(std::string status) {
  runtime::NodeOutcome outcome;
  outcome.result.status = std::move(status);
  return outcome;
}

runtime::NodeOutcome Canceled() {
  runtime::NodeOutcome outcome = Ended("error");
  outcome.errors.push_back(Diagnostic(adapter::kCanceled, "canceled"));
  return outcome;
}

class ExecuteTest : public testing::Test {
 protected:
  ExecuteTest() : engine_([this] { canceled_.Set(); }) {
    project_.File("models/a.sql", "select 1 as id");
    project_.File("models/b.sql", "select * from {{ ref('a') }}");
    project_.File("models/c.sql", "select 1 as id");
    manifest_ = &project_.Manifested();
  }

  RunResults Run(const NodeAction& action, int threads, bool fail_fast = false) {
    const project::Manifest& manifest = *manifest_;
    graph::NodeSet selected(manifest.nodes().size());
    for (const project::Node& node : manifest.nodes()) selected.Add(node.id);
    auto plan = MakeNodePlan(manifest, selected, PlanEdges::kParentsAndTests);
    EXPECT_TRUE(plan.ok());
    const ExecuteRequest request{.manifest = manifest,
                                 .plan = *plan,
                                 .action = action,
                                 .clock = SystemClock(),
                                 .cancel = cancel_.get_token(),
                                 .threads = threads,
                                 .fail_fast = fail_fast};
    auto results = Execute(request, engine_);
    EXPECT_TRUE(results.ok());
    return std::move(*results);
  }

  std::string NameOf(graph::NodeId id) { return std::string(manifest_->node(id).name); }

  // "a success, b skipped"
  static std::string Told(const RunResults& results) {
    std::string text;
    for (const NodeReport& report : results.reports) {
      text += std::string(text.empty() ? "" : ", ") + std::string(report.node->name) + " " + report.result.status;
    }
    return text;
  }

  project::MemoryProject project_;
  const project::Manifest* manifest_ = nullptr;
  CancelSource cancel_;
  Signal canceled_;
  IdleAdapter engine_;
};

TEST_F(ExecuteTest, RunsAllInOrder) {
  const RunResults results = Run([](graph::NodeId, runtime::Worker&) { return Ended("success"); }, 1);
  EXPECT_EQ(Told(results), "a success, c success, b success");
  EXPECT_FALSE(results.interrupted);
}

TEST_F(ExecuteTest, SkipsWhatStandsOnAFailure) {
  const RunResults results =
      Run([&](graph::NodeId id, runtime::Worker&) { return Ended(NameOf(id) == "a" ? "error" : "success"); }, 1);
  EXPECT_EQ(Told(results), "a error, c success, b skipped");
}

TEST_F(ExecuteTest, SkipsAlsoWhatStandsOnWhatWasSkipped) {
  project_.File("models/d.sql", "select * from {{ ref('b') }}");
  manifest_ = &project_.Manifested();
  std::mutex mutex;
  std::vector<std::string> ran;
  const RunResults results = Run(
      [&](graph::NodeId id, runtime::Worker&) {
        const std::lock_guard lock(mutex);
        ran.push_back(NameOf(id));
        return Ended(NameOf(id) == "a" ? "error" : "success");
      },
      2);
  EXPECT_EQ(ran.size(), 2U);
  EXPECT_EQ(results.reports.back().result.status, "skipped");
  EXPECT_TRUE(results.reports.back().result.thread_id.starts_with("Thread-"));
}

TEST_F(ExecuteTest, AWarningHoldsNothingBack) {
  const RunResults results =
      Run([&](graph::NodeId id, runtime::Worker&) { return Ended(NameOf(id) == "a" ? "warn" : "success"); }, 1);
  EXPECT_EQ(Told(results), "a warn, c success, b success");
}

TEST_F(ExecuteTest, AfterAUnitTestThatFailsTheOthersAndTheModelAreSkipped) {
  project_.File("models/u.yml",
                "unit_tests: [{name: t, model: b, given: [], expect: {rows: []}}, {name: u, model: b, given: [], "
                "expect: {rows: []}}]");
  manifest_ = &project_.Manifested();
  const RunResults results =
      Run([&](graph::NodeId id, runtime::Worker&) { return Ended(NameOf(id) == "t" ? "fail" : "success"); }, 1);
  EXPECT_EQ(Told(results), "a success, c success, t fail, u skipped, b skipped");
}

TEST_F(ExecuteTest, AModelIsRunByTheWorkerOfItsUnitTests) {
  project_.File("models/u.yml", "unit_tests: [{name: t, model: b, given: [], expect: {rows: []}}]");
  manifest_ = &project_.Manifested();
  std::mutex mutex;
  std::map<std::string, std::string> worker_of;
  const RunResults results = Run(
      [&](graph::NodeId id, runtime::Worker& worker) {
        const std::lock_guard lock(mutex);
        worker_of[NameOf(id)] = worker.name;
        return Ended("success");
      },
      2);
  EXPECT_EQ(results.reports.size(), 4U);
  EXPECT_EQ(worker_of["t"], worker_of["b"]);
}

TEST_F(ExecuteTest, FailFastStartsNothingMore) {
  const RunResults results =
      Run([&](graph::NodeId id, runtime::Worker&) { return Ended(NameOf(id) == "a" ? "error" : "success"); }, 1, true);
  EXPECT_EQ(Told(results), "a error, b skipped, c skipped");
  EXPECT_EQ(results.reports[2].result.message, "Skipping due to fail_fast");
}

TEST_F(ExecuteTest, FailFastCancelsWhatRuns) {
  Signal running;
  const RunResults results = Run(
      [&](graph::NodeId id, runtime::Worker&) {
        if (NameOf(id) == "a") {
          running.Wait();
          return Ended("error");
        }
        running.Set();
        canceled_.Wait();
        return Canceled();
      },
      2, true);
  EXPECT_EQ(Told(results), "a error, b skipped, c skipped");
}

TEST_F(ExecuteTest, ACancelStopsCleanly) {
  const RunResults results = Run(
      [&](graph::NodeId, runtime::Worker&) {
        cancel_.request_stop();
        canceled_.Wait();
        return Canceled();
      },
      1);
  EXPECT_TRUE(results.interrupted);
  EXPECT_EQ(Told(results), "b skipped, a skipped, c skipped");
}

TEST_F(ExecuteTest, WorkersHaveDbtsNames) {
  std::mutex mutex;
  std::vector<std::string> names;
  Run(
      [&](graph::NodeId, runtime::Worker& worker) {
        const std::lock_guard lock(mutex);
        names.push_back(worker.name);
        return Ended("success");
      },
      1);
  EXPECT_EQ(names, std::vector<std::string>(3, "Thread-1 (worker)"));
}

}  // namespace
}  // namespace stir::engine
