// Cooperative cancellation: a source that is set once and tokens that can be asked, or that run a callback when it is
// set. A thin name over std::stop_source, so that signatures say what they mean. Thread safe.
#pragma once

#include <stop_token>

namespace stir {

using CancelSource = std::stop_source;
using CancelToken = std::stop_token;
template <typename F>
using OnCancel = std::stop_callback<F>;

}  // namespace stir
