// libyaml's marks count characters; places in stir are bytes. This converts exactly, also after non-ASCII text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace stir::yaml {

class Offsets {
 public:
  // `text` must be UTF-8 and outlive this. A byte order mark at its start is not counted by libyaml.
  explicit Offsets(std::string_view text);
  // The byte at which character number `index` starts; the size of the text when there are not so many.
  uint32_t ByteOf(size_t index) const;

 private:
  static constexpr size_t kStep = 64;
  std::string_view text_;
  size_t start_ = 0;
  bool ascii_ = true;
  std::vector<uint32_t> every_step_;  // the byte of character i * kStep; empty for ASCII
};

}  // namespace stir::yaml
