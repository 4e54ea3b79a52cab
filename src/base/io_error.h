// What the system said about a file, as a diagnostic with the hint that fits its errno.
#pragma once

#include <string_view>

#include "base/files.h"

namespace stir {

// `verb` is what was tried: "read", "write", "create", "rename", "remove", "sync", "lock".
Diagnostic IoError(std::string_view verb, const fs::path& path, int error);

}  // namespace stir
