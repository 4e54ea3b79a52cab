#include "server/metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <fstream>

namespace stir::server {
namespace {

void AppendLabel(std::string& text, std::string_view value) {
  for (const char byte : value) {
    if (byte == '\n') {
      text += "\\n";
      continue;
    }
    if (byte == '"' || byte == '\\') text += '\\';
    text += byte;
  }
}

std::string NumberText(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15) return fmt::format("{}", static_cast<int64_t>(value));
  return fmt::format("{}", value);
}

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

void MetricsText::Family(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void MetricsText::Sample(const Labels& labels, double value, std::string_view suffix) {
  text_ += name_;
  text_ += suffix;
  char before = '{';
  for (const auto& [name, text] : labels) {
    text_ += before;
    text_ += name;
    text_ += "=\"";
    AppendLabel(text_, text);
    text_ += '"';
    before = ',';
  }
  if (!labels.empty()) text_ += '}';
  text_ += ' ' + NumberText(value) + '\n';
}

void RequestMetrics::Count(std::string_view method, std::string_view route, int status, double seconds) {
  const std::scoped_lock lock(mutex_);
  Histogram& histogram = histograms_[{std::string(method), std::string(route), status}];
  for (size_t i = 0; i < kBuckets.size(); ++i) histogram.at_most[i] += seconds <= kBuckets[i] ? 1 : 0;
  ++histogram.count;
  histogram.seconds += seconds;
}

void RequestMetrics::Write(MetricsText& text) const {
  const std::scoped_lock lock(mutex_);
  text.Family("stir_http_request_duration_seconds", "histogram", "How long requests took to be answered.");
  for (const auto& [key, histogram] : histograms_) {
    const std::string code = std::to_string(key.status);
    const MetricsText::Labels labels = {{"method", key.method}, {"route", key.route}, {"code", code}};
    MetricsText::Labels bucket = labels;
    bucket.emplace_back("le", "");
    for (size_t i = 0; i < kBuckets.size(); ++i) {
      const std::string bound = fmt::format("{}", kBuckets[i]);
      bucket.back().second = bound;
      text.Sample(bucket, static_cast<double>(histogram.at_most[i]), "_bucket");
    }
    bucket.back().second = "+Inf";
    text.Sample(bucket, static_cast<double>(histogram.count), "_bucket");
    text.Sample(labels, histogram.seconds, "_sum");
    text.Sample(labels, static_cast<double>(histogram.count), "_count");
  }
}

void WriteProcessMetrics(MetricsText& text) {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0) {
    text.Family("process_cpu_seconds_total", "counter", "CPU time of this process.");
    text.Sample({}, Seconds(usage.ru_utime) + Seconds(usage.ru_stime));
  }
  int64_t pages = 0;
  if (std::ifstream statm("/proc/self/statm"); statm >> pages >> pages) {
    text.Family("process_resident_memory_bytes", "gauge", "Memory of this process that is in use.");
    text.Sample({}, static_cast<double>(pages * sysconf(_SC_PAGESIZE)));
  }
  std::error_code error;
  int64_t open = 0;
  for (std::filesystem::directory_iterator each("/proc/self/fd", error), end; !error && each != end;
       each.increment(error))
    ++open;
  text.Family("process_open_fds", "gauge", "Files and sockets that this process has open.");
  text.Sample({}, static_cast<double>(open));
}

}  // namespace stir::server
