// The language, case by case: a template and what it writes. (lines_test.cc compares with Jinja2 itself.)
#include <gtest/gtest.h>

#include "jinja/testing/render_case.h"

namespace stir::jinja {
namespace {

using testing::MapScope;
using testing::Rendered;

struct RenderCase {
  std::string source, output;
};

void ExpectRendered(std::initializer_list<RenderCase> cases) {
  for (const RenderCase& each : cases) {
    auto user = [](std::string_view name, int64_t age) {
      return Value::MakeDict(
          {{Value::String("name"), Value::String(std::string(name))}, {Value::String("age"), Value::Int(age)}});
    };
    MapScope scope{
        {"n", Value::Int(3)},
        {"s", Value::String("orders")},
        {"list", Value::List({Value::Int(1), Value::Int(2), Value::Int(3)})},
        {"dict", Value::MakeDict({{Value::String("a"), Value::Int(1)}, {Value::String("items"), Value::Int(2)}})},
        {"users", Value::List({user("Ann", 31), user("bob", 25)})}};
    EXPECT_EQ(Rendered(each.source, scope), each.output) << each.source;
  }
}

TEST(Render, ValuesPrintAsPythonPrintsThem) {
  ExpectRendered(
      {{"{{ none }} {{ true }} {{ [1, 'a', none, 1.5] }}", "None True [1, 'a', None, 1.5]"},
       {"{{ (1,) }} {{ () }} {{ {'k': (1, 2)} }}", "(1,) () {'k': (1, 2)}"},
       {"{{ 1.0 }} {{ 1e16 }} {{ 1e-5 }} {{ 0.1 + 0.2 }} {{ 100.5e3 }}",
        "1.0 1e+16 1e-05 0.30000000000000004 100500.0"},
       {"{{ [\"it's\", 'a\"b', 'x\\ny'] }}", "[\"it's\", 'a\"b', 'x\\ny']"},
       {"{{ range(3) }} {{ range(0, 9, 4)|list }}", "range(0, 3) [0, 4, 8]"},
       {"{{ dict.keys() }} {{ dict.items() }}", "dict_keys(['a', 'items']) dict_items([('a', 1), ('items', 2)])"},
       {"[{{ missing }}]", "[]"}});
}

TEST(Render, ArithmeticFollowsPython) {
  ExpectRendered(
      {{"{{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % -3 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 6 / 2 }}", "3 -4 -2 2 3.5 3.0"},
       {"{{ 2 ** 10 }} {{ 2 ** -1 }} {{ 2 ** 3 ** 2 }} {{ -2 ** 2 }} {{ -2 ** n }}", "1024 0.5 64 4 -8"},
       {"{{ 'ab' * 2 }} {{ [1] * 2 }} {{ true + 1 }} {{ 1 ~ 2 * 3 }}", "abab [1, 1] 2 16"},
       {"{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 1 == 1.0 == true }} {{ [1, 2] < [1, 3] }}", "True False True True"},
       {"{{ 2 in list }} {{ 'a' not in 'abc' }} {{ 'a' in dict }} {{ not 1 == 2 }}", "True False True True"},
       {"{{ '' or 'x' }} {{ 0 and 1 }} {{ 'y' if n > 2 else 'n' }}{{ 'z' if false }}", "x 0 y"}});
}

TEST(Render, SubscriptsAndSlices) {
  ExpectRendered(
      {{"{{ list[0] }}{{ list[-1] }}{{ list[9] }}{{ list.1 }}", "132"},
       {"{{ list[1:] }} {{ list[::-1] }} {{ s[1:3] }} {{ s[-2:] }} {{ 'ñandú'[1:] }}", "[2, 3] [3, 2, 1] rd rs andú"},
       {"{{ dict.a }} {{ dict['items'] }} {{ dict.items is callable }} {{ dict.get('zz', 5) }}", "1 2 True 5"}});
}

TEST(Render, Loops) {
  ExpectRendered(
      {{"{% for i in list %}{{ loop.index }}{{ i }}{% if not loop.last %},{% endif %}{% endfor %}", "11,22,33"},
       {"{% for i in [] %}x{% else %}none{% endfor %}", "none"},
       {"{% for i in range(6) if i is odd %}{{ i }}/{{ loop.length }} {% endfor %}", "1/3 3/3 5/3 "},
       {"{% for k, v in {'a': 1}.items() %}{{ k }}={{ v }}{% endfor %}", "a=1"},
       {"{% for i in list %}{% if i == 2 %}{% continue %}{% endif %}{{ i }}{% endfor %}", "13"},
       {"{% for i in list %}{% if i == 2 %}{% break %}{% endif %}{{ i }}{% endfor %}", "1"},
       {"{% for i in list %}{{ loop.cycle('o', 'e') }}{{ loop.changed(i > 1) }}{{ loop.previtem }}{{ loop.nextitem "
        "}} {% endfor %}",
        "oTrue2 eTrue13 oFalse2 "},
       {"{% for x in [1, [2, [3]]] recursive %}{% if x is iterable %}({{ loop(x) }}){% else %}{{ x }}{{ loop.depth "
        "}}{% endif %}{% endfor %}",
        "11(22(33))"},
       {"{% for i in list %}{% for j in 'ab' %}{{ loop.index }}{% endfor %}{{ loop.index }} {% endfor %}",
        "121 122 123 "}});
}

TEST(Render, NamesAreScopedAsInJinja) {
  ExpectRendered(
      {{"{% set x = 1 %}{% for i in list %}{% set x = x + i %}{{ x }} {% endfor %}{{ x }}", "2 3 4 1"},
       {"{% if false %}{% set n = 9 %}{% endif %}{{ n }}", "3"},
       {"{{ n }}{% set n = 9 %}{{ n }}", "39"},
       {"{% for i in [1] %}{{ late }}{% endfor %}{% set late = 2 %}{{ late }}", "2"},
       {"{% macro m() %}{{ v }}{% endmacro %}{% set v = 3 %}{{ m() }}", "3"},
       {"{% macro m() %}{% set n = 4 %}{{ n }}{% endmacro %}{{ m() }}{{ n }}", "43"},
       {"{% set ns = namespace(t=0) %}{% for i in list %}{% set ns.t = ns.t + i %}{% endfor %}{{ ns.t }}", "6"},
       {"{% with a = 1, b = n %}{{ a }}{{ b }}{% endwith %}{{ a }}", "13"},
       {"{% set a, (b, c) = 1, [2, 3] %}{{ a }}{{ b }}{{ c }}", "123"},
       {"{% set x %}<{{ n }}>{% endset %}{{ x }}{% set y | upper %}ab{% endset %}{{ y }}", "<3>AB"},
       {"{% set x = [] %}{% do x.append(1) %}{% for i in [2] %}{% do x.append(i) %}{% endfor %}{{ x }}", "[1, 2]"}});
}

TEST(Render, Macros) {
  ExpectRendered(
      {{"{% macro m(a, b=2) %}{{ a }}-{{ b }} {% endmacro %}{{ m(1) }}{{ m(1, 3) }}{{ m(b=4, a=5) }}", "1-2 1-3 5-4 "},
       {"{% macro m(a) %}{{ a }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, k=3) }}", "1(2,){'k': 3}"},
       {"{% macro m(a, b=a) %}{{ b }}{% endmacro %}{{ m(7) }}", "7"},
       {"{% macro m(a: str, b: dict[str, list[int]] = {}) %}{{ a }}{{ b }}{% endmacro %}{{ m('x') }}", "x{}"},
       {"{% macro m() %}[{{ caller() }}]{% endmacro %}{% call m() %}in{% endcall %}", "[in]"},
       {"{% macro m() %}{% for i in [1, 2] %}{{ caller(i) }}{% endfor %}{% endmacro %}{% call(x) m() %}<{{ x }}>{% "
        "endcall %}",
        "<1><2>"},
       {"{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}B{% endmacro %}{{ a() }}", "B"},
       {"{% macro f(i) %}{{ i }}{% if i > 0 %}{{ f(i - 1) }}{% endif %}{% endmacro %}{{ f(3) }}", "3210"},
       {"{% macro m() %}{% macro inner() %}{{ n }}{% endmacro %}{{ inner() }}{% endmacro %}{{ m() }}", "3"},
       {"{% macro m(a) %}{% endmacro %}{{ m }} {{ m.name }} {{ m.arguments }}", "<Macro 'm'> m ('a',)"}});
}

TEST(Render, WhiteSpaceControl) {
  ExpectRendered({{"a\n{%- if true -%}\n b \n{%- endif %}\nc", "ab\nc"},
                  {"a {# c #} b {#- c -#} d", "a  bd"},
                  {"{% raw %}{{ x }}{% endraw %}|{%- raw -%}  y  {%- endraw -%} z", "{{ x }}|yz"},
                  {"x\n", "x\n"},  // no tag: as it is
                  {"{{ n }}\n", "3"},
                  {"{{ n }}\r\n\r\nb", "3\n\nb"},
                  {"{{ {'a': {'b': 1}} }}", "{'a': {'b': 1}}"}});
  Syntax trims;
  trims.trim_blocks = trims.lstrip_blocks = true;
  MapScope scope;
  EXPECT_EQ(Rendered("a\n  {% if true %}\n  b\n  {% endif %}\nc", scope, {}, trims), "a\n  b\nc");
  EXPECT_EQ(Rendered("a\n  {%+ if true %}\nb{% endif %}", scope, {}, trims), "a\n  b");
  trims.keep_trailing_newline = true;
  EXPECT_EQ(Rendered("{{ 1 }}\n", scope, {}, trims), "1\n");
}

TEST(Render, OtherDelimiters) {
  Syntax syntax;
  syntax.block_start = "<%", syntax.block_end = "%>", syntax.variable_start = "${", syntax.variable_end = "}";
  syntax.comment_start = "<#", syntax.comment_end = "#>";
  MapScope scope;
  EXPECT_EQ(Rendered("<% if true %>${ {'a': 1}.a }<# c #>{{ x }}<% endif %>", scope, {}, syntax), "1{{ x }}");
}

TEST(Render, Filters) {
  ExpectRendered(
      {{"{{ users|map(attribute='name')|join(', ') }} {{ users|selectattr('age', '>', 30)|list|length }}",
        "Ann, bob 1"},
       {"{{ ['b', 'A', 'c']|sort|join }} {{ ['a', 'A', 'b']|unique|join }} {{ [1, 2, 3, 4]|select('even')|list }}",
        "Abc ab [2, 4]"},
       {"{{ users|groupby('age')|map(attribute='grouper')|list }} {{ users|sum(attribute='age') }}", "[25, 31] 56"},
       {"{{ [1, 2, 3]|batch(2, 0)|list }} {{ [1, 2, 3]|slice(2)|list }}", "[[1, 2], [3, 0]] [[1, 2], [3]]"},
       {"{{ missing|default('x') }} {{ ''|default('x', true) }} {{ '3.7'|int }} {{ 'x'|int(7) }} {{ '2.5'|float }}",
        "x x 3 7 2.5"},
       {"{{ 2.5|round }} {{ 3.14159|round(2) }} {{ 7|round(-1) }} {{ 1.2|round(0, 'ceil') }}", "2.0 3.14 10 2.0"},
       {"{{ {'b': 1, 'a': [none, true]}|tojson }} {{ \"<'&\"|tojson }}",
        "{\"a\": [null, true], \"b\": 1} \"\\u003c\\u0027\\u0026\""},
       {"{{ 'a\nb\n\nc'|indent(2) }}", "a\n  b\n\n  c"},
       {"{{ 'foo bar baz qux'|truncate(9) }} {{ '<b>x</b> y'|striptags }} {{ '<'|e }}", "foo... x y &lt;"},
       {"{% filter upper|replace('A', 'b') %}abc{% endfilter %}", "bBC"},
       {"{{ 'x'|is_list }} {{ [1]|is_list }} {{ '5'|as_number }}", "False True 5"}});
}

TEST(Render, MethodsAndFormats) {
  ExpectRendered(
      {{"{{ 'a,b,,c'.split(',') }} {{ ' a  b '.split() }} {{ 'a.b.c'.rsplit('.', 1) }}",
        "['a', 'b', '', 'c'] ['a', 'b'] ['a.b', 'c']"},
       {"{{ 'Abc'.swapcase() }} {{ 'abc'.replace('b', '') }} {{ 'x'.join(['1', '2']) }} {{ 'ab'.startswith(('x', 'a')) "
        "}}",
        "aBC ac 1x2 True"},
       {"{{ '{} {a:>4} {0}'.format('x', a=1) }}",
        "error: cannot switch from automatic field numbering to manual field specification"},
       {"{{ '{:>4}|{:<3}|{:^5}|{:05d}|{:,}|{:.2f}|{:x}|{:%}'.format('a', 'b', 'c', 42, 1234567, 3.14159, 255, 0.5) }}",
        "   a|b  |  c  |00042|1,234,567|3.14|ff|50.000000%"},
       {"{{ '%s-%05d-%.1f-%x-%%' % ('a', 42, 2.55, 255) }} {{ '%(a)s' % dict }}", "a-00042-2.5-ff-% 1"},
       {"{% set l = [3, 1] %}{{ l.append(2) }}{{ l.sort() }}{{ l }}{{ l.pop() }}{{ l.index(2) }}",
        "NoneNone[1, 2, 3]31"},
       {"{% set d = {} %}{% do d.update({'x': 1}, y=2) %}{{ d }}{{ d.pop('x') }}{{ d.setdefault('z', []) }}",
        "{'x': 1, 'y': 2}1[]"}});
}

TEST(Render, UndefinedPolicies) {
  MapScope scope;
  RenderOptions lenient;
  lenient.undefined = UndefinedPolicy::kLenient;
  EXPECT_EQ(Rendered("[{{ a.b.c('x')['y'].z }}]", scope, lenient), "[]");
  EXPECT_EQ(Rendered("[{{ a.b + 1 }}]", scope, lenient), "error: 'b' is undefined");
  RenderOptions strict;
  strict.undefined = UndefinedPolicy::kStrict;
  EXPECT_EQ(Rendered("{{ a }}", scope, strict), "error: 'a' is undefined");
  EXPECT_EQ(Rendered("{{ a is defined }} {{ a|default(1) }}", scope, strict), "False 1");
}

TEST(Render, GlobalsAreLookedUpOnceAndOnlyWhenNeeded) {
  MapScope scope{{"n", Value::Int(1)}, {"m", Value::Int(2)}};
  EXPECT_EQ(Rendered("{% for i in range(50) %}{% if n > 1 %}{{ m }}{% endif %}{% endfor %}", scope), "");
  EXPECT_EQ(scope.lookups, 2);  // range and n
}

TEST(Render, Limits) {
  MapScope scope;
  RenderOptions small;
  small.limits.output_bytes = 100;
  small.limits.depth = 20;
  EXPECT_EQ(Rendered("{% for i in range(1000) %}0123456789{% endfor %}", scope, small),
            "error: the template writes more than 100 bytes");
  EXPECT_EQ(Rendered("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", scope, small),
            "error: maximum recursion depth exceeded: macros call each other more than 20 deep");
  EXPECT_EQ(Rendered("{{ range(100001) }}"),
            "error: Range too big. The sandbox blocks ranges larger than MAX_RANGE (100000).");
  EXPECT_EQ(Rendered("{{ 'a' * 1000000000000 }}"), "error: the repeated value is too long");
  EXPECT_EQ(Rendered("{{ 9223372036854775807 + 1 }}"), "9223372036854775808");
  EXPECT_EQ(Rendered("{{ " + std::string(5000, '(') + " }}"), "error: the template is nested too deeply");
  std::string blocks;
  for (int i = 0; i < 5000; ++i) blocks += "{% if true %}";
  EXPECT_EQ(Rendered(blocks), "error: the template is nested too deeply");
  Value itself = Value::List();
  itself.MutableItems().push_back(itself);
  scope.values["itself"] = itself;
  EXPECT_EQ(Rendered("{{ itself == itself }}", scope), "True");
  EXPECT_EQ(Rendered("{{ itself }}", scope), "[[...]]");
  itself.MutableItems().clear();
  std::string sum = "{{ 1";
  for (int i = 0; i < 200000; ++i) sum += "+1";
  EXPECT_EQ(Rendered(sum + " }}").substr(0, 7), "error: ");
}

}  // namespace
}  // namespace stir::jinja
