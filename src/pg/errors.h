// PostgreSQL's errors as Diagnostics: its own words without its picture of the statement, the place as a byte offset.
#pragma once

#include <string>
#include <string_view>

#include "base/diagnostic.h"
#include "pg/api.h"

namespace stir::pg {

struct ServerError {
  std::string sqlstate;  // "42703"; empty when the server did not get to say anything
  Diagnostic diagnostic;
};

// A result that is an error of `sql`. Message: the primary message, then "DETAIL: ..." on a line of its own when there
// is one; the server's hint is the Diagnostic's. SQLSTATE 57014 is kStatementCanceled, class 08 and 57P01-57P05
// kConnectionLost.
ServerError ErrorOf(const Api& api, const PGresult* result, std::string_view sql);

// What libpq said of a connection that could not be made, each attempt (host and address) a line; without the password.
Diagnostic NoConnection(std::string_view text, std::string_view target);

// PostgreSQL counts characters from 1. The byte offset of character `position` in UTF-8, or -1.
int64_t ByteOffset(std::string_view sql, std::string_view position);

}  // namespace stir::pg
