// A parsed template as the evaluator sees it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "jinja/arena.h"
#include "jinja/ast.h"
#include "jinja/template.h"

namespace stir::jinja {

class CompiledTemplate : public std::enable_shared_from_this<CompiledTemplate> {
 public:
  CompiledTemplate(std::string source_text, Origin source_origin)
      : text(std::move(source_text)), origin(source_origin), arena(text.size()) {}
  ~CompiledTemplate() {
    for (const Value* each : constants) each->~Value();
  }
  CompiledTemplate(const CompiledTemplate&) = delete;
  CompiledTemplate& operator=(const CompiledTemplate&) = delete;

  // A range of the text as a place in the user's source.
  Span SpanOf(uint32_t begin, uint32_t end) const {
    if (!origin.verbatim) return origin.whole;
    return {origin.source, origin.base + begin, origin.base + end};
  }
  std::string_view Source(const Expr& expr) const {
    return std::string_view(text).substr(expr.begin, expr.end - expr.begin);
  }

  const std::string text;
  const Origin origin;
  Arena arena;
  std::vector<const Value*> constants;    // in the arena, destroyed here
  std::vector<std::string_view> globals;  // names asked for in the scope; Variable::index counts in it
  Unit* root = nullptr;
  std::vector<MacroDefinition> macros;   // top level, in the text's order
  std::vector<const Unit*> macro_units;  // of `macros`
  std::vector<const CallExpr*> calls;    // all, by where they begin
  std::vector<BlockStatement*> blocks;   // all, also those in other blocks
  bool plain = true;
  bool inherits = false;  // has blocks or names other templates: its top-level names are kept where those look
};

}  // namespace stir::jinja
