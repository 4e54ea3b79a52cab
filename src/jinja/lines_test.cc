// Renders templates that come as JSON lines, for comparisons with other engines (tests/oracle/jinja_oracle.py):
// $STIR_JINJA_LINES names a file of {"template", "context", "native"?}; beside it, with `.out` added, {"output"} or
// {"error"} lines are written.
#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "jinja/template.h"

namespace stir::jinja {
namespace {

Value FromJson(const Json& json) {
  switch (json.type()) {
    case Json::value_t::boolean:
      return Value::Bool(json.get<bool>());
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
      return Value::Int(json.get<int64_t>());
    case Json::value_t::number_float:
      return Value::Float(json.get<double>());
    case Json::value_t::string:
      return Value::String(json.get<std::string>());
    case Json::value_t::array: {
      std::vector<Value> items;
      for (const Json& each : json) items.push_back(FromJson(each));
      return Value::List(std::move(items));
    }
    case Json::value_t::object: {
      auto dict = MakeRef<Dict>();
      for (const auto& [key, item] : json.items()) dict->Set(key, FromJson(item));
      return Value::FromDict(std::move(dict));
    }
    default:
      return Value::None();
  }
}

class DictScope final : public Scope {
 public:
  explicit DictScope(const Json& context) : values_(FromJson(context)) {}
  bool Lookup(std::string_view name, Value& value) override {
    const Value* found = values_.AsDict().Find(name);
    if (found) value = *found;
    return found != nullptr;
  }

 private:
  Value values_;
};

Json RenderLine(const Json& line) {
  Json out;
  Syntax syntax;
  if (line.contains("trim_blocks")) syntax.trim_blocks = line["trim_blocks"].get<bool>();
  if (line.contains("lstrip_blocks")) syntax.lstrip_blocks = line["lstrip_blocks"].get<bool>();
  if (line.contains("keep_trailing_newline")) syntax.keep_trailing_newline = line["keep_trailing_newline"].get<bool>();
  auto parsed = Template::Parse(line["template"].get<std::string>(), Origin{SourceId{1}, 0, true, {}}, syntax);
  DictScope scope(line["context"]);
  Result<std::string> text = parsed.ok() ? Render(**parsed, scope) : Result<std::string>(parsed.error());
  if (text.ok()) {
    out["output"] = *text;
  } else {
    out["error"] = text.error().front().message;
    out["at"] = text.error().front().span.begin;
  }
  return out;
}

TEST(Lines, RenderFile) {
  const char* path = std::getenv("STIR_JINJA_LINES");
  if (!path) GTEST_SKIP() << "for comparisons only";
  std::ifstream in(path);
  std::ofstream out(std::string(path) + ".out");
  for (std::string line; std::getline(in, line);)
    out << RenderLine(Json::parse(line)).dump(-1, ' ', true, Json::error_handler_t::replace) << "\n";
}

}  // namespace
}  // namespace stir::jinja
