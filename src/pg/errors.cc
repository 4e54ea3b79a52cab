// Words, places and kinds of the server's errors.
#include "pg/errors.h"

#include <fmt/format.h>
#include <algorithm>
#include <charconv>

#include "base/strings.h"
#include "pg/kinds.h"

namespace stir::pg {
namespace {

std::string Field(const Api& api, const PGresult* result, int code) {
  const char* text = api.resultErrorField(result, code);
  return text == nullptr ? std::string() : std::string(text);
}

Kind KindOf(std::string_view sqlstate) {
  if (sqlstate == "57014") return kStatementCanceled;
  const bool gone = sqlstate.starts_with("08") || sqlstate.starts_with("57P");
  return gone ? kConnectionLost : kStatementFailed;
}

// What libpq or the server says of a connection that it does not make, and what to do about it. The first that is in
// the text is it.
struct Refusal {
  std::string_view said, hint;
};

constexpr Refusal kRefusals[] = {
    {"password authentication failed", "check `user` and `password`"},
    {"no password supplied", "give a `password`, or put it into ~/.pgpass"},
    {"Connection refused", "is the server running there, and does it listen on that address and port?"},
    {"could not translate host name", "check `host`"},
    {"does not support SSL", "the server has no TLS; only `sslmode: prefer` or less connects without it"},
    {"does not match host name",
     "the certificate is another host's: connect by the name that it is for (`hostaddr` says "
     "where that is), or with `sslmode: verify-ca`"},
    {"root certificate file", "`sslrootcert` names the certificate of the authority that signed the server's"},
    {"certificate verify failed",
     "another authority signed the server's certificate than the one of `sslrootcert`, or it has expired"},
    {"no pg_hba.conf entry",
     "the server's pg_hba.conf lets this user into this database from here neither with nor "
     "without TLS, or only with the other: see `sslmode`"},
    {"pg_hba.conf rejects",
     "the server's pg_hba.conf shuts this user out of this database from here; see `sslmode`, too"},
    {"does not have CONNECT privilege", "its owner can say: GRANT CONNECT ON DATABASE ... TO the user"},
    {"is not permitted to log in", "a superuser can say: ALTER ROLE ... LOGIN"},
    {"too many c", "the server has no session left: use fewer `connections` or `threads`, or raise its limit"},
    {"remaining connection slots",
     "the server has no session left: use fewer `connections` or `threads`, or raise its limit"},
    {"role \"", "check `user`, or create the role"},
    {"the database system is", "the server is about to start or stop; `retries` says how often to try again"},
    {"database \"", "check the database's name, or create it"},
    {"SSL", "check `sslmode` and the certificates"},
    {"timeout expired", "the server did not answer within `connect_timeout`; a firewall may swallow the packets"},
};

std::string HintFor(std::string_view text) {
  const auto* refusal = std::ranges::find_if(kRefusals, [&](const Refusal& each) { return text.contains(each.said); });
  return refusal == std::end(kRefusals) ? std::string() : std::string(refusal->hint);
}

}  // namespace

int64_t ByteOffset(std::string_view sql, std::string_view position) {
  int64_t wanted = 0;
  const auto [end, error] = std::from_chars(position.data(), position.data() + position.size(), wanted);
  if (error != std::errc() || wanted < 1) return -1;
  int64_t character = 0;
  for (size_t i = 0; i < sql.size(); ++i) {
    const bool starts = (static_cast<unsigned char>(sql[i]) & 0xC0) != 0x80;
    if (starts && ++character == wanted) return static_cast<int64_t>(i);
  }
  return character + 1 == wanted ? static_cast<int64_t>(sql.size()) : -1;
}

ServerError ErrorOf(const Api& api, const PGresult* result, std::string_view sql) {
  ServerError error{Field(api, result, PG_DIAG_SQLSTATE), Diagnostic(kStatementFailed, "")};
  Diagnostic& diagnostic = error.diagnostic;
  diagnostic.kind = error.sqlstate.empty() ? kConnectionLost : KindOf(error.sqlstate);
  diagnostic.message = Field(api, result, PG_DIAG_MESSAGE_PRIMARY);
  if (diagnostic.message.empty()) diagnostic.message = std::string(Strip(api.resultErrorMessage(result)));
  if (const std::string detail = Field(api, result, PG_DIAG_MESSAGE_DETAIL); !detail.empty())
    diagnostic.message += fmt::format("\nDETAIL:  {}", detail);
  // Of a COPY it says the line and the column; of anything else it repeats the statement.
  if (const std::string context = Field(api, result, PG_DIAG_CONTEXT); context.starts_with("COPY "))
    diagnostic.message += fmt::format("\nCONTEXT:  {}", context);
  diagnostic.hint = Field(api, result, PG_DIAG_MESSAGE_HINT);
  if (diagnostic.hint.empty() && diagnostic.message.contains("conflict with recovery"))
    diagnostic.hint =
        "run it again; on the standby, `max_standby_streaming_delay` or `hot_standby_feedback` keep readers longer";
  diagnostic.engine_offset = ByteOffset(sql, Field(api, result, PG_DIAG_STATEMENT_POSITION));
  return error;
}

Diagnostic NoConnection(std::string_view text, std::string_view target) {
  const std::string message(Strip(text));
  return Diagnostic(kNoConnection, fmt::format("cannot connect to PostgreSQL at {}: {}", target, message))
      .Hint(HintFor(message));
}

}  // namespace stir::pg
