// Secrets by name: from the environment (STIR_SECRET_<NAME>), from a file that only its owner may read, from a
// command's output, in the order that stir/*.yml gives. What was found is told to the redactor before anyone sees it.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "platform/definitions.h"

namespace stir::platform {

// Thread safe. References must outlive it.
class Secrets {
 public:
  Secrets(std::vector<SecretSource> sources, const std::map<std::string, std::string>& environment, Redactor& redactor);
  // Fails naming the places that were looked at, and never what was found there.
  Result<std::string> Find(std::string_view name);

 private:
  Result<std::optional<std::string>> LookIn(const SecretSource& source, const std::string& name) const;

  const std::vector<SecretSource> sources_;
  const std::map<std::string, std::string>& environment_;
  Redactor& redactor_;
  std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> found_;  // guarded by mutex_
};

}  // namespace stir::platform
