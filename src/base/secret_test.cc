#include "base/secret.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace stir {
namespace {

TEST(Secret, NeverFormatsAsItself) { EXPECT_EQ(fmt::format("{}", Secret("hunter2")), "*****"); }

TEST(Redactor, FindsEveryForm) {
  Redactor redactor;
  redactor.Add(Secret("pass\"word"));
  redactor.Add(Secret("pass"));
  redactor.Add(Secret("ab"));
  redactor.Add(Secret("-----BEGIN-----\nMIIEvQIBADAN\n}\n"));
  EXPECT_EQ(redactor.Redact("x pass\"word y pass z ab"), "x ***** y ***** z ab");
  EXPECT_EQ(redactor.Redact(R"({"p": "pass\"word"})"), R"({"p": "*****"})");
  EXPECT_EQ(redactor.Redact("line MIIEvQIBADAN }"), "line ***** }");
}

}  // namespace
}  // namespace stir
