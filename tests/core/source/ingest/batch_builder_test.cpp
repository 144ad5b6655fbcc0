#include "core/source/ingest/batch_builder.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "core/base/digits.h"

namespace rollcall {
namespace {

constexpr std::string_view kTime = "1700000000";

BatchShape shape_with(UserKind kind) {
  BatchShape shape;
  shape.user_kind = kind;
  shape.has_value = true;
  shape.value_decimals = 2;
  shape.properties = {{"channel", {4}}, {"channel+platform", {4, 5}}};
  return shape;
}

BatchBuilder make_builder(BatchShape shape) {
  return BatchBuilder(std::move(shape),
                      TimeParser(*TimeZone::find("Europe/London"), TimeUnit::kGuess, {}),
                      {Limits(SourceOptions(), EngineOptions()), {}});
}

// Adds a row of user, time, event, value, channel, platform; returns the kind of the fault.
std::string add(BatchBuilder& builder, const std::vector<std::string_view>& texts) {
  std::vector<Field> fields;
  for (std::size_t i = 0; i < 6; ++i) {
    fields.push_back(
        {i < texts.size() ? texts[i] : std::string_view(), static_cast<std::uint32_t>(i + 1)});
  }
  const auto fault = builder.add(fields);
  return fault ? std::string(to_string(fault->kind)) : "";
}

TEST(BatchBuilder, BuildsColumns) {
  BatchBuilder builder = make_builder(shape_with(UserKind::kString));
  builder.start(false);
  EXPECT_EQ(add(builder, {"ann", "1700000010", "login", "1.5", "ads", "ios"}), "");
  EXPECT_EQ(add(builder, {"bob", " 1700000005 ", "buy", "", "", "web"}), "");
  EXPECT_EQ(add(builder, {"ann", "1700000007", "login", " -2 ", "ads", "web"}), "");
  const EventBatch batch = builder.batch();
  const auto strings = [](auto span) { return std::vector<std::string>(span.begin(), span.end()); };
  EXPECT_EQ(strings(batch.user_strings), (std::vector<std::string>{"ann", "bob", "ann"}));
  EXPECT_TRUE(batch.user_integers.empty());
  EXPECT_EQ(strings(batch.event.values), (std::vector<std::string>{"login", "buy"}));
  EXPECT_EQ(std::vector(batch.event.codes.begin(), batch.event.codes.end()),
            (std::vector<std::uint32_t>{0, 1, 0}));
  EXPECT_EQ(
      std::vector(batch.time.begin(), batch.time.end()),
      (std::vector<TimeUs>{1'700'000'010'000'000, 1'700'000'005'000'000, 1'700'000'007'000'000}));
  EXPECT_EQ(std::vector(batch.value.begin(), batch.value.end()),
            (std::vector<Amount>{150, 0, -200}));
  ASSERT_EQ(batch.properties.size(), 2u);
  EXPECT_EQ(strings(batch.properties[0].column.values), (std::vector<std::string>{"ads", ""}));
  EXPECT_EQ(batch.properties[1].name, "channel+platform");
  EXPECT_EQ(strings(batch.properties[1].column.values),
            (std::vector<std::string>{"ads+ios", "+web", "ads+web"}));
  EXPECT_EQ(batch.known_until, std::nullopt);
}

// These parts hold what joins them, or what escapes it.
TEST(BatchBuilder, DifferentPartsJoinToDifferentValues) {
  BatchBuilder builder = make_builder(shape_with(UserKind::kString));
  builder.start(true);
  add(builder, {"u", kTime, "e", "", "a+b", "c"});
  add(builder, {"u", kTime, "e", "", "a", "b+c"});
  add(builder, {"u", kTime, "e", "", "a\\", "b"});
  add(builder, {"u", kTime, "e", "", "a", "\\b"});
  const auto values = builder.batch().properties[1].column.values;
  EXPECT_EQ(std::vector<std::string>(values.begin(), values.end()),
            (std::vector<std::string>{R"(a\+b+c)", R"(a+b\+c)", R"(a\\+b)", R"(a+\\b)"}));
  EXPECT_EQ(add(builder, {"u", kTime, "e", "", std::string(600, '+'), "b"}),
            "property is too long");
}

TEST(BatchBuilder, AFaultLeavesNoTrace) {
  BatchBuilder builder = make_builder(shape_with(UserKind::kString));
  builder.start(false);
  const std::string long_name(1025, 'x');
  const std::string long_user(65'537, 'x');
  EXPECT_EQ(add(builder, {"", kTime, "login"}), "user is missing");
  EXPECT_EQ(add(builder, {long_user, kTime, "login"}), "user is too long");
  EXPECT_EQ(add(builder, {"\xFF", kTime, "login"}), "user is not UTF-8");
  EXPECT_EQ(add(builder, {"a", "", "login"}), "time is missing");
  EXPECT_EQ(add(builder, {"a", "soon", "login"}), "time is not a time");
  EXPECT_EQ(add(builder, {"a", kTime, ""}), "event is missing");
  EXPECT_EQ(add(builder, {"a", kTime, long_name}), "event is too long");
  EXPECT_EQ(add(builder, {"a", kTime, "\xC3"}), "event is not UTF-8");
  EXPECT_EQ(add(builder, {"a", kTime, "login", "1,5"}), "value is not a number");
  EXPECT_EQ(add(builder, {"a", kTime, "login", "1.555"}), "value has too many decimals");
  EXPECT_EQ(add(builder, {"a", kTime, "login", "1", long_name}), "property is too long");
  EXPECT_EQ(add(builder, {"a", kTime, "login", "1", long_name.substr(500), long_name.substr(500)}),
            "property is too long");
  EXPECT_EQ(add(builder, {"a", kTime, "login", "1", "\x80"}), "property is not UTF-8");
  EXPECT_EQ(builder.row_count(), 0u);
  EXPECT_EQ(add(builder, {" a", kTime, "login"}), "");
  EXPECT_EQ(builder.batch().user_strings[0], " a");
  EXPECT_EQ(builder.batch().event.values.size(), 1u);
}

TEST(BatchBuilder, IntegerUsers) {
  BatchBuilder builder = make_builder(shape_with(UserKind::kInteger));
  builder.start(false);
  EXPECT_EQ(add(builder, {"42", kTime, "e"}), "");
  EXPECT_EQ(add(builder, {"18446744073709551615", kTime, "e"}), "");
  for (const char* user :
       {"18446744073709551616", "-1", "17850.0", "1e3", "a", "0x1", "00042", " 42", "42 "}) {
    EXPECT_EQ(add(builder, {user, kTime, "e"}), "user is not an integer") << user;
  }
  EXPECT_EQ(add(builder, {" ", kTime, "e"}), "user is missing");
  const auto users = builder.batch().user_integers;
  EXPECT_EQ(std::vector(users.begin(), users.end()), (std::vector<std::uint64_t>{42, ~0ull}));
}

TEST(BatchBuilder, OneEventForAll) {
  BatchShape shape = shape_with(UserKind::kString);
  shape.event_name = "purchase";
  BatchBuilder builder = make_builder(shape);
  builder.start(true);
  EXPECT_EQ(add(builder, {"a", kTime, ""}), "");
  EXPECT_EQ(builder.batch().event.values[0], "purchase");
  EXPECT_TRUE(builder.batch().event.codes.empty());
}

TEST(BatchBuilder, ADateCountsToItsEnd) {
  BatchBuilder builder = make_builder(shape_with(UserKind::kString));
  builder.start(true);
  add(builder, {"a", "2026-06-30 12:00:00", "e"});
  EXPECT_EQ(builder.batch().known_until, std::nullopt);
  add(builder, {"a", "2026-06-30", "e"});
  add(builder, {"a", "2026-06-28", "e"});
  const TimeZone london = *TimeZone::find("Europe/London");
  const Day day = london.day_of(builder.batch().time[1]);
  EXPECT_EQ(builder.batch().known_until, london.last_second_of(day));
  add(builder, {"a", "2026-07-02 12:00:00", "e"});
  EXPECT_EQ(builder.batch().known_until, builder.batch().time[3]);
  builder.start(true);
  EXPECT_EQ(builder.row_count(), 0u);
  add(builder, {"a", kTime, "e"});
  EXPECT_EQ(builder.batch().known_until, std::nullopt);
}

TEST(BlockDictionary, NumbersManyTexts) {
  BlockDictionary dictionary;
  std::vector<std::string> texts;
  for (int i = 0; i < 5000; ++i) texts.push_back("value " + std::to_string(i));
  for (std::uint32_t round = 0; round < 2; ++round) {
    for (std::uint32_t i = 0; i < texts.size(); ++i) {
      ASSERT_EQ(dictionary.find(texts[i]), BlockDictionary::kNew);
      ASSERT_EQ(dictionary.insert(texts[i]), i);
    }
    for (std::uint32_t i = 0; i < texts.size(); ++i) ASSERT_EQ(dictionary.find(texts[i]), i);
    EXPECT_EQ(dictionary.values()[4999], "value 4999");
    dictionary.clear();
  }
}

TEST(BlockDictionary, TellsTextsOfAllLengthsApart) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed=" << seed);
    std::mt19937_64 random(seed);
    std::map<std::string, std::uint32_t> expected;  // views of its keys stay valid
    BlockDictionary dictionary;
    for (int i = 0; i < 500; ++i) {
      std::string text(random() % 20, 'a');
      for (int changes = 0; changes < 2 && !text.empty(); ++changes) {
        text[random() % text.size()] = "ab\0\xff"[random() % 4];
      }
      const auto [found, made] =
          expected.emplace(text, static_cast<std::uint32_t>(expected.size()));
      ASSERT_EQ(dictionary.find(text), made ? BlockDictionary::kNew : found->second);
      if (made) {
        ASSERT_EQ(dictionary.insert(found->first), found->second);
      }
    }
    for (const auto& [text, code] : expected) ASSERT_EQ(dictionary.find(text), code);
  }
}

// This is compared with digits taken one by one.
TEST(BatchBuilder, ReadsIntegersOfAllLengths) {
  for (std::uint64_t seed = 1; seed <= 50'000; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed=" << seed);
    std::mt19937_64 random(seed);
    std::string text(random() % 22, '0');
    for (char& c : text) c = static_cast<char>('0' + random() % 10);
    if (!text.empty() && random() % 3 == 0) {
      text[random() % text.size()] = static_cast<char>(random());
    }
    __extension__ unsigned __int128 number = 0;
    bool digits = !text.empty();
    for (const char c : text) {
      digits = digits && '0' <= c && c <= '9';
      number = number * 10 + static_cast<unsigned>(c - '0');
    }
    const bool fits = digits && number <= std::numeric_limits<std::uint64_t>::max() &&
                      (text.size() == 1 || text[0] != '0');
    std::uint64_t integer = 0;
    ASSERT_EQ(parse_canonical_integer(text, integer), fits) << text;
    if (fits) {
      ASSERT_EQ(integer, static_cast<std::uint64_t>(number)) << text;
    }
    const bool is_short = parse_short_digits(text, integer);
    ASSERT_EQ(is_short, digits && text.size() <= 16) << text;
    if (is_short) {
      ASSERT_EQ(integer, static_cast<std::uint64_t>(number)) << text;
    }
  }
}

}  // namespace
}  // namespace rollcall
