// Bump allocation in blocks; texts above a quarter of a block get a block of their own.
#include "project/text_pool.h"

#include <cstring>

namespace stir::project {

char* TextPool::Reserve(size_t size) {
  if (size > left_) {
    if (size > kBlock / 4) {
      blocks_.push_back(std::make_unique_for_overwrite<char[]>(size));
      return blocks_.back().get();
    }
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(kBlock));
    next_ = blocks_.back().get();
    left_ = kBlock;
  }
  char* start = next_;
  next_ += size;
  left_ -= size;
  return start;
}

std::string_view TextPool::Add(std::string_view text) {
  if (text.empty()) return {};
  char* start = Reserve(text.size());
  std::memcpy(start, text.data(), text.size());
  bytes_ += text.size();
  return {start, text.size()};
}

std::string_view TextPool::Intern(std::string_view text) {
  if (text.empty()) return {};
  if (auto found = interned_.find(text); found != interned_.end()) return *found;
  return *interned_.insert(Add(text)).first;
}

}  // namespace stir::project
