#include "core/history/event_log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/base/byte_codec.h"
#include "tests/core/history/history_rows.h"
#include "tests/support/run_size.h"

namespace rollcall {
namespace {

constexpr std::size_t kMergeAll = std::size_t{1} << 40;

// Holds pages of commits, as a store has them.
class Disk : public StoreView {
 public:
  Result<std::string> read(const PageAddress& address) const override {
    const auto page = pages_.find(address);
    if (page == pages_.end()) return Status::corruption("a page is missing");
    ++reads;
    return page->second;
  }
  void write(Epoch epoch, const EventLog::Pages& changes) {
    for (const EventLog::Page& page : changes.pages) {
      EXPECT_TRUE(pages_.emplace(PageAddress{page.id, epoch}, page.bytes()).second);
      written_bytes += page.bytes().size();
    }
    for (const PageAddress& address : changes.superseded) {
      EXPECT_EQ(pages_.erase(address), 1u)
          << to_string(address.id) << " of epoch " << address.epoch;
    }
  }
  std::size_t page_count() const { return pages_.size(); }
  std::size_t bytes() const {
    std::size_t bytes = 0;
    for (const auto& [address, page] : pages_) bytes += page.size();
    return bytes;
  }

  mutable std::size_t reads = 0;
  std::size_t written_bytes = 0;

 private:
  std::map<PageAddress, std::string> pages_;
};

// Is a log and its oracle, which has rows in a list.
class EventLogTest : public ::testing::Test {
 protected:
  void append(std::size_t count) { append(random_rows(count, kUsers, 100'000, random_)); }

  void append(std::vector<HistoryRow> rows) {
    std::vector<std::uint32_t> ordinals, names, dimension;
    std::vector<TimeUs> times;
    std::vector<Amount> values;
    for (HistoryRow& row : rows) {
      row.property.clear();
      ordinals.push_back(row.ordinal);
      times.push_back(row.time);
      names.push_back(row.name);
      values.push_back(row.value);
      dimension.push_back(row.dimension);
    }
    const std::span<const std::uint32_t> dimensions[] = {dimension};
    log_.append({ordinals, times, names, values, dimensions, {}});
    rows_.insert(rows_.end(), rows.begin(), rows.end());
  }

  void checkpoint(std::size_t merged_bytes_max = kMergeAll) {
    const EventLog::Changes changes = log_.collect(++epoch_, {merged_bytes_max, history_begin_});
    EventLog::Pages sealed;
    if (changes.seal) {
      Result<EventLog::Pages> pages = changes.seal(disk_);
      ASSERT_TRUE(pages.ok()) << pages.status().to_string();
      sealed = *std::move(pages);
    }
    expect_rows("while it is written");
    std::string directory;
    ByteWriter writer(directory);
    changes.write_directory(writer);
    disk_.write(epoch_, changes);
    disk_.write(epoch_, sealed);
    log_.finish_seal();
    directory_ = directory;
    EXPECT_EQ(log_.dirty_bytes(), 0u);
  }

  void reopen() {
    log_ = EventLog(3, 1, 0);
    ByteReader reader(directory_);
    ASSERT_TRUE(log_.read_directory(reader).ok());
    EXPECT_TRUE(reader.done());
  }

  void forget(std::vector<std::uint32_t> ordinals) {
    std::ranges::sort(ordinals);
    ASSERT_TRUE(log_.prepare_to_forget(ordinals, disk_).ok());
    log_.forget(ordinals);
    std::erase_if(rows_, [&](const HistoryRow& row) {
      return std::ranges::binary_search(ordinals, row.ordinal);
    });
  }

  std::vector<HistoryRow> found() {
    pinned_ = log_.pin();
    std::vector<HistoryRow> rows;
    const auto add = [&](const LogBlock& block) {
      const EventColumns events = unpack(block, 1);
      const std::vector<HistoryRow> more = rows_of(events);
      rows.insert(rows.end(), more.begin(), more.end());
    };
    for (std::vector<PinnedBlock>& run : pinned_.runs) {
      std::uint32_t last = 0;
      for (PinnedBlock& pinned : run) {
        if (!pinned.block) pinned.block = *read_block(pinned.address, disk_);
        EXPECT_GE(pinned.block->first_ordinal(), std::exchange(last, pinned.block->last_ordinal()));
        add(*pinned.block);
      }
    }
    for (const auto& frozen : pinned_.rows) {
      for (const auto& block : frozen->run()) add(*block);
    }
    return rows;
  }

  void expect_rows(const std::string& when) {
    const auto sorted = [](std::vector<HistoryRow> all) {
      std::ranges::sort(all, {}, [](const HistoryRow& row) {
        return std::tuple(row.ordinal, row.time, row.name, row.value, row.dimension);
      });
      return all;
    };
    // What lies before the beginning of history may be there or not.
    const auto in_history = [&](std::vector<HistoryRow> all) {
      std::erase_if(all, [&](const HistoryRow& row) { return row.time < history_begin_; });
      return all;
    };
    const std::vector<HistoryRow> all = found();
    const std::vector<HistoryRow> expected = sorted(in_history(rows_)),
                                  rows = sorted(in_history(all));
    ASSERT_EQ(rows.size(), expected.size()) << when;
    ASSERT_EQ(rows, expected) << when;
    EXPECT_EQ(log_.event_count(), all.size()) << when;
    EXPECT_LE(all.size(), rows_.size()) << when;
  }

  // Returns how many events there are from before the beginning of history.
  std::size_t old_events() {
    const std::vector<HistoryRow> rows = found();
    return static_cast<std::size_t>(std::ranges::count_if(
        rows, [&](const HistoryRow& row) { return row.time < history_begin_; }));
  }

  static constexpr std::uint32_t kUsers = 300;
  const std::uint64_t seed_ = testing::run_seed();
  std::mt19937_64 random_{seed_};
  EventLog log_{3, 1, 0};
  Disk disk_;
  Epoch epoch_ = 0;
  std::string directory_;
  TimeUs history_begin_ = SealLimits().history_begin;
  std::vector<HistoryRow> rows_;
  PinnedLog pinned_;
};

TEST_F(EventLogTest, HasEveryEventWhateverHappens) {
  for (int turn = 0; turn < 60; ++turn) {
    SCOPED_TRACE(::testing::Message() << "turn " << turn);
    switch (random_() % 7) {
      case 6:
        if (random_() % 3 == 0) {
          history_begin_ =
              std::max<TimeUs>(history_begin_, static_cast<TimeUs>(random_() % 80'000));
        }
        break;
      case 0:
      case 1:
        append(1 + random_() % 3'000);
        break;
      case 2:
        ASSERT_NO_FATAL_FAILURE(checkpoint(random_() % 2 == 0 ? kMergeAll : 0));
        break;
      case 3:
        log_.evict(random_() % 100'000, epoch_);
        break;
      case 4:
        forget({static_cast<std::uint32_t>(random_() % kUsers),
                static_cast<std::uint32_t>(random_() % kUsers)});
        break;
      default:
        ASSERT_NO_FATAL_FAILURE(checkpoint());
        ASSERT_NO_FATAL_FAILURE(reopen());
        break;
    }
    ASSERT_NO_FATAL_FAILURE(expect_rows("after it"));
  }
}

// Rows that come while others are sealed are part of neither the commit nor what is lost.
TEST_F(EventLogTest, TakesRowsBesideASeal) {
  append(2'000);
  const EventLog::Changes changes = log_.collect(++epoch_, {kMergeAll});
  append(500);
  expect_rows("before it is sorted");
  const Result<EventLog::Pages> sealed = changes.seal(disk_);
  ASSERT_TRUE(sealed.ok());
  append(500);
  disk_.write(epoch_, changes);
  disk_.write(epoch_, *sealed);
  log_.finish_seal();
  expect_rows("after it");
  EXPECT_GT(log_.dirty_bytes(), 0u);
}

TEST_F(EventLogTest, WritesEveryEventAFewTimesAndKeepsFewRuns) {
  constexpr int kSeals = 64;
  for (int seal = 0; seal < kSeals; ++seal) {
    append(kBlockEvents / 8);
    ASSERT_NO_FATAL_FAILURE(checkpoint());
  }
  const std::size_t runs = log_.pin().runs.size();
  EXPECT_LE(runs, 9u);
  std::size_t kept_bytes = 0;
  for (const auto& run : log_.pin().runs) {
    for (const PinnedBlock& pinned : run) kept_bytes += pinned.block->bytes().size();
  }
  EXPECT_LE(disk_.written_bytes, 4 * kept_bytes) << "after " << kSeals << " seals";
}

TEST_F(EventLogTest, MergesNoMoreThanItMay) {
  for (int seal = 0; seal < 12; ++seal) {
    append(500);
    ASSERT_NO_FATAL_FAILURE(checkpoint(/*merged_bytes_max=*/0));
  }
  EXPECT_EQ(log_.pin().runs.size(), 12u);
  EXPECT_EQ(disk_.page_count(), 12u);
  expect_rows("in twelve runs");
}

// Texts count, too, and are not forgotten when the log is read again.
TEST_F(EventLogTest, MergesNoMoreTextsThanItMay) {
  constexpr std::size_t kRows = 100, kTextBytes = 1'000;
  constexpr std::size_t kMergedBytesMax = kRows * kTextBytes;
  log_ = EventLog(3, 1, 1);
  const auto seal = [&] {
    std::vector<HistoryRow> rows = random_rows(kRows, kUsers, 100'000, random_);
    std::vector<std::string_view> texts;
    for (HistoryRow& row : rows) {
      row.property = std::to_string(random_()) + std::string(kTextBytes, 'x');
      texts.push_back(row.property);
    }
    std::vector<std::uint32_t> ordinals, names, dimension;
    std::vector<TimeUs> times;
    for (const HistoryRow& row : rows) {
      ordinals.push_back(row.ordinal);
      times.push_back(row.time);
      names.push_back(row.name);
      dimension.push_back(row.dimension);
    }
    const std::span<const std::uint32_t> dimensions[] = {dimension};
    const std::span<const std::string_view> properties[] = {texts};
    const std::size_t before = log_.resident_bytes();
    const std::size_t growth = log_.growth_bytes(kRows, kRows * (kTextBytes + 20));
    log_.append({ordinals, times, names, {}, dimensions, properties});
    EXPECT_LE(log_.resident_bytes(), before + growth);
    const EventLog::Changes changes = log_.collect(++epoch_, {kMergedBytesMax});
    ASSERT_TRUE(changes.seal(disk_).ok());
    directory_.clear();
    ByteWriter writer(directory_);
    changes.write_directory(writer);
    disk_.write(epoch_, changes);
    log_.finish_seal();
  };
  for (int i = 0; i < 6; ++i) ASSERT_NO_FATAL_FAILURE(seal());
  EXPECT_EQ(log_.pin().runs.size(), 6u);
  log_ = EventLog(3, 1, 1);
  ByteReader reader(directory_);
  ASSERT_TRUE(log_.read_directory(reader).ok());
  EXPECT_TRUE(reader.done());
  ASSERT_NO_FATAL_FAILURE(seal());
  EXPECT_EQ(log_.pin().runs.size(), 7u);
  for (const std::vector<PinnedBlock>& run : log_.pin().runs) {
    EXPECT_GE(run.front().text_bytes, kRows * kTextBytes);
  }
}

TEST_F(EventLogTest, ForgettingLeavesNoPageOfAUserAlone) {
  std::vector<HistoryRow> rows = random_rows(100, 1, 1'000, random_);
  for (HistoryRow& row : rows) row.ordinal = 7;
  append(rows);
  ASSERT_NO_FATAL_FAILURE(checkpoint());
  EXPECT_EQ(disk_.page_count(), 1u);
  forget({7});
  ASSERT_NO_FATAL_FAILURE(checkpoint());
  EXPECT_EQ(disk_.page_count(), 0u);
  ASSERT_NO_FATAL_FAILURE(reopen());
  expect_rows("once nothing is left");
}

// History moves on with the stream. What is too old leaves, in little work at a time, and no event
// is written often for that.
TEST_F(EventLogTest, LetsGoOfWhatIsTooOld) {
  constexpr int kDays = 60, kKeptDays = 10;
  constexpr TimeUs kDay = 1'000;
  std::size_t written_before = 0, most_written = 0;
  for (int day = 0; day < kDays; ++day) {
    std::vector<HistoryRow> rows = random_rows(kBlockEvents / 4, kUsers, kDay, random_);
    for (HistoryRow& row : rows) row.time += day * kDay;
    append(rows);
    history_begin_ = std::max(0, day - kKeptDays) * kDay;
    ASSERT_NO_FATAL_FAILURE(checkpoint());
    if (day % 7 == 0) {
      ASSERT_NO_FATAL_FAILURE(reopen());
    }
    most_written = std::max(most_written, disk_.written_bytes - written_before);
    written_before = disk_.written_bytes;
  }
  expect_rows("of the last days");
  const std::size_t old = old_events();
  EXPECT_LE(old, log_.event_count() / 3) << "of " << log_.event_count();
  EXPECT_FALSE(log_.has_old_events(history_begin_));
  const std::size_t kept_bytes = disk_.bytes();
  EXPECT_LE(disk_.written_bytes, 6 * kept_bytes * kDays / kKeptDays);
  EXPECT_LE(most_written, 3 * kept_bytes);
}

// A history that had no beginning gets one: every block is looked at, a few at each checkpoint.
TEST_F(EventLogTest, LooksAtAFewBlocksAtATime) {
  append(20 * kBlockEvents);
  ASSERT_NO_FATAL_FAILURE(checkpoint());
  ASSERT_NO_FATAL_FAILURE(reopen());
  history_begin_ = 50'000;  // half of it is too old
  int checkpoints = 0;
  for (; log_.has_old_events(history_begin_); ++checkpoints) {
    const std::size_t reads = disk_.reads, count = log_.event_count();
    ASSERT_NO_FATAL_FAILURE(checkpoint());
    EXPECT_LT(log_.event_count(), count);
    EXPECT_GE(log_.event_count() + 5 * kBlockEvents, count);
    EXPECT_LE(disk_.reads - reads, 24u) << "to expect_rows() as well";
    ASSERT_NO_FATAL_FAILURE(reopen());
  }
  EXPECT_GE(checkpoints, 5);
  EXPECT_EQ(old_events(), 0u);
  history_begin_ = 51'000;
  EXPECT_FALSE(log_.has_old_events(history_begin_)) << "too few are older";
  history_begin_ = 64'000;
  EXPECT_TRUE(log_.has_old_events(history_begin_));
}

// Late rows from before the beginning leave with the rows that they came with.
TEST_F(EventLogTest, BlocksThatAreTooOldVanish) {
  append(random_rows(kBlockEvents * 2, kUsers, 1'000, random_));
  ASSERT_NO_FATAL_FAILURE(checkpoint());
  history_begin_ = 1'000;
  append(random_rows(100, kUsers, 1'000, random_));
  ASSERT_NO_FATAL_FAILURE(checkpoint());
  EXPECT_EQ(log_.event_count(), 0u);
  EXPECT_EQ(disk_.page_count(), 0u);
  ASSERT_NO_FATAL_FAILURE(reopen());
  EXPECT_EQ(log_.event_count(), 0u);
  EXPECT_TRUE(log_.pin().runs.empty());
}

TEST_F(EventLogTest, EvictedBlocksComeBack) {
  append(5'000);
  ASSERT_NO_FATAL_FAILURE(checkpoint());
  const std::size_t resident = log_.resident_bytes();
  EXPECT_GT(resident, 0u);
  log_.evict(resident, epoch_ - 1);
  EXPECT_EQ(log_.resident_bytes(), resident) << "what no durable commit has stays";
  log_.evict(resident, epoch_);
  EXPECT_EQ(log_.resident_bytes(), 0u);
  expect_rows("read from the store");
  EXPECT_GT(disk_.reads, 0u);
  log_.install(pinned_);
  EXPECT_EQ(log_.resident_bytes(), resident);
  const std::size_t reads = disk_.reads;
  expect_rows("from memory again");
  EXPECT_EQ(disk_.reads, reads);
}

TEST_F(EventLogTest, DirectoriesThatCannotBeAreRefused) {
  append(kBlockEvents + 10);
  ASSERT_NO_FATAL_FAILURE(checkpoint());
  for (std::size_t size = 0; size < directory_.size(); ++size) {
    ByteReader reader(std::string_view(directory_).substr(0, size));
    EventLog log(3, 1, 0);
    EXPECT_FALSE(log.read_directory(reader).ok() && reader.done()) << size;
  }
}

}  // namespace
}  // namespace rollcall
