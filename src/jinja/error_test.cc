// What people read when a template is wrong: message, place, macro stack, hint.
#include <gtest/gtest.h>

#include "jinja/kinds.h"
#include "jinja/testing/render_case.h"

namespace stir::jinja {
namespace {

using testing::kSource;
using testing::MapScope;
using testing::Parsed;

Diagnostic Failure(const std::string& text, Scope& scope) {
  auto parsed = Template::Parse(text, Origin{kSource, 0, true, {}});
  if (!parsed.ok()) return parsed.error().front();
  Result<std::string> output = Render(**parsed, scope);
  return output.ok() ? Diagnostic(kTemplateValue, "no error: " + *output) : output.error().front();
}

struct Case {
  std::string source, message, place;  // place: the text that the span marks
};

void Expect(std::initializer_list<Case> cases) {
  for (const Case& each : cases) {
    MapScope scope{{"n", Value::Int(3)}, {"d", Value::MakeDict()}, {"l", Value::List()}};
    Diagnostic error = Failure(each.source, scope);
    EXPECT_EQ(error.message, each.message) << each.source;
    EXPECT_EQ(each.source.substr(error.span.begin, error.span.end - error.span.begin), each.place) << each.source;
  }
}

TEST(Error, Syntax) {
  Expect({{"{{ foo", "unexpected end of template, expected 'end of print statement'.", "foo"},
          {"{{ 1 + }}", "unexpected 'end of print statement'", "}}"},
          {"{{ (1 }}", "unexpected '}', expected ')'", "}"},
          {"{{ a b }}", "expected token 'end of print statement', got 'b'", "b"},
          {"{{ }}", "Expected an expression, got 'end of print statement'", "}}"},
          {"{{ 'abc }}", "unexpected char \"'\" at 3", "'"},
          {"{{ x ? y }}", "unexpected char '?' at 5", "?"},
          {"{% set 1 = 2 %}", "can't assign to 'const'", "1"},
          {"{% set a.b.c = 2 %}", "expected token 'end of statement block', got '.'", "."},
          {"{% break %}", "'break' outside loop", "break"},
          {"{% macro m(a=1, b) %}{% endmacro %}", "non-default argument follows default argument", ")"},
          {"{% call foo %}{% endcall %}", "expected call", "call"},
          {"{{ f(a=1, 2) }}", "invalid syntax for function call expression", "("},
          {"{{ x is defined is none }}", "You cannot chain multiple tests with is", "is"},
          {"{# open", "Missing end of comment tag", " open"},
          {"{% raw %} open", "Missing end of raw directive", "{% raw %}"},
          {"{{ \"\\x4\" }}", "truncated \\xXX escape", "\"\\x4\""},
          {"{{ n|nope }}", "No filter named 'nope'.", "nope"},
          {"{{ n is nope }}", "No test named 'nope'.", "nope"},
          {"{% include 'x' %}", "no loader for this environment specified", "'x'"}});
}

TEST(Error, TagsThatDoNotFit) {
  Expect({{"{% frobnicate %}", "Encountered unknown tag 'frobnicate'.", "frobnicate"},
          {"{% for x in l %}",
           "Unexpected end of template. Jinja was looking for the following tags: 'endfor' or 'else'. The innermost "
           "block that needs to be closed is 'for'.",
           "%}"},
          {"{% for x in l %}{% if n %}{% endfor %}",
           "Encountered unknown tag 'endfor'. You probably made a nesting mistake. Jinja is expecting this tag, but "
           "currently looking for 'elif' or 'else' or "
           "'endif'. The innermost block that needs to be closed is 'if'.",
           "endfor"},
          {"{% if n %}{% end_if %}",
           "Encountered unknown tag 'end_if'. Jinja was looking for the following tags: 'elif' or 'else' or 'endif'. "
           "The innermost block that needs to be closed is 'if'.",
           "end_if"}});
  MapScope scope;
  EXPECT_EQ(Failure("{% iff x %}", scope).hint, "did you mean `if`?");
}

TEST(Error, UndefinedValues) {
  Expect({{"{{ foo.bar }}", "'foo' is undefined", "foo.bar"},
          {"{{ foo() }}", "'foo' is undefined", "foo()"},
          {"{{ 1 + foo }}", "'foo' is undefined", "1 + foo"},
          {"{{ d.x.y }}", "'dict object' has no attribute 'x'", "d.x.y"},
          {"{{ l[4].y }}", "list object has no element 4", "l[4].y"},
          {"{{ none.x.y }}", "'None' has no attribute 'x'", "none.x.y"},
          {"{{ 'a'.foo() }}", "'str object' has no attribute 'foo'", "'a'.foo()"},
          {"{% for x in [1] %}{{ loop.nextitem.a }}{% endfor %}", "there is no next item", "loop.nextitem.a"},
          {"{% macro m(a) %}{{ a.b }}{% endmacro %}{{ m() }}", "parameter 'a' was not provided", "a.b"}});
}

TEST(Error, Types) {
  Expect({{"{{ 1 + 'a' }}", "unsupported operand type(s) for +: 'int' and 'str'", "1 + 'a'"},
          {"{{ 'a' + 1 }}", "can only concatenate str (not \"int\") to str", "'a' + 1"},
          {"{{ 'a' < 1 }}", "'<' not supported between instances of 'str' and 'int'", "'a' < 1"},
          {"{{ [x for x] }}", "expected token ',', got 'for'", "for"},
          {"{% for i in 5 %}{% endfor %}", "'int' object is not iterable", "5"},
          {"{% set a, b = [1] %}", "not enough values to unpack (expected 2, got 1)", "a, b"},
          {"{{ 5() }}", "'int' object is not callable", "5()"},
          {"{{ {[1]: 2} }}", "unhashable type: 'list'", "{[1]: 2}"},
          {"{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}", "macro 'm' takes not more than 1 argument(s)", "m(1, 2)"},
          {"{% macro m(a) %}{% endmacro %}{{ m(z=1) }}", "macro 'm' takes no keyword argument 'z'", "m(z=1)"},
          {"{% set d.x = 1 %}", "cannot assign attribute on non-namespace object", "d.x"},
          {"{{ 'x,y'|map('nope')|list }}", "No filter named 'nope'.", "'x,y'|map('nope')|list"}});
}

TEST(Error, InnermostPlaceAndWholeMacroStack) {
  auto library =
      Parsed("{% macro outer(x) %}{{ inner(x) }}{% endmacro %}{% macro inner(y) %}a {{ y.b.c }}{% endmacro %}");
  MapScope scope{{"outer", MakeMacro(library, 0, "pkg.outer")}, {"inner", MakeMacro(library, 1, "pkg.inner")}};
  std::string text = "select {{ outer({}) }}";
  auto parsed = Template::Parse(text, Origin{SourceId{9}, 100, true, {}}).value();
  Diagnostic error = Render(*parsed, scope).error().front();
  EXPECT_EQ(error.message, "'dict object' has no attribute 'b'");
  EXPECT_EQ(error.kind, kTemplateUndefined);
  EXPECT_EQ(error.span, (Span{kSource, 73, 78}));
  ASSERT_EQ(error.trace.size(), 2u);
  EXPECT_EQ(error.trace[0].name, "pkg.inner");
  EXPECT_EQ(error.trace[0].span, (Span{kSource, 23, 31}));
  EXPECT_EQ(error.trace[1].name, "pkg.outer");
  EXPECT_EQ(error.trace[1].span, (Span{SourceId{9}, 110, 119}));
}

TEST(Error, ErrorsOfCalleesGetThePlaceOfTheCall) {
  MapScope scope{{"fail", MakeFunction("fail", [](CallContext&, const Arguments&) -> Result<Value> {
                    return Diagnostic(kTemplateValue, "no such model");
                  })}};
  Diagnostic error = Failure("a {{ fail('x') }}", scope);
  EXPECT_EQ(error.message, "no such model");
  EXPECT_EQ(error.span, (Span{kSource, 5, 14}));
}

TEST(Error, TextThatIsNotVerbatimShowsTheWhole) {
  Span whole{SourceId{3}, 40, 60};
  auto parsed = Template::Parse("{{ x.y }}", Origin{SourceId{3}, 0, false, whole}).value();
  MapScope scope;
  EXPECT_EQ(Render(*parsed, scope).error().front().span, whole);
}

}  // namespace
}  // namespace stir::jinja
