// Names, hashes and unique ids are dbt 1.12's own, taken from its manifests.
#include "project/generic_tests.h"

#include <gtest/gtest.h>

#include "project/testing/memory_project.h"

namespace stir::project {
namespace {

constexpr std::string_view kModels = R"yaml(
models:
  - name: stg_orders
    columns:
      - name: id
        data_tests:
          - unique
          - not_null: {config: {severity: warn}}
          - accepted_values: {arguments: {values: [1, 2, "x y"]}}
          - relationships: {name: rel_custom, arguments: {to: ref('customers'), field: id}}
          - relationships: {to: "ref('customers')", field: a_very_long_field_name_that_overflows_the_limit_of_names}
    data_tests:
      - my_test: {arguments: {a: "{{ var('start') }}", b: {k: [1, true]}}}
sources:
  - name: raw
    tables: [{name: people, columns: [{name: id, data_tests: [unique]}]}]
)yaml";

constexpr std::string_view kTests = R"(
{% test unique(model, column_name) %}select 1{% endtest %}
{% test not_null(model, column_name) %}select 1{% endtest %}
{% test accepted_values(model, column_name, values) %}select 1{% endtest %}
{% test relationships(model, column_name, to, field) %}select * from {{ to }}{% endtest %}
{% macro get_where_subquery(relation) %}{{ relation }}{% endmacro %}
)";

struct TestedProject : MemoryProject {
  TestedProject() {
    Builtin("default/tests.sql", std::string(kTests));
    File("tests/generic/my.sql",
         "{% test my_test(model, a, b) %}{{ config(fail_calc='sum(n)') }}select {{ a }}{% endtest %}");
    File("models/stg_orders.sql", "select 1").File("models/customers.sql", "select 1");
    File("models/schema.yml", std::string(kModels));
    Vars("{start: 2020-01-01}");
  }
};

TEST(GenericTests, UniqueIdsAreDbts) {
  TestedProject project;
  const Manifest& manifest = project.Manifested();
  for (std::string_view id :
       {"test.shop.unique_stg_orders_id.beb6e97f2f", "test.shop.not_null_stg_orders_id.8cf5724805",
        "test.shop.accepted_values_stg_orders_id__1__2__x_y.7f197030c6", "test.shop.rel_custom.349bf4ee30",
        "test.shop.my_test_stg_orders__var_start____1_True_.1248e8d42d",
        "test.shop.source_unique_raw_people_id.cc1f4a58fc"}) {
    EXPECT_TRUE(manifest.Find(id)) << id;
  }
}

TEST(GenericTests, LongNamesAreShortenedForFilesOnly) {
  TestedProject project;
  const Manifest& manifest = project.Manifested();
  for (const Node& node : manifest.nodes()) {
    if (!node.name.starts_with("relationships")) continue;
    EXPECT_EQ(node.name,
              "relationships_stg_orders_id__a_very_long_field_name_that_overflows_the_limit_of_names__ref_customers_");
    EXPECT_TRUE(node.alias.starts_with("relationships_stg_orders_"));
    EXPECT_EQ(node.alias.size(), std::string_view("relationships_stg_orders_").size() + 32);
    EXPECT_EQ(node.path, std::string(node.alias) + ".sql");
    return;
  }
  FAIL() << "no such test";
}

TEST(GenericTests, KnowWhatTheyDependOn) {
  TestedProject project;
  const Manifest& manifest = project.Manifested();
  const Node& relationships = *manifest.Find("test.shop.rel_custom.349bf4ee30");
  ASSERT_EQ(relationships.depends_on.size(), 2U);
  EXPECT_EQ(manifest.node(relationships.depends_on[0]).unique_id, "model.shop.customers");
  EXPECT_EQ(manifest.node(*relationships.test->attached).unique_id, "model.shop.stg_orders");
  const Node& unique = *manifest.Find("test.shop.unique_stg_orders_id.beb6e97f2f");
  ASSERT_EQ(unique.macros.size(), 1U);
  EXPECT_EQ(manifest.macros().at(unique.macros[0]).unique_id, "macro.dbt.test_unique");
  EXPECT_EQ(unique.raw_code, "{{ test_unique(**_dbt_generic_test_kwargs) }}");
  EXPECT_EQ(unique.test->column_name, "id");
}

TEST(GenericTests, ConfigurationComesFromTheDeclarationAndTheMacro) {
  TestedProject project;
  const Manifest& manifest = project.Manifested();
  const Node& warn = *manifest.Find("test.shop.not_null_stg_orders_id.8cf5724805");
  EXPECT_EQ(warn.config->severity, TestSeverity::kWarn);
  EXPECT_EQ(warn.raw_code, "{{ test_not_null(**_dbt_generic_test_kwargs) }}{{ config(severity=\"warn\") }}");
  EXPECT_EQ(manifest.Find("test.shop.my_test_stg_orders__var_start____1_True_.1248e8d42d")->config->fail_calc,
            "sum(n)");
}

TEST(GenericTests, AKeyOfUniqueAndNotNullTestsIsThePrimaryKey) {
  TestedProject project;
  const Manifest& manifest = project.Manifested();
  EXPECT_EQ(manifest.Find("model.shop.stg_orders")->model->primary_key, std::vector<Text>{"id"});
}

TEST(GenericTests, WrongDeclarationsSayWhatToDo) {
  TestedProject project;
  project.File("models/schema.yml", R"(
models:
  - name: stg_orders
    columns:
      - name: id
        data_tests:
          - unique:
            severity: warn
          - accepted_values: [1]
          - relationships: {model: x}
          - unique: {severity: fatal}
          - 3
)");
  EXPECT_EQ(
      project.Errors(),
      R"(models/schema.yml:7:13: error[bad-test]: a test must be a name, or a mapping with one name and its arguments
  7 |           - unique:
    |             ^^^^^^^
  hint: indent the arguments deeper than the test's name
models/schema.yml:9:13: error[bad-test]: the arguments of test `accepted_values` must be a mapping, not a list
  9 |           - accepted_values: [1]
    |             ^^^^^^^^^^^^^^^
models/schema.yml:10:13: error[bad-test]: test `relationships` may not have an argument `model`: it is the node that is tested
  10 |           - relationships: {model: x}
     |             ^^^^^^^^^^^^^
models/schema.yml:11:13: error[bad-config]: configuration `severity` must be `warn` or `error`, not `'fatal'`
  11 |           - unique: {severity: fatal}
     |             ^^^^^^
models/schema.yml:12:13: error[bad-test]: a test must be a name, or a mapping with one name and its arguments
  12 |           - 3
     |             ^
)");
}

TEST(GenericTests, AnUnknownTestIsAWarning) {
  TestedProject project;
  project.File("models/schema.yml", "models: [{name: customers, columns: [{name: id, data_tests: [uniqe]}]}]");
  EXPECT_EQ(project.Warnings(),
            R"(models/schema.yml:1:62: warning[test-not-found]: test `uniqe` not found: it will fail when it is run
  1 | models: [{name: customers, columns: [{name: id, data_tests: [uniqe]}]}]
    |                                                              ^^^^^
  hint: did you mean `unique`?
)");
}

}  // namespace
}  // namespace stir::project
