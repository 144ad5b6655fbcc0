// This tests the kinds of rejected rows.
#include "rollcall/reject_kind.h"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

namespace rollcall {
namespace {

TEST(RejectKind, EveryKindHasASentenceOfItsOwn) {
  std::set<std::string_view> sentences;
  for (int i = 0; i <= static_cast<int>(RejectKind::kPropertyTooLong); ++i) {
    const std::string_view sentence = to_string(static_cast<RejectKind>(i));
    EXPECT_NE(sentence, "") << i;
    EXPECT_TRUE(sentences.insert(sentence).second) << sentence;
  }
}

TEST(RejectKind, SomeHaveAnOptionThatTakesTheRow) {
  EXPECT_EQ(hint_for(RejectKind::kTimeTooLate), OptionHint(Option::kTimeMax));
  EXPECT_EQ(hint_for(RejectKind::kUserNull), OptionHint(Option::kRejectNullUsers, "false"));
  EXPECT_EQ(hint_for(RejectKind::kValueDecimals), OptionHint(Option::kRoundValues, "true"));
  EXPECT_TRUE(hint_for(RejectKind::kUserMissing).empty());
}

}  // namespace
}  // namespace rollcall
