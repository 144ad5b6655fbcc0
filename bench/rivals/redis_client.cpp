#include "bench/rivals/redis_client.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstring>
#include <thread>

#include "bench/session.h"

namespace rollcall::bench {
namespace {

void append_number(std::string& out, char kind, std::size_t number) {
  std::array<char, 24> text{};
  out += kind;
  out.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr);
  out += "\r\n";
}

}  // namespace

RedisClient::RedisClient(const std::string& socket_path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof address.sun_path) {
    throw BenchError(socket_path + ": too long a name for a socket");
  }
  socket_path.copy(address.sun_path, sizeof address.sun_path - 1);
  socket_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  for (int attempt = 0; attempt < 1000; ++attempt) {
    if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  close(socket_);
  throw BenchError(socket_path + ": no server answers there");
}

RedisClient::~RedisClient() { close(socket_); }

void RedisClient::begin(std::size_t word_count) { append_number(out_, '*', word_count); }

void RedisClient::word(std::string_view word) {
  append_number(out_, '$', word.size());
  out_ += word;
  out_ += "\r\n";
}

void RedisClient::add(std::initializer_list<std::string_view> words) {
  begin(words.size());
  for (const std::string_view text : words) word(text);
}

void RedisClient::add(std::span<const std::string> words) {
  begin(words.size());
  for (const std::string& text : words) word(text);
}

void RedisClient::send() {
  for (std::size_t at = 0; at < out_.size();) {
    const ssize_t count = ::send(socket_, out_.data() + at, out_.size() - at, MSG_NOSIGNAL);
    if (count <= 0) throw BenchError("redis: the server went away");
    at += static_cast<std::size_t>(count);
  }
  out_.clear();
}

void RedisClient::receive() {
  std::array<char, 1 << 16> buffer;
  const ssize_t count = recv(socket_, buffer.data(), buffer.size(), 0);
  if (count <= 0) throw BenchError("redis: the server went away");
  in_.erase(0, in_at_);
  in_at_ = 0;
  in_.append(buffer.data(), static_cast<std::size_t>(count));
}

std::string RedisClient::line() {
  std::size_t end;
  while ((end = in_.find("\r\n", in_at_)) == std::string::npos) receive();
  std::string text = in_.substr(in_at_, end - in_at_);
  in_at_ = end + 2;
  if (text.starts_with('-')) throw BenchError("redis: " + text.substr(1));
  return text;
}

std::vector<std::int64_t> RedisClient::replies(std::size_t count) {
  send();
  std::vector<std::int64_t> numbers;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string text = line();
    numbers.push_back(text.starts_with(':') ? std::stoll(text.substr(1)) : 0);
  }
  return numbers;
}

std::string RedisClient::bulk_reply() {
  send();
  const std::size_t length = static_cast<std::size_t>(std::stoull(line().substr(1)));
  while (in_.size() - in_at_ < length + 2) receive();
  std::string text = in_.substr(in_at_, length);
  in_at_ += length + 2;
  return text;
}

}  // namespace rollcall::bench
