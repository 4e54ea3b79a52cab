// Renders templates that use Python's modules and come as JSON lines, for comparisons with Python itself:
// $STIR_PYLIB_LINES names a file of {"template"}; beside it, with `.out` added, {"output"} or {"error"} lines are
// written. Beside `modules` the templates know decimal('1.20'), tojson, toyaml, fromjson and fromyaml.
#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "pylib/testing/module_scope.h"

namespace stir::pylib {
namespace {

TEST(Lines, RenderFile) {
  const char* path = std::getenv("STIR_PYLIB_LINES");
  if (!path) GTEST_SKIP() << "for comparisons only";
  std::ifstream in(path);
  std::ofstream out(std::string(path) + ".out");
  testing::ModuleScope scope;
  for (std::string line; std::getline(in, line);) {
    std::string text = testing::Rendered(Json::parse(line)["template"].get<std::string>(), scope);
    Json answer;
    answer[text.starts_with("error: ") ? "error" : "output"] = text.starts_with("error: ") ? text.substr(7) : text;
    out << answer.dump(-1, ' ', true, Json::error_handler_t::replace) << "\n";
  }
}

}  // namespace
}  // namespace stir::pylib
