// Python's idea of white space, byte by byte.
#include "project/checksum.h"

#include "base/digest.h"

namespace stir::project {

namespace {

// The length of the white space character (Python's str.isspace) at the start of `text`; 0 when it is none.
size_t SpaceLength(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const unsigned first = byte(0);
  if (first == ' ' || (first >= 0x09 && first <= 0x0d) || (first >= 0x1c && first <= 0x1f)) return 1;
  if (first < 0xc2) return 0;
  if (first == 0xc2) return byte(1) == 0x85 || byte(1) == 0xa0 ? 2 : 0;
  const unsigned point = (first & 0x0fU) << 12 | (byte(1) & 0x3fU) << 6 | (byte(2) & 0x3fU);
  if ((first & 0xf0U) != 0xe0) return 0;
  const bool space = point == 0x1680 || (point >= 0x2000 && point <= 0x200a) || point == 0x2028 || point == 0x2029 ||
                     point == 0x202f || point == 0x205f || point == 0x3000;
  return space ? 3 : 0;
}

// How many bytes at the start are printable ASCII: neither white space nor the beginning of one.
size_t PlainLength(std::string_view text) {
  size_t length = 0;
  while (length < text.size() && text[length] > ' ' && text[length] != 0x7f) ++length;
  return length;
}

}  // namespace

std::string TextChecksum(std::string_view text) {
  std::string collapsed;
  collapsed.reserve(text.size());
  bool pending = false;
  for (size_t i = 0; i < text.size();) {
    if (const size_t plain = PlainLength(text.substr(i)); plain > 0) {
      if (pending) collapsed += ' ';
      pending = false;
      collapsed.append(text, i, plain);
      i += plain;
      continue;
    }
    if (const size_t space = SpaceLength(text.substr(i)); space > 0) {
      pending = !collapsed.empty();
      i += space;
      continue;
    }
    if (pending) collapsed += ' ';
    pending = false;
    collapsed += text[i++];
  }
  return Sha256Hex(collapsed);
}

}  // namespace stir::project
