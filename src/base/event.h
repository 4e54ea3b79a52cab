// Everything the program says while it works. Text lines, JSON lines and the event stream are renderings of one Event.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace stir {

enum class Level : uint8_t { kDebug, kInfo, kWarn, kError };

struct Event {
  std::string_view code;  // dbt's code where dbt has the event ("Q012"), else stir's ("S001")
  std::string_view name;  // dbt's event name ("LogModelResult"), else stir's own
  Level level = Level::kInfo;
  std::string message;
  std::string data = "{}";  // a JSON object, already serialised
};

// Thread safe; never blocks on slow readers for longer than a write to a local file or terminal.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void Emit(const Event& event) = 0;
};

// Swallows everything; for callers that do not listen.
EventSink& NullSink();

}  // namespace stir
