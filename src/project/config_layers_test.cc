#include "project/config_layers.h"

#include <gtest/gtest.h>

#include "project/testing/memory_project.h"

namespace stir::project {
namespace {

std::string Repr(const jinja::Value& value) {
  const Result<std::string> text = value.Repr();
  return text.ok() ? *text : "?";
}

std::string ConfigOf(const Manifest& manifest, std::string_view unique_id, std::string_view key) {
  const Node* node = manifest.Find(unique_id);
  return node ? Repr(node->config->Get(key)) : "no node";
}

// Every layer speaks about every kind of merge.
TEST(ConfigLayers, MergeAsDbtDoes) {
  MemoryProject project;
  project.File("dbt_project.yml", R"(
name: shop
profile: shop
models:
  shop:
    +tags: outer
    +meta: {a: 1, b: 1}
    +grants: {select: [x]}
    +materialized: table
    +pre-hook: select 1
    marts:
      +tags: [inner]
      +grants: {+select: [y], insert: z}
      schema: deep
)");
  project.File("models/marts/m.sql",
               "{{ config(tags=['file', 'outer'], meta={'b': 3}, pre_hook=['select 3']) }}"
               "{{ config(tags='more') }} select 1");
  project.File("models/m.yml",
               "models: [{name: m, config: {tags: props, meta: {b: 2, c: 2}, materialized: view, own: [1]}}]");
  const Manifest& manifest = project.Manifested();
  const std::string id = "model.shop.m";
  EXPECT_EQ(ConfigOf(manifest, id, "tags"), "['outer', 'inner', 'props', 'file', 'outer', 'more']");
  EXPECT_EQ(ConfigOf(manifest, id, "meta"), "{'a': 1, 'b': 3, 'c': 2}");
  EXPECT_EQ(ConfigOf(manifest, id, "grants"), "{'select': ['x', 'y'], 'insert': ['z']}");
  EXPECT_EQ(ConfigOf(manifest, id, "materialized"), "'view'");
  EXPECT_EQ(ConfigOf(manifest, id, "schema"), "'deep'");
  EXPECT_EQ(ConfigOf(manifest, id, "own"), "[1]");
  EXPECT_EQ(ConfigOf(manifest, id, "on_schema_change"), "'ignore'");
  EXPECT_EQ(ConfigOf(manifest, id, "pre-hook"),
            "[{'sql': 'select 1', 'transaction': True, 'index': None}, "
            "{'sql': 'select 3', 'transaction': True, 'index': None}]");
  const Node& node = *manifest.Find(id);
  EXPECT_EQ(node.tags, (std::vector<Text>{"outer", "inner", "file", "more", "props"}));
  EXPECT_EQ(node.config->Find("materialized")->layer, ConfigLayer::kProperties);
  EXPECT_EQ(node.config->Find("meta")->layer, ConfigLayer::kInFile);
  EXPECT_EQ(manifest.sources().Name(node.config->Where("schema").source), "dbt_project.yml");
  EXPECT_EQ(node.relation_name, "\"shop\".\"main_deep\".\"m\"");
  ASSERT_EQ(node.config->pre_hooks.size(), 2U);
}

TEST(ConfigLayers, TheRootProjectHasTheLastWordOnPackages) {
  MemoryProject project;
  project.File("dbt_project.yml", "name: shop\nprofile: shop\nmodels: {util: {+materialized: view, +tags: root}}\n");
  project.File("packages.yml", "packages: [{local: util}]");
  project.File("dbt_packages/util/dbt_project.yml", "name: util\nmodels: {util: {+materialized: table, +tags: own}}\n");
  project.File("dbt_packages/util/models/u.sql", "{{ config(materialized='incremental', tags='file') }} select 1");
  const Manifest& manifest = project.Manifested();
  EXPECT_EQ(ConfigOf(manifest, "model.util.u", "materialized"), "'view'");
  EXPECT_EQ(ConfigOf(manifest, "model.util.u", "tags"), "['own', 'file', 'root']");
  EXPECT_EQ(manifest.Find("model.util.u")->config->Find("materialized")->layer, ConfigLayer::kRootProject);
}

TEST(ConfigLayers, NodesWithoutLayersOfTheirOwnShareOne) {
  MemoryProject project;
  project.File("models/a.sql", "select 1").File("models/b.sql", "select 2");
  const Manifest& manifest = project.Manifested();
  EXPECT_EQ(manifest.Find("model.shop.a")->config, manifest.Find("model.shop.b")->config);
}

TEST(ConfigLayers, StoreFailuresAsDecides) {
  MemoryProject project;
  project.File("tests/a.sql", "{{ config(store_failures_as='view') }} select 1");
  project.File("tests/b.sql", "{{ config(store_failures=true) }} select 1");
  project.File("tests/c.sql", "{{ config(store_failures=true, store_failures_as='ephemeral') }} select 1");
  const Manifest& manifest = project.Manifested();
  EXPECT_EQ(manifest.Find("test.shop.a")->config->store_failures, true);
  EXPECT_EQ(manifest.Find("test.shop.a")->relation_name, "\"shop\".\"main_dbt_test__audit\".\"a\"");
  EXPECT_EQ(manifest.Find("test.shop.b")->config->store_failures_as, "table");
  EXPECT_EQ(manifest.Find("test.shop.c")->config->store_failures, false);
  EXPECT_EQ(manifest.Find("test.shop.c")->relation_name, "");
}

TEST(ConfigLayers, RenderedWhereDbtRenders) {
  MemoryProject project;
  project.Vars("{use: true}").Variable("OWNER", "finance");
  project.File("dbt_project.yml", R"(
name: shop
profile: shop
models:
  shop:
    +enabled: "{{ var('use') }}"
    +meta: {owner: "{{ env_var('OWNER') }}", target: "{{ target.name }}"}
    +post-hook: "select '{{ this }}'"
)");
  project.File("models/a.sql", "select 1");
  const Manifest& manifest = project.Manifested();
  EXPECT_EQ(ConfigOf(manifest, "model.shop.a", "enabled"), "True");
  EXPECT_EQ(ConfigOf(manifest, "model.shop.a", "meta"), "{'owner': 'finance', 'target': 'dev'}");
  EXPECT_EQ(manifest.Find("model.shop.a")->config->post_hooks[0].sql, "select '{{ this }}'");
  EXPECT_EQ(
      Repr(manifest.Find("model.shop.a")->unrendered_config),
      "{'enabled': \"{{ var('use') }}\", 'meta': {'owner': \"{{ env_var('OWNER') }}\", 'target': '{{ target.name }}'}, "
      "'post-hook': \"select '{{ this }}'\"}");
}

}  // namespace
}  // namespace stir::project
