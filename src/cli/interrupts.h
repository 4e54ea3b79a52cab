// ^C and TERM: the first asks the command to stop cleanly, the second ends the process at once.
#pragma once

#include <functional>
#include <thread>

#include "base/cancel.h"

namespace stir::cli {

// Waits for the signals on a thread of its own, so that what cancels (and may lock) never runs inside a signal handler.
// Make it before any other thread: they inherit that the signals are blocked.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;
  // From here on signals are heard, also those that came before. `on_first` runs once on the waiting thread, before the
  // cancel is requested.
  void Watch(std::function<void()> on_first);
  CancelToken token() const { return cancel_.get_token(); }
  bool requested() const { return cancel_.stop_requested(); }

 private:
  void Wait(const std::function<void()>& on_first);

  CancelSource cancel_;
  std::thread waiter_;
};

}  // namespace stir::cli
