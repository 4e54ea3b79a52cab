// A content hash of what never stands in memory as a whole.
#pragma once

#include <memory>
#include <string_view>

#include "base/digest.h"

namespace stir {

// Gives the ContentHash of all parts joined.
class ContentHasher {
 public:
  ContentHasher();
  ~ContentHasher();
  ContentHasher(const ContentHasher&) = delete;
  ContentHasher& operator=(const ContentHasher&) = delete;
  void Add(std::string_view part);
  Hash128 Hash() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace stir
