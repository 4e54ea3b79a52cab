// Expressions: one function a level of precedence, lowest first.
#include <cerrno>
#include <charconv>
#include <cstdlib>

#include <fmt/format.h>

#include "jinja/big_integer.h"
#include "jinja/builtins.h"
#include "jinja/errors.h"
#include "jinja/loop.h"
#include "jinja/methods.h"
#include "jinja/parser.h"

namespace stir::jinja {
namespace {

constexpr int kMaxExpressionDepth = 200;

struct DepthGuard {
  explicit DepthGuard(int& depth) : depth_(depth) { ++depth_; }
  ~DepthGuard() { --depth_; }
  DepthGuard(const DepthGuard&) = delete;
  DepthGuard& operator=(const DepthGuard&) = delete;
  int& depth_;
};

bool AllConstant(std::span<const Expr* const> exprs) {
  for (const Expr* each : exprs) {
    if (!each->constant) return false;
  }
  return true;
}

bool AreConstant(const CallArguments& arguments) {
  return AllConstant(arguments.positional) && AllConstant(arguments.keywords) && !arguments.more_positional &&
         !arguments.more_keywords;
}

bool ToCompareOp(TokenKind kind, CompareOp& op) {
  switch (kind) {
    case TokenKind::kEqual:
      return op = CompareOp::kEqual, true;
    case TokenKind::kNotEqual:
      return op = CompareOp::kNotEqual, true;
    case TokenKind::kLess:
      return op = CompareOp::kLess, true;
    case TokenKind::kLessEqual:
      return op = CompareOp::kLessEqual, true;
    case TokenKind::kGreater:
      return op = CompareOp::kGreater, true;
    case TokenKind::kGreaterEqual:
      return op = CompareOp::kGreaterEqual, true;
    default:
      return false;
  }
}

}  // namespace

const Expr* Parser::ParseExpression() {
  DepthGuard guard(depth_);
  if (depth_ > kMaxExpressionDepth) Fail("the template is nested too deeply", current_);
  size_t unknown = unknown_.size();
  const Expr* expr = ParseOr();
  while (SkipIf("if")) {
    const Expr* test = ParseOr();
    const Expr* otherwise = SkipIf("else") ? ParseExpression() : nullptr;
    auto* node = Node<ConditionalExpr>(ExprKind::kConditional, expr->begin);
    node->test = test;
    node->then = expr;
    node->otherwise = otherwise;
    node->constant = test->constant && expr->constant && otherwise && otherwise->constant;
    expr = node;
    unknown_.resize(unknown);
  }
  return expr;
}

const Expr* Parser::Binary(ExprKind kind, BinaryOp op, const Expr* left, const Expr* right) {
  auto* node = Node<BinaryExpr>(kind, left->begin);
  node->op = op;
  node->left = left;
  node->right = right;
  node->constant = left->constant && right->constant;
  return node;
}

const Expr* Parser::ParseOr() {
  const Expr* left = ParseAnd();
  while (SkipIf("or")) left = Binary(ExprKind::kOr, BinaryOp::kAdd, left, ParseAnd());
  return left;
}

const Expr* Parser::ParseAnd() {
  const Expr* left = ParseNot();
  while (SkipIf("and")) left = Binary(ExprKind::kAnd, BinaryOp::kAdd, left, ParseNot());
  return left;
}

const Expr* Parser::ParseNot() {
  if (!current_.IsName("not")) return ParseCompare();
  DepthGuard guard(depth_);
  if (depth_ > kMaxExpressionDepth) Fail("the template is nested too deeply", current_);
  uint32_t begin = Advance().begin;
  const Expr* operand = ParseNot();
  auto* node = Node<UnaryExpr>(ExprKind::kNot, begin);
  node->operand = operand;
  node->constant = operand->constant;
  return node;
}

const Expr* Parser::ParseCompare() {
  const Expr* first = ParseSum();
  std::vector<CompareOp> ops;
  size_t mark = exprs_.size();
  for (;;) {
    CompareOp op;
    if (ToCompareOp(current_.kind, op)) {
      Advance();
    } else if (SkipIf("in")) {
      op = CompareOp::kIn;
    } else if (current_.IsName("not") && Look().IsName("in")) {
      Advance(), Advance();
      op = CompareOp::kNotIn;
    } else {
      break;
    }
    ops.push_back(op);
    exprs_.push_back(ParseSum());
  }
  if (ops.empty()) return first;
  auto* node = Node<CompareExpr>(ExprKind::kCompare, first->begin);
  node->first = first;
  node->ops = compiled_.arena.Copy<CompareOp>(ops);
  node->operands = TakeExprs(mark);
  node->constant = first->constant && AllConstant(node->operands);
  return node;
}

const Expr* Parser::ParseSum() {
  const Expr* left = ParseConcat();
  while (At(TokenKind::kAdd) || At(TokenKind::kSubtract)) {
    BinaryOp op = Advance().kind == TokenKind::kAdd ? BinaryOp::kAdd : BinaryOp::kSubtract;
    left = Binary(ExprKind::kBinary, op, left, ParseConcat());
  }
  return left;
}

const Expr* Parser::ParseConcat() {
  const Expr* first = ParseProduct();
  if (!At(TokenKind::kTilde)) return first;
  size_t mark = exprs_.size();
  exprs_.push_back(first);
  while (SkipIf(TokenKind::kTilde)) exprs_.push_back(ParseProduct());
  auto* node = Node<SequenceExpr>(ExprKind::kConcat, first->begin);
  node->items = TakeExprs(mark);
  node->constant = AllConstant(node->items);
  return node;
}

const Expr* Parser::ParseProduct() {
  const Expr* left = ParsePower();
  for (;;) {
    BinaryOp op;
    switch (current_.kind) {
      case TokenKind::kMultiply:
        op = BinaryOp::kMultiply;
        break;
      case TokenKind::kDivide:
        op = BinaryOp::kDivide;
        break;
      case TokenKind::kFloorDivide:
        op = BinaryOp::kFloorDivide;
        break;
      case TokenKind::kModulo:
        op = BinaryOp::kModulo;
        break;
      default:
        return left;
    }
    Advance();
    left = Binary(ExprKind::kBinary, op, left, ParsePower());
  }
}

const Expr* Parser::ParsePower() {
  const Expr* left = ParseUnary(true);
  while (SkipIf(TokenKind::kPower)) {
    const Expr* right = ParseUnary(true);
    // Jinja2 puts a constant base into Python's text as it prints: `-2 ** x` is -(2 ** x), though `-2 ** 2` is 4.
    if (left->kind == ExprKind::kNegate && left->constant && !right->constant) {
      auto* node = Node<UnaryExpr>(ExprKind::kNegate, left->begin);
      node->operand = Binary(ExprKind::kBinary, BinaryOp::kPower, static_cast<const UnaryExpr*>(left)->operand, right);
      left = node;
    } else {
      left = Binary(ExprKind::kBinary, BinaryOp::kPower, left, right);
    }
  }
  return left;
}

const Expr* Parser::ParseUnary(bool with_filter) {
  DepthGuard guard(depth_);
  if (depth_ > kMaxExpressionDepth) Fail("the template is nested too deeply", current_);
  const Expr* expr = nullptr;
  if (At(TokenKind::kSubtract) || At(TokenKind::kAdd)) {
    Token sign = Advance();
    const Expr* operand = ParseUnary(false);
    auto* node = Node<UnaryExpr>(sign.kind == TokenKind::kSubtract ? ExprKind::kNegate : ExprKind::kPlus, sign.begin);
    node->operand = operand;
    node->constant = operand->constant;
    expr = node;
  } else {
    expr = ParsePrimary();
  }
  expr = ParsePostfix(expr);
  return with_filter ? ParseFilters(expr) : expr;
}

const Expr* Parser::Constant(Value value, uint32_t begin) {
  auto* node = Node<ConstantExpr>(ExprKind::kConstant, begin);
  node->value = compiled_.arena.Place(std::move(value));
  compiled_.constants.push_back(node->value);
  node->constant = true;
  return node;
}

const Expr* Parser::ParsePrimary() {
  const Token token = current_;
  switch (token.kind) {
    case TokenKind::kName:
      Advance();
      if (token.value == "true" || token.value == "True") return Constant(Value::Bool(true), token.begin);
      if (token.value == "false" || token.value == "False") return Constant(Value::Bool(false), token.begin);
      if (token.value == "none" || token.value == "None") return Constant(Value::None(), token.begin);
      return Name(token);
    case TokenKind::kString: {
      std::string text(Advance().value);
      while (At(TokenKind::kString)) text += Advance().value;
      return Constant(Value::String(std::move(text)), token.begin);
    }
    case TokenKind::kInteger:
    case TokenKind::kFloat:
      Advance();
      return ParseNumber(token);
    case TokenKind::kLeftParen: {
      Advance();
      const Expr* inner = ParseTuple(true, true);
      Expect(TokenKind::kRightParen);
      return inner;
    }
    case TokenKind::kLeftBracket:
      return ParseList();
    case TokenKind::kLeftBrace:
      return ParseDict();
    default:
      Fail(fmt::format("unexpected '{}'", DescribeToken(token)), token);
  }
}

const Expr* Parser::ParseNumber(const Token& token) {
  std::string digits;
  for (char c : token.value) {
    if (c != '_') digits += c;
  }
  if (token.kind == TokenKind::kFloat) {
    double value = 0;
    auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    // Out of range: infinity or zero, as Python reads it.
    if (result.ec != std::errc()) value = std::strtod(digits.c_str(), nullptr);
    return Constant(Value::Float(value), token.begin);
  }
  int base = 10;
  const char* begin = digits.c_str();
  if (digits.size() > 2 && digits[0] == '0' && !(digits[1] >= '0' && digits[1] <= '9')) {
    base = (digits[1] | 32) == 'x' ? 16 : (digits[1] | 32) == 'o' ? 8 : 2;
    begin += 2;
  }
  int64_t value = 0;
  auto result = std::from_chars(begin, digits.c_str() + digits.size(), value, base);
  if (result.ec == std::errc()) return Constant(Value::Int(value), token.begin);
  const Result<Value> big = Catching([&] { return IntegerFrom(begin, base, false); });
  if (!big.ok()) Fail(big.error().front().message, token);
  return Constant(*big, token.begin);
}

bool Parser::AtTupleEnd(std::string_view extra_end) const {
  return At(TokenKind::kVariableEnd) || At(TokenKind::kBlockEnd) || At(TokenKind::kRightParen) ||
         (!extra_end.empty() && current_.IsName(extra_end));
}

// Expressions separated by commas are a tuple, without need of parentheses.
const Expr* Parser::ParseTuple(bool with_condition, bool in_parentheses, std::string_view extra_end) {
  uint32_t begin = current_.begin;
  size_t mark = exprs_.size();
  bool is_tuple = false;
  for (;;) {
    if (exprs_.size() > mark) Expect(TokenKind::kComma);
    if (AtTupleEnd(extra_end)) break;
    exprs_.push_back(with_condition ? ParseExpression() : ParseOr());
    if (!At(TokenKind::kComma)) break;
    is_tuple = true;
  }
  if (!is_tuple) {
    if (exprs_.size() > mark) {
      const Expr* only = exprs_.back();
      exprs_.pop_back();
      return only;
    }
    if (!in_parentheses) Fail(fmt::format("Expected an expression, got '{}'", DescribeToken(current_)), current_);
  }
  auto* node = Node<SequenceExpr>(ExprKind::kTuple, begin);
  node->items = TakeExprs(mark);
  node->constant = AllConstant(node->items);
  return node;
}

const Expr* Parser::ParseList() {
  uint32_t begin = Expect(TokenKind::kLeftBracket).begin;
  size_t mark = exprs_.size();
  while (!At(TokenKind::kRightBracket)) {
    if (exprs_.size() > mark) Expect(TokenKind::kComma);
    if (At(TokenKind::kRightBracket)) break;
    exprs_.push_back(ParseExpression());
  }
  Expect(TokenKind::kRightBracket);
  auto* node = Node<SequenceExpr>(ExprKind::kList, begin);
  node->items = TakeExprs(mark);
  node->constant = AllConstant(node->items);
  return node;
}

const Expr* Parser::ParseDict() {
  uint32_t begin = Expect(TokenKind::kLeftBrace).begin;
  std::vector<const Expr*> keys, values;
  while (!At(TokenKind::kRightBrace)) {
    if (!keys.empty()) Expect(TokenKind::kComma);
    if (At(TokenKind::kRightBrace)) break;
    keys.push_back(ParseExpression());
    Expect(TokenKind::kColon);
    values.push_back(ParseExpression());
  }
  Expect(TokenKind::kRightBrace);
  auto* node = Node<DictExpr>(ExprKind::kDict, begin);
  node->keys = compiled_.arena.Copy<const Expr*>(keys);
  node->values = compiled_.arena.Copy<const Expr*>(values);
  node->constant = AllConstant(keys) && AllConstant(values);
  return node;
}

const Expr* Parser::ParsePostfix(const Expr* expr) {
  for (;;) {
    if (At(TokenKind::kDot) || At(TokenKind::kLeftBracket)) {
      expr = ParseSubscript(expr);
    } else if (At(TokenKind::kLeftParen)) {
      expr = ParseCall(expr);
    } else {
      return expr;
    }
  }
}

const Expr* Parser::ParseFilters(const Expr* expr) {
  for (;;) {
    if (At(TokenKind::kPipe)) {
      expr = ParseFilterChain(expr);
    } else if (current_.IsName("is")) {
      expr = ParseTest(expr);
    } else if (At(TokenKind::kLeftParen)) {
      expr = ParseCall(expr);
    } else {
      return expr;
    }
  }
}

const Expr* Parser::ParseFilterChain(const Expr* input) {
  while (SkipIf(TokenKind::kPipe)) input = ParseFilter(input);
  return input;
}

std::string_view Parser::ParseDottedName() {
  Token first = Expect(TokenKind::kName);
  std::string joined(first.value);
  while (SkipIf(TokenKind::kDot)) {
    Token part = Expect(TokenKind::kName);
    joined += '.';
    joined += part.value;
  }
  return joined.size() == first.value.size() ? first.value : compiled_.arena.Copy(joined);
}

const Expr* Parser::ParseFilter(const Expr* input) {
  uint32_t begin = current_.begin;
  std::string_view name = ParseDottedName();
  uint32_t name_end = previous_end_;
  CallArguments arguments;
  if (At(TokenKind::kLeftParen)) ParseCallArguments(arguments);
  auto* node = Node<FilterExpr>(ExprKind::kFilter, input ? input->begin : begin);
  node->input = input;
  node->name = name;
  node->filter = FindFilter(name);
  if (node->filter && node->filter->is_extra && !syntax_.extra_filters) node->filter = nullptr;
  node->arguments = arguments;
  node->constant = input && input->constant && AreConstant(arguments) && node->filter && node->filter->folds;
  if (!node->filter && !in_if_)
    AddUnknownAround(node->begin, {fmt::format("No filter named '{}'.", name), begin, name_end, FilterHint(name)});
  return node;
}

const Expr* Parser::ParseTest(const Expr* input) {
  Advance();
  bool negated = SkipIf("not");
  uint32_t name_begin = current_.begin;
  std::string_view name = ParseDottedName();
  uint32_t name_end = previous_end_;
  CallArguments arguments;
  bool takes_one = At(TokenKind::kName) || At(TokenKind::kString) || At(TokenKind::kInteger) || At(TokenKind::kFloat) ||
                   At(TokenKind::kLeftBracket) || At(TokenKind::kLeftBrace);
  if (At(TokenKind::kLeftParen)) {
    ParseCallArguments(arguments);
  } else if (takes_one && !current_.IsName("else") && !current_.IsName("or") && !current_.IsName("and")) {
    if (current_.IsName("is")) Fail("You cannot chain multiple tests with is", current_);
    size_t mark = exprs_.size();
    exprs_.push_back(ParsePostfix(ParsePrimary()));
    arguments.positional = TakeExprs(mark);
  }
  auto* node = Node<TestExpr>(ExprKind::kTest, input->begin);
  node->input = input;
  node->name = name;
  node->test = FindTest(name);
  node->arguments = arguments;
  node->constant = input->constant && AreConstant(arguments);
  if (!node->test && !in_if_)
    AddUnknownAround(input->begin, {fmt::format("No test named '{}'.", name), name_begin, name_end, TestHint(name)});
  if (!negated) return node;
  auto* opposite = Node<UnaryExpr>(ExprKind::kNot, input->begin);
  opposite->operand = node;
  opposite->constant = node->constant;
  return opposite;
}

const Expr* Parser::ParseSubscript(const Expr* object) {
  if (SkipIf(TokenKind::kDot)) {
    Token name = Advance();
    if (name.kind == TokenKind::kName) {
      auto* node = Node<AttributeExpr>(ExprKind::kAttribute, object->begin);
      node->object = object;
      node->name = name.value;
      node->hash = Dict::HashOf(name.value);
      node->methods = FindMethods(name.value);
      node->loop_part = LoopPartOf(name.value);
      node->constant = object->constant;
      return node;
    }
    if (name.kind != TokenKind::kInteger) Fail("expected name or number", name);
    const Expr* key = ParseNumber(name);
    auto* node = Node<ItemExpr>(ExprKind::kItem, object->begin);
    node->object = object;
    node->key = key;
    node->constant = object->constant;
    return node;
  }
  Expect(TokenKind::kLeftBracket);
  uint32_t begin = current_.begin;
  size_t mark = exprs_.size();
  while (!At(TokenKind::kRightBracket)) {
    if (exprs_.size() > mark) Expect(TokenKind::kComma);
    exprs_.push_back(ParseSubscribed());
  }
  std::span<const Expr*> keys = TakeExprs(mark);
  const Expr* key = keys.size() == 1 ? keys[0] : nullptr;
  if (!key) {
    auto* tuple = Node<SequenceExpr>(ExprKind::kTuple, begin);
    tuple->items = keys;
    tuple->constant = AllConstant(keys);
    key = tuple;
  }
  Expect(TokenKind::kRightBracket);
  auto* node = Node<ItemExpr>(ExprKind::kItem, object->begin);
  node->object = object;
  node->key = key;
  node->constant = object->constant && key->constant;
  return node;
}

const Expr* Parser::ParseSubscribed() {
  uint32_t begin = current_.begin;
  const Expr* start = At(TokenKind::kColon) ? nullptr : ParseExpression();
  if (!SkipIf(TokenKind::kColon)) return start;
  auto at_end = [&] { return At(TokenKind::kRightBracket) || At(TokenKind::kComma); };
  const Expr* stop = At(TokenKind::kColon) || at_end() ? nullptr : ParseExpression();
  const Expr* step = SkipIf(TokenKind::kColon) && !at_end() ? ParseExpression() : nullptr;
  auto* node = Node<SliceExpr>(ExprKind::kSlice, begin);
  node->start = start;
  node->stop = stop;
  node->step = step;
  node->constant = (!start || start->constant) && (!stop || stop->constant) && (!step || step->constant);
  return node;
}

const Expr* Parser::ParseCall(const Expr* callee) {
  CallArguments arguments;
  ParseCallArguments(arguments);
  auto* node = Node<CallExpr>(ExprKind::kCall, callee->begin);
  node->callee = callee;
  node->arguments = arguments;
  compiled_.calls.push_back(node);
  return node;
}

bool Parser::ParseCallArguments(CallArguments& arguments) {
  Token open = Expect(TokenKind::kLeftParen);
  std::vector<std::string_view> names;
  std::vector<const Expr*> keywords;
  size_t mark = exprs_.size();
  bool is_first = true;
  while (!At(TokenKind::kRightParen)) {
    if (!is_first) Expect(TokenKind::kComma);
    if (!is_first && At(TokenKind::kRightParen)) break;
    is_first = false;
    ParseOneArgument(arguments, names, keywords, open);
  }
  Expect(TokenKind::kRightParen);
  arguments.positional = TakeExprs(mark);
  arguments.names = compiled_.arena.Copy<std::string_view>(names);
  arguments.keywords = compiled_.arena.Copy<const Expr*>(keywords);
  return true;
}

void Parser::ParseOneArgument(CallArguments& arguments, std::vector<std::string_view>& names,
                              std::vector<const Expr*>& keywords, const Token& open) {
  auto ensure = [&](bool allowed) {
    if (!allowed) Fail("invalid syntax for function call expression", open);
  };
  if (At(TokenKind::kMultiply)) {
    ensure(!arguments.more_positional && !arguments.more_keywords);
    Advance();
    arguments.more_positional = ParseExpression();
  } else if (At(TokenKind::kPower)) {
    ensure(!arguments.more_keywords);
    Advance();
    arguments.more_keywords = ParseExpression();
  } else if (At(TokenKind::kName) && Look().kind == TokenKind::kAssign) {
    ensure(!arguments.more_keywords);
    names.push_back(Advance().value);
    Advance();
    keywords.push_back(ParseExpression());
  } else {
    ensure(!arguments.more_positional && !arguments.more_keywords && keywords.empty());
    exprs_.push_back(ParseExpression());
  }
}

}  // namespace stir::jinja
