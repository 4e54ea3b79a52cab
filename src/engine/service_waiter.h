// Where a service waits: for a time of the wall clock, for files to change, for another thread. A step of the system's
// clock wakes it too, and once a minute it looks by itself.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace stir::engine {

class ServiceWaiter {
 public:
  static Result<std::unique_ptr<ServiceWaiter>> Make();
  ~ServiceWaiter();
  ServiceWaiter(const ServiceWaiter&) = delete;
  ServiceWaiter& operator=(const ServiceWaiter&) = delete;

  // Watches the files of a folder, not those below. A folder that is watched already, or is not there, is no error.
  void WatchFolder(const std::filesystem::path& folder);
  // From any thread: ends the wait, or the next one.
  void Wake();
  // Returns when something happened. What changed since the last call, absolute; folders end with a slash.
  std::vector<std::filesystem::path> Wait(std::optional<Timestamp> until);

 private:
  ServiceWaiter(int inotify, int timer, int wake) : inotify_(inotify), timer_(timer), wake_(wake) {}
  void SetTimer(std::optional<Timestamp> until) const;
  std::vector<std::filesystem::path> ReadChanges();

  const int inotify_, timer_, wake_;
  std::map<int, std::filesystem::path> folders_;  // by watch
};

}  // namespace stir::engine
