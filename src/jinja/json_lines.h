// Templates as JSON lines: {"template", "context", "options"} in, {"output"} or {"error": {"kind", "message", "line"}}
// out.
#pragma once

#include <string>
#include <string_view>

namespace stir::jinja {

// The answer to one line, with its line end. Never fails: what is wrong with the line is an answer too.
std::string AnswerLine(std::string_view line);

}  // namespace stir::jinja
