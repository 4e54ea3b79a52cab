// Words, places and kinds of the server's errors.
#include "pg/errors.h"

#include <fmt/format.h>
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

std::string HintFor(std::string_view text) {
  if (text.find("password authentication failed") != std::string_view::npos) return "check `user` and `password`";
  if (text.find("no password supplied") != std::string_view::npos) return "give a `password`, or put it into ~/.pgpass";
  if (text.find("Connection refused") != std::string_view::npos)
    return "is the server running there, and does it listen on that address and port?";
  if (text.find("could not translate host name") != std::string_view::npos) return "check `host`";
  if (text.find("database") != std::string_view::npos && text.find("does not exist") != std::string_view::npos)
    return "check the database's name, or create it";
  if (text.find("SSL") != std::string_view::npos) return "check `sslmode` and the certificates";
  if (text.find("timeout expired") != std::string_view::npos)
    return "the server did not answer within `connect_timeout`; a firewall may swallow the packets";
  return "";
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
  diagnostic.engine_offset = ByteOffset(sql, Field(api, result, PG_DIAG_STATEMENT_POSITION));
  return error;
}

Diagnostic NoConnection(std::string_view text, std::string_view target) {
  const std::string message(Strip(text));
  return Diagnostic(kNoConnection, fmt::format("cannot connect to PostgreSQL at {}: {}", target, message))
      .Hint(HintFor(message));
}

}  // namespace stir::pg
