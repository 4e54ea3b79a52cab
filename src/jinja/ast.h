// The parsed form of a template: nodes in an arena, immutable after parsing, shared between threads. Offsets are bytes
// of the template's text. Names are resolved to slots by resolver.cc before anyone evaluates.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "jinja/value.h"

namespace stir::jinja {

struct FilterEntry;
struct MethodEntry;
struct TestEntry;
struct Unit;

// Where a name's value is found. Slots belong to an activation of a unit; kOuter goes `hops` enclosing units up; a
// global is asked for in the scope, once a render.
struct Variable {
  enum class Kind : uint8_t { kLocal, kOuter, kGlobal } kind = Kind::kGlobal;
  uint16_t hops = 0;
  uint32_t index = 0;
  uint32_t fallback = 0;  // kOuter, of the template itself: the global to use in a macro that runs without its template
};

enum class ExprKind : uint8_t {
  kText,
  kConstant,
  kName,
  kTuple,
  kList,
  kDict,
  kConditional,
  kAnd,
  kOr,
  kNot,
  kNegate,
  kPlus,
  kBinary,
  kConcat,
  kCompare,
  kAttribute,
  kItem,
  kSlice,
  kCall,
  kFilter,
  kTest
};

struct Expr {
  ExprKind kind;
  bool constant = false;  // made of literals only: what Jinja2 computes when it compiles
  uint32_t begin = 0, end = 0;
};

struct TextExpr : Expr {
  std::string_view text;
};
struct ConstantExpr : Expr {
  const Value* value = nullptr;
};
struct NameExpr : Expr {
  std::string_view name;
  uint32_t id = 0;  // number of the name in its template
  bool stored = false;
  bool exported = false;  // assigned at the top of the template: blocks and importing templates see it
  Variable variable;
};
struct SequenceExpr : Expr {  // tuple, list, concat (`~`)
  std::span<const Expr*> items;
};
struct DictExpr : Expr {
  std::span<const Expr*> keys, values;
};
struct ConditionalExpr : Expr {
  const Expr *test = nullptr, *then = nullptr, *otherwise = nullptr;  // otherwise may be null
};
struct UnaryExpr : Expr {
  const Expr* operand = nullptr;
};
struct BinaryExpr : Expr {  // arithmetic; and `and`, `or`
  BinaryOp op = BinaryOp::kAdd;
  const Expr *left = nullptr, *right = nullptr;
};
enum class CompareOp : uint8_t { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual, kIn, kNotIn };
struct CompareExpr : Expr {
  const Expr* first = nullptr;
  std::span<const CompareOp> ops;
  std::span<const Expr*> operands;
};
// What `name` is a method of, by type: looked up once, when the template is parsed.
struct MethodsOfName {
  const MethodEntry *of_string = nullptr, *of_list = nullptr, *of_tuple = nullptr, *of_dict = nullptr,
                    *of_int = nullptr, *of_float = nullptr;
};
// The attributes of `loop`.
enum class LoopPart : uint8_t {
  kNone,
  kIndex,
  kIndex0,
  kFirst,
  kLast,
  kLength,
  kRevindex,
  kRevindex0,
  kDepth,
  kDepth0,
  kPrevitem,
  kNextitem,
  kCycle,
  kChanged
};
struct AttributeExpr : Expr {
  const Expr* object = nullptr;
  std::string_view name;
  size_t hash = 0;  // Dict::HashOf(name)
  MethodsOfName methods;
  LoopPart loop_part = LoopPart::kNone;
};
struct ItemExpr : Expr {
  const Expr *object = nullptr, *key = nullptr;
};
struct SliceExpr : Expr {
  const Expr *start = nullptr, *stop = nullptr, *step = nullptr;  // any may be null
};
struct CallArguments {
  std::span<const Expr*> positional;
  std::span<const std::string_view> names;  // of the keyword arguments
  std::span<const Expr*> keywords;
  const Expr *more_positional = nullptr, *more_keywords = nullptr;  // *args, **kwargs

  bool empty() const { return positional.empty() && keywords.empty() && !more_positional && !more_keywords; }
};
struct CallExpr : Expr {
  const Expr* callee = nullptr;
  CallArguments arguments;
};
struct FilterExpr : Expr {
  const Expr* input = nullptr;  // null: the text of the block around
  std::string_view name;
  const FilterEntry* filter = nullptr;  // null: unknown, an error when evaluated
  CallArguments arguments;
};
struct TestExpr : Expr {
  const Expr* input = nullptr;
  std::string_view name;
  const TestEntry* test = nullptr;
  CallArguments arguments;
};

// What a block of names does when it is entered: gives each of its own slots a first value.
struct SlotInit {
  enum class Kind : uint8_t { kMissing, kCopy } kind = Kind::kMissing;
  uint32_t slot = 0;
  Variable from;  // kCopy: an outer slot or a global
};
struct Frame {
  std::span<const SlotInit> inits;
};

// A target of an assignment: a name, an attribute of a namespace, or a tuple of targets.
struct Target {
  enum class Kind : uint8_t { kName, kNamespace, kTuple } kind = Kind::kName;
  NameExpr* name = nullptr;  // kName: stored; kNamespace: the namespace, loaded
  std::string_view attribute;
  std::span<const Target*> items;
  uint32_t begin = 0, end = 0;
};

enum class StatementKind : uint8_t {
  kOutput,
  kSet,
  kSetBlock,
  kIf,
  kFor,
  kMacro,
  kCallBlock,
  kFilterBlock,
  kWith,
  kAutoescape,
  kDo,
  kDebug,
  kBreak,
  kContinue,
  kBlock,
  kExtends,
  kInclude,
  kImport
};

struct NameRange {  // names that a part of a statement mentions, in the parser's list
  uint32_t begin = 0, end = 0;
};

struct Statement {
  StatementKind kind;
  uint32_t begin = 0, end = 0;
  NameRange names;  // of the expressions that the statement evaluates in the block it stands in
};
using Body = std::span<Statement* const>;

struct OutputStatement : Statement {
  std::span<const Expr*> items;
};
struct SetStatement : Statement {
  const Target* target = nullptr;
  const Expr* value = nullptr;
};
struct SetBlockStatement : Statement {
  const Target* target = nullptr;
  const Expr* filter = nullptr;  // null: none
  Frame frame;
  Body body;
};
struct IfStatement : Statement {
  const Expr* test = nullptr;
  Body then;
  std::span<IfStatement* const> elifs;
  Body otherwise;
};
struct ForStatement : Statement {
  const Target* target = nullptr;
  const Expr *iterable = nullptr, *filter = nullptr;  // filter may be null
  const Target* filter_target = nullptr;              // the same names in slots of the filter
  NameRange filter_names;
  bool uses_loop = false;
  uint32_t loop_slot = 0;
  Frame body_frame, filter_frame, else_frame;
  Body body, otherwise;
  Unit* recursive = nullptr;  // set: the loop is a function that may call itself
};
struct MacroStatement : Statement {
  NameExpr* target = nullptr;
  Unit* unit = nullptr;
};
struct CallBlockStatement : Statement {
  const CallExpr* call = nullptr;
  Unit* unit = nullptr;
};
struct FilterBlockStatement : Statement {
  const Expr* filter = nullptr;
  Frame frame;
  Body body;
};
struct WithStatement : Statement {
  std::span<const Target*> targets;
  std::span<const Expr*> values;
  Frame frame;
  Body body;
};
struct AutoescapeStatement : Statement {
  const Expr* option = nullptr;
  Frame frame;
  Body body;
};
struct DoStatement : Statement {
  const Expr* value = nullptr;
};

// A name that is visible where another template or a scoped block is entered, which sees it too.
struct VisibleName {
  std::string_view name;
  Variable variable;
};
struct BlockStatement : Statement {
  std::string_view name;
  bool scoped = false, required = false;
  bool top_level = false;  // not inside of anything but `if`
  Unit* unit = nullptr;
  std::span<const VisibleName> visible;
};
struct ExtendsStatement : Statement {
  const Expr* source = nullptr;
};
struct IncludeStatement : Statement {
  const Expr* source = nullptr;
  bool ignore_missing = false, with_context = true;
  std::span<const VisibleName> visible;
};
struct ImportedName {
  std::string_view name;
  NameExpr* target = nullptr;
};
struct ImportStatement : Statement {
  const Expr* source = nullptr;
  bool with_context = false;
  NameExpr* module = nullptr;  // {% import x as module %}; null: names are taken out of it
  std::span<const ImportedName> imported;
  std::span<const VisibleName> visible;
};

struct MacroParameter {
  NameExpr* name = nullptr;
  const Expr* fallback = nullptr;  // null: none
};

// A piece of template that runs with slots of its own: the template itself, a macro, a call block, a recursive loop.
struct Unit {
  std::string_view name;  // empty: anonymous (a call block)
  Unit* parent = nullptr;
  std::span<const MacroParameter> parameters;
  bool takes_caller = false, takes_kwargs = false, takes_varargs = false, explicit_caller = false;
  uint32_t caller_slot = 0, kwargs_slot = 0, varargs_slot = 0;
  // The template and its blocks: `self` and `super`.
  bool uses_self = false, uses_super = false;
  uint32_t self_slot = 0, super_slot = 0;
  uint32_t slots = 0;
  NameRange parameter_names;
  Frame frame;
  Body body;
  uint32_t begin = 0, end = 0, name_begin = 0, name_end = 0;
};

}  // namespace stir::jinja
