#include "core/engine/journal_record.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "core/base/workers.h"
#include "core/catalog/series_catalog.h"
#include "rollcall/memory_store.h"

namespace rollcall {
namespace {

// A row by what it means. Values are 0 where there are none.
using Row =
    std::tuple<std::uint64_t, std::string, std::int32_t, std::uint32_t, std::string, Amount>;

// Random batches staged in partitions that know some of the users.
class JournalRecordTest : public ::testing::TestWithParam<UserKind> {
 protected:
  JournalRecordTest() {
    std::printf("seed=%u\n", seed_);
    settings_.user_kind = GetParam();
    settings_.partition_count = 8;
    settings_.dimensions = {"country"};
    settings_.kept_properties = {"session"};
    for (std::uint32_t i = 0; i < settings_.partition_count; ++i) {
      partitions_.emplace_back(i, settings_);
    }
  }

  std::size_t below(std::size_t bound) { return random_() % bound; }

  std::unique_ptr<PreparedRows> random_rows(std::size_t count) {
    std::vector<std::uint64_t> integers;
    std::vector<std::string> texts;
    std::vector<std::string_view> strings;
    std::vector<std::uint32_t> events, countries, sessions;
    std::vector<TimeUs> times;
    std::vector<Amount> values;
    const std::size_t users = 1 + below(2 * count + 1);
    for (std::size_t i = 0; i < count; ++i) {
      integers.push_back(below(users));
      texts.push_back("user " + std::to_string(integers.back()));
      events.push_back(static_cast<std::uint32_t>(below(3)));
      countries.push_back(static_cast<std::uint32_t>(below(2)));
      sessions.push_back(static_cast<std::uint32_t>(below(count)));
      times.push_back(static_cast<TimeUs>(below(40)) * kUsPerHour - 3 * kUsPerDay);
      values.push_back(below(3) == 0 ? static_cast<Amount>(random_()) : 0);
    }
    strings.assign(texts.begin(), texts.end());
    const std::vector<std::string_view> names = {"login", "buy", "view"};
    const std::vector<std::string_view> country_names = {"DE", ""};
    std::vector<std::string> session_texts(count);
    for (std::size_t i = 1; i < count; ++i) session_texts[i] = "session " + std::to_string(i);
    const std::vector<std::string_view> session_names(session_texts.begin(), session_texts.end());
    std::vector<PropertyColumn> properties = {{"country", {country_names, countries}}};
    if (below(4) != 0) properties.push_back({"session", {session_names, sessions}});
    EventBatch batch;
    if (GetParam() == UserKind::kInteger) {
      batch.user_integers = integers;
    } else {
      batch.user_strings = strings;
    }
    batch.event = {names, events};
    batch.time = times;
    batch.value = values;
    batch.properties = properties;
    auto rows = prepare_rows(
        batch, {settings_, TimeZone(), std::numeric_limits<TimeUs>::max(), pool_, workers_});
    EXPECT_TRUE(rows.ok()) << rows.status().to_string();
    return *std::move(rows);
  }

  void stage(const PreparedRows& rows) {
    const std::vector<NumberedSeries> series(rows.series.size(), {.id = 1});
    MemoryAllowance allowance(std::size_t{1} << 30);
    for (Partition& partition : partitions_) {
      ASSERT_TRUE(partition.stage(rows, *view_, series, allowance).ok());
    }
  }

  // Users who come with `rows` are those that a commit has.
  std::vector<std::uint32_t> commit(const PreparedRows& rows) {
    stage(rows);
    std::vector<std::uint32_t> counts;
    for (Partition& partition : partitions_) {
      partition.apply(rows, 1);
      counts.push_back(partition.user_count());
    }
    return counts;
  }

  static std::vector<std::vector<Row>> rows_by_partition(const PreparedRows& rows) {
    std::vector<std::vector<Row>> all(rows.settings.partition_count);
    for (const auto& block : rows.blocks) {
      for (std::uint32_t partition = 0; partition < all.size(); ++partition) {
        const std::uint32_t begin = block->partition_begin[partition];
        auto value = block->values_of(partition).begin();
        for (std::uint32_t i = 0; i < block->row_count(partition); ++i) {
          const PairHour event = block->pair_hours[0][begin + i];
          const PairHour country = block->pair_hours[1][begin + i];
          const PreparedRows::Pair& pair = rows.pairs[0][event >> kHourBits];
          const LocalSeries& in_country = rows.series[rows.pairs[1][country >> kHourBits].series];
          std::string name = rows.event_names[pair.series];
          if (!block->string_ends.empty()) {
            name += " of ";
            name += block->strings_of(partition)[i];
          }
          name += " in ";
          name += block->kept[0].of_row(begin + i);
          Amount amount = 0;
          if (value != block->values_of(partition).end() && value->row == begin + i) {
            amount = value++->value;
          }
          all[partition].emplace_back(
              block->hashes[begin + i], std::move(name), pair.day.value, event % kHourStride,
              rows.event_names[in_country.event] + rows.dimension_values[0][in_country.value],
              amount);
        }
      }
    }
    return all;
  }

  Result<JournalledBatch> decode(std::string_view bytes) {
    return decode_journal_record(bytes, settings_, pool_, partitions_,
                                 [](std::uint32_t) { return Status(); });
  }

  const unsigned seed_ = std::random_device()();
  std::mt19937_64 random_{seed_};
  StoreSettings settings_;
  std::shared_ptr<BlockPool> pool_ = std::make_shared<BlockPool>(std::size_t{1} << 20);
  Workers workers_;
  std::unique_ptr<Store> store_ = open_memory_store();
  std::shared_ptr<const StoreView> view_ = *store_->view();
  std::vector<Partition> partitions_;
  JournalRecordWriter writer_;
};

INSTANTIATE_TEST_SUITE_P(Users, JournalRecordTest,
                         ::testing::Values(UserKind::kInteger, UserKind::kString),
                         [](const auto& test) {
                           return test.param == UserKind::kInteger ? "Integer" : "String";
                         });

TEST_P(JournalRecordTest, BatchesComeBackAsTheyWere) {
  const std::vector<std::uint32_t> committed = commit(*random_rows(100));
  commit(*random_rows(100));  // users whom the commit does not have
  const std::vector<SourcePosition> all = {{"topic/0", "17"}, {"topic/1", ""}, {"topic/2", "3"}};
  std::size_t position_count = 0;
  for (const std::size_t count : {1u, 7u, 200u, 3'000u, 70'000u}) {
    const std::unique_ptr<PreparedRows> rows = random_rows(count);
    ASSERT_NO_FATAL_FAILURE(stage(*rows));
    const auto positions = std::span(all).first(position_count++ % (all.size() + 1));
    const BatchToken token{"app", "token"};
    writer_.begin(*rows, {.positions = positions, .token = &token}, partitions_.size());
    for (Partition& partition : partitions_) {
      writer_.encode_rows(*rows, partition, committed[partition.number()]);
    }
    const std::string record(writer_.finish());
    for (Partition& partition : partitions_) partition.unstage();
    const Result<JournalledBatch> batch = decode(record);
    ASSERT_TRUE(batch.ok()) << batch.status().to_string();
    ASSERT_EQ(batch->positions.size(), positions.size());
    for (std::size_t i = 0; i < positions.size(); ++i) {
      EXPECT_EQ(batch->positions[i].id, positions[i].id);
      EXPECT_EQ(batch->positions[i].position, positions[i].position);
    }
    EXPECT_EQ(batch->token->source + batch->token->token, "apptoken");
    EXPECT_EQ(batch->rows->row_count, count);
    EXPECT_EQ(batch->rows->day_range, rows->day_range);
    EXPECT_EQ(batch->rows->known_until, rows->known_until);
    EXPECT_EQ(rows_by_partition(*batch->rows), rows_by_partition(*rows));
  }
}

TEST_P(JournalRecordTest, AnEmptyBatchComesBack) {
  const std::unique_ptr<PreparedRows> rows = random_rows(0);
  const BatchToken token{"app", "token"};
  writer_.begin(*rows, {.token = &token}, partitions_.size());
  const Result<JournalledBatch> batch = decode(writer_.finish());
  ASSERT_TRUE(batch.ok()) << batch.status().to_string();
  EXPECT_EQ(batch->rows->row_count, 0u);
  EXPECT_TRUE(batch->positions.empty());
  EXPECT_EQ(batch->token->token, "token");
}

TEST_P(JournalRecordTest, EveryTruncationIsAnError) {
  const std::unique_ptr<PreparedRows> rows = random_rows(60);
  ASSERT_NO_FATAL_FAILURE(stage(*rows));
  writer_.begin(*rows, {}, partitions_.size());
  for (Partition& partition : partitions_) writer_.encode_rows(*rows, partition, 0);
  const std::string record(writer_.finish());
  for (Partition& partition : partitions_) partition.unstage();
  ASSERT_TRUE(decode(record).ok());
  for (std::size_t size = 0; size < record.size(); ++size) {
    EXPECT_EQ(decode(record.substr(0, size)).status().code(), StatusCode::kCorruption) << size;
  }
}

// The checksum notices them; but whoever makes one that fits must not break the engine with it.
TEST_P(JournalRecordTest, FlipsAreErrorsOrBatchesThatHoldTogether) {
  const std::unique_ptr<PreparedRows> rows = random_rows(60);
  ASSERT_NO_FATAL_FAILURE(stage(*rows));
  writer_.begin(*rows, {}, partitions_.size());
  for (Partition& partition : partitions_) writer_.encode_rows(*rows, partition, 0);
  const std::string record(writer_.finish());
  for (Partition& partition : partitions_) partition.unstage();
  for (int i = 0; i < 3'000; ++i) {
    std::string flipped = record;
    for (std::size_t flips = 1 + below(3); flips > 0; --flips) {
      flipped[below(flipped.size())] ^= static_cast<char>(1 << below(8));
    }
    const Result<JournalledBatch> batch = decode(flipped);
    if (!batch.ok()) {
      EXPECT_EQ(batch.status().code(), StatusCode::kCorruption);
      continue;
    }
    stage(*batch->rows);
    for (Partition& partition : partitions_) partition.unstage();
  }
}

TEST_P(JournalRecordTest, UsersWhomTheStoreLostAreNoticed) {
  const std::vector<std::uint32_t> committed = commit(*random_rows(500));
  const std::unique_ptr<PreparedRows> rows = random_rows(500);
  ASSERT_NO_FATAL_FAILURE(stage(*rows));
  writer_.begin(*rows, {}, partitions_.size());
  for (Partition& partition : partitions_) {
    writer_.encode_rows(*rows, partition, committed[partition.number()]);
  }
  std::vector<Partition> empty;
  for (std::uint32_t i = 0; i < settings_.partition_count; ++i) {
    empty.emplace_back(i, settings_);
  }
  const Status status =
      decode_journal_record(writer_.finish(), settings_, pool_, empty, [](std::uint32_t) {
        return Status();
      }).status();
  EXPECT_EQ(status.code(), StatusCode::kCorruption);
  EXPECT_EQ(status.message(),
            "partition 0: journal record: it counts on users whom the store does not have");
}

}  // namespace
}  // namespace rollcall
