// This is an HTTP server on the loopback interface that behaves as badly as it is told to.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace rollcall::testing {

// Answers each connection by a function, one after the other.
class LoopbackServer {
 public:
  // Writes to the socket until the server is stopped or the client has gone.
  using Answer = std::function<void(LoopbackServer& server, int socket)>;

  explicit LoopbackServer(Answer answer) : answer_(std::move(answer)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_, any, size), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
    EXPECT_EQ(::getsockname(listener_, any, &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~LoopbackServer() {
    is_stopped_ = true;
    thread_.join();
    ::close(listener_);
  }
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  std::string url(const std::string& path = "/hook") const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  bool is_stopped() const { return is_stopped_; }
  // Returns whether all was written.
  bool write(int socket, std::string_view text) const {
    while (!text.empty() && !is_stopped_) {
      pollfd ready{.fd = socket, .events = POLLOUT, .revents = 0};
      if (::poll(&ready, 1, 20) == 0) continue;
      const ssize_t sent = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return text.empty();
  }
  // Waits until the client has gone or the server is stopped.
  void stall(int socket) const {
    for (char byte = 0; !is_stopped_;) {
      pollfd ready{.fd = socket, .events = POLLIN, .revents = 0};
      if (::poll(&ready, 1, 20) > 0 && ::recv(socket, &byte, 1, 0) <= 0) return;
    }
  }

 private:
  // Returns a request with its body, once all of it is there.
  std::string read_request(int socket) const {
    std::string request;
    while (!is_stopped_) {
      const std::size_t head = request.find("\r\n\r\n");
      const std::size_t length = request.find("Content-Length: ");
      if (head != std::string::npos && length != std::string::npos &&
          request.size() >= head + 4 + std::stoul(request.substr(length + 16))) {
        return request;
      }
      pollfd ready{.fd = socket, .events = POLLIN, .revents = 0};
      if (::poll(&ready, 1, 20) == 0) continue;
      char bytes[4096];
      const ssize_t count = ::recv(socket, bytes, sizeof bytes, 0);
      if (count <= 0) return request;
      request.append(bytes, static_cast<std::size_t>(count));
    }
    return request;
  }
  void serve() {
    while (!is_stopped_) {
      pollfd ready{.fd = listener_, .events = POLLIN, .revents = 0};
      if (::poll(&ready, 1, 20) <= 0) continue;
      const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) continue;
      std::string request = read_request(socket);
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(std::move(request));
      }
      answer_(*this, socket);
      ::close(socket);
    }
  }

  const Answer answer_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> is_stopped_ = false;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

// Returns an answer of that status and nothing else.
inline LoopbackServer::Answer answers(const std::string& status, const std::string& more = "") {
  return [=](LoopbackServer& server, int socket) {
    server.write(socket, "HTTP/1.1 " + status + "\r\n" + more +
                             "Content-Length: 0\r\nConnection: close\r\n\r\n");
  };
}

}  // namespace rollcall::testing
