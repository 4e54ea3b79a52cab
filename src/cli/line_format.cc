// One event as text: dbt's terminal lines, its debug lines and its JSON lines.
#include <pthread.h>
#include <unistd.h>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <array>

#include "base/json.h"
#include "base/strings.h"
#include "cli/sinks.h"

namespace stir::cli {
namespace {

constexpr std::string_view kRed = "\x1b[31m", kGreen = "\x1b[32m", kYellow = "\x1b[33m", kReset = "\x1b[0m";

std::string_view LevelName(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarn:
      return "warn";
    case Level::kError:
      return "error";
  }
  return "info";
}

std::string_view ColorOf(std::string_view state) {
  if (state.starts_with("OK") || state.starts_with("PASS") || state.starts_with("INSERT") ||
      state.starts_with("CREATE")) {
    return kGreen;
  }
  if (state.starts_with("ERROR") || state.starts_with("FAIL") || state.starts_with("CANCEL")) return kRed;
  if (state.starts_with("WARN") || state.starts_with("SKIP")) return kYellow;
  return {};
}

// "... [OK in 0.05s]": the state is coloured, the time is not.
std::string ColorState(std::string_view message) {
  const size_t open = message.rfind('[');
  if (open == message.npos || !message.ends_with("]")) return std::string(message);
  std::string_view inside = message.substr(open + 1, message.size() - open - 2);
  const std::string_view color = ColorOf(inside);
  if (color.empty()) return std::string(message);
  const size_t time = inside.rfind(" in ");
  const std::string_view state = inside.substr(0, time);
  return fmt::format("{}{}{}{}{}]", message.substr(0, open + 1), color, state, kReset,
                     time == inside.npos ? "" : inside.substr(time));
}

std::string JsonLine(const Event& event, Timestamp now, std::string_view invocation_id) {
  JsonWriter json;
  json.BeginObject().Key("data").Raw(event.data).Key("info").BeginObject();
  json.Key("category").String("").Key("code").String(event.code).Key("extra").BeginObject().EndObject();
  json.Key("invocation_id").String(invocation_id).Key("level").String(LevelName(event.level));
  json.Key("msg").String(event.message).Key("name").String(event.name).Key("pid").Int(getpid());
  json.Key("thread").String(ThreadName()).Key("ts").String(FormatTimestamp(now)).EndObject().EndObject();
  return std::move(json).Take() + "\n";
}

}  // namespace

bool IsAnswer(const Event& event) {
  static constexpr std::array<std::string_view, 5> kAnswers{"PrintEvent", "ShowNode", "CompiledNode", "SqlResult",
                                                            "SeedSample"};
  for (std::string_view name : kAnswers) {
    if (event.name == name) return true;
  }
  return false;
}

bool Shows(const LineStyle& style, const Event& event) {
  if (style.nothing) return false;
  if (event.name == "PrintEvent" && !style.prints) return false;
  if (style.quiet && !IsAnswer(event)) return event.level == Level::kError;
  return event.level >= style.least || IsAnswer(event);
}

std::string TimeOfDay(Timestamp time, bool microseconds) {
  const auto since_midnight = time - std::chrono::floor<std::chrono::days>(time);
  const std::chrono::hh_mm_ss clock(since_midnight);
  std::string text =
      fmt::format("{:02}:{:02}:{:02}", clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (microseconds) text += fmt::format(".{:06}", clock.subseconds().count());
  return text;
}

std::string_view ThreadName() {
  static thread_local const std::string name = [] {
    std::array<char, 16> own{};
    if (getpid() == gettid() || pthread_getname_np(pthread_self(), own.data(), own.size()) != 0)
      return std::string("MainThread");
    const std::string text(own.data());
    return text.starts_with("Thread-") ? text + " (worker)" : text;
  }();
  return name;
}

std::string Colored(const Event& event) {
  const std::string_view message = event.message;
  if (message.starts_with("[WARNING]")) return fmt::format("[{}WARNING{}]{}", kYellow, kReset, message.substr(9));
  if (message.starts_with("[ERROR]")) return fmt::format("[{}ERROR{}]{}", kRed, kReset, message.substr(7));
  if (event.name == "EndOfRunSummary") {
    const bool good = message.starts_with("Completed successfully");
    return fmt::format("{}{}{}",
                       good                                        ? kGreen
                       : message.find(" 0 errors") != message.npos ? kYellow
                                                                   : kRed,
                       message, kReset);
  }
  return ColorState(message);
}

std::string FormatLine(const Event& event, const LineStyle& style, Timestamp now, std::string_view invocation_id) {
  if (!Shows(style, event)) return {};
  if (style.format == LineFormat::kJson) return JsonLine(event, now, invocation_id);
  const std::string message = style.colors ? Colored(event) : event.message;
  if (style.format == LineFormat::kDebug) {
    return fmt::format("{} [{:<5}] [{}]: {}\n", TimeOfDay(now, true), LevelName(event.level), ThreadName(), message);
  }
  if (IsAnswer(event)) return message + "\n";
  return fmt::format("{}{}  {}\n", style.colors ? kReset : "", TimeOfDay(now, false), message);
}

}  // namespace stir::cli
