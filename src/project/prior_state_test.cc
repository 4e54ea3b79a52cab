#include "project/prior_state.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "project/artifacts.h"
#include "project/testing/memory_project.h"

namespace stir::project {
namespace {

// A project before and after an edit.
class State : public ::testing::Test {
 protected:
  static void Base(MemoryProject& project) {
    project.File("macros/m.sql", "{% macro m() %}1{% endmacro %}");
    project.File("models/a.sql", "select 1 as id")
        .File("models/b.sql", "{{ config(tags=['x'], schema=target.name) }} select {{ m() }} from {{ ref('a') }}")
        .File("seeds/s.csv", "id\n1\n");
    project.File("models/p.yml", R"yml(
models:
  - name: a
    description: first
    config: {contract: {enforced: true}}
    columns: [{name: id, data_type: varchar(3)}]
sources: [{name: raw, tables: [{name: t}]}]
exposures: [{name: e, type: dashboard, owner: {name: me}, depends_on: ["ref('a')"]}]
)yml");
  }

  void Remember(MemoryProject& project) {
    prior_.manifest = std::make_shared<const Json>(Json::parse(WriteManifest(project.Manifested(), {{}, "id", {}})));
  }

  std::vector<std::string> Changed(MemoryProject& project, std::string_view change = "modified") {
    const Manifest& manifest = project.Manifested();
    graph::NodeSet nodes(manifest.nodes().size());
    warnings_.clear();
    const Status status = ComparePrior(prior_, manifest)->AddChanged(change, nodes, warnings_);
    if (!status.ok()) return {status.error().front().message};
    std::vector<std::string> names;
    nodes.ForEach([&](graph::NodeId id) { names.emplace_back(manifest.node(id).name); });
    return names;
  }

  using Names = std::vector<std::string>;
  PriorArtifacts prior_;
  Diagnostics warnings_;
};

TEST_F(State, NothingChangedIsNothing) {
  MemoryProject before, now;
  Base(before);
  Base(now);
  Remember(before);
  EXPECT_EQ(Changed(now), Names{});
  EXPECT_EQ(Changed(now, "new"), Names{});
  EXPECT_EQ(Changed(now, "unmodified").size(), now.Manifested().nodes().size());
}

TEST_F(State, EachKindOfChange) {
  MemoryProject before, now;
  Base(before);
  Remember(before);
  Base(now);
  now.File("models/b.sql",
           "{{ config(tags=['y'], materialized='table', schema=target.name) }} select {{ m() }} from {{ ref('a') }}")
      .File("macros/m.sql", "{% macro m() %}2{% endmacro %}")
      .File("seeds/s.csv", "id\n2\n")
      .File("models/c.sql", "select 1");
  EXPECT_EQ(Changed(now, "new"), Names{"c"});
  EXPECT_EQ(Changed(now, "modified.body"), (Names{"b", "c", "s"}));
  EXPECT_EQ(Changed(now, "modified.configs"), (Names{"b", "c"}));
  EXPECT_EQ(Changed(now, "modified.macros"), Names{"b"});
  EXPECT_EQ(Changed(now, "modified.relation"), Names{"c"});
  EXPECT_EQ(Changed(now), (Names{"b", "c", "s"}));
}

TEST_F(State, WhatComesFromTheEnvironmentIsNoChange) {
  MemoryProject before, now;
  Base(before);
  Remember(before);
  Base(now);
  now.File("profiles.yml",
           "shop:\n  target: prod\n  outputs:\n    prod: {type: duckdb, path: shop.duckdb, schema: other}\n");
  EXPECT_EQ(Changed(now), Names{});
}

TEST_F(State, BrokenContracts) {
  MemoryProject before, wider, other;
  Base(before);
  Remember(before);
  Base(wider);
  wider.File("models/p.yml", R"yml(
models:
  - name: a
    config: {contract: {enforced: true}}
    columns: [{name: id, data_type: varchar(9)}, {name: more, data_type: int}]
)yml");
  EXPECT_EQ(Changed(wider, "modified.contract"), Names{"a"});
  EXPECT_TRUE(warnings_.empty());
  Base(other);
  other.File("models/p.yml", "models: [{name: a, columns: [{name: id, data_type: int}]}]");
  EXPECT_EQ(Changed(other, "modified.contract"), Names{"a"});
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_EQ(warnings_[0].message,
            "model `a` breaks its contract: its contract is no longer enforced, column `id` was varchar(3) and is int");
}

TEST_F(State, ResultsAndSources) {
  MemoryProject project;
  Base(project);
  const Manifest& manifest = project.Manifested();
  graph::NodeSet nodes(manifest.nodes().size());
  EXPECT_EQ(ComparePrior(prior_, manifest)->AddWithResult("error", nodes).error().front().message,
            "the state to compare with has no run_results.json");
  prior_.run_results = std::make_shared<const Json>(Json::parse(
      R"({"results": [{"unique_id": "model.shop.b", "status": "error"}, {"unique_id": "gone", "status": "error"}]})"));
  EXPECT_TRUE(ComparePrior(prior_, manifest)->AddWithResult("error", nodes).ok());
  EXPECT_EQ(nodes.Count(), 1u);
  const auto loaded = [](std::string_view at) {
    return std::make_shared<const Json>(Json::parse(
        R"({"results": [{"unique_id": "source.shop.raw.t", "max_loaded_at": ")" + std::string(at) + "\"}]}"));
  };
  prior_.sources = loaded("2026-01-01T00:00:00Z");
  prior_.sources_now = loaded("2026-01-02T00:00:00Z");
  EXPECT_TRUE(ComparePrior(prior_, manifest)->AddFresherSources(nodes).ok());
  EXPECT_EQ(nodes.Count(), 2u);
}

}  // namespace
}  // namespace stir::project
