// Checksums by OpenSSL, content hashes by xxHash, randomness by the kernel.
#include "base/digest.h"

#include <openssl/evp.h>
#include <sys/random.h>
#include <xxhash.h>

#include <cstdlib>
#include <span>

namespace stir {
namespace {

std::string Hex(std::span<const unsigned char> bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (unsigned char byte : bytes) {
    out.push_back(kDigits[byte >> 4]);
    out.push_back(kDigits[byte & 15]);
  }
  return out;
}

std::string Digest(const EVP_MD* method, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out;
  unsigned int size = 0;
  if (method == nullptr || EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, method, nullptr) != 1)
    std::abort();
  return Hex({out.data(), size});
}

// Fetched once: looking an algorithm up costs more than hashing a file name.
const EVP_MD* Md5() {
  static const EVP_MD* const method = EVP_MD_fetch(nullptr, "MD5", nullptr);
  return method;
}

const EVP_MD* Sha1() {
  static const EVP_MD* const method = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  return method;
}

const EVP_MD* Sha256() {
  static const EVP_MD* const method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return method;
}

}  // namespace

std::string Md5Hex(std::string_view bytes) { return Digest(Md5(), bytes); }
std::string Sha1Hex(std::string_view bytes) { return Digest(Sha1(), bytes); }
std::string Sha256Hex(std::string_view bytes) { return Digest(Sha256(), bytes); }

Hash128 ContentHash(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.high64, hash.low64};
}

std::string ToHex(const Hash128& hash) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, {hash.low, hash.high});
  return Hex(canonical.digest);
}

std::string RandomUuid() {
  std::array<unsigned char, 16> bytes;
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) std::abort();
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3F) | 0x80);
  std::string text = Hex(bytes);
  for (size_t dash : {8u, 13u, 18u, 23u}) text.insert(dash, 1, '-');
  return text;
}

}  // namespace stir
