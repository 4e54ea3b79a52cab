#include "base/mail.h"

#include <gtest/gtest.h>

namespace stir {
namespace {

Mail SomeMail(std::string subject, std::string text) {
  return {.from = "stir@example.org",
          .to = {"a@example.org", "b@example.org"},
          .subject = std::move(subject),
          .text = std::move(text),
          .id = "run/1",
          .date = *ParseTimestamp("2026-11-20T08:09:10Z")};
}

TEST(MailText, HasWhatAMailNeeds) {
  EXPECT_EQ(MailText(SomeMail("hi", "a\n")),
            "Date: Fri, 20 Nov 2026 08:09:10 +0000\r\n"
            "From: stir <stir@example.org>\r\n"
            "To: a@example.org,\r\n b@example.org\r\n"
            "Message-ID: <cc590a882a08a9d07f9c469698a47638@stir>\r\n"
            "Subject: =?UTF-8?B?aGk=?=\r\n"
            "Auto-Submitted: auto-generated\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: base64\r\n\r\n"
            "YQo=\r\n");
}

TEST(MailText, ASubjectCannotBecomeAHeaderNorIsACharacterCut) {
  const std::string text = MailText(SomeMail("x\r\nBcc: all@example.org", ""));
  EXPECT_EQ(text.find("Bcc"), std::string::npos);
  std::string umlauts;
  for (int i = 0; i < 60; ++i) umlauts += "ü";
  const std::string folded = MailText(SomeMail("x" + umlauts, ""));
  // 1 + 20 * 2 bytes, then 42, then the rest: each word is whole characters.
  EXPECT_NE(folded.find("=?UTF-8?B?eMO8"), std::string::npos);
  EXPECT_NE(folded.find("?=\r\n =?UTF-8?B?w7"), std::string::npos);
}

TEST(MailText, LinesAreShort) {
  const std::string text = MailText(SomeMail("s", std::string(5000, 'x')));
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find("\r\n", at);
    ASSERT_NE(end, std::string::npos);
    EXPECT_LE(end - at, 76U);
    at = end + 2;
  }
}

TEST(IsMailAddress, TakesMailboxesOnly) {
  for (const char* good : {"a@b", "data.team+x@example.org", "zoë@example.org"})
    EXPECT_TRUE(IsMailAddress(good)) << good;
  for (const char* bad : {"", "a", "@b", "a@", "a@b@c", "a b@c", "a@b\r\nRCPT TO:<x@y>", "A <a@b>", "a@b,c@d"})
    EXPECT_FALSE(IsMailAddress(bad)) << bad;
}

}  // namespace
}  // namespace stir
