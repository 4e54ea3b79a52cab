// Errors inside the room. Evaluation recurses deeply and fails rarely, so an error travels as an exception from where
// it arises to the public surface (Render, Call, ...), which turns it into a Result; the places on the way add where it
// was. No exception leaves the room, and none passes through a host's callee: those give and take Results.
#pragma once

#include <string>

#include "base/result.h"
#include "jinja/kinds.h"

namespace stir::jinja {

struct EvaluationError {
  Diagnostics diagnostics;
};

[[noreturn]] inline void Fail(Kind kind, std::string message) {
  throw EvaluationError{{Diagnostic(kind, std::move(message))}};
}
[[noreturn]] inline void FailType(std::string message) { Fail(kTemplateType, std::move(message)); }
[[noreturn]] inline void FailValue(std::string message) { Fail(kTemplateValue, std::move(message)); }
[[noreturn]] inline void FailZeroDivision(std::string message) { Fail(kTemplateZeroDivision, std::move(message)); }

// The value, or the error as an exception.
template <typename T>
T Take(Result<T> result) {
  if (!result.ok()) throw EvaluationError{std::move(result).error()};
  return std::move(result).value();
}
inline void Take(Status status) {
  if (!status.ok()) throw EvaluationError{std::move(status).error()};
}

// Runs `body`, which may throw EvaluationError, for a caller that wants a Result.
template <typename Body>
auto Catching(Body&& body) -> Result<decltype(body())> {
  try {
    if constexpr (std::is_void_v<decltype(body())>) {
      body();
      return {};
    } else {
      return body();
    }
  } catch (EvaluationError& error) {
    return std::move(error.diagnostics);
  }
}

}  // namespace stir::jinja
