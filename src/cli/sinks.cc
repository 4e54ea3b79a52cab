// Sinks that write lines: to a stream and to the log file.
#include "cli/sinks.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/json.h"
#include "engine/deprecation_text.h"

namespace stir::cli {
namespace {

constexpr size_t kMostWaiting = size_t{64} << 10;
constexpr Duration kLongestWait = std::chrono::milliseconds(100);

// What dbt says of cleaning: the log may lie in what is cleaned.
constexpr std::array<std::string_view, 4> kNotInFile{"Z012", "Z013", "Z014", "Z015"};

void WriteWhole(std::FILE* stream, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stream);
  std::fflush(stream);
}

}  // namespace

LineSink::LineSink(std::FILE* stream, LineStyle style, const Clock& clock, const Redactor& redactor,
                   std::string invocation_id)
    : stream_(stream), style_(style), clock_(clock), redactor_(redactor), invocation_id_(std::move(invocation_id)) {}

void LineSink::Emit(const Event& event) {
  const std::string line = FormatLine(event, style_, clock_.Now(), invocation_id_);
  if (!line.empty()) WriteWhole(stream_, redactor_.Redact(line));
}

void AnswerSink::Emit(const Event& event) {
  if (IsAnswer(event)) {
    WriteWhole(stdout, redactor_.Redact(event.message + "\n"));
  } else {
    others_.Emit(event);
  }
}

LogFileSink::LogFileSink(Settings settings, const Clock& clock, const Redactor& redactor, EventSink& complain)
    : settings_(std::move(settings)), clock_(clock), redactor_(redactor), complain_(complain) {}

LogFileSink::~LogFileSink() {
  if (file_ == nullptr) return;
  WriteWhole(file_, waiting_);
  std::fclose(file_);
}

void LogFileSink::Flush(Timestamp now) {
  WriteWhole(file_, waiting_);
  waiting_.clear();
  flushed_at_ = now;
}

void LogFileSink::Emit(const Event& event) {
  if (std::ranges::find(kNotInFile, event.code) != kNotInFile.end()) return;
  const Timestamp now = clock_.Now();
  const std::string line = FormatLine(event, settings_.style, now, settings_.invocation_id);
  if (line.empty()) return;
  const std::lock_guard lock(mutex_);
  if (!tried_) {
    tried_ = true;
    if (!Open()) {
      const int cause = errno;
      complain_.Emit({"S002", "LogNotWritten", Level::kWarn,
                      fmt::format("[WARNING]: the log file in {} cannot be written ({})", settings_.directory,
                                  std::strerror(cause))});
      return;
    }
    if (settings_.style.format != LineFormat::kJson) {
      constexpr std::string_view kRule = "==============================";
      waiting_ = fmt::format("\n\n{} {} | {} {}\n", kRule, TimeOfDay(now, true), settings_.invocation_id, kRule);
    }
  }
  if (file_ == nullptr) return;
  waiting_ += redactor_.Redact(line);
  if (event.level > Level::kDebug || waiting_.size() > kMostWaiting || now - flushed_at_ > kLongestWait) Flush(now);
}

bool LogFileSink::Open() {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const fs::path path = fs::path(settings_.directory) / "dbt.log";
  fs::create_directories(path.parent_path(), ignored);
  if (const auto size = fs::file_size(path, ignored);
      !ignored && settings_.max_bytes > 0 && size >= static_cast<uintmax_t>(settings_.max_bytes)) {
    fs::rename(path, fs::path(path) += ".1", ignored);
  }
  file_ = std::fopen(path.c_str(), "ae");
  return file_ != nullptr;
}

void DeprecationSink::Emit(const Event& event) {
  if (event.code.starts_with('D')) {
    const std::lock_guard lock(mutex_);
    auto seen = std::ranges::find(seen_, event.name, &Seen::name);
    if (seen == seen_.end()) seen = seen_.insert(seen_.end(), {std::string(event.name), std::string(event.code)});
    if (++seen->times > 1 && !show_all_) return;
  }
  next_.Emit(event);
}

void DeprecationSink::Summarize() {
  const std::lock_guard lock(mutex_);
  if (seen_.empty()) return;
  std::string text = "Summary of encountered deprecations:";
  JsonWriter json;
  json.BeginObject().Key("show_all_hint").Bool(!show_all_).Key("summaries").BeginArray();
  for (const Seen& each : seen_) {
    text += fmt::format("\n\n- {}: {} occurrence{}", each.name, each.times, each.times == 1 ? "" : "s");
    json.BeginObject().Key("event_code").String(each.code).Key("event_name").String(each.name);
    json.Key("occurrences").Int(each.times).EndObject();
  }
  json.EndArray().EndObject();
  if (!show_all_) {
    text +=
        "\n\nTo see all deprecation instances instead of just the first occurrence of each, run command again with the "
        "`--show-all-deprecations` flag. You may also need to run with `--no-partial-parse` as some deprecations are "
        "only encountered during parsing.";
  }
  constexpr std::string_view kName = "DeprecationsSummary";
  next_.Emit({"D028", kName, Level::kWarn, engine::DeprecationText(kName, text, width_), std::move(json).Take()});
}

}  // namespace stir::cli
