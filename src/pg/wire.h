// A connection of libpq on which no wait is without end: a server that has said nothing for long is asked on a new
// connection whether it is there, and when it is not, this one is cut and libpq tells that it is lost.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pg/api.h"

namespace stir::pg {

// Calls mean what libpq's blocking ones of the same names do. Used by one thread at a time, but for Cancel.
class Wire : public std::enable_shared_from_this<Wire> {
 public:
  using Parameters = std::vector<std::pair<std::string, std::string>>;
  // Takes the open connection. A server is asked after three times its `connect_timeout`.
  Wire(const Api& api, PGconn* connection, Parameters parameters);
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  PGconn* get() const { return connection_; }
  // What was sent goes out; false when it cannot.
  bool Flush();
  ResultHandle TakeResult();
  int TakeCopyData(char** bytes);
  bool PutCopyData(std::string_view bytes);
  bool PutCopyEnd(const char* error);

  // From any thread, while a statement runs. A server that takes no cancel for some seconds loses the connection.
  void Cancel();
  // Why the connection was cut; empty: it was not.
  std::string cut() const;

 private:
  void Await(short events);
  bool Read();
  bool IsThere() const;
  void Cut(std::string_view what);

  const Api& api_;
  PGconn* const connection_;
  PGcancel* const cancel_;
  const Parameters parameters_;
  std::chrono::seconds patience_;
  std::atomic<bool> deaf_ = false;  // to cancels
  std::string cut_;
};

}  // namespace stir::pg
