// Numbers for Prometheus: what the server counts itself, and the text form of all of them.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stir::server {

// Prometheus' text format, one family after another.
class MetricsText {
 public:
  using Labels = std::vector<std::pair<std::string_view, std::string_view>>;
  // `type`: "gauge", "counter", "histogram".
  void Family(std::string_view name, std::string_view type, std::string_view help);
  // Of the family that was begun last; `suffix` is added to its name ("_bucket").
  void Sample(const Labels& labels, double value, std::string_view suffix = {});
  std::string Take() && { return std::move(text_); }

 private:
  std::string name_, text_;
};

// How long requests took, by route and code. Thread safe.
class RequestMetrics {
 public:
  // `route` is a pattern of the router, so that there are few.
  void Count(std::string_view method, std::string_view route, int status, double seconds);
  void Write(MetricsText& text) const;

 private:
  static constexpr std::array<double, 9> kBuckets = {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2.5};
  struct Histogram {
    std::array<int64_t, kBuckets.size()> at_most{};
    int64_t count = 0;
    double seconds = 0;
  };
  struct Key {
    std::string method, route;
    int status = 0;
    auto operator<=>(const Key&) const = default;
  };

  mutable std::mutex mutex_;
  std::map<Key, Histogram> histograms_;  // guarded by mutex_
};

// The process itself: process_*, as Prometheus' own clients name it.
void WriteProcessMetrics(MetricsText& text);

}  // namespace stir::server
