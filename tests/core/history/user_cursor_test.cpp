#include "core/history/user_cursor.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

#include "tests/core/history/history_rows.h"

namespace rollcall {
namespace {

constexpr std::uint64_t kSeed = 0xc0450;

using RowsByUser = std::map<std::uint32_t, std::vector<HistoryRow>>;

struct Stream {
  std::vector<LogRun> runs;
  RowsByUser rows;
};

Stream random_stream(std::size_t run_count, std::mt19937_64& random) {
  Stream stream;
  for (std::size_t run = 0; run < run_count; ++run) {
    std::vector<HistoryRow> rows = random_rows(random() % 3000, 400, 500, random);
    if (run == 1) {
      // This user has events that fill more than a block.
      const std::vector<HistoryRow> many = random_rows(kBlockEvents * 2 + 5, 1, 500, random);
      rows.insert(rows.end(), many.begin(), many.end());
    }
    stream.runs.push_back(run_of(rows));
    for (const HistoryRow& row : rows) stream.rows[row.ordinal].push_back(row);
  }
  for (auto& [ordinal, rows] : stream.rows) sort_rows(rows);
  return stream;
}

std::vector<RunSource> sources_of(const std::vector<LogRun>& runs) {
  std::vector<RunSource> sources;
  for (const LogRun& run : runs) sources.push_back(RunSource::of(run));
  return sources;
}

// Returns the rows of the user that the cursor stands at, by time; of equal times, the earlier
// run's come first.
std::vector<HistoryRow> rows_at(UserCursor& cursor,
                                const std::map<std::size_t, EventColumns>& opened) {
  std::vector<HistoryRow> rows;
  cursor.read_parts([&](std::size_t run, const LogBlock& block, const LogBlock::Walk& walk) {
    const EventColumns& columns = opened.at(run);
    EXPECT_EQ(columns.size(), block.event_count());
    std::vector<TimeUs> times(walk.user().count);
    LogBlock::Times(walk).read(walk.user().count, times.data());
    for (std::uint32_t i = 0; i < walk.user().count; ++i) {
      const std::size_t event = walk.user().begin + i;
      EXPECT_EQ(columns.ordinals[event], cursor.ordinal());
      rows.push_back({cursor.ordinal(), times[i], columns.names[event], columns.values[event],
                      columns.dimensions[0][event], std::string(columns.properties[0][event])});
    }
  });
  sort_rows(rows);
  return rows;
}

TEST(UserCursor, GivesEveryUserWithAllEvents) {
  std::mt19937_64 random(kSeed);
  for (const std::size_t run_count :
       {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{5}}) {
    SCOPED_TRACE(::testing::Message() << "seed=" << kSeed << " runs=" << run_count);
    const Stream stream = random_stream(run_count, random);
    std::map<std::size_t, EventColumns> opened;
    UserCursor cursor(sources_of(stream.runs), [&](std::size_t run, const LogBlock& block) {
      opened[run] = unpack(block, 1);
    });
    RowsByUser found;
    while (cursor.next()) found[cursor.ordinal()] = rows_at(cursor, opened);
    EXPECT_EQ(found, stream.rows);
  }
}

TEST(UserCursor, SkipsAndSeeks) {
  std::mt19937_64 random(kSeed);
  const Stream stream = random_stream(4, random);
  for (int trial = 0; trial < 20; ++trial) {
    std::map<std::size_t, EventColumns> opened;
    UserCursor cursor(sources_of(stream.runs), [&](std::size_t run, const LogBlock& block) {
      opened[run] = unpack(block, 1);
    });
    std::uint32_t wanted = 0;
    for (;;) {
      const bool seeks = random() % 2 == 0;
      if (seeks) wanted += static_cast<std::uint32_t>(random() % 60);
      const auto expected = stream.rows.lower_bound(wanted);
      const bool is_there = seeks ? cursor.seek(wanted) : cursor.next();
      ASSERT_EQ(is_there, expected != stream.rows.end());
      if (!is_there) break;
      ASSERT_EQ(cursor.ordinal(), expected->first);
      wanted = cursor.ordinal();
      const bool reads = random() % 3 != 0;
      if (reads) {
        ASSERT_EQ(rows_at(cursor, opened), expected->second) << "seed=" << kSeed;
      }
      // What was read is behind the cursor; what was not is still there for a seek.
      if (reads) {
        ++wanted;
        continue;
      }
      ASSERT_TRUE(cursor.seek(wanted));
      ASSERT_EQ(cursor.ordinal(), wanted);
      ++wanted;
    }
  }
}

}  // namespace
}  // namespace rollcall
