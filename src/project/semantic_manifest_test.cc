// What MetricFlow reads: semantic models, metrics and saved queries with every key that it knows. Each text is what dbt
// writes for the same project.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "project/artifacts.h"
#include "project/testing/memory_project.h"

namespace stir::project {
namespace {

TEST(SemanticManifest, IsEmptyButForItsVersionWithoutASemanticLayer) {
  MemoryProject project;
  project.File("models/a.sql", "select 1 as id");
  EXPECT_EQ(
      WriteSemanticManifest(project.Manifested()),
      R"json({"semantic_models":[],"metrics":[],"project_configuration":{"time_spine_table_configurations":[],"metadata":null,)json"
      R"json("dsi_package_version":{"major_version":"0","minor_version":"213","patch_version":"0"},"time_spines":[]},)json"
      R"json("saved_queries":[]})json");
}

TEST(SemanticManifest, HasEveryKeyOfEveryPart) {
  MemoryProject project;
  project.File("models/orders.sql", "select 1 as order_id").File("models/days.sql", "select 1 as day");
  project.File("models/schema.yml", R"yaml(
models:
  - name: days
    time_spine: {standard_granularity_column: day}
    columns: [{name: day, granularity: day}]
semantic_models:
  - name: orders
    model: ref('orders')
    defaults: {agg_time_dimension: ordered_at}
    entities: [{name: order_id, type: primary}]
    dimensions:
      - {name: ordered_at, type: time, type_params: {time_granularity: day}}
    measures: [{name: revenue, agg: sum, expr: amount}]
metrics:
  - {name: revenue, label: Revenue, type: simple, type_params: {measure: revenue}}
saved_queries:
  - name: by_day
    query_params: {metrics: [revenue], group_by: ["TimeDimension('order_id__ordered_at', 'day')"]}
)yaml");
  const Json written = Json::parse(WriteSemanticManifest(project.Manifested()));
  EXPECT_EQ(
      written["semantic_models"][0].dump(),
      R"json({"name":"orders","defaults":{"agg_time_dimension":"ordered_at"},"description":null,"node_relatio)json"
      R"json(n":{"alias":"orders","schema_name":"main","database":"shop","relation_name":"\"shop\".\"main\".\)json"
      R"json("orders\""},"primary_entity":null,"entities":[{"name":"order_id","description":null,"type":"prim)json"
      R"json(ary","role":null,"expr":null,"metadata":null,"label":null,"config":{"meta":{}}}],"measures":[{"n)json"
      R"json(ame":"revenue","agg":"sum","description":null,"create_metric":false,"expr":"amount","agg_params")json"
      R"json(:null,"metadata":null,"non_additive_dimension":null,"agg_time_dimension":null,"label":null,"conf)json"
      R"json(ig":{"meta":{}}}],"dimensions":[{"name":"ordered_at","description":null,"type":"time","datatype")json"
      R"json(:null,"is_partition":false,"type_params":{"time_granularity":"day","validity_params":null},"expr)json"
      R"json(":null,"metadata":null,"label":null,"config":{"meta":{}}}],"label":null,"metadata":null,"config")json"
      R"json(:{"meta":{}}})json");
  EXPECT_EQ(
      written["metrics"][0].dump(),
      R"json({"name":"revenue","description":"","type":"simple","datatype":null,"type_params":{"measure":{"na)json"
      R"json(me":"revenue","filter":null,"alias":null,"join_to_timespine":false,"fill_nulls_with":null},"nume)json"
      R"json(rator":null,"denominator":null,"expr":null,"window":null,"grain_to_date":null,"metrics":[],"conv)json"
      R"json(ersion_type_params":null,"cumulative_type_params":null,"input_measures":[{"name":"revenue","filt)json"
      R"json(er":null,"alias":null,"join_to_timespine":false,"fill_nulls_with":null}],"metric_aggregation_par)json"
      R"json(ams":null,"join_to_timespine":false,"fill_nulls_with":null,"is_private":null},"filter":null,"met)json"
      R"json(adata":null,"label":"Revenue","config":{"meta":{}},"time_granularity":null})json");
  EXPECT_EQ(
      written["project_configuration"]["time_spines"].dump(),
      R"json([{"node_relation":{"alias":"days","schema_name":"main","database":"shop","relation_name":"\"shop)json"
      R"json(\".\"main\".\"days\""},"primary_column":{"name":"day","time_granularity":"day"},"custom_granular)json"
      R"json(ities":[]}])json");
  EXPECT_EQ(
      written["saved_queries"][0].dump(),
      R"json({"name":"by_day","query_params":{"metrics":["revenue"],"group_by":["TimeDimension('order_id__ord)json"
      R"json(ered_at', 'day')"],"order_by":[],"limit":null,"where":null},"description":null,"metadata":null,")json"
      R"json(label":null,"exports":[],"tags":[]})json");
}

}  // namespace
}  // namespace stir::project
