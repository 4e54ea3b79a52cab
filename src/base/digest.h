// Checksums as lower-case hex (dbt's ids and checksums) and a fast 128-bit content hash for caches.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace stir {

std::string Md5Hex(std::string_view bytes);
std::string Sha1Hex(std::string_view bytes);  // for what others hash so; no protection
std::string Sha256Hex(std::string_view bytes);

struct Hash128 {
  uint64_t high = 0;
  uint64_t low = 0;
  bool operator==(const Hash128&) const = default;
};
Hash128 ContentHash(std::string_view bytes);  // XXH3, seed 0
std::string ToHex(const Hash128& hash);
std::string RandomUuid();  // version 4, lower case

}  // namespace stir
