// Owns the texts of a manifest: equal texts are stored once and never move, so a node's fields are plain views.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "project/text_map.h"

namespace stir::project {

// Not thread safe while texts are added; views are valid as long as the pool lives.
class TextPool {
 public:
  std::string_view Intern(std::string_view text);  // one copy of equal texts
  std::string_view Add(std::string_view text);     // a copy of its own, for texts that do not repeat
  size_t bytes() const { return bytes_; }

 private:
  char* Reserve(size_t size);

  static constexpr size_t kBlock = size_t{64} << 10;
  std::vector<std::unique_ptr<char[]>> blocks_;
  char* next_ = nullptr;
  size_t left_ = 0, bytes_ = 0;
  std::unordered_set<std::string_view, TextHash> interned_;
};

}  // namespace stir::project
