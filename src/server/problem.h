// Errors as answers: RFC 9457's problem details. `kind` is stir's own word for it, `hint` what to do.
#pragma once

#include <string>

#include "base/diagnostic.h"
#include "server/http.h"

namespace stir::server {

Response Problem(int status, const Kind& kind, std::string_view detail, std::string_view hint = {});
// The status follows from the kind of the first; all of them are told.
Response ProblemOf(const Diagnostics& diagnostics);
// "Not Found"
std::string_view PhraseOf(int status);

}  // namespace stir::server
