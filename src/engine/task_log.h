// The log of one attempt: .stir/logs/<run>/<task>/<attempt>.log, appended line by line, secrets taken out before a byte
// is written. It survives retries and the death of any process.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/secret.h"

namespace stir::engine {

// Relative to .stir/logs: "42/extract.us_east/1.log".
std::string TaskLogPath(int64_t run, std::string_view task, int attempt);

// Thread safe. A log that cannot be written is no reason to fail a task: lines are then dropped.
class TaskLog {
 public:
  TaskLog(const std::filesystem::path& path, const Clock& clock, const Redactor& redactor);
  // Text of several lines becomes several lines, each with the time in front.
  void Write(std::string_view text);

 private:
  void WriteLine(std::string_view line);

  const Clock& clock_;
  const Redactor& redactor_;
  std::mutex mutex_;
  std::ofstream file_;  // guarded by mutex_
  size_t written_ = 0;  // guarded by mutex_; after kLimit bytes the rest is dropped, and the log says so
};

}  // namespace stir::engine
