// Whole nodes on a real DuckDB file: statuses, messages, end states, errors at the user's place.
#include "runtime/runner.h"

#include <gtest/gtest.h>

#include "runtime/testing/project_fixture.h"

namespace stir::runtime {
namespace {

using testing::BuildResult;
using testing::Files;
using testing::ProjectFixture;
using Table = std::vector<std::vector<std::string>>;

TEST(Runner, BuildsAViewATableAndTestsThem) {
  ProjectFixture project(Files{
      {"models/base.sql", "select 1 as id, 'a' as name"},
      {"models/orders.sql", "{{ config(materialized='table') }}\nselect * from {{ ref('base') }}"},
      {"models/schema.yml",
       "models:\n  - name: orders\n    columns:\n      - name: id\n        data_tests: [not_null, unique]\n"},
  });
  const BuildResult built = project.Build();
  const NodeOutcome& view = built.at("model.shop.base");
  EXPECT_EQ(view.result.status, "success") << view.result.message;
  EXPECT_EQ(view.result.message, "OK");
  EXPECT_EQ(view.result.adapter_response, R"({"_message":"OK"})");
  EXPECT_EQ(view.result.compiled_code, "select 1 as id, 'a' as name");
  EXPECT_EQ(view.result.relation_name, "\"shop\".\"main\".\"base\"");
  EXPECT_EQ(view.result.thread_id, "Thread-1 (worker)");
  ASSERT_EQ(view.result.timing.size(), 2u);
  EXPECT_EQ(built.at("model.shop.orders").result.status, "success") << built.at("model.shop.orders").result.message;
  EXPECT_EQ(project.Rows("select id, name from orders"), (Table{{"1", "a"}}));
  EXPECT_EQ(project.Rows("select table_name, table_type from information_schema.tables order by 1"),
            (Table{{"base", "VIEW"}, {"orders", "BASE TABLE"}}));
  for (const auto& [id, outcome] : built.nodes) {
    if (!id.starts_with("test.")) continue;
    EXPECT_EQ(outcome.result.status, "pass") << id << outcome.result.message;
    EXPECT_EQ(outcome.result.failures, 0);
  }
  EXPECT_EQ(project.Read("target/compiled/shop/models/orders.sql"), "\nselect * from \"shop\".\"main\".\"base\"");
}

TEST(Runner, ContextKnowsWhichNamesThereAre) {
  ProjectFixture project(Files{
      {"models/a.sql",
       "select {{ 'ref' in context }} as known, {{ 'nonsense' in context }} as other, {{ 1 in context }} as number"}});
  project.Build();
  EXPECT_EQ(project.Read("target/compiled/shop/models/a.sql"), "select True as known, False as other, False as number");
}

TEST(Runner, WhatIsNotThereHasNoColumns) {
  ProjectFixture project(
      Files{{"models/a.sql",
             "{% set missing = api.Relation.create(database=target.database, schema='nowhere', identifier='x') %}"
             "select {{ adapter.get_columns_in_relation(missing) | length if execute }} as n"}});
  project.Build();
  EXPECT_EQ(project.Rows("select n from a"), (Table{{"0"}}));
}

TEST(Runner, ReplacesWhatWasThereBefore) {
  ProjectFixture project(Files{{"models/a.sql", "select 1 as id"}, {"models/b.sql", "select * from {{ ref('a') }}"}});
  project.Build();
  project.Write("models/a.sql", "{{ config(materialized='table') }} select 2 as id");
  EXPECT_EQ(project.Build().at("model.shop.a").result.message, "OK");
  EXPECT_EQ(project.Rows("select id from b"), (Table{{"2"}}));
  EXPECT_EQ(project.Build().at("model.shop.a").result.message, "OK") << "a table in the place of a table";
  project.Write("models/a.sql", "select 3 as id");
  EXPECT_EQ(project.Build().at("model.shop.a").result.message, "OK");
  EXPECT_EQ(project.Rows("select table_name, table_type from information_schema.tables order by 1"),
            (Table{{"a", "VIEW"}, {"b", "VIEW"}}))
      << "no backup and no temporary relation is left";
  EXPECT_EQ(project.Rows("select id from b"), (Table{{"3"}}));
}

TEST(Runner, SendsTheStatementsOfATable) {
  ProjectFixture project(Files{{"models/a.sql",
                                "{{ config(materialized='table', pre_hook=\"select 1 as before\", "
                                "post_hook=[\"select 2 as after\", {\"sql\": \"select 3 as later\", \"transaction\": "
                                "false}]) }}select 1 as id"}});
  const BuildResult built = project.Build();
  EXPECT_EQ(built.at("model.shop.a").result.status, "success") << built.at("model.shop.a").result.message;
  std::vector<std::string> words;
  for (const std::string& statement : built.statements) {
    const size_t begin = statement.find_first_not_of(" \n");
    words.push_back(statement.substr(begin, statement.find_first_of(" \n", begin) - begin));
  }
  EXPECT_EQ(words,
            (std::vector<std::string>{"BEGIN", "select", "create", "alter", "select", "COMMIT", "drop", "select"}));
  project.Build();
  EXPECT_EQ(project.Rows("select id from a"), (Table{{"1"}}));
}

TEST(Runner, WritesEphemeralModelsIntoTheirUsers) {
  ProjectFixture project(Files{
      {"models/e1.sql", "{{ config(materialized='ephemeral') }}\nselect 1 as id"},
      {"models/e2.sql", "{{ config(materialized='ephemeral') }} select * from {{ ref('e1') }}"},
      {"models/a.sql", "with x as (select * from {{ ref('e2') }}) select * from x join {{ ref('e1') }} using (id)"},
      {"tests/none.sql", "select * from {{ ref('e2') }} where id > 1"},
  });
  const BuildResult built = project.Build();
  EXPECT_EQ(built.at("model.shop.a").result.compiled_code,
            "with  __dbt__cte__e1 as (\n\nselect 1 as id\n),  __dbt__cte__e2 as (\n select * from __dbt__cte__e1\n), "
            "x as (select * from __dbt__cte__e2) select * from x join __dbt__cte__e1 using (id)");
  EXPECT_EQ(built.at("model.shop.a").result.status, "success") << built.at("model.shop.a").result.message;
  EXPECT_EQ(built.at("test.shop.none").result.status, "pass") << built.at("test.shop.none").result.message;
  EXPECT_EQ(built.at("model.shop.e1").result.status, "success");
}

std::string Incremental(const std::string& config, const std::string& sql) {
  return "{{ config(materialized='incremental'" + (config.empty() ? "" : ", " + config) + ") }}\n" + sql;
}

TEST(Runner, AppendsWhereIncrementalSaysSo) {
  ProjectFixture project(Files{{"models/a.sql", Incremental("",
                                                            "select {{ var('n') }} as id{% if is_incremental() %}, "
                                                            "'more' as what{% else %}, 'first' as what{% endif %}")}});
  project.Build({.vars = "n: 1"});
  project.Build({.vars = "n: 2"});
  EXPECT_EQ(project.Rows("select id, what from a order by 1"), (Table{{"1", "first"}, {"2", "more"}}));
  project.Build({.vars = "n: 3", .full_refresh = true});
  EXPECT_EQ(project.Rows("select id, what from a"), (Table{{"3", "first"}}));
}

TEST(Runner, BringsInNewRowsByTheirKey) {
  for (const std::string strategy : {"delete+insert", "merge"}) {
    ProjectFixture project(
        Files{{"models/a.sql", Incremental("unique_key=['id', 'day'], incremental_strategy='" + strategy + "'",
                                           "select unnest({{ var('ids') }}) as id, 1 as day, {{ var('v') }} as v")}});
    project.Build({.vars = "{ids: '[1, 2]', v: 10}"});
    const BuildResult second = project.Build({.vars = "{ids: '[2, 3]', v: 20}"});
    EXPECT_EQ(second.at("model.shop.a").result.status, "success")
        << strategy << second.at("model.shop.a").result.message;
    EXPECT_EQ(project.Rows("select id, day, v from a order by 1"),
              (Table{{"1", "1", "10"}, {"2", "1", "20"}, {"3", "1", "20"}}))
        << strategy;
  }
}

TEST(Runner, FollowsChangedColumnsAsToldTo) {
  const auto run = [](const std::string& mode) {
    ProjectFixture project(
        Files{{"models/a.sql", Incremental("on_schema_change='" + mode + "'", "select {{ var('columns') }}")}});
    project.Build({.vars = "columns: 1 as id, 'x' as old"});
    const BuildResult second = project.Build({.vars = "columns: 2 as id, 'y' as fresh"});
    const project::NodeResult& result = second.at("model.shop.a").result;
    std::string columns;
    for (const auto& row :
         project.Rows("select column_name from information_schema.columns where table_name = 'a' order by 1"))
      columns += row[0] + " ";
    return std::pair(result.status + " " + result.message.substr(0, result.message.find('\n')), columns);
  };
  EXPECT_EQ(run("append_new_columns"), std::pair(std::string("success OK"), std::string("fresh id old ")));
  EXPECT_EQ(run("sync_all_columns"), std::pair(std::string("success OK"), std::string("fresh id ")));
  EXPECT_EQ(run("fail"),
            std::pair(std::string("error Compilation Error in model a (models/a.sql)"), std::string("id old ")));
  EXPECT_EQ(run("ignore").second, "id old ");
}

TEST(Runner, MergesAsTheOptionsSay) {
  ProjectFixture project(
      Files{{"models/a.sql", Incremental("unique_key='id', incremental_strategy='merge', merge_update_columns=['v'], "
                                         "merge_update_condition='DBT_INTERNAL_DEST.v < DBT_INTERNAL_SOURCE.v'",
                                         "select * from (values {{ var('rows') }}) t(id, v, w)")}});
  project.Build({.vars = "rows: (1, 5, 'a'), (2, 5, 'a')"});
  const BuildResult second = project.Build({.vars = "rows: (1, 9, 'b'), (2, 1, 'b'), (3, 1, 'b')"});
  EXPECT_EQ(second.at("model.shop.a").result.message, "OK");
  EXPECT_EQ(project.Rows("select * from a order by 1"), (Table{{"1", "9", "a"}, {"2", "5", "a"}, {"3", "1", "b"}}));
  project.Write("models/a.sql",
                Incremental("unique_key='id', incremental_strategy='merge', merge_clauses={'when_matched': [{'action': "
                            "'delete', 'condition': 'DBT_INTERNAL_SOURCE.v = 0'}, "
                            "{'action': 'update', 'mode': 'explicit', 'update': {'include': ['w'], 'set_expressions': "
                            "{'v': 'DBT_INTERNAL_DEST.v + 100'}}}], "
                            "'when_not_matched': [{'action': 'insert', 'mode': 'by_name'}]}",
                            "select * from (values {{ var('rows') }}) t(id, v, w)"));
  EXPECT_EQ(project.Build({.vars = "rows: (1, 0, 'c'), (2, 1, 'c'), (4, 1, 'c')"}).at("model.shop.a").result.message,
            "OK");
  EXPECT_EQ(project.Rows("select * from a order by 1"), (Table{{"2", "105", "c"}, {"3", "1", "b"}, {"4", "1", "c"}}));
}

TEST(Runner, LoadsSeeds) {
  ProjectFixture project(Files{
      {"seeds/raw.csv",
       "id,customer,amount,day,ok,note\n1,alice,10.5,2024-01-01,true,\n2,bob,20,2024-01-02,false,\"hello, "
       "\"\"x\"\"\nline2\"\n3,carol,,2024-01-03,,n\n"},
      {"seeds/typed.csv", "a,b\n1,2\n"},
      {"seeds/schema.yml",
       "seeds:\n  - name: typed\n    config: {column_types: {a: varchar(10)}, quote_columns: false}\n"},
  });
  const BuildResult first = project.Build();
  const project::NodeResult& result = first.at("seed.shop.raw").result;
  EXPECT_EQ(result.message, "INSERT 3");
  EXPECT_EQ(result.compiled, std::nullopt);
  EXPECT_EQ(result.adapter_response, R"({"_message":"INSERT 3","code":"INSERT","rows_affected":3})");
  EXPECT_EQ(project.Rows("select * from raw order by id"),
            (Table{{"1", "alice", "10.5", "2024-01-01", "true", "∅"},
                   {"2", "bob", "20.0", "2024-01-02", "false", "hello, \"x\"\nline2"},
                   {"3", "carol", "∅", "2024-01-03", "∅", "n"}}));
  EXPECT_EQ(project.Rows(
                "select data_type from information_schema.columns where table_name = 'raw' order by ordinal_position"),
            (Table{{"INTEGER"}, {"VARCHAR"}, {"DOUBLE"}, {"DATE"}, {"BOOLEAN"}, {"VARCHAR"}}));
  EXPECT_EQ(
      project.Rows(
          "select data_type from information_schema.columns where table_name = 'typed' order by ordinal_position"),
      (Table{{"VARCHAR"}, {"INTEGER"}}));
  project.Write("seeds/raw.csv", "id,customer,amount,day,ok,note\n7,dora,1,2024-01-01,true,\n");
  EXPECT_EQ(project.Build().at("seed.shop.raw").result.message, "INSERT 1");
  EXPECT_EQ(project.Rows("select id from raw"), (Table{{"7"}})) << "reloaded, not appended";
  EXPECT_EQ(project.Build({.full_refresh = true}).at("seed.shop.raw").result.message, "CREATE 1");
}

TEST(Runner, JudgesTests) {
  ProjectFixture project(Files{
      {"models/a.sql", "{{ config(materialized='table') }} select unnest([1, 2, 2, null]) as id"},
      {"models/b.sql", "select 9 as id"},
      {"models/schema.yml", R"(
models:
  - name: a
    columns:
      - name: id
        data_tests:
          - unique
          - not_null: {config: {severity: warn}}
          - not_null: {name: some, config: {where: "id > 1"}}
          - not_null: {name: few, config: {error_if: "> 5", warn_if: "> 5"}}
          - not_null: {name: counted, config: {fail_calc: "count(*) + 10"}}
          - accepted_values: {name: known, arguments: {values: [1, 2], quote: false}}
  - name: b
    columns:
      - name: id
        data_tests:
          - relationships: {name: related, arguments: {to: ref('a'), field: id}, config: {store_failures: true}}
)"},
      {"tests/singular.sql", "select * from {{ ref('a') }} where id = 2"},
  });
  const BuildResult built = project.Build();
  std::map<std::string, std::string> seen;
  for (const auto& [id, outcome] : built.nodes)
    if (id.starts_with("test."))
      seen[id.substr(10, id.find('.', 10) - 10)] = outcome.result.status + " " + outcome.result.message;
  EXPECT_EQ(seen["unique_a_id"], "fail Got 1 result, configured to fail if != 0");
  EXPECT_EQ(seen["not_null_a_id"], "warn Got 1 result, configured to warn if != 0");
  EXPECT_EQ(seen["some"], "pass ");
  EXPECT_EQ(seen["few"], "pass ");
  EXPECT_EQ(seen["counted"], "fail Got 11 results, configured to fail if != 0");
  EXPECT_EQ(seen["known"], "pass ");
  EXPECT_EQ(seen["related"], "fail Got 1 result, configured to fail if != 0");
  EXPECT_EQ(seen["singular"], "fail Got 2 results, configured to fail if != 0");
  EXPECT_EQ(project.Rows("select * from main_dbt_test__audit.related"), (Table{{"9"}}));
}

TEST(Runner, RunsHooksAroundTheWork) {
  ProjectFixture project(Files{
      {"dbt_project.yml",
       "name: shop\nversion: '1.0'\nprofile: shop\n"
       "on-run-start: [\"create table if not exists audit(what varchar)\", \"insert into audit values ('start')\"]\n"
       "on-run-end: \"insert into audit values ('{{ results | length }} {{ schemas | join }} {{ results[0].status }} "
       "{{ results[0].node.name }}')\"\n"},
      {"models/a.sql", "select 1 as id"},
  });
  const BuildResult built = project.Build();
  ASSERT_EQ(built.start_hooks.size(), 2u);
  EXPECT_EQ(built.start_hooks[1].result.message, "shop.on-run-start.1 passed");
  EXPECT_EQ(built.start_hooks[1].result.thread_id, "main");
  ASSERT_EQ(built.end_hooks.size(), 1u);
  EXPECT_EQ(built.end_hooks[0].result.status, "success") << built.end_hooks[0].result.message;
  EXPECT_EQ(project.Rows("select * from audit"), (Table{{"start"}, {"1 main success a"}}));
}

// "models/a.sql:2:8" of an outcome's first error.
std::string PlaceOf(const ProjectFixture& project, const NodeOutcome& outcome) {
  if (outcome.errors.empty() || !outcome.errors.front().span) return "nowhere";
  const Span span = outcome.errors.front().span;
  const LineColumn at = project.sources().Locate(span.source, span.begin);
  return fmt::format("{}:{}:{}", project.sources().Name(span.source), at.line, at.column);
}

TEST(Runner, PlacesEngineErrorsInTheUsersFile) {
  ProjectFixture project(Files{
      {"models/ok.sql", "select 1 as id"},
      {"models/plain.sql", "{{ config(materialized='table') }}\n\nselect id,\n  nosuch\nfrom {{ ref('ok') }}\n"},
      {"models/through.sql", "select\n  {{ twice('nosuch') }} as x\nfrom {{ ref('ok') }}"},
      {"macros/twice.sql", "{% macro twice(column) %}\n  {{ column }} * 2\n{% endmacro %}"},
      {"models/eph.sql", "{{ config(materialized='ephemeral') }}\nselect nothing from {{ ref('ok') }}"},
      {"models/user.sql", "select * from {{ ref('eph') }}"},
      {"models/hooked.sql",
       "{{ config(materialized='table',\n  post_hook='insert into nowhere select 1') }}\nselect 1 as id"},
  });
  const BuildResult built = project.Build();
  EXPECT_EQ(PlaceOf(project, built.at("model.shop.plain")), "models/plain.sql:4:3");
  EXPECT_EQ(built.at("model.shop.plain").result.status, "error");
  EXPECT_TRUE(built.at("model.shop.plain")
                  .result.message.starts_with("Runtime Error in model plain (models/plain.sql)\n  Binder Error: "
                                              "Referenced column \"nosuch\" not found in FROM clause!"))
      << built.at("model.shop.plain").result.message;
  EXPECT_EQ(PlaceOf(project, built.at("model.shop.through")), "macros/twice.sql:2:6");
  EXPECT_EQ(PlaceOf(project, built.at("model.shop.user")), "models/eph.sql:2:8");
  EXPECT_TRUE(PlaceOf(project, built.at("model.shop.hooked")).starts_with("models/hooked.sql:1:"))
      << PlaceOf(project, built.at("model.shop.hooked"));
  EXPECT_EQ(project.Rows("select table_name from information_schema.tables"), (Table{{"ok"}}));
}

TEST(Runner, WordsCompilationErrorsAsDbtDoes) {
  ProjectFixture project(Files{
      {"models/base.sql", "select 1 as id"},
      {"models/raise.sql", "select {{ boom(3) }}"},
      {"models/hidden.sql", "{% if execute %}select * from {{ ref('base') }}{% endif %}"},
      {"models/nope.sql", "{{ config(materialized='nope') }}select 1 as id"},
      {"models/undef.sql", "select {{ nothing.x }} as id"},
      {"macros/m.sql",
       "{% macro boom(x) %}{{ boom2(x) }}{% endmacro %}\n{% macro boom2(x) %}\n  {% if execute %}{{ "
       "exceptions.raise_compiler_error('went boom ' ~ x) }}{% endif %}\n{% endmacro %}"},
  });
  const BuildResult built = project.Build();
  const auto message = [&](const std::string& name) { return built.at("model.shop." + name).result.message; };
  EXPECT_EQ(
      message("raise"),
      "Compilation Error in model raise (models/raise.sql)\n  went boom 3\n  \n  > in macro boom2 (macros/m.sql)\n"
      "  > called by macro boom (macros/m.sql)\n  > called by model raise (models/raise.sql)");
  EXPECT_EQ(message("hidden"),
            "Compilation Error in model hidden (models/hidden.sql)\n  dbt was unable to infer all dependencies for the "
            "model \"hidden\".\n"
            "  This typically happens when ref() is placed within a conditional block.\n  \n"
            "  To fix this, add the following hint to the top of the model \"hidden\":\n  \n  -- depends_on: {{ "
            "ref('base') }}");
  EXPECT_EQ(message("nope"),
            "Compilation Error in model nope (models/nope.sql)\n  No materialization 'nope' was found for adapter "
            "duckdb! (searched types 'default' and 'duckdb')");
  EXPECT_TRUE(
      message("undef").starts_with("Compilation Error in model undef (models/undef.sql)\n  'nothing' is undefined"))
      << message("undef");
  EXPECT_EQ(PlaceOf(project, built.at("model.shop.raise")), "macros/m.sql:3:22");
  EXPECT_EQ(built.at("model.shop.raise").result.compiled, false);
}

TEST(Runner, LeavesOtherRowsAloneWhenItFails) {
  ProjectFixture project(Files{{"models/a.sql", "{{ config(materialized='table') }} select {{ var('v', 1) }} as id"}});
  project.Build();
  const BuildResult failed = project.Build({.vars = "v: nosuch"});
  EXPECT_EQ(failed.at("model.shop.a").result.status, "error");
  EXPECT_EQ(project.Rows("select id from a"), (Table{{"1"}}));
  project.Write("models/a.sql", "{{ config(materialized='table', post_hook='select broken') }} select 2 as id");
  EXPECT_EQ(project.Build().at("model.shop.a").result.status, "error") << "a hook in the transaction undoes it all";
  EXPECT_EQ(project.Rows("select id from a"), (Table{{"1"}}));
  project.Write("models/a.sql", "{{ config(materialized='table') }} select 3 as id");
  EXPECT_EQ(project.Build().at("model.shop.a").result.status, "success");
  EXPECT_EQ(project.Rows("select id from a"), (Table{{"3"}}));
}

TEST(Runner, KeepsDescriptions) {
  ProjectFixture project(Files{
      {"models/a.sql",
       "{{ config(materialized='table', persist_docs={'relation': true, 'columns': true}) }} select 1 as id"},
      {"models/schema.yml",
       "models:\n  - name: a\n    description: it's a table\n    columns: [{name: id, description: the key}]\n"},
  });
  EXPECT_EQ(project.Build().at("model.shop.a").result.message, "OK");
  EXPECT_EQ(project.Rows("select comment from duckdb_tables() where table_name = 'a'"), (Table{{"it's a table"}}));
  EXPECT_EQ(project.Rows("select comment from duckdb_columns() where table_name = 'a'"), (Table{{"the key"}}));
}

TEST(Runner, RemembersWhatBecameOfNodes) {
  ProjectFixture project(
      Files{{"models/a.sql", "{{ config(materialized='ephemeral') }}select 1 as id"},
            {"models/b.sql", "select * from {{ ref('a') }}{{ late() if execute }}"},
            {"models/schema.yml", "models: [{name: b, columns: [{name: id, data_tests: [unique]}]}]"},
            {"macros/late.sql",
             "{% macro late() %}{{ inner() }}{% endmacro %}"
             "{% macro inner() %} where true{% endmacro %}"}});
  project.WithRunner({}, [&](NodeRunner& runner, const project::Manifest& manifest, Worker& worker) {
    const auto macros = [&](const project::RenderedNode& node) {
      std::string names;
      for (const project::MacroId id : node.macros) names += manifest.macros().at(id).name + " ";
      return names;
    };
    const graph::NodeId b = manifest.Find("model.shop.b")->id;
    ASSERT_TRUE(runner.Prepare(std::span(&b, 1), worker).ok());
    EXPECT_EQ(runner.Run(b, worker).result.status, "success");
    const project::RenderedNode& model = runner.rendered().at(b);
    EXPECT_EQ(model.code, "with __dbt__cte__a as (\nselect 1 as id\n) select * from __dbt__cte__a where true");
    EXPECT_EQ(model.ctes.at(0).unique_id, "model.shop.a");
    EXPECT_EQ(model.ctes.at(0).sql, " __dbt__cte__a as (\nselect 1 as id\n)");
    EXPECT_TRUE(model.has_ctes);
    EXPECT_EQ(model.compiled_path, "target/compiled/shop/models/b.sql");
    EXPECT_EQ(model.build_path, "target/run/shop/models/b.sql");
    EXPECT_EQ(macros(model), "late ");
    EXPECT_EQ(runner.rendered().at(manifest.Find("model.shop.a")->id).code, "select 1 as id");
    for (const project::Node& node : manifest.nodes()) {
      if (!node.test) continue;
      EXPECT_EQ(runner.Run(node.id, worker).result.status, "pass");
      EXPECT_EQ(macros(runner.rendered().at(node.id)),
                "get_where_subquery get_limit_subquery_sql should_store_failures statement ");
    }
  });
}

TEST(Runner, ShowsAndCompilesWhatIsNoNode) {
  ProjectFixture project(Files{{"models/a.sql", "select unnest([1, 2, 3]) as id"}, {"seeds/s.csv", "x\n1\n2\n"}});
  project.Build();
  project.WithRunner({}, [&](NodeRunner& runner, const project::Manifest& manifest, Worker& worker) {
    const auto query = *runner.ParseInline("select * from {{ ref('a') }}");
    const auto compiled = runner.CompileInline(*query, worker);
    ASSERT_TRUE(compiled.ok()) << compiled.error().front().message;
    EXPECT_EQ(compiled->sql, "select * from \"shop\".\"main\".\"a\"");
    const auto shown =
        runner.ShowInline(**runner.ParseInline("select id + 1 as n from {{ ref('a') }} order by 1"), 2, worker);
    ASSERT_TRUE(shown.ok()) << shown.error().front().message;
    EXPECT_EQ(shown->columns[0].name, "n");
    EXPECT_EQ(shown->rows.size(), 2u);
    const auto all = runner.Show(manifest.Find("model.shop.a")->id, std::nullopt, worker);
    ASSERT_TRUE(all.ok()) << all.error().front().message;
    EXPECT_EQ(all->rows.size(), 3u);
    const auto seed = runner.Show(manifest.Find("seed.shop.s")->id, 1, worker);
    ASSERT_TRUE(seed.ok()) << seed.error().front().message;
    EXPECT_EQ(seed->rows.size(), 1u);
    EXPECT_FALSE(runner.ShowInline(**runner.ParseInline("select nosuch"), 5, worker).ok());
  });
}

TEST(Runner, GivesEmptyInputsWhenAsked) {
  ProjectFixture project(Files{{"models/a.sql", "select 1 as id"},
                               {"models/b.sql", "{{ config(materialized='table') }}select * from {{ ref('a') }}"}});
  const BuildResult built = project.Build({.empty = true});
  EXPECT_EQ(built.at("model.shop.b").result.compiled_code,
            "select * from (select * from \"shop\".\"main\".\"a\" where false limit 0)");
  EXPECT_EQ(project.Rows("select count(*) from b"), (Table{{"0"}}));
}

TEST(Runner, CommentsItsStatements) {
  ProjectFixture project(Files{{"models/a.sql", "select 1 as id"}});
  const auto create = [](const BuildResult& built) {
    for (const std::string& message : built.messages)
      if (message.find("create view") != std::string::npos) return message;
    return std::string();
  };
  const std::string json =
      R"({"app": "dbt", "dbt_version": "1.12.6", "profile_name": "shop", "target_name": "dev", "node_id": "model.shop.a"})";
  EXPECT_TRUE(create(project.Build()).starts_with("On model.shop.a: /* " + json + " */\n")) << create(project.Build());
  const std::string mine = create(project.Build({.query_comment = {"by {{ node.name }} on {{ target.name }}", false}}));
  EXPECT_TRUE(mine.starts_with("On model.shop.a: /* by a on dev */\n")) << mine;
  EXPECT_EQ(create(project.Build({.query_comment = {"", false}})).find("/*"), std::string::npos);
  const std::string behind = create(project.Build({.query_comment = {"x", true}}));
  EXPECT_TRUE(behind.ends_with("\n/* x */;")) << behind;
}

TEST(Runner, CallsMacrosThatAskTheEngine) {
  ProjectFixture project(Files{
      {"models/a.sql",
       "{% if execute %}{% set found = run_query('select 1 as x, 2.5 as y union all select 3, null order by 1') %}"
       "select {{ found.columns[0].values() | join('+') }} as total, {{ found.rows[0]['y'] }} as y, '{{ "
       "found.column_names | join }}' as names{% endif %}"},
      {"models/b.sql",
       "{% set relation = adapter.get_relation(this.database, this.schema, 'a') %}"
       "select {% for column in adapter.get_columns_in_relation(relation) %}'{{ column.name }} {{ column.data_type }}' "
       "as c{{ loop.index }}, {% endfor %}1 as one -- {{ ref('a') }}"},
      {"macros/op.sql",
       "{% macro make(name) %}{% do run_query('create table ' ~ name ~ ' as select 5 as id') %}{{ return(name) }}{% "
       "endmacro %}"},
  });
  const BuildResult built = project.Build();
  EXPECT_EQ(built.at("model.shop.a").result.compiled_code, "select 1+3 as total, 2.5 as y, 'xy' as names")
      << built.at("model.shop.a").result.message;
  EXPECT_EQ(built.at("model.shop.b").result.status, "success") << built.at("model.shop.b").result.message;
  EXPECT_EQ(project.Rows("select c1, c3 from b"), (Table{{"total INTEGER", "names character varying(256)"}}));
  project.WithRunner({}, [&](NodeRunner& runner, const project::Manifest&, Worker& worker) {
    const auto result = runner.CallMacro("make", {{"name", jinja::Value::String("made")}}, worker);
    ASSERT_TRUE(result.ok()) << result.error().front().message;
    EXPECT_EQ(result->AsString(), "made");
    EXPECT_FALSE(runner.CallMacro("no_such_macro", {}, worker).ok());
  });
  EXPECT_EQ(project.Rows("select id from made"), (Table{{"5"}}));
}

}  // namespace
}  // namespace stir::runtime
