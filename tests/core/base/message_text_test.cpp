#include "rollcall/message_text.h"

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

TEST(NearestFlag, TakesWordsInAnyOrderAndNotAllOfThem) {
  const std::vector<std::string> flags = {
      "--help",     "--from",      "--to",          "--last",       "--cohort-event",
      "--gap-days", "--breakdown", "--rule-period", "--rule-count", "--breakdown-limit"};
  EXPECT_EQ(nearest_flag("--event-cohort", flags), "--cohort-event");
  EXPECT_EQ(nearest_flag("--evnt-cohort", flags), "--cohort-event");
  EXPECT_EQ(nearest_flag("--period-rule", flags), "--rule-period");
  EXPECT_EQ(nearest_flag("--rule", flags), "--rule-period");
  EXPECT_EQ(nearest_flag("--rule-cuont", flags), "--rule-count");
  EXPECT_EQ(nearest_flag("--days", flags), "--gap-days");
  EXPECT_EQ(nearest_flag("--break", flags), "--breakdown");
  EXPECT_EQ(nearest_flag("--break-limit", flags), "--breakdown-limit");
  EXPECT_EQ(nearest_flag("--frm", flags), "--from");
  EXPECT_EQ(nearest_flag("--form", flags), "--from");
  EXPECT_EQ(nearest_flag("--tto", flags), "--to");
  EXPECT_EQ(nearest_flag("--from-date", flags), "--from");
  EXPECT_EQ(nearest_flag("--PERIOD-RULE", flags), "--rule-period");
}

TEST(NearestFlag, SuggestsNothingThatIsFar) {
  const std::vector<std::string> flags = {"--help", "--from", "--to", "--db", "-o", "--limit"};
  for (const char* wanted : {"--foo", "--rule", "--x", "-x", "--", "", "--zzzzzzzz", "--verbose"}) {
    EXPECT_EQ(nearest_flag(wanted, flags), "") << wanted;
  }
  EXPECT_EQ(nearest_flag("--" + std::string(100'000, 'x'), flags), "");
}

TEST(NearestName, DoesNotLookAtWhatIsVeryLong) {
  const std::string name(100'000, 'x');
  EXPECT_EQ(nearest_name(name, {std::string(100'000, 'y'), name}), "");
}

TEST(Excerpt, IsCutBetweenCharacters) {
  EXPECT_EQ(quoted_excerpt("short"), "\"short\"");
  EXPECT_EQ(quoted_excerpt("a\"b\\c\nd\x01"), R"("a\"b\\c\nd\x01")");
  EXPECT_EQ(quoted_excerpt("\xff"), R"("\xff")");
  const std::string at_limit(64, 'x');
  EXPECT_EQ(quoted_excerpt(at_limit), "\"" + at_limit + "\"");
  EXPECT_EQ(quoted_excerpt(at_limit + "x"), "\"" + at_limit + "\"...");
  EXPECT_EQ(excerpt(at_limit + "x"), at_limit + "...");
  // Neither takes half of a character of two, three or four bytes.
  for (const std::string character : {"é", "李", "👍"}) {
    for (std::size_t before = 60; before <= 64; ++before) {
      const std::string kept =
          std::string(before, 'x') + (before + character.size() <= 64 ? character : "");
      EXPECT_EQ(excerpt(std::string(before, 'x') + character + "xxxx").substr(0, kept.size()),
                kept);
      const std::string shown = quoted_excerpt(std::string(before, 'x') + character + "xxxxxxxx");
      EXPECT_EQ(shown.find("\\x"), std::string::npos) << shown;
    }
  }
}

TEST(Excerpt, OfListsHasTwentyNames) {
  EXPECT_EQ(excerpts({}), "none");
  EXPECT_EQ(excerpts({"a", std::string(100, 'b')}), "a, " + std::string(64, 'b') + "...");
  const std::string list = excerpts(std::vector<std::string>(25, "n"));
  EXPECT_TRUE(list.ends_with(", n, and 5 more")) << list;
  EXPECT_EQ(unknown_name("event", "logni", {"login", "view"}),
            R"(unknown event "logni" (did you mean "login"?), allowed: login, view)");
}

}  // namespace
}  // namespace rollcall
