// The file that says who supervises an attempt's process and, once it has ended, how: "<attempt>.process", beside the
// attempt's log. All that those who start a process, its supervisor and those who find it later have in common. Its
// first line appears whole and before the command begins, the second when it has ended; one that is cut off does not
// count. There is one at most: of a supervisor that is about to begin and somebody who takes the attempt for lost, only
// one makes it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/process.h"
#include "base/result.h"

namespace stir::engine {

// A process, told from all others that had its number before or will have it: when it started, in ticks since the
// machine did, and when that was.
struct ProcessIdentity {
  pid_t pid = 0;
  uint64_t start = 0;
  std::string boot;

  bool operator==(const ProcessIdentity&) const = default;
};

// Nothing when there is no such process, or only one that nobody has reaped.
std::optional<ProcessIdentity> IdentityOf(pid_t pid);
bool IsAlive(const ProcessIdentity& identity);
// Sends it to that process, and to none that has taken its number.
void SignalTo(const ProcessIdentity& identity, int signal);
// Kills all processes of the session that this one leads, or led, and returns when they are gone, or after a while.
void EndSession(const ProcessIdentity& leader);
// The same of a child that has ended and that this process has not reaped.
void EndSession(pid_t child);

struct ProcessEnd {
  ProcessResult result;
  std::optional<Diagnostic> not_started;  // the command could not be
  std::string last_line, last_error;      // of its output, of its errors: the last that is not blank
};

struct ProcessRecord {
  ProcessIdentity supervisor;  // pid 0: nobody may begin any more
  std::optional<ProcessEnd> end;
};

std::filesystem::path ProcessRecordPath(const std::filesystem::path& log);
std::optional<ProcessRecord> ReadProcessRecord(const std::filesystem::path& path);
// False, and nothing is written, when there is one already, or it cannot be written.
[[nodiscard]] bool ClaimProcessRecord(const std::filesystem::path& path, const ProcessIdentity& supervisor);
// If the record is still there. `durable`: also against a loss of power.
Status WriteProcessEnd(const std::filesystem::path& path, const ProcessEnd& end, bool durable);

}  // namespace stir::engine
