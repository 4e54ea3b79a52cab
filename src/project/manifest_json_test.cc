#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "graph/selector.h"
#include "project/artifacts.h"
#include "project/checksum.h"
#include "project/testing/memory_project.h"

namespace stir::project {
namespace {

struct WrittenProject : MemoryProject {
  WrittenProject() {
    File("models/a.sql", "{{ config(tags=['t'], unique_key='id') }}\nselect * from {{ source('raw', 'events') }}");
    File("models/b.sql", "select * from {{ ref('a') }} {{ m() }}")
        .File("models/off.sql", "{{ config(enabled=false) }} select 1");
    File("macros/m.sql", "{% macro m(x=1) %}{% endmacro %}{% test fine(model, column_name) %}select 1{% endtest %}");
    File("models/p.yml", R"(
models:
  - {name: a, description: "{{ doc('d') }}", config: {meta: {owner: ann}}, columns: [{name: id, data_tests: [fine]}]}
groups: [{name: g, owner: {name: ann}}]
sources:
  - name: raw
    loaded_at_field: at
    freshness: {warn_after: {count: 1, period: day}, error_after: {count: 2, period: day}}
    tables: [{name: events}, {name: other, freshness: null}, {name: strict, freshness: {warn_after: {count: 3, period: hour}}}]
)");
    File("models/d.md", "{% docs d %}text{% enddocs %}").File("seeds/s.csv", "a\n1\n");
  }
  Json Written() { return Json::parse(WriteManifest(Manifested(), {{}, "id", {}})); }
};

std::vector<std::string> Keys(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

TEST(ManifestJson, HasDbtsKeysInItsOrder) {
  WrittenProject project;
  const Json json = project.Written();
  EXPECT_EQ(Keys(json),
            (std::vector<std::string>{"metadata", "nodes", "sources", "macros", "docs", "exposures", "metrics",
                                      "groups", "selectors", "disabled", "parent_map", "child_map", "group_map",
                                      "saved_queries", "semantic_models", "unit_tests", "functions"}));
  EXPECT_EQ(Keys(json["nodes"]["model.shop.a"]), (std::vector<std::string>{"database",
                                                                           "schema",
                                                                           "name",
                                                                           "resource_type",
                                                                           "package_name",
                                                                           "path",
                                                                           "original_file_path",
                                                                           "unique_id",
                                                                           "fqn",
                                                                           "alias",
                                                                           "checksum",
                                                                           "config",
                                                                           "tags",
                                                                           "description",
                                                                           "columns",
                                                                           "meta",
                                                                           "group",
                                                                           "docs",
                                                                           "patch_path",
                                                                           "build_path",
                                                                           "unrendered_config",
                                                                           "created_at",
                                                                           "relation_name",
                                                                           "raw_code",
                                                                           "doc_blocks",
                                                                           "language",
                                                                           "refs",
                                                                           "sources",
                                                                           "metrics",
                                                                           "functions",
                                                                           "depends_on",
                                                                           "compiled_path",
                                                                           "contract",
                                                                           "access",
                                                                           "constraints",
                                                                           "version",
                                                                           "latest_version",
                                                                           "deprecation_date",
                                                                           "primary_key",
                                                                           "time_spine"}));
  EXPECT_EQ(Keys(json["nodes"]["seed.shop.s"]).back(), "depends_on");
}

TEST(ManifestJson, HoldsWhatWasParsed) {
  WrittenProject project;
  const Json json = project.Written();
  const Json& a = json["nodes"]["model.shop.a"];
  EXPECT_EQ(a["config"]["unique_key"], "id");
  EXPECT_EQ(a["config"]["materialized"], "view");
  EXPECT_EQ(a["unrendered_config"].dump(), R"({"meta":{"owner":"ann"},"tags":["t"],"unique_key":"id"})");
  EXPECT_EQ(a["description"], "text");
  EXPECT_EQ(a["sources"].dump(), R"([["raw","events"]])");
  EXPECT_EQ(json["nodes"]["model.shop.b"]["depends_on"].dump(),
            R"({"macros":["macro.shop.m"],"nodes":["model.shop.a"]})");
  EXPECT_EQ(json["parent_map"]["model.shop.b"].dump(), R"(["model.shop.a"])");
  EXPECT_EQ(json["child_map"]["source.shop.raw.events"].dump(), R"(["model.shop.a"])");
  EXPECT_TRUE(json["disabled"].contains("model.shop.off"));
  EXPECT_EQ(json["macros"]["macro.shop.m"]["arguments"][0]["name"], "x");
  EXPECT_EQ(json["groups"]["group.shop.g"]["owner"]["name"], "ann");
}

TEST(ManifestJson, FreshnessIsInheritedAndSwitchedOff) {
  WrittenProject project;
  const Json sources = project.Written()["sources"];
  EXPECT_EQ(sources["source.shop.raw.events"]["freshness"]["error_after"].dump(), R"({"count":2,"period":"day"})");
  EXPECT_TRUE(sources["source.shop.raw.other"]["freshness"].is_null());
  EXPECT_EQ(sources["source.shop.raw.strict"]["freshness"]["warn_after"].dump(), R"({"count":3,"period":"hour"})");
  EXPECT_EQ(sources["source.shop.raw.strict"]["loaded_at_field"], "at");
}

TEST(Checksum, WhiteSpaceDoesNotCount) {
  EXPECT_EQ(TextChecksum(" select\n\t 1\xc2\xa0"), TextChecksum("select 1"));
  EXPECT_NE(TextChecksum("select1"), TextChecksum("select 1"));
  EXPECT_EQ(TextChecksum("select * from {{ ref(\"customers\") }} where false"),
            "c2589b1565536f9c06539bf18afeb1d60b1eebc68ceab528671bec0e95d16b21");
}

TEST(Selection, AsksTheManifest) {
  WrittenProject project;
  const Manifest& manifest = project.Manifested();
  auto select = [&](const char* text) {
    SourceMap texts;
    const Result<graph::Selector> selector = graph::Selector::Parse(texts, texts.Add("--select", text), SourceId{});
    if (!selector.ok()) return std::string("wrong selector");
    const Result<graph::Selection> selection = selector->Evaluate(manifest);
    std::string names;
    if (selection.ok())
      selection->nodes.ForEach([&](graph::NodeId id) { names += std::string(manifest.node(id).name) + " "; });
    return names;
  };
  EXPECT_EQ(select("tag:t"), "a fine_a_id ");
  EXPECT_EQ(select("config.meta.owner:ann"), "a fine_a_id ");
  EXPECT_EQ(select("config.unique_key:id,resource_type:model"), "a fine_a_id ");
  EXPECT_EQ(select("source:raw"), "events other strict ");
  EXPECT_EQ(select("+b,resource_type:model"), "a b fine_a_id ");
  EXPECT_EQ(select("path:models/b.sql"), "b ");
  EXPECT_EQ(select("test_name:fine"), "fine_a_id ");
}

}  // namespace
}  // namespace stir::project
