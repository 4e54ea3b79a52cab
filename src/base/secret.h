// Secrets: values that format as ***** and a registry that redacts them wherever they turn up inside other text.
#pragma once

#include <fmt/core.h>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace stir {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  const std::string& Reveal() const { return value_; }  // only where it is sent to the system it is for
  bool empty() const { return value_.empty(); }

 private:
  std::string value_;
};

// Knows the secrets of this invocation. Every sink (terminal, log, artifact, store) passes its text through Redact.
// Thread safe.
class Redactor {
 public:
  void Add(const Secret& secret);  // shorter than 3 bytes is ignored: it would redact ordinary text
  std::string Redact(std::string_view text) const;
  void RedactInPlace(std::string& text) const;  // for large texts: no copy when there is nothing to hide
  std::vector<std::string> Values() const;      // all that it looks for: only for a Redactor in another process

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> values_;  // guarded by mutex_, longest first
};

}  // namespace stir

template <>
struct fmt::formatter<stir::Secret> : fmt::formatter<std::string_view> {
  template <typename Context>
  auto format(const stir::Secret&, Context& context) const {
    return fmt::formatter<std::string_view>::format("*****", context);
  }
};
