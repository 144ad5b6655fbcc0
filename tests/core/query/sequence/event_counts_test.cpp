#include "core/query/sequence/event_counts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <span>
#include <vector>

#include "tests/core/history/history_rows.h"

namespace rollcall {
namespace {

constexpr std::uint64_t kCountsSeed = 0xe7c0;
constexpr TimeUs kCountsSpan = 10'000;

struct Counts {
  std::vector<std::uint64_t> events, valued;
  friend bool operator==(const Counts&, const Counts&) = default;
};

// Is the plain reference: it looks at each event by itself.
Counts counts_of(const std::vector<HistoryRow>& rows, const EventSelector& selector,
                 const std::vector<TimeUs>& instants) {
  Counts counts = {std::vector<std::uint64_t>(instants.size() - 1),
                   std::vector<std::uint64_t>(instants.size() - 1)};
  for (const HistoryRow& row : rows) {
    const bool is_meant =
        selector.any_name || std::ranges::find(selector.names, row.name) != selector.names.end();
    for (std::size_t i = 0; is_meant && i + 1 < instants.size(); ++i) {
      if (row.time < instants[i] || row.time >= instants[i + 1]) continue;
      ++counts.events[i];
      counts.valued[i] += row.value != 0 ? 1U : 0U;
    }
  }
  return counts;
}

std::uint64_t meant_of(const std::vector<HistoryRow>& rows, const EventSelector& selector) {
  const Counts all = counts_of(rows, selector, {0, kCountsSpan});
  return all.events.front();
}

TEST(EventCounts, AreThoseOfAPlainWalk) {
  std::mt19937_64 random(kCountsSeed);
  std::size_t divided = 0, given_up = 0;
  for (int turn = 0; turn < 60; ++turn) {
    SCOPED_TRACE(::testing::Message() << "seed=" << kCountsSeed << " turn=" << turn);
    std::vector<LogRun> runs;
    std::map<std::uint32_t, std::vector<HistoryRow>> rows_by_user;
    for (std::size_t run = random() % 3 + 1; run-- > 0;) {
      std::vector<HistoryRow> rows = random_rows(random() % 2'000, 90, kCountsSpan, random);
      if (turn % 10 == 0) {
        // This user has events that fill more than a block.
        const std::vector<HistoryRow> many = random_rows(kBlockEvents + 5, 1, kCountsSpan, random);
        rows.insert(rows.end(), many.begin(), many.end());
      }
      for (const HistoryRow& row : rows) rows_by_user[row.ordinal].push_back(row);
      runs.push_back(run_of(rows));
    }
    std::vector<RunSource> sources;
    for (const LogRun& run : runs) sources.push_back(RunSource::of(run));

    EventSelector selector;
    if (random() % 2 == 0) {
      selector.any_name = false;
      selector.names = {1, 4};
    }
    // Some lie before and after all events, so that whole blocks are in one range or in none.
    std::vector<TimeUs> instants(random() % 3 + 2);
    for (TimeUs& instant : instants) {
      instant = static_cast<TimeUs>(random() % (3 * kCountsSpan)) - kCountsSpan;
    }
    std::ranges::sort(instants);
    const std::size_t at_least = random() % 2 == 0 ? 1 : 12;

    EventCounts counts(selector, instants, /*counts_valued=*/true, nullptr);
    UserCursor cursor(std::move(sources),
                      [&](std::size_t run, const LogBlock& block) { counts.open(run, block); });
    std::size_t users = 0;
    while (cursor.next()) {
      ++users;
      const std::vector<HistoryRow>& rows = rows_by_user.at(cursor.ordinal());
      const std::span<const std::uint64_t> found = counts.of_user(cursor, at_least);
      const Counts expected = counts_of(rows, selector, instants);
      const Counts given = {{found.begin(), found.end()},
                            {counts.valued().begin(), counts.valued().end()}};
      std::uint64_t in_ranges = 0;
      for (const std::uint64_t count : expected.events) in_ranges += count;
      if (given != expected) {
        // It may give up on users who have too few events.
        ASSERT_LT(in_ranges, at_least);
        ASSERT_EQ(given, counts_of({}, selector, instants));
        ++given_up;
      }
      divided += in_ranges > 0 && in_ranges < meant_of(rows, selector) ? 1U : 0U;
    }
    ASSERT_EQ(users, rows_by_user.size());
  }
  EXPECT_GT(divided, 100U);
  EXPECT_GT(given_up, 10U);
}

}  // namespace
}  // namespace rollcall
