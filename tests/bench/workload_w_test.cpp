// Workload W: the shares, the law, and the order that its header promises; the recount, and the
// floors, which must keep exactly what the rows say.
#include "bench/workload_w.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "bench/floor.h"
#include "bench/recount.h"
#include "bench/workload_properties.h"

namespace rollcall::bench {
namespace {

constexpr std::int64_t kDayUs = 86'400'000'000;

WorkloadWOptions small_options() {
  WorkloadWOptions options;
  options.events = 300'000;
  options.users = 5'000;
  options.days = 10;
  return options;
}

WorkloadRows all_rows(const WorkloadWOptions& options) {
  WorkloadRows rows;
  WorkloadW(options).generate(0, options.events, rows);
  return rows;
}

TEST(WorkloadW, SameSeedSameRows) {
  WorkloadWOptions options = small_options();
  const WorkloadRows rows = all_rows(options), again = all_rows(options);
  EXPECT_EQ(rows.users, again.users);
  EXPECT_EQ(rows.times, again.times);
  EXPECT_EQ(rows.events, again.events);
  EXPECT_EQ(rows.values, again.values);
  options.seed = 2;
  EXPECT_NE(rows.users, all_rows(options).users);
}

TEST(WorkloadW, RoundsMakeTheWhole) {
  const WorkloadWOptions options = small_options();
  const WorkloadRows rows = all_rows(options);
  const WorkloadW workload(options);
  WorkloadRows round;
  for (std::size_t first = 0; first < options.events; first += 2 * WorkloadW::kBlockRows) {
    workload.generate(first, 2 * WorkloadW::kBlockRows, round);
    ASSERT_EQ(round.size(), std::min<std::size_t>(2 * WorkloadW::kBlockRows, rows.size() - first));
    for (std::size_t i = 0; i < round.size(); ++i) {
      ASSERT_EQ(round.users[i], rows.users[first + i]);
      ASSERT_EQ(round.times[i], rows.times[first + i]);
      ASSERT_EQ(round.events[i], rows.events[first + i]);
      ASSERT_EQ(round.values[i], rows.values[first + i]);
    }
  }
}

TEST(WorkloadW, EventsHaveTheirShares) {
  const WorkloadRows rows = all_rows(small_options());
  std::array<double, kEventNames> counts{};
  for (const std::uint32_t event : rows.events) ++counts.at(event);
  constexpr std::array<double, kEventNames> kShares = {35, 20, 14, 10, 8, 6, 5, 2};
  for (std::size_t event = 0; event < kEventNames; ++event) {
    EXPECT_NEAR(100 * counts[event] / static_cast<double>(rows.size()), kShares[event], 0.5);
  }
}

TEST(WorkloadW, OnlyPurchasesAndRefundsHaveValuesUnlessAllDo) {
  WorkloadWOptions options = small_options();
  const auto has_value = [](Amount value) { return 10'000 <= value && value <= 200'000'000; };
  WorkloadRows rows = all_rows(options);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool valued = rows.events[i] == kPurchase || rows.events[i] == kRefund;
    ASSERT_TRUE(valued ? has_value(rows.values[i]) : rows.values[i] == 0);
  }
  options.all_valued = true;
  rows = all_rows(options);
  EXPECT_TRUE(std::all_of(rows.values.begin(), rows.values.end(), has_value));
}

TEST(WorkloadW, UsersFollowZipfsLaw) {
  WorkloadWOptions options = small_options();
  options.events = 4'000'000;
  const WorkloadRows rows = all_rows(options);
  std::vector<double> counts(options.users);
  for (const std::uint64_t user : rows.users) ++counts.at(user);
  std::sort(counts.begin(), counts.end(), std::greater<>());
  double weights = 0;
  for (std::uint64_t rank = 1; rank <= options.users; ++rank) {
    weights += std::pow(static_cast<double>(rank), -0.8);
  }
  for (const std::size_t rank : {1U, 2U, 3U, 10U, 100U, 1000U}) {
    const double expected =
        static_cast<double>(rows.size()) * std::pow(static_cast<double>(rank), -0.8) / weights;
    // Sorting moves neighbours, who differ by less than this.
    EXPECT_NEAR(counts[rank - 1], expected, 6 * std::sqrt(expected)) << "rank " << rank;
  }
}

TEST(WorkloadW, BusiestOfTwoMillionHasAboutOnePercent) {
  WorkloadWOptions options;
  options.events = 2'000'000;
  const WorkloadRows rows = all_rows(options);
  std::map<std::uint64_t, std::uint64_t> counts;
  for (const std::uint64_t user : rows.users) ++counts[user];
  std::uint64_t most = 0;
  for (const auto& [user, count] : counts) most = std::max(most, count);
  EXPECT_NEAR(static_cast<double>(most) / static_cast<double>(rows.size()), 0.0115, 0.0005);
}

TEST(WorkloadW, TimesRiseButForTwoMinutesOfJitter) {
  const WorkloadWOptions options = small_options();
  const WorkloadRows rows = all_rows(options);
  const std::int64_t first_us = options.first_day.value * kDayUs;
  TimeUs latest = rows.times[0];
  bool any_late = false;
  for (const TimeUs time : rows.times) {
    ASSERT_GE(time, std::max(first_us, latest - 120'000'000));
    ASSERT_LT(time, first_us + options.days * kDayUs);
    any_late |= time < latest;
    latest = std::max(latest, time);
  }
  EXPECT_TRUE(any_late);
  EXPECT_GT(latest, first_us + options.days * kDayUs - kDayUs);
}

TEST(WorkloadW, IdsOfEveryKindNameTheSameUsers) {
  const WorkloadRows rows = all_rows(small_options());
  const WorkloadColumns scattered(rows, IdKind::kScattered), text(rows, IdKind::kString);
  std::map<std::uint64_t, std::pair<std::uint64_t, std::string>> ids;
  std::set<std::uint64_t> integers;
  std::set<std::string> strings;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::uint64_t integer = scattered.batch(i, 1).user_integers[0];
    const std::string string(text.batch(i, 1).user_strings[0]);
    ASSERT_TRUE(16 <= string.size() && string.size() <= 40) << string;
    const auto [at, added] = ids.try_emplace(rows.users[i], integer, string);
    ASSERT_EQ(at->second, std::make_pair(integer, string));
    integers.insert(integer);
    strings.insert(string);
  }
  EXPECT_EQ(integers.size(), ids.size());
  EXPECT_EQ(strings.size(), ids.size());
}

TEST(Recount, AgreesWithSets) {
  const WorkloadWOptions options = small_options();
  const WorkloadRows rows = all_rows(options);
  Recount recount(options);
  recount.add(rows);
  std::set<std::tuple<std::uint32_t, std::int64_t, std::uint64_t>> event_day_users;
  std::set<std::pair<std::int64_t, std::uint64_t>> day_users;
  std::set<std::uint64_t> users;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::int64_t day = rows.times[i] / kDayUs - options.first_day.value;
    event_day_users.emplace(rows.events[i], day, rows.users[i]);
    day_users.emplace(day, rows.users[i]);
    users.insert(rows.users[i]);
  }
  EXPECT_EQ(recount.events(), rows.size());
  EXPECT_EQ(recount.event_day_users(), event_day_users.size());
  EXPECT_EQ(recount.day_users(), day_users.size());
  EXPECT_EQ(recount.user_count(), users.size());
}

struct FloorCase {
  IdKind ids;
  unsigned threads;
  unsigned partitions;
};

class Floors : public testing::TestWithParam<FloorCase> {};

TEST_P(Floors, KeepWhatTheRowsSay) {
  WorkloadWOptions options = small_options();
  options.events = 2'000'000;
  options.users = 700;
  const WorkloadRows rows = all_rows(options);
  Recount recount(options);
  recount.add(rows);
  FloorOptions floor_options;
  floor_options.ids = GetParam().ids;
  floor_options.users = options.users;
  floor_options.days = options.days;
  floor_options.first_day = options.first_day;
  floor_options.threads = GetParam().threads;
  floor_options.partitions = GetParam().partitions;
  floor_options.round_rows = 300'000;
  const std::unique_ptr<Floor> floor = make_floor(floor_options);
  const WorkloadColumns columns(rows, floor_options.ids);
  floor->ingest(columns);
  EXPECT_EQ(floor->digest(), recount.digest(floor_options.ids));
  floor->ingest(columns);
  EXPECT_EQ(floor->digest().bits, recount.digest(floor_options.ids).bits);
  EXPECT_EQ(floor->digest().counts, 2 * recount.digest(floor_options.ids).counts);
  EXPECT_EQ(floor->digest().sums, 2 * recount.digest(floor_options.ids).sums);
}

TEST(WorkloadProperties, AreAllTakenAboutAlikeAndByEveryPair) {
  WorkloadRows rows;
  WorkloadW(small_options()).generate(0, 200'000, rows);
  const WorkloadColumns columns(rows, IdKind::kDense);
  EventBatch batch = columns.batch(0, columns.size());
  WorkloadProperties properties;
  properties.add_to(batch);
  ASSERT_EQ(batch.properties.size(), 2u);
  EXPECT_EQ(batch.properties[0].name, "channel");
  EXPECT_EQ(batch.properties[1].name, "product");
  std::map<std::pair<std::string_view, std::string_view>, std::size_t> pairs;
  for (std::size_t row = 0; row < batch.time.size(); ++row) {
    const auto value = [&](std::size_t property) {
      const DictionaryColumn& column = batch.properties[property].column;
      return column.values[column.codes[row]];
    };
    ++pairs[{value(0), value(1)}];
    ASSERT_EQ(value(0), kChannelList[channel_of(batch.time[row])]);
    ASSERT_EQ(value(1), product_name(product_of(batch.time[row])));
  }
  EXPECT_EQ(pairs.size(), kChannelList.size() * kProductCount);
  const double mean = static_cast<double>(batch.time.size()) / static_cast<double>(pairs.size());
  for (const auto& [pair, count] : pairs) {
    EXPECT_NEAR(static_cast<double>(count), mean, 6 * std::sqrt(mean)) << pair.second;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, Floors,
    testing::Values(FloorCase{IdKind::kDense, 1, 0}, FloorCase{IdKind::kDense, 1, 2},
                    FloorCase{IdKind::kDense, 2, 2}, FloorCase{IdKind::kScattered, 1, 0},
                    FloorCase{IdKind::kScattered, 1, 2}, FloorCase{IdKind::kScattered, 2, 4}),
    [](const auto& test) {
      return std::string(to_string(test.param.ids)) + "_" + std::to_string(test.param.threads) +
             "_threads_" + std::to_string(test.param.partitions) + "_parts";
    });

}  // namespace
}  // namespace rollcall::bench
