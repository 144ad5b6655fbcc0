// A partition against an oracle of maps and sets: whatever happens to it in whatever order, it
// knows of its users what the rows say.
#include "core/partition/partition.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/workers.h"
#include "tests/core/pages/page_disk.h"
#include "tests/support/random.h"
#include "tests/support/run_size.h"

namespace rollcall {
namespace {

using testing::PageDisk;
using testing::Random;

constexpr std::uint32_t kPartitionCount = 2;
constexpr std::int32_t kDayCount = 9;
const DayRange kAllDays = {Day{0}, Day{kDayCount}};

using UserNumber = std::uint64_t;

struct Row {
  UserNumber user = 0;
  std::size_t event = 0;
  std::size_t country = 0;
  std::int32_t day = 0;
  int hour = 0;
  Amount value = 0;
};

const std::vector<std::string_view> kEvents = {"view", "buy", "leave"};
const std::vector<std::string_view> kCountries = {"DE", "FR"};

// Says what the rows say, by the name of a series: "any", "view", "view in DE".
struct Oracle {
  using OfDays = std::map<std::pair<std::string, std::int32_t>, std::set<UserNumber>>;
  OfDays presence;
  std::map<std::pair<std::string, std::int32_t>, std::map<UserNumber, AmountSum>> amounts;
  struct Hour {
    std::uint64_t events = 0;
    AmountSum value = 0;
    friend bool operator==(const Hour&, const Hour&) = default;
  };
  std::map<std::tuple<std::string, std::int32_t, int>, Hour> hours;
  std::map<std::string, std::uint64_t> events;
  std::set<UserNumber> users, forgotten;

  void add(const Row& row) {
    const std::string event(kEvents[row.event]);
    const std::string in_country = event + " in " + std::string(kCountries[row.country]);
    users.insert(row.user);
    presence[{"any", row.day}].insert(row.user);
    ++events[event];
    for (const std::string& series : {event, in_country}) {
      presence[{series, row.day}].insert(row.user);
      if (row.value != 0) amounts[{series, row.day}][row.user] += row.value;
      Hour& hour = hours[{series, row.day, row.hour}];
      ++hour.events;
      hour.value += row.value;
    }
  }

  void forget(UserNumber user) {
    users.erase(user);
    forgotten.insert(user);
    for (auto& [key, set] : presence) set.erase(user);
    for (auto& [key, of_users] : amounts) of_users.erase(user);
  }

  // Holds first and last days of the events' series and any.
  std::map<std::pair<std::string, UserNumber>, std::pair<std::int32_t, std::int32_t>> bounds()
      const {
    std::map<std::pair<std::string, UserNumber>, std::pair<std::int32_t, std::int32_t>> bounds;
    for (const auto& [key, set] : presence) {
      if (key.first.find(" in ") != std::string::npos) continue;
      for (const UserNumber user : set) {
        const auto [found, made] = bounds.try_emplace({key.first, user}, key.second, key.second);
        found->second.first = std::min(found->second.first, key.second);
        found->second.second = std::max(found->second.second, key.second);
      }
    }
    return bounds;
  }
};

class PartitionTest : public ::testing::Test {
 protected:
  PartitionTest() {
    settings_.user_kind = UserKind::kInteger;
    settings_.partition_count = kPartitionCount;
    settings_.dimensions = {"country"};
    for (std::uint32_t i = 0; i < kPartitionCount; ++i) {
      partitions_.emplace_back(i, settings_);
    }
    names_ = {"any"};
  }

  std::unique_ptr<PreparedRows> prepared(const std::vector<Row>& rows) {
    std::vector<std::uint64_t> users;
    std::vector<std::uint32_t> events, countries;
    std::vector<TimeUs> times;
    std::vector<Amount> values;
    for (const Row& row : rows) {
      users.push_back(row.user);
      events.push_back(static_cast<std::uint32_t>(row.event));
      countries.push_back(static_cast<std::uint32_t>(row.country));
      times.push_back((row.day * 24 + row.hour) * kUsPerHour);
      values.push_back(row.value);
    }
    const std::vector<PropertyColumn> properties = {{"country", {kCountries, countries}}};
    EventBatch batch;
    batch.user_integers = users;
    batch.event = {kEvents, events};
    batch.time = times;
    batch.value = values;
    batch.properties = properties;
    auto result = prepare_rows(
        batch, {settings_, TimeZone(), std::numeric_limits<TimeUs>::max(), pool_, workers_});
    EXPECT_TRUE(result.ok()) << result.status().to_string();
    return *std::move(result);
  }

  SeriesId number_of(const std::string& name) {
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found == names_.end()) names_.push_back(name);
    const auto place = std::find(names_.begin(), names_.end(), name);
    return static_cast<SeriesId>(place - names_.begin());
  }

  // Numbers of the batch's series in this test's catalog, which is a list of names.
  std::vector<NumberedSeries> series_of(const PreparedRows& rows) {
    std::vector<NumberedSeries> series;
    for (std::size_t i = 0; i < rows.series.size(); ++i) {
      const LocalSeries& local = rows.series[i];
      std::string name = rows.event_names[local.event];
      if (i >= rows.event_names.size()) name += " in " + rows.dimension_values[0][local.value];
      series.push_back({number_of(name), 0});
    }
    return series;
  }

  Status stage(const PreparedRows& batch, std::size_t bytes_max) {
    const std::vector<NumberedSeries> series = series_of(batch);
    MemoryAllowance allowance(bytes_max);
    for (Partition& partition : partitions_) {
      ROLLCALL_RETURN_IF_ERROR(partition.stage(batch, disk_, series, allowance));
    }
    return {};
  }

  void ingest(const std::vector<Row>& rows) {
    const std::unique_ptr<PreparedRows> batch = prepared(rows);
    ASSERT_TRUE(stage(*batch, std::size_t{1} << 30).ok());
    ++batch_;
    for (Partition& partition : partitions_) partition.apply(*batch, batch_);
    for (const Row& row : rows) oracle_.add(row);
  }

  void fold(FoldDepth depth) {
    for (Partition& partition : partitions_) ASSERT_TRUE(partition.fold(disk_, depth).ok());
  }

  void checkpoint() {
    fold(FoldDepth::kBounds);
    ++epoch_;
    for (Partition& partition : partitions_) {
      CollectedPages pages;
      partition.collect_dirty(epoch_, {}, pages);
      CollectedPages more;
      for (const auto& work : pages.work) ASSERT_TRUE(work(disk_, more).ok());
      for (DirtyPage& page : more.dirty) pages.dirty.push_back(std::move(page));
      pages.superseded.insert(pages.superseded.end(), more.superseded.begin(),
                              more.superseded.end());
      disk_.write(epoch_, std::move(pages.dirty), pages.superseded);
      partition.finish_commit();
      EXPECT_EQ(partition.memory_use().dirty_bytes, 0u);
    }
  }

  void reopen() {
    checkpoint();
    for (std::uint32_t i = 0; i < kPartitionCount; ++i) {
      const Epoch epoch = partitions_[i].epoch();
      partitions_[i] = Partition(i, settings_);
      if (epoch != 0) {
        ASSERT_TRUE(partitions_[i].open(disk_, epoch, names_.size(), batch_).ok());
      }
    }
  }

  void evict(std::size_t bytes_max) {
    for (Partition& partition : partitions_) partition.evict(bytes_max, epoch_);
  }

  void forget(const std::set<UserNumber>& users) {
    fold(FoldDepth::kBounds);
    for (Partition& partition : partitions_) {
      ASSERT_TRUE(partition.load_users(disk_).ok());
      std::vector<std::uint32_t> ordinals;
      for (std::uint32_t i = 0; i < partition.ordinal_count(); ++i) {
        if (!partition.users().is_erased(i) && users.contains(user_of(partition, i))) {
          ordinals.push_back(i);
        }
      }
      ASSERT_TRUE(partition.load_pages_of(ordinals, disk_).ok());
      partition.forget(ordinals);
    }
    for (const UserNumber user : users) oracle_.forget(user);
  }

  static UserNumber user_of(const Partition& partition, std::uint32_t ordinal) {
    return std::get<std::uint64_t>(partition.users().user(ordinal));
  }

  template <class T>
  T page_of(const PageRef<T>& page, const PageAddress& address) {
    if (page) return *page;
    const Result<std::string> bytes = disk_.read(address);
    EXPECT_TRUE(bytes.ok()) << bytes.status().to_string();
    Result<T> read = T::deserialize(*bytes);
    EXPECT_TRUE(read.ok()) << read.status().to_string();
    return *std::move(read);
  }

  ReadSet all_reads() const {
    ReadSet reads;
    for (SeriesId series = 0; series < names_.size(); ++series) {
      reads.presence.push_back({{series}, kAllDays});
      reads.amounts.push_back({{series}, kAllDays});
      reads.bounds.push_back({{series}});
      reads.totals.push_back({{series}, kAllDays, /*by_hour=*/true});
    }
    return reads;
  }

  // Says what the partitions know, in the oracle's terms.
  void read_all(
      Oracle& found,
      std::map<std::pair<std::string, UserNumber>, std::pair<std::int32_t, std::int32_t>>& bounds) {
    const ReadSet reads = all_reads();
    for (Partition& partition : partitions_) {
      QuestionBudget budget(std::size_t{1} << 30);
      const QueryLimits limits;
      QuestionAccount account(budget, limits);
      ASSERT_TRUE(partition.load_users(disk_).ok());
      ASSERT_TRUE(partition.load_for(reads, 1, disk_).ok());
      const PinnedPartition pinned = partition.pin(reads, kPartitionCount, 0, account);
      std::vector<UserNumber> users(partition.ordinal_count());
      std::map<UserNumber, std::uint32_t> ordinals;
      for (std::uint32_t i = 0; i < users.size(); ++i) {
        if (partition.users().is_erased(i)) continue;
        users[i] = user_of(partition, i);
        ordinals[users[i]] = i;
        ASSERT_TRUE(found.users.insert(users[i]).second) << "a user is in two places";
      }
      for (const auto& page : pinned.pages.of<PresenceForm>()) {
        const PageId& id = page.address.id;
        const PresenceChunk chunk = page_of(page.page, page.address);
        const std::uint32_t first = id.chunk * kChunkOrdinals;
        for (std::uint32_t i = first; i < users.size() && i < first + kChunkOrdinals; ++i) {
          if (chunk.contains(i)) found.presence[{names_[id.series], id.day}].insert(users[i]);
        }
      }
      for (const auto& page : pinned.pages.of<AmountsForm>()) {
        const PageId& id = page.address.id;
        AmountChunk chunk = page_of(page.page, page.address);
        for (const UserNumber user : oracle_.presence[{names_[id.series], id.day}]) {
          const auto place = ordinals.find(user);
          if (place == ordinals.end() || place->second / kChunkOrdinals != id.chunk) continue;
          const AmountSum sum = chunk.take(place->second);
          if (sum != 0) found.amounts[{names_[id.series], id.day}][user] += sum;
        }
        EXPECT_EQ(chunk.sum(), 0) << "amounts of nobody";
      }
      for (const auto& page : pinned.pages.of<BoundsForm>()) {
        const PageId& id = page.address.id;
        const BoundsChunk chunk = page_of(page.page, page.address);
        for (std::uint32_t i = 0; i < chunk.size(); ++i) {
          if (!chunk.contains(i)) continue;
          bounds[{names_[id.series], users.at(id.chunk * kChunkOrdinals + i)}] = {chunk.first()[i],
                                                                                  chunk.last()[i]};
        }
      }
      for (const TotalsRead& read : reads.totals) {
        for (const PinnedTotal& total : partition.totals(read, account)) {
          Oracle::Hour& hour = found.hours[{names_[total.series], total.day.value, total.hour}];
          hour.events += total.total.events;
          hour.value += total.total.value;
        }
      }
      for (const auto& [series, events] : partition.events()) {
        found.events[names_[series]] += events;
      }
      for (const auto& [key, set] : oracle_.presence) {
        day_users_[key] += partition.day_total(number_of(key.first), Day{key.second}).users;
      }
    }
  }

  void expect_as_the_rows_say() {
    fold(FoldDepth::kBounds);
    Oracle found;
    std::map<std::pair<std::string, UserNumber>, std::pair<std::int32_t, std::int32_t>> bounds;
    day_users_.clear();
    ASSERT_NO_FATAL_FAILURE(read_all(found, bounds));
    // If everybody is forgotten, an empty page and no page mean the same.
    for (Oracle* const oracle : {&oracle_, &found}) {
      std::erase_if(oracle->presence, [](const auto& entry) { return entry.second.empty(); });
      for (auto& [key, of_users] : oracle->amounts) {
        std::erase_if(of_users, [](const auto& entry) { return entry.second == 0; });
      }
      std::erase_if(oracle->amounts, [](const auto& entry) { return entry.second.empty(); });
    }
    EXPECT_EQ(found.users, oracle_.users);
    EXPECT_TRUE(found.presence == oracle_.presence);
    EXPECT_TRUE(found.amounts == oracle_.amounts);
    EXPECT_TRUE(found.hours == oracle_.hours);
    EXPECT_EQ(found.events, oracle_.events);
    EXPECT_TRUE(bounds == oracle_.bounds());
    for (const auto& [key, set] : oracle_.presence) {
      EXPECT_EQ(day_users_[key], set.size()) << key.first << " on day " << key.second;
    }
    std::uint64_t user_count = 0;
    for (const Partition& partition : partitions_) user_count += partition.user_count();
    EXPECT_EQ(user_count, oracle_.users.size());
  }

  std::vector<Row> random_rows(Random& random, std::size_t count, std::size_t user_max) {
    std::vector<Row> rows;
    while (rows.size() < count) {
      Row row;
      row.user = random.below(user_max);
      if (oracle_.forgotten.contains(row.user)) continue;
      row.event = random.below(kEvents.size());
      row.country = random.below(kCountries.size());
      row.day = random.between(0, kDayCount - 1);
      row.hour = random.between(0, 23);
      row.value = random.chance(30) ? random.between(-1000, 1000) : 0;
      rows.push_back(row);
    }
    return rows;
  }

  void step(Random& random, std::size_t rows_max, std::size_t user_max) {
    switch (random.below(9)) {
      case 0:
        return fold(random.chance(50) ? FoldDepth::kPresence : FoldDepth::kBounds);
      case 1:
        return checkpoint();
      case 2:
        return reopen();
      case 3: {
        checkpoint();
        return evict(random.chance(30) ? 0 : random.below(std::size_t{1} << 20));
      }
      case 4: {
        std::set<UserNumber> users;
        for (const UserNumber user : oracle_.users) {
          if (random.below(oracle_.users.size()) < 3) users.insert(user);
        }
        return forget(users);
      }
      case 5: {
        // A batch that is taken back, or has no room, leaves nothing.
        const bool has_room = random.chance(50);
        const Status staged =
            stage(*prepared(random_rows(random, 1 + random.below(rows_max), 2 * user_max)),
                  has_room ? std::size_t{1} << 30 : random.below(2000));
        EXPECT_TRUE(staged.ok() || staged.code() == StatusCode::kResourceExhausted);
        for (Partition& partition : partitions_) partition.unstage();
        return;
      }
      default:
        return ingest(random_rows(random, 1 + random.below(rows_max), user_max));
    }
  }

  StoreSettings settings_;
  std::shared_ptr<BlockPool> pool_ = std::make_shared<BlockPool>(std::size_t{1} << 20);
  Workers workers_;
  PageDisk disk_;
  std::vector<Partition> partitions_;
  std::vector<std::string> names_;  // of series, by number
  Oracle oracle_;
  std::map<std::pair<std::string, std::int32_t>, std::uint64_t> day_users_;
  Epoch epoch_ = 0;
  BatchNumber batch_ = 0;
};

TEST_F(PartitionTest, KnowsWhatTheRowsSayWhateverHappens) {
  Random random(testing::run_seed());
  for (int i = 0; i < 150; ++i) {
    ASSERT_NO_FATAL_FAILURE(step(random, 300, 500));
    if (i % 3 == 0) {
      ASSERT_NO_FATAL_FAILURE(expect_as_the_rows_say());
    }
    ASSERT_FALSE(HasFailure()) << "after step " << i;
  }
}

// Users of several chunks: each user of the first batch comes once.
TEST_F(PartitionTest, KnowsWhatTheRowsSayOfManyUsers) {
  Random random(testing::run_seed());
  constexpr UserNumber kUsers = 2 * kPartitionCount * kChunkOrdinals;
  std::vector<Row> rows;
  for (UserNumber user = 0; user < kUsers; ++user) {
    rows.push_back({user, 0, user % 2, static_cast<std::int32_t>(user % 3), 5, 0});
  }
  ASSERT_NO_FATAL_FAILURE(ingest(rows));
  for (int i = 0; i < 12; ++i) ASSERT_NO_FATAL_FAILURE(step(random, 40, kUsers));
  ASSERT_NO_FATAL_FAILURE(expect_as_the_rows_say());
  reopen();
  ASSERT_NO_FATAL_FAILURE(expect_as_the_rows_say());
}

TEST_F(PartitionTest, FoldsBoundsOnlyWhenAskedTo) {
  ingest({{7, 0, 0, 3, 1, 0}});
  fold(FoldDepth::kPresence);
  const auto has_bounds = [](const Partition& partition) {
    return !partition.pages().series<BoundsForm>().empty();
  };
  EXPECT_TRUE(std::none_of(partitions_.begin(), partitions_.end(), has_bounds));
  fold(FoldDepth::kBounds);
  EXPECT_TRUE(std::any_of(partitions_.begin(), partitions_.end(), has_bounds));
}

TEST_F(PartitionTest, FoldingTwiceChangesNothing) {
  Random random(testing::run_seed());
  ingest(random_rows(random, 100, 50));
  expect_as_the_rows_say();
  expect_as_the_rows_say();
  checkpoint();
  fold(FoldDepth::kBounds);
  for (const Partition& partition : partitions_) EXPECT_EQ(partition.memory_use().dirty_bytes, 0u);
}

TEST_F(PartitionTest, EvictingEverythingLeavesTheDirectoryAlone) {
  Random random(testing::run_seed());
  ingest(random_rows(random, 2000, 900));
  fold(FoldDepth::kBounds);
  const auto resident = [&] {
    std::size_t bytes = 0;
    for (const Partition& partition : partitions_) bytes += partition.memory_use().resident_bytes;
    return bytes;
  };
  const std::size_t dirty = resident();
  evict(0);  // nothing is stored, so pages stay
  EXPECT_GT(resident(), dirty / 4);
  expect_as_the_rows_say();
  checkpoint();
  evict(0);
  EXPECT_LT(resident(), 4096u);
  expect_as_the_rows_say();
}

}  // namespace
}  // namespace rollcall
