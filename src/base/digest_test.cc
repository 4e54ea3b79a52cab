#include "base/digest.h"

#include "base/content_hasher.h"

#include <gtest/gtest.h>

namespace stir {
namespace {

TEST(Digest, KnownAnswers) {
  EXPECT_EQ(Md5Hex("abc"), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(ToHex(ContentHash("")), "99aa06d3014798d86001c324468d497f");
}

TEST(Digest, PartsHashLikeTheWhole) {
  const std::string text(100'000, 'x');
  ContentHasher hasher;
  for (size_t at = 0; at < text.size(); at += 777) hasher.Add(std::string_view(text).substr(at, 777));
  EXPECT_EQ(hasher.Hash(), ContentHash(text));
  EXPECT_EQ(ContentHasher().Hash(), ContentHash(""));
}

TEST(Digest, UuidsAreVersionFourAndDiffer) {
  const std::string uuid = RandomUuid();
  ASSERT_EQ(uuid.size(), 36u);
  EXPECT_EQ(uuid[14], '4');
  EXPECT_NE(uuid, RandomUuid());
}

}  // namespace
}  // namespace stir
