// Snapshots, versions, contracts, unit tests, functions and the semantic layer: what properties make of nodes. Ids,
// names and checksums are those that dbt gives to the same project.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "project/artifacts.h"
#include "project/testing/memory_project.h"

namespace stir::project {
namespace {

Json Written(MemoryProject& project) { return Json::parse(WriteManifest(project.Manifested(), {{}, "id", {}})); }

TEST(Snapshots, EachBlockIsANode) {
  MemoryProject project;
  project.File("models/stg.sql", "select 1 as id");
  project.File(
      "snapshots/deep/two.sql",
      "{% snapshot a %}\n{{ config(unique_key='id', strategy='check', check_cols='all', target_schema='s') }}\n"
      "select * from {{ ref('stg') }}\n{% endsnapshot %}\n"
      "{% snapshot b %}{{ config(unique_key=['id'], strategy='timestamp', updated_at='at') }}select 1{% "
      "endsnapshot %}");
  const Json nodes = Written(project)["nodes"];
  const Json& a = nodes["snapshot.shop.a"];
  EXPECT_EQ(a["fqn"].dump(), R"(["shop","deep","two","a"])");
  EXPECT_EQ(a["path"], "deep/two.sql");
  EXPECT_EQ(a["schema"], "s");
  EXPECT_EQ(a["raw_code"].get<std::string>().front(), '\n');
  EXPECT_EQ(a["depends_on"]["nodes"].dump(), R"(["model.shop.stg"])");
  EXPECT_EQ(a["config"]["snapshot_meta_column_names"]["dbt_valid_to"], nullptr);
  EXPECT_EQ(nodes["snapshot.shop.b"]["config"]["unique_key"].dump(), R"(["id"])");
}

TEST(Snapshots, OfPropertiesAlone) {
  MemoryProject project;
  project.File("models/stg.sql", "select 1 as id").File("snapshots/y.yml", R"(
snapshots:
  - name: y
    relation: ref('stg')
    config: {unique_key: id, strategy: check, check_cols: [name], snapshot_meta_column_names: {dbt_valid_to: until}}
    columns: [{name: id, data_tests: [not_null]}]
)");
  project.Builtin("default/t.sql", "{% test not_null(model, column_name) %}select 1{% endtest %}");
  const Json json = Written(project);
  const Json& y = json["nodes"]["snapshot.shop.y"];
  EXPECT_EQ(y["raw_code"], "select * from {{ ref('stg') }}");
  EXPECT_EQ(y["original_file_path"], "snapshots/y.yml");
  EXPECT_EQ(y["patch_path"], "shop://snapshots/y.yml");
  EXPECT_EQ(y["config"]["snapshot_meta_column_names"]["dbt_valid_to"], "until");
  EXPECT_EQ(y["unrendered_config"]["check_cols"].dump(), R"(["name","name"])");  // as dbt joins them
  EXPECT_EQ(json["child_map"]["snapshot.shop.y"].size(), 1u);
}

constexpr std::string_view kVersions = R"(
models:
  - name: cust
    config: {tags: [v], meta: {of: all}}
    columns: [{name: id, data_type: int, data_tests: [unique]}, {name: name}]
    latest_version: 2
    versions:
      - {v: 1, deprecation_date: 2029-01-01 10:00:00}
      - v: 2
        config: {alias: two}
        columns: [{include: all, exclude: [name]}, {name: extra}]
      - {v: 3, defined_in: third}
)";

MemoryProject& WithVersions(MemoryProject& project) {
  project.File("models/cust_v1.sql", "select 1")
      .File("models/cust.sql", "select 2")
      .File("models/third.sql", "select 3");
  project.Builtin("default/t.sql", "{% test unique(model, column_name) %}select 1{% endtest %}");
  return project.File("models/p.yml", std::string(kVersions));
}

TEST(Versions, AreModelsOfOneName) {
  MemoryProject project;
  WithVersions(project).File("models/uses.sql", "select * from {{ ref('cust') }}, {{ ref('cust', v=1) }}");
  const Json nodes = Written(project)["nodes"];
  const Json& one = nodes["model.shop.cust.v1"];
  EXPECT_EQ(one["fqn"].dump(), R"(["shop","cust","v1"])");
  EXPECT_EQ(one["alias"], "cust_v1");
  EXPECT_EQ(one["version"], 1);
  EXPECT_EQ(one["latest_version"], 2);
  EXPECT_EQ(one["deprecation_date"], "2029-01-01T10:00:00+00:00");
  EXPECT_EQ(one["columns"].size(), 2u);
  const Json& two = nodes["model.shop.cust.v2"];
  EXPECT_EQ(two["path"], "cust.sql");
  EXPECT_EQ(two["alias"], "two");
  EXPECT_EQ(two["columns"].contains("name"), false);
  EXPECT_EQ(two["columns"].contains("extra"), true);
  EXPECT_EQ(nodes["model.shop.cust.v3"]["path"], "third.sql");
  EXPECT_EQ(nodes["model.shop.uses"]["depends_on"]["nodes"].dump(), R"(["model.shop.cust.v2","model.shop.cust.v1"])");
  EXPECT_EQ(nodes["model.shop.uses"]["refs"][1]["version"], 1);
}

TEST(Versions, EachHasItsTests) {
  MemoryProject project;
  const Json nodes = Written(WithVersions(project))["nodes"];
  const Json& test = nodes["test.shop.unique_cust_v1_id.7b4aac18ef"];
  ASSERT_TRUE(test.is_object()) << nodes.dump();
  EXPECT_EQ(test["attached_node"], "model.shop.cust.v1");
  EXPECT_EQ(test["test_metadata"]["kwargs"]["model"], "{{ get_where_subquery(ref('cust', version='1')) }}");
}

TEST(Versions, MistakesAreToldTogether) {
  MemoryProject project;
  project.File("models/m_v1.sql", "select 1").File("models/p.yml", R"(
models:
  - name: m
    latest_version: 3
    versions: [{v: 1}, {v: 1}, {description: none}]
)");
  const std::string errors = project.Errors();
  EXPECT_NE(errors.find("model `m` has version `1` twice"), std::string::npos) << errors;
  EXPECT_NE(errors.find("`latest_version` `3` is none of the versions"), std::string::npos) << errors;
  EXPECT_NE(errors.find("has no `v`"), std::string::npos) << errors;
}

TEST(Contracts, ChecksumIsDbts) {
  MemoryProject project;
  project.File("models/stg.sql", "select 1 as id");
  project.File("models/con.sql", "{{ config(materialized='table') }} select 1 as id").File("models/p.yml", R"yml(
models:
  - name: con
    config: {contract: {enforced: true}}
    constraints:
      - {type: primary_key, columns: [id]}
      - {type: foreign_key, columns: [id], to: "ref('stg')", to_columns: [id]}
    columns:
      - {name: id, data_type: integer, constraints: [{type: not_null}, {type: check, expression: "id > 0"}]}
      - {name: name, data_type: text}
)yml");
  const Json node = Written(project)["nodes"]["model.shop.con"];
  EXPECT_EQ(node["contract"]["checksum"], "1e400ece9888cf20c7e3e080d14208b334c7d17c503b0f061af5b79d2a22aca9");
  EXPECT_EQ(node["primary_key"].dump(), R"(["id"])");
  EXPECT_EQ(node["depends_on"]["nodes"].dump(), R"(["model.shop.stg"])");
}

TEST(UnitTests, RowsAndChecksumAreDbts) {
  MemoryProject project;
  project.File("seeds/sd.csv", "id,name\n1,a\n").File("models/stg.sql", "select * from {{ ref('sd') }}");
  project.File("tests/fixtures/fx.csv", "id,name\n1,\n2,b\n").File("models/u.yml", R"yml(
unit_tests:
  - name: ut_dict
    model: stg
    given: [{input: "ref('sd')", rows: [{id: 1, name: ~}, {id: 2, name: a}]}]
    expect: {rows: [{id: 1, name: a}]}
  - name: from_file
    model: stg
    given: [{input: "ref('sd')", format: csv, fixture: fx}]
    expect: {format: sql, rows: "select 1"}
  - name: from_seed
    model: stg
    given: [{input: "ref('sd')"}]
    expect: {rows: []}
)yml");
  const Json tests = Written(project)["unit_tests"];
  const Json& dict = tests["unit_test.shop.stg.ut_dict"];
  EXPECT_EQ(dict["checksum"], "f1e61c25b70bce7e341619550b799c34ff6cb7008cfe5ea5b2d44829beeca681");
  EXPECT_EQ(dict["fqn"].dump(), R"(["shop","stg","ut_dict"])");
  EXPECT_EQ(dict["given"][0]["rows"][0].dump(),
            R"({"id":2,"name":"a"})");  // the first row without a null comes first
  EXPECT_EQ(dict["depends_on"]["nodes"].dump(), R"(["model.shop.stg"])");
  EXPECT_EQ(tests["unit_test.shop.stg.from_file"]["given"][0]["rows"].dump(),
            R"([{"id":"2","name":"b"},{"id":"1","name":null}])");
  EXPECT_EQ(tests["unit_test.shop.stg.from_seed"]["given"][0]["rows"].dump(), R"([{"id":"1","name":"a"}])");
}

TEST(UnitTests, OneForEachVersion) {
  MemoryProject project;
  WithVersions(project).File("models/u.yml", R"(
unit_tests:
  - {name: all, model: cust, given: [], expect: {rows: []}}
  - {name: some, model: cust, versions: {exclude: [1]}, given: [], expect: {rows: []}}
)");
  const Json tests = Written(project)["unit_tests"];
  EXPECT_EQ(tests.size(), 5u);
  EXPECT_EQ(tests["unit_test.shop.cust.some_v2"]["version"], 2);
  EXPECT_EQ(tests["unit_test.shop.cust.all_v1"]["depends_on"]["nodes"].dump(), R"(["model.shop.cust.v1"])");
}

TEST(Functions, AreWhatTheirCallsDependOn) {
  MemoryProject project;
  project.File("functions/is_pos.sql", "x > 0").File("functions/f.yml", R"(
functions:
  - name: is_pos
    arguments: [{name: x, data_type: int}]
    returns: {data_type: boolean}
)");
  project.File("models/m.sql", "select {{ function('is_pos') }}(1)");
  const Json json = Written(project);
  EXPECT_EQ(json["functions"]["function.shop.is_pos"]["relation_name"], R"("shop"."main"."is_pos")");
  EXPECT_EQ(json["nodes"]["model.shop.m"]["functions"].dump(), R"([["is_pos"]])");
  EXPECT_EQ(json["nodes"]["model.shop.m"]["depends_on"]["nodes"].dump(), R"(["function.shop.is_pos"])");
}

TEST(Semantics, MetricsStandOnModels) {
  MemoryProject project;
  project.File("models/stg.sql", "select 1 as id").File("models/sem.yml", R"(
semantic_models:
  - name: orders
    model: ref('stg')
    entities: [{name: id, type: primary}]
    measures: [{name: cnt, agg: count, expr: 1}, {name: total, agg: sum, create_metric: true}]
metrics:
  - {name: per, label: P, type: ratio, type_params: {numerator: total, denominator: number}}
  - {name: number, label: N, type: simple, type_params: {measure: cnt}, filter: "{{ Dimension('a') }} = 1"}
  - {name: week, label: W, type: cumulative, type_params: {measure: cnt, window: 7 days}}
saved_queries:
  - {name: sq, query_params: {metrics: [per], group_by: []}, exports: [{name: ex, config: {export_as: table}}]}
)");
  const Json json = Written(project);
  const Json& per = json["metrics"]["metric.shop.per"];
  EXPECT_EQ(per["depends_on"]["nodes"].dump(), R"(["metric.shop.total","metric.shop.number"])");
  EXPECT_EQ(per["type_params"]["input_measures"].size(), 2u);
  EXPECT_EQ(json["metrics"]["metric.shop.number"]["filter"]["where_filters"][0]["where_sql_template"],
            "{{ Dimension('a') }} = 1");
  EXPECT_EQ(json["metrics"]["metric.shop.week"]["type_params"]["cumulative_type_params"]["window"].dump(),
            R"({"count":7,"granularity":"day"})");
  EXPECT_EQ(json["semantic_models"]["semantic_model.shop.orders"]["node_relation"]["alias"], "stg");
  EXPECT_EQ(json["saved_queries"]["saved_query.shop.sq"]["depends_on"]["nodes"].dump(), R"(["metric.shop.per"])");
}

TEST(Models, ConfigurationThatDbtNeedNotRenderStandsAsItsValues) {
  MemoryProject project;
  project
      .File("models/a.sql", "{# plain #}{{ config(materialized='table', grants={'select': ['ann']}) }}select 1 as id")
      .File("models/b.sql", "{{ config(meta={'level': 1}, tags=['x']) }}select * from {{ ref('a') }}")
      .File("models/c.sql", "{{ config(tags=['x']) }}{% if true %}{% endif %}select 1");
  const Json nodes = Written(project)["nodes"];
  EXPECT_EQ(nodes["model.shop.a"]["unrendered_config"]["grants"].dump(), R"({"select":["ann"]})");
  EXPECT_EQ(nodes["model.shop.b"]["unrendered_config"]["tags"], "['x']");
  EXPECT_EQ(nodes["model.shop.c"]["unrendered_config"]["tags"], "['x']");
}

TEST(Models, ReferToAnotherAsOftenAsTheySay) {
  MemoryProject project;
  project.File("models/a.sql", "select 1 as id")
      .File("models/b.sql", "select * from {{ ref('a') }} union all select * from {{ ref('a') }}");
  const Json b = Written(project)["nodes"]["model.shop.b"];
  EXPECT_EQ(b["refs"].size(), 2u);
  EXPECT_EQ(b["depends_on"]["nodes"].dump(), R"(["model.shop.a"])");
}

TEST(Models, SeeTheirNamesAsContext) {
  MemoryProject project;
  project.File("macros/m.sql", "{% macro m() %}{{ context.model.name }}{{ context['target'].name }}{% endmacro %}")
      .File("models/a.sql", "select '{{ m() }}' as id -- {{ context is mapping }}");
  EXPECT_EQ(Written(project)["nodes"]["model.shop.a"]["depends_on"]["macros"].dump(), R"(["macro.shop.m"])");
}

}  // namespace
}  // namespace stir::project
