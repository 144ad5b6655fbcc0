// This window has the tokens of the last batches of one source.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_set>

namespace rollcall {

class TokenWindow {
 public:
  static constexpr std::size_t kTokensMax = 1024;

  TokenWindow() = default;
  TokenWindow(const TokenWindow& other);  // the order points into the set
  TokenWindow(TokenWindow&&) noexcept = default;
  TokenWindow& operator=(TokenWindow other) noexcept;
  ~TokenWindow() = default;

  bool has(const std::string& token) const { return tokens_.contains(token); }
  // Adds a token that it does not have; the oldest is removed if there is no room for another.
  void add(std::string token);
  // Returns the tokens from the oldest to the latest.
  const std::deque<const std::string*>& in_order() const { return order_; }

 private:
  std::unordered_set<std::string> tokens_;
  std::deque<const std::string*> order_;  // point into tokens_
};

}  // namespace rollcall
