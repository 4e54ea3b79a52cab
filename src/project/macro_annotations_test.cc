#include "project/macro_annotations.h"

#include <gtest/gtest.h>

#include "project/testing/memory_project.h"

namespace stir::project {
namespace {

TEST(MacroAnnotations, Types) {
  for (const char* type : {"str", "list[relation]", "dict[str, optional[int]]", " integer "}) {
    EXPECT_TRUE(IsArgumentType(type)) << type;
  }
  for (const char* type : {"", "strings", "list", "list[str", "list[str,str]", "dict[str]", "str]", "List[str]"}) {
    EXPECT_FALSE(IsArgumentType(type)) << type;
  }
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "list[";
  EXPECT_FALSE(IsArgumentType(deep));
}

TEST(MacroAnnotations, NamesNumbersAndTypesAreCompared) {
  MemoryProject project;
  project.File("macros/m.sql", "{% macro cents(amount, digits) %}{% endmacro %}");
  project.File("macros/m.yml",
               "macros: [{name: cents, arguments: [{name: amount, type: int}, {name: places, type: whole}, {name: "
               "more}]}]");
  const std::string warnings = project.Warnings();
  EXPECT_NE(warnings.find("argument `places` of macro `cents` is called `digits` where it is defined"),
            std::string::npos)
      << warnings;
  EXPECT_NE(warnings.find("macro `cents` takes 2 arguments, and 3 are described"), std::string::npos) << warnings;
  EXPECT_NE(warnings.find("`whole` is no type for argument `places` of macro `cents`"), std::string::npos) << warnings;
}

}  // namespace
}  // namespace stir::project
