#include "engine/bell.h"

#include <signal.h>

#include <algorithm>
#include <charconv>

#include "engine/service_waiter.h"

namespace stir::engine {

// In a folder of its own: who watches it hears nothing else.
std::filesystem::path BellOf(const StateFolder& folder) { return folder.root / "bell" / "ring"; }

Status RingBell(Files& files, const StateFolder& folder) { return files.Write(BellOf(folder), "\n"); }

bool IsServiceUp(Files& files, const StateFolder& folder) {
  const std::filesystem::path lock = folder.lock("service");
  if (!files.Exists(lock)) return false;
  const auto text = files.Read(lock);
  if (!text.ok()) return false;
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), pid);
  return error == std::errc() && pid > 0 && kill(pid, 0) == 0;
}

std::unique_ptr<BellEar> BellEar::Open(Files& files, const StateFolder& folder, std::function<void()> on_ring) {
  const std::filesystem::path bell = BellOf(folder);
  auto waiter = ServiceWaiter::Make();
  if (!waiter.ok() || !files.MakeDirectories(bell.parent_path()).ok()) return nullptr;
  (*waiter)->WatchFolder(bell.parent_path());
  return std::unique_ptr<BellEar>(new BellEar(*std::move(waiter), bell, std::move(on_ring)));
}

BellEar::BellEar(std::unique_ptr<ServiceWaiter> waiter, std::filesystem::path bell, std::function<void()> on_ring)
    : waiter_(std::move(waiter)),
      thread_([this, bell = std::move(bell), on_ring = std::move(on_ring)](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
          const auto changes = waiter_->Wait({});
          if (std::ranges::find(changes, bell) != changes.end()) on_ring();
        }
      }) {}

BellEar::~BellEar() {
  thread_.request_stop();
  waiter_->Wake();
}

}  // namespace stir::engine
