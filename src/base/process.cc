// One event loop a process: its pipes, its end (pidfd), the deadline and the caller's cancel are one poll().
#include "base/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "base/kinds.h"

namespace stir {
namespace {

constexpr size_t kLongestLine = 1 << 20;                     // longer ones are handed out in pieces
constexpr Duration kDrain = std::chrono::milliseconds(200);  // for output that a background process still holds open

class PipeEnd {
 public:
  PipeEnd() = default;
  explicit PipeEnd(int fd) : fd_(fd) {}
  PipeEnd(PipeEnd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  PipeEnd& operator=(PipeEnd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~PipeEnd() { Close(); }
  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

struct Pipe {
  PipeEnd read, write;
};

// Both ends are above the standard streams, so that giving one to the child never overwrites another.
std::optional<Pipe> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
  Pipe raw{PipeEnd(ends[0]), PipeEnd(ends[1])};
  Pipe pipe{PipeEnd(fcntl(ends[0], F_DUPFD_CLOEXEC, 3)), PipeEnd(fcntl(ends[1], F_DUPFD_CLOEXEC, 3))};
  if (!pipe.read.open() || !pipe.write.open()) return std::nullopt;
  return pipe;
}

Diagnostic NotStarted(const ProcessSpec& spec, int error) {
  const std::string program = spec.argv.empty() ? std::string() : spec.argv[0];
  Diagnostic failure(kProcessNotStarted, fmt::format("cannot start `{}`: {}", program, std::strerror(error)));
  struct stat s;
  if (!spec.directory.empty() && (stat(spec.directory.c_str(), &s) != 0 || !S_ISDIR(s.st_mode))) {
    failure.message = fmt::format("cannot start `{}` in `{}`: there is no such folder", program, spec.directory);
  } else if (error == ENOENT && program.find('/') == std::string::npos) {
    failure.message = fmt::format("cannot start `{}`: no such program", program);
    failure.hint = "install it, or add its folder to PATH";
  } else if (error == EACCES) {
    failure.hint = fmt::format("make it executable: `chmod +x {}`", program);
  } else if (error == E2BIG) {
    failure.hint = "its arguments are too long together: pass them in a file or on standard input";
  }
  return failure;
}

std::vector<std::string> EnvironmentOf(const ProcessSpec& spec) {
  std::vector<std::string> all;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view entry = *each;
    if (!spec.environment.contains(std::string(entry.substr(0, entry.find('='))))) all.emplace_back(entry);
  }
  for (const auto& [name, value] : spec.environment) all.push_back(name + "=" + value);
  return all;
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& each : strings) pointers.push_back(each.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Starts the child in a session or a group of its own with default signals; without an input (-1) it reads nothing.
// Returns 0 or an errno.
int Spawn(const ProcessSpec& spec, int in, int out, int err, pid_t& pid) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  if (in >= 0)
    posix_spawn_file_actions_adddup2(&actions, in, 0);
  else
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out, 1);
  posix_spawn_file_actions_adddup2(&actions, err, 2);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);  // sockets of libraries, which would outlive us in it
  if (!spec.directory.empty()) posix_spawn_file_actions_addchdir_np(&actions, spec.directory.c_str());
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  const int apart = spec.own_session ? POSIX_SPAWN_SETSID : POSIX_SPAWN_SETPGROUP;
  posix_spawnattr_setflags(&attributes, static_cast<short>(apart | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
  std::vector<std::string> arguments = spec.argv, environment = EnvironmentOf(spec);
  const int error = posix_spawnp(&pid, arguments[0].c_str(), &actions, &attributes, Pointers(arguments).data(),
                                 Pointers(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

// Ends a process group when this process goes without having done so, however it goes: a shell that waits for the end
// of a pipe that only we hold open. Where it cannot be started, the group is left to itself.
class Guard {
 public:
  explicit Guard(pid_t group) {
    std::optional<Pipe> pipe = MakePipe();
    if (!pipe) return;
    ProcessSpec spec;
    spec.argv = {"/bin/sh", "-c", "read -r _; kill -s KILL -- -$0", std::to_string(group)};
    const PipeEnd null(open("/dev/null", O_WRONLY | O_CLOEXEC));
    if (Spawn(spec, pipe->read.get(), null.get(), null.get(), pid_) != 0) pid_ = 0;
    leash_ = std::move(pipe->write);
  }
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  ~Guard() {
    if (pid_ == 0) return;
    kill(pid_, SIGKILL);
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

 private:
  PipeEnd leash_;
  pid_t pid_ = 0;
};

// A child that stops reading must not end us with SIGPIPE, and a library does not change what a signal does.
ssize_t WriteQuietly(int fd, std::string_view bytes) {
  sigset_t pipe_signal, before;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
  const ssize_t written = write(fd, bytes.data(), bytes.size());
  const int error = errno;
  if (written < 0 && error == EPIPE && sigismember(&before, SIGPIPE) == 0) {
    const timespec at_once{};
    sigtimedwait(&pipe_signal, nullptr, &at_once);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return written;
}

// Cuts a stream of bytes into lines.
class LineReader {
 public:
  LineReader(Stream stream, PipeEnd fd, const std::function<void(Stream, std::string_view)>& on_line)
      : stream_(stream), fd_(std::move(fd)), on_line_(on_line) {
    fcntl(fd_.get(), F_SETFL, O_NONBLOCK);
  }
  int fd() const { return fd_.get(); }
  bool open() const { return fd_.open(); }

  void ReadSome() {
    std::array<char, 65536> buffer;
    const ssize_t count = read(fd_.get(), buffer.data(), buffer.size());
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (count <= 0) return Finish();
    pending_.append(buffer.data(), static_cast<size_t>(count));
    size_t start = 0;
    for (size_t end = pending_.find('\n'); end != std::string::npos; end = pending_.find('\n', start)) {
      Emit(std::string_view(pending_).substr(start, end - start));
      start = end + 1;
    }
    pending_.erase(0, start);
    if (pending_.size() >= kLongestLine) Flush();
  }

  void Finish() {
    if (!pending_.empty()) Flush();
    fd_.Close();
  }

 private:
  void Flush() {
    Emit(pending_);
    pending_.clear();
  }

  void Emit(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (on_line_) on_line_(stream_, line);
  }

  const Stream stream_;
  PipeEnd fd_;
  const std::function<void(Stream, std::string_view)>& on_line_;
  std::string pending_;
};

Duration Now() { return SystemClock().Monotonic(); }

class Child {
 public:
  Child(const ProcessSpec& spec, pid_t pid, PipeEnd input, LineReader out, LineReader err)
      : pid_(pid),
        end_(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))),
        wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        grace_(spec.grace),
        input_(std::move(input)),
        unwritten_(spec.input),
        hold_input_(spec.hold_input),
        stop_(spec.stop),
        out_(std::move(out)),
        err_(std::move(err)) {
    if (spec.timeout.count() > 0) deadline_ = Now() + spec.timeout;
    if (input_.open()) fcntl(input_.get(), F_SETFL, O_NONBLOCK);
  }
  // Also when a callback throws, nobody is left behind.
  ~Child() {
    if (!reaped_) Kill();
  }

  ProcessResult Run(const CancelToken& cancel) {
    const OnCancel wake(cancel, [this] { eventfd_write(wake_.get(), 1); });
    while (!Done()) {
      Wait();
      if (cancel.stop_requested() || is_stopped_) Terminate(ProcessResult::End::kCanceled);
      if (deadline_ && Now() >= *deadline_) OnDeadline();
    }
    out_.Finish();
    err_.Finish();
    if (ended_by_us_) Kill();
    return Reap();
  }

 private:
  // After its end, output is read for as long as somebody writes, but a background process that keeps it open does not
  // hold us. After a TERM the whole group has until the deadline.
  bool Done() const { return (exited_ && !out_.open() && !err_.open()) || abandoned_; }

  void Terminate(ProcessResult::End why) {
    if (ended_by_us_) return;
    ended_by_us_ = why;
    if (hold_input_) input_.Close();
    deadline_ = Now() + grace_;
    kill(-pid_, SIGTERM);
  }

  void OnDeadline() {
    if (!ended_by_us_ && !exited_) return Terminate(ProcessResult::End::kTimedOut);
    if (exited_) {
      abandoned_ = true;
    } else {
      Kill();
      deadline_ = Now() + kDrain;
    }
  }

  void Kill() { kill(-pid_, SIGKILL); }

  void Wait() {
    std::array<pollfd, 6> fds{{{exited_ ? -1 : end_.get(), POLLIN, 0},
                               {out_.fd(), POLLIN, 0},
                               {err_.fd(), POLLIN, 0},
                               {unwritten_.empty() ? -1 : input_.get(), POLLOUT, 0},
                               {ended_by_us_ ? -1 : wake_.get(), POLLIN, 0},
                               {ended_by_us_ ? -1 : stop_, POLLIN, 0}}};
    if (poll(fds.data(), fds.size(), Patience()) < 0) return;
    if (fds[1].revents != 0) out_.ReadSome();
    if (fds[2].revents != 0) err_.ReadSome();
    if (fds[3].revents != 0) WriteSome();
    if (fds[5].revents != 0) is_stopped_ = true;
    if (fds[0].revents != 0) {
      exited_ = true;
      input_.Close();
      if (!ended_by_us_) deadline_ = Now() + kDrain;
    } else if (exited_ && !ended_by_us_ && (fds[1].revents != 0 || fds[2].revents != 0)) {
      deadline_ = Now() + kDrain;
    }
  }

  int Patience() const {
    if (!deadline_) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline_ - Now()).count();
    return static_cast<int>(std::clamp<int64_t>(left, 0, 3'600'000));
  }

  void WriteSome() {
    const ssize_t written = WriteQuietly(input_.get(), unwritten_);
    if (written < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (written > 0) unwritten_.remove_prefix(static_cast<size_t>(written));
    if (written < 0 || (unwritten_.empty() && !hold_input_)) input_.Close();
  }

  ProcessResult Reap() {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    reaped_ = true;
    ProcessResult result;
    result.end = WIFSIGNALED(status) ? ProcessResult::End::kSignaled : ProcessResult::End::kExited;
    result.code = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    if (ended_by_us_) result.end = *ended_by_us_;
    return result;
  }

  const pid_t pid_;
  const PipeEnd end_, wake_;
  const Duration grace_;
  PipeEnd input_;
  std::string_view unwritten_;
  const bool hold_input_;
  const int stop_;
  LineReader out_, err_;
  std::optional<Duration> deadline_;
  std::optional<ProcessResult::End> ended_by_us_;
  bool is_stopped_ = false;
  bool exited_ = false;
  bool abandoned_ = false;
  bool reaped_ = false;
};

}  // namespace

Result<pid_t> StartProcess(const ProcessSpec& spec, int in) {
  const PipeEnd null(open("/dev/null", O_WRONLY | O_CLOEXEC));
  pid_t pid = 0;
  const int error = Spawn(spec, in, null.get(), null.get(), pid);
  if (error != 0) return NotStarted(spec, error);
  return pid;
}

Result<ProcessResult> RunProcess(const ProcessSpec& spec, const std::function<void(Stream, std::string_view)>& on_line,
                                 const CancelToken& cancel) {
  if (spec.argv.empty() || spec.argv[0].empty()) return NotStarted(spec, ENOENT);
  const bool has_input = !spec.input.empty() || spec.hold_input;
  auto in = has_input ? MakePipe() : std::optional<Pipe>(std::in_place);
  auto out = MakePipe(), err = MakePipe();
  if (!in || !out || !err) return NotStarted(spec, errno);
  pid_t pid = 0;
  const int error = Spawn(spec, in->read.get(), out->write.get(), err->write.get(), pid);
  if (error != 0) return NotStarted(spec, error);
  std::optional<Guard> guard;
  if (spec.is_guarded) guard.emplace(pid);
  in->read.Close();
  out->write.Close();
  err->write.Close();
  Child child(spec, pid, std::move(in->write), LineReader(Stream::kOut, std::move(out->read), on_line),
              LineReader(Stream::kErr, std::move(err->read), on_line));
  return child.Run(cancel);
}

}  // namespace stir
