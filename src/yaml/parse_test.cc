#include <gtest/gtest.h>

#include "base/diagnostic_text.h"
#include "yaml/kinds.h"
#include "yaml/node.h"

namespace stir::yaml {
namespace {

class Parsing : public ::testing::Test {
 protected:
  Document Good(std::string text) {
    source_ = sources_.Add("in.yml", std::move(text));
    auto parsed = Parse(sources_, source_);
    EXPECT_TRUE(parsed.ok()) << (parsed.ok() ? "" : RenderDiagnostics(parsed.error(), sources_));
    return parsed.ok() ? *parsed : Document{std::make_shared<Node>(), {}};
  }
  // The whole message of a text that must fail.
  std::string Bad(std::string text) {
    source_ = sources_.Add("in.yml", std::move(text));
    auto parsed = Parse(sources_, source_);
    EXPECT_FALSE(parsed.ok());
    return parsed.ok() ? "" : RenderDiagnostics(parsed.error(), sources_);
  }
  std::string_view Bytes(const Node& node) const {
    return sources_.Text(source_).substr(node.span.begin, node.span.end - node.span.begin);
  }

  SourceMap sources_;
  SourceId source_;
};

std::vector<std::string> Keys(const Node& mapping) {
  std::vector<std::string> keys;
  for (const Entry& entry : mapping.entries) keys.push_back(entry.key->text);
  return keys;
}

TEST_F(Parsing, FindsValuesByTheTextOfTheirKey) {
  const Document document = Good("version: 2\non: true\nmodels:\n  - name: a\n    tags: [x, y]\n");
  EXPECT_EQ(document.root->Find("version")->integer, 2);
  EXPECT_TRUE(document.root->Find("on")->boolean);
  EXPECT_EQ(document.root->Find("nothing"), nullptr);
  const Node& model = *document.root->Find("models")->items[0];
  EXPECT_EQ(model.Find("name")->text, "a");
  EXPECT_EQ(model.Find("tags")->items.size(), 2u);
}

TEST_F(Parsing, AnEmptyFileIsNull) {
  for (const char* text : {"", "# nothing\n", "---\n", "\xEF\xBB\xBF"}) EXPECT_TRUE(Good(text).root->IsNull()) << text;
}

TEST_F(Parsing, PlacesAreBytesAlsoAfterNonAscii) {
  const std::string lead = "# " + std::string("é日😀") + std::string(100, 'x') + "日\r\nkey é: 'wört'\r\nlist:\r\n";
  const Document document = Good("\xEF\xBB\xBF" + lead + "  - \"a\\tb\"\r\n  - plain é\r\n  - {k: [1]}\r\n");
  EXPECT_EQ(Bytes(*document.root->entries[0].key), "key é");
  EXPECT_EQ(Bytes(*document.root->entries[0].value), "wört");
  EXPECT_TRUE(document.root->entries[0].value->verbatim);
  const Node& list = *document.root->Find("list");
  EXPECT_EQ(Bytes(*list.items[0]), "a\\tb");
  EXPECT_FALSE(list.items[0]->verbatim);
  EXPECT_EQ(Bytes(*list.items[1]), "plain é");
  EXPECT_EQ(Bytes(*list.items[2]), "{k: [1]}");
  EXPECT_TRUE(Bytes(list).starts_with("- \"a"));
  EXPECT_TRUE(Bytes(list).ends_with("{k: [1]}"));
}

TEST_F(Parsing, QuotedAndBlockScalarsAreStrings) {
  const Document document = Good("a: '1'\nb: \"yes\"\nc: |\n  2\nd: >-\n  x\n  y\n");
  for (const Entry& entry : document.root->entries) {
    EXPECT_TRUE(entry.value->IsString());
    EXPECT_TRUE(entry.value->quoted);
  }
  EXPECT_EQ(document.root->Find("c")->text, "2\n");
  EXPECT_EQ(document.root->Find("d")->text, "x y");
}

TEST_F(Parsing, MergeKeysComeFirstAndOwnKeysWin) {
  const Document document = Good(
      "x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\n"
      "one: {d: 5, a: 9, <<: *x}\nlist: {<<: [*x, *y]}\ntwice: {<<: *x, <<: *y}\nquoted: {'<<': 1}\n");
  const Node& one = *document.root->Find("one");
  EXPECT_EQ(Keys(one), (std::vector<std::string>{"a", "b", "d"}));
  EXPECT_EQ(one.Find("a")->integer, 9);
  EXPECT_EQ(document.root->Find("list")->Find("b")->integer, 2);
  EXPECT_EQ(document.root->Find("twice")->Find("b")->integer, 3);
  EXPECT_EQ(document.root->Find("quoted")->Find("<<")->integer, 1);
  EXPECT_TRUE(document.warnings.empty());
}

TEST_F(Parsing, DuplicateKeysWarnWithBothPlacesAndTheLastWins) {
  const Document document = Good("a: 1\nb: 2\na: 3\nyes: 1\ntrue: 2\n");
  EXPECT_EQ(Keys(*document.root), (std::vector<std::string>{"a", "b", "yes"}));
  EXPECT_EQ(document.root->Find("a")->integer, 3);
  ASSERT_EQ(document.warnings.size(), 2u);
  EXPECT_EQ(RenderDiagnostic(document.warnings[0], sources_),
            "in.yml:3:1: warning[yaml-duplicate-key]: the key `a` is here twice: the last one counts\n"
            "  3 | a: 3\n    | ^\n  1 | a: 1\n    | - first here\n  hint: remove one of them\n");
}

TEST_F(Parsing, ManyKeysAreComparedTooAndKeepTheirOrder) {
  std::string text;
  for (int i = 0; i < 50; ++i) text += "k" + std::to_string(i) + ": " + std::to_string(i) + "\n";
  const Document document = Good(text + "k7: last\n");
  EXPECT_EQ(document.root->entries.size(), 50u);
  EXPECT_EQ(document.root->Find("k7")->text, "last");
  EXPECT_EQ(document.warnings.size(), 1u);
}

TEST_F(Parsing, UsualSlipsGetTheirHint) {
  EXPECT_EQ(Bad("a:\n\tb: 1\n"),
            "in.yml:2:1: error[yaml-syntax]: a tab is used for indentation\n  2 |     b: 1\n    | ^^^^\n"
            "  hint: indent with spaces: YAML does not allow tabs\n");
  EXPECT_EQ(
      Bad("description: see: this\n"),
      "in.yml:1:17: error[yaml-syntax]: a value that contains `: ` must be in quotes\n  1 | description: see: this\n"
      "    |                 ^\n  hint: write `description: \"see: this\"`\n");
  for (const char* text : {"a: {{ x }}\n", "a: {{ x }} y\n", "- {% if x %}\n"}) {
    EXPECT_NE(Bad(text).find("hint: put a value that starts with `{{` in quotes: `\"{{ ... }}\"`"), std::string::npos)
        << text;
  }
  EXPECT_NE(Bad("a: {{ x }}\n").find("    |    ^^^^^^"), std::string::npos);
  EXPECT_NE(Bad("a: \"x\nb: 1\n").find("in.yml:1:4: error[yaml-syntax]: this quote is never closed"),
            std::string::npos);
  EXPECT_NE(Bad("a: @x\n").find("a plain value cannot start with `@`"), std::string::npos);
  EXPECT_NE(Bad("a: 'x' y\n").find("put the whole value in one pair of quotes"), std::string::npos);
  EXPECT_NE(Bad("a:\n- b\n  - c: 1\nd\n").find("in.yml:"), std::string::npos);
}

TEST_F(Parsing, ValuesThatMeanNothingAreErrors) {
  EXPECT_NE(Bad("d: 2024-13-01\n").find("in.yml:1:4: error[yaml-value]: `2024-13-01` is not a date"),
            std::string::npos);
  EXPECT_NE(Bad("a: =\n").find("put it in quotes"), std::string::npos);
  EXPECT_NE(Bad("<<: 3\n").find("`<<` takes a mapping"), std::string::npos);
  EXPECT_NE(Bad("a: !mine x\n").find("the tag `!mine` is not known here"), std::string::npos);
  EXPECT_NE(Bad("a: *x\n").find("there is no anchor `&x` above"), std::string::npos);
  EXPECT_NE(Bad("&a a: &a b\n").find("the anchor `&a` is used twice"), std::string::npos);
  EXPECT_NE(Bad("a: &a [*a]\n").find("inside of what it stands for"), std::string::npos);
  EXPECT_NE(Bad("a: 1\n---\nb: 1\n").find("in.yml:2:1: error[yaml-syntax]: a second document"), std::string::npos);
}

TEST_F(Parsing, TagsGiveTheirType) {
  const Document document = Good("a: !!str 1\nb: !!int '2'\nc: !!float 3\nd: !!map {}\n");
  EXPECT_TRUE(document.root->Find("a")->IsString());
  EXPECT_EQ(document.root->Find("b")->integer, 2);
  EXPECT_EQ(document.root->Find("c")->real, 3.0);
}

TEST_F(Parsing, BombsAreErrors) {
  EXPECT_NE(Bad(std::string(300, '[')).find("nested more than 200 levels deep"), std::string::npos);
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string name = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + name;
    for (int j = 0; j < 9; ++j) bomb += ", " + name;
    bomb += "]\n";
  }
  EXPECT_NE(Bad(bomb).find("more than 10 million values"), std::string::npos);
}

TEST_F(Parsing, OtherEncodingsAreRefused) {
  EXPECT_EQ(Bad(std::string("\xFF\xFE"
                            "a\0",
                            4)),
            "in.yml:1:1: error[yaml-encoding]: the file is UTF-16\n  1 | \xEF\xBF\xBD\xEF\xBF\xBD"
            "a\xEF\xBF\xBD\n"
            "    | ^\n  hint: save it as UTF-8\n");
  EXPECT_NE(Bad("a: caf\xE9\n").find("in.yml:1:7: error[yaml-encoding]: byte 0xE9 is not UTF-8"), std::string::npos);
  EXPECT_NE(Bad("a: \x01\n").find("control character"), std::string::npos);
}

}  // namespace
}  // namespace stir::yaml
