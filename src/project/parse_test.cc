#include "project/parse.h"

#include <gtest/gtest.h>

#include "project/testing/memory_project.h"

namespace stir::project {
namespace {

std::vector<std::string_view> Parents(const Manifest& manifest, std::string_view unique_id) {
  std::vector<std::string_view> parents;
  for (graph::NodeId id : manifest.Find(unique_id)->depends_on) parents.push_back(manifest.node(id).unique_id);
  return parents;
}

TEST(Parse, ASmallProject) {
  MemoryProject project;
  project.File("models/staging/orders.sql",
               "  \n{# a comment #}\nselect * from {{ source('raw', 'orders') }} -- {{ ref('codes') }}\n\n");
  project.File("models/mart.sql",
               "{% for x in ['orders'] %}select * from {{ ref(x) }}{% endfor %} {{ ref('shop', 'orders') }}");
  project.File("models/p.yml", R"x(
models:
  - name: mart
    description: "all {{ doc('about') }}"
    columns: [{name: id, description: the key, data_type: int, quote: true, note: mine}]
sources: [{name: raw, schema: landing, tables: [{name: orders, identifier: ORDERS}]}]
exposures: [{name: board, type: dashboard, owner: {name: ann}, depends_on: ["ref('mart')"]}]
)x");
  project.File("models/d.md", "{% docs about %}\n the orders \n{% enddocs %}");
  project.File("seeds/codes.csv", "id\r\n1\r\n")
      .File("analyses/a.sql", "select 1")
      .File("tests/t.sql", "select * from {{ ref('mart') }}");
  const Manifest& manifest = project.Manifested();

  const Node& orders = *manifest.Find("model.shop.orders");
  EXPECT_EQ(orders.raw_code, "{# a comment #}\nselect * from {{ source('raw', 'orders') }} -- {{ ref('codes') }}");
  EXPECT_EQ(orders.fqn, (std::vector<Text>{"shop", "staging", "orders"}));
  EXPECT_EQ(orders.path, "staging/orders.sql");
  EXPECT_EQ(orders.original_file_path, "models/staging/orders.sql");
  EXPECT_EQ(orders.relation_name, "\"shop\".\"main\".\"orders\"");
  EXPECT_EQ(Parents(manifest, "model.shop.orders"),
            (std::vector<std::string_view>{"source.shop.raw.orders", "seed.shop.codes"}));
  EXPECT_EQ(Parents(manifest, "model.shop.mart"), std::vector<std::string_view>{"model.shop.orders"});
  EXPECT_EQ(Parents(manifest, "exposure.shop.board"), std::vector<std::string_view>{"model.shop.mart"});
  const Node& mart = *manifest.Find("model.shop.mart");
  EXPECT_EQ(mart.description, "all the orders");
  EXPECT_EQ(mart.doc_blocks, std::vector<Text>{"doc.shop.about"});
  EXPECT_EQ(mart.FindColumn("id")->quote, true);
  EXPECT_EQ(mart.patch_path, "shop://models/p.yml");
  EXPECT_EQ(manifest.Find("source.shop.raw.orders")->relation_name, "\"shop\".\"landing\".\"ORDERS\"");
  EXPECT_EQ(manifest.Find("analysis.shop.a")->fqn, (std::vector<Text>{"shop", "analysis", "a"}));
  EXPECT_EQ(manifest.Find("test.shop.t")->test->generic, false);
  EXPECT_EQ(manifest.graph().size(), manifest.nodes().size());
}

TEST(Parse, NothingIsExecuted) {
  MemoryProject project;
  project.File(
      "macros/m.sql",
      R"x({% macro loud() %}{% if execute %}{{ exceptions.raise_compiler_error('ran') }}{% endif %}{% endmacro %})x");
  project.File("models/a.sql", R"x(
{{ loud() }} {{ loud() }} {{ config.get('x') }} {{ this.schema }} {{ this }} {{ adapter.get_relation('a', 'b', 'c') }}
{% set t = run_query('x') %}{{ t.columns[0].values() }} {{ var('missing') }} {{ load_result('x').table.rows | length }}
{{ ref('b').include(database=false) }} {{ undefined_macro().x.y }} {% if target.name == 'dev' %}{{ ref('c') }}{% endif %})x");
  project.File("models/b.sql", "select 1").File("models/c.sql", "select 1");
  const Manifest& manifest = project.Manifested();
  EXPECT_EQ(Parents(manifest, "model.shop.a"), (std::vector<std::string_view>{"model.shop.b", "model.shop.c"}));
  ASSERT_EQ(manifest.Find("model.shop.a")->macros.size(), 1U);
}

TEST(Parse, NamingMacrosOfTheProjectDecide) {
  MemoryProject project;
  project.File("macros/n.sql", R"x(
{% macro generate_schema_name(custom_schema_name, node) %} {{ custom_schema_name or node.resource_type }} {% endmacro %}
{% macro generate_alias_name(custom_alias_name, node) %}{{ node.name | upper }}_{{ node.config.materialized }}{% endmacro %})x");
  project.File("models/a.sql", "select 1").File("models/b.sql", "{{ config(schema='own') }} select 1");
  const Manifest& manifest = project.Manifested();
  EXPECT_EQ(manifest.Find("model.shop.a")->relation_name, "\"shop\".\"model\".\"A_view\"");
  EXPECT_EQ(manifest.Find("model.shop.b")->schema, "own");
}

TEST(Parse, HooksAreNodesInTheirOrder) {
  MemoryProject project;
  project.File("dbt_project.yml",
               "name: shop\nprofile: shop\non-run-start: [select 1, \"{{ ref('a') }}\"]\non-run-end: select 3\n");
  project.File("packages.yml", "packages: [{local: util}]");
  project.File("dbt_packages/util/dbt_project.yml", "name: util\non-run-start: select 0\n");
  project.File("models/a.sql", "select 1");
  const Manifest& manifest = project.Manifested();
  std::vector<std::string_view> order;
  for (graph::NodeId id : manifest.on_run_start()) order.push_back(manifest.node(id).unique_id);
  EXPECT_EQ(order,
            (std::vector<std::string_view>{"operation.shop.shop-on-run-start-0", "operation.shop.shop-on-run-start-1",
                                           "operation.util.util-on-run-start-0"}));
  EXPECT_EQ(manifest.on_run_end().size(), 1U);
  EXPECT_EQ(Parents(manifest, "operation.shop.shop-on-run-start-1"), std::vector<std::string_view>{"model.shop.a"});
}

TEST(Parse, VariablesByPackage) {
  MemoryProject project;
  project.File("dbt_project.yml", "name: shop\nprofile: shop\nvars: {a: 1, util: {b: root}}\n");
  project.File("packages.yml", "packages: [{local: util}]");
  project.File("dbt_packages/util/dbt_project.yml", "name: util\nvars: {a: 2, b: own, c: own}\n");
  project.Vars("{d: 4}");
  const Manifest& manifest = project.Manifested();
  auto text = [&](std::string_view package, std::string_view name) {
    const jinja::Value* value = manifest.FindVar(package, name);
    return value ? *value->Str() : "(none)";
  };
  EXPECT_EQ(text("util", "a") + text("util", "b") + text("util", "c") + text("util", "d"), "1rootown4");
  EXPECT_EQ(text("shop", "b"), "(none)");
}

TEST(Parse, TestsOfWhatIsDisabledOrMissingAreLeftOut) {
  MemoryProject project;
  project.File("models/off.sql", "{{ config(enabled=false) }} select 1").File("models/on.sql", "select 1");
  project.File("models/p.yml",
               "models: [{name: 'off', columns: [{name: id, data_tests: [unique]}]}, {name: gone, data_tests: [t]}]");
  project.File("macros/t.sql", "{% test unique(model) %}{% endtest %}{% test t(model) %}{% endtest %}");
  project.File("tests/s.sql", "select * from {{ ref('off') }}");
  const Manifest& manifest = project.Manifested();
  EXPECT_EQ(manifest.nodes().size(), 1U);
  EXPECT_EQ(manifest.disabled().size(), 4U);
  const std::string warnings = project.Warnings();
  EXPECT_NE(warnings.find("properties of `gone`, but no such model"), std::string::npos) << warnings;
  EXPECT_NE(warnings.find("model `gone` not found: test `t_gone_` is left out"), std::string::npos) << warnings;
}

TEST(Parse, NamesThatYamlTakesForSomethingElse) {
  MemoryProject project;
  project.File("models/a.sql", "select 1");
  project.File("models/p.yml", "models: [{name: off}, {name: a, columns: [{name: 5}]}]");
  EXPECT_EQ(project.Errors(),
            R"x(models/p.yml:1:17: error[wrong-type]: `name` of model `off` must be a text, not a boolean
  1 | models: [{name: off}, {name: a, columns: [{name: 5}]}]
    |                 ^^^
  hint: YAML takes it for something else: write "off"
models/p.yml:1:50: error[wrong-type]: `name` of a column of model `a` must be a text, not a number
  1 | models: [{name: off}, {name: a, columns: [{name: 5}]}]
    |                                                  ^
  hint: YAML takes it for something else: write "5"
)x");
}

TEST(Parse, ReferencesThatLeadNowhere) {
  MemoryProject project;
  project.File("models/a.sql", "select * from {{ ref('order') }}")
      .File("models/orders.sql", "select * from {{ source('raw', 'peeple') }}");
  project.File("models/b.sql", "select * from {{ ref('off') }}")
      .File("models/off.sql", "{{ config(enabled=false) }} select 1");
  project.File("models/p.yml", "sources: [{name: raw, tables: [{name: people}]}]");
  EXPECT_EQ(project.Errors(), R"x(models/a.sql:1:18: error[ref-not-found]: model `order` not found
  1 | select * from {{ ref('order') }}
    |                  ^^^^^^^^^^^^
  hint: did you mean `orders`?
models/b.sql:1:18: error[ref-disabled]: model `off` is disabled
  1 | select * from {{ ref('off') }}
    |                  ^^^^^^^^^^
  hint: enable it in models/off.sql, or remove the reference
models/orders.sql:1:18: error[source-not-found]: source `raw.peeple` not found
  1 | select * from {{ source('raw', 'peeple') }}
    |                  ^^^^^^^^^^^^^^^^^^^^^^^
  hint: did you mean `raw.people`?
)x");
}

TEST(Parse, ACycleIsPrintedWhole) {
  MemoryProject project;
  project.File("models/a.sql", "{{ ref('b') }}")
      .File("models/b.sql", "{{ ref('c') }}")
      .File("models/c.sql", "{{ ref('a') }}");
  EXPECT_EQ(project.Errors(),
            R"x(models/a.sql:1:4: error[cycle]: these nodes depend on each other in a circle: `a` -> `c` -> `b` -> `a`
  1 | {{ ref('b') }}
    |    ^^^^^^^^
  --> models/c.sql:1:4
  1 | {{ ref('a') }}
    |    -------- `c` needs `a`
  --> models/b.sql:1:4
  1 | {{ ref('c') }}
    |    -------- `b` needs `c`
  hint: remove one of these references
)x");
}

TEST(Parse, TwoNodesOfOneName) {
  MemoryProject project;
  project.File("models/x/a.sql", "select 1")
      .File("models/y/a.sql", "select 2")
      .File("models/b.sql", "{{ config(alias='a') }} select 3");
  const std::string errors = project.Errors();
  EXPECT_NE(errors.find("error[duplicate-name]: two resources have the name `a`: models/x/a.sql and models/y/a.sql"),
            std::string::npos)
      << errors;
  EXPECT_NE(
      errors.find("error[ambiguous-relation]: model `b` and model `a` both make the relation \"shop\".\"main\".\"a\""),
      std::string::npos)
      << errors;
}

TEST(Parse, ErrorsInMacrosShowTheWholeStack) {
  MemoryProject project;
  project.File("macros/m.sql",
               "{% macro outer(x) %}{{ inner(x) }}{% endmacro %}\n"
               "{% macro inner(x) %}{{ exceptions.raise_compiler_error('bad ' ~ x) }}{% endmacro %}");
  project.File("models/a.sql", "select {{ outer(1) }}");
  EXPECT_EQ(project.Errors(), R"x(macros/m.sql:2:24: error[raised]: bad 1
  2 | {% macro inner(x) %}{{ exceptions.raise_compiler_error('bad ' ~ x) }}{% endmacro %}
    |                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  in `inner` at macros/m.sql:1:24
  in `outer` at models/a.sql:1:11
)x");
}

TEST(Parse, OneBrokenFileDoesNotHideTheOthers) {
  MemoryProject project;
  project.File("models/a.sql", "select {{ 1 + }}").File("models/b.sql", "{{ ref('a') }} {{ source('raw', 't') }}");
  project.File("models/p.yml", "sources: [{name: raw, tables: [{nam: t}]}]");
  EXPECT_EQ(project.Errors(), R"x(models/a.sql:1:15: error[template-syntax]: unexpected 'end of print statement'
  1 | select {{ 1 + }}
    |               ^^
models/p.yml:1:32: error[missing-key]: table of source `raw` has no `name`
  1 | sources: [{name: raw, tables: [{nam: t}]}]
    |                                ^^^^^^^^
)x");
}

TEST(Parse, WrongConfigurationsNameTheLineThatWroteThem) {
  MemoryProject project;
  project.File("dbt_project.yml", "name: shop\nprofile: shop\nmodels: {shop: {+enabled: maybe}}\n");
  project.File("models/a.sql", "{{ config(materialized=3) }} select 1");
  project.File("models/p.yml", "models: [{name: a, config: {meta: [1], tags: {x: 1}}}]");
  EXPECT_EQ(project.Errors(),
            R"x(dbt_project.yml:3:27: error[bad-config]: configuration `enabled` must be true or false, not `'maybe'`
  3 | models: {shop: {+enabled: maybe}}
    |                           ^^^^^
models/a.sql:1:4: error[bad-config]: configuration `materialized` must be a text, not `3`
  1 | {{ config(materialized=3) }} select 1
    |    ^^^^^^^^^^^^^^^^^^^^^^
models/p.yml:1:35: error[bad-config]: configuration `meta` must be a mapping, not `[1]`
  1 | models: [{name: a, config: {meta: [1], tags: {x: 1}}}]
    |                                   ^^^
models/p.yml:1:46: error[bad-config]: configuration `tags` must be a text or a list of texts, not `{'x': 1}`
  1 | models: [{name: a, config: {meta: [1], tags: {x: 1}}}]
    |                                              ^^^^^^
)x");
}

TEST(Parse, TheProjectFileIsHeldToItsKeys) {
  MemoryProject project;
  project.File("dbt_project.yml", "name: 1shop\nprofile: shop\nmodles: {}\nmodel-paths: {a: b}\n");
  EXPECT_EQ(project.Errors(), R"x(dbt_project.yml:1:7: error[bad-project-file]: `1shop` is no name for a project
  1 | name: 1shop
    |       ^^^^^
  hint: use letters, digits and underscores, and no digit first
dbt_project.yml:3:1: error[unknown-key]: unknown key `modles` in dbt_project.yml
  3 | modles: {}
    | ^^^^^^
  hint: did you mean `models`?
dbt_project.yml:4:14: error[wrong-type]: `model-paths` of dbt_project.yml must be a list of texts, not a mapping
  4 | model-paths: {a: b}
    |              ^^^^^^
)x");
}

TEST(Parse, PackagesMustBeInstalled) {
  MemoryProject project;
  project.File("packages.yml", "packages: [{package: dbt-labs/dbt_utils, version: 1.0.0}]");
  EXPECT_NE(
      project.Errors().find("error[packages-not-installed]: the project asks for 1 packages, but 0 are installed"),
      std::string::npos);
}

TEST(Parse, WarningsOfAnUntidyProject) {
  MemoryProject project;
  project.File("dbt_project.yml", "name: shop\nprofile: shop\nmodels: {shop: {old: {+tags: x}}}\n");
  project.File("models/a.sql", "select 1");
  project.File("models/p.yml", "models: [{name: a, descripton: x}, {name: b}]\nseeds: [{name: a}]\nmodel: []\n");
  EXPECT_EQ(
      project.Warnings(),
      R"x(dbt_project.yml:3:17: warning[unused-config-path]: configuration path `models.shop.old` applies to nothing
  3 | models: {shop: {old: {+tags: x}}}
    |                 ^^^
models/p.yml:1:20: warning[unknown-key]: unknown key `descripton` in model `a`
  1 | models: [{name: a, descripton: x}, {name: b}]
    |                    ^^^^^^^^^^
  hint: did you mean `description`?
models/p.yml:1:43: warning[patch-without-node]: properties of `b`, but no such model
  1 | models: [{name: a, descripton: x}, {name: b}]
    |                                           ^
models/p.yml:2:16: warning[patch-without-node]: `a` belongs to `models`, not to `seeds`
  2 | seeds: [{name: a}]
    |                ^
  hint: move it to `models:`
models/p.yml:3:1: warning[unknown-key]: unknown key `model` in this file
  3 | model: []
    | ^^^^^
  hint: did you mean `models`?
)x");
}

TEST(Parse, WhatIsNotBuiltSaysSo) {
  MemoryProject project;
  project.File("models/p.py", "def model(dbt, session): pass").File("functions/f.js", "return 1");
  const std::string errors = project.Errors();
  EXPECT_NE(errors.find("models in Python are not supported"), std::string::npos);
  EXPECT_NE(errors.find("functions in JavaScript are not supported"), std::string::npos);
}

TEST(Parse, TheResultDoesNotDependOnThreads) {
  MemoryProject project;
  for (int i = 0; i < 300; ++i) {
    const std::string name = "m" + std::to_string(i);
    project.File("models/" + name + ".sql",
                 i == 0 ? "select 1" : "select * from {{ ref('m" + std::to_string(i / 2) + "') }}");
  }
  const Result<ParsedProject> first = project.Parse(), second = project.Parse();
  ASSERT_TRUE(first.ok() && second.ok());
  ASSERT_EQ(first->manifest->nodes().size(), second->manifest->nodes().size());
  for (size_t i = 0; i < first->manifest->nodes().size(); ++i) {
    EXPECT_EQ(first->manifest->nodes()[i].unique_id, second->manifest->nodes()[i].unique_id);
    EXPECT_EQ(first->manifest->nodes()[i].depends_on, second->manifest->nodes()[i].depends_on);
  }
}

}  // namespace
}  // namespace stir::project
