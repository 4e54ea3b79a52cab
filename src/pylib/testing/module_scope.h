// A scope with Python's modules at a fixed time, for tests.
#pragma once

#include <string>

#include "base/clock.h"
#include "jinja/template.h"
#include "pylib/agate.h"
#include "pylib/convert.h"
#include "pylib/modules.h"
#include "yaml/node.h"

namespace stir::pylib::testing {

class FixedClock final : public Clock {
 public:
  Timestamp Now() const override { return *ParseTimestamp("2024-02-29T12:34:56.789012Z"); }
  Duration Monotonic() const override { return Duration(0); }
};

inline Result<std::string> TextArgument(const jinja::Arguments& arguments) {
  if (arguments.positional.empty() || !arguments.positional[0].IsString())
    return Diagnostic({"test", Category::kUsage}, "a text is needed");
  return std::string(arguments.positional[0].AsString());
}

inline bool SortKeys(const jinja::Arguments& arguments) {
  return !arguments.keywords.empty() && arguments.keywords[0].value.Truthy();
}

class ModuleScope final : public jinja::Scope {
 public:
  bool Lookup(std::string_view name, jinja::Value& value) override {
    using jinja::Arguments;
    using jinja::CallContext;
    using jinja::Value;
    if (name == "modules") return value = Modules(clock_), true;
    if (name == "started") return value = MakeDatetimeUtc(clock_.Now()), true;
    if (name == "table") return value = Table(), true;
    jinja::Function function;
    if (name == "decimal") {
      function = [](CallContext&, const Arguments& arguments) -> Result<Value> {
        STIR_ASSIGN(std::string digits, TextArgument(arguments));
        return MakeDecimal(digits);
      };
    } else if (name == "tojson" || name == "toyaml") {
      function = [dump = name == "tojson" ? DumpJson : DumpYaml](CallContext&,
                                                                 const Arguments& arguments) -> Result<Value> {
        STIR_ASSIGN(std::string text, dump(arguments.positional[0], SortKeys(arguments)));
        return Value::String(std::move(text));
      };
    } else if (name == "fromyaml") {
      function = [](CallContext&, const Arguments& arguments) -> Result<Value> {
        STIR_ASSIGN(std::string text, TextArgument(arguments));
        SourceMap sources;
        STIR_ASSIGN(yaml::Document document, yaml::Parse(sources, sources.Add("text", std::move(text))));
        return FromYaml(*document.root);
      };
    } else if (name == "list") {
      function = [](CallContext& context, const Arguments& arguments) -> Result<Value> {
        STIR_ASSIGN(auto items, context.Iterate(arguments.positional[0]));
        std::vector<Value> values;
        for (int i = 0; i < 20; ++i) {
          STIR_ASSIGN(auto next, items->Next());
          if (!next) break;
          values.push_back(*next);
        }
        return Value::List(std::move(values));
      };
    } else {
      return false;
    }
    value = jinja::MakeFunction(std::string(name), std::move(function));
    return true;
  }

 private:
  static jinja::Value Table() {
    using jinja::Value;
    return MakeTable({"id", "name", "amount"}, {{Value::Int(1), Value::String("a"), MakeDecimal("1.50")},
                                                {Value::Int(2), Value::String("b"), Value::None()},
                                                {Value::Int(3), Value::None(), MakeDecimal("2")}});
  }

  FixedClock clock_;
};

// The text, or "error: <message>".
inline std::string Rendered(std::string text, jinja::Scope& scope) {
  auto parsed = jinja::Template::Parse(std::move(text), jinja::Origin{SourceId{1}, 0, true, {}});
  if (!parsed.ok()) return "error: " + parsed.error().front().message;
  Result<std::string> output = jinja::Render(**parsed, scope);
  return output.ok() ? *output : "error: " + output.error().front().message;
}

}  // namespace stir::pylib::testing
