// The order of a dbt command: parents first, also through what was not selected, and after tests where a build runs
// them.
#include "engine/node_plan.h"

#include <gtest/gtest.h>

#include <set>

#include "project/testing/memory_project.h"

namespace stir::engine {
namespace {

using scheduler::Outcome;
using scheduler::TaskId;

class NodePlanTest : public testing::Test {
 protected:
  NodePlanTest() {
    project_.Builtin("default/tests.sql",
                     "{% test unique(model, column_name) %}select 1{% endtest %}"
                     "{% test relationships(model, column_name, to, field) %}select 1{% endtest %}");
    Model("a", "select 1 as id");
    Model("b", "select * from {{ ref('a') }}");
    Model("e", "{{ config(materialized='ephemeral') }} select * from {{ ref('b') }}");
    Model("c", "select * from {{ ref('e') }}");
    Model("other", "select 1 as id");
    Model("joined", "select * from {{ ref('c') }}, {{ ref('other') }}");
  }

  void Model(const std::string& name, const std::string& sql) { project_.File("models/" + name + ".sql", sql); }

  // Parsed once, when the first one asks.
  const project::Manifest& Manifest() {
    if (manifest_ == nullptr) manifest_ = &project_.Manifested();
    return *manifest_;
  }

  graph::NodeId Id(std::string_view unique_id) { return Manifest().Find(unique_id)->id; }

  graph::NodeSet Select(const std::vector<std::string>& models) {
    graph::NodeSet selected(Manifest().nodes().size());
    for (const std::string& name : models) selected.Add(Id(name));
    return selected;
  }

  graph::NodeSet Everything() {
    graph::NodeSet selected(Manifest().nodes().size());
    for (const project::Node& node : Manifest().nodes()) selected.Add(node.id);
    return selected;
  }

  // The order in which one worker runs the plan, without ephemeral models.
  std::vector<std::string> Drive(const graph::NodeSet& selected, PlanEdges edges) {
    auto made = MakeNodePlan(Manifest(), selected, edges);
    EXPECT_TRUE(made.ok());
    std::vector<std::string> order;
    while (!made->plan.done()) {
      const std::optional<TaskId> task = made->plan.Next();
      if (!task) break;
      made->plan.Start(*task);
      made->plan.Finish(*task, Outcome::Success());
      if (!made->nodes[*task].ephemeral) order.push_back(made->plan.task(*task).name);
    }
    EXPECT_TRUE(made->plan.done());
    return order;
  }

  project::MemoryProject project_;
  const project::Manifest* manifest_ = nullptr;
};

using Names = std::vector<std::string>;

TEST_F(NodePlanTest, ParentsComeFirstAndWhatIsReadyFirst) {
  EXPECT_EQ(Drive(Everything(), PlanEdges::kParents),
            (Names{"model.shop.a", "model.shop.other", "model.shop.b", "model.shop.c", "model.shop.joined"}));
}

TEST_F(NodePlanTest, OrderHoldsThroughWhatWasNotSelected) {
  auto made = MakeNodePlan(Manifest(), Select({"model.shop.joined", "model.shop.a"}), PlanEdges::kParents);
  ASSERT_TRUE(made.ok());
  ASSERT_EQ(made->plan.size(), 2U);
  EXPECT_EQ(made->plan.task(0).name, "model.shop.a");
  ASSERT_EQ(made->plan.needs(1).size(), 1U);
  EXPECT_EQ(made->plan.needs(1).front(), 0U);
}

TEST_F(NodePlanTest, ATestHoldsBackTheChildrenOfItsModel) {
  project_.File("models/s.yml", "models: [{name: a, columns: [{name: id, data_tests: [unique]}]}]");
  const Names order = Drive(Everything(), PlanEdges::kParentsAndTests);
  ASSERT_EQ(order.size(), 6U);
  EXPECT_EQ(order[0], "model.shop.a");
  EXPECT_TRUE(order[2].starts_with("test.shop.unique_a_id"));
  EXPECT_EQ(order[3], "model.shop.b");
  EXPECT_EQ(Drive(Everything(), PlanEdges::kParents)[2], "model.shop.b")
      << "a test holds back only where it is told to";
}

TEST_F(NodePlanTest, AModelFollowsItsUnitTestsAtOnce) {
  project_.File("models/s.yml",
                "unit_tests: [{name: u, model: b, given: [], expect: {rows: []}}, {name: t, model: b, given: [], "
                "expect: {rows: []}}]");
  Model("b2", "select * from {{ ref('a') }}");
  const Names order = Drive(Everything(), PlanEdges::kParentsAndTests);
  EXPECT_EQ(order, (Names{"model.shop.a", "model.shop.other", "unit_test.shop.b.t", "unit_test.shop.b.u",
                          "model.shop.b", "model.shop.b2", "model.shop.c", "model.shop.joined"}));
}

TEST_F(NodePlanTest, UnitTestsOfAModelThatIsNotBuiltAreLeftOutAndCounted) {
  project_.File("models/s.yml", "unit_tests: [{name: u, model: b, given: [], expect: {rows: []}}]");
  const auto made =
      MakeNodePlan(Manifest(), Select({"model.shop.a", "unit_test.shop.b.u"}), PlanEdges::kParentsAndTests);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->plan.size(), 1U);
  EXPECT_EQ(made->left_out, 1);
}

TEST_F(NodePlanTest, AnExposureDoesNotWaitForTests) {
  project_.File("models/s.yml",
                "models: [{name: a, columns: [{name: id, data_tests: [unique]}]}]\n"
                "exposures: [{name: x, type: dashboard, owner: {name: Ann}, depends_on: [\"ref('a')\"]}]");
  const auto edges = TestEdges(Manifest(), Everything());
  ASSERT_EQ(edges.size(), 1U);
  EXPECT_EQ(edges[0].second, Id("model.shop.b"));
}

TEST_F(NodePlanTest, ATestOfTwoModelsHoldsBackWhatFollowsFromBoth) {
  project_.File(
      "models/s.yml",
      "models: [{name: c, columns: [{name: id, data_tests: [{relationships: {arguments: {to: \"ref('other')\", field: "
      "id}}}]}]}]");
  const auto edges = TestEdges(Manifest(), Everything());
  ASSERT_EQ(edges.size(), 1U);
  EXPECT_EQ(edges[0].second, Id("model.shop.joined"));
}

TEST_F(NodePlanTest, ATestThatWasNotSelectedHoldsNothingBack) {
  project_.File("models/s.yml", "models: [{name: a, columns: [{name: id, data_tests: [unique]}]}]");
  EXPECT_TRUE(TestEdges(Manifest(), Select({"model.shop.a", "model.shop.b"})).empty());
}

}  // namespace
}  // namespace stir::engine
