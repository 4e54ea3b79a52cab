// Reads DuckDB's error texts.
#include "adapter/duckdb/errors.h"

#include <fmt/format.h>
#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "adapter/kinds.h"
#include "base/json.h"
#include "base/kinds.h"
#include "base/strings.h"

namespace stir::adapter::duckdb {
namespace {

struct Parsed {
  std::string message;
  int64_t position = -1;
};

// The engine writes every member of its error object as a string.
std::optional<Parsed> ParseJson(std::string_view text) {
  const size_t brace = text.find("{\"exception_type\"");
  if (brace == std::string_view::npos) return std::nullopt;
  const Json object = ReadJson(text.substr(brace));
  if (!object.is_object()) return std::nullopt;
  const auto member = [&](const char* name) {
    const auto it = object.find(name);
    return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
  };
  Parsed parsed;
  parsed.message = fmt::format("{} Error: {}", member("exception_type"), member("exception_message"));
  const std::string position = member("position");
  std::from_chars(position.data(), position.data() + position.size(), parsed.position);
  return parsed;
}

// Plain text: what follows the blank line is the engine's picture of the statement.
Parsed ParsePlain(std::string_view text) { return {.message = std::string(text.substr(0, text.find("\n\nLINE ")))}; }

// After what is wrong with a CSV file the engine lists its guesses and every option of its reader.
void DropReaderOptions(std::string& message) {
  if (message.find("CSV Error on Line:") != std::string::npos)
    message.resize(std::min(message.size(), message.find("\n\n")));
  if (message.find("Error when sniffing file") != std::string::npos)
    message.resize(std::min(message.size(), message.find("\nThe search space used was")));
}

Parsed Parse(std::string_view text) {
  auto json = ParseJson(text);
  Parsed parsed = json ? *std::move(json) : ParsePlain(text);
  DropReaderOptions(parsed.message);
  return parsed;
}

// A process's command line as a person would type it; empty when it may not be read.
std::string CommandOf(std::string_view pid) {
  std::ifstream file(fmt::format("/proc/{}/cmdline", pid), std::ios::binary);
  std::string command((std::istreambuf_iterator<char>(file)), {});
  while (!command.empty() && command.back() == '\0') command.pop_back();
  for (char& c : command) {
    if (c == '\0') c = ' ';
  }
  constexpr size_t kEnough = 120;
  if (command.size() > kEnough) command = command.substr(0, kEnough) + "...";
  return command;
}

// What stands between two marks of a text; empty when they are not there.
std::string_view Between(std::string_view text, std::string_view before, std::string_view after) {
  const size_t found = text.find(before);
  if (found == std::string_view::npos) return {};
  text.remove_prefix(found + before.size());
  return text.substr(0, text.find(after));
}

// `Could not set lock on file "x": Conflicting lock is held in /usr/bin/y (PID 12) by user z. See also ...`: who holds
// it may be absent.
std::optional<Diagnostic> HeldError(std::string_view message) {
  const std::string_view path = Between(message, "Could not set lock on file \"", "\"");
  if (path.empty()) return std::nullopt;
  const std::string_view pid = Between(message, "(PID ", ")");
  std::string holder = "another process";
  if (!pid.empty() && pid.find_first_not_of("0123456789") == std::string_view::npos) {
    const std::string command = CommandOf(pid);
    holder = command.empty() ? fmt::format("process {}", pid) : fmt::format("process {} (`{}`)", pid, command);
  }
  return Diagnostic(kDatabaseHeld, fmt::format("the database `{}` is held by {}", path, holder))
      .Hint(
          "a DuckDB file can be open in one process at a time: wait for that process, or stop it, and run this again");
}

Kind KindOf(std::string_view message) {
  if (message.find("No space left on device") != std::string_view::npos) return kDiskFull;
  return kDatabaseError;
}

std::string HintFor(std::string_view message) {
  if (message.find("No space left on device") != std::string_view::npos) {
    return "make room on the disk of the database, or set `settings: {temp_directory: ...}` to a roomier one";
  }
  if (message.starts_with("Out of Memory Error"))
    return "raise `settings: {memory_limit: ...}` in profiles.yml, or lower `threads`";
  return "";
}

// What to do about a file that cannot be opened.
std::string OpenHint(std::string_view message) {
  const auto says = [&](std::string_view words) { return message.find(words) != std::string_view::npos; };
  if (says("No such file or directory"))
    return "the folder that `path` in profiles.yml names must exist; it is relative to where stir is started";
  if (says("not a valid DuckDB database file"))
    return "`path` in profiles.yml must name a DuckDB file, or a file that does not exist yet";
  if (says("options were not recognized"))
    return "check `config_options` in profiles.yml against DuckDB's list of configuration options";
  if (says("version number"))
    return "another version of DuckDB wrote this file: export it there (`EXPORT DATABASE`) and import it here, or "
           "build it anew";
  if (says("checksum") || says("Corrupt"))
    return "the file is damaged: restore it from a copy, or move it away and build it anew";
  if (says("Permission denied") || says("Read-only file system"))
    return "stir needs to write `path` of profiles.yml, and beside it";
  if (says("Is a directory")) return "`path` in profiles.yml names a folder; name a file in it";
  return "";
}

}  // namespace

Diagnostic ErrorFrom(std::string_view text, bool interrupted) {
  Parsed parsed = Parse(text);
  if (interrupted) return Diagnostic(kCanceled, "the statement was canceled");
  if (auto held = HeldError(parsed.message)) return *std::move(held);
  Diagnostic diagnostic(KindOf(parsed.message), parsed.message);
  diagnostic.hint = HintFor(parsed.message);
  diagnostic.engine_offset = parsed.position;
  return diagnostic;
}

Diagnostic OpenErrorFrom(std::string_view text, std::string_view path) {
  const Parsed parsed = Parse(text);
  if (auto held = HeldError(parsed.message)) return *std::move(held);
  Diagnostic diagnostic(kConnectionFailed,
                        fmt::format("the database `{}` could not be opened: {}", path, parsed.message));
  diagnostic.hint = OpenHint(parsed.message);
  return diagnostic;
}

}  // namespace stir::adapter::duckdb
