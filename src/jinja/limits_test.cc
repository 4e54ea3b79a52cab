// Input that means harm: nesting, bombs, bytes that are no text. An error or a result, never a crash.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "jinja/kinds.h"
#include "jinja/testing/render_case.h"

namespace stir::jinja {
namespace {

using testing::MapScope;
using testing::Rendered;

std::string Times(std::string_view text, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += text;
  return out;
}

bool Fails(const std::string& text) { return Rendered(text).starts_with("error: "); }

TEST(Limits, NestedTooDeeply) {
  for (const auto& [open, close] : {std::pair<std::string, std::string>{"(", ")"},
                                    {"[", "]"},
                                    {"{1:", "}"},
                                    {"-", ""},
                                    {"not ", ""},
                                    {"f(", ")"},
                                    {"a[", "]"}})
    EXPECT_TRUE(Fails("{{ " + Times(open, 1000) + "1" + Times(close, 1000) + " }}")) << open;
  EXPECT_TRUE(Fails(Times("{% if 1 %}", 1000) + Times("{% endif %}", 1000)));
  EXPECT_TRUE(Fails(Times("{% for a in [1] %}", 1000) + Times("{% endfor %}", 1000)));
  EXPECT_TRUE(Fails(Times("{% block a %}", 1000)));
  EXPECT_TRUE(Fails("{{ 1 if " + Times("1 if ", 1000) + " }}"));
  EXPECT_TRUE(Fails("{% set " + Times("(", 1000) + "a" + Times(")", 1000) + " = 1 %}"));
}

TEST(Limits, LongChainsAreNotDeep) {
  EXPECT_EQ(Rendered("{{ 0" + Times(" + 1", 5000) + " }}").size(), Rendered("{{ 5000 }}").size());
  EXPECT_FALSE(Rendered("{{ 'a'" + Times("|string", 3000) + " }}").empty());
  EXPECT_FALSE(Rendered("{{ x" + Times(".a", 3000) + " }}").empty());
  EXPECT_EQ(Rendered("{{ ''" + Times(" ~ 'b'", 5000) + " }}").size(), 5000u);
}

TEST(Limits, BombsEndInAnError) {
  EXPECT_TRUE(Fails("{% set s = 'a' * 1000000000000 %}"));
  EXPECT_TRUE(Fails("{{ range(100000000) }}"));
  EXPECT_TRUE(Fails("{{ 10 ** (10 ** 10) }}"));
  EXPECT_TRUE(Fails("{{ '%1000000000d' % 1 }}"));
  EXPECT_TRUE(Fails("{{ '{:1000000000}'.format(1) }}"));
  EXPECT_TRUE(Fails("{{ 'a'.center(100000000000) }}"));
  EXPECT_TRUE(Fails("{{ [1]|batch(100000000000, 0)|list }}"));
  EXPECT_TRUE(Fails("{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}"));
  MapScope scope;
  RenderOptions options;
  options.limits.output_bytes = 1000;
  EXPECT_EQ(Rendered("{% for a in range(1000) %}0123456789{% endfor %}", scope, options),
            "error: the template writes more than 1000 bytes");
}

TEST(Limits, ValuesThatContainThemselvesOrNestWithoutEnd) {
  EXPECT_EQ(Rendered("{% set l = [] %}{% do l.append(l) %}{{ l|length }}"), "1");
  EXPECT_EQ(Rendered("{% set l = [] %}{% do l.append(l) %}{{ l }}"), "[[...]]");
  EXPECT_EQ(
      Rendered(
          "{% set n = namespace(v=[]) %}{% for i in range(100000) %}{% set n.v = [n.v] %}{% endfor %}{{ n.v|length }}"),
      "1");
  EXPECT_EQ(Rendered("{% set n = namespace(v={}) %}{% for i in range(100000) %}{% set n.v = {1: n.v} %}{% endfor %}{{ "
                     "n.v|length }}"),
            "1");
}

TEST(Limits, BytesThatAreNoText) {
  using namespace std::string_literals;
  EXPECT_EQ(Rendered("a\0b{{ 'c\0d' }}"s), "a\0bc\0d"s);
  EXPECT_TRUE(Fails("{{ \0 }}"s));
  EXPECT_FALSE(Rendered("\xff\xfe{{ '\xff\xc3'|upper }}{{ '\xf0\x9f'|length }}").empty());
}

TEST(Limits, AHundredThousandLines) {
  std::string text =
      "{% macro m(a) %}\n" + Times("select {{ a }} from t\n", 100000) + "{% endmacro %}{{ m(1)|length }}";
  EXPECT_EQ(Rendered(text), std::to_string(1 + 100000 * std::string("select 1 from t\n").size()));
}

}  // namespace
}  // namespace stir::jinja
