// Statements, and the token handling that both halves of the parser share.
#include "jinja/parser.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/strings.h"
#include "jinja/errors.h"
#include "jinja/text.h"

namespace stir::jinja {
namespace {

using namespace std::string_view_literals;

constexpr std::array kEndFor{"endfor"sv, "else"sv};
constexpr std::array kEndForElse{"endfor"sv};
constexpr std::array kEndIf{"elif"sv, "else"sv, "endif"sv};
constexpr std::array kEndIfElse{"endif"sv};
constexpr std::array kEndSet{"endset"sv};
constexpr std::array kEndWith{"endwith"sv};
constexpr std::array kEndCall{"endcall"sv};
constexpr std::array kEndFilter{"endfilter"sv};
constexpr std::array kEndAutoescape{"endautoescape"sv};
constexpr std::array kEndMacro{"endmacro"sv};

constexpr int kMaxBlocks = 200;

// Sets a variable for a scope and puts the old value back.
template <typename T>
class Saved {
 public:
  Saved(T& variable, T value) : variable_(variable), old_(std::exchange(variable, std::move(value))) {}
  ~Saved() { variable_ = std::move(old_); }
  Saved(const Saved&) = delete;
  Saved& operator=(const Saved&) = delete;

 private:
  T& variable_;
  T old_;
};

std::string_view AssignedKind(ExprKind kind) {
  switch (kind) {
    case ExprKind::kConstant:
      return "const";
    case ExprKind::kList:
      return "list";
    case ExprKind::kDict:
      return "dict";
    case ExprKind::kTuple:
      return "tuple";
    case ExprKind::kAttribute:
      return "getattr";
    case ExprKind::kItem:
      return "getitem";
    case ExprKind::kCall:
      return "call";
    default:
      return "expression";
  }
}

}  // namespace

Parser::Parser(CompiledTemplate& compiled, const Syntax& syntax)
    : compiled_(compiled), syntax_(syntax), lexer_(compiled.text, syntax, compiled.arena) {}

void Parser::Parse() {
  Unit& root = NewUnit();
  compiled_.root = &root;
  unit_ = &root;
  current_ = lexer_.Next();
  root.body = ParseUntil({});
  root.end = static_cast<uint32_t>(compiled_.text.size());
  compiled_.plain = !lexer_.saw_tag();
  if (!unknown_.empty()) {
    // What Python refuses comes after all that Jinja2 itself does.
    auto own = std::ranges::find_if(unknown_, [](const UnknownName& each) { return each.kind == kTemplateAssertion; });
    UnknownName& first = own == unknown_.end() ? unknown_.front() : *own;
    throw SyntaxFailure{std::move(first.message), first.begin, first.end, std::move(first.hint), first.kind};
  }
  root.uses_self = Mentions("self", 0);
  std::ranges::stable_sort(compiled_.calls, std::less(), &Expr::begin);
}

// --- tokens

const Token& Parser::Look() {
  if (!has_next_) next_ = lexer_.Next();
  has_next_ = true;
  return next_;
}

Token Parser::Advance() {
  Token token = current_;
  previous_end_ = token.end;
  current_ = has_next_ ? next_ : lexer_.Next();
  has_next_ = false;
  return token;
}

bool Parser::SkipIf(TokenKind kind) {
  if (!At(kind)) return false;
  Advance();
  return true;
}

bool Parser::SkipIf(std::string_view name) {
  if (!current_.IsName(name)) return false;
  Advance();
  return true;
}

Token Parser::Expect(TokenKind kind) {
  if (!At(kind)) FailExpected(DescribeToken(kind));
  return Advance();
}

void Parser::Expect(std::string_view name) {
  if (!current_.IsName(name)) FailExpected(name);
  Advance();
}

void Parser::FailExpected(std::string_view what) {
  if (At(TokenKind::kEnd)) Fail(fmt::format("unexpected end of template, expected '{}'.", what), current_);
  Fail(fmt::format("expected token '{}', got '{}'", what, DescribeToken(current_)), current_);
}

void Parser::Fail(std::string message, uint32_t begin, uint32_t end) const {
  throw SyntaxFailure{std::move(message), begin, end, {}, kTemplateSyntax};
}

void Parser::FailAssertion(std::string message, uint32_t begin, uint32_t end) const {
  throw SyntaxFailure{std::move(message), begin, end, {}, kTemplateAssertion};
}

// The outer of two that stand in each other is reported first.
void Parser::AddUnknownAround(uint32_t begin, UnknownName unknown) {
  auto inner = std::ranges::find_if(unknown_, [&](const UnknownName& each) { return each.begin >= begin; });
  unknown_.insert(inner, std::move(unknown));
}

// --- nodes

uint32_t Parser::IdOf(std::string_view name) {
  auto [at, is_new] = name_ids_.try_emplace(name, static_cast<uint32_t>(name_ids_.size()));
  if (is_new) names_by_id_.push_back(name);
  return at->second;
}

NameExpr* Parser::DetachedName(std::string_view name, uint32_t begin, uint32_t end) {
  auto* node = Node<NameExpr>(ExprKind::kName, begin);
  node->end = end;
  node->name = name;
  node->id = IdOf(name);
  return node;
}

NameExpr* Parser::Name(const Token& token) {
  NameExpr* node = DetachedName(token.value, token.begin, token.end);
  names_.push_back(node);
  return node;
}

Unit& Parser::NewUnit() {
  Unit& unit = *compiled_.arena.New<Unit>();
  unit.parent = unit_;
  return unit;
}

std::span<const Expr*> Parser::TakeExprs(size_t mark) {
  std::span<const Expr*> copy = compiled_.arena.Copy<const Expr*>(std::span<const Expr* const>(exprs_).subspan(mark));
  exprs_.resize(mark);
  return copy;
}

Body Parser::TakeStatements(size_t mark) {
  Body copy = compiled_.arena.Copy<Statement*>(std::span<Statement* const>(statements_).subspan(mark));
  statements_.resize(mark);
  return copy;
}

// --- statements

// Text, print statements and blocks up to a tag of `ends` (its name is then the current token) or the template's end.
Body Parser::ParseUntil(Ends ends) {
  if (!ends.empty()) open_ends_.push_back(ends);
  size_t statements = statements_.size(), items = exprs_.size();
  uint32_t first_name = NameMark();
  auto flush = [&] {
    if (exprs_.size() == items) return;
    auto* output = Node<OutputStatement>(StatementKind::kOutput, exprs_[items]->begin);
    output->end = exprs_.back()->end;
    output->items = TakeExprs(items);
    output->names = NamesSince(first_name);
    statements_.push_back(output);
  };
  while (!At(TokenKind::kEnd)) {
    if (At(TokenKind::kData)) {
      auto* text = Node<TextExpr>(ExprKind::kText, current_.begin);
      text->end = current_.end;
      text->text = current_.value;
      text->constant = true;
      if (!text->text.empty()) exprs_.push_back(text);
      Advance();
    } else if (SkipIf(TokenKind::kVariableBegin)) {
      exprs_.push_back(ParseTuple(true, false));
      Expect(TokenKind::kVariableEnd);
    } else {
      flush();
      Advance();
      bool at_end = At(TokenKind::kName) && std::ranges::find(ends, current_.value) != ends.end();
      if (at_end) break;
      if (Statement* statement = ParseStatement()) statements_.push_back(statement);
      Expect(TokenKind::kBlockEnd);
      first_name = NameMark();
    }
  }
  flush();
  if (!ends.empty()) open_ends_.pop_back();
  return TakeStatements(statements);
}

// The rest of an opening tag, then its body up to one of `ends`, which stays the current token unless it is dropped.
Body Parser::ParseBody(Ends ends, bool drop_end) {
  SkipIf(TokenKind::kColon);
  Expect(TokenKind::kBlockEnd);
  if (++depth_ > kMaxBlocks) Fail("the template is nested too deeply", current_);
  Body body = ParseUntil(ends);
  --depth_;
  if (At(TokenKind::kEnd)) FailEnd(ends);
  if (drop_end) Advance();
  return body;
}

Statement* Parser::ParseStatement() {
  if (!At(TokenKind::kName)) Fail("tag name expected", current_);
  open_tags_.push_back(current_.value);
  Statement* statement = ParseStatementOf(current_.value);
  open_tags_.pop_back();
  return statement;
}

Statement* Parser::ParseStatementOf(std::string_view tag) {
  if (tag == "set") return ParseSet();
  if (tag == "if") return ParseIf();
  if (tag == "for") return ParseFor();
  if (tag == "do" && syntax_.do_tag) return ParseDo();
  if (tag == "macro") return ParseMacro(nullptr);
  if (tag == "call") return ParseCallBlock();
  if (tag == "filter") return ParseFilterBlock();
  if (tag == "with") return ParseWith();
  if (tag == "print") return ParsePrint();
  if (tag == "break" && syntax_.loop_controls) return ParseJump(StatementKind::kBreak);
  if (tag == "continue" && syntax_.loop_controls) return ParseJump(StatementKind::kContinue);
  if (tag == "autoescape") return ParseAutoescape();
  if (tag == "block") return ParseBlock();
  if (tag == "extends") return ParseExtends();
  if (tag == "include") return ParseInclude();
  if (tag == "import") return ParseImport();
  if (tag == "from") return ParseFromImport();
  if (tag == "debug" && syntax_.debug_tag) return ParseDebug();
  for (const MacroTag& macro_tag : syntax_.macro_tags) {
    if (tag == macro_tag.tag) return ParseMacro(&macro_tag);
  }
  open_tags_.pop_back();
  FailUnknownTag(current_);
}

std::string Parser::WhatIsOpen(const std::string* unknown) const {
  std::string message;
  if (!open_ends_.empty()) {
    std::vector<std::string> looking;
    for (std::string_view end : open_ends_.back()) looking.push_back("'" + std::string(end) + "'");
    bool is_expected = unknown && std::ranges::any_of(open_ends_, [&](Ends ends) {
                         return std::ranges::find(ends, *unknown) != ends.end();
                       });
    message += is_expected
                   ? " You probably made a nesting mistake. Jinja is expecting this tag, but currently looking for "
                   : " Jinja was looking for the following tags: ";
    message += Join(looking, " or ") + ".";
  }
  if (!open_tags_.empty())
    message += fmt::format(" The innermost block that needs to be closed is '{}'.", open_tags_.back());
  return message;
}

void Parser::FailUnknownTag(const Token& tag) {
  std::string name(tag.value);
  std::vector<std::string> known{"set",    "if",      "for",     "do",     "macro",     "call",
                                 "filter", "with",    "print",   "break",  "continue",  "raw",
                                 "block",  "extends", "include", "import", "autoescape"};
  for (const MacroTag& each : syntax_.macro_tags) known.push_back(each.tag);
  for (Ends ends : open_ends_) known.insert(known.end(), ends.begin(), ends.end());
  throw SyntaxFailure{"Encountered unknown tag '" + name + "'." + WhatIsOpen(&name), tag.begin, tag.end,
                      DidYouMean(name, known), kTemplateSyntax};
}

void Parser::FailEnd(Ends ends) {
  open_ends_.push_back(ends);
  throw SyntaxFailure{"Unexpected end of template." + WhatIsOpen(nullptr), current_.begin, current_.end, OpenHint(),
                      kTemplateSyntax};
}

// The innermost open block by its line, and the tag that would close it.
std::string Parser::OpenHint() const {
  if (open_tags_.empty()) return {};
  const std::string_view tag = open_tags_.back();
  const std::string_view before(compiled_.text.data(), static_cast<size_t>(tag.data() - compiled_.text.data()));
  const auto line = 1 + std::ranges::count(before, '\n');
  return fmt::format("the `{0}` of line {1} is not closed: `{{% end{0} %}}` is missing", tag, line);
}

Statement* Parser::ParseSet() {
  uint32_t begin = Advance().begin, first_name = NameMark();
  const Target* target = ParseTarget(true, false);
  if (SkipIf(TokenKind::kAssign)) {
    auto* node = Node<SetStatement>(StatementKind::kSet, begin);
    node->target = target;
    node->value = ParseTuple(true, false);
    node->names = NamesSince(first_name);
    node->end = previous_end_;
    return node;
  }
  Saved in_if(in_if_, false);
  auto* node = Node<SetBlockStatement>(StatementKind::kSetBlock, begin);
  node->target = target;
  uint32_t filter_names = NameMark();
  node->filter = ParseFilterChain(nullptr);
  node->names = {filter_names, NameMark()};
  node->body = ParseBody(kEndSet, true);
  node->end = previous_end_;
  return node;
}

Statement* Parser::ParseFor() {
  auto* loop = Node<ForStatement>(StatementKind::kFor, Advance().begin);
  const uint32_t first_target = NameMark();
  loop->target = ParseTarget(false, true);
  Expect("in");
  uint32_t first_name = NameMark();
  loop->iterable = ParseTuple(false, false, "recursive");
  loop->names = NamesSince(first_name);
  if (SkipIf("if")) {
    loop->filter_target = CloneTarget(*loop->target);
    first_name = NameMark();
    Saved in_if(in_if_, false);
    loop->filter = ParseExpression();
    loop->filter_names = NamesSince(first_name);
  }
  if (SkipIf("recursive")) {
    loop->recursive = &NewUnit();
    loop->recursive->name = "loop";
  }
  Saved unit(unit_, loop->recursive ? loop->recursive : unit_);
  ParseForBodies(*loop);
  CheckLoopTargets(first_target);
  loop->end = previous_end_;
  return loop;
}

void Parser::ParseForBodies(ForStatement& loop) {
  Saved in_if(in_if_, false);
  uint32_t first_name = NameMark();
  const auto first_block = static_cast<uint32_t>(compiled_.blocks.size());
  ++loops_;
  loop.body = ParseBody(kEndFor, false);
  --loops_;
  loop.uses_loop = loop.recursive || Mentions("loop", first_name) ||
                   HasBlock(first_block, [](const BlockStatement& each) { return each.scoped; });
  bool has_else = Advance().value == "else";
  if (has_else) loop.otherwise = ParseBody(kEndForElse, true);
}

// Whether a name is read, before it is written, among the names since a mark.
bool Parser::Mentions(std::string_view name, uint32_t first_name) const {
  auto id = name_ids_.find(name);
  if (id == name_ids_.end()) return false;
  size_t block = 0;
  for (size_t i = first_name; i < names_.size(); ++i) {
    while (block < block_names_.size() && block_names_[block].end <= i) ++block;
    if (block < block_names_.size() && block_names_[block].begin <= i) {
      i = block_names_[block].end - 1;
    } else if (names_[i]->id == id->second) {
      return !names_[i]->stored;
    }
  }
  return false;
}

bool Parser::HasBlock(uint32_t first_block, bool (*test)(const BlockStatement&)) const {
  return std::any_of(compiled_.blocks.begin() + first_block, compiled_.blocks.end(),
                     [&](const BlockStatement* each) { return test(*each); });
}

// `loop` is the loop's own word.
void Parser::CheckLoopTargets(uint32_t first_name) {
  for (size_t i = first_name; i < names_.size(); ++i) {
    if (!names_[i]->stored || names_[i]->name != "loop") continue;
    unknown_.push_back(
        {"Can't assign to special loop variable in for-loop target", names_[i]->begin, names_[i]->end, {}});
    return;
  }
}

IfStatement* Parser::ParseIfClause() {
  auto* node = Node<IfStatement>(StatementKind::kIf, Advance().begin);
  Saved in_if(in_if_, true);
  uint32_t first_name = NameMark();
  node->test = ParseTuple(false, false);
  node->names = NamesSince(first_name);
  node->then = ParseBody(kEndIf, false);
  node->end = previous_end_;
  return node;
}

Statement* Parser::ParseIf() {
  IfStatement* node = ParseIfClause();
  std::vector<IfStatement*> elifs;
  while (current_.IsName("elif")) elifs.push_back(ParseIfClause());
  node->elifs = compiled_.arena.Copy<IfStatement*>(elifs);
  bool has_else = Advance().value == "else";
  Saved in_if(in_if_, true);
  if (has_else) node->otherwise = ParseBody(kEndIfElse, true);
  node->end = previous_end_;
  return node;
}

Statement* Parser::ParseWith() {
  auto* node = Node<WithStatement>(StatementKind::kWith, Advance().begin);
  std::vector<const Target*> targets;
  std::vector<const Expr*> values;
  uint32_t first_name = NameMark();
  while (!At(TokenKind::kBlockEnd)) {
    if (!targets.empty()) Expect(TokenKind::kComma);
    targets.push_back(ParseTarget(false, false));
    Expect(TokenKind::kAssign);
    values.push_back(ParseExpression());
  }
  node->names = NamesSince(first_name);
  node->targets = compiled_.arena.Copy<const Target*>(targets);
  node->values = compiled_.arena.Copy<const Expr*>(values);
  Saved in_if(in_if_, false);
  node->body = ParseBody(kEndWith, true);
  node->end = previous_end_;
  return node;
}

Statement* Parser::ParseFilterBlock() {
  auto* node = Node<FilterBlockStatement>(StatementKind::kFilterBlock, Advance().begin);
  uint32_t first_name = NameMark();
  node->filter = ParseFilterChain(ParseFilter(nullptr));
  node->names = NamesSince(first_name);
  Saved in_if(in_if_, false);
  node->body = ParseBody(kEndFilter, true);
  node->end = previous_end_;
  return node;
}

Statement* Parser::ParsePrint() {
  auto* node = Node<OutputStatement>(StatementKind::kOutput, Advance().begin);
  uint32_t first_name = NameMark();
  size_t mark = exprs_.size();
  while (!At(TokenKind::kBlockEnd)) {
    if (exprs_.size() > mark) Expect(TokenKind::kComma);
    exprs_.push_back(ParseExpression());
  }
  node->items = TakeExprs(mark);
  node->names = NamesSince(first_name);
  node->end = previous_end_;
  return node;
}

Statement* Parser::ParseDo() {
  auto* node = Node<DoStatement>(StatementKind::kDo, Advance().begin);
  uint32_t first_name = NameMark();
  node->value = ParseTuple(true, false);
  node->names = NamesSince(first_name);
  node->end = previous_end_;
  return node;
}

Statement* Parser::ParseJump(StatementKind kind) {
  if (loops_ == 0) {
    unknown_.push_back({kind == StatementKind::kBreak ? "'break' outside loop" : "'continue' not properly in loop",
                        current_.begin,
                        current_.end,
                        {},
                        kTemplateCompile});
  }
  auto* node = Node<Statement>(kind, Advance().begin);
  node->end = previous_end_;
  return node;
}

Statement* Parser::ParseAutoescape() {
  auto* node = Node<AutoescapeStatement>(StatementKind::kAutoescape, Advance().begin);
  uint32_t first_name = NameMark();
  node->option = ParseExpression();
  node->names = NamesSince(first_name);
  Saved in_if(in_if_, false);
  node->body = ParseBody(kEndAutoescape, true);
  node->end = previous_end_;
  return node;
}

Statement* Parser::ParseDebug() {
  auto* node = Node<Statement>(StatementKind::kDebug, Advance().begin);
  node->end = previous_end_;
  return node;
}

// --- macros

Statement* Parser::ParseMacro(const MacroTag* tag) {
  bool is_top_level = open_tags_.size() == 1;
  auto* node = Node<MacroStatement>(StatementKind::kMacro, Advance().begin);
  Token name = Expect(TokenKind::kName);
  Unit& unit = NewUnit();
  node->unit = &unit;
  unit.begin = node->begin;
  unit.name_begin = name.begin;
  unit.name_end = name.end;
  unit.parameter_names.begin = NameMark();
  unit.name = tag ? ParseMacroTagName(*tag, name, unit) : name.value;
  if (!tag) ParseSignature(unit);
  unit.parameter_names.end = NameMark();
  node->target = DetachedName(unit.name, name.begin, name.end);
  node->target->stored = true;
  if (!tag) {
    ParseUnitBody(unit, kEndMacro);
  } else {
    std::string_view end = compiled_.arena.Copy("end" + tag->tag);
    ParseUnitBody(unit, compiled_.arena.Copy<std::string_view>(std::span<const std::string_view>(&end, 1)));
  }
  node->end = unit.end = previous_end_;
  DefineMacro(unit, is_top_level);
  return node;
}

// {% tag name(signature), keyword='literal', flag %}
std::string_view Parser::ParseMacroTagName(const MacroTag& tag, const Token& name, Unit& unit) {
  if (At(TokenKind::kLeftParen)) ParseSignature(unit);
  std::vector<std::pair<std::string, Value>> keywords;
  uint32_t first_name = NameMark();
  while (SkipIf(TokenKind::kComma)) {
    Token keyword = Expect(TokenKind::kName);
    Value value = Value::Bool(true);
    if (SkipIf(TokenKind::kAssign)) {
      const Expr* literal = ParseExpression();
      if (!LiteralOf(*literal, value))
        Fail(fmt::format("the value of `{}` must be a literal", keyword.value), literal->begin, literal->end);
    }
    keywords.emplace_back(keyword.value, std::move(value));
  }
  names_.resize(first_name);
  Result<std::string> chosen = tag.macro_name(name.value, keywords);
  if (chosen.ok()) return compiled_.arena.Copy(*chosen);
  Diagnostics errors = std::move(chosen).error();
  for (Diagnostic& each : errors) {
    if (!each.span) each.span = compiled_.SpanOf(name.begin, name.end);
  }
  throw EvaluationError{std::move(errors)};
}

void Parser::ParseSignature(Unit& unit) {
  Expect(TokenKind::kLeftParen);
  std::vector<MacroParameter> parameters;
  while (!At(TokenKind::kRightParen)) {
    if (!parameters.empty()) Expect(TokenKind::kComma);
    NameExpr* name = Name(Expect(TokenKind::kName));
    name->stored = true;
    MacroParameter parameter{name, nullptr};
    if (syntax_.typed_parameters && SkipIf(TokenKind::kColon)) ParseTypeName();
    if (SkipIf(TokenKind::kAssign)) {
      parameter.fallback = ParseExpression();
    } else if (!parameters.empty() && parameters.back().fallback) {
      Fail("non-default argument follows default argument", current_);
    }
    for (const MacroParameter& each : parameters) {
      if (each.name->id != name->id) continue;
      unknown_.push_back({fmt::format("duplicate argument '{}' in function definition", name->name),
                          name->begin,
                          name->end,
                          {},
                          kTemplateCompile});
    }
    parameters.push_back(parameter);
  }
  Expect(TokenKind::kRightParen);
  unit.parameters = compiled_.arena.Copy<MacroParameter>(parameters);
}

// `str`, `list[str]`, `dict[str, list[int]]`: read and not kept.
void Parser::ParseTypeName() {
  Expect(TokenKind::kName);
  if (!SkipIf(TokenKind::kLeftBracket)) return;
  if (++depth_ > kMaxBlocks) Fail("the type is nested too deeply", current_);
  for (bool is_first = true; !At(TokenKind::kRightBracket); is_first = false) {
    if (!is_first) Expect(TokenKind::kComma);
    ParseTypeName();
  }
  --depth_;
  Expect(TokenKind::kRightBracket);
}

void Parser::ParseUnitBody(Unit& unit, Ends end) {
  Saved in_if(in_if_, false);
  Saved loops(loops_, 0);
  Saved current(unit_, &unit);
  uint32_t first_name = NameMark();
  unit.body = ParseBody(end, true);
  TakeSpecialNames(unit, first_name);
}

// A body that reads caller, kwargs or varargs takes them, whatever its signature says.
void Parser::TakeSpecialNames(Unit& unit, uint32_t first_name) {
  auto has_parameter = [&](std::string_view name) {
    return std::ranges::any_of(unit.parameters, [&](const MacroParameter& each) { return each.name->name == name; });
  };
  unit.explicit_caller = has_parameter("caller");
  unit.takes_caller = Mentions("caller", first_name);
  unit.takes_kwargs = Mentions("kwargs", first_name) && !has_parameter("kwargs");
  unit.takes_varargs = Mentions("varargs", first_name) && !has_parameter("varargs");
  if (!unit.takes_caller || !unit.explicit_caller) return;
  for (const MacroParameter& each : unit.parameters) {
    if (each.name->name != "caller" || each.fallback) continue;
    FailAssertion(
        "When defining macros or call blocks the special \"caller\" argument must be omitted or be given a default.",
        each.name->begin, each.name->end);
  }
}

void Parser::DefineMacro(const Unit& unit, bool is_top_level) {
  if (!is_top_level) return;
  MacroDefinition definition;
  definition.name = std::string(unit.name);
  definition.span = compiled_.SpanOf(unit.begin, unit.end);
  definition.name_span = compiled_.SpanOf(unit.name_begin, unit.name_end);
  for (const MacroParameter& each : unit.parameters) {
    Parameter parameter{std::string(each.name->name), {}, each.fallback != nullptr};
    if (each.fallback) parameter.default_source = std::string(compiled_.Source(*each.fallback));
    definition.parameters.push_back(std::move(parameter));
  }
  compiled_.macros.push_back(std::move(definition));
  compiled_.macro_units.push_back(&unit);
}

Statement* Parser::ParseCallBlock() {
  Token tag = Advance();
  auto* node = Node<CallBlockStatement>(StatementKind::kCallBlock, tag.begin);
  Unit& unit = NewUnit();
  node->unit = &unit;
  unit.begin = node->begin;
  unit.parameter_names.begin = NameMark();
  if (At(TokenKind::kLeftParen)) ParseSignature(unit);
  unit.parameter_names.end = NameMark();
  uint32_t first_name = NameMark();
  const Expr* call = ParseExpression();
  if (call->kind != ExprKind::kCall) Fail("expected call", tag);
  node->call = static_cast<const CallExpr*>(call);
  node->names = NamesSince(first_name);
  ParseUnitBody(unit, kEndCall);
  node->end = unit.end = previous_end_;
  return node;
}

// --- targets

const Target* Parser::ParseTarget(bool with_namespace, bool ends_at_in) {
  uint32_t begin = current_.begin;
  std::vector<const Target*> items;
  bool is_tuple = false;
  for (;;) {
    if (!items.empty()) Expect(TokenKind::kComma);
    if (AtTupleEnd(ends_at_in ? "in" : "")) break;
    items.push_back(ParseTargetItem(with_namespace));
    if (!At(TokenKind::kComma)) break;
    is_tuple = true;
  }
  if (!is_tuple && !items.empty()) return items[0];
  if (!is_tuple) Fail(fmt::format("Expected an expression, got '{}'", DescribeToken(current_)), current_);
  auto* tuple = compiled_.arena.New<Target>();
  tuple->kind = Target::Kind::kTuple;
  tuple->items = compiled_.arena.Copy<const Target*>(items);
  tuple->begin = begin;
  tuple->end = previous_end_;
  return tuple;
}

const Target* Parser::ParseTargetItem(bool with_namespace) {
  if (!with_namespace || !At(TokenKind::kName) || Look().kind != TokenKind::kDot) return ToTarget(*ParsePrimary());
  Token name = Advance();
  Advance();
  Token attribute = Expect(TokenKind::kName);
  auto* target = compiled_.arena.New<Target>();
  target->kind = Target::Kind::kNamespace;
  target->name = Name(name);
  target->attribute = attribute.value;
  target->begin = name.begin;
  target->end = attribute.end;
  return target;
}

Target* Parser::ToTarget(const Expr& expr) {
  auto* target = compiled_.arena.New<Target>();
  target->begin = expr.begin;
  target->end = expr.end;
  if (expr.kind == ExprKind::kName) {
    target->name =
        const_cast<NameExpr*>(static_cast<const NameExpr*>(&expr));  // nodes are the parser's own until it ends
    target->name->stored = true;
    return target;
  }
  if (expr.kind != ExprKind::kTuple)
    Fail(fmt::format("can't assign to '{}'", AssignedKind(expr.kind)), expr.begin, expr.end);
  target->kind = Target::Kind::kTuple;
  std::vector<const Target*> items;
  for (const Expr* each : static_cast<const SequenceExpr&>(expr).items) items.push_back(ToTarget(*each));
  target->items = compiled_.arena.Copy<const Target*>(items);
  return target;
}

const Target* Parser::CloneTarget(const Target& target) {
  auto* clone = compiled_.arena.New<Target>(target);
  if (target.name) {
    NameExpr* name = DetachedName(target.name->name, target.name->begin, target.name->end);
    name->stored = true;
    clone->name = name;
  }
  std::vector<const Target*> items;
  for (const Target* each : target.items) items.push_back(CloneTarget(*each));
  clone->items = compiled_.arena.Copy<const Target*>(items);
  return clone;
}

}  // namespace stir::jinja
