#include "core/history/open_events.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "tests/core/history/history_rows.h"

namespace rollcall {
namespace {

constexpr std::uint64_t kSeed = 0x09e7;

TEST(OpenEvents, AreSortedByUserAndTime) {
  std::mt19937_64 random(kSeed);
  for (const std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{5000}}) {
    SCOPED_TRACE(::testing::Message() << "seed=" << kSeed << " rows=" << count);
    std::vector<HistoryRow> rows = random_rows(count, 70, 100, random);
    OpenEvents open(1, 1);
    append(open, rows);
    EXPECT_EQ(open.size(), count);
    sort_rows(rows);
    EXPECT_EQ(rows_of(open.snapshot().sorted()), rows);
  }
}

TEST(OpenEvents, ASnapshotKeepsItsRows) {
  std::mt19937_64 random(kSeed);
  OpenEvents open(1, 1);
  std::vector<HistoryRow> rows;
  std::vector<std::pair<OpenEvents::Snapshot, std::vector<HistoryRow>>> snapshots;
  for (int batch = 0; batch < 20; ++batch) {
    const std::vector<HistoryRow> more = random_rows(random() % 900, 30, 1000, random);
    append(open, more);
    rows.insert(rows.end(), more.begin(), more.end());
    snapshots.emplace_back(open.snapshot(), rows);
  }
  open.clear();
  EXPECT_EQ(open.size(), 0u);
  append(open, random_rows(2000, 30, 1000, random));
  for (auto& [snapshot, expected] : snapshots) {
    sort_rows(expected);
    EXPECT_EQ(rows_of(snapshot.sorted()), expected) << "seed=" << kSeed;
  }
}

TEST(OpenEvents, TextsAreCopiedAndCounted) {
  OpenEvents open(1, 1);
  std::vector<HistoryRow> rows(2);
  rows[0].property = std::string(100, 'a');
  rows[1] = rows[0];
  append(open, rows);
  const std::size_t once = open.memory_bytes();
  append(open, rows);
  EXPECT_EQ(open.memory_bytes(), once);
  rows[0].property = std::string(5000, 'b');
  append(open, rows);
  EXPECT_GE(open.memory_bytes(), once + 5000);
  rows[0].property.assign(5000, 'c');
  EXPECT_EQ(open.snapshot().sorted().properties[0][4], std::string(5000, 'b'));
}

}  // namespace
}  // namespace rollcall
