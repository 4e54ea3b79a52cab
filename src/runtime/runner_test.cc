// Whole nodes on a real DuckDB file: statuses, messages, end states, errors at the user's place.
#include "runtime/runner.h"

#include <gtest/gtest.h>

#include "runtime/testing/project_fixture.h"

namespace stir::runtime {
namespace {

using testing::BuildResult;
using testing::ProjectFixture;
using Table = std::vector<std::vector<std::string>>;

TEST(Runner, BuildsAViewATableAndTestsThem) {
  ProjectFixture project({
      {"models/base.sql", "select 1 as id, 'a' as name"},
      {"models/orders.sql", "{{ config(materialized='table') }}\nselect * from {{ ref('base') }}"},
      {"models/schema.yml", "models:\n  - name: orders\n    columns:\n      - name: id\n        data_tests: [not_null, unique]\n"},
  });
  const BuildResult built = project.Build();
  const NodeOutcome& view = built.at("model.shop.base");
  EXPECT_EQ(view.result.status, "success") << view.result.message;
  EXPECT_EQ(view.result.message, "OK");
  EXPECT_EQ(view.result.adapter_response, R"({"_message": "OK"})");
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

}  // namespace
}  // namespace stir::runtime
