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
  // `expected`: about how many bytes will be asked for; blocks are made to fit it.
  explicit Arena(size_t expected) : block_(std::clamp<size_t>(expected, kSmallest, kLargest)) {}

  template <typename T>
  T* New(const T& value = T()) {
    static_assert(std::is_trivially_destructible_v<T>);
    return new (Allocate(sizeof(T), alignof(T))) T(value);
  }
  // A thing with a destructor, which whoever asks for it must run.
  template <typename T>
  T* Place(T value) {
    return new (Allocate(sizeof(T), alignof(T))) T(std::move(value));
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
  static constexpr size_t kSmallest = 512, kLargest = 16000;

  void* Allocate(size_t size, size_t alignment) {
    size_t at = (used_ + alignment - 1) & ~(alignment - 1);
    if (blocks_.empty() || at + size > capacity_) {
      capacity_ = std::max(size, block_);
      blocks_.push_back(std::make_unique_for_overwrite<std::byte[]>(capacity_));
      at = 0;
    }
    used_ = at + size;
    return blocks_.back().get() + at;
  }

  const size_t block_;
  std::vector<std::unique_ptr<std::byte[]>> blocks_;
  size_t used_ = 0, capacity_ = 0;
};

}  // namespace stir::jinja
