// One tiny server on a free port answers what the test says.
#include "base/http.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "base/kinds.h"

namespace stir {
namespace {

class OneAnswer {
 public:
  explicit OneAnswer(std::string answer)
      : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), answer_(std::move(answer)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    if (bind(listener_, raw, size) != 0 || listen(listener_, 1) != 0 || getsockname(listener_, raw, &size) != 0)
      std::abort();
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] { Serve(); });
  }
  ~OneAnswer() {
    thread_.join();
    close(listener_);
  }
  std::string Url(std::string_view path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
  }
  std::string request() {
    thread_.join();
    thread_ = std::jthread([] {});
    return request_;
  }

 private:
  void Serve() {
    const int connection = accept(listener_, nullptr, nullptr);
    char buffer[4096];
    while (request_.find("body!") == std::string::npos) {
      const ssize_t count = recv(connection, buffer, sizeof buffer, 0);
      if (count <= 0) break;
      request_.append(buffer, static_cast<size_t>(count));
    }
    if (send(connection, answer_.data(), answer_.size(), MSG_NOSIGNAL) < 0) std::abort();
    close(connection);
  }

  int listener_;
  int port_ = 0;
  std::string answer_, request_;
  std::jthread thread_;
};

TEST(Http, SendsAndReceivesWholeBodies) {
  OneAnswer server("HTTP/1.1 500 Oops\r\nX-One: 1\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
  const auto response =
      SystemHttp().Send({.method = "POST", .url = server.Url("/hook"), .headers = {{"X-Key", "k"}}, .body = "body!"});
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->status, 500);
  EXPECT_EQ(response->body, "no");
  EXPECT_EQ(response->headers[0], (std::pair<std::string, std::string>("X-One", "1")));
  const std::string request = server.request();
  EXPECT_TRUE(request.starts_with("POST /hook HTTP/1.1"));
  EXPECT_NE(request.find("X-Key: k\r\n"), std::string::npos);
}

TEST(Http, SaysWhyThereIsNoResponseWithoutTheSecretPath) {
  const auto response = SystemHttp().Send({.url = "http://user:pw@127.0.0.1:1/services/T0/SECRET"});
  ASSERT_FALSE(response.ok());
  EXPECT_EQ(response.error()[0].kind, kHttpNoResponse);
  EXPECT_TRUE(response.error()[0].message.starts_with("no response from `http://127.0.0.1:1`: "))
      << response.error()[0].message;
}

}  // namespace
}  // namespace stir
