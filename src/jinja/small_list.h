// A list that keeps its first N items inside itself: what a call needs for its arguments without asking the heap.
#pragma once

#include <array>
#include <span>
#include <vector>

namespace stir::jinja {

template <typename T, size_t N>
class SmallList {
 public:
  void Add(T item) {
    if (size_ < N) {
      near_[size_] = std::move(item);
    } else {
      if (size_ == N) far_.assign(std::make_move_iterator(near_.begin()), std::make_move_iterator(near_.end()));
      far_.push_back(std::move(item));
    }
    ++size_;
  }
  std::span<const T> items() const {
    return size_ <= N ? std::span<const T>(near_.data(), size_) : std::span<const T>(far_);
  }

 private:
  std::array<T, N> near_{};
  std::vector<T> far_;
  size_t size_ = 0;
};

}  // namespace stir::jinja
