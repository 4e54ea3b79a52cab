// Child processes: own session, output to a sink line by line, deadline and cancel that end the whole process group
// (TERM, grace, KILL), exact wait status. A process that dies takes its children's groups along, also by kill -9.
#pragma once

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

}  // namespace stir
