// The ends of a child are told apart without a look at what it wrote.
#include "tests/reliability/child.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cassert>
#include <exception>
#include <string>

#include "core/base/assert.h"

namespace rollcall::testing {
namespace {

using How = ChildEnd::How;

TEST(Child, ReturnsWhatItsWorkReturned) {
  const ChildEnd end = run_in_child([] { return std::string("a report"); });
  EXPECT_EQ(end.how, How::kReturned);
  EXPECT_EQ(end.report, "a report");
}

TEST(Child, MayExit) {
  const ChildEnd end = run_in_child([]() -> std::string { ::_exit(5); });
  EXPECT_EQ(end.how, How::kExited);
  EXPECT_EQ(end.code, 5);
}

TEST(Child, MayBreakAnAssertion) {
  // This is what the macro calls, in a library whose assertions are on.
  const ChildEnd end = run_in_child(
      []() -> std::string { __assert_fail("condition", "library.cc", 7, "function"); });
  EXPECT_EQ(end.how, How::kAsserted) << to_string(end);
}

TEST(Child, MayBreakAnInvariantOfOurs) {
  const ChildEnd end = run_in_child([]() -> std::string {
    ROLLCALL_ASSERT(::getpid() == 0);
    return "";
  });
  EXPECT_EQ(end.how, How::kAborted) << to_string(end);
}

TEST(Child, MayCatchNothing) {
  const ChildEnd end = run_in_child([]() -> std::string { std::terminate(); });
  EXPECT_EQ(end.how, How::kAborted) << to_string(end);
}

TEST(Child, MayBeKilled) {
  const ChildEnd end = run_in_child([]() -> std::string {
    ::raise(SIGKILL);
    return "";
  });
  EXPECT_EQ(end.how, How::kKilled);
  EXPECT_EQ(end.code, SIGKILL);
}

}  // namespace
}  // namespace rollcall::testing
