#include "engine/task_log.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace stir::engine {
namespace {

constexpr size_t kLimit = size_t{64} << 20;

// Names of tasks have no slashes, but items of loops may.
std::string FileName(std::string_view task) { return ReplaceAll(task, "/", "_"); }

}  // namespace

std::string TaskLogPath(int64_t run, std::string_view task, int attempt) {
  return fmt::format("{}/{}/{}.log", run, FileName(task), attempt);
}

TaskLog::TaskLog(const std::filesystem::path& path, const Clock& clock, const Redactor& redactor)
    : clock_(clock), redactor_(redactor) {
  std::error_code ignored;
  std::filesystem::create_directories(path.parent_path(), ignored);
  file_.open(path, std::ios::app);
}

void TaskLog::Write(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  const std::string clean = redactor_.Redact(text);
  const std::scoped_lock lock(mutex_);
  for (std::string_view line : Split(clean, '\n')) WriteLine(line);
  file_.flush();
}

void TaskLog::WriteLine(std::string_view line) {
  if (written_ > kLimit) return;
  const std::string whole = fmt::format("{} {}\n", FormatTimestamp(clock_.Now()), line);
  written_ += whole.size();
  file_ << whole;
  if (written_ > kLimit) file_ << "... the log is full: what follows was not kept\n";
}

}  // namespace stir::engine
