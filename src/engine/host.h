// The world as a command sees it: everything that is outside the process, handed in once by `cli` (or by a test).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/connection.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/event.h"
#include "base/files.h"
#include "base/http.h"
#include "base/secret.h"
#include "base/source_map.h"

namespace stir::engine {

// References to what outlives the command. Copyable; every member is thread safe but `environment`, which never
// changes.
struct Host {
  const Clock& clock;
  Files& files;
  EventSink& events;
  SourceMap& sources;
  Redactor& redactor;
  const adapter::AdapterRegistry& adapters;
  const std::map<std::string, std::string>& environment;  // variables, read once at start
  CancelToken cancel;                                     // the user asked to stop
  Http* http = nullptr;                                   // for alerts; null: the system's
  std::function<void(std::string_view)> on_step = {};     // before every durable step: a test ends the process there
  // Takes what is large and nobody waits to see freed: the end of the process frees it faster. Null: it is freed.
  std::vector<std::shared_ptr<const void>>* remains = nullptr;
};

}  // namespace stir::engine
