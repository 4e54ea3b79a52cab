#include "engine/supervisor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

#include "base/clock.h"
#include "base/secret.h"
#include "engine/process_record.h"
#include "engine/task_log.h"

namespace stir::engine {
namespace {

constexpr int kControl = 0;
constexpr int kEndedByUs = 1;  // what a supervisor exits with when something of the task may be left

// Texts one after the other, each behind its length; in front how many there are, so that a part is not taken for all.
std::string Packed(const std::vector<std::string>& texts) {
  std::string packed = fmt::format("{}:", texts.size());
  for (const std::string& each : texts) packed += fmt::format("{}:{}", each.size(), each);
  return packed;
}

class Unpacker {
 public:
  explicit Unpacker(std::string_view packed) : rest_(packed) { left_ = Number(); }
  bool whole() const { return is_whole_ && left_ == 0 && rest_.empty(); }
  std::string Next() {
    const size_t size = left_ > 0 ? Number() : 0;
    if (left_ == 0 || size > rest_.size()) return is_whole_ = false, std::string();
    --left_;
    std::string text(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return text;
  }
  int64_t NextNumber() {
    const std::string text = Next();
    int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
  }

 private:
  size_t Number() {
    size_t number = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
    is_whole_ = is_whole_ && error == std::errc() && end != rest_.data() + rest_.size() && *end == ':';
    if (!is_whole_) return 0;
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()) + 1);
    return number;
  }

  std::string_view rest_;
  size_t left_ = 0;
  bool is_whole_ = true;
};

// Nothing: who sent it died over it.
std::optional<SupervisedWork> WorkIn(std::string_view text) {
  Unpacker in(text);
  SupervisedWork work;
  work.log = in.Next();
  work.record = in.Next();
  work.spec.directory = in.Next();
  work.spec.input = in.Next();
  work.spec.hold_input = in.NextNumber() != 0;
  work.spec.timeout = Duration(in.NextNumber());
  work.spec.grace = Duration(in.NextNumber());
  for (int64_t left = in.NextNumber(); left > 0; --left) work.spec.argv.push_back(in.Next());
  for (int64_t left = in.NextNumber(); left > 0; --left) {
    std::string name = in.Next();
    work.spec.environment[std::move(name)] = in.Next();
  }
  for (int64_t left = in.NextNumber(); left > 0; --left) work.secrets.push_back(in.Next());
  return in.whole() ? std::optional(std::move(work)) : std::nullopt;
}

std::string ReceiveAll(int socket) {
  std::string text;
  std::string packet(kLargestPacket, '\0');
  while (true) {
    const ssize_t size = recv(socket, packet.data(), packet.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return text;
    text.append(packet, 0, static_cast<size_t>(size));
  }
}

int SignalsOf(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int each : signals) sigaddset(&set, each);
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

// One task's process. What it may have to say to somebody who is not there, or does not listen, is not said: it is in
// the log.
class Supervisor {
 public:
  Supervisor(int socket, SupervisedWork work)
      : socket_(socket), work_(std::move(work)), log_(work_.log, SystemClock(), redactor_) {
    for (const std::string& each : work_.secrets) redactor_.Add(Secret(each));
  }

  // What the process is to exit with.
  int Run() {
    const auto self = IdentityOf(getpid());
    if (!self || !ClaimProcessRecord(work_.record, *self)) return 0;
    Say(kBegins, std::to_string(self->pid));
    work_.spec.stop = SignalsOf({SIGTERM});
    work_.spec.own_session = false;
    work_.spec.is_guarded = false;
    ProcessEnd end;
    auto ended = RunProcess(work_.spec, [this](Stream stream, std::string_view line) { Take(stream, line); });
    if (ended.ok())
      end.result = *ended;
    else
      end.not_started = std::move(ended).error().front();
    end.last_line = redactor_.Redact(last_line_);
    end.last_error = redactor_.Redact(last_error_);
    // With nobody there it may be long until it is taken.
    if (Status written = WriteProcessEnd(work_.record, end, /*durable=*/!IsHeard()); !written.ok())
      log_.Write("how it ended cannot be written: " + written.error().front().message);
    const bool by_us =
        end.result.end == ProcessResult::End::kTimedOut || end.result.end == ProcessResult::End::kCanceled;
    return by_us ? kEndedByUs : 0;
  }

 private:
  void Take(Stream stream, std::string_view line) {
    log_.Write(line);
    if (line.find_first_not_of(" \t\r") != std::string_view::npos)
      (stream == Stream::kOut ? last_line_ : last_error_) = line;
    Say(stream == Stream::kOut ? kOutLine : kErrorLine, line);
  }

  void Say(char what, std::string_view text) const {
    packet_.assign(1, what).append(text);
    send(socket_, packet_.data(), packet_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  }

  bool IsHeard() const {
    pollfd peer{socket_, 0, 0};
    return poll(&peer, 1, 0) == 0;
  }

  const int socket_;
  SupervisedWork work_;
  Redactor redactor_;
  TaskLog log_;
  std::string last_line_, last_error_;
  mutable std::string packet_;
};

// In the child: from the first process it has the signals that are blocked, and nothing that it needs.
int BeSupervisor(int socket) {
  setsid();
  const int null = open("/dev/null", O_RDWR);
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(null, standard);
  if (null > STDERR_FILENO) close(null);
  auto work = WorkIn(ReceiveAll(socket));
  return work ? Supervisor(socket, *std::move(work)).Run() : 0;
}

// A socket that came along with a packet; nothing: there is none. `is_open` turns false at the end.
std::optional<int> ReceiveSocket(int control, bool& is_open) {
  char byte = 0;
  iovec part{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> room{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = room.data();
  message.msg_controllen = room.size();
  const ssize_t size = recvmsg(control, &message, MSG_CMSG_CLOEXEC);
  if (size == 0 || (size < 0 && errno != EINTR && errno != EAGAIN)) is_open = false;
  const cmsghdr* header = size > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return std::nullopt;
  int socket = -1;
  std::memcpy(&socket, CMSG_DATA(header), sizeof socket);
  return socket;
}

// Supervisors that have ended. What one leaves that did not end by itself is ended while its number is still its own.
int Reap() {
  int reaped = 0;
  siginfo_t info{};
  while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0) {
    if (info.si_code != CLD_EXITED || info.si_status != 0) EndSession(info.si_pid);
    waitpid(info.si_pid, nullptr, 0);
    info = {};
    ++reaped;
  }
  return reaped;
}

}  // namespace

std::string ToText(const SupervisedWork& work) {
  const ProcessSpec& spec = work.spec;
  std::vector<std::string> texts = {work.log,
                                    work.record,
                                    spec.directory,
                                    spec.input,
                                    spec.hold_input ? "1" : "0",
                                    std::to_string(spec.timeout.count()),
                                    std::to_string(spec.grace.count()),
                                    std::to_string(spec.argv.size())};
  texts.insert(texts.end(), spec.argv.begin(), spec.argv.end());
  texts.push_back(std::to_string(spec.environment.size()));
  for (const auto& [name, value] : spec.environment) texts.insert(texts.end(), {name, value});
  texts.push_back(std::to_string(work.secrets.size()));
  texts.insert(texts.end(), work.secrets.begin(), work.secrets.end());
  return Packed(texts);
}

bool IsToSupervise() {
  int type = 0;
  socklen_t size = sizeof type;
  return getsockopt(kControl, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

int Supervise() {
  unsetenv(kBindNow);
  sigset_t blocked;
  sigemptyset(&blocked);
  for (const int each : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) sigaddset(&blocked, each);
  sigprocmask(SIG_BLOCK, &blocked, nullptr);
  const int children_end = SignalsOf({SIGCHLD});
  bool is_open = true;
  int children = 0;
  while (is_open || children > 0) {
    std::array<pollfd, 2> fds{{{is_open ? kControl : -1, POLLIN, 0}, {children_end, POLLIN, 0}}};
    poll(fds.data(), fds.size(), -1);
    signalfd_siginfo ignored{};
    while (read(children_end, &ignored, sizeof ignored) > 0) {
    }
    children -= Reap();
    const auto socket = fds[0].revents != 0 ? ReceiveSocket(kControl, is_open) : std::nullopt;
    if (!socket) continue;
    const pid_t child = fork();
    if (child == 0) {
      close(children_end);
      _exit(BeSupervisor(*socket));
    }
    children += child > 0 ? 1 : 0;
    close(*socket);
  }
  return 0;
}

}  // namespace stir::engine
