// Recursive descent over the lexer's tokens, by Jinja2's grammar and with its error texts. Names are collected in the
// order of the text; resolver.cc gives them their slots once a template is whole.
#pragma once

#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "jinja/compiled.h"
#include "jinja/lexer.h"

namespace stir::jinja {

class Parser {
 public:
  Parser(CompiledTemplate& compiled, const Syntax& syntax);
  // Fills the template. Throws SyntaxFailure, or EvaluationError when a MacroTag refuses a name.
  void Parse();

  // For the resolver: every name in the order of the text, and how many different ones there are.
  std::span<NameExpr* const> names() const { return names_; }
  uint32_t name_count() const { return static_cast<uint32_t>(name_ids_.size()); }
  uint32_t IdOf(std::string_view name);
  std::string_view NameOf(uint32_t id) const { return names_by_id_[id]; }

 private:
  using Ends = std::span<const std::string_view>;

  // parser.cc: statements
  Body ParseUntil(Ends ends);
  Body ParseBody(Ends ends, bool drop_end);
  Statement* ParseStatement();
  Statement* ParseStatementOf(std::string_view tag);
  Statement* ParseSet();
  Statement* ParseFor();
  void ParseForBodies(ForStatement& loop);
  IfStatement* ParseIfClause();
  Statement* ParseIf();
  Statement* ParseWith();
  Statement* ParseCallBlock();
  Statement* ParseFilterBlock();
  Statement* ParsePrint();
  Statement* ParseDo();
  Statement* ParseJump(StatementKind kind);
  Statement* ParseAutoescape();
  Statement* ParseDebug();

  // parser_inheritance.cc: statements that name other templates, and blocks
  Statement* ParseBlock();
  void CheckRequired(const BlockStatement& node, const Token& tag) const;
  Statement* ParseExtends();
  Statement* ParseInclude();
  Statement* ParseImport();
  Statement* ParseFromImport();
  bool ParseContext(bool fallback);
  bool AtContext();
  Statement* ParseMacro(const MacroTag* tag);
  std::string_view ParseMacroTagName(const MacroTag& tag, const Token& name, Unit& unit);
  void ParseSignature(Unit& unit);
  void ParseTypeName();
  void ParseUnitBody(Unit& unit, Ends end);
  void TakeSpecialNames(Unit& unit, uint32_t first_name);
  void DefineMacro(const Unit& unit, bool is_top_level);
  const Target* ParseTarget(bool with_namespace, bool ends_at_in);
  const Target* ParseTargetItem(bool with_namespace);
  Target* ToTarget(const Expr& expr);
  const Target* CloneTarget(const Target& target);
  bool Mentions(std::string_view name, uint32_t first_name) const;
  bool HasBlock(uint32_t first_block, bool (*test)(const BlockStatement&)) const;
  void CheckLoopTargets(uint32_t first_name);
  [[noreturn]] void FailUnknownTag(const Token& tag);
  [[noreturn]] void FailEnd(Ends ends);
  std::string WhatIsOpen(const std::string* unknown) const;
  std::string OpenHint() const;

  // parser_expression.cc
  const Expr* ParseExpression();
  const Expr* ParseOr();
  const Expr* ParseAnd();
  const Expr* ParseNot();
  const Expr* ParseCompare();
  const Expr* ParseSum();
  const Expr* ParseConcat();
  const Expr* ParseProduct();
  const Expr* ParsePower();
  const Expr* ParseUnary(bool with_filter);
  const Expr* ParsePrimary();
  const Expr* ParsePostfix(const Expr* expr);
  const Expr* ParseFilters(const Expr* expr);
  const Expr* ParseFilter(const Expr* input);
  const Expr* ParseFilterChain(const Expr* input);
  const Expr* ParseTest(const Expr* input);
  const Expr* ParseSubscript(const Expr* object);
  const Expr* ParseSubscribed();
  const Expr* ParseCall(const Expr* callee);
  bool ParseCallArguments(CallArguments& arguments);
  void ParseOneArgument(CallArguments& arguments, std::vector<std::string_view>& names,
                        std::vector<const Expr*>& keywords, const Token& open);
  const Expr* ParseList();
  const Expr* ParseDict();
  const Expr* ParseTuple(bool with_condition, bool in_parentheses, std::string_view extra_end = {});
  const Expr* ParseNumber(const Token& token);
  std::string_view ParseDottedName();
  bool AtTupleEnd(std::string_view extra_end) const;

  // tokens
  const Token& Look();
  Token Advance();
  bool SkipIf(TokenKind kind);
  bool SkipIf(std::string_view name);
  Token Expect(TokenKind kind);
  void Expect(std::string_view name);
  bool At(TokenKind kind) const { return current_.kind == kind; }
  [[noreturn]] void FailExpected(std::string_view what);
  [[noreturn]] void Fail(std::string message, uint32_t begin, uint32_t end) const;
  [[noreturn]] void Fail(std::string message, const Token& at) const { Fail(std::move(message), at.begin, at.end); }
  [[noreturn]] void FailAssertion(std::string message, uint32_t begin, uint32_t end) const;

  template <typename T>
  T* Node(ExprKind kind, uint32_t begin);
  template <typename T>
  T* Node(StatementKind kind, uint32_t begin);
  const Expr* Constant(Value value, uint32_t begin);
  const Expr* Binary(ExprKind kind, BinaryOp op, const Expr* left, const Expr* right);
  NameExpr* Name(const Token& token);
  NameExpr* DetachedName(std::string_view name, uint32_t begin, uint32_t end);
  Unit& NewUnit();
  NameRange NamesSince(uint32_t begin) const { return {begin, NameMark()}; }
  uint32_t NameMark() const { return static_cast<uint32_t>(names_.size()); }
  std::span<const Expr*> TakeExprs(size_t mark);
  Body TakeStatements(size_t mark);

  CompiledTemplate& compiled_;
  const Syntax& syntax_;
  Lexer lexer_;
  Token current_, next_;
  bool has_next_ = false;
  uint32_t previous_end_ = 0;

  std::vector<NameExpr*> names_;
  std::unordered_map<std::string_view, uint32_t> name_ids_;
  std::vector<std::string_view> names_by_id_;
  std::vector<NameRange> block_names_;  // what stands in blocks: no part of what is around
  // Lists under construction: each list is the end of a stack, copied to the arena when it is complete.
  std::vector<const Expr*> exprs_;
  std::vector<Statement*> statements_;
  std::vector<std::string_view> open_tags_;
  std::vector<Ends> open_ends_;
  // Unknown filters and tests are errors once the template is whole, except where Jinja2 leaves them for when (and if)
  // they are evaluated: directly in an `if`, or in an inline `if`.
  struct UnknownName {
    std::string message;
    uint32_t begin, end;
    std::string hint;
    Kind kind = kTemplateAssertion;
  };
  void AddUnknownAround(uint32_t begin, UnknownName unknown);
  void AddUnknown(std::string message, const Token& at) {
    unknown_.push_back({std::move(message), at.begin, at.end, {}});
  }
  // Mistakes that Jinja2 finds once it has parsed the whole template; the first is reported.
  std::vector<UnknownName> unknown_;
  bool in_if_ = false;
  Unit* unit_ = nullptr;
  int loops_ = 0;  // around the current statement, within its unit
  int depth_ = 0;  // of nested expressions and statements
};

// The value of an expression made of literals: constants, signs, lists, tuples, dicts.
bool LiteralOf(const Expr& expr, Value& value);

// Gives every name its slot, by Jinja2's scoping rules.
void ResolveNames(CompiledTemplate& compiled, Parser& parser);

template <typename T>
T* Parser::Node(ExprKind kind, uint32_t begin) {
  T* node = compiled_.arena.New<T>();
  node->kind = kind;
  node->begin = begin;
  node->end = previous_end_;
  return node;
}

template <typename T>
T* Parser::Node(StatementKind kind, uint32_t begin) {
  T* node = compiled_.arena.New<T>();
  node->kind = kind;
  node->begin = begin;
  return node;
}

}  // namespace stir::jinja
