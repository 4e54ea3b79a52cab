#include "yaml/offsets.h"

#include <algorithm>
#include <cstring>

namespace stir::yaml {
namespace {

bool IsAscii(std::string_view text) {
  uint64_t seen = 0, block = 0;
  size_t at = 0;
  for (; at + sizeof block <= text.size(); at += sizeof block) {
    std::memcpy(&block, text.data() + at, sizeof block);
    seen |= block;
  }
  for (; at < text.size(); ++at) seen |= static_cast<unsigned char>(text[at]);
  return (seen & 0x8080808080808080u) == 0;
}

bool StartsCharacter(char c) { return (c & 0xC0) != 0x80; }

}  // namespace

Offsets::Offsets(std::string_view text)
    : text_(text), start_(text.starts_with("\xEF\xBB\xBF") ? 3 : 0), ascii_(IsAscii(text.substr(start_))) {
  if (ascii_) return;
  size_t index = 0;
  for (size_t at = start_; at < text_.size(); ++at) {
    if (StartsCharacter(text_[at]) && index++ % kStep == 0) every_step_.push_back(static_cast<uint32_t>(at));
  }
}

uint32_t Offsets::ByteOf(size_t index) const {
  if (ascii_) return static_cast<uint32_t>(std::min(start_ + index, text_.size()));
  if (index / kStep >= every_step_.size()) return static_cast<uint32_t>(text_.size());
  size_t at = every_step_[index / kStep];
  for (size_t left = index % kStep; left > 0 && at < text_.size(); --left) {
    do ++at;
    while (at < text_.size() && !StartsCharacter(text_[at]));
  }
  return static_cast<uint32_t>(at);
}

}  // namespace stir::yaml
