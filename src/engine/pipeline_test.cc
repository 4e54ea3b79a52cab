// Whole pipelines in a temporary project: a real DuckDB, a real store, real processes.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "adapter/cell.h"
#include "adapter/duckdb/duckdb_adapter.h"
#include "base/diagnostic_text.h"
#include "base/strings.h"
#include "base/testing/fake_clock.h"
#include "engine/backfills.h"
#include "engine/kinds.h"
#include "engine/pipelines.h"
#include "engine/runs.h"
#include "store/kinds.h"
#include "store/store.h"

namespace stir::engine {
namespace {

using scheduler::TaskState;

class Lines final : public EventSink {
 public:
  void Emit(const Event& event) override {
    const std::scoped_lock lock(mutex_);
    text_ += fmt::format("{} {}\n", event.code, event.message);
    if (on_event) on_event(event);
  }
  std::string text() const {
    const std::scoped_lock lock(mutex_);
    return text_;
  }
  std::function<void(const Event&)> on_event;

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

class FakeHttp final : public Http {
 public:
  Result<HttpResponse> Send(const HttpRequest& request) override {
    const std::scoped_lock lock(mutex);
    requests.push_back(request);
    return HttpResponse{requests.size() <= failures ? 503 : 200, {}, ""};
  }
  std::mutex mutex;
  std::vector<HttpRequest> requests;
  size_t failures = 0;
};

class PipelineTest : public ::testing::Test {
 protected:
  PipelineTest() {
    adapters_.Add("duckdb", adapter::duckdb::OpenDuckDb, adapter::duckdb::DuckDbDialect());
    Write("dbt_project.yml", "name: shop\nprofile: shop\n");
    Write("profiles.yml",
          fmt::format("shop:\n  target: dev\n  outputs:\n    dev: {{type: duckdb, path: {}, threads: 2}}\n",
                      (root() / "shop.duckdb").string()));
  }

  const fs::path& root() const { return folder_.path(); }
  void Write(const std::string& path, const std::string& text) {
    fs::create_directories((root() / path).parent_path());
    std::ofstream(root() / path, std::ios::binary) << text;
  }
  std::string Read(const std::string& path) const {
    std::ifstream in(root() / path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }
  // stir/all.yml: a pipeline `core` with these tasks, and keys beside them.
  void Pipeline(const std::string& tasks, const std::string& keys = {}, const std::string& sections = {}) {
    Write("stir/all.yml", fmt::format("version: 1\nconnections: {{alerts: {{type: files, root: alerts}}, hook: {{type: "
                                      "webhook, url: \"http://hook\"}}}}\n"
                                      "{}\npipelines:\n  - name: core\n{}    tasks:\n{}",
                                      sections, keys, tasks));
  }

  Host host() {
    return {SystemClock(), SystemFiles(),       lines_, sources_, redactor_, adapters_,
            environment_,  cancel_.get_token(), &http_, on_step_};
  }
  Options options() const {
    Options options;
    options.command = "pipeline run";
    options.invocation_id = "11111111-2222-4333-8444-555555555555";
    options.started_at = SystemClock().Now();
    options.project_dir = options.profiles_dir = root();
    options.log_path = root() / "logs";
    return options;
  }
  Result<CommandResult> Run(const std::string& date = "2026-11-20", const std::string& params = {}) {
    return RunPipeline(host(), options(), {"core", date, params});
  }
  bool Succeeds(const std::string& date = "2026-11-20", const std::string& params = {}) {
    auto result = Run(date, params);
    if (!result.ok()) ADD_FAILURE() << RenderDiagnostics(result.error(), sources_);
    return result.ok() && result->success;
  }
  RunDetail Detail(int64_t run = 1) {
    auto detail = ShowRun(host(), options(), run);
    EXPECT_TRUE(detail.ok());
    return detail.ok() ? *detail : RunDetail();
  }
  // "name state(attempts)", in the order of the plan.
  std::vector<std::string> Tasks(int64_t run = 1) {
    std::vector<std::string> tasks;
    for (const store::Task& task : Detail(run).tasks) {
      const std::string name =
          task.kind == "test" ? task.name.substr(0, task.name.rfind('.')) : task.name;  // without its hash
      tasks.push_back(fmt::format("{} {}({})", name, scheduler::ToString(task.state), task.attempts));
    }
    return tasks;
  }
  const store::Task& TaskOf(const RunDetail& detail, std::string_view name) {
    for (const store::Task& task : detail.tasks)
      if (task.name == name) return task;
    throw std::out_of_range(std::string(name));
  }
  std::string Value(const std::string& sql) {
    adapter::Profile profile;
    profile.type = "duckdb";
    profile.settings = std::make_shared<Json>(Json{{"type", "duckdb"}, {"path", (root() / "shop.duckdb").string()}});
    auto engine = adapter::duckdb::OpenDuckDb(profile);
    if (!engine.ok()) return RenderDiagnostics(engine.error(), sources_);
    auto connection = (*engine)->Connect();
    auto rows = adapter::QueryAll(**connection, sql);
    if (!rows.ok()) return rows.error()[0].message;
    std::string text;
    for (const auto& row : *rows)
      for (const auto& cell : row) text += adapter::CellText(cell) + " ";
    return text;
  }

  test::TempFolder folder_;
  SourceMap sources_;
  Redactor redactor_;
  Lines lines_;
  FakeHttp http_;
  adapter::AdapterRegistry adapters_;
  std::map<std::string, std::string> environment_ = {{"STIR_SECRET_TOKEN", "hush-hush"}};
  CancelSource cancel_;
  std::function<void(std::string_view)> on_step_;
};

using Texts = std::vector<std::string>;

TEST_F(PipelineTest, TasksOfEveryKindHandTheirOutputsOn) {
  Write("models/orders.sql", "select i as id from range(5) t(i)");
  Write("models/schema.yml", "models: [{name: orders, columns: [{name: id, data_tests: [unique]}]}]");
  Write("count.py",
        "import json, os, sys\nprint('working')\nprint(json.dumps({'n': int(sys.argv[1]) * 2, 'run': "
        "os.environ['STIR_RUN_ID']}))\n");
  Pipeline(R"(
      - {name: build, build: orders}
      - {name: count, needs: [build], sql: "select count(*) as n, 1.5 as ratio, date '{{ ds }}' as day from orders"}
      - {name: double, needs: [count], python: count.py, args: ["{{ tasks.count.outputs.n }}"]}
      - {name: shell, needs: [double], shell: "echo not json; echo '{\"text\": \"{{ params.region }}\"}'", env: {A: b}}
      - {name: gate, needs: [shell], gate: "{{ tasks.double.outputs.n == 10 and tasks.shell.outputs.text == 'east' and tasks.count.outputs.ratio < 2 }}"}
      - {name: tell, needs: [gate], notify: alerts, message: "{{ tasks.count.outputs.n }} rows on {{ tasks.count.outputs.day }}"}
)",
           "    params: {region: west}\n");
  ASSERT_TRUE(Succeeds("2026-11-20", "region: east")) << lines_.text();
  EXPECT_EQ(Tasks(), (Texts{"build success(1)", "build.model.shop.orders success(1)",
                            "build.test.shop.unique_orders_id success(1)", "count success(1)", "double success(1)",
                            "shell success(1)", "gate success(1)", "tell success(1)"}));
  const RunDetail detail = Detail();
  EXPECT_EQ(TaskOf(detail, "count").outputs, R"({"n":5,"ratio":1.5,"day":"2026-11-20","rows":1})");
  EXPECT_EQ(TaskOf(detail, "double").outputs, R"({"n": 10, "run": "manual__2026-11-20T00:00:00+00:00"})");
  EXPECT_EQ(detail.run.state, TaskState::kSuccess);
  ASSERT_EQ(detail.alerts.size(), 1U);
  EXPECT_EQ(detail.alerts[0].state, "delivered");
  size_t files = 0;
  for (const auto& entry : fs::directory_iterator(root() / "alerts")) {
    ++files;
    EXPECT_NE(Read(fs::relative(entry.path(), root()).string()).find("5 rows on 2026-11-20"), std::string::npos);
  }
  EXPECT_EQ(files, 1U);
  EXPECT_EQ(Read(".stir/.gitignore"), "*\n");
}

TEST_F(PipelineTest, ATemplateErrorFailsItsTaskAtTheUsersPlace) {
  Pipeline("      - {name: a, retries: 3, sql: \"select {{ tasks.b.outputs.n }}\"}\n");
  EXPECT_FALSE(Succeeds());
  const RunDetail detail = Detail();
  EXPECT_EQ(TaskOf(detail, "a").attempts, 1) << "no retry mends a template";
  EXPECT_TRUE(TaskOf(detail, "a").message.starts_with("stir/all.yml:7:47: ")) << TaskOf(detail, "a").message;
}

TEST_F(PipelineTest, RetriesWaitAndTheLastFailureIsTold) {
  Pipeline(R"(
      - {name: flaky, shell: "echo x >> tries; test $(wc -l < tries) -ge 3", retries: 3, retry_delay: 20ms}
      - {name: broken, shell: "echo oh no >&2; exit 7", retries: 1, retry_delay: 10ms, on_failure: [hook]}
      - {name: after, shell: "true", needs: [broken]}
)",
           "    on_failure: [alerts]\n");
  EXPECT_FALSE(Succeeds());
  EXPECT_EQ(Tasks(), (Texts{"flaky success(3)", "broken failed(2)", "after upstream_failed(0)"}));
  const RunDetail detail = Detail();
  EXPECT_EQ(detail.run.notes, "1 failed; 1 not run for a failure before");
  EXPECT_NE(TaskOf(detail, "broken").message.find("`shell` exited with status 7: oh no"), std::string::npos)
      << TaskOf(detail, "broken").message;
  EXPECT_EQ(detail.attempts.size(), 5U);
  EXPECT_EQ(detail.alerts.size(), 2U);
  ASSERT_EQ(http_.requests.size(), 1U);
  EXPECT_NE(http_.requests[0].body.find("task broken failed"), std::string::npos);
  EXPECT_NE(Read(".stir/logs/1/broken/2.log").find("oh no"), std::string::npos);
}

TEST_F(PipelineTest, AnAllowedFailureAndASkipEndInSuccessWithNotes) {
  Pipeline(R"(
      - group: extract
        tasks:
          - {name: east, shell: "true"}
          - {name: europe, shell: "false", allow_failure: true}
      - {name: transform, sql: select 1, needs: [extract], trigger_rule: all_done_min_one_success}
      - {name: gate, gate: "{{ tasks.europe.state == 'success' }}", needs: [transform]}
      - {name: load, sql: select 1, needs: [gate]}
      - {name: after, sql: select 1, needs: [load], trigger_rule: all_done}
)");
  EXPECT_TRUE(Succeeds());
  EXPECT_EQ(Detail().run.notes, "1 failed, allowed; 2 skipped");
  EXPECT_NE(lines_.text().find("pipeline core for 2026-11-20 succeeded (1 failed, allowed; 2 skipped)"),
            std::string::npos)
      << lines_.text();
}

TEST_F(PipelineTest, ABranchGoesOneWayAlsoIntoAGroup) {
  Pipeline(R"(
      - {name: choose, branch: [{when: "{{ params.n > 5 }}", to: load}, {else: report}]}
      - group: load
        tasks: [{name: a, sql: select 1}, {name: b, sql: select 1, needs: [a]}]
      - {name: report, sql: select 1}
      - {name: end, sql: select 1, needs: [load, report]}
)",
           "    params: {n: 1}\n");
  ASSERT_TRUE(Succeeds("2026-11-20", "n: 9"));
  EXPECT_EQ(Tasks(1), (Texts{"choose success(1)", "load.a success(1)", "load.b success(1)", "report skipped(0)",
                             "end success(1)"}));
  ASSERT_TRUE(Succeeds("2026-11-21"));
  EXPECT_EQ(Tasks(2), (Texts{"choose success(1)", "load.a skipped(0)", "load.b skipped(0)", "report success(1)",
                             "end success(1)"}));
}

TEST_F(PipelineTest, ALoopIsOneTaskAnItem) {
  Pipeline(R"(
      - {name: load, for_each: "{{ params.regions }}", shell: "echo '\"{{ item }}-{{ index }}\"'", retries: 1, retry_delay: 1ms}
      - {name: join, needs: [load], sql: "select '{{ tasks.load.outputs | join(',') }}' as all_items"}
)",
           "    params: {regions: [us, eu]}\n");
  ASSERT_TRUE(Succeeds()) << lines_.text();
  EXPECT_EQ(Tasks(), (Texts{"load success(1)", "load[us] success(1)", "load[eu] success(1)", "join success(1)"}));
  EXPECT_EQ(TaskOf(Detail(), "join").outputs, R"({"all_items":"us-0,eu-1","rows":1})");
}

TEST_F(PipelineTest, AFailedModelHoldsBackWhatFollowsAndRetryRunsOnlyThat) {
  Write("models/a.sql", "select 1 as id");
  Write("models/b.sql", "select no_such_column as id from {{ ref('a') }}");
  Write("models/c.sql", "select * from {{ ref('b') }}");
  Write("models/d.sql", "select * from {{ ref('a') }}");
  Pipeline("      - {name: build, build: \"*\"}\n      - {name: after, sql: select 1, needs: [build]}\n",
           "    on_failure: [alerts]\n");
  EXPECT_FALSE(Succeeds());
  EXPECT_EQ(Tasks(), (Texts{"build failed(1)", "build.model.shop.a success(1)", "build.model.shop.b failed(1)",
                            "build.model.shop.d success(1)", "build.model.shop.c upstream_failed(0)",
                            "after upstream_failed(0)"}));
  EXPECT_EQ(Detail().alerts.size(), 1U) << "one alert for the build, not one a node";
  Write("models/b.sql", "select 1 as id from {{ ref('a') }}");
  auto retried = RetryRun(host(), options(), 1);
  ASSERT_TRUE(retried.ok()) << RenderDiagnostics(retried.error(), sources_);
  EXPECT_TRUE(retried->success);
  EXPECT_EQ(Tasks(), (Texts{"build success(2)", "build.model.shop.a success(1)", "build.model.shop.b success(2)",
                            "build.model.shop.d success(1)", "build.model.shop.c success(1)", "after success(1)"}));
  EXPECT_EQ(Value("select count(*) from c"), "1 ");
  auto again = RetryRun(host(), options(), 1);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error()[0].kind, kNothingToRetry);
}

TEST_F(PipelineTest, ATaskThatTakesTooLongIsEndedWithItsWholeGroup) {
  Pipeline(
      "      - {name: slow, timeout: 300ms, shell: \"sleep 60 & echo $! > child; wait\"}\n"
      "      - {name: query, timeout: 300ms, sql: \"select count(*) from range(100000000000) a, range(1000) b\"}\n");
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_FALSE(Succeeds());
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(20));
  const RunDetail detail = Detail();
  for (const char* name : {"slow", "query"})
    EXPECT_NE(TaskOf(detail, name).message.find("ran longer than its timeout of 300ms"), std::string::npos)
        << TaskOf(detail, name).message;
  std::ifstream stat(fmt::format("/proc/{}/stat", std::stoi(Read("child"))));
  std::string pid, name, state;
  EXPECT_TRUE(!(stat >> pid >> name >> state) || state == "Z") << "the child of the shell is gone, too";
}

TEST_F(PipelineTest, ARunThatTakesTooLongFails) {
  Pipeline("      - {name: slow, shell: \"sleep 60\"}\n      - {name: after, shell: \"true\", needs: [slow]}\n",
           "    timeout: 300ms\n    on_failure: [alerts]\n");
  EXPECT_FALSE(Succeeds());
  EXPECT_EQ(Tasks(), (Texts{"slow canceled(1)", "after canceled(0)"}));
  EXPECT_EQ(Detail().run.state, TaskState::kFailed);
  EXPECT_EQ(Detail().run.notes, "out of time after 300ms; 2 canceled");
  EXPECT_EQ(Detail().alerts.size(), 1U);
}

TEST_F(PipelineTest, ACancelStopsCleanlyAndTheStatesAreTrue) {
  Write("models/endless.sql", "select count(*) as n from range(100000000000) a, range(1000) b");
  Pipeline(
      "      - {name: build, run: endless}\n      - {name: slow, shell: \"sleep 60\"}\n      - {name: after, shell: "
      "\"true\", needs: [slow]}\n",
      "    on_failure: [alerts]\n");
  Write("dbt_project.yml", "name: shop\nprofile: shop\nmodels: {+materialized: table}\n");
  std::atomic<int> started{0};
  lines_.on_event = [&](const Event& event) {
    if (event.code == "S102" && ++started == 2) cancel_.request_stop();
  };
  auto result = Run();
  ASSERT_TRUE(result.ok());
  EXPECT_FALSE(result->success);
  EXPECT_EQ(Tasks(), (Texts{"build canceled(1)", "build.model.shop.endless canceled(1)", "slow canceled(1)",
                            "after canceled(0)"}));
  EXPECT_EQ(Detail().run.state, TaskState::kCanceled);
  EXPECT_TRUE(Detail().alerts.empty()) << "nobody is told of what a person did";

  cancel_ = CancelSource();
  Write("models/endless.sql", "select 1 as n");
  std::string text = Read("stir/all.yml");
  Write("stir/all.yml", ReplaceAll(text, "sleep 60", "true"));
  auto retried = RetryRun(host(), options(), 1);
  ASSERT_TRUE(retried.ok()) << RenderDiagnostics(retried.error(), sources_);
  EXPECT_TRUE(retried->success);
  EXPECT_EQ(Tasks(),
            (Texts{"build success(2)", "build.model.shop.endless success(2)", "slow success(2)", "after success(1)"}));
}

TEST_F(PipelineTest, AMissedDeadlineIsToldWhileTheRunGoesOn) {
  Pipeline(
      "      - {name: slow, shell: \"for i in 1 2 3 4 5 6 7 8 9; do test -d alerts && exit 0; sleep 0.2; done; exit "
      "1\"}\n",
      "    deadline: {after: 100ms, notify: [alerts]}\n");
  EXPECT_TRUE(Succeeds()) << "the alert was there before the task ended";
  EXPECT_EQ(Detail().alerts.size(), 1U);
}

TEST_F(PipelineTest, ATaskThatTheDefinitionNoLongerHasIsRemovedFromItsRun) {
  Pipeline("      - {name: a, shell: \"false\"}\n      - {name: b, shell: \"true\", needs: [a]}\n");
  EXPECT_FALSE(Succeeds());
  Pipeline("      - {name: a, shell: \"true\"}\n      - {name: c, shell: \"true\", needs: [a]}\n");
  ASSERT_TRUE(RetryRun(host(), options(), 1)->success);
  EXPECT_EQ(Tasks(), (Texts{"a success(2)", "b upstream_failed(0)", "c success(1)"}))
      << "what had ended stays in the record";
}

TEST_F(PipelineTest, ARunThatAnotherTookOverStopsAndSaysSo) {
  Pipeline(
      "      - {name: slow, shell: \"sleep 60\"}\n      - {name: quick, shell: \"true\"}\n"
      "      - {name: after, shell: \"true\", needs: [quick]}\n");
  lines_.on_event = [&](const Event& event) {
    if (event.code != "S101") return;
    auto store = store::OpenSqliteStore((root() / ".stir/state.db").string());
    ASSERT_TRUE((*store)->ClaimRun(1, "another", SystemClock().Now()).ok());
  };
  const auto begun = std::chrono::steady_clock::now();
  auto result = Run();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error()[0].kind, store::kStoreConflict);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(20));
}

TEST_F(PipelineTest, IntervalsAndBackfills) {
  Pipeline("      - {name: a, sql: \"select '{{ ds }} {{ prev_data_interval_start_success }}' as day\"}\n",
           "    schedule: \"@daily\"\n    timezone: Asia/Kolkata\n");
  BackfillRequest request{.pipeline = "core", .from = "2026-11-18", .to = "2026-11-20", .params = {}};
  request.dry_run = true;
  ASSERT_TRUE(BackfillPipeline(host(), options(), request).ok());
  EXPECT_TRUE(ListRuns(host(), options(), {})->empty());
  request.dry_run = false;
  ASSERT_TRUE(BackfillPipeline(host(), options(), request)->success);
  const auto runs = ListRuns(host(), options(), {});
  ASSERT_EQ(runs->size(), 3U);
  EXPECT_EQ((*runs)[0].run_type, "backfill");
  EXPECT_EQ(FormatTimestamp((*runs)[0].data_interval_start), "2026-11-19T18:30:00.000000Z");
  EXPECT_EQ(TaskOf(Detail(3), "a").outputs, R"({"day":"2026-11-20 2026-11-18 18:30:00+00:00","rows":1})");
  request.mode = BackfillMode::kMissing;
  request.to = "2026-11-21";
  ASSERT_TRUE(BackfillPipeline(host(), options(), request)->success);
  EXPECT_EQ(ListRuns(host(), options(), {})->size(), 4U) << "only the interval without a run";
  request.from = "2026-12-01";
  EXPECT_EQ(BackfillPipeline(host(), options(), request).error()[0].kind, kBadRange);
}

TEST_F(PipelineTest, WhatIsAskedWrongly) {
  Pipeline("      - {name: a, shell: \"true\"}\n", "    params: {region: west}\n");
  EXPECT_EQ(Run("2026-11-20", "regoin: east").error()[0].hint, "did you mean `region`?");
  EXPECT_EQ(RunPipeline(host(), options(), {"cora", "", ""}).error()[0].hint, "did you mean `core`?");
  EXPECT_FALSE(Run("soon").ok());
  EXPECT_EQ(ShowRun(host(), options(), 7).error()[0].kind, kNoRun);
}

TEST_F(PipelineTest, ListsAndLogs) {
  Pipeline(
      "      - {name: a, shell: \"echo hello {{ secret('token') }}\"}\n      - {name: b, sql: select 1, needs: [a], "
      "retries: 2}\n",
      "    schedule: \"@hourly\"\n    tags: [x]\n");
  const auto list = ListPipelines(host(), options());
  ASSERT_EQ(list->size(), 1U);
  EXPECT_EQ((*list)[0].last_state, "");
  ASSERT_TRUE(Succeeds("2026-11-20 05:00:00"));
  const auto detail = ShowPipeline(host(), options(), "core");
  EXPECT_EQ(detail->info.last_state, "success");
  EXPECT_EQ(detail->tasks[1].needs, Texts{"a"});
  const auto logs = ReadLogs(host(), options(), {.run = 1, .task = "a", .attempt = {}});
  ASSERT_EQ(logs->size(), 1U);
  EXPECT_NE((*logs)[0].text.find("hello ***"), std::string::npos) << (*logs)[0].text;
  EXPECT_EQ(lines_.text().find("hush-hush"), std::string::npos);
  EXPECT_EQ(ReadLogs(host(), options(), {.run = 1, .task = "zz", .attempt = {}}).error()[0].kind, kNoLog);
}

TEST_F(PipelineTest, AnAlertIsSentAgainUntilItIsTaken) {
  Pipeline("      - {name: a, notify: hook, message: hi}\n");
  http_.failures = 1;
  ASSERT_TRUE(Succeeds());
  EXPECT_EQ(Detail().alerts[0].state, "pending");
  EXPECT_NE(Detail().alerts[0].last_error.find("answered 503"), std::string::npos);
  EXPECT_NE(lines_.text().find("S109"), std::string::npos);
}

TEST_F(PipelineTest, APublicationThatRequiresTestsNeedsThemInThisRun) {
  Write("models/orders.sql", "select i as id from range(5) t(i)");
  Write("models/schema.yml", "models: [{name: orders, columns: [{name: id, data_tests: [unique]}]}]");
  Pipeline("      - {name: build, run: orders}\n      - {name: publish, publish: lake, needs: [build], retries: 2}\n",
           {},
           "publications: [{name: lake, from: ref('orders'), to: {connection: alerts, path: orders}, require: {tests: "
           "true}}]");
  EXPECT_FALSE(Succeeds());
  EXPECT_NE(TaskOf(Detail(), "publish").message.find("have not passed in this run: test.shop.unique_orders_id"),
            std::string::npos)
      << TaskOf(Detail(), "publish").message;
  EXPECT_EQ(TaskOf(Detail(), "publish").attempts, 1);
}

// ---- what dies comes back

// Every step; with a sanitizer, which makes each of these processes several times slower, some of them.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kStride = 9;
#else
constexpr int kStride = 1;
#endif

class KillTest : public PipelineTest {
 protected:
  // In a process of its own, so that databases and threads die with it. The status that waitpid gives.
  int InChild(const std::function<int()>& body) {
    const pid_t child = fork();
    if (child == 0) _exit(body());
    int status = 0;
    waitpid(child, &status, 0);
    return status;
  }
  // Ends the process at the n-th durable step (of the store or of transfer).
  int RunAndDieAt(int step) {
    return InChild([&] {
      std::atomic<int> count{0};
      on_step_ = [&](std::string_view) {
        if (++count == step) kill(getpid(), SIGKILL);
      };
      const auto result = Run();
      return result.ok() && result->success ? 0 : 1;
    });
  }
  int RunAgain() {
    return InChild([&] {
      on_step_ = {};
      const auto result = Run();
      if (!result.ok()) fmt::print(stderr, "{}\n", RenderDiagnostics(result.error(), sources_));
      return result.ok() && result->success ? 0 : 1;
    });
  }
  void Reset() {
    for (const char* path : {".stir", "shop.duckdb", "shop.duckdb.wal", "alerts", "lake", "target", "tries"})
      fs::remove_all(root() / path);
  }
  // A value, asked by a process of its own.
  std::string ValueInChild(const std::string& sql) {
    InChild([&] {
      Write("answer", Value(sql));
      return 0;
    });
    return Read("answer");
  }
};

TEST_F(KillTest, ARunThatDiesAtAnyStepIsTakenUpThere) {
  Write("models/sources.yml", "sources: [{name: raw, schema: main, tables: [{name: sales}]}]");
  Write("models/total.sql",
        "{{ config(materialized='table') }} select count(*) as n, sum(amount) as amount from {{ source('raw', 'sales') "
        "}}");
  Write("models/schema.yml", "models: [{name: total, columns: [{name: n, data_tests: [not_null]}]}]");
  Write("drop/2026-11-20.csv", "id,amount\n1,10\n2,20\n3,30\n");
  Pipeline(R"(
      - {name: load, ingest: sales}
      - {name: build, build: total, needs: [load]}
      - {name: gate, gate: "{{ tasks.load.outputs.rows >= 1 }}", needs: [build]}
      - {name: publish, publish: lake, needs: [gate]}
      - {name: tell, notify: alerts, message: done, needs: [publish]}
)",
           {}, R"yml(
ingestions:
  - {name: sales, from: {connection: drop, path: "{{ ds }}.csv", format: csv}, to: "source('raw', 'sales')", mode: incremental, key: [id]}
publications: [{name: lake, from: ref('total'), to: {connection: lake, path: total}, require: {tests: true}}]
)yml");
  Write("stir/connections.yml",
        "version: 1\nconnections: {drop: {type: files, root: drop}, lake: {type: files, root: lake}}\n");
  int killed = 0;
  for (int step = 1; step < 400; step += kStride) {
    Reset();
    const int status = RunAndDieAt(step);
    if (WIFEXITED(status)) {
      ASSERT_EQ(WEXITSTATUS(status), 0) << "undisturbed";
      break;
    }
    ++killed;
    std::map<std::string, store::Task> before;
    if (fs::exists(root() / ".stir/state.db") && !ListRuns(host(), options(), {})->empty())
      for (const store::Task& task : Detail().tasks) before[task.name] = task;
    ASSERT_EQ(RunAgain(), 0) << "after step " << step;
    const auto runs = ListRuns(host(), options(), {});
    ASSERT_LE(runs->size(), 2U);
    for (const store::Run& run : *runs) ASSERT_EQ(run.state, TaskState::kSuccess) << "after step " << step;
    for (const store::Task& task : Detail().tasks) {
      ASSERT_EQ(task.state, TaskState::kSuccess) << task.name << " after step " << step;
      ASSERT_LE(task.attempts, 2) << task.name << " after step " << step;
      const bool had_succeeded = before.contains(task.name) && before[task.name].state == TaskState::kSuccess;
      ASSERT_TRUE(!had_succeeded || task.attempts == before[task.name].attempts)
          << task.name << " ran again after step " << step;
    }
    ASSERT_EQ(ValueInChild("select count(*), sum(amount), any_value((select (n, amount)::text from total)) from sales"),
              "3 60 (3, 60) ")
        << "after step " << step;
    // A sender that dies after its run has ended leaves its message to the next process; else it is sent by now, in one
    // file.
    for (const store::Message& alert : Detail().alerts)
      ASSERT_TRUE(alert.state == "delivered" || runs->size() == 2) << step;
    size_t files = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator(root() / "alerts")) ++files;
    ASSERT_TRUE(files == runs->size() || (runs->size() == 2 && files == 1)) << files << " after step " << step;
  }
  EXPECT_GT(killed, 20 / kStride);
  fmt::print("killed {} times\n", killed);
}

TEST_F(KillTest, AHeldIntervalNamesItsHolderAndIsFreeWhenThatDies) {
  Pipeline("      - {name: a, shell: \"touch started; until test -e go; do sleep 0.02; done; echo ran >> ran\"}\n");
  const pid_t child = fork();
  if (child == 0) {
    static_cast<void>(Run().ok());
    _exit(0);
  }
  while (!fs::exists(root() / "started")) usleep(20000);
  auto held = Run();
  ASSERT_FALSE(held.ok());
  EXPECT_EQ(held.error()[0].kind, kRunHeld);
  EXPECT_NE(held.error()[0].message.find(std::to_string(child)), std::string::npos) << held.error()[0].message;
  EXPECT_EQ(Run("2026-11-21").error()[0].kind, kRunHeld) << "max_active_runs is 1";
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  Write("go", "");
  EXPECT_TRUE(Succeeds());
  EXPECT_EQ(Tasks(), Texts{"a success(1)"}) << "the same run, and its process went on";
  EXPECT_EQ(Read("ran"), "ran\n");
  EXPECT_NE(lines_.text().find("resuming pipeline core"), std::string::npos);
}

}  // namespace
}  // namespace stir::engine
