// This is a client of Redis over a socket, for commands in long rows.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall::bench {

class RedisClient {
 public:
  // Connects to the server's socket, which may take up to 10 s to appear. Throws BenchError.
  explicit RedisClient(const std::string& socket_path);
  ~RedisClient();
  RedisClient(const RedisClient&) = delete;
  RedisClient& operator=(const RedisClient&) = delete;

  // Sends no later than `send` or `replies`.
  void add(std::initializer_list<std::string_view> words);
  void add(std::span<const std::string> words);
  // Does the same word by word.
  void begin(std::size_t word_count);
  void word(std::string_view word);

  void send();
  // Holds bytes that wait to be sent.
  std::size_t waiting() const { return out_.size(); }
  // Sends, and reads the replies of `count` commands: numbers, or 0 for those that say OK. Throws
  // BenchError if one is an error.
  std::vector<std::int64_t> replies(std::size_t count);
  // Does the same for one that replies with bytes.
  std::string bulk_reply();

 private:
  std::string line();
  void receive();

  int socket_ = -1;
  std::string out_;
  std::string in_;
  std::size_t in_at_ = 0;
};

}  // namespace rollcall::bench
