#include "core/batch/prepared_merge.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/base/workers.h"
#include "rollcall/engine.h"
#include "rollcall/memory_store.h"

namespace rollcall {
namespace {

// Holds rows, of which any stretch can be made a batch.
struct Rows {
  std::vector<std::uint64_t> users;
  std::vector<std::uint32_t> events, channels;
  std::vector<TimeUs> times;
  std::vector<Amount> values;

  explicit Rows(std::size_t count, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    for (std::size_t i = 0; i < count; ++i) {
      users.push_back(random() % 1000);
      events.push_back(static_cast<std::uint32_t>(random() % (1 + i * 7 / count)));
      channels.push_back(static_cast<std::uint32_t>(random() % 3));
      times.push_back(static_cast<TimeUs>(random() % (20 * kUsPerDay)));
      values.push_back(static_cast<Amount>(random() % 3));
    }
  }
};

StoreSettings settings() {
  StoreSettings settings;
  settings.user_kind = UserKind::kInteger;
  settings.partition_count = 4;
  settings.dimensions = {"country", "channel"};
  return settings;
}

// Calls `visit` with rows [begin, end). Their dictionaries depend on `begin`.
template <class Visit>
auto with_batch(const Rows& rows, std::size_t begin, std::size_t end, Visit visit) {
  const std::size_t count = end - begin;
  std::vector<std::string> names, channel_names = {"ads", "seo", ""};
  for (int i = 0; i < 7; ++i) names.push_back(fmt::format("event {}", i));
  const std::vector<std::string_view> event_views(names.begin(), names.end());
  std::vector<std::string_view> channel_views(channel_names.begin(), channel_names.end());
  std::vector<std::uint32_t> channel_codes;
  const std::uint32_t turn = static_cast<std::uint32_t>(begin % 3);
  std::rotate(channel_views.begin(), channel_views.begin() + turn, channel_views.end());
  for (std::size_t i = begin; i < end; ++i) {
    channel_codes.push_back((rows.channels[i] + 3 - turn) % 3);
  }
  const PropertyColumn channel = {"channel", {channel_views, channel_codes}};
  EventBatch batch;
  batch.user_integers = std::span(rows.users).subspan(begin, count);
  batch.event = {event_views, std::span(rows.events).subspan(begin, count)};
  batch.time = std::span(rows.times).subspan(begin, count);
  batch.value = std::span(rows.values).subspan(begin, count);
  batch.properties = {&channel, 1};
  return visit(batch);
}

std::unique_ptr<PreparedRows> prepare(const Rows& rows, std::size_t begin, std::size_t end) {
  return with_batch(rows, begin, end, [](const EventBatch& batch) {
    Workers workers;
    auto prepared = prepare_rows(batch, {settings(), TimeZone(), std::numeric_limits<TimeUs>::max(),
                                         std::make_shared<BlockPool>(0), workers});
    EXPECT_TRUE(prepared.ok()) << prepared.status().to_string();
    return *std::move(prepared);
  });
}

// Returns every row in words, with all that it is counted by.
std::vector<std::string> described(const PreparedRows& rows) {
  std::vector<std::string> out;
  for (const std::unique_ptr<PreparedBlock>& block : rows.blocks) {
    std::vector<Amount> values(block->partition_begin.back(), 0);
    for (std::size_t i = 0; i < block->value_begin.back(); ++i) {
      values[block->values[i].row] = block->values[i].value;
    }
    for (std::size_t i = 0; i < block->partition_begin.back(); ++i) {
      std::string row = fmt::format("{:x} {}", block->hashes[i], values[i]);
      for (std::size_t column = 0; column < block->pair_hours.size(); ++column) {
        const PairHour pair_hour = block->pair_hours[column][i];
        const PreparedRows::Pair pair = rows.pairs[column][pair_hour >> kHourBits];
        const LocalSeries& series = rows.series[pair.series];
        row += fmt::format(", {} {} {}", rows.event_names[series.event], pair.day.value,
                           pair_hour % kHourStride);
        if (column == 0) {
          EXPECT_EQ(pair.series, series.event);  // events' own series come first
        } else {
          EXPECT_EQ(series.dimension, column - 1);
          row += " " + rows.dimension_values[column - 1][series.value];
        }
      }
      out.push_back(std::move(row));
    }
  }
  return out;
}

TEST(PreparedMerge, HoldsTheRowsOfAllInTheirOrder) {
  const std::size_t count = 5000;
  const Rows rows(count, 1);
  for (const std::size_t size : {5000u, 2500u, 999u, 100u}) {
    std::vector<std::unique_ptr<PreparedRows>> batches;
    std::vector<std::string> expected;
    for (std::size_t begin = 0; begin < count; begin += size) {
      batches.push_back(prepare(rows, begin, std::min(count, begin + size)));
      for (std::string& row : described(*batches.back())) expected.push_back(std::move(row));
      batches.push_back(prepare(rows, begin, begin));
    }
    const auto merged = merge_prepared(std::move(batches));
    ASSERT_TRUE(merged.ok()) << merged.status().to_string();
    EXPECT_EQ(described(**merged), expected);
    const std::unique_ptr<PreparedRows> whole = prepare(rows, 0, count);
    EXPECT_EQ((*merged)->row_count, count);
    EXPECT_EQ((*merged)->day_range, whole->day_range);
    EXPECT_EQ((*merged)->known_until, whole->known_until);
    EXPECT_EQ((*merged)->event_names.size(), whole->event_names.size());
    EXPECT_EQ((*merged)->series.size(), whole->series.size());
    for (std::size_t column = 0; column < whole->pairs.size(); ++column) {
      EXPECT_EQ((*merged)->pairs[column].size(), whole->pairs[column].size());
    }
  }
}

TEST(PreparedMerge, EmptyBatchesMergeToAnEmptyOne) {
  const Rows rows(1, 1);
  std::vector<std::unique_ptr<PreparedRows>> batches;
  batches.push_back(prepare(rows, 0, 0));
  batches.push_back(prepare(rows, 0, 0));
  const auto merged = merge_prepared(std::move(batches));
  ASSERT_TRUE(merged.ok());
  EXPECT_EQ((*merged)->row_count, 0u);
  EXPECT_TRUE((*merged)->blocks.empty());
}

TEST(PreparedMerge, AnEngineIngestsBatchesTogether) {
  EngineOptions options;
  options.settings = settings();
  const auto engine = *Engine::open(open_memory_store(), options);
  options.settings->partition_count = 8;
  const auto other = *Engine::open(open_memory_store(), options);
  const Rows rows(300, 2);
  const auto part = [&](const Engine& from, std::size_t begin) {
    return with_batch(rows, begin, begin + 100,
                      [&](const EventBatch& batch) { return *from.prepare(batch); });
  };
  std::vector<PreparedBatch> batches;
  batches.push_back(part(*engine, 0));
  batches.push_back(part(*engine, 100));
  EXPECT_GT(batches[0].memory_bytes(), 100 * sizeof(std::uint64_t));
  SourcePosition position = {"file", "200"};
  ASSERT_TRUE(engine->ingest(std::move(batches), {.positions = {&position, 1}}).ok());
  EXPECT_EQ(engine->info().event_count, 200u);

  batches.clear();
  batches.push_back(part(*engine, 200));
  batches.push_back(part(*other, 200));
  position.position = "300";
  EXPECT_EQ(engine->ingest(std::move(batches), {.positions = {&position, 1}}).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(engine->info().event_count, 200u);
  EXPECT_EQ(engine->sources().at(0).position, "200");

  position.position = "201";
  ASSERT_TRUE(engine->ingest(std::vector<PreparedBatch>(), {.positions = {&position, 1}}).ok());
  EXPECT_EQ(engine->info().event_count, 200u);
  EXPECT_EQ(engine->sources().at(0).position, "201");
}

}  // namespace
}  // namespace rollcall
