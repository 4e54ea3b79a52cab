#include "project/blocks.h"

#include <gtest/gtest.h>

#include <array>

namespace stir::project {
namespace {

constexpr std::array<std::string_view, 2> kTypes{"macro", "docs"};

std::vector<Block> Find(std::string_view text, Diagnostics& errors) {
  return FindBlocks(text, SourceId{1}, kTypes, errors);
}

TEST(Blocks, AreCutOutWithTheirPlaces) {
  Diagnostics errors;
  const auto blocks = Find("x {% macro a(b) %}body{% endmacro %} y", errors);
  ASSERT_EQ(blocks.size(), 1U);
  EXPECT_TRUE(errors.empty());
  EXPECT_EQ(blocks[0].type, "macro");
  EXPECT_EQ(blocks[0].name, "a");
  EXPECT_EQ(blocks[0].text, "{% macro a(b) %}body{% endmacro %}");
  EXPECT_EQ(blocks[0].contents, "body");
  EXPECT_EQ(blocks[0].span, (Span{SourceId{1}, 2, 36}));
  EXPECT_EQ(blocks[0].name_span, (Span{SourceId{1}, 11, 12}));
}

TEST(Blocks, CommentsRawTextAndQuotesHideTags) {
  Diagnostics errors;
  const auto blocks = Find(
      "{# {% macro no() %} #}{% raw %}{% macro no() %}{% endraw %}"
      "{% macro yes() %}{{ '{% endmacro %}' }}{% set x = \"%}\" %}{# {% endmacro %} #}{% endmacro %}",
      errors);
  ASSERT_EQ(blocks.size(), 1U);
  EXPECT_EQ(blocks[0].name, "yes");
  EXPECT_TRUE(errors.empty());
}

TEST(Blocks, TextOfDocsIsFree) {
  Diagnostics errors;
  const auto blocks = Find("{% docs a %}it's {{ \"open {# {% if %} {% enddocs %}", errors);
  ASSERT_EQ(blocks.size(), 1U);
  EXPECT_EQ(blocks[0].contents, "it's {{ \"open {# {% if %} ");
}

TEST(Blocks, DashesTakeTheWhiteSpaceAround) {
  Diagnostics errors;
  const auto blocks = Find("\n\n{%- macro a() -%} {%- endmacro -%}\n \n{% macro b() %}{% endmacro -%}\n", errors);
  ASSERT_EQ(blocks.size(), 2U);
  EXPECT_EQ(blocks[0].text, "{%- macro a() -%} {%- endmacro -%}\n \n") << "but not the file's own ends";
  EXPECT_EQ(blocks[1].text, "{% macro b() %}{% endmacro -%}");
}

TEST(Blocks, EveryFaultIsReported) {
  Diagnostics errors;
  const auto blocks =
      Find("{% if x %}{% macro a() %}{% endmacro %}{% endif %}{% macro b() %}{% endmacro %}{% macro c() %}", errors);
  ASSERT_EQ(blocks.size(), 1U);
  EXPECT_EQ(blocks[0].name, "b");
  ASSERT_EQ(errors.size(), 2U);
  EXPECT_EQ(errors[0].kind.name, "block-nested");
  EXPECT_EQ(errors[1].kind.name, "block-not-closed");
}

TEST(Blocks, ATextWithoutEndIsNoLoop) {
  Diagnostics errors;
  for (std::string_view text : {"{", "{%", "{{", "{#", "{% raw %}", "{% docs", "{% macro a", "{% raw %}{%"})
    Find(text, errors);
}

}  // namespace
}  // namespace stir::project
