// Memory for a template's nodes: taken in blocks, given back all at once with the template. Only trivially destructible
// things live in it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace stir::jinja {

class Arena {
 public:
  template <typename T>
  T* New(const T& value = T()) {
    static_assert(std::is_trivially_destructible_v<T>);
    return new (Allocate(sizeof(T), alignof(T))) T(value);
  }
  template <typename T>
  std::span<T> Copy(std::span<const T> items) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (items.empty()) return {};
    auto* to = static_cast<T*>(Allocate(items.size_bytes(), alignof(T)));
    std::memcpy(static_cast<void*>(to), items.data(), items.size_bytes());
    return {to, items.size()};
  }
  std::string_view Copy(std::string_view text) {
    std::span<char> copy = Copy<char>(std::span(text));
    return {copy.data(), copy.size()};
  }

 private:
  static constexpr size_t kBlock = 4000;  // with malloc's own bytes, one page

  void* Allocate(size_t size, size_t alignment) {
    size_t at = (used_ + alignment - 1) & ~(alignment - 1);
    if (blocks_.empty() || at + size > capacity_) {
      capacity_ = std::max(size, blocks_.empty() ? kBlock : std::min(capacity_ * 2, size_t{1} << 16));
      blocks_.push_back(std::make_unique_for_overwrite<std::byte[]>(capacity_));
      at = 0;
    }
    used_ = at + size;
    return blocks_.back().get() + at;
  }

  std::vector<std::unique_ptr<std::byte[]>> blocks_;
  size_t used_ = 0, capacity_ = 0;
};

}  // namespace stir::jinja
