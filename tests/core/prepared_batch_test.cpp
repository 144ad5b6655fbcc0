#include "core/prepared_batch.h"

#include <gtest/gtest.h>

#include <limits>

#include "core/partitioner.h"

namespace rollcall {
namespace {

constexpr TimeUs kNoTimeMax = std::numeric_limits<TimeUs>::max();

// A batch of three events by two users, whole and correct, for tests to spoil.
struct Sample {
  StoreSettings settings;
  std::vector<std::uint64_t> users = {7, 8, 7};
  std::vector<std::string_view> names = {"unused", "login", "buy"};
  std::vector<std::uint32_t> codes = {1, 2, 1};
  std::vector<TimeUs> times = {0, kUsPerDay, kUsPerDay + 5 * kUsPerHour};
  std::vector<Amount> values = {0, 250, 0};
  std::vector<std::string_view> channels = {"ads", "seo"};
  std::vector<std::uint32_t> channel_codes = {0, 1, 0};
  std::vector<PropertyColumn> properties;

  Sample() {
    settings.user_kind = UserKind::kInteger;
    settings.partition_count = 4;
    settings.dimensions = {"country", "channel"};
    properties = {{"channel", {channels, channel_codes}}};
  }
  Result<std::unique_ptr<PreparedRows>> prepare(TimeUs time_max = kNoTimeMax) const {
    EventBatch batch;
    batch.user_integers = users;
    batch.event = {names, codes};
    batch.time = times;
    batch.value = values;
    batch.properties = properties;
    return prepare_rows(batch, settings, TimeZone(), time_max);
  }
  std::string error(TimeUs time_max = kNoTimeMax) const {
    return prepare(time_max).status().message();
  }
};

TEST(PreparedBatch, OrdersRowsByPartitionAndKeepsThemWhole) {
  const Sample sample;
  const auto prepared = sample.prepare();
  ASSERT_TRUE(prepared.ok()) << prepared.status().to_string();
  const PreparedRows& rows = **prepared;
  EXPECT_EQ(rows.event_names, (std::vector<std::string>{"login", "buy"}));
  EXPECT_EQ(rows.dimension_values[0], (std::vector<std::string>{""}));
  EXPECT_EQ(rows.dimension_values[1], (std::vector<std::string>{"ads", "seo"}));
  EXPECT_EQ(rows.day_range, (DayRange{Day{0}, Day{1}}));
  EXPECT_EQ(rows.known_until, kUsPerDay + 5 * kUsPerHour);
  ASSERT_EQ(rows.partition_begin.size(), 5u);
  std::size_t seen = 0;
  for (std::uint32_t partition = 0; partition < 4; ++partition) {
    for (std::size_t i = rows.partition_begin[partition]; i < rows.partition_begin[partition + 1];
         ++i) {
      ++seen;
      EXPECT_EQ(partition_of(hash_user(rows.user_integers[i]), 4), partition);
      const LocalSeries channel = rows.series[rows.dimension_series[1][i]];
      EXPECT_EQ(channel.event, rows.events[i]);
      if (rows.user_integers[i] == 8) {
        EXPECT_EQ(rows.event_names[rows.events[i]], "buy");
        EXPECT_EQ(rows.dimension_values[1][channel.value], "seo");
        EXPECT_EQ(rows.values[i], 250);
        EXPECT_EQ(rows.days[i], 1);
        EXPECT_EQ(rows.hours[i], 0);
      } else {
        EXPECT_EQ(rows.event_names[rows.events[i]], "login");
        EXPECT_EQ(rows.dimension_values[1][channel.value], "ads");
        EXPECT_EQ(rows.hours[i], rows.days[i] == 0 ? 0 : 5);
      }
    }
  }
  EXPECT_EQ(seen, 3u);
}

TEST(PreparedBatch, NamesWhatIsWrong) {
  Sample sample;
  sample.users.pop_back();
  EXPECT_EQ(sample.error(), "batch: column user has 2 rows, column time has 3 (allowed: the same)");
  sample = {};
  sample.values.pop_back();
  EXPECT_EQ(sample.error(),
            "batch: column value has 2 rows, column time has 3 (allowed: the same)");
  sample = {};
  sample.codes[1] = 3;
  EXPECT_EQ(sample.error(), "batch: column event: row 1 has code 3 (allowed: below 3)");
  sample = {};
  sample.names[1] = "";
  EXPECT_EQ(sample.error(),
            "batch: column event: value 1 is empty (allowed: UTF-8 of 1 to 1024 bytes)");
  sample = {};
  sample.names[2] = "\xff";
  EXPECT_EQ(sample.error(),
            "batch: column event: value 2 is 1 bytes (allowed: UTF-8 of 1 to 1024 bytes)");
  sample = {};
  sample.times[2] = kNoTimeMax;
  EXPECT_NE(sample.error().find("batch: time of row 2 is 9223372036854775807 us"),
            std::string::npos);
  sample = {};
  EXPECT_NE(sample.error(kUsPerDay).find("batch: time of row 2 is 104400000000 us"),
            std::string::npos);
  sample = {};
  sample.settings.dimensions = {"country"};
  EXPECT_EQ(sample.error(),
            "batch: property \"channel\" is not a dimension of the store (declared: country)");
  sample = {};
  sample.settings.user_kind = UserKind::kString;
  EXPECT_EQ(sample.error(),
            "batch: user ids are integers (allowed: the store's users are strings)");
}

TEST(PreparedBatch, RefusesUserStringsThatAreNotUtf8EvenWhenTheirJoinIs) {
  StoreSettings settings;
  const std::vector<std::string_view> users = {"a\xc3", "\xa9"};  // "é", cut in two
  const std::vector<std::string_view> names = {"login"};
  const std::vector<TimeUs> times = {0, 0};
  EventBatch batch;
  batch.user_strings = users;
  batch.event = {names, {}};
  batch.time = times;
  EXPECT_EQ(prepare_rows(batch, settings, TimeZone(), kNoTimeMax).status().message(),
            "batch: user of row 0 is not UTF-8");
}

TEST(PreparedBatch, AnEmptyBatchIsFine) {
  const auto prepared = prepare_rows({}, StoreSettings{}, TimeZone(), kNoTimeMax);
  ASSERT_TRUE(prepared.ok());
  EXPECT_EQ((*prepared)->row_count(), 0u);
}

}  // namespace
}  // namespace rollcall
