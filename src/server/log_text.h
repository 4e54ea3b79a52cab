// Parts of a task's log, which may be large: never all of it is read. Offsets are in bytes of the file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace stir::server {

struct LogPart {
  int64_t size = 0;    // of the file as it is now; of one that is not there 0
  int64_t offset = 0;  // where `text` begins
  std::string text;    // whole lines, where one line is not longer than what was asked for
};
// From `offset` on, at most `limit` bytes (5 at least: a character has to fit).
Result<LogPart> ReadLog(const std::filesystem::path& path, int64_t offset, int64_t limit);
// The last `lines` lines, as far as they fit into `limit` bytes.
Result<LogPart> ReadLogTail(const std::filesystem::path& path, int64_t lines, int64_t limit);

struct LogMatch {
  int64_t offset = 0;  // of the line
  std::string line;    // a long one is cut
};
struct LogMatches {
  std::vector<LogMatch> matches;
  int64_t next = -1;  // where to go on; -1: everything was looked at
};
// Lines from `offset` on that hold `text`, which has no line end; capital and small letters of ASCII are the same.
Result<LogMatches> SearchLogFile(const std::filesystem::path& path, std::string_view text, int64_t offset,
                                 size_t limit);

}  // namespace stir::server
