// The world as a command sees it: everything that is outside the process, handed in once by `cli` (or by a test).
#pragma once

#include <map>
#include <string>

#include "adapter/connection.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/event.h"
#include "base/files.h"
#include "base/secret.h"
#include "base/source_map.h"

namespace stir::engine {

// References to what outlives the command. Copyable; every member is thread safe but `environment`, which never changes.
struct Host {
  const Clock& clock;
  Files& files;
  EventSink& events;
  SourceMap& sources;
  Redactor& redactor;
  const adapter::AdapterRegistry& adapters;
  const std::map<std::string, std::string>& environment;  // variables, read once at start
  CancelToken cancel;                                     // the user asked to stop
};

}  // namespace stir::engine
