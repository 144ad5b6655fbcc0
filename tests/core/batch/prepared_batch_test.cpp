#include "core/batch/prepared_batch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <string>
#include <tuple>

#include "core/base/workers.h"
#include "core/users/user_hash.h"
#include "rollcall/partitioner.h"

namespace rollcall {
namespace {

constexpr TimeUs kNoTimeMax = std::numeric_limits<TimeUs>::max();

Result<std::unique_ptr<PreparedRows>> prepare(const EventBatch& batch,
                                              const StoreSettings& settings,
                                              TimeUs time_max = kNoTimeMax) {
  Workers workers;
  return prepare_rows(batch,
                      {settings, TimeZone(), time_max, std::make_shared<BlockPool>(0), workers});
}

std::pair<PreparedRows::Pair, std::uint32_t> pair_and_hour(const PreparedRows& rows,
                                                           const PreparedBlock& block,
                                                           std::size_t column, std::size_t row) {
  const PairHour pair_hour = block.pair_hours[column][row];
  return {rows.pairs[column][pair_hour >> kHourBits], pair_hour % kHourStride};
}

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
    return rollcall::prepare(batch, settings, time_max);
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
  ASSERT_EQ(rows.blocks.size(), 1u);
  const PreparedBlock& block = *rows.blocks[0];
  ASSERT_EQ(block.partition_begin.size(), 5u);
  ASSERT_EQ(block.pair_hours.size(), 3u);
  EXPECT_EQ(block.value_begin.back(), 1u);
  std::size_t seen = 0;
  for (std::uint32_t partition = 0; partition < 4; ++partition) {
    for (std::size_t i = block.partition_begin[partition]; i < block.partition_begin[partition + 1];
         ++i) {
      ++seen;
      EXPECT_EQ(Partitioner(4)(block.hashes[i]), partition);
      const auto [event_pair, hour] = pair_and_hour(rows, block, 0, i);
      const auto [channel_pair, channel_hour] = pair_and_hour(rows, block, 2, i);
      const LocalSeries& event = rows.series[event_pair.series];
      const LocalSeries& channel = rows.series[channel_pair.series];
      EXPECT_EQ(channel.event, event.event);
      EXPECT_EQ(channel.dimension, 1u);
      EXPECT_EQ(channel_pair.day, event_pair.day);
      EXPECT_EQ(channel_hour, hour);
      if (unhash_user(block.hashes[i]) == 8) {
        EXPECT_EQ(rows.event_names[event.event], "buy");
        EXPECT_EQ(rows.dimension_values[1][channel.value], "seo");
        EXPECT_EQ(block.values[0].row, i);
        EXPECT_EQ(block.values[0].value, 250);
        EXPECT_EQ(event_pair.day, Day{1});
        EXPECT_EQ(hour, 0u);
      } else {
        EXPECT_EQ(rows.event_names[event.event], "login");
        EXPECT_EQ(rows.dimension_values[1][channel.value], "ads");
        EXPECT_EQ(hour, event_pair.day == Day{0} ? 0u : 5u);
      }
    }
  }
  EXPECT_EQ(seen, 3u);
}

// There are many blocks, dates on either side of every border, and users' bytes in the order of
// their rows.
TEST(PreparedBatch, BlocksHoldEveryRowOnce) {
  StoreSettings settings;
  settings.partition_count = 8;
  settings.time_zone = "Europe/London";
  const TimeZone zone = *TimeZone::find(settings.time_zone);
  constexpr std::size_t kRows = 100'000;
  std::mt19937_64 random(11);
  std::vector<std::string> users;
  std::vector<TimeUs> times;
  std::vector<Amount> values;
  std::vector<std::uint32_t> codes;
  for (std::size_t i = 0; i < kRows; ++i) {
    users.push_back("user" + std::to_string(random() % 5000) + std::string(random() % 20, 'x'));
    times.push_back(static_cast<TimeUs>(1'300'000'000 + random() % 3'000'000) * kUsPerSecond);
    values.push_back(static_cast<Amount>(random() % 100));
    codes.push_back(static_cast<std::uint32_t>(random() % 3));
  }
  using Row = std::tuple<std::string, std::string, std::int32_t, std::uint32_t, Amount>;
  const std::vector<std::string_view> names = {"a", "b", "c"};
  std::vector<Row> expected, found;
  std::int32_t first_day = kDayMax.value, last_day = kDayMin.value;
  for (std::size_t i = 0; i < kRows; ++i) {
    const Day day = zone.day_of(times[i]);
    first_day = std::min(first_day, day.value);
    last_day = std::max(last_day, day.value);
    expected.emplace_back(users[i], names[codes[i]], day.value,
                          TimeZone::hour_of_day(times[i] - zone.start_of(day)), values[i]);
  }
  const std::vector<std::string_view> views(users.begin(), users.end());
  EventBatch batch;
  batch.user_strings = views;
  batch.event = {names, codes};
  batch.time = times;
  batch.value = values;
  const auto pool = std::make_shared<BlockPool>(std::size_t{1} << 30);
  Workers workers;
  for (int time = 0; time < 2; ++time) {  // the second one in used blocks
    {
      const auto prepared = prepare_rows(batch, {settings, zone, kNoTimeMax, pool, workers});
      ASSERT_TRUE(prepared.ok()) << prepared.status().to_string();
      const PreparedRows& rows = **prepared;
      EXPECT_GT(rows.blocks.size(), 1u);
      EXPECT_EQ(rows.day_range, (DayRange{Day{first_day}, Day{last_day}}));
      found.clear();
      for (const auto& block : rows.blocks) {
        std::vector<Amount> row_values(block->partition_begin.back());
        for (std::size_t i = 0; i < block->value_begin.back(); ++i) {
          row_values[block->values[i].row] = block->values[i].value;
        }
        for (std::uint32_t partition = 0; partition < 8; ++partition) {
          if (block->row_count(partition) == 0) continue;
          const UserStrings strings = block->strings_of(partition);
          for (std::size_t i = 0; i < block->row_count(partition); ++i) {
            const std::size_t row = block->partition_begin[partition] + i;
            ASSERT_EQ(block->hashes[row], hash_user(strings[i]));
            ASSERT_EQ(Partitioner(8)(block->hashes[row]), partition);
            const auto [pair, hour] = pair_and_hour(rows, *block, 0, row);
            const std::uint32_t event = rows.series[pair.series].event;
            found.emplace_back(strings[i], rows.event_names[event], pair.day.value, hour,
                               row_values[row]);
          }
        }
      }
    }
    EXPECT_GT(pool->kept_bytes(), 0u);
    std::sort(found.begin(), found.end());
    if (time == 0) std::sort(expected.begin(), expected.end());
    EXPECT_EQ(found, expected);
  }
}

// Blocks are filled in any order; which names come first may not depend on it, as a store keeps
// only so many.
TEST(PreparedBatch, NamesComeInTheOrderOfTheirFirstRows) {
  constexpr std::size_t kRows = 200'000, kNames = 50;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kNames; ++i) names.push_back("event" + std::to_string(i));
  const std::vector<std::string_view> views(names.begin(), names.end());
  std::vector<std::uint32_t> codes;
  std::vector<TimeUs> times;
  // A new name every so often, the last of the dictionary first; all those before it go on.
  for (std::size_t i = 0; i < kRows; ++i) {
    const std::size_t met = i * kNames / kRows + 1;
    codes.push_back(static_cast<std::uint32_t>(kNames - 1 - i % met));
    times.push_back(static_cast<TimeUs>(i % 7) * kUsPerDay);
  }
  const std::vector<std::uint64_t> users(kRows, 1);
  EventBatch batch;
  batch.user_integers = users;
  batch.event = {views, codes};
  batch.time = times;
  StoreSettings settings;
  settings.user_kind = UserKind::kInteger;
  std::vector<std::string> expected;
  std::vector<bool> met(kNames);
  for (const std::uint32_t code : codes) {
    if (!met[code]) expected.push_back(names[code]);
    met[code] = true;
  }
  for (int round = 0; round < 5; ++round) {
    const auto prepared = prepare(batch, settings);
    ASSERT_TRUE(prepared.ok()) << prepared.status().to_string();
    EXPECT_EQ((*prepared)->event_names, expected);
    EXPECT_EQ((*prepared)->pairs[0].size(), 7 * kNames);
  }
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
  EXPECT_EQ(sample.error(),
            "batch: time of row 2 is 9223372036854775807 us (allowed: -62135510400000000 to "
            "253402214399999999)");
  sample = {};
  EXPECT_EQ(sample.error(kUsPerDay),
            "batch: time of row 2 is 104400000000 us (allowed: -62135510400000000 to 86400000000)");
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
  EXPECT_EQ(prepare(batch, settings).status().message(), "batch: user of row 0 is not UTF-8");
}

TEST(PreparedBatch, AnEmptyBatchIsFine) {
  const auto prepared = prepare({}, StoreSettings{});
  ASSERT_TRUE(prepared.ok());
  EXPECT_EQ((*prepared)->row_count, 0u);
}

}  // namespace
}  // namespace rollcall
