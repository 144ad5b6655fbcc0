#include "core/source/nearest_name.h"

#include <gtest/gtest.h>

namespace rollcall {
namespace {

TEST(NearestName, FindsTheFewestChanges) {
  const std::vector<std::string> names = {"signup", "login", "logout", "purchase"};
  EXPECT_EQ(nearest_name("logni", names), "login");
  EXPECT_EQ(nearest_name("LOGIN", names), "login");
  EXPECT_EQ(nearest_name("purchas", names), "purchase");
  EXPECT_EQ(nearest_name("sign_up", names), "signup");
  EXPECT_EQ(did_you_mean("logot", names), " (did you mean \"logout\"?)");
}

TEST(NearestName, SuggestsNothingThatIsFar) {
  EXPECT_EQ(nearest_name("xy", {"ab", "purchase"}), "");
  EXPECT_EQ(nearest_name("", {"a"}), "");
  EXPECT_EQ(did_you_mean("checkout", {"login"}), "");
  EXPECT_EQ(did_you_mean("login", {}), "");
}

}  // namespace
}  // namespace rollcall
