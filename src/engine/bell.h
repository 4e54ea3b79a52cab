// How a command tells a running service that the store has changed: a file that is written, and watched. Who is not
// heard loses nothing: the service looks by itself once a minute.
#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "base/files.h"
#include "engine/state_folder.h"

namespace stir::engine {

std::filesystem::path BellOf(const StateFolder& folder);
Status RingBell(Files& files, const StateFolder& folder);

// A service has the project: its lock names a process that lives.
bool IsServiceUp(Files& files, const StateFolder& folder);

class ServiceWaiter;

// Calls back, from a thread of its own, when the bell rings.
class BellEar {
 public:
  // Null where the system watches no more files: who has no ear hears nothing until it looks.
  static std::unique_ptr<BellEar> Open(Files& files, const StateFolder& folder, std::function<void()> on_ring);
  ~BellEar();
  BellEar(const BellEar&) = delete;
  BellEar& operator=(const BellEar&) = delete;

 private:
  BellEar(std::unique_ptr<ServiceWaiter> waiter, std::filesystem::path bell, std::function<void()> on_ring);

  const std::unique_ptr<ServiceWaiter> waiter_;
  std::jthread thread_;
};

}  // namespace stir::engine
