#include "core/catalog/token_window.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace rollcall {
namespace {

TEST(TokenWindow, HasTheLastTokensInTheOrderOfTheirAddition) {
  TokenWindow window;
  EXPECT_FALSE(window.has("0"));
  std::vector<std::string> added;
  for (std::size_t i = 0; i < 2 * TokenWindow::kTokensMax + 3; ++i) {
    added.push_back(std::to_string(i));
    window.add(added.back());
    const std::size_t kept = std::min(added.size(), TokenWindow::kTokensMax);
    ASSERT_EQ(window.in_order().size(), kept);
    ASSERT_TRUE(window.has(added.back()));
    ASSERT_TRUE(window.has(added[added.size() - kept]));
    if (kept == added.size()) continue;
    ASSERT_FALSE(window.has(added[added.size() - kept - 1]));
  }
  std::vector<std::string> found;
  for (const std::string* token : window.in_order()) found.push_back(*token);
  EXPECT_EQ(found, std::vector<std::string>(added.end() - TokenWindow::kTokensMax, added.end()));
}

TEST(TokenWindow, TakesATokenAgainThatHasGone) {
  TokenWindow window;
  for (std::size_t i = 0; i <= TokenWindow::kTokensMax; ++i) window.add(std::to_string(i));
  ASSERT_FALSE(window.has("0"));
  window.add("0");
  EXPECT_TRUE(window.has("0"));
  EXPECT_FALSE(window.has("1"));  // made room
  EXPECT_EQ(*window.in_order().back(), "0");
}

}  // namespace
}  // namespace rollcall
