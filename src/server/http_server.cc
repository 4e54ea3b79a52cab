// The only source that knows Boost: Asio for the sockets, Beast for reading requests. Answers are few bytes of header
// before a body that is there, and are written as they are.
//
// One thread runs everything but HttpHandler::Answer, so nothing here has a lock but what Wake needs.
#include "server/http_server.h"

#include <fcntl.h>
#include <sys/resource.h>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <set>
#include <thread>
#include <vector>

#include "base/strings.h"
#include "server/kinds.h"
#include "server/problem.h"

namespace stir::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
using Tcp = asio::ip::tcp;

constexpr size_t kWorkers = 2;

class Connection;

// What connections share.
struct Hall {
  HttpHandler& handler;
  const HttpLimits limits;
  std::set<Connection*> connections{}, feeding{};
  size_t waiting = 0;  // requests given to the workers and not answered yet
  asio::io_context io{1};
  asio::thread_pool workers{kWorkers};
};

bool IsHttpError(const error_code& error) {
  return error.category() == make_error_code(beast::http::error::bad_method).category();
}

// The text that an answer begins with.
std::string HeadOf(const Response& response, bool keep_alive) {
  std::string head = fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nCache-Control: no-store\r\n", response.status,
                                 PhraseOf(response.status), response.type);
  head += "X-Content-Type-Options: nosniff\r\n";
  if (!response.feed) head += fmt::format("Content-Length: {}\r\n", response.body.size());
  for (const Header& header : response.headers) head += fmt::format("{}: {}\r\n", header.name, header.value);
  head += keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  return head;
}

class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Hall& hall, Tcp::socket socket) : hall_(hall), stream_(std::move(socket)) {
    hall_.connections.insert(this);
  }
  ~Connection() {
    hall_.connections.erase(this);
    hall_.feeding.erase(this);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Waits for a request; the time for its header counts from its first byte.
  void Await() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(hall_.limits.header_bytes));
    parser_->body_limit(hall_.limits.body_bytes);
    if (buffer_.size() > 0) return ReadHeader();
    stream_.expires_after(hall_.limits.idle_time);
    stream_.async_read_some(buffer_.prepare(4096), [self = shared_from_this()](error_code error, size_t size) {
      if (error) return self->Close();
      self->buffer_.commit(size);
      self->ReadHeader();
    });
  }

  // Of a feed: sends what is new, unless it is sending.
  void Pump() {
    if (is_sending_ || !feed_) return;
    std::string news = feed_->Next();
    if (!news.empty()) Feed(std::move(news));
  }
  // What keeps a connection alive that has nothing to say, and finds out whether anybody is still there.
  void Beat() {
    if (!is_sending_ && feed_) Feed(":\n\n");
  }
  void Close() {
    error_code ignored;
    stream_.socket().close(ignored);  // NOLINT(bugprone-unused-return-value): nobody is left to be told
    feed_.reset();
    hall_.feeding.erase(this);
  }

 private:
  void ReadHeader() {
    stream_.expires_after(hall_.limits.header_time);
    beast::http::async_read_header(stream_, buffer_, *parser_,
                                   [self = shared_from_this()](error_code error, size_t) { self->OnHeader(error); });
  }

  void OnHeader(const error_code& error) {
    if (error) return Fail(error);
    const std::string_view expect = ToView(parser_->get()[beast::http::field::expect]);
    if (ToLower(expect) != "100-continue" || parser_->is_done()) return ReadBody();
    stream_.expires_after(hall_.limits.write_time);
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(stream_, asio::buffer(kContinue), [self = shared_from_this()](error_code failed, size_t) {
      if (failed) return self->Close();
      self->ReadBody();
    });
  }

  void ReadBody() {
    stream_.expires_after(hall_.limits.body_time);
    beast::http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](error_code error, size_t) {
      if (error) return self->Fail(error);
      self->Understand();
    });
  }

  // What is no request is answered once, as far as the client can still hear it.
  void Fail(const error_code& code) {
    using beast::http::error;
    if (code == error::end_of_stream || !IsHttpError(code)) return Close();
    if (code == error::body_limit)
      return Refuse(413, fmt::format("a body has at most {} bytes", hall_.limits.body_bytes));
    if (code == error::header_limit || code == error::buffer_overflow)
      return Refuse(431, fmt::format("a request's header has at most {} bytes", hall_.limits.header_bytes));
    if (code == error::bad_version) return Refuse(505, "this server speaks HTTP/1.1");
    Refuse(400, fmt::format("this is not HTTP: {}", code.message()));
  }
  void Refuse(int status, std::string_view detail) {
    keep_alive_ = false;
    Answer(hall_.handler.Refuse(status, detail));
  }

  void Understand() {
    auto message = parser_->release();
    keep_alive_ = message.keep_alive();
    is_head_ = ToView(message.method_string()) == "HEAD";
    auto request = std::make_shared<Request>();
    request->method = ToView(message.method_string());
    request->target = ToView(message.target());
    for (const auto& field : message)
      request->headers.push_back({ToLower(ToView(field.name_string())), std::string(ToView(field.value()))});
    request->body = std::move(message.body());
    if (auto at_once = hall_.handler.AnswerAtOnce(*request)) return Answer(*std::move(at_once));
    if (hall_.waiting >= hall_.limits.waiting) return Refuse(503, "too many requests wait to be answered");
    ++hall_.waiting;
    asio::post(hall_.workers, [self = shared_from_this(), request]() mutable {
      Hall& hall = self->hall_;
      auto response = std::make_shared<Response>(hall.handler.Answer(*request));
      // Moved, not shared: a connection ends on the thread that it belongs to.
      asio::post(hall.io, [self = std::move(self), response] {
        --self->hall_.waiting;
        self->Answer(std::move(*response));
      });
    });
  }

  void Answer(Response response) {
    const bool feeds = response.feed != nullptr && !is_head_;
    if (response.feed) keep_alive_ = false;
    out_ = HeadOf(response, keep_alive_);
    if (!is_head_) out_ += response.body;
    stream_.expires_after(hall_.limits.write_time);
    asio::async_write(stream_, asio::buffer(out_),
                      [self = shared_from_this(), feed = std::move(response.feed), feeds](error_code error, size_t) {
                        if (error) return self->Close();
                        if (feeds) return self->BeginFeed(feed);
                        if (self->keep_alive_) return self->Await();
                        self->Linger();
                      });
  }

  void BeginFeed(std::shared_ptr<server::Feed> feed) {
    feed_ = std::move(feed);
    hall_.feeding.insert(this);
    stream_.expires_never();
    WatchForEnd();
    Pump();
  }

  // A client has nothing more to say to a feed; that it says anything, or goes, shows here.
  void WatchForEnd() {
    stream_.async_read_some(asio::buffer(scrap_), [self = shared_from_this()](error_code error, size_t) {
      if (error) return self->Close();
      self->WatchForEnd();
    });
  }

  void Feed(std::string text) {
    is_sending_ = true;
    out_ = std::move(text);
    stream_.expires_after(hall_.limits.write_time);
    asio::async_write(stream_, asio::buffer(out_), [self = shared_from_this()](error_code error, size_t) {
      self->is_sending_ = false;
      if (error) return self->Close();
      self->Pump();
    });
  }

  // Closing a socket with unread bytes in it would take the answer back: what still comes is thrown away for a moment.
  void Linger() {
    error_code ignored;
    stream_.socket().shutdown(Tcp::socket::shutdown_send, ignored);  // NOLINT(bugprone-unused-return-value)
    stream_.expires_after(hall_.limits.linger_time);
    Discard();
  }
  void Discard() {
    stream_.async_read_some(asio::buffer(scrap_), [self = shared_from_this()](error_code error, size_t) {
      if (error) return self->Close();
      self->Discard();
    });
  }

  static std::string_view ToView(beast::string_view text) { return {text.data(), text.size()}; }

  Hall& hall_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<beast::http::request_parser<beast::http::string_body>> parser_;
  std::string out_;  // being written
  std::array<char, 4096> scrap_{};
  std::shared_ptr<server::Feed> feed_;
  bool keep_alive_ = false, is_head_ = false, is_sending_ = false;
};

// As many connections as files that this process may still open leave room for.
size_t ConnectionsAllowed(size_t wanted) {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY) return wanted;
  return std::min(wanted, static_cast<size_t>(files.rlim_cur) * 3 / 4);
}

class AsioServer final : public HttpServer {
 public:
  AsioServer(const HttpLimits& limits, HttpHandler& handler) : hall_{.handler = handler, .limits = limits} {}

  ~AsioServer() override {
    if (!thread_.joinable()) return;
    asio::post(hall_.io, [this] {
      error_code ignored;
      acceptor_.close(ignored);  // NOLINT(bugprone-unused-return-value)
      pause_.cancel();
      beat_.cancel();
    });
    hall_.workers.join();
    hall_.io.stop();
    thread_.join();
  }

  Status Open(const Endpoint& endpoint) {
    STIR_ASSIGN(const Tcp::endpoint at, Resolve(endpoint));
    error_code error;
    // NOLINTBEGIN(bugprone-unused-return-value): they say it in `error` too
    acceptor_.open(at.protocol(), error);
    if (!error) acceptor_.set_option(Tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(at, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    // NOLINTEND(bugprone-unused-return-value)
    if (error) return CannotListen(endpoint, error);
    fcntl(acceptor_.native_handle(), F_SETFD, FD_CLOEXEC);
    port_ = acceptor_.local_endpoint().port();
    is_loopback_ = at.address().is_loopback();
    most_ = ConnectionsAllowed(hall_.limits.connections);
    Accept();
    Beat();
    thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "http");
      hall_.io.run();
    });
    return {};
  }

  uint16_t port() const override { return port_; }
  bool is_loopback() const override { return is_loopback_; }

  void Wake() override {
    if (is_woken_.exchange(true)) return;
    asio::post(hall_.io, [this] {
      is_woken_ = false;
      ForFeeds([](Connection& each) { each.Pump(); });
    });
  }

 private:
  static Diagnostic CannotListen(const Endpoint& endpoint, const error_code& error) {
    std::string hint;
    if (error == asio::error::address_in_use)
      hint = "another program listens there, perhaps the service of another project: choose another port";
    if (error == asio::error::access_denied) hint = "ports below 1024 are for root: choose another one";
    return Diagnostic(kCannotListen,
                      fmt::format("cannot listen on {}:{}: {}", endpoint.host, endpoint.port, error.message()))
        .Hint(std::move(hint));
  }

  Result<Tcp::endpoint> Resolve(const Endpoint& endpoint) {
    error_code error;
    Tcp::resolver resolver(hall_.io);
    const auto found =
        resolver.resolve(endpoint.host, std::to_string(endpoint.port),
                         asio::ip::resolver_base::passive | asio::ip::resolver_base::numeric_service, error);
    if (!error && !found.empty()) return found.begin()->endpoint();
    return CannotListen(endpoint, error);
  }

  void Accept() {
    acceptor_.async_accept([this](error_code error, Tcp::socket socket) {
      if (error == asio::error::operation_aborted || !acceptor_.is_open()) return;
      // No file is left to be opened: some may be in a moment.
      if (error) return AcceptLater();
      fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
      if (hall_.connections.size() < most_) {
        error_code ignored;
        socket.set_option(Tcp::no_delay(true), ignored);  // NOLINT(bugprone-unused-return-value)
        std::make_shared<Connection>(hall_, std::move(socket))->Await();
      }
      Accept();
    });
  }
  void AcceptLater() {
    pause_.expires_after(std::chrono::milliseconds(100));
    pause_.async_wait([this](error_code error) {
      if (!error) Accept();
    });
  }

  void Beat() {
    beat_.expires_after(hall_.limits.heartbeat);
    beat_.async_wait([this](error_code error) {
      if (error) return;
      ForFeeds([](Connection& each) { each.Beat(); });
      Beat();
    });
  }

  // Each may close itself, and is kept until all have been visited.
  template <typename Visit>
  void ForFeeds(const Visit& visit) {
    std::vector<std::shared_ptr<Connection>> all;
    all.reserve(hall_.feeding.size());
    for (Connection* each : hall_.feeding) all.push_back(each->shared_from_this());
    for (const auto& each : all) visit(*each);
  }

  Hall hall_;
  Tcp::acceptor acceptor_{hall_.io};
  asio::steady_timer pause_{hall_.io}, beat_{hall_.io};
  std::atomic<bool> is_woken_ = false;
  size_t most_ = 0;
  uint16_t port_ = 0;
  bool is_loopback_ = false;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::Listen(const Endpoint& endpoint, const HttpLimits& limits,
                                                       HttpHandler& handler) {
  auto server = std::make_unique<AsioServer>(limits, handler);
  STIR_TRY(server->Open(endpoint));
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace stir::server
