// The page of a run, from rows as the store has them.
#include "engine/run_text.h"

#include <gtest/gtest.h>

namespace stir::engine {
namespace {

using scheduler::TaskState;

store::Task Done(std::string name, std::string kind, std::string subject, std::string outputs,
                 std::string message = "") {
  return {.name = std::move(name),
          .kind = std::move(kind),
          .subject = std::move(subject),
          .state = TaskState::kSuccess,
          .message = std::move(message),
          .outputs = std::move(outputs)};
}

TEST(RunText, TellsWhatMovedWhatFailedAndWhoWasTold) {
  std::vector<store::Task> tasks{
      Done("extract.east", "ingest", "east", R"({"read": 12, "rows": 10, "duplicates": 1, "rejected": 1,
                                                 "reasons": {"`n` does not fit INTEGER": 1}})"),
      Done("extract.north", "ingest", "north", R"({"read": 3, "rows": 3})"),
      Done("gate", "branch", "", "{}", "goes on with load"),
      Done("load", "publish", "sales", R"({"rows": 13, "rows_before": -1, "generation": 1, "location": "out/sales"})")};
  tasks.push_back({.name = "extract.west",
                   .kind = "ingest",
                   .subject = "west",
                   .allow_failure = true,
                   .state = TaskState::kFailed,
                   .message = "nothing matches `west/*.csv`\nmore"});
  store::Message alert;
  alert.channel = "alerts";
  alert.payload = R"({"event": "task_failed", "task": "extract.west"})";
  EXPECT_EQ(RunText(tasks, std::vector{alert}),
            "| ingestion | read | loaded | duplicate | rejected |\n"
            "| --------- | ---- | ------ | --------- | -------- |\n"
            "| east      |   12 |     10 |         1 |        1 |\n"
            "| north     |    3 |      3 |         0 |        0 |\n"
            "rejected by east: `n` does not fit INTEGER: 1\n"
            "decision of gate: goes on with load\n"
            "| publication | rows | before | generation | where     |\n"
            "| ----------- | ---- | ------ | ---------- | --------- |\n"
            "| sales       |   13 |        |          1 | out/sales |\n"
            "failed, allowed: extract.west: nothing matches `west/*.csv`\n"
            "alert to alerts: task_failed extract.west");
}

TEST(RunText, ATaskThatFailedWithItsNodesLeavesTheWordToThem) {
  std::vector<store::Task> tasks(2);
  tasks[0] = {.name = "transform", .kind = "build", .state = TaskState::kFailed, .message = "0 of 1 succeeded"};
  tasks[1] = {.name = "transform.model.p.a",
              .parent = "transform",
              .kind = "model",
              .state = TaskState::kFailed,
              .message = "no such column"};
  EXPECT_EQ(RunText(tasks, {}), "failed: transform.model.p.a: no such column");
}

TEST(RunText, IsEmptyForARunThatMovedNothing) {
  EXPECT_EQ(RunText(std::vector{Done("build", "build", "", R"({"rows": 4})")}, {}), "");
}

}  // namespace
}  // namespace stir::engine
