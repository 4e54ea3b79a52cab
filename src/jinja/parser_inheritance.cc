// Statements that name other templates, and the blocks that those may replace.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "jinja/parser.h"
#include "jinja/text.h"

namespace stir::jinja {
namespace {

constexpr std::array<std::string_view, 1> kEndBlock{"endblock"};

bool IsBlank(std::string_view text) { return !text.empty() && StripLeft(text).empty(); }

}  // namespace

Statement* Parser::ParseBlock() {
  const bool is_top_level =
      std::all_of(open_tags_.begin(), open_tags_.end() - 1, [](std::string_view tag) { return tag == "if"; });
  auto* node = Node<BlockStatement>(StatementKind::kBlock, Advance().begin);
  const Token name = Expect(TokenKind::kName);
  node->name = name.value;
  node->top_level = is_top_level;
  node->scoped = SkipIf("scoped");
  node->required = SkipIf("required");
  if (At(TokenKind::kSubtract)) {
    Fail(
        "Block names in Jinja have to be valid Python identifiers and may not contain hyphens, use an underscore "
        "instead.",
        current_);
  }
  if (std::ranges::any_of(compiled_.blocks, [&](const BlockStatement* each) { return each->name == name.value; })) {
    unknown_.insert(unknown_.begin(),
                    {fmt::format("block {} defined twice", ReprText(name.value)), node->begin, name.end, {}});
  }
  compiled_.inherits = true;
  compiled_.blocks.push_back(node);
  Unit& unit = NewUnit();
  unit.parent = nullptr;
  unit.name = node->name;
  unit.begin = node->begin;
  node->unit = &unit;
  const uint32_t first_name = NameMark();
  Unit* outer = std::exchange(unit_, &unit);
  const bool outer_if = std::exchange(in_if_, false);
  const int outer_loops = std::exchange(loops_, 0);
  unit.body = ParseBody(kEndBlock, true);
  unit_ = outer, in_if_ = outer_if, loops_ = outer_loops;
  unit.uses_self = Mentions("self", first_name);
  unit.uses_super = Mentions("super", first_name);
  while (!block_names_.empty() && block_names_.back().begin >= first_name) block_names_.pop_back();
  if (NameMark() > first_name) block_names_.push_back(NamesSince(first_name));
  if (node->required) CheckRequired(*node, current_);
  SkipIf(node->name);
  node->end = unit.end = previous_end_;
  return node;
}

// What a required block holds is never shown.
void Parser::CheckRequired(const BlockStatement& node, const Token& tag) const {
  for (const Statement* each : node.unit->body) {
    bool is_blank = each->kind == StatementKind::kOutput;
    if (is_blank) {
      is_blank = std::ranges::all_of(static_cast<const OutputStatement&>(*each).items, [](const Expr* item) {
        return item->kind == ExprKind::kText && IsBlank(static_cast<const TextExpr&>(*item).text);
      });
    }
    if (!is_blank) Fail("Required blocks can only contain comments or whitespace", tag);
  }
}

Statement* Parser::ParseExtends() {
  const bool is_top_level =
      std::all_of(open_tags_.begin(), open_tags_.end() - 1, [](std::string_view tag) { return tag == "if"; });
  const bool in_block = unit_ != compiled_.root;
  const Token tag = Advance();
  auto* node = Node<ExtendsStatement>(StatementKind::kExtends, tag.begin);
  if (!is_top_level || in_block) AddUnknown("cannot use extend from a non top-level scope", tag);
  const uint32_t first_name = NameMark();
  node->source = ParseExpression();
  node->names = NamesSince(first_name);
  node->end = previous_end_;
  compiled_.inherits = true;
  return node;
}

bool Parser::AtContext() { return (current_.IsName("with") || current_.IsName("without")) && Look().IsName("context"); }

// [with context | without context]
bool Parser::ParseContext(bool fallback) {
  if (!AtContext()) return fallback;
  const bool is_with = Advance().value == "with";
  Advance();
  return is_with;
}

Statement* Parser::ParseInclude() {
  auto* node = Node<IncludeStatement>(StatementKind::kInclude, Advance().begin);
  const uint32_t first_name = NameMark();
  node->source = ParseExpression();
  node->names = NamesSince(first_name);
  if (current_.IsName("ignore") && Look().IsName("missing")) {
    Advance(), Advance();
    node->ignore_missing = true;
  }
  node->with_context = ParseContext(true);
  node->end = previous_end_;
  compiled_.inherits = true;
  return node;
}

Statement* Parser::ParseImport() {
  auto* node = Node<ImportStatement>(StatementKind::kImport, Advance().begin);
  const uint32_t first_name = NameMark();
  node->source = ParseExpression();
  node->names = NamesSince(first_name);
  Expect("as");
  const Token target = Expect(TokenKind::kName);
  node->module = DetachedName(target.value, target.begin, target.end);
  node->module->stored = true;
  node->with_context = ParseContext(false);
  node->end = previous_end_;
  compiled_.inherits = true;
  return node;
}

Statement* Parser::ParseFromImport() {
  auto* node = Node<ImportStatement>(StatementKind::kImport, Advance().begin);
  const uint32_t first_name = NameMark();
  node->source = ParseExpression();
  node->names = NamesSince(first_name);
  Expect("import");
  std::vector<ImportedName> imported;
  bool has_context = false;
  for (bool more = true; more && !has_context;) {
    if (!imported.empty()) Expect(TokenKind::kComma);
    if (At(TokenKind::kName) && AtContext()) {
      has_context = true;
      break;
    }
    const Token name = Expect(TokenKind::kName);
    if (name.value.starts_with('_'))
      FailAssertion("names starting with an underline can not be imported", name.begin, name.end);
    const Token alias = SkipIf("as") ? Expect(TokenKind::kName) : name;
    NameExpr* target = DetachedName(alias.value, alias.begin, alias.end);
    target->stored = true;
    imported.push_back({name.value, target});
    has_context = At(TokenKind::kName) && AtContext();
    more = At(TokenKind::kComma);
  }
  if (has_context) node->with_context = ParseContext(false);
  node->imported = compiled_.arena.Copy<ImportedName>(imported);
  node->end = previous_end_;
  compiled_.inherits = true;
  return node;
}

}  // namespace stir::jinja
