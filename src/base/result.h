// Result<T>: a value or the diagnostics that explain why there is none. [[nodiscard]] as a class, so that ignoring one
// is a compile error. STIR_ASSIGN and STIR_TRY pass failures up.
#pragma once

#include <cassert>
#include <expected>
#include <type_traits>
#include <utility>

#include "base/diagnostic.h"

namespace stir {

template <typename T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result() requires std::is_default_constructible_v<T> = default;
  // NOLINTBEGIN(google-explicit-constructor): to return a value or a diagnostic is the common case
  Result(T value) : state_(std::move(value)) {}
  Result(Diagnostic diagnostic) : state_(std::unexpect) { state_.error().push_back(std::move(diagnostic)); }
  Result(Diagnostics diagnostics) : state_(std::unexpect, std::move(diagnostics)) {
    assert(!state_.error().empty());
  }  // NOLINTEND(google-explicit-constructor)

  bool ok() const { return state_.has_value(); }
  explicit operator bool() const { return ok(); }

  T& value() & {
    assert(ok());
    return *state_;
  }
  const T& value() const& {
    assert(ok());
    return *state_;
  }
  T value() && {
    assert(ok());
    return std::move(*state_);
  }  // by value: `for (auto& x : *F())` must not dangle
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Diagnostics& error() const& {
    assert(!ok());
    return state_.error();
  }
  Diagnostics error() && {
    assert(!ok());
    return std::move(state_.error());
  }

 private:
  std::expected<T, Diagnostics> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  Result(Diagnostic diagnostic) { errors_.push_back(std::move(diagnostic)); }  // NOLINT(google-explicit-constructor)
  Result(Diagnostics diagnostics) : errors_(std::move(diagnostics)) { assert(!errors_.empty()); }  // NOLINT

  bool ok() const { return errors_.empty(); }
  explicit operator bool() const { return ok(); }
  void value() const { assert(ok()); }
  const Diagnostics& error() const& {
    assert(!ok());
    return errors_;
  }
  Diagnostics error() && {
    assert(!ok());
    return std::move(errors_);
  }

 private:
  Diagnostics errors_;
};

using Status = Result<void>;

// The result of a phase that reports many errors: `errors` if there are any, else success.
inline Status StatusOf(Diagnostics errors) { return errors.empty() ? Status() : Status(std::move(errors)); }

inline void Append(Diagnostics& to, Diagnostics from) {
  for (Diagnostic& each : from) to.push_back(std::move(each));
}

}  // namespace stir

#define STIR_CONCAT_INNER(a, b) a##b
#define STIR_CONCAT(a, b) STIR_CONCAT_INNER(a, b)

// STIR_ASSIGN(auto x, F()); evaluates F(), returns its diagnostics on failure, else initialises or assigns x.
#define STIR_ASSIGN(lhs, expression)                                                                            \
  auto STIR_CONCAT(stir_result_, __LINE__) = (expression);                                                      \
  if (!STIR_CONCAT(stir_result_, __LINE__).ok()) return std::move(STIR_CONCAT(stir_result_, __LINE__)).error(); \
  lhs = std::move(STIR_CONCAT(stir_result_, __LINE__)).value()

// STIR_TRY(F()); returns F()'s diagnostics on failure.
#define STIR_TRY(expression)                                                                       \
  do {                                                                                             \
    if (auto stir_status = (expression); !stir_status.ok()) return std::move(stir_status).error(); \
  } while (false)
