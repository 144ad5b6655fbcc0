#include "core/engine/day_totals.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/run_size.h"

namespace rollcall {
namespace {

using Place = std::pair<SeriesId, std::int32_t>;

// Is what a store holds, and which of it a question has it add up.
class Store {
 public:
  std::map<Place, std::uint64_t> events;
  std::set<Place> added_up;  // by the last question

  std::vector<PinnedTotal> ask(DayTotals& totals, const TotalsRead& read) {
    added_up.clear();
    const auto add_up = [&](std::span<const DayTotals::Key> keys) {
      std::vector<EventTotal> sums;
      for (const DayTotals::Key& key : keys) {
        const Place place(key.series, key.day.value);
        EXPECT_TRUE(added_up.insert(place).second);
        sums.push_back({.events = events[place]});
      }
      return Result<std::vector<EventTotal>>(std::move(sums));
    };
    return *totals.find(read, add_up);
  }
};

TEST(DayTotals, AddUpOnlyWhatWasNotAskedForSinceItChanged) {
  std::mt19937_64 random(testing::run_seed());
  Store store;
  DayTotals totals;
  std::set<Place> kept;
  for (int step = 0; step < 2000; ++step) {
    const auto day = static_cast<std::int32_t>(random() % 10);
    const Place changed(static_cast<SeriesId>(random() % 4), day);
    store.events[changed] += 1 + random() % 5;
    totals.forget({changed.first, Day{changed.second}});
    kept.erase(changed);
    if (random() % 50 == 0) {
      totals.clear();
      kept.clear();
    }
    TotalsRead read;
    for (SeriesId series = 0; series < 4; ++series) {
      if (random() % 2 == 0) read.series.push_back(series);
    }
    read.days = {Day{day}, Day{day + static_cast<std::int32_t>(random() % 4)}};
    std::set<Place> missing;
    const std::vector<PinnedTotal> found = store.ask(totals, read);
    auto next = found.begin();
    for (std::int32_t each = read.days.first.value; each <= read.days.last.value; ++each) {
      for (const SeriesId series : read.series) {
        ASSERT_NE(next, found.end());
        EXPECT_EQ(next->series, series);
        EXPECT_EQ(next->day.value, each);
        const Place place(series, each);
        EXPECT_EQ(next->total.events, store.events[place]);
        if (kept.insert(place).second) missing.insert(place);
        ++next;
      }
    }
    EXPECT_EQ(next, found.end());
    ASSERT_EQ(store.added_up, missing);
  }
}

TEST(DayTotals, KeepNothingOfWhatCouldNotBeAddedUp) {
  Store store;
  DayTotals totals;
  const TotalsRead read{.series = {1}, .days = {Day{5}, Day{6}}};
  const auto fail = [](std::span<const DayTotals::Key>) {
    return Result<std::vector<EventTotal>>(Status::io_error("no"));
  };
  EXPECT_EQ(totals.find(read, fail).status().code(), StatusCode::kIoError);
  store.ask(totals, read);
  EXPECT_EQ(store.added_up, (std::set<Place>{{1, 5}, {1, 6}}));
}

TEST(DayTotals, KeepNoMoreThanTheyHaveRoomFor) {
  constexpr std::int32_t kDays = 1 << 14;
  Store store;
  DayTotals totals;
  const auto read_of = [](SeriesId series, std::int32_t days) {
    return TotalsRead{.series = {series}, .days = {Day{0}, Day{days - 1}}};
  };
  for (SeriesId series = 0; series < 4; ++series) store.ask(totals, read_of(series, kDays));
  store.ask(totals, read_of(0, kDays));
  EXPECT_TRUE(store.added_up.empty());
  const std::size_t full = totals.memory_bytes();
  store.ask(totals, read_of(4, 1));  // is one too many: all others are forgotten
  EXPECT_LT(totals.memory_bytes(), full);
  store.ask(totals, read_of(0, 1));
  EXPECT_EQ(store.added_up.size(), 1u);
  EXPECT_TRUE(DayTotals::has_room_for(read_of(0, 4 * kDays)));
  EXPECT_FALSE(DayTotals::has_room_for(read_of(0, 4 * kDays + 1)));
}

}  // namespace
}  // namespace rollcall
