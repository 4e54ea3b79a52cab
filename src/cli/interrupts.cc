// A thread that sits in sigwait.
#include "cli/interrupts.h"

#include <unistd.h>
#include <csignal>

namespace stir::cli {
namespace {

constexpr int kInterrupted = 130;
constexpr int kEndOfWaiting = SIGUSR2;  // sent by the destructor

sigset_t Watched() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, kEndOfWaiting);
  return set;
}

}  // namespace

Interrupts::Interrupts() {
  const sigset_t set = Watched();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

void Interrupts::Watch(std::function<void()> on_first) {
  waiter_ = std::thread([this, on_first = std::move(on_first)] { Wait(on_first); });
}

Interrupts::~Interrupts() {
  if (!waiter_.joinable()) return;
  pthread_kill(waiter_.native_handle(), kEndOfWaiting);
  waiter_.join();
}

void Interrupts::Wait(const std::function<void()>& on_first) {
  const sigset_t set = Watched();
  int signal = 0;
  while (sigwait(&set, &signal) == 0 && signal != kEndOfWaiting) {
    if (cancel_.stop_requested()) _exit(kInterrupted);
    on_first();
    cancel_.request_stop();
  }
}

}  // namespace stir::cli
