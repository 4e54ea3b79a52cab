// The processes of tasks, as those see them who start them or find them again: each under a supervisor (supervisor.h)
// that goes on without us.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/cancel.h"
#include "base/process.h"
#include "base/result.h"
#include "engine/process_record.h"
#include "engine/supervisor.h"

namespace stir::engine {

// How it went on with a process while somebody attended to it.
struct Attended {
  enum class How : uint8_t {
    kEnded,    // `end` says how
    kLost,     // its supervisor died with it; nothing of it is left
    kUnbegun,  // it never began, and will not
    kLeft,     // it goes on without us
  };
  How how = How::kEnded;
  ProcessEnd end;
};

// What may happen meanwhile: `stop` has the process ended, `leave` leaves it to itself.
struct Attention {
  CancelToken stop, leave;
};

// Starts the processes of tasks. Thread safe; its end leaves alone what runs.
class Supervisors {
 public:
  Supervisors() = default;
  ~Supervisors();
  Supervisors(const Supervisors&) = delete;
  Supervisors& operator=(const Supervisors&) = delete;

  // Nobody has made the record yet. Returns when the process has ended, or is left; lines come on the calling thread.
  Result<Attended> Run(const SupervisedWork& work, const Attention& attention,
                       const std::function<void(Stream, std::string_view)>& on_line);

 private:
  Result<int> AskForOne();
  Status StartFirst();

  std::mutex mutex_;
  int control_ = -1;  // guarded by mutex_; the first process's socket
  pid_t first_ = 0;   // guarded by mutex_
};

// Attends to a process that somebody else has started, or was about to: whoever made its record.
Attended TakeUpProcess(const std::filesystem::path& record, const Attention& attention);

}  // namespace stir::engine
