// `stir up`: one process that follows the schedules of a project. It decides (scheduler/clockwork.h), writes every
// decision to the store before it acts on it, runs several runs at once with the same executor as the command line, and
// reads the project anew when its files change.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "engine/commands.h"
#include "engine/host.h"
#include "engine/options.h"

namespace stir::engine {

class Generation;

// Who lives beside a service and shows what it does. Called by the service's thread, which waits for nobody: none of
// these may take long.
class ServiceGuest {
 public:
  virtual ~ServiceGuest() = default;
  // The project is this service's, and nothing is decided yet. On failure it does not begin.
  virtual Status Arrive() = 0;
  // The project as it is followed from now on.
  virtual void Show(std::shared_ptr<Generation> generation) = 0;
  // It has looked at all schedules.
  virtual void Looked(Timestamp now) = 0;
};

// Returns when host.cancel is requested: what runs is stopped and left for the next service to go on with. Fails when
// another service has the project, or when the project cannot be read at the beginning.
Result<CommandResult> RunService(const Host& host, const Options& options, ServiceGuest* guest = nullptr);

}  // namespace stir::engine
