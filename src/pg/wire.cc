#include "pg/wire.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <future>
#include <thread>

namespace stir::pg {
namespace {

constexpr std::chrono::seconds kPatience(10);

// `connect_timeout`, where it says something.
std::chrono::seconds PatienceOf(const Wire::Parameters& parameters) {
  for (const auto& [name, value] : parameters) {
    int seconds = 0;
    if (name == "connect_timeout" &&
        std::from_chars(value.data(), value.data() + value.size(), seconds).ec == std::errc() && seconds > 0)
      return std::chrono::seconds(std::max(seconds, 2));  // libpq takes 1 for 2
  }
  return kPatience;
}

}  // namespace

Wire::Wire(const Api& api, PGconn* connection, Parameters parameters)
    : api_(api),
      connection_(connection),
      cancel_(api.getCancel(connection)),
      parameters_(std::move(parameters)),
      patience_(PatienceOf(parameters_)) {
  api_.setnonblocking(connection_, 1);
}

Wire::~Wire() {
  api_.freeCancel(cancel_);
  api_.finish(connection_);
}

std::string Wire::cut() const { return deaf_ ? "the server took no cancel, and the connection was given up" : cut_; }

// An answer, a failure, or a connection that was cut: libpq tells which.
void Wire::Await(short events) {
  const auto silent_since = std::chrono::steady_clock::now();
  while (true) {
    pollfd socket{.fd = api_.socket(connection_), .events = events, .revents = 0};
    const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(patience_ * 3);
    const int ready = poll(&socket, 1, static_cast<int>(wait.count()));
    if (ready > 0 || (ready < 0 && errno != EINTR)) return;
    // Twice: a machine that is busy may be late once.
    if (ready < 0 || IsThere() || IsThere()) continue;
    const auto silent = std::chrono::steady_clock::now() - silent_since;
    return Cut(fmt::format("the server has said nothing for {} s, and does not answer on a new connection either",
                           std::chrono::duration_cast<std::chrono::seconds>(silent).count()));
  }
}

bool Wire::IsThere() const {
  std::vector<const char*> keywords, values;
  for (const auto& [keyword, value] : parameters_) {
    keywords.push_back(keyword.c_str());
    values.push_back(value.c_str());
  }
  const std::string patience = std::to_string(patience_.count());
  keywords.insert(keywords.end(), {"connect_timeout", nullptr});
  values.insert(values.end(), {patience.c_str(), nullptr});
  return api_.pingParams(keywords.data(), values.data(), 1) != PQPING_NO_RESPONSE;
}

void Wire::Cut(std::string_view what) {
  cut_ = what;
  shutdown(api_.socket(connection_), SHUT_RDWR);
}

// False when the connection is lost. Of a record of TLS, libpq may take one half and leave the other where poll does
// not see it.
bool Wire::Read() {
  const bool ok = api_.consumeInput(connection_) == 1;
  return ok && (api_.sslInUse(connection_) == 0 || api_.consumeInput(connection_) == 1);
}

bool Wire::Flush() {
  int left = 0;
  while ((left = api_.flush(connection_)) > 0) {
    Await(POLLIN | POLLOUT);
    if (!Read()) return false;
  }
  return left == 0;
}

ResultHandle Wire::TakeResult() {
  if (Flush()) {
    while (api_.isBusy(connection_) != 0) {
      Await(POLLIN);
      if (!Read()) break;
    }
  }
  return {api_.getResult(connection_), ClearResult{&api_}};
}

int Wire::TakeCopyData(char** bytes) {
  int size = 0;
  while ((size = api_.getCopyData(connection_, bytes, 1)) == 0) {
    Await(POLLIN);
    if (!Read()) return -2;
  }
  return size;
}

bool Wire::PutCopyData(std::string_view bytes) {
  return api_.putCopyData(connection_, bytes.data(), static_cast<int>(bytes.size())) == 1 && Flush();
}

bool Wire::PutCopyEnd(const char* error) { return api_.putCopyEnd(connection_, error) == 1 && Flush(); }

// libpq waits for the server without a limit, so another thread does, which nobody waits for longer than that.
void Wire::Cancel() {
  constexpr std::chrono::seconds kLimit(5);
  if (deaf_) return;
  std::promise<void> done;
  auto is_done = done.get_future();
  std::thread([self = shared_from_this(), promise = std::move(done)]() mutable {
    std::array<char, 256> ignored{};
    self->api_.cancel(self->cancel_, ignored.data(), static_cast<int>(ignored.size()));
    promise.set_value();
  }).detach();
  if (is_done.wait_for(kLimit) == std::future_status::ready) return;
  deaf_ = true;
  shutdown(api_.socket(connection_), SHUT_RDWR);
}

}  // namespace stir::pg
