#include "core/catalog/token_window.h"

#include <utility>

#include "core/base/assert.h"

namespace rollcall {

TokenWindow::TokenWindow(const TokenWindow& other) {
  for (const std::string* const token : other.order_) add(*token);
}

TokenWindow& TokenWindow::operator=(TokenWindow other) noexcept {
  tokens_.swap(other.tokens_);
  order_.swap(other.order_);
  return *this;
}

void TokenWindow::add(std::string token) {
  const auto [place, made] = tokens_.insert(std::move(token));
  ROLLCALL_ASSERT(made);
  order_.push_back(&*place);
  if (order_.size() <= kTokensMax) return;
  tokens_.erase(*order_.front());
  order_.pop_front();
}

}  // namespace rollcall
