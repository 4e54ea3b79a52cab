// Time that stands still until a test moves it, and a folder that a test has for itself.
#pragma once

#include <unistd.h>

#include <atomic>
#include <cstdlib>

#include "base/clock.h"
#include "base/files.h"

namespace stir::test {

// Thread safe. Monotonic() moves with Now().
class FakeClock final : public Clock {
 public:
  explicit FakeClock(std::string_view start = "2026-01-01T00:00:00Z")
      : micros_(ParseTimestamp(start)->time_since_epoch().count()) {}
  Timestamp Now() const override { return Timestamp(Duration(micros_)); }
  Duration Monotonic() const override { return Duration(micros_); }
  void Advance(Duration by) { micros_ += by.count(); }
  void Set(Timestamp time) { micros_ = time.time_since_epoch().count(); }

 private:
  std::atomic<int64_t> micros_;
};

// A new folder under the system's temporary one, removed with everything in it at the end.
class TempFolder {
 public:
  TempFolder() {
    std::string name = (fs::temp_directory_path() / "stir-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace stir::test
