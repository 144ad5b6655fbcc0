#include "core/history/log_merge.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "tests/core/history/history_rows.h"

namespace rollcall {
namespace {

constexpr std::uint64_t kSeed = 0x3e6e;

std::vector<HistoryRow> rows_of(const LogRun& run) {
  std::vector<HistoryRow> rows;
  for (const auto& block : run) {
    const std::vector<HistoryRow> more = rows_of(unpack(*block, 1));
    rows.insert(rows.end(), more.begin(), more.end());
  }
  return rows;
}

TEST(RunWriter, FillsAllBlocksButTheLast) {
  std::mt19937_64 random(kSeed);
  std::vector<HistoryRow> rows = random_rows(3 * kBlockEvents + 1, 500, 1'000'000, random);
  const LogRun run = run_of(rows);
  ASSERT_EQ(run.size(), 4u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(run[i]->event_count(), kBlockEvents);
    EXPECT_LE(run[i]->last_ordinal(), run[i + 1]->first_ordinal());
  }
  EXPECT_EQ(run[3]->event_count(), 1u);
  sort_rows(rows);
  EXPECT_EQ(rows_of(run), rows) << "seed=" << kSeed;
}

TEST(RunWriter, AUserOfManyEventsGoesOnInTheNextBlock) {
  std::mt19937_64 random(kSeed);
  std::vector<HistoryRow> rows = random_rows(2 * kBlockEvents + 100, 1, 1'000, random);
  const std::vector<HistoryRow> others = random_rows(300, 5, 1'000, random);
  rows.insert(rows.end(), others.begin(), others.end());
  const LogRun run = run_of(rows);
  ASSERT_EQ(run.size(), 3u);
  EXPECT_EQ(run[0]->user_count(), 1u);
  EXPECT_EQ(run[1]->first_ordinal(), 0u);
  EXPECT_EQ(run[2]->last_ordinal(), 4u);
  sort_rows(rows);
  EXPECT_EQ(rows_of(run), rows) << "seed=" << kSeed;
}

TEST(Merge, IsOneRunOfAllEvents) {
  std::mt19937_64 random(kSeed);
  for (int trial = 0; trial < 30; ++trial) {
    SCOPED_TRACE(::testing::Message() << "seed=" << kSeed << " trial=" << trial);
    std::vector<HistoryRow> all;
    std::vector<LogRun> runs;
    for (std::size_t run = 0; run < random() % 6; ++run) {
      // Some runs are much longer than others, and times meet.
      const std::size_t count = random() % 8 == 0 ? kBlockEvents + 77 : random() % 2000;
      std::vector<HistoryRow> rows = random_rows(count, 200, 50, random);
      // Mostly one run comes after the other, and sometimes they overlap a little.
      const auto later = static_cast<TimeUs>(run * (trial % 3) * 24);
      for (HistoryRow& row : rows) row.time += later;
      runs.push_back(run_of(rows));
      all.insert(all.end(), rows.begin(), rows.end());
    }
    sort_rows(all);
    const LogRun merged = merge(runs, 1, 1);
    ASSERT_EQ(rows_of(merged), all);
    for (std::size_t i = 1; i < merged.size(); ++i) {
      ASSERT_LE(merged[i - 1]->last_ordinal(), merged[i]->first_ordinal());
    }
  }
}

// A property that was added later is empty in what came before.
TEST(Merge, BlocksOfBeforeAPropertyHaveItEmpty) {
  OpenEvents before(0, 0), after(0, 1);
  const std::vector<std::uint32_t> ordinals = {3, 4}, names = {0, 1};
  const std::vector<TimeUs> times = {10, 20};
  const std::vector<std::string_view> texts = {"a", "b"};
  const std::span<const std::string_view> properties[] = {texts};
  before.append({ordinals, times, names, {}, {}, {}});
  after.append({ordinals, times, names, {}, {}, properties});
  std::vector<LogRun> runs;
  for (const OpenEvents* open : {&before, &after}) {
    const OpenEvents::Snapshot snapshot = open->snapshot();
    const EventColumns sorted = snapshot.sorted();
    RunWriter writer(0, sorted.properties.size());
    writer.add(sorted, 0, sorted.size());
    runs.push_back(writer.finish());
  }
  const LogRun merged = merge(runs, 0, 1);
  ASSERT_EQ(merged.size(), 1u);
  const EventColumns events = unpack(*merged[0], 1);
  EXPECT_EQ(events.ordinals, (std::vector<std::uint32_t>{3, 3, 4, 4}));
  EXPECT_EQ(events.properties[0], (std::vector<std::string_view>{"", "a", "", "b"}));
}

}  // namespace
}  // namespace rollcall
