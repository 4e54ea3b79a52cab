// Named places at which a test may end the process. A step of a load or a publication calls Reach before what it names.
#pragma once

#include <functional>
#include <string_view>

namespace stir::transfer {

class Failpoints {
 public:
  Failpoints() = default;
  explicit Failpoints(std::function<void(std::string_view)> reached) : reached_(std::move(reached)) {}
  void Reach(std::string_view step) const {
    if (reached_) reached_(step);
  }

 private:
  std::function<void(std::string_view)> reached_;
};

}  // namespace stir::transfer
