#include "project/selectors_file.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/diagnostic_text.h"
#include "project/artifacts.h"
#include "project/testing/memory_project.h"

namespace stir::project {
namespace {

MemoryProject& Shop(MemoryProject& project, std::string selectors) {
  return project.File("models/marts/a.sql", "{{ config(tags=['mart']) }} select 1")
      .File("models/b.sql", "select * from {{ ref('a') }}")
      .File("models/c.sql", "select 1")
      .File("selectors.yml", std::move(selectors));
}

std::vector<std::string> Select(const Manifest& manifest, std::string_view name) {
  const auto selector = graph::Selector::Named(manifest.named_selectors(), name);
  EXPECT_TRUE(selector.ok());
  const auto selection = selector->Evaluate(manifest, {manifest.named_selectors(), nullptr, graph::Indirect::kEager});
  std::vector<std::string> names;
  selection->nodes.ForEach([&](graph::NodeId id) { names.emplace_back(manifest.node(id).name); });
  return names;
}

TEST(SelectorsFile, AllForms) {
  MemoryProject project;
  Shop(project, R"(
selectors:
  - name: text
    definition: "tag:mart+"
  - name: short
    default: true
    definition: {tag: mart}
  - name: long
    definition: {method: tag, value: mart, children: true, exclude: [b]}
  - name: sets
    description: all but c
    definition:
      union:
        - intersection: ["path:models", "fqn:*"]
        - exclude: [{method: fqn, value: c}]
  - name: inherited
    definition: {union: [{method: selector, value: short}, c]}
)");
  const Manifest& manifest = project.Manifested();
  using Names = std::vector<std::string>;
  EXPECT_EQ(Select(manifest, "text"), (Names{"b", "a"}));
  EXPECT_EQ(Select(manifest, "short"), (Names{"a"}));
  EXPECT_EQ(Select(manifest, "long"), (Names{"a"}));
  EXPECT_EQ(Select(manifest, "sets"), (Names{"b", "a"}));
  EXPECT_EQ(Select(manifest, "inherited"), (Names{"c", "a"}));
  const Json shown = Json::parse(WriteManifest(manifest, {{}, "id", {}}))["selectors"];
  EXPECT_EQ(shown["text"]["definition"].dump(), R"({"method":"tag","value":"mart","children":true})");
  EXPECT_EQ(shown["short"]["definition"].dump(), R"({"method":"tag","value":"mart"})");
  EXPECT_EQ(
      shown["sets"].dump(),
      R"({"name":"sets","description":"all but c","definition":{"union":[{"intersection":[{"method":"path","value":"models"},{"method":"fqn","value":"*"}]},{"exclude":[{"method":"fqn","value":"c"}]}]}})");
}

TEST(SelectorsFile, MistakesAreToldTogether) {
  MemoryProject project;
  Shop(project, R"(
selectors:
  - name: a
    default: true
    definition: {tga: x}
  - name: b
    default: true
    definition: {method: tag, value: x, indirect_selection: often}
  - definition: "tag:x"
  - name: c
    definition: {union: [a], intersection: [b]}
  - name: d
    definition: [a]
)");
  const std::string errors = project.Errors();
  for (const char* expected : {"there is no selection method `tga`", "two selectors are the default: `a` and `b`",
                               "`often` is no mode of indirect selection", "selector has no `name`",
                               "has keys beside `union`", "a definition must be a text or a mapping, not a list"}) {
    EXPECT_NE(errors.find(expected), std::string::npos) << expected << "\n" << errors;
  }
}

}  // namespace
}  // namespace stir::project
