// The connections that are only told something.
#include <fmt/format.h>

#include <array>

#include "platform/kinds.h"
#include "platform/read.h"
#include "project/yaml_values.h"

namespace stir::platform {
namespace {

constexpr std::array<std::string_view, 3> kTlsWords = {"starttls", "tls", "none"};
constexpr std::array<std::string_view, 4> kSeverities = {"critical", "error", "warning", "info"};
constexpr size_t kError = 1;

void CheckAddress(const Placed<std::string>& address, Reader& reader) {
  if (address->empty() || project::HasJinja(*address) || IsMailAddress(*address)) return;
  reader.Error(Diagnostic(kBadValue, fmt::format("`{}` is no address of a mailbox", *address), address.span)
                   .Hint("as in data@example.org, without a name around it"));
}

}  // namespace

void ReadPagerDutyConnection(Connection& connection, Fields& fields) {
  connection.credentials = fields.RequireText("routing_key", "the integration key of a service, as a secret");
  connection.url = fields.Text("url", "https://events.pagerduty.com/v2/enqueue");
  connection.severity = kSeverities[fields.OneOf<size_t>("severity", kSeverities, kError).value];
}

void ReadEmailConnection(Connection& connection, Fields& fields) {
  MailRoute& mail = connection.mail;
  mail.server.host = fields.RequireText("server", "the host of an SMTP server");
  mail.server.tls = fields.OneOf<MailTls>("tls", kTlsWords, MailTls::kStartTls).value;
  const int port = mail.server.tls == MailTls::kTls ? 465 : mail.server.tls == MailTls::kNone ? 25 : 587;
  mail.server.port = static_cast<int>(fields.Int("port", port, 1, 65535));
  mail.server.user = fields.Text("user");
  mail.server.password = fields.Text("password");
  fields.Require("from");
  fields.Require("to", "whom: [data@example.org]");
  const Placed<std::string> from = fields.PlacedText("from");
  CheckAddress(from, fields.reader());
  mail.from = *from;
  for (const Placed<std::string>& to : fields.PlacedTexts("to")) {
    CheckAddress(to, fields.reader());
    mail.to.push_back(*to);
  }
}

}  // namespace stir::platform
