// A value and where the user wrote it.
#pragma once

#include <utility>

#include "base/diagnostic.h"

namespace stir::platform {

// `span` is empty for a default that nobody wrote.
template <typename T>
struct Placed {
  T value{};
  Span span;

  const T& operator*() const { return value; }
  const T* operator->() const { return &value; }
};

}  // namespace stir::platform
