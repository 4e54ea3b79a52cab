// Two threads a connection, one for each direction.
#include "tests/support/faulty_link.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace stir::testing_support {
namespace {

int ConnectTo(const std::string& socket_path) {
  const int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket_path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (made >= 0 && connect(made, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return made;
  if (made >= 0) close(made);
  return -1;
}

// Sends RST, and wakes who reads.
void ResetConnection(int descriptor) {
  sockaddr nowhere{};
  nowhere.sa_family = AF_UNSPEC;
  connect(descriptor, &nowhere, sizeof nowhere);
  shutdown(descriptor, SHUT_RDWR);
}

bool SendAll(int to, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

}  // namespace

struct FaultyLink::Connection {
  Connection(int a, int b) : client(a), server(b) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    for (std::thread* each : {&up, &down})
      if (each->joinable()) each->join();
    close(client);
    if (server >= 0) close(server);
  }
  int client, server;
  std::string heard;                // the end of what the client has said
  std::atomic<bool> asked = false;  // the words; the fault strikes at the answer
  std::thread up, down;
};

FaultyLink::FaultyLink(std::string socket) : socket_(std::move(socket)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  inet_pton(AF_INET, kHost, &address.sin_addr);
  socklen_t size = sizeof address;
  const bool listens = bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) == 0 &&
                       listen(listener_, 64) == 0 &&
                       getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  EXPECT_TRUE(listens) << "no port to listen on";
  port_ = ntohs(address.sin_port);
  accepter_ = std::thread([this] { Accept(); });
}

FaultyLink::~FaultyLink() {
  shutdown(listener_, SHUT_RDWR);
  accepter_.join();
  close(listener_);
  Heal();
  ResetAll();
}

void FaultyLink::Arm(LinkTrigger trigger, LinkFault fault) {
  const std::lock_guard lock(mutex_);
  trigger_ = std::move(trigger);
  fault_ = fault;
  armed_ = true;
  struck_ = false;
  bytes_ = 0;
}

void FaultyLink::Heal() {
  {
    const std::lock_guard lock(mutex_);
    armed_ = false;
    if (dark_) {
      for (const auto& each : connections_) {
        ResetConnection(each->client);
        shutdown(each->server, SHUT_RDWR);
      }
    }
    dark_ = false;
  }
  changed_.notify_all();
}

void FaultyLink::ResetAll() {
  const std::lock_guard lock(mutex_);
  for (const auto& each : connections_) {
    ResetConnection(each->client);
    shutdown(each->server, SHUT_RDWR);
  }
}

void FaultyLink::Accept() {
  while (true) {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    const int server = ConnectTo(socket_);
    if (server < 0) {  // the server is not there: nobody is
      ResetConnection(client);
      close(client);
      continue;
    }
    const std::lock_guard lock(mutex_);
    Connection& made = *connections_.emplace_back(std::make_unique<Connection>(client, server));
    made.up = std::thread([this, &made] { Carry(made, true); });
    made.down = std::thread([this, &made] { Carry(made, false); });
  }
}

void FaultyLink::Carry(Connection& connection, bool from_client) {
  const int from = from_client ? connection.client : connection.server;
  const int to = from_client ? connection.server : connection.client;
  std::array<char, 65536> buffer;
  while (true) {
    const ssize_t size = recv(from, buffer.data(), buffer.size(), 0);
    if (WaitInBlackHole()) return;
    if (size <= 0) break;
    if (!Pass(connection, from_client, {buffer.data(), static_cast<size_t>(size)})) return;
    if (!SendAll(to, {buffer.data(), static_cast<size_t>(size)})) break;
  }
  std::this_thread::sleep_for(delay_.load());
  shutdown(to, SHUT_WR);
}

bool FaultyLink::Pass(Connection& connection, bool from_client, std::string_view bytes) {
  std::this_thread::sleep_for(delay_.load());
  const int64_t gone = bytes_ += static_cast<int64_t>(bytes.size());
  {
    const std::lock_guard lock(mutex_);
    if (!armed_) return true;
    bool now = trigger_.after_bytes >= 0 && gone > trigger_.after_bytes;
    if (from_client && SaysWords(connection, bytes)) {
      if (trigger_.answered)
        connection.asked = true;
      else
        now = true;
    } else if (!from_client && connection.asked) {
      now = true;
    }
    if (!now) return true;
    armed_ = false;
    struck_ = true;
    dark_ = fault_ == LinkFault::kBlackHole;
  }
  if (!WaitInBlackHole()) ResetAll();
  return false;
}

// Words may come in two pieces.
bool FaultyLink::SaysWords(Connection& connection, std::string_view bytes) const {
  if (trigger_.words.empty()) return false;
  connection.heard += bytes;
  const bool says = connection.heard.find(trigger_.words) != std::string::npos;
  const size_t kept = std::min(connection.heard.size(), trigger_.words.size() - 1);
  connection.heard.erase(0, connection.heard.size() - kept);
  return says;
}

// True: there was one, and what hung in it is over.
bool FaultyLink::WaitInBlackHole() {
  std::unique_lock lock(mutex_);
  if (!dark_) return false;
  changed_.wait(lock, [&] { return !dark_; });
  return true;
}

}  // namespace stir::testing_support
