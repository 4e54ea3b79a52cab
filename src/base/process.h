// Child processes: own session, output to a sink line by line, deadline and cancel that end the whole process group
// (TERM, grace, KILL), exact wait status. A process that dies takes its children's groups along, also by kill -9,
// unless they are not to be guarded.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/result.h"

namespace stir {

struct ProcessSpec {
  std::vector<std::string> argv{};
  std::string directory{};                           // empty: the current one
  std::map<std::string, std::string> environment{};  // added to (and overriding) the parent's
  std::string input{};                               // standard input; closed after it
  bool hold_input = false;                           // closed only when the process has ended, or is to end
  Duration timeout{0};                               // 0: none
  Duration grace = std::chrono::seconds(5);          // between TERM and KILL
  int stop = -1;                                     // a descriptor: when it can be read the process is canceled
  bool own_session = true;                           // else a group of its own in this one
  bool is_guarded = true;                            // goes when this process goes
};

struct ProcessResult {
  enum class End : uint8_t { kExited, kSignaled, kTimedOut, kCanceled };
  End end = End::kExited;
  int code = 0;  // exit status, or the signal
};

enum class Stream : uint8_t { kOut, kErr };

// `on_line` gets each line without its end, on the calling thread, while the process runs.
Result<ProcessResult> RunProcess(const ProcessSpec& spec, const std::function<void(Stream, std::string_view)>& on_line,
                                 const CancelToken& cancel = {});

// Starts it in a session of its own with `in` as standard input and no output, and leaves it to itself: the caller
// reaps it. Of the spec only argv, folder and environment count.
Result<pid_t> StartProcess(const ProcessSpec& spec, int in);

}  // namespace stir
