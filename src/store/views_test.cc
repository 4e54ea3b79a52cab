// What pages ask: in pages, of one moment, in the order in which they are shown.
#include "store/views.h"

#include <gtest/gtest.h>

#include <chrono>

#include "base/testing/fake_clock.h"
#include "store/store.h"

namespace stir::store {
namespace {

const Timestamp kBegin = *ParseTimestamp("2026-01-01");

class ViewsTest : public testing::Test {
 protected:
  void SetUp() override {
    auto store = OpenSqliteStore(path());
    ASSERT_TRUE(store.ok());
    store_ = std::move(*store);
    auto views = Views::Open(path());
    ASSERT_TRUE(views.ok());
    views_ = std::move(*views);
  }
  std::string path() const { return (folder_.path() / "state.db").string(); }

  // A run of the day, with two tasks of which one has run; ends as `state` where that is final.
  int64_t Make(std::string_view pipeline, int day, TaskState state, std::optional<int64_t> backfill = {}) {
    NewRun run;
    run.pipeline = pipeline;
    run.run_type = backfill ? "backfill" : "manual";
    run.logical_date = run.data_interval_start = kBegin + std::chrono::days(day);
    run.data_interval_end = run.logical_date + std::chrono::days(1);
    run.created_at = kBegin;
    run.again = true;
    run.backfill = backfill;
    const int64_t id = store_->CreateRun(run)->run.id;
    const Fence fence = *store_->ClaimRun(id, "pid 1", kBegin);
    Changes changes{.fence = fence};
    changes.new_tasks = {{.name = "b", .position = 1, .kind = "shell"}, {.name = "a", .position = 0, .kind = "sql"}};
    changes.tasks = {{.name = "a", .from = TaskState::kNone, .to = TaskState::kRunning, .at = kBegin}};
    changes.run = RunChange{TaskState::kQueued, TaskState::kRunning, kBegin, {}};
    EXPECT_TRUE(store_->Commit(changes).ok());
    if (!scheduler::IsFinal(state)) return id;
    Changes end{.fence = fence};
    end.run = RunChange{TaskState::kRunning, state, kBegin, {}};
    EXPECT_TRUE(store_->Commit(end).ok());
    return id;
  }
  static std::vector<int64_t> Ids(const std::vector<store::Run>& runs) {
    std::vector<int64_t> ids;
    for (const store::Run& run : runs) ids.push_back(run.id);
    return ids;
  }
  using List = std::vector<int64_t>;

  test::TempFolder folder_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Views> views_;
};

TEST_F(ViewsTest, RunsAreFoundByWhatTheyAre) {
  Make("p", 0, TaskState::kSuccess);
  Make("q", 1, TaskState::kFailed);
  Make("p", 2, TaskState::kFailed);
  Make("p", 3, TaskState::kRunning);
  Make("q", 4, TaskState::kSuccess, 7);
  EXPECT_EQ(Ids(*views_->Runs({})), (List{5, 4, 3, 2, 1}));
  EXPECT_EQ(Ids(*views_->Runs({.limit = 2})), (List{5, 4}));
  EXPECT_EQ(Ids(*views_->Runs({.before = 4, .limit = 2})), (List{3, 2}));
  EXPECT_EQ(Ids(*views_->Runs({.pipeline = "p"})), (List{4, 3, 1}));
  EXPECT_EQ(Ids(*views_->Runs({.pipeline = "p", .before = 4, .limit = 1})), List{3});
  EXPECT_EQ(Ids(*views_->Runs({.states = {TaskState::kFailed}})), (List{3, 2}));
  EXPECT_EQ(Ids(*views_->Runs({.pipeline = "p", .states = {TaskState::kFailed}})), List{3});
  EXPECT_EQ(Ids(*views_->Runs({.states = {TaskState::kFailed, TaskState::kSuccess}})), (List{5, 3, 2, 1}));
  EXPECT_EQ(Ids(*views_->Runs({.states = {TaskState::kRunning}})), List{4});
  EXPECT_EQ(Ids(*views_->Runs({.states = {TaskState::kQueued}})), List{});
  EXPECT_EQ(Ids(*views_->Runs({.run_type = "backfill"})), List{5});
  EXPECT_EQ(Ids(*views_->Runs({.backfill = 7})), List{5});
  EXPECT_EQ(Ids(*views_->Runs({.from = kBegin + std::chrono::days(1), .until = kBegin + std::chrono::days(3)})),
            (List{3, 2}));
  EXPECT_EQ(views_->LastRuns({"p", "q", "r"})->size(), 2U);
  EXPECT_EQ(views_->LastRuns({"p"})->at("p").id, 4);
  const Counts counts = *views_->Count();
  EXPECT_EQ(counts.runs, (std::map<std::string, int64_t>{{"running", 1}}));
  EXPECT_EQ(counts.tasks, (std::map<std::string, int64_t>{{"none", 1}, {"running", 1}}));
}

TEST_F(ViewsTest, AGridGoesBackInTimeByDates) {
  Make("p", 5, TaskState::kSuccess);
  Make("p", 1, TaskState::kSuccess);  // made later, of an earlier date
  Make("p", 5, TaskState::kFailed);   // again
  Make("q", 3, TaskState::kFailed);
  const Grid grid = *views_->GridOf("p", {}, 2);
  EXPECT_EQ(Ids(grid.runs), (List{3, 1}));
  ASSERT_EQ(grid.cells.size(), 4U);
  EXPECT_EQ(grid.cells[0].run, 1);
  EXPECT_EQ(grid.cells[0].name, "a") << "in the order of the plan";
  EXPECT_EQ(grid.cells[0].state, TaskState::kRunning);
  EXPECT_EQ(Ids(views_->GridOf("p", 1, 2)->runs), List{2});
  EXPECT_TRUE(views_->GridOf("r", {}, 2)->runs.empty());
}

TEST_F(ViewsTest, BackfillsAndTheRecordComeInPages) {
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(store_->CreateBackfill({.pipeline = "p", .first = kBegin, .until = kBegin, .created_at = kBegin}).ok());
  Make("p", 0, TaskState::kSuccess, 2);
  Make("p", 1, TaskState::kCanceled, 2);
  Make("p", 2, TaskState::kRunning, 2);
  const auto page = *views_->Backfills(3, 1);
  ASSERT_EQ(page.size(), 1U);
  EXPECT_EQ(page[0].id, 2);
  EXPECT_EQ(page[0].succeeded, 1U);
  EXPECT_EQ(page[0].failed, 1U);
  EXPECT_EQ(page[0].unfinished, 1U);
  EXPECT_EQ(views_->Backfills({}, 10)->size(), 3U);

  Changes changes;
  changes.audit = {{kBegin, "ana", "pause", "pipeline p", ""}, {kBegin, "ana", "resume", "pipeline p", ""}};
  ASSERT_TRUE(store_->Commit(changes).ok());
  EXPECT_EQ(views_->Audit({}, 1)->front().action, "resume");
  EXPECT_EQ(views_->Audit(views_->Audit({}, 1)->front().id, 1)->front().action, "pause");
}

}  // namespace
}  // namespace stir::store
