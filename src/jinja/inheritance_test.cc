// Templates that name others: where they come from, what they see, and where their errors are.
#include <gtest/gtest.h>

#include "jinja/kinds.h"
#include "jinja/testing/render_case.h"

namespace stir::jinja {
namespace {

using testing::kSource;
using testing::MapScope;

// Templates by name; each has a source of its own: 100 and on, in the order of their names.
class MapLoader final : public TemplateLoader {
 public:
  MapLoader(std::initializer_list<std::pair<const std::string, std::string>> texts) : texts_(texts) {}
  Result<std::shared_ptr<const Template>> Load(std::string_view name) override {
    auto at = texts_.find(name);
    if (at == texts_.end()) return std::shared_ptr<const Template>();
    if (auto known = parsed_.find(at->first); known != parsed_.end()) return known->second;
    const auto number = static_cast<uint32_t>(std::distance(texts_.begin(), at));
    auto parsed = Template::Parse(at->second, {SourceId{100 + number}, 0, true, {}});
    if (parsed.ok()) parsed_[at->first] = *parsed;
    return parsed;
  }

 private:
  std::map<std::string, std::shared_ptr<const Template>> parsed_;
  std::map<std::string, std::string, std::less<>> texts_;
};

Result<std::string> RenderWith(MapLoader& loader, const std::string& text) {
  MapScope scope{{"x", Value::Int(3)}};
  RenderOptions options;
  options.loader = &loader;
  auto parsed = Template::Parse(text, {kSource, 0, true, {}});
  if (!parsed.ok()) return parsed.error();
  return Render(**parsed, scope, options);
}

TEST(Inheritance, BlocksReplaceThoseOfTheParent) {
  MapLoader loader{{"base", "<{% block a %}a{% endblock %}{% block b %}b{{ x }}{% endblock %}>"}};
  EXPECT_EQ(*RenderWith(loader, "{% extends 'base' %}lost{% block a %}mine {{ super() }}{% endblock %}"), "<mine ab3>");
  EXPECT_EQ(*RenderWith(loader, "{% extends 'base' %}{% set x = 4 %}"), "<ab4>");
}

TEST(Inheritance, IncludesSeeTheNamesAround) {
  MapLoader loader{{"part", "[{{ x }}{{ i }}]"}};
  EXPECT_EQ(*RenderWith(loader, "{% for i in [1, 2] %}{% include 'part' %}{% endfor %}"), "[31][32]");
  EXPECT_EQ(*RenderWith(loader, "{% set i = 7 %}{% include 'part' without context %}"), "[]");
}

TEST(Inheritance, AnImportWithoutContextRunsOnce) {
  MapLoader loader{
      {"m", "{% set n = namespace(v=0) %}{% macro next() %}{% set n.v = n.v + 1 %}{{ n.v }}{{ x }}{% endmacro %}"}};
  EXPECT_EQ(*RenderWith(loader, "{% import 'm' as a %}{% from 'm' import next %}{{ a.next() }}{{ next() }}"), "12");
}

TEST(Inheritance, ErrorsAreInTheTemplateThatFails) {
  MapLoader loader{{"bad", "a {{ 1 // 0 }}"}, {"broken", "{% if %}"}};
  const Diagnostic fails = RenderWith(loader, "{% include 'bad' %}").error().front();
  EXPECT_EQ(fails.kind, kTemplateZeroDivision);
  EXPECT_EQ(fails.span, (Span{SourceId{100}, 5, 11}));
  const Diagnostic broken = RenderWith(loader, "{% include 'broken' ignore missing %}").error().front();
  EXPECT_EQ(broken.kind, kTemplateSyntax);
  EXPECT_EQ(broken.span.source, SourceId{101});
  const Diagnostic missing = RenderWith(loader, "a {% include 'nope' %}").error().front();
  EXPECT_EQ(missing.kind, kTemplateNotFound);
  EXPECT_EQ(missing.span, (Span{kSource, 13, 19}));
}

TEST(Inheritance, CirclesEndInAnError) {
  MapLoader loader{{"a", "{% extends 'b' %}"}, {"b", "{% extends 'a' %}"}, {"self", "{% include 'self' %}"}};
  EXPECT_EQ(RenderWith(loader, "{% extends 'a' %}").error().front().kind, kTemplateRecursion);
  EXPECT_EQ(RenderWith(loader, "{% include 'self' %}").error().front().kind, kTemplateRecursion);
}

TEST(Inheritance, WithoutALoaderThereAreNoTemplates) {
  MapScope scope;
  EXPECT_EQ(testing::Rendered("{% include 'x' %}", scope), "error: no loader for this environment specified");
}

TEST(Inheritance, MacrosOutliveTheRenderThatMadeThem) {
  MapLoader loader{{"m", "{% macro f() %}f{{ x }}{% endmacro %}"}};
  Value kept;
  MapScope scope{{"keep", MakeFunction("keep", [&](CallContext&, const Arguments& arguments) -> Result<Value> {
                    kept = arguments.positional[0];
                    return Value::String("");
                  })}};
  RenderOptions options;
  options.loader = &loader;
  EXPECT_EQ(testing::Rendered("{% import 'm' as m %}{{ keep(m.f) }}", scope, options), "");
  MapScope other{{"x", Value::Int(5)}};
  EXPECT_EQ(CallValue(kept, {}, other)->Str().value(), "f5");
}

}  // namespace
}  // namespace stir::jinja
