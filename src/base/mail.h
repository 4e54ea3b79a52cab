// One mail, handed to an SMTP server over libcurl.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/result.h"

namespace stir {

inline constexpr Kind kMailRefused{"mail-refused", Category::kRuntime};

enum class MailTls : uint8_t { kStartTls, kTls, kNone };

struct MailServer {
  std::string host{};
  int port = 587;
  MailTls tls = MailTls::kStartTls;
  std::string user{}, password{};  // empty: the server asks nobody who he is
};

struct Mail {
  std::string from;  // an address, as those of `to`
  std::vector<std::string> to;
  std::string subject;
  std::string text;
  std::string id;  // what makes it the same mail when it comes twice
  Timestamp date;
};

bool IsMailAddress(std::string_view text);

// The mail as it is sent: RFC 5322, lines of at most 76 characters, whatever stands in subject and text. Pure.
std::string MailText(const Mail& mail);

// Returns when the server has taken it for all of `to`. Gives up after 30 seconds. Thread safe.
Status SendMail(const MailServer& server, const Mail& mail, const CancelToken& cancel = {});

}  // namespace stir
