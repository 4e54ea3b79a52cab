#include "project/macros.h"

#include <gtest/gtest.h>

#include "project/testing/memory_project.h"

namespace stir::project {
namespace {

struct MacroProject : MemoryProject {
  MacroProject() {
    Builtin("default/m.sql",
            "{% macro star() %}{% endmacro %}{% macro default__star() %}{% endmacro %}"
            "{% materialization view, default %}{% endmaterialization %}"
            "{% macro only_built_in() %}{% endmacro %}");
    Builtin("duckdb/m.sql",
            "{% macro duckdb__star() %}{% endmacro %}{% macro star() %}{% endmacro %}"
            "{% materialization table, adapter='duckdb' %}{% endmaterialization %}");
    Builtin("postgres/m.sql", "{% macro postgres__star() %}{% endmacro %}");
    File("packages.yml", "packages: [{local: util}]");
    File("dbt_packages/util/dbt_project.yml", "name: util");
    File("dbt_packages/util/macros/u.sql",
         "{% macro trim() %}{% endmacro %}{% macro default__trim() %}{% endmacro %}"
         "{% materialization view, default %}{% endmaterialization %}{% materialization odd, default %}{% "
         "endmaterialization %}");
    File("macros/m.sql",
         "{% macro star() %}{{ util.trim() }}{{ adapter.dispatch('trim', 'util')() }}{{ nothing() }}{% endmacro %}"
         "{% macro default__trim() %}{% endmacro %}");
  }
};

TEST(Macros, NamesAreSeenFromAPackage) {
  MacroProject project;
  const MacroIndex& macros = project.Manifested().macros();
  EXPECT_EQ(macros.Resolve("shop", "star")->unique_id, "macro.shop.star");
  EXPECT_EQ(macros.Resolve("util", "star")->unique_id, "macro.shop.star");
  EXPECT_EQ(macros.Resolve("util", "trim")->unique_id, "macro.util.trim");
  EXPECT_EQ(macros.Resolve("shop", "trim"), nullptr);
  EXPECT_EQ(macros.Find("dbt", "star")->unique_id, "macro.dbt_duckdb.star");
  EXPECT_EQ(macros.Resolve("shop", "only_built_in")->unique_id, "macro.dbt.only_built_in");
  EXPECT_EQ(macros.Find("macro.dbt_postgres.postgres__star"), nullptr);
  EXPECT_TRUE(macros.IsPackage("util"));
  EXPECT_TRUE(macros.IsPackage("dbt"));
  EXPECT_FALSE(macros.IsPackage("dbt_duckdb"));
}

TEST(Macros, DispatchGoesByPackageThenByPrefix) {
  MacroProject project;
  const MacroIndex& macros = project.Manifested().macros();
  EXPECT_EQ((*macros.Dispatch("trim", "util", "shop"))->unique_id, "macro.shop.default__trim");
  EXPECT_EQ((*macros.Dispatch("star", "dbt", "shop"))->unique_id, "macro.dbt_duckdb.duckdb__star");
  EXPECT_EQ((*macros.Dispatch("star", "", "util"))->unique_id, "macro.dbt_duckdb.duckdb__star");
  const auto missing = macros.Dispatch("gone", "util", "shop");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error()[0].hint,
            "looked for: shop.duckdb__gone, shop.default__gone, util.duckdb__gone, util.default__gone");
}

TEST(Macros, DispatchRulesReplaceTheOrder) {
  MacroProject project;
  project.File("dbt_project.yml",
               "name: shop\nprofile: shop\ndispatch: [{macro_namespace: util, search_order: [util, shop]}]\n");
  const MacroIndex& macros = project.Manifested().macros();
  EXPECT_EQ((*macros.Dispatch("trim", "util", "shop"))->unique_id, "macro.util.default__trim");
}

TEST(Macros, MaterializationsPreferTheAdapterAndTheRoot) {
  MacroProject project;
  const MacroIndex& macros = project.Manifested().macros();
  EXPECT_EQ(macros.Materialization("view")->unique_id, "macro.dbt.materialization_view_default");
  EXPECT_EQ(macros.Materialization("table")->unique_id, "macro.dbt_duckdb.materialization_table_duckdb");
  EXPECT_EQ(macros.Materialization("odd")->unique_id, "macro.util.materialization_odd_default");
  EXPECT_EQ(macros.Materialization("none"), nullptr);
}

TEST(Macros, DependOnWhatTheyName) {
  MacroProject project;
  const MacroIndex& macros = project.Manifested().macros();
  std::vector<std::string> needed;
  for (MacroId id : macros.Find("shop", "star")->depends_on) needed.push_back(macros.at(id).unique_id);
  EXPECT_EQ(needed, (std::vector<std::string>{"macro.util.trim", "macro.shop.default__trim"}));
}

TEST(Macros, TwoOfOneNameAreAnError) {
  MemoryProject project;
  project.File("macros/a.sql", "{% macro x() %}{% endmacro %}").File("macros/b.sql", "{% macro x() %}{% endmacro %}");
  EXPECT_EQ(project.Errors(),
            R"(macros/b.sql:1:10: error[duplicate-macro]: two macros in package `shop` have the name `x`
  1 | {% macro x() %}{% endmacro %}
    |          ^
  --> macros/a.sql:1:10
  1 | {% macro x() %}{% endmacro %}
    |          - the other one
  hint: rename one of them
)");
}

}  // namespace
}  // namespace stir::project
