#include "runtime/mapped_text.h"

#include <algorithm>

namespace stir::runtime {

using jinja::OutputPiece;

void AppendLiteral(CompiledNode& to, std::string_view text) {
  if (text.empty()) return;
  to.pieces.push_back(OutputPiece{to.sql.size(), {}, {}});
  to.sql += text;
}

void AppendPart(CompiledNode& to, const CompiledNode& from, size_t begin, size_t end) {
  if (begin >= end) return;
  const size_t base = to.sql.size();
  for (size_t i = 0; i < from.pieces.size(); ++i) {
    const OutputPiece& piece = from.pieces[i];
    const size_t piece_end = i + 1 < from.pieces.size() ? from.pieces[i + 1].begin : from.sql.size();
    if (piece_end <= begin || piece.begin >= end) continue;
    OutputPiece copy = piece;
    const size_t from_here = std::max(piece.begin, begin), to_here = std::min(piece_end, end);
    if (piece.span.end - piece.span.begin == piece_end - piece.begin) {  // verbatim: the place is cut as the text is
      copy.span.begin += static_cast<uint32_t>(from_here - piece.begin);
      copy.span.end -= static_cast<uint32_t>(piece_end - to_here);
    }
    copy.begin = base + from_here - begin;
    to.pieces.push_back(std::move(copy));
  }
  to.sql.append(from.sql, begin, end - begin);
}

FoundPiece FindPiece(const CompiledNode& text, size_t offset) {
  const auto after = std::ranges::upper_bound(text.pieces, offset, {}, &OutputPiece::begin);
  if (after == text.pieces.begin()) return {};
  const size_t end = after == text.pieces.end() ? text.sql.size() : after->begin;
  const OutputPiece& piece = *(after - 1);
  return {&piece, end - piece.begin};
}

}  // namespace stir::runtime
