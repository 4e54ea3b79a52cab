// What hosts do with templates: macros as values, return, calls seen without rendering, output pieces, native values.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "jinja/kinds.h"
#include "jinja/testing/render_case.h"

namespace stir::jinja {
namespace {

using testing::kSource;
using testing::MapScope;
using testing::Parsed;
using testing::Rendered;

Value ReturnFunction() {
  return MakeFunction("return", [](CallContext& context, const Arguments& arguments) -> Result<Value> {
    return context.ReturnFromMacro(arguments.positional[0]);
  });
}

MapScope WithMacros(const std::string& text) {
  auto library = Parsed(text);
  MapScope scope{{"return", ReturnFunction()}};
  for (size_t i = 0; i < library->macros().size(); ++i) {
    const std::string& name = library->macros()[i].name;
    scope.values[name] = MakeMacro(library, i, "lib." + name);
  }
  return scope;
}

TEST(Macro, ReturnLeavesTheMacroFromAnyDepthAndKeepsTheType) {
  MapScope scope = WithMacros(
      "{% macro find(l) %}{% for i in l %}{% if i > 1 %}{{ return([i]) }}{% endif %}{% endfor %}never{% endmacro %}"
      "{% macro nested(l) %}{{ return(find(l)[0] + 1) }}{% endmacro %}"
      "{% macro in_set() %}{% set x = return(5) %}never{% endmacro %}"
      "{% macro in_block() %}{% set x %}{% do return({'a': 1}) %}{% endset %}never{% endmacro %}"
      "{% macro wrap() %}({{ caller() }}){% endmacro %}"
      "{% macro in_call() %}{% call wrap() %}{{ return('inner') }}{% endcall %}after{% endmacro %}");
  EXPECT_EQ(Rendered("{{ find([1, 2, 3]) }} {{ find([2])[0] + 1 }} {{ nested([7]) }}", scope), "[2] 3 8");
  EXPECT_EQ(Rendered("{{ in_set() + 1 }} {{ in_block().a }}", scope), "6 1");
  // The call block runs inside `wrap`: that is the macro that ends.
  EXPECT_EQ(Rendered("{{ in_call() }}", scope), "innerafter");
  EXPECT_EQ(Rendered("a{{ return(1) }}b", scope), "a");
}

TEST(Macro, TakesItsGlobalsFromTheCallersScope) {
  auto library = Parsed(
      "{% set hidden = 1 %}{% macro m() %}{{ target }}{{ hidden }}{{ other() }}{% endmacro %}{% macro other() %}own{% "
      "endmacro %}");
  Value macro = MakeMacro(library, 0, "m");
  MapScope one{{"m", macro},
               {"target", Value::String("dev")},
               {"other", MakeFunction("other", [](CallContext&, const Arguments&) -> Result<Value> {
                  return Value::String("!");
                })}};
  EXPECT_EQ(Rendered("{{ m() }}", one), "dev!");
  one.values["target"] = Value::String("prod");
  EXPECT_EQ(Rendered("{{ m() }}", one), "prod!");
}

TEST(Macro, HostsCallMacrosAndMacrosCallHosts) {
  MapScope scope =
      WithMacros("{% macro add(a, b=1) %}{{ return(a + b) }}{% endmacro %}{% macro text(x) %}<{{ x }}>{% endmacro %}");
  Value two = Value::Int(2);
  KeywordArgument b{"b", Value::Int(5)};
  EXPECT_EQ(CallValue(scope.values["add"], {std::span(&two, 1), std::span(&b, 1)}, scope)->AsInt(), 7);
  EXPECT_EQ(CallValue(scope.values["text"], {std::span(&two, 1), {}}, scope)->AsString(), "<2>");
  scope.values["apply"] = MakeFunction("apply", [](CallContext& context, const Arguments& arguments) {
    return context.Call(arguments.positional[0], {arguments.positional.subspan(1), {}});
  });
  EXPECT_EQ(Rendered("{{ apply(text, 3) }}{{ apply(add, 3) }}", scope), "<3>4");
}

TEST(Macro, ScopesAreToldOfCallsAndHowDeepTheyAre) {
  struct Listening : MapScope {
    explicit Listening(MapScope scope) : MapScope(std::move(scope)) {}
    void MacroCalled(const void* macro, size_t depth) override {
      for (const auto& [name, value] : values)
        if (value.Identity() == macro) told += fmt::format("{}{} ", name, depth);
    }
    std::string told;
  } scope(WithMacros("{% macro outer() %}{{ inner() }}{{ caller() }}{% endmacro %}{% macro inner() %}i{% endmacro %}"));
  EXPECT_EQ(
      Rendered("{% macro own() %}{{ inner() }}{% endmacro %}{{ own() }}{% call outer() %}{{ inner() }}{% endcall %}",
               scope),
      "iii");
  EXPECT_EQ(scope.told, "inner0 outer0 inner1 inner1 ");
}

TEST(Macro, LenientUndefinedEndsAtMacrosOfTheirOwn) {
  MapScope scope = WithMacros("{% macro m() %}{{ nothing.at.all }}{% endmacro %}");
  RenderOptions lenient;
  lenient.undefined = UndefinedPolicy::kLenient;
  EXPECT_EQ(Rendered("{{ nothing.at.all }}", scope, lenient), "");
  EXPECT_EQ(Rendered("{{ m() }}", scope, lenient), "error: 'nothing' is undefined");
}

TEST(Macro, TagsOfTheHostDefineMacros) {
  Syntax syntax;
  syntax.macro_tags.push_back(
      {"test", [](std::string_view name, const auto&) -> Result<std::string> { return "test_" + std::string(name); }});
  syntax.macro_tags.push_back(
      {"materialization", [](std::string_view name, const auto& keywords) -> Result<std::string> {
         std::string adapter = "default";
         for (const auto& [keyword, value] : keywords) {
           if (keyword == "adapter") adapter = value.AsString();
         }
         return "materialization_" + std::string(name) + "_" + adapter;
       }});
  auto parsed = Parsed(
      "{% test positive(model, column_name='id') %}select{% endtest %}{% materialization view, adapter='duckdb' %}v{% "
      "endmaterialization %}{% materialization t, default %}{% endmaterialization %}",
      syntax);
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->macros().size(), 3u);
  EXPECT_EQ(parsed->macros()[0].name, "test_positive");
  EXPECT_EQ(parsed->macros()[0].parameters[1].default_source, "'id'");
  EXPECT_EQ(parsed->macros()[1].name, "materialization_view_duckdb");
  EXPECT_EQ(parsed->macros()[2].name, "materialization_t_default");
  MapScope scope;
  EXPECT_EQ(CallValue(MakeMacro(parsed, 1, "m"), {}, scope)->AsString(), "v");
}

TEST(Template, CallsAreSeenWithoutRendering) {
  std::string text =
      "{{ config(materialized='table', tags=['a', 1], meta={'k': none}, n=-2) }}{% if false %}{{ ref('p', 'm', v=x) "
      "}}{% endif %}{{ config.get('k') }}{{ f()() }}";
  auto parsed = Parsed(text);
  std::vector<CallSite> calls = parsed->Calls();
  ASSERT_EQ(calls.size(), 4u);
  EXPECT_EQ(calls[0].callee, "config");
  EXPECT_EQ(calls[0].arguments[0].keyword, "materialized");
  EXPECT_EQ(calls[0].arguments[0].literal.AsString(), "table");
  EXPECT_EQ(calls[0].arguments[1].literal.Repr().value(), "['a', 1]");
  EXPECT_EQ(calls[0].arguments[2].source, "{'k': none}");
  EXPECT_EQ(calls[0].arguments[3].literal.AsInt(), -2);
  EXPECT_EQ(calls[1].callee, "ref");
  EXPECT_EQ(text.substr(calls[1].span.begin, calls[1].span.end - calls[1].span.begin), "ref('p', 'm', v=x)");
  EXPECT_TRUE(calls[1].arguments[2].literal.IsUndefined());
  EXPECT_EQ(calls[1].arguments[2].source, "x");
  EXPECT_EQ(calls[2].callee, "config.get");
  EXPECT_EQ(calls[3].callee, "f");
}

TEST(Template, PlainTextIsKnown) {
  EXPECT_TRUE(Parsed("select 1 }} {x}")->is_plain());
  EXPECT_FALSE(Parsed("a {# c #}")->is_plain());
  EXPECT_FALSE(Parsed("{% raw %}{% endraw %}")->is_plain());
}

std::string SourceOf(std::string_view text, const Span& span) {
  return std::string(text.substr(span.begin, span.end - span.begin));
}

TEST(Pieces, LeadFromTheOutputBackToTheText) {
  std::string library_text =
      "{% macro cents(c) %}({{ c }} / 100){% endmacro %}{% macro twice(c) %}{{ cents(c) }}{% endmacro %}";
  auto library = Parsed(library_text);
  MapScope scope{{"cents", MakeMacro(library, 0, "cents")}, {"twice", MakeMacro(library, 1, "twice")}};
  std::string text = "select {{ 'a' }}, {{ twice('b') }} from t";
  auto parsed = Template::Parse(text, Origin{SourceId{2}, 0, true, {}}).value();
  std::vector<OutputPiece> pieces;
  RenderOptions options;
  options.pieces = &pieces;
  ASSERT_EQ(Render(*parsed, scope, options).value(), "select a, (b / 100) from t");
  ASSERT_EQ(pieces.size(), 7u);
  EXPECT_EQ(SourceOf(text, pieces[0].span), "select ");
  EXPECT_EQ(SourceOf(text, pieces[1].span), "'a'");
  EXPECT_EQ(pieces[3].begin, 10u);
  EXPECT_EQ(SourceOf(library_text, pieces[3].span), "(");
  EXPECT_EQ(SourceOf(library_text, pieces[4].span), "c");
  ASSERT_EQ(pieces[4].trace.size(), 2u);
  EXPECT_EQ(pieces[4].trace[0].name, "cents");
  EXPECT_EQ(pieces[4].trace[1].name, "twice");
  EXPECT_EQ(SourceOf(text, pieces[4].trace[1].span), "twice('b')");
  EXPECT_EQ(pieces[6].begin, 19u);
  EXPECT_EQ(SourceOf(text, pieces[6].span), " from t");
}

TEST(Pieces, SurviveSetBlocksAndCallers) {
  MapScope scope = WithMacros("{% macro wrap() %}[{{ caller() }}]{% endmacro %}");
  std::string text = "{% set x %}abc{% endset %}{{ x }}{{ x|upper }}{% call wrap() %}in{% endcall %}";
  std::vector<OutputPiece> pieces;
  RenderOptions options;
  options.pieces = &pieces;
  EXPECT_EQ(Rendered(text, scope, options), "abcABC[in]");
  ASSERT_EQ(pieces.size(), 5u);
  EXPECT_EQ(SourceOf(text, pieces[0].span), "abc");
  EXPECT_EQ(SourceOf(text, pieces[1].span), "x|upper");
  EXPECT_EQ(SourceOf(text, pieces[3].span), "in");
  ASSERT_EQ(pieces[3].trace.size(), 1u);
  EXPECT_EQ(pieces[3].trace[0].name, "lib.wrap");
}

TEST(Native, OneExpressionKeepsItsValue) {
  MapScope scope{{"n", Value::Int(5)}, {"l", Value::List({Value::Int(1)})}};
  struct NativeCase {
    std::string source, repr;
  };
  for (const NativeCase& each :
       std::initializer_list<NativeCase>{{"{{ n }}", "5"},
                                         {"{{ l }}", "[1]"},
                                         {"{{ n }}\n", "5"},
                                         {"{{ n }}{{ n }}", "'55'"},
                                         {"a{{ n }}", "'a5'"},
                                         {"plain\n", "'plain'"},
                                         {"", "''"},
                                         {"{{ n > 1 }}", "True"},
                                         // Jinja2 computes constants when it compiles and writes them as text.
                                         {"{{ 1 }}", "'1'"},
                                         {"{{ [1, 2] }}", "'[1, 2]'"},
                                         {"{{ '1'|as_native }}", "1"},
                                         {"{{ '[1, 2]'|as_native }}", "[1, 2]"},
                                         {"{{ 'true'|as_native }}", "'true'"},
                                         {"{{ 'True'|as_bool }}", "True"},
                                         {"{{ n|as_text }}", "'5'"},
                                         {"{% if n %}{{ n }}{% endif %}", "5"},
                                         {"{% set x %}7{% endset %}{{ x }}", "'7'"}}) {
    Result<Value> value = RenderNative(*Parsed(each.source), scope);
    ASSERT_TRUE(value.ok()) << each.source;
    EXPECT_EQ(value->Repr().value(), each.repr) << each.source;
  }
  EXPECT_EQ(RenderNative(*Parsed("{{ 'x'|as_number }}"), scope).error().front().message,
            "Could not convert value 'x' into type 'number'");
}

TEST(Host, MacrosThatOutliveTheRenderAreHarmless) {
  MapScope scope;
  Value escaped = RenderNative(*Parsed("{% set v = 1 %}{% macro m() %}[{{ v }}]{% endmacro %}{{ m }}"), scope).value();
  EXPECT_EQ(CallValue(escaped, {}, scope)->AsString(), "[]");
  Value generator = RenderNative(*Parsed("{{ [1]|map('string') }}"), scope).value();
  EXPECT_EQ(generator.AsObject()->Iterate().value()->Next().error().front().message,
            "the template that made this generator has ended");
}

TEST(Host, ArgumentReaderSpeaksPython) {
  MapScope scope{{"f", MakeFunction("f", [](CallContext&, const Arguments& arguments) -> Result<Value> {
                    ArgumentReader reader("f", arguments);
                    STIR_ASSIGN(Value a, reader.Required("a"));
                    Value b = reader.Optional("b", Value::Int(2));
                    STIR_TRY(reader.Finish());
                    return Value::List({a, b});
                  })}};
  EXPECT_EQ(Rendered("{{ f(1) }}{{ f(b=3, a=4) }}{{ f(*[5], **{'b': 6}) }}", scope), "[1, 2][4, 3][5, 6]");
  EXPECT_EQ(Rendered("{{ f() }}", scope), "error: f() missing 1 required positional argument: 'a'");
  EXPECT_EQ(Rendered("{{ f(1, 2, 3) }}", scope), "error: f() takes 2 positional arguments but 3 were given");
  EXPECT_EQ(Rendered("{{ f(1, c=3) }}", scope), "error: f() got an unexpected keyword argument 'c'");
  EXPECT_EQ(Rendered("{{ f(1, a=3) }}", scope), "error: f() got multiple values for argument 'a'");
}

TEST(Host, SetsAndIterables) {
  std::vector<Value> items{Value::Int(1), Value::Int(2), Value::Float(1.0)};
  MapScope scope{{"a", MakeSet(items).value()}, {"b", MakeSet(std::span(items).first(1)).value()}};
  EXPECT_EQ(
      Rendered("{{ a }} {{ a|length }} {{ a - b }} {{ b <= a }} {{ 2 in a }} {{ a.union([3]) }} {{ a == b }}", scope),
      "{1, 2} 2 {2} True True {1, 2, 3} False");
  EXPECT_FALSE(MakeSet(std::vector<Value>{Value::List()}).ok());
}

}  // namespace
}  // namespace stir::jinja
