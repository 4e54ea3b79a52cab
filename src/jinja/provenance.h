// Where a rendered text came from: a list of pieces, each written by a place of a template or taken over from a text
// that a macro or block had rendered before. It hangs on the string value, so that it survives `{{ macro() }}`, `{{
// caller() }}`, `return` and `set` blocks, and is gone when the text is changed (then the expression that wrote it is
// the place).
#pragma once

#include <string>
#include <vector>

#include "jinja/template.h"

namespace stir::jinja {

class Provenance final : public RefCounted {
 public:
  struct Piece {
    size_t begin = 0;
    Span span;
    Ref<const Provenance> inner;  // set: the piece is a text with pieces of its own
  };
  std::vector<Piece> pieces;
  std::string macro;  // the macro that rendered the text, empty for a block
  Span call;          // where it was called

  // Notes that the text from `begin` on was written by `span`. Neighbours from one place are one piece.
  void Add(size_t begin, Span span, Ref<const Provenance> inner = {}) {
    if (!pieces.empty() && !inner && !pieces.back().inner && pieces.back().span == span) return;
    pieces.push_back({begin, span, std::move(inner)});
  }

  // Appends the pieces with offsets in the whole output; `trace` holds the frames around, innermost first.
  void Flatten(size_t base, std::vector<TraceFrame> trace, std::vector<OutputPiece>& out) const {
    for (const Piece& piece : pieces) {
      if (!piece.inner) {
        out.push_back({base + piece.begin, piece.span, trace});
        continue;
      }
      std::vector<TraceFrame> inner_trace = trace;
      if (!piece.inner->macro.empty())
        inner_trace.insert(inner_trace.begin(), TraceFrame{piece.inner->macro, piece.inner->call});
      piece.inner->Flatten(base + piece.begin, std::move(inner_trace), out);
    }
  }
};

}  // namespace stir::jinja
