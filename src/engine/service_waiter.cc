#include "engine/service_waiter.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "base/io_error.h"

namespace stir::engine {
namespace {

constexpr auto kAtMost = std::chrono::seconds(60);
constexpr uint32_t kChanges = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE;

// Reads away what a descriptor counted.
void Drain(int fd) {
  uint64_t count = 0;
  while (read(fd, &count, sizeof count) > 0) continue;
}

}  // namespace

Result<std::unique_ptr<ServiceWaiter>> ServiceWaiter::Make() {
  const int inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  const int timer = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
  const int wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  const int error = errno;
  std::unique_ptr<ServiceWaiter> waiter(new ServiceWaiter(inotify, timer, wake));
  if (inotify < 0 || timer < 0 || wake < 0) return IoError("watch", "the project", error);
  return waiter;
}

ServiceWaiter::~ServiceWaiter() {
  for (const int fd : {inotify_, timer_, wake_})
    if (fd >= 0) close(fd);
}

void ServiceWaiter::WatchFolder(const std::filesystem::path& folder) {
  const int watch = inotify_add_watch(inotify_, folder.c_str(), kChanges | IN_ONLYDIR);
  if (watch >= 0) folders_[watch] = folder;
}

void ServiceWaiter::Wake() {
  const uint64_t one = 1;
  static_cast<void>(write(wake_, &one, sizeof one) == sizeof one);  // a full counter wakes as well
}

// Absolute, so that a suspended machine or a clock that is set ends the wait when it should.
void ServiceWaiter::SetTimer(std::optional<Timestamp> until) const {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  Timestamp end = Timestamp(std::chrono::seconds(now.tv_sec)) + std::chrono::microseconds(now.tv_nsec / 1000) + kAtMost;
  if (until) end = std::min(end, *until);
  const auto micros = std::max<int64_t>(end.time_since_epoch().count(), 1);
  itimerspec when{};
  when.it_value.tv_sec = micros / 1000000;
  when.it_value.tv_nsec = micros % 1000000 * 1000;
  timerfd_settime(timer_, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, nullptr);
}

std::vector<std::filesystem::path> ServiceWaiter::Wait(std::optional<Timestamp> until) {
  SetTimer(until);
  std::array<pollfd, 3> fds = {{{inotify_, POLLIN, 0}, {timer_, POLLIN, 0}, {wake_, POLLIN, 0}}};
  while (poll(fds.data(), fds.size(), -1) < 0 && errno == EINTR) continue;
  Drain(timer_);
  Drain(wake_);
  return ReadChanges();
}

std::vector<std::filesystem::path> ServiceWaiter::ReadChanges() {
  std::vector<std::filesystem::path> changes;
  alignas(inotify_event) std::array<char, 16384> buffer;
  for (ssize_t size = 0; (size = read(inotify_, buffer.data(), buffer.size())) > 0;)
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
      const auto folder = folders_.find(event->wd);
      const bool is_folder = (event->mask & IN_ISDIR) != 0;
      if (folder != folders_.end() && event->len > 0)
        changes.push_back(is_folder ? folder->second / event->name / "" : folder->second / event->name);
      if ((event->mask & IN_IGNORED) != 0) folders_.erase(event->wd);
    }
  return changes;
}

}  // namespace stir::engine
