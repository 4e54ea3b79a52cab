// The picture of running nodes, painted with two control sequences: up one line, and clear the line.
#include "cli/live_view.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/utf8.h"

namespace stir::cli {
namespace {

constexpr std::string_view kUpAndClear = "\x1b[1A\x1b[2K";
constexpr auto kFrame = std::chrono::milliseconds(100);

size_t TerminalWidth() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

// The text cut to so many columns.
std::string Cut(std::string_view text, size_t columns) {
  size_t used = 0;
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = DecodeUtf8(text, at);
    used += static_cast<size_t>(DisplayWidth(point.value));
    if (used > columns) return std::string(text.substr(0, at));
    at += point.length;
  }
  return std::string(text);
}

}  // namespace

LiveView::LiveView(LineSink& lines, std::FILE* terminal)
    : lines_(lines), terminal_(terminal), painter_([this] { Redraw(); }) {}

LiveView::~LiveView() {
  Stop();
  painter_.join();
}

void LiveView::Stop() {
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
    Erase();
  }
  wake_.notify_all();
}

bool LiveView::Track(const Event& event) {
  const bool starts = event.name == "LogStartLine" || event.name == "TaskStarted";
  const bool ends = event.name == "NodeFinished" || event.name == "TaskFinished" || event.name == "TaskWillRetry" ||
                    event.name == "TaskSkipped";
  if (!starts && !ends) return false;
  const Json data = ReadJson(event.data);
  if (!data.is_object()) return false;
  const std::string id = data.contains("task") ? data.value("task", "") : data["node_info"].value("unique_id", "");
  if (data.contains("total")) total_ = data.value("total", 0);
  const auto ended = static_cast<int>(ends ? running_.erase(id) : 0);
  done_ = data.contains("ended") ? data.value("ended", 0) : done_ + ended;  // a task's event counts for itself
  if (ends) return false;
  running_[id] = {data.contains("task") ? id : data.value("description", ""), std::chrono::steady_clock::now()};
  wake_.notify_all();
  return true;
}

void LiveView::Emit(const Event& event) {
  const std::lock_guard lock(mutex_);
  if (Track(event) || !Shows(lines_.style(), event)) return;
  Erase();
  lines_.Emit(event);
  Draw();
}

void LiveView::Erase() {
  for (; drawn_ > 0; --drawn_) std::fwrite(kUpAndClear.data(), 1, kUpAndClear.size(), terminal_);
  std::fflush(terminal_);
}

void LiveView::Draw() {
  if (running_.empty() || end_) return;
  const size_t width = TerminalWidth();
  const auto now = std::chrono::steady_clock::now();
  std::string picture;
  for (const auto& [id, running] : running_) {
    const double seconds = std::chrono::duration<double>(now - running.since).count();
    const std::string line = Cut(fmt::format("   {:6.1f}s  {}", seconds, running.what), width - 1);
    picture += lines_.style().colors ? fmt::format("\x1b[2m{}\x1b[0m\n", line) : line + "\n";
  }
  picture += Cut(fmt::format("   {} of {} done, {} running", done_, total_, running_.size()), width - 1) + "\n";
  std::fwrite(picture.data(), 1, picture.size(), terminal_);
  std::fflush(terminal_);
  drawn_ = running_.size() + 1;
}

void LiveView::Redraw() {
  std::unique_lock lock(mutex_);
  while (!end_) {
    wake_.wait(lock, [this] { return end_ || !running_.empty(); });
    if (end_) return;
    Erase();
    Draw();
    wake_.wait_for(lock, kFrame, [this] { return end_; });
  }
}

}  // namespace stir::cli
