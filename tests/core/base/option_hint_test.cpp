// This tests which options hints name, and that errors keep their hints.
#include "rollcall/option_hint.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "rollcall/status.h"

namespace rollcall {
namespace {

TEST(OptionHint, IsOneOfSeveralWays) {
  OptionHint hint;
  EXPECT_TRUE(hint.empty());
  EXPECT_EQ(to_string(hint), "");
  hint.ways.push_back({{Option::kDecimal, ","}, {Option::kGrouping, "."}});
  hint.or_else(Option::kTimeFormat);
  EXPECT_EQ(to_string(hint), "decimal = , and grouping = . or time_format");
  EXPECT_TRUE(hint.names(Option::kGrouping));
  EXPECT_TRUE(hint.names(Option::kGrouping, "."));
  EXPECT_FALSE(hint.names(Option::kGrouping, ","));
  EXPECT_FALSE(hint.names(Option::kCurrency));
}

TEST(OptionHint, EveryOptionHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(Option::kAcceptRollback); ++i) {
    const std::string_view name = name_of(static_cast<Option>(i));
    EXPECT_NE(name, "") << i;
    EXPECT_TRUE(names.insert(name).second) << name;
  }
}

TEST(StatusHint, StaysWithTheError) {
  const Status status =
      Status::corruption("it is older").with_hint({Option::kAcceptRollback, "true"});
  EXPECT_EQ(status.to_string(), "corruption: it is older (option: accept_rollback = true)");
  const Status within = status.within("retail.db").as(StatusCode::kInvalidArgument);
  EXPECT_EQ(within.message(), "retail.db: it is older");
  EXPECT_EQ(within.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(within.hint(), status.hint());
}

TEST(StatusHint, IsOfErrorsAlone) { EXPECT_TRUE(Status().with_hint(Option::kUser).hint().empty()); }

}  // namespace
}  // namespace rollcall
