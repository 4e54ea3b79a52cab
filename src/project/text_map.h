// A hash map by text that is asked with views.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/digest.h"

namespace stir::project {

// Several times faster than the library's own on the texts of a project.
struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return ContentHash(text).low; }
};

template <typename T>
using TextMap = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

}  // namespace stir::project
