#include "platform/load.h"

#include "platform/schedules.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "adapter/relation.h"
#include "base/diagnostic_text.h"
#include "base/testing/fake_clock.h"
#include "base/testing/fake_files.h"
#include "platform/bind.h"
#include "platform/joined_graph.h"
#include "platform/kinds.h"
#include "project/parse.h"

namespace stir::platform {
namespace {

constexpr std::string_view kMacros = R"(
{% macro generate_schema_name(custom_schema_name, node) %}{{ target.schema }}{% endmacro %}
{% macro generate_alias_name(custom_alias_name=none, node=none) %}{{ node.name }}{% endmacro %}
{% macro generate_database_name(custom_database_name=none, node=none) %}{{ target.database }}{% endmacro %}
)";

// A small dbt project in memory, to which each test adds its stir/*.yml.
class Shop {
 public:
  Shop() {
    invocation_.clock = &clock_;
    invocation_.environment = &environment_;
    invocation_.events = &NullSink();
    invocation_.vars = jinja::Value::MakeDict();
    const std::map<std::string, std::string> texts = {
        {"dbt_project.yml", "name: shop\nprofile: shop\nvars: {region: us_east}\n"},
        {"models/orders.sql", "select 1 as id"},
        {"models/hidden.sql", "{{ config(materialized='ephemeral') }} select 1 as id"},
        {"models/sources.yml", "sources: [{name: sales, tables: [{name: us_east}, {name: europe}]}]"}};
    auto files = project::ProjectFilesOf(texts, invocation_, sources_);
    EXPECT_TRUE(files.ok()) << Text(files);
    target_.name = "dev";
    target_.profile.type = "duckdb";
    target_.profile.database = "db";
    target_.profile.schema = "main";
    target_.context = jinja::Value::MakeDict({{jinja::Value::String("name"), jinja::Value::String("dev")},
                                              {jinja::Value::String("schema"), jinja::Value::String("main")},
                                              {jinja::Value::String("database"), jinja::Value::String("db")}});
    dialect_.name = "duckdb";
    project::BuiltinMacros builtin({{"default/names.sql", kMacros}}, sources_);
    auto parsed = project::ParseProject(*std::move(files), {&invocation_, &target_, &dialect_, &builtin, 1}, sources_);
    EXPECT_TRUE(parsed.ok()) << Text(parsed);
    manifest_ = parsed->manifest;
    values_.emplace(invocation_, *manifest_, target_);
  }

  Result<Definitions> Load(const std::map<std::string, std::string>& texts) {
    test::FakeFiles files;
    for (const auto& [path, text] : texts) files.Put("/shop/stir/" + path, text);
    return LoadDefinitions({files, sources_, "/shop", target_.name, *manifest_, *values_});
  }
  // One file, with its version.
  Result<Definitions> Load(const std::string& text) { return Load({{"a.yml", "version: 1\n" + text}}); }
  Definitions Good(const std::string& text) {
    auto loaded = Load(text);
    EXPECT_TRUE(loaded.ok()) << Text(loaded);
    return loaded.ok() ? *std::move(loaded) : Definitions();
  }
  // Every error with its place and hint: "a.yml:3:5: message | hint".
  std::vector<std::string> Errors(const std::string& text) {
    auto loaded = Load(text);
    std::vector<std::string> lines;
    if (loaded.ok()) return lines;
    for (const Diagnostic& error : loaded.error()) {
      const LineColumn at = error.span ? sources_.Locate(error.span.source, error.span.begin) : LineColumn{};
      lines.push_back(
          fmt::format("{}:{}: {}{}{}", at.line, at.column, error.message, error.hint.empty() ? "" : " | ", error.hint));
    }
    return lines;
  }
  template <typename T>
  std::string Text(const Result<T>& result) {
    return result.ok() ? "" : RenderDiagnostics(result.error(), sources_);
  }

  RunScope ScopeOf(const Definitions& definitions, RunFacts facts) {
    secrets_ = std::make_unique<Secrets>(definitions.secrets, environment_, redactor_);
    return RunScope(*values_, definitions, *secrets_, std::move(facts));
  }
  RunFacts Facts() {
    RunFacts facts;
    facts.run_id = "manual__2026-11-20T00:00:00+00:00";
    facts.pipeline = "core";
    facts.interval = {*ParseTimestamp("2026-11-20"), *ParseTimestamp("2026-11-21")};
    facts.params = jinja::Value::MakeDict({{jinja::Value::String("region"), jinja::Value::String("europe")}});
    facts.task = "load";
    return facts;
  }

  SourceMap sources_;
  std::map<std::string, std::string> environment_ = {{"ROOT", "data"}, {"STIR_SECRET_HOOK", "s3cr3t-token"}};
  Redactor redactor_;
  test::FakeClock clock_;
  project::Invocation invocation_;
  project::Target target_;
  adapter::Dialect dialect_;
  std::shared_ptr<const project::Manifest> manifest_;
  std::optional<ProjectValues> values_;
  std::unique_ptr<Secrets> secrets_;
};

using Lines = std::vector<std::string>;

constexpr std::string_view kDrop =
    "connections: {drop: {type: files, root: data/drop}, alerts: {type: files, root: data/alerts}}\n";

std::string WithDrop(std::string text) { return std::string(kDrop) + std::move(text); }

// A pipeline `core` of the given tasks.
std::string PipelineOf(const std::string& tasks) {
  return WithDrop("pipelines:\n  - name: core\n    tasks:\n" + tasks);
}

class LoadTest : public ::testing::Test, protected Shop {};

TEST_F(LoadTest, AProjectWithoutAFolderHasOnlyTheTarget) {
  auto loaded = Load(std::map<std::string, std::string>{});
  ASSERT_TRUE(loaded.ok());
  ASSERT_EQ(loaded->connections.size(), 1U);
  EXPECT_EQ(loaded->connections[0].name, "target");
}

TEST_F(LoadTest, SectionsOfSeveralFilesAreOne) {
  auto loaded = Load({{"a.yml", "version: 1\nconnections: {drop: {type: files, root: \"{{ env_var('ROOT') }}/drop\"}}"},
                      {"sub/b.yaml", "version: 1\npools: {db: 4}"},
                      {"empty.yml", ""},
                      {"notes.txt", "not: read: at all"}});
  ASSERT_TRUE(loaded.ok()) << Text(loaded);
  EXPECT_EQ((*loaded->FindConnection("drop"))->root, "/shop/data/drop");
  EXPECT_EQ(loaded->pools.at("db"), 4U);
}

TEST_F(LoadTest, HowLongRunsAreKeptStandsOnce) {
  EXPECT_EQ(Good("").keep_runs, std::chrono::hours(24 * 180));
  auto loaded = Load({{"a.yml", "version: 1\nkeep_runs: 30d"}, {"b.yml", "version: 1"}});
  ASSERT_TRUE(loaded.ok()) << Text(loaded);
  EXPECT_EQ(loaded->keep_runs, std::chrono::hours(24 * 30));
  loaded = Load({{"a.yml", "version: 1\nkeep_runs: 30d"}, {"b.yml", "version: 1\nkeep_runs: 60d"}});
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error()[0].message, "`keep_runs` stands twice");
}

TEST_F(LoadTest, AnIngestionIsReadWhole) {
  const Definitions definitions = Good(WithDrop(R"(
ingestions:
  - name: east
    from: {connection: drop, path: "us_east/{{ ds }}/*.parquet", format: parquet, columns: [a, b], where: "x = '{{ var('region') }}'"}
    to: source('sales', 'us_east')
    mode: incremental
    cursor: updated_at
    overlap: 1h30m
    key: [sale_id]
    schema_changes: {added: ignore, removed: null, type: quarantine}
    quarantine: {max_ratio: 0.01}
)"));
  const Ingestion& east = **definitions.FindIngestion("east");
  EXPECT_EQ(*east.from.path, "us_east/{{ ds }}/*.parquet") << "a run fills it in";
  EXPECT_EQ(*east.from.where, "x = 'us_east'") << "known at load";
  EXPECT_EQ(manifest_->node(east.to.node).name, "us_east");
  EXPECT_EQ(east.mode.value, Mode::kIncremental);
  EXPECT_EQ(east.overlap, Duration(std::chrono::minutes(90)));
  EXPECT_EQ(*east.key[0], "sale_id");
  EXPECT_EQ(east.schema_changes.added, OnAdded::kIgnore);
  EXPECT_EQ(east.schema_changes.removed, OnRemoved::kNull);
  EXPECT_EQ(east.quarantine.max_ratio, 0.01);

  RunScope scope = ScopeOf(definitions, Facts());
  auto bound = BindIngestion(definitions, east, scope);
  ASSERT_TRUE(bound.ok()) << Text(bound);
  EXPECT_EQ(*bound->from.path, "us_east/2026-11-20/*.parquet");
  EXPECT_EQ(bound->to.node, east.to.node);
}

TEST_F(LoadTest, APublicationIsReadWhole) {
  const Definitions definitions = Good(WithDrop(R"(
publications:
  - name: lake
    from: "{{ ref('orders') }}"
    to: {connection: drop, path: orders, format: csv, partition_by: [day]}
    require: {min_rows: 100, max_shrink: 0.1, tests: true}
    indexes: [[month, category], id]
    keep: 3
)"));
  const Publication& lake = **definitions.FindPublication("lake");
  EXPECT_EQ(lake.strategy.value, Strategy::kFiles);
  EXPECT_EQ(manifest_->node(lake.from.node).name, "orders");
  EXPECT_EQ(lake.require.min_rows, 100);
  EXPECT_TRUE(lake.require.tests);
  EXPECT_EQ(lake.indexes, (std::vector<std::vector<std::string>>{{"month", "category"}, {"id"}}));
  EXPECT_EQ(lake.keep, 3);
}

TEST_F(LoadTest, GroupsDefaultsAndRulesReachTheTasks) {
  const Definitions definitions = Good(PipelineOf(R"(
      - group: extract
        retries: 3
        tasks:
          - {name: east, shell: "true", allow_failure: true}
          - {name: europe, shell: "true", retries: 1, timeout: 5m}
      - {name: transform, build: "tag:core", needs: [extract], trigger_rule: all_done_min_one_success}
      - {name: load, sql: select 1, needs: [transform, east]}
)"));
  const Pipeline& core = **definitions.FindPipeline("core");
  ASSERT_EQ(core.tasks.size(), 5U);
  EXPECT_EQ(core.tasks[1].name, "extract.east");
  EXPECT_EQ(core.tasks[1].retry.retries, 3);
  EXPECT_TRUE(core.tasks[1].allow_failure);
  EXPECT_EQ(core.tasks[2].retry.retries, 1);
  EXPECT_EQ(core.tasks[2].timeout, Duration(std::chrono::minutes(5)));
  EXPECT_EQ(core.tasks[3].rule, scheduler::TriggerRule::kAllDoneMinOneSuccess);
  EXPECT_EQ(core.wired.needs[3], (std::vector<uint32_t>{1, 2}));
  EXPECT_EQ(core.wired.needs[4], (std::vector<uint32_t>{1, 3}));
  EXPECT_EQ(core.Find("europe"), &core.tasks[2]);
  EXPECT_EQ(*core.tasks[4].subject, "target");
}

TEST_F(LoadTest, TargetsOverrideConnections) {
  const Definitions definitions = Good(R"(
connections:
  sink: {type: files, root: a, targets: {dev: {type: duckdb, path: b.duckdb}, prod: {type: postgres, host: x}}}
)");
  const Connection& sink = **definitions.FindConnection("sink");
  EXPECT_EQ(sink.type, ConnectionType::kDuckDb);
  EXPECT_EQ(sink.path, "/shop/b.duckdb");
}

TEST_F(LoadTest, PostgresSpeaksTheWordsOfItsSessions) {
  const Definitions definitions = Good(R"(
connections:
  app: {type: postgres, host: db, port: 5433, database: shop, user: stir, password: "{{ env_var('PW', 'x') }}"}
  other: {type: postgres, dsn: "postgresql://stir@db/shop", lock_timeout: 5s, role: writer}
)");
  const Connection& app = **definitions.FindConnection("app");
  EXPECT_EQ(app.type, ConnectionType::kPostgres);
  EXPECT_EQ(app.settings->dump(),
            R"({"type":"postgres","host":"db","port":5433,"database":"shop","user":"stir","password":"x"})");
  EXPECT_EQ(Errors(R"(
connections:
  app: {type: postgres, hots: db}
)"),
            (Lines{"4:25: connection `app` has no key `hots` | did you mean `host`?"}));
}

TEST_F(LoadTest, EverythingWrongIsSaidAtOnce) {
  EXPECT_EQ(Errors(R"(
connections:
  drop: {type: files, roott: x}
  target: {type: duckdb, path: x}
ingestions:
  - name: east
    from: {connection: drpo, path: "*.csv"}
    to: source('sales', 'us_est')
    mode: inkremental
    nonsense: 1
)"),
            (Lines{"4:9: connection `drop` has no `root` | a folder, relative to the project",
                   "4:23: connection `drop` has no key `roott` | did you mean `root`?",
                   "5:3: a connection cannot be named `target` | `target` is the database of profiles.yml, where "
                   "models are built; choose another name",
                   "10:11: `mode` cannot be `inkremental` | did you mean `incremental`?",
                   "11:5: ingestion `east` has no key `nonsense` | keys here are name, description, from, to, mode, "
                   "cursor, overlap, key, schema_changes, quarantine",
                   "9:9: source `sales.us_est` not found | did you mean `sales.us_east`?",
                   "8:24: there is no connection `drpo` | did you mean `drop`?"}));
}

TEST_F(LoadTest, WhatATaskCanHaveWrong) {
  EXPECT_EQ(
      Errors(PipelineOf(R"(
      - {name: a, needs: [nobody]}
      - {name: b, shell: x, sql: y}
      - {name: b, shell: x, trigger_rule: all_sucess}
      - {name: c, ingest: nothing, retry_delay: 5, pool: main}
      - {name: d, sql: select 1, connection: drop}
      - {name: e, branch: [{when: "{{ true }}", to: zz}, {else: a}]}
      - {shell: x}
)")),
      (Lines{"7:9: task `a` says nothing to do | a task has exactly one of `group`, `build`, `run`, `test`, `seed`, "
             "`snapshot`, `ingest`, `publish`, `sql`, `shell`, `python`, `http`, `ssh`, `branch`, `gate`, `wait`, "
             "`trigger`, `notify`",
             "8:9: task `b` is both `sql` and `shell` | a task has exactly one of `group`, `build`, `run`, `test`, "
             "`seed`, `snapshot`, `ingest`, `publish`, `sql`, `shell`, `python`, `http`, `ssh`, `branch`, `gate`, "
             "`wait`, `trigger`, `notify`",
             "9:16: pipeline `core` has two tasks named `b`",
             "9:43: there is no trigger rule `all_sucess` | did you mean `all_success`?",
             "10:49: `retry_delay` must be a duration, not a number | durations are written `90s`, `5m`, `1h30m`, `2d`",
             "13:9: a task has no `name` | every task has a name; a group is named by `group:`",
             "7:27: pipeline `core` has no task `nobody` | tasks here are a, b, c, d, e",
             "12:53: pipeline `core` has no task `zz` | tasks here are a, b, c, d, e",
             "10:27: there is no ingestion `nothing` | stir/*.yml defines no ingestion",
             "10:16: task `c` uses a pool `main` that is not defined | add `pools: {main: 4}`",
             "11:46: connection `drop` is of type `files`, which takes no SQL"}));
}

TEST_F(LoadTest, ACycleIsPrintedWhole) {
  const Lines errors = Errors(PipelineOf(R"(
      - {name: a, shell: x, needs: [c]}
      - {name: b, shell: x, needs: [a]}
      - {name: c, shell: x, needs: [b]}
)"));
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0],
            "4:11: pipeline `core`: these tasks wait for each other: `a` -> `b` -> `c` -> `a` | take one of these "
            "`needs` away");
}

TEST_F(LoadTest, ATimeOfDayWithoutQuotesIsANumberToYaml) {
  const Lines errors =
      Errors(PipelineOf("      - {name: a, shell: x}\n    skip_when: {between: [19:00, \"22:00\"]}\n"));
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0], "7:27: `19:00` is the number 1140 to YAML, not a text | put it in quotes: \"19:00\"");
}

TEST_F(LoadTest, ASchedulesWordsBecomeASchedule) {
  const Definitions definitions = Good(WithDrop(R"(calendars:
  bank: {holidays: [2026-12-25, {date: 2026-12-26, name: Boxing Day}]}
pipelines:
  - name: core
    schedule: {every: 15m}
    timezone: Asia/Kolkata
    start: 2026-01-01
    end: 2026-12-31
    missed: all
    depends_on_past: true
    skip_when: {between: ["22:00", "01:30"], timezone: UTC}
    calendar: bank
    tasks: [{name: a, shell: x}]
)"));
  const auto schedule = ScheduleOf(definitions, **definitions.FindPipeline("core"));
  ASSERT_TRUE(schedule.ok());
  EXPECT_EQ(*schedule->start, *ParseTimestamp("2025-12-31T18:30:00Z"));
  EXPECT_EQ(*schedule->end, *ParseTimestamp("2026-12-31T18:30:00Z")) << "the whole of its day";
  EXPECT_EQ(schedule->SkipReason(*ParseTimestamp("2026-05-01T01:00:00Z")), "between 22:00 and 01:30 UTC");
  EXPECT_EQ(schedule->SkipReason(*ParseTimestamp("2026-05-01T01:30:00Z")), "");
  EXPECT_EQ(schedule->SkipReason(*ParseTimestamp("2026-12-25T18:30:00Z")), "calendar bank: Boxing Day");
  EXPECT_EQ(schedule->missed, scheduler::Missed::kAll);
  EXPECT_TRUE(schedule->depends_on_past);
  EXPECT_EQ(schedule->FirstTick(*schedule->start), *schedule->start);
}

TEST_F(LoadTest, WhatIsWrongWithASchedule) {
  const auto errors = [&](const std::string& keys) {
    return Errors(WithDrop("pipelines:\n  - name: core\n" + keys + "    tasks: [{name: a, shell: x}]\n"));
  };
  EXPECT_EQ(errors("    schedule: \"0 0 30 2 *\"\n"),
            Lines{"5:16: cron: `0 0 30 2 *` is never due: no year has such a day | look at day of month and month "
                  "together, as in `0 0 30 2 *`"});
  EXPECT_EQ(errors("    schedule: {every: 5m, freshness: auto}\n"),
            Lines{"5:15: a schedule has exactly one of `every`, `on` and `freshness` | schedule: {every: 15m}"});
  EXPECT_EQ(errors("    schedule: {every: 0s}\n"), Lines{"5:23: a schedule is due every second at most"});
  EXPECT_EQ(errors("    start: 2026-02-01\n    end: 2026-01-31\n"),
            Lines{"6:10: pipeline `core` ends before it starts"});
  EXPECT_EQ(errors("    skip_when: {between: [\"19:00\", \"19:00\"]}\n"),
            Lines{"5:26: a window that ends when it begins holds nothing | for the whole day write [\"00:00\", "
                  "\"24:00\"]"});
  EXPECT_EQ(errors("    calendar: bank\n"),
            Lines{"5:15: there is no calendar `bank` | stir/*.yml defines no calendar"});
  EXPECT_EQ(errors("    catchup: true\n").size(), 1U) << "an unknown word";
}

TEST_F(LoadTest, TasksThatReachOutsideAreChecked) {
  const auto errors = [&](const std::string& task) {
    return Errors(
        "connections:\n  api: {type: http}\n  box: {type: ssh, host: box}\n  lake: {type: files, root: x}\n"
        "pipelines:\n  - name: core\n    tasks:\n      - " +
        task + "\n");
  };
  EXPECT_EQ(errors("{name: a, http: /x, connection: box}"),
            Lines{"9:41: connection `box` is of type `ssh`, not `http`"});
  EXPECT_EQ(errors("{name: a, http: /x, body: a, json: b}"), Lines{"9:44: task `a` has both `body` and `json`"});
  EXPECT_EQ(errors("{name: a, http: /x, pages: {param: p}}").size(), 1U);
  EXPECT_EQ(errors("{name: a, http: /x, expect: [200, 1000]}").size(), 1U);
  EXPECT_EQ(errors("{name: a, ssh: uptime}").size(), 1U) << "where?";
  EXPECT_EQ(errors("{name: a, ssh: uptime, connection: lake}"),
            Lines{"9:44: connection `lake` is of type `files`, not `ssh`"});
  EXPECT_EQ(
      errors("{name: a, wait: {}}"),
      Lines{"9:25: nothing is said to wait for | one of `until`, `for`, `file`, `sql`, `pipeline`; several waits are "
            "several tasks"});
  EXPECT_EQ(errors("{name: a, wait: {for: 5m, file: x}}").size(), 1U);
  EXPECT_EQ(errors("{name: a, wait: {sql: select 1, connection: lake}}"),
            Lines{"9:53: connection `lake` is of type `files`, which takes no SQL"});
  EXPECT_EQ(errors("{name: a, wait: {pipeline: cor}}"),
            Lines{"9:36: there is no pipeline `cor` | did you mean `core`?"});
  EXPECT_EQ(errors("{name: a, trigger: core, wait_for_completion: true}"),
            Lines{"9:28: pipeline `core` would wait for itself"});
  EXPECT_TRUE(errors("{name: a, trigger: core}").empty());
}

TEST_F(LoadTest, ATeardownWaitsForAllThatFollowsFromItsSetup) {
  const Definitions definitions = Good(PipelineOf(R"(
      - {name: create, shell: x}
      - group: work
        tasks:
          - {name: a, needs: [create], shell: x}
          - {name: b, needs: [a], shell: x}
          - {name: drop, teardown: create, shell: x}
      - {name: aside, shell: x}
      - {name: next, needs: [work], shell: x}
)"));
  const Pipeline& pipeline = definitions.pipelines[0];
  const auto at = [&](std::string_view name) {
    return static_cast<size_t>(pipeline.Find(name) - pipeline.tasks.data());
  };
  const auto& needs = pipeline.wired.needs;
  EXPECT_EQ(needs[at("next")], std::vector<uint32_t>{static_cast<uint32_t>(at("b"))}) << "a group ends with its work";
  std::vector<std::string> waits;
  for (const uint32_t need : needs[at("drop")]) waits.push_back(pipeline.tasks[need].label);
  EXPECT_EQ(waits, (Lines{"create", "a", "b", "next"}));
  EXPECT_TRUE(pipeline.tasks[at("drop")].allow_failure);
  EXPECT_EQ(
      Errors(
          PipelineOf("\n      - {group: g, tasks: [{name: a, shell: x}]}\n      - {name: t, teardown: g, shell: x}\n"))
          .size(),
      1U);
}

TEST_F(LoadTest, APeriodFollowsFromTheFreshnessThatIsAsked) {
  const Definitions definitions =
      Good(WithDrop("pipelines:\n  - name: core\n    schedule: {freshness: auto}\n    tasks: [{name: a, shell: x}]\n"));
  const auto none = ScheduleOf(definitions, definitions.pipelines[0]);
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error()[0].kind, kNothingAsks);
  const auto schedule = ScheduleOf(definitions, definitions.pipelines[0], std::chrono::hours(1));
  ASSERT_TRUE(schedule.ok());
  EXPECT_EQ(FormatTimestamp(schedule->calendar->Next(Timestamp())), "1970-01-01T00:30:00.000000Z");
}

TEST_F(LoadTest, ASchedulesOnDataNamesWhatThereIs) {
  const auto text = [](const std::string& on) {
    return WithDrop("pipelines:\n  - name: core\n    schedule:\n" + on + "    tasks: [{name: a, shell: x}]\n");
  };
  const Definitions definitions =
      Good(text("      on:\n        - source('sales', 'us_east')\n        - ref('orders')\n      when: all\n      "
                "min_interval: 15m\n"));
  const auto schedule = ScheduleOf(definitions, definitions.pipelines[0]);
  ASSERT_TRUE(schedule.ok());
  EXPECT_EQ(schedule->on->assets, (Lines{"source.shop.sales.us_east", "model.shop.orders"}));
  EXPECT_TRUE(schedule->on->all);
  EXPECT_EQ(schedule->text, "on all of source('sales', 'us_east'), ref('orders'), 15m apart UTC");
  EXPECT_EQ(Errors(text("      on: [leaderbord]\n")).size(), 1U);
  EXPECT_EQ(Errors(text("      on: ref('ordres')\n")).size(), 1U);
  EXPECT_EQ(Errors(text("      on: []\n")).size(), 1U);
}

TEST_F(LoadTest, ATemplateIsCheckedAtLoadAsFarAsItCanBe) {
  const Lines errors = Errors(PipelineOf(R"(
      - {name: a, sql: "select '{{ ds }}' || {{ params.x.y + 1 }}"}
      - {name: b, sql: "select '{{ dss }}'"}
      - {name: c, sql: "{{ ds }} {{ execution_date }}"}
      - {name: d, sql: "{{ ds "}
)"));
  ASSERT_EQ(errors.size(), 3U);
  EXPECT_NE(errors[0].find("'dss' is undefined | did you mean `ds`?"), std::string::npos) << errors[0];
  EXPECT_NE(errors[1].find("'execution_date' is undefined | write `logical_date`"), std::string::npos) << errors[1];
}

TEST_F(LoadTest, AVersionIsRequired) {
  auto loaded = Load({{"a.yml", "pools: {a: 1}"}, {"b.yml", "version: 2"}});
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error().size(), 2U);
  EXPECT_EQ(loaded.error()[1].kind, kBadVersion);
}

TEST_F(LoadTest, AModelThatIsNoTableCannotBePublished) {
  const Lines errors =
      Errors(WithDrop("publications: [{name: x, from: ref('hidden'), to: {connection: drop, path: p}}]"));
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_NE(errors[0].find("ephemeral"), std::string::npos);
}

TEST_F(LoadTest, IngestionsAndPublicationsJoinTheGraph) {
  const Definitions definitions = Good(
      WithDrop("ingestions: [{name: east, from: {connection: drop, path: x}, to: \"source('sales', 'us_east')\"}]\n"
               "publications: [{name: lake, from: ref('orders'), to: {connection: drop, path: p}}]\n"));
  const JoinedGraph joined = JoinGraphs(*manifest_, definitions);
  const auto id = [&](std::string_view name) {
    for (graph::NodeId i = 0; i < joined.nodes.size(); ++i)
      if (joined.nodes[i].id == name) return i;
    return ~graph::NodeId{0};
  };
  const auto children = joined.graph.Children(id("ingestion.east"));
  ASSERT_EQ(children.size(), 1U);
  EXPECT_EQ(joined.nodes[children[0]].id, "source.shop.sales.us_east");
  const auto parents = joined.graph.Parents(id("publication.lake"));
  ASSERT_EQ(parents.size(), 1U);
  EXPECT_EQ(joined.nodes[parents[0]].id, "model.shop.orders");
}

class BindTest : public ::testing::Test, protected Shop {
 protected:
  Result<Task> Bind(const std::string& task, RunFacts facts) {
    definitions_ = Good(PipelineOf("      - " + task + "\n      - {name: other, shell: x}\n"));
    RunScope scope = ScopeOf(definitions_, std::move(facts));
    return BindTask(definitions_, definitions_.pipelines[0].tasks[0], scope);
  }
  std::string Sql(const std::string& text) {
    auto bound = Bind("{name: a, sql: \"" + text + "\"}", Facts());
    return bound.ok() ? *bound->text : Text(bound);
  }
  Definitions definitions_;
};

TEST_F(BindTest, TheRunsValues) {
  EXPECT_EQ(Sql("{{ ds }} {{ ds_nodash }} {{ ts }} {{ ts_nodash }}"),
            "2026-11-20 20261120 2026-11-20T00:00:00+00:00 20261120T000000");
  EXPECT_EQ(Sql("{{ data_interval_start }} {{ data_interval_end }}"),
            "2026-11-20 00:00:00+00:00 2026-11-21 00:00:00+00:00");
  EXPECT_EQ(Sql("{{ macros.ds_add(ds, -7) }} {{ macros.ds_format(ds, '%Y-%m-%d', '%d.%m.%y') }}"),
            "2026-11-13 20.11.26");
  EXPECT_EQ(Sql("{{ params.region }} {{ run_id }} {{ pipeline }} {{ task }} {{ attempt }}"),
            "europe manual__2026-11-20T00:00:00+00:00 core load 1");
  EXPECT_EQ(Sql("{{ dag.dag_id }} {{ ti.try_number }} {{ dag_run.run_id }} {{ task_instance_key_str }}"),
            "core 1 manual__2026-11-20T00:00:00+00:00 core__load__20261120");
  EXPECT_EQ(Sql("{{ prev_data_interval_start_success is none }} {{ logical_date.year }} {{ target.name }} {{ "
                "var('region') }}"),
            "True 2026 dev us_east");
}

TEST_F(BindTest, DatesAreThoseOfThePipelinesZone) {
  RunFacts facts = Facts();
  facts.zone = *scheduler::Zone::Find("Asia/Kolkata");
  facts.interval = {*ParseTimestamp("2026-11-19T18:30:00Z"), *ParseTimestamp("2026-11-20T18:30:00Z")};
  auto bound = Bind("{name: a, sql: \"{{ ds }} {{ ts }}\"}", std::move(facts));
  ASSERT_TRUE(bound.ok()) << Text(bound);
  EXPECT_EQ(*bound->text, "2026-11-20 2026-11-20T00:00:00+05:30");
}

TEST_F(BindTest, OutputsOfTasksKeepTheirTypes) {
  RunFacts facts = Facts();
  facts.tasks["extract.east"] = {"success",
                                 jinja::Value::MakeDict({{jinja::Value::String("rows"), jinja::Value::Int(250)}})};
  facts.tasks["gate"] = {"failed", {}};
  auto bound =
      Bind("{name: a, gate: \"{{ tasks.extract.east.outputs.rows >= 100 and tasks.gate.state == 'failed' }}\"}", facts);
  ASSERT_TRUE(bound.ok()) << Text(bound);
  EXPECT_EQ(bound->condition.type(), jinja::Type::kBool);
  EXPECT_TRUE(bound->condition.AsBool());
  EXPECT_TRUE(Bind("{name: a, gate: \"{{ tasks.east.outputs.rows }}\"}", facts)->condition.AsInt() == 250)
      << "a label that is unique";
  auto missing = Bind("{name: a, gate: \"{{ tasks.east.outputs.rowz > 1 }}\"}", facts);
  ASSERT_FALSE(missing.ok());
  EXPECT_TRUE(missing.error()[0].span);
}

TEST_F(BindTest, OnlyTheWayThatIsTakenIsLookedAt) {
  RunFacts facts = Facts();
  auto bound = Bind(
      "{name: a, branch: [{when: \"{{ params.region == 'europe' }}\", to: other}, {when: \"{{ tasks.none.outputs.x "
      "}}\", to: other}]}",
      facts);
  ASSERT_TRUE(bound.ok()) << Text(bound);
  EXPECT_TRUE(bound->arms[0].when.AsBool());
  EXPECT_EQ(bound->arms[0].to, std::vector<TaskIndex>{1});
}

TEST_F(BindTest, SecretsComeWhenTheyAreNeededAndAreNeverShown) {
  EXPECT_EQ(Sql("x {{ secret('hook') }}"), "x s3cr3t-token");
  EXPECT_EQ(redactor_.Redact("has s3cr3t-token inside"), "has ***** inside");
  auto bound = Bind("{name: a, sql: \"{{ secret('other') }}\"}", Facts());
  ASSERT_FALSE(bound.ok());
  EXPECT_EQ(bound.error()[0].kind, kSecretMissing);
  EXPECT_EQ(bound.error()[0].hint, "looked at the environment variable `STIR_SECRET_OTHER`");
}

TEST_F(BindTest, WhatIsNotBuiltSaysSo) {
  const Definitions definitions = Good("connections: {ch: {type: clickhouse, host: x, anything: goes}}");
  RunScope scope = ScopeOf(definitions, Facts());
  auto connection = BindConnection(definitions, **definitions.FindConnection("ch"), scope);
  ASSERT_FALSE(connection.ok());
  EXPECT_EQ(connection.error()[0].kind, kNotBuilt);
}

TEST_F(BindTest, AWebhooksSecretIsFilledInWhenItIsUsed) {
  const Definitions definitions = Good("connections: {hook: {type: webhook, url: \"https://x/{{ secret('hook') }}\"}}");
  EXPECT_EQ((*definitions.FindConnection("hook"))->url, "https://x/{{ secret('hook') }}");
  RunScope scope = ScopeOf(definitions, Facts());
  auto bound = BindConnection(definitions, **definitions.FindConnection("hook"), scope);
  ASSERT_TRUE(bound.ok()) << Text(bound);
  EXPECT_EQ(bound->url, "https://x/s3cr3t-token");
}

}  // namespace
}  // namespace stir::platform
