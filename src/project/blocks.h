// Top-level blocks of a file: {% macro %}, {% test %}, {% materialization %}, {% docs %}, {% snapshot %}, cut out of
// the text before anything is parsed, so that one block's fault is its own.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace stir::project {

struct Block {
  std::string_view type;      // "macro"
  std::string_view name;      // the word after the tag's name; may be empty
  std::string_view text;      // from the opening tag to the closing tag
  std::string_view contents;  // between them
  Span span;                  // of `text`, with the white space that its own dashes swallow
  Span name_span;
  uint32_t contents_begin = 0;  // offset in the source
};

// The blocks of the given types. Other tags are passed over. Errors: a block that is not closed, a block inside if or
// for.
std::vector<Block> FindBlocks(std::string_view text, SourceId source, std::span<const std::string_view> types,
                              Diagnostics& errors);

}  // namespace stir::project
