#include "engine/supervised_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "base/clock.h"
#include "base/kinds.h"

namespace stir::engine {
namespace {

// A supervisor that was told to end its command has its grace for it; one that is late by this much is ended too.
constexpr Duration kLate = std::chrono::seconds(10);
constexpr const char* kSelf = "/proc/self/exe";

class OwnedFd {
 public:
  explicit OwnedFd(int fd = -1) : fd_(fd) {}
  OwnedFd(OwnedFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  OwnedFd& operator=(OwnedFd&&) = delete;
  ~OwnedFd() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

Diagnostic CannotStart(const char* what) {
  return Diagnostic(kProcessNotStarted, fmt::format("cannot start a supervisor: {}: {}", what, std::strerror(errno)));
}

bool SendAll(int socket, std::string_view text) {
  while (!text.empty()) {
    const std::string_view packet = text.substr(0, kLargestPacket);
    const ssize_t sent = send(socket, packet.data(), packet.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;
    text.remove_prefix(packet.size());
  }
  return shutdown(socket, SHUT_WR) == 0;
}

// What a supervisor is asked over, handed to the first process.
bool SendSocket(int control, int socket) {
  char byte = 's';
  iovec part{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> room{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = room.data();
  message.msg_controllen = room.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof socket);
  std::memcpy(CMSG_DATA(header), &socket, sizeof socket);
  ssize_t sent = 0;
  do {
    sent = sendmsg(control, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent >= 0;
}

// Waits until a supervisor has gone: until `gone` can be read, by its end (a pidfd), or has no more to say (a socket).
class Attendance {
 public:
  using OnLine = std::function<void(Stream, std::string_view)>;

  Attendance(int gone, bool talks, std::optional<ProcessIdentity> supervisor, OnLine on_line)
      : gone_(gone),
        talks_(talks),
        supervisor_(std::move(supervisor)),
        on_line_(std::move(on_line)),
        wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

  // False: it is left.
  bool UntilGone(const Attention& attention) {
    const auto wake = [this] { eventfd_write(wake_.get(), 1); };
    const OnCancel on_stop(attention.stop, wake);
    const OnCancel on_leave(attention.leave, wake);
    while (true) {
      const bool stop = attention.stop.stop_requested();  // read first: who wants both wants it left
      if (attention.leave.stop_requested()) return false;
      if (stop) Stop();
      std::array<pollfd, 2> fds{{{gone_, POLLIN, 0}, {wake_.get(), POLLIN, 0}}};
      if (poll(fds.data(), fds.size(), Patience()) < 0) continue;
      eventfd_t ignored = 0;
      if (fds[1].revents != 0) eventfd_read(wake_.get(), &ignored);
      if (fds[0].revents != 0 && (!talks_ || !Hear())) return true;
    }
  }

 private:
  // False: there is nobody any more.
  bool Hear() {
    packet_.resize(kLargestPacket);
    const ssize_t size = recv(gone_, packet_.data(), packet_.size(), MSG_DONTWAIT);
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) return true;
    if (size <= 0) return false;
    const std::string_view text = std::string_view(packet_).substr(1, static_cast<size_t>(size) - 1);
    if (packet_[0] != kBegins) {
      on_line_(packet_[0] == kOutLine ? Stream::kOut : Stream::kErr, text);
      return true;
    }
    pid_t pid = 0;
    std::from_chars(text.data(), text.data() + text.size(), pid);
    supervisor_ = IdentityOf(pid);
    return true;
  }

  void Stop() {
    if (!supervisor_) return;  // it says who it is before it begins
    const Duration now = SystemClock().Monotonic();
    if (!deadline_) {
      deadline_ = now + ProcessSpec().grace + kLate;
      SignalTo(*supervisor_, SIGTERM);
    } else if (now >= *deadline_) {
      EndSession(*supervisor_);
      deadline_ = now + kLate;
    }
  }

  int Patience() const {
    if (!deadline_) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline_ - SystemClock().Monotonic()).count();
    return static_cast<int>(std::max<int64_t>(left, 0));
  }

  const int gone_;
  const bool talks_;
  std::optional<ProcessIdentity> supervisor_;
  const OnLine on_line_;
  const OwnedFd wake_;
  std::optional<Duration> deadline_;
  std::string packet_;
};

// Its supervisor has gone, or there is none that we know: from here on nobody begins.
Attended Conclude(const std::filesystem::path& path) {
  auto record = ReadProcessRecord(path);
  // Whoever would still begin finds that the record is made, and does not; if somebody was faster, it is read now.
  if (!record && ClaimProcessRecord(path, {})) return {Attended::How::kUnbegun, {}};
  if (!record) record = ReadProcessRecord(path);
  if (!record) return {Attended::How::kLost, {}};
  if (record->end) return {Attended::How::kEnded, *std::move(record->end)};
  if (record->supervisor.pid == 0) return {Attended::How::kUnbegun, {}};
  EndSession(record->supervisor);
  return {Attended::How::kLost, {}};
}

}  // namespace

Supervisors::~Supervisors() {
  if (control_ >= 0) close(control_);
  if (first_ > 0) waitpid(first_, nullptr, WNOHANG);
}

Status Supervisors::StartFirst() {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) return CannotStart("socketpair");
  OwnedFd ours(ends[0]);
  const OwnedFd theirs(ends[1]);
  ProcessSpec spec;
  spec.argv = {kSelf, std::string(kSuperviseWord)};
  spec.environment[kBindNow] = "1";
  STIR_ASSIGN(const pid_t first, StartProcess(spec, theirs.get()));
  if (first_ > 0) waitpid(first_, nullptr, WNOHANG);
  first_ = first;
  if (control_ >= 0) close(control_);
  control_ = fcntl(ours.get(), F_DUPFD_CLOEXEC, 3);
  return control_ >= 0 ? Status() : CannotStart("fcntl");
}

// The socket of one that waits for its work. A first process that has died is replaced.
Result<int> Supervisors::AskForOne() {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) return CannotStart("socketpair");
  OwnedFd ours(ends[0]);
  const OwnedFd theirs(ends[1]);
  const std::scoped_lock lock(mutex_);
  for (int tries = 0; tries < 2; ++tries) {
    if (control_ < 0 || tries > 0) STIR_TRY(StartFirst());
    if (!SendSocket(control_, theirs.get())) continue;
    return fcntl(ours.get(), F_DUPFD_CLOEXEC, 3);
  }
  return CannotStart("sendmsg");
}

Result<Attended> Supervisors::Run(const SupervisedWork& work, const Attention& attention,
                                  const std::function<void(Stream, std::string_view)>& on_line) {
  STIR_ASSIGN(const int socket, AskForOne());
  const OwnedFd owned(socket);
  SendAll(socket, ToText(work));
  if (!Attendance(socket, /*talks=*/true, {}, on_line).UntilGone(attention)) return Attended{Attended::How::kLeft, {}};
  return Conclude(work.record);
}

Attended TakeUpProcess(const std::filesystem::path& path, const Attention& attention) {
  auto record = ReadProcessRecord(path);
  if (!record && ClaimProcessRecord(path, {})) return {Attended::How::kUnbegun, {}};
  if (!record) record = ReadProcessRecord(path);  // it has just begun
  if (record && !record->end) {
    const OwnedFd process(static_cast<int>(syscall(SYS_pidfd_open, record->supervisor.pid, 0)));
    if (process.get() >= 0 && IsAlive(record->supervisor) &&
        !Attendance(process.get(), /*talks=*/false, record->supervisor, {}).UntilGone(attention))
      return {Attended::How::kLeft, {}};
  }
  return Conclude(path);
}

}  // namespace stir::engine
