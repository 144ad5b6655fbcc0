// Statuses: what an ok one says, and what becomes of an error that is copied or moved.
#include "rollcall/status.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace rollcall {
namespace {

TEST(Status, SaysNothingWhileOk) {
  const std::vector<Status> ok = {Status(), Status(StatusCode::kOk, "left out"),
                                  Status().within("here"), Status().with_hint(Option::kUser)};
  for (const Status& status : ok) {
    EXPECT_TRUE(status.ok());
    EXPECT_EQ(status.code(), StatusCode::kOk);
    EXPECT_EQ(status.message(), "");
    EXPECT_TRUE(status.hint().empty());
    EXPECT_EQ(status.to_string(), "ok");
  }
}

TEST(Status, CopiesKeepTheirError) {
  Status status = Status::not_found("a file");
  const Status copy = status;
  status = Status::busy("a store");
  EXPECT_EQ(copy.to_string(), "not found: a file");
  EXPECT_EQ(status.to_string(), "busy: a store");
  EXPECT_EQ(copy.within("here").to_string(), "not found: here: a file");
  EXPECT_EQ(copy.as(StatusCode::kBusy).to_string(), "busy: a file");
  EXPECT_EQ(copy.to_string(), "not found: a file");
}

TEST(Status, IsOkOnceMovedFrom) {
  Status status = Status::not_found("a file");
  const Status taken = std::move(status);
  EXPECT_EQ(taken.to_string(), "not found: a file");
  EXPECT_TRUE(status.ok());  // NOLINT(bugprone-use-after-move): this is what it promises
}

// Questions make and drop some thousand of them each.
TEST(Status, IsNoLargerThanTwoPointers) { EXPECT_LE(sizeof(Status), 2 * sizeof(void*)); }

}  // namespace
}  // namespace rollcall
