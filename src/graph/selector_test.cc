// A small shop: two sources, staging, marts, tests on them, a package.
#include "graph/selector.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/diagnostic_text.h"
#include "base/strings.h"
#include "graph/kinds.h"

namespace stir::graph {
namespace {

struct Item {
  std::string type, fqn, path;  // fqn with `/` between its parts
  std::vector<std::string_view> tags;
  TestType test = TestType::kNone;
  std::string test_name;
  std::string materialized;
  bool enabled_hook = false;
};

const std::vector<Item> kItems = {
    {"source", "shop/staging/raw/orders", "models/staging/sources.yml", {"raw"}, {}, {}, {}, false},            // 0
    {"source", "shop/staging/raw/customers", "models/staging/sources.yml", {}, {}, {}, {}, false},              // 1
    {"model", "shop/staging/stg_orders", "models/staging/stg_orders.sql", {"nightly"}, {}, {}, "view", false},  // 2
    {"model",
     "shop/staging/stg_customers",
     "models/staging/stg_customers.sql",
     {"hourly"},
     {},
     {},
     "view",
     false},                                                                                                   // 3
    {"model", "shop/marts/orders", "models/marts/orders.sql", {"nightly", "finance"}, {}, {}, "table", true},  // 4
    {"model", "utils/calendar", "models/calendar.sql", {}, {}, {}, "table", false},                            // 5
    {"test",
     "shop/staging/unique_stg_orders",
     "models/staging/schema.yml",
     {},
     TestType::kGeneric,
     "unique",
     {},
     false},  // 6
    {"test",
     "shop/marts/relationships_orders",
     "models/marts/schema.yml",
     {},
     TestType::kGeneric,
     "relationships",
     {},
     false},                                                                                          // 7
    {"test", "shop/assert_total", "tests/assert_total.sql", {}, TestType::kSingular, {}, {}, false},  // 8
    {"model", "shop/marts/report/v2", "models/marts/report_v2.sql", {}, {}, {}, "table", false},      // 9
    {"seed", "shop/countries", "seeds/countries.csv", {}, {}, {}, "seed", false},                     // 10
};

class Shop : public Selectable {
 public:
  Shop() : graph_(kItems.size(), {{0, 2}, {1, 3}, {2, 4}, {3, 4}, {2, 6}, {4, 7}, {3, 7}, {4, 8}, {4, 9}, {5, 9}}) {
    for (const Item& item : kItems) fqns_.push_back(Split(item.fqn, '/'));
  }
  const Graph& graph() const override { return graph_; }
  NodeView View(NodeId node) const override {
    const Item& item = kItems[node];
    NodeView view;
    view.resource_type = item.type;
    view.fqn = fqns_[node];
    view.package = fqns_[node][0];
    view.name = node == 9 ? "report" : fqns_[node].back();
    view.tags = item.tags;
    view.path = item.path;
    if (node == 2) view.patch_path = "shop://models/staging/schema.yml";
    if (item.type == "source") view.source_name = "raw";
    view.test_type = item.test;
    view.test_name = item.test_name;
    view.versioned = node == 9;
    if (node == 9) view.version = "2", view.latest_version = "10";
    return view;
  }
  void VisitConfig(NodeId node, std::span<const std::string> path,
                   const std::function<void(const ConfigValue&)>& visit) const override {
    if (path.size() == 1 && path[0] == "materialized" && !kItems[node].materialized.empty())
      visit(std::string_view(kItems[node].materialized));
    if (path.size() == 2 && path[0] == "meta" && path[1] == "hooked") visit(kItems[node].enabled_hook);
  }
  std::string_view root_package() const override { return "shop"; }

 private:
  Graph graph_;
  std::vector<std::vector<std::string_view>> fqns_;
};

class Selecting : public ::testing::Test {
 protected:
  using Nodes = std::vector<NodeId>;
  Nodes Select(const std::string& select, Indirect indirect = Indirect::kEmpty, const std::string& exclude = "") {
    const auto selector = Selector::Parse(sources_, sources_.Add("--select", select),
                                          exclude.empty() ? SourceId() : sources_.Add("--exclude", exclude), indirect);
    EXPECT_TRUE(selector.ok()) << select;
    if (!selector.ok()) return {};
    auto selection = selector->Evaluate(shop_);
    EXPECT_TRUE(selection.ok()) << select;
    if (!selection.ok()) return {};
    warnings_ = std::move(selection->warnings);
    return selection->nodes.ToVector();
  }
  std::string Error(const std::string& select) {
    const auto selector = Selector::Parse(sources_, sources_.Add("--select", select), SourceId());
    if (!selector.ok()) return RenderDiagnostics(selector.error(), sources_);
    const auto selection = selector->Evaluate(shop_);
    return selection.ok() ? "" : RenderDiagnostics(selection.error(), sources_);
  }

  Shop shop_;
  SourceMap sources_;
  Diagnostics warnings_;
};

TEST_F(Selecting, NamesFoldersAndPackages) {
  EXPECT_EQ(Select("orders"), (Nodes{4}));
  EXPECT_EQ(Select("staging"), (Nodes{2, 3, 6}));
  EXPECT_EQ(Select("shop.staging.stg_orders"), (Nodes{2}));
  EXPECT_EQ(Select("marts.orders"), (Nodes{4}));
  EXPECT_EQ(Select("utils"), (Nodes{5}));
  EXPECT_EQ(Select("stg_*"), (Nodes{2, 3}));
  EXPECT_EQ(Select("shop.*.stg_o*"), (Nodes{2}));
  EXPECT_EQ(Select("package:this,resource_type:seed"), (Nodes{10}));
  EXPECT_EQ(Select("orders.extra.parts"), (Nodes{}));
}

TEST_F(Selecting, VersionedModelsAnswerToTheirNames) {
  for (const char* name : {"report", "report.v2", "report_v2", "shop.marts.report.v2", "rep*"})
    EXPECT_EQ(Select(name), (Nodes{9})) << name;
  EXPECT_EQ(Select("v2"), (Nodes{}));
}

TEST_F(Selecting, RelativesToADepth) {
  EXPECT_EQ(Select("+orders"), (Nodes{0, 1, 2, 3, 4}));
  EXPECT_EQ(Select("1+orders"), (Nodes{2, 3, 4}));
  EXPECT_EQ(Select("stg_orders+"), (Nodes{2, 4, 6, 7, 8, 9}));
  EXPECT_EQ(Select("stg_orders+1"), (Nodes{2, 4, 6}));
  EXPECT_EQ(Select("0+orders+0"), (Nodes{4}));
  EXPECT_EQ(Select("@stg_orders"), (Nodes{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST_F(Selecting, Methods) {
  EXPECT_EQ(Select("tag:night*"), (Nodes{2, 4}));
  EXPECT_EQ(Select("path:models/marts"), (Nodes{4, 7, 9}));
  EXPECT_EQ(Select("models/staging/*.sql"), (Nodes{2, 3}));
  EXPECT_EQ(Select("models/staging/schema.yml"), (Nodes{2, 6}));
  EXPECT_EQ(Select("./models/**/orders.sql"), (Nodes{4}));
  EXPECT_EQ(Select("orders.sql"), (Nodes{4}));
  EXPECT_EQ(Select("file:stg_orders"), (Nodes{2}));
  EXPECT_EQ(Select("source:raw"), (Nodes{0, 1}));
  EXPECT_EQ(Select("source:raw.ord*"), (Nodes{0}));
  EXPECT_EQ(Select("source:shop.raw.customers"), (Nodes{1}));
  EXPECT_EQ(Select("test_type:generic"), (Nodes{6, 7}));
  EXPECT_EQ(Select("test_type:data"), (Nodes{6, 7, 8}));
  EXPECT_EQ(Select("test_name:uniq*"), (Nodes{6}));
  EXPECT_EQ(Select("config.materialized:table"), (Nodes{4, 5, 9}));
  EXPECT_EQ(Select("config.meta.hooked:True"), (Nodes{4}));
}

TEST_F(Selecting, VersionsByAge) {
  EXPECT_EQ(Select("version:old"), (Nodes{9}));
  EXPECT_EQ(Select("version:latest"), (Nodes{}));
  EXPECT_EQ(Select("version:prerelease"), (Nodes{}));
  EXPECT_EQ(Select("version:none"), (Nodes{2, 3, 4, 5}));
}

// What a selector of selectors.yml is made of.
Expression Short(std::string_view text) {
  Diagnostics errors;
  return ParseCriterion(text, {}, false, errors);
}

Expression Together(Expression::Op op, std::vector<Expression> parts) {
  Expression group;
  group.op = op;
  group.parts = std::move(parts);
  return group;
}

TEST_F(Selecting, SelectorsByName) {
  using enum Expression::Op;
  const std::vector<NamedSelector> selectors = {
      {"nightly", false, Short("tag:nightly"), {}},
      {"marts", false, Together(kDifference, {Short("selector:nightly+"), Short("stg_orders")}), {}},
      {"circle", false, Short("selector:circ*"), {}},
  };
  const SelectionContext context{selectors, nullptr, Indirect::kEmpty};
  const auto select = [&](std::string_view name) {
    auto selection = Selector::Named(selectors, name)->Evaluate(shop_, context);
    return selection.ok() ? selection->nodes.ToVector() : Nodes{};
  };
  EXPECT_EQ(select("nightly"), (Nodes{2, 4}));
  EXPECT_EQ(select("marts"), (Nodes{4, 6, 7, 8, 9}));
  const auto circle = Selector::Named(selectors, "circle")->Evaluate(shop_, context);
  ASSERT_FALSE(circle.ok());
  EXPECT_EQ(circle.error().front().message, "selector `circle` refers to itself");
  EXPECT_EQ(Selector::Named(selectors, "nightlyy").error().front().hint, "did you mean `nightly`?");
}

TEST_F(Selecting, CriteriaOfSelectorsFollowTheFlagUnlessTheySay) {
  Expression said = Short("orders");
  said.indirect_by_flag = false;
  said.indirect = Indirect::kEmpty;
  const std::vector<NamedSelector> selectors = {{"flag", false, Short("orders"), {}}, {"said", false, said, {}}};
  const SelectionContext context{selectors, nullptr, Indirect::kCautious};
  EXPECT_EQ(Selector::Named(selectors, "flag")->Evaluate(shop_, context)->nodes.ToVector(), (Nodes{4, 8}));
  EXPECT_EQ(Selector::Named(selectors, "said")->Evaluate(shop_, context)->nodes.ToVector(), (Nodes{4}));
}

TEST_F(Selecting, SetOperations) {
  EXPECT_EQ(Select("orders stg_orders"), (Nodes{2, 4}));
  EXPECT_EQ(Select("tag:nightly,marts"), (Nodes{4}));
  EXPECT_EQ(Select("tag:nightly", Indirect::kEmpty, "orders"), (Nodes{2}));
  EXPECT_EQ(Select("*", Indirect::kEager, "resource_type:test path:seeds"), (Nodes{2, 3, 4, 5, 9}));
}

TEST_F(Selecting, TestsFollowInFourWays) {
  EXPECT_EQ(Select("orders", Indirect::kEager), (Nodes{4, 7, 8}));
  EXPECT_EQ(Select("orders", Indirect::kCautious), (Nodes{4, 8}));
  EXPECT_EQ(Select("orders", Indirect::kBuildable), (Nodes{4, 7, 8}));
  EXPECT_EQ(Select("orders", Indirect::kEmpty), (Nodes{4}));
  EXPECT_EQ(Select("orders stg_customers", Indirect::kCautious), (Nodes{3, 4, 7, 8}));
  EXPECT_EQ(Select("stg_customers", Indirect::kEager), (Nodes{3, 7}));
  EXPECT_EQ(Select("stg_customers", Indirect::kBuildable), (Nodes{3}));
}

TEST_F(Selecting, WithoutOptionsEverythingIsSelected) {
  const auto selector = Selector::Parse(sources_, SourceId(), SourceId());
  ASSERT_TRUE(selector.ok());
  EXPECT_EQ(selector->Evaluate(shop_)->nodes.Count(), kItems.size());
}

TEST_F(Selecting, WhatMatchesNothingIsAWarning) {
  EXPECT_EQ(Select("orders nothing tag:x,tag:y"), (Nodes{4}));
  ASSERT_EQ(warnings_.size(), 2u);
  EXPECT_EQ(warnings_[0].message, "the selection criterion `nothing` does not match any enabled nodes");
  EXPECT_EQ(warnings_[1].subject, "tag:x,tag:y");
}

TEST_F(Selecting, ErrorsShowTheirPlace) {
  EXPECT_EQ(Error("orders tga:x"),
            "--select:1:8: error[selection-method]: there is no selection method `tga`\n  1 | orders tga:x\n    |      "
            "  ^^^\n"
            "  hint: did you mean `tag`?\n");
  EXPECT_NE(Error("state:modified").find("`state:` compares with an earlier run, and none is given"),
            std::string::npos);
  EXPECT_NE(Error("state:modifed").find("did you mean `modified`?"), std::string::npos);
  EXPECT_NE(Error("version:new").find("the words are latest, prerelease, old and none"), std::string::npos);
  EXPECT_NE(Error("metric:a.b.c").find("too many parts for a metric"), std::string::npos);
  EXPECT_NE(Error("selector:x").find("there is no selector `x` in selectors.yml"), std::string::npos);
  EXPECT_NE(Error("@orders+").find("`@` in front and `+` at the end"), std::string::npos);
  EXPECT_NE(Error("orders,").find("a name or a value is missing here"), std::string::npos);
  EXPECT_NE(Error("resource_type:modl").find("did you mean `model`?"), std::string::npos);
  EXPECT_NE(Error("test_type:x").find("is not a type of test"), std::string::npos);
  EXPECT_NE(Error("source:a.b.c.d").find("too many parts"), std::string::npos);
  EXPECT_NE(Error("config:x").find("needs the name of a configuration"), std::string::npos);
}

}  // namespace
}  // namespace stir::graph
