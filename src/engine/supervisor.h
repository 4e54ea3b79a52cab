// Processes of tasks that outlive whoever started them: `stir supervise`, a process that is never called by people.
//
// The first one, started once by a service or a command, is small and has one thread; for every process of a task it
// forks a supervisor, which costs a tenth of starting a program. A supervisor has a session of its own. It takes its
// work from a socket, makes the attempt's record (process_record.h), runs the command, writes its output into the
// attempt's log, carries out the timeout, and writes how it ended, whether or not anybody is left at the socket's other
// end. TERM has it end the command: TERM, grace, KILL. When it is killed itself, the first process kills the session.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/process.h"

namespace stir::engine {

inline constexpr std::string_view kSuperviseWord = "supervise";
// Set for the first process, and gone in those of tasks: what it has bound, supervisors need not.
inline constexpr const char* kBindNow = "LD_BIND_NOW";

// What a supervisor is given, in packets of at most kLargestPacket bytes, whose end is the end of what is sent. What it
// sends: a packet when the command is about to begin (kBegins, and the supervisor's pid), and one for each line.
struct SupervisedWork {
  std::string log, record;  // paths
  ProcessSpec spec;
  std::vector<std::string> secrets;  // not to be written anywhere
};
inline constexpr size_t kLargestPacket = 64 << 10;
inline constexpr char kBegins = 'p', kOutLine = 'o', kErrorLine = 'e';

std::string ToText(const SupervisedWork& work);

// Whether this process was started to be the first one: its standard input is a socket, as nobody's who types the word.
bool IsToSupervise();
// The first process; standard input is the socket that work comes in on. Ends when that is closed and all supervisors
// have ended.
int Supervise();

}  // namespace stir::engine
