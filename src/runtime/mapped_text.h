// Texts that remember where their parts came from, cut and joined without losing that.
#pragma once

#include <string_view>

#include "runtime/runner.h"

namespace stir::runtime {

// Text of our own: no place.
void AppendLiteral(CompiledNode& to, std::string_view text);
// The part [begin, end) of another text with its places.
void AppendPart(CompiledNode& to, const CompiledNode& from, size_t begin, size_t end);

// The piece that wrote the byte at `offset`, or null. `length` is how much text it wrote.
struct FoundPiece {
  const jinja::OutputPiece* piece = nullptr;
  size_t length = 0;
  // True when the piece is the user's own text, byte for byte.
  bool verbatim() const { return piece && piece->span.end - piece->span.begin == length; }
};
FoundPiece FindPiece(const CompiledNode& text, size_t offset);

}  // namespace stir::runtime
