#include "engine/deprecation_text.h"

#include <gtest/gtest.h>

namespace stir::engine {
namespace {

TEST(DeprecationText, WrapsEachParagraph) {
  EXPECT_EQ(DeprecationText("SomeDeprecation", "one two  three\n\n- four", 80),
            "[WARNING][SomeDeprecation]: Deprecated functionality\none two three\n- four");
  EXPECT_EQ(DeprecationText("", "x", 80), "[WARNING]: Deprecated functionality\nx");
}

TEST(DeprecationText, CutsWordsThatAreLongerThanALine) {
  EXPECT_EQ(DeprecationText("", "ab cdefghijklmno größegröße", 11),
            "[WARNING]:\nDeprecated\nfunctionali\nty\nab cdefghij\nklmno\ngrößegröße");
}

}  // namespace
}  // namespace stir::engine
