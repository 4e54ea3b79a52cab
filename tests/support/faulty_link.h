// The network between a program and a server, with its faults: a port of this machine whose bytes go to the server's
// socket and back, until something happens to them. The server is real; only the way to it is not to be trusted.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace stir::testing_support {

enum class LinkFault : uint8_t {
  kReset,      // every connection is reset; new ones work
  kBlackHole,  // nothing comes through any more, in no direction, on no connection, and nobody is told
};

// When a fault strikes.
struct LinkTrigger {
  std::string words = {};    // a client says them
  bool answered = false;     // not before the server has done what they ask for; its answer is lost
  int64_t after_bytes = -1;  // so many have gone, both ways counted
};

class FaultyLink {
 public:
  // `socket`: the server's, in the file system.
  explicit FaultyLink(std::string socket);
  ~FaultyLink();
  FaultyLink(const FaultyLink&) = delete;
  FaultyLink& operator=(const FaultyLink&) = delete;

  static constexpr const char* kHost = "127.0.0.1";
  std::string port() const { return std::to_string(port_); }

  void Arm(LinkTrigger trigger, LinkFault fault);
  bool struck() const { return struck_; }
  // From now on every piece of bytes takes so long, and the end of a connection, too.
  void Delay(std::chrono::milliseconds each) { delay_ = each; }
  // Connections that hang are reset; everything works again.
  void Heal();

 private:
  struct Connection;
  void Accept();
  void Carry(Connection& connection, bool from_client);
  // False: the connection is over.
  bool Pass(Connection& connection, bool from_client, std::string_view bytes);
  bool SaysWords(Connection& connection, std::string_view bytes) const;
  void ResetAll();
  bool WaitInBlackHole();

  std::string socket_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> struck_ = false;
  std::atomic<std::chrono::milliseconds> delay_{std::chrono::milliseconds(0)};
  std::atomic<int64_t> bytes_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  LinkTrigger trigger_;  // guarded by mutex_, as is what follows
  LinkFault fault_ = LinkFault::kReset;
  bool armed_ = false;
  bool dark_ = false;  // in a black hole
  std::vector<std::unique_ptr<Connection>> connections_;
  std::thread accepter_;
};

}  // namespace stir::testing_support
