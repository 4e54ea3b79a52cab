#include "engine/process_record.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string_view>
#include <thread>
#include <vector>

#include "base/files.h"
#include "base/io_error.h"
#include "base/json.h"
#include "base/kinds.h"
#include "base/strings.h"

namespace stir::engine {
namespace {

constexpr auto kKillLook = std::chrono::milliseconds(5);
constexpr auto kKillPatience = std::chrono::seconds(10);
constexpr std::array<std::string_view, 4> kEnds = {"exited", "signaled", "timed_out", "canceled"};

// What /proc/<pid>/stat says, as far as it is of use here.
struct ProcessStat {
  char state = 0;
  pid_t session = 0;
  uint64_t start = 0;
};

std::optional<ProcessStat> StatOfProcess(pid_t pid) {
  const int fd = open(fmt::format("/proc/{}/stat", pid).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  std::array<char, 1024> buffer;
  const ssize_t size = read(fd, buffer.data(), buffer.size());
  close(fd);
  if (size <= 0) return std::nullopt;
  const std::string_view text(buffer.data(), static_cast<size_t>(size));
  const size_t name_end = text.rfind(") ");  // the name may hold anything
  if (name_end == text.npos) return std::nullopt;
  const auto words = Split(text.substr(name_end + 2), ' ');  // from the third of proc(5) on
  if (words.size() < 20) return std::nullopt;
  ProcessStat stat{.state = words[0].empty() ? '\0' : words[0][0], .session = 0, .start = 0};
  std::from_chars(words[3].data(), words[3].data() + words[3].size(), stat.session);
  std::from_chars(words[19].data(), words[19].data() + words[19].size(), stat.start);
  return stat;
}

bool HasEnded(const ProcessStat& stat) { return stat.state == 'Z' || stat.state == 'X'; }

const std::string& BootId() {
  static const std::string id = [] {
    std::string line;
    std::ifstream("/proc/sys/kernel/random/boot_id") >> line;
    return line;
  }();
  return id;
}

std::vector<pid_t> AllProcesses() {
  std::vector<pid_t> all;
  std::error_code error;
  for (auto at = fs::directory_iterator("/proc", error); !error && at != fs::directory_iterator();
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    pid_t pid = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), pid).ptr == name.data() + name.size() && pid > 0)
      all.push_back(pid);
  }
  return all;
}

Json EndAsJson(const ProcessEnd& end) {
  Json json = {{"end", kEnds[static_cast<size_t>(end.result.end)]},
               {"code", end.result.code},
               {"last_line", end.last_line},
               {"last_error", end.last_error}};
  if (end.not_started) json["not_started"] = {{"message", end.not_started->message}, {"hint", end.not_started->hint}};
  return json;
}

std::optional<ProcessEnd> EndIn(const Json& json) {
  const std::string word = json.value("end", "");
  const auto* found = std::ranges::find(kEnds, word);
  if (found == kEnds.end()) return std::nullopt;
  ProcessEnd end;
  end.result.end = static_cast<ProcessResult::End>(found - kEnds.begin());
  end.result.code = json.value("code", 0);
  end.last_line = json.value("last_line", "");
  end.last_error = json.value("last_error", "");
  if (const auto why = json.find("not_started"); why != json.end())
    end.not_started = Diagnostic(kProcessNotStarted, why->value("message", "")).Hint(why->value("hint", ""));
  return end;
}

std::string LineOf(const ProcessIdentity& supervisor) {
  return WriteJson({{"pid", supervisor.pid}, {"start", supervisor.start}, {"boot", supervisor.boot}}) + "\n";
}

}  // namespace

std::optional<ProcessIdentity> IdentityOf(pid_t pid) {
  const auto stat = StatOfProcess(pid);
  if (!stat || HasEnded(*stat)) return std::nullopt;
  return ProcessIdentity{pid, stat->start, BootId()};
}

bool IsAlive(const ProcessIdentity& identity) { return identity.pid > 0 && IdentityOf(identity.pid) == identity; }

void SignalTo(const ProcessIdentity& identity, int signal) {
  if (identity.pid <= 0) return;
  // Held by the descriptor, the number is nobody else's while we look whose it is.
  const int process = static_cast<int>(syscall(SYS_pidfd_open, identity.pid, 0));
  if (process < 0) return;
  if (IsAlive(identity)) syscall(SYS_pidfd_send_signal, process, signal, nullptr, 0);
  close(process);
}

// A number is not given to another process while a session has it, with or without its leader.
void EndSession(const ProcessIdentity& leader) {
  if (leader.pid <= 0 || leader.boot != BootId()) return;
  const auto until = std::chrono::steady_clock::now() + kKillPatience;
  for (bool any = true; any && std::chrono::steady_clock::now() < until;) {
    const auto now = StatOfProcess(leader.pid);
    if (now && now->start != leader.start) return;  // it is somebody else's: nothing was left
    any = false;
    for (const pid_t pid : AllProcesses()) {
      const auto stat = StatOfProcess(pid);
      if (!stat || HasEnded(*stat) || stat->session != leader.pid || stat->start < leader.start) continue;
      kill(pid, SIGKILL);
      any = true;
    }
    if (any) std::this_thread::sleep_for(kKillLook);
  }
}

void EndSession(pid_t child) {
  if (const auto stat = StatOfProcess(child)) EndSession(ProcessIdentity{child, stat->start, BootId()});
}

fs::path ProcessRecordPath(const fs::path& log) { return fs::path(log).replace_extension(".process"); }

std::optional<ProcessRecord> ReadProcessRecord(const fs::path& path) {
  const auto text = SystemFiles().Read(path);
  const auto lines = text.ok() ? Split(*text, '\n') : std::vector<std::string_view>();
  const Json json = lines.size() > 1 ? ReadJson(lines[0]) : Json();
  if (!json.is_object()) return std::nullopt;
  ProcessRecord record;
  record.supervisor = {json.value("pid", pid_t{0}), json.value("start", uint64_t{0}), json.value("boot", "")};
  if (const Json end = lines.size() > 2 ? ReadJson(lines[1]) : Json(); end.is_object()) record.end = EndIn(end);
  return record;
}

bool ClaimProcessRecord(const fs::path& path, const ProcessIdentity& supervisor) {
  const fs::path draft = fmt::format("{}.{}", path.string(), getpid());
  std::ofstream out(draft, std::ios::binary | std::ios::trunc);
  out << LineOf(supervisor);
  out.close();
  const bool is_first = out.good() && link(draft.c_str(), path.c_str()) == 0;
  unlink(draft.c_str());
  return is_first;
}

Status WriteProcessEnd(const fs::path& path, const ProcessEnd& end, bool durable) {
  const int file = open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (file < 0 && errno == ENOENT) return {};  // the run was forgotten, or its whole project is gone
  if (file < 0) return IoError("write", path, errno);
  const std::string line = WriteJson(EndAsJson(end)) + "\n";
  const bool is_written =
      write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size()) && (!durable || fdatasync(file) == 0);
  const int error = errno;
  close(file);
  if (!is_written) return IoError("write", path, error);
  return durable ? SystemFiles().SyncDirectory(path.parent_path()) : Status();
}

}  // namespace stir::engine
