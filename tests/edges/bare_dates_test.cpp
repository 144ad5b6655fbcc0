// An event that is given as a bare date counts to the end of that date, wherever within the date a
// limit stands: the clock of the run is in no answer.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "rollcall/event.h"
#include "rollcall/memory_store.h"
#include "rollcall/native_format.h"
#include "tests/core/source/ingesting.h"
#include "tests/core/source/source_files.h"

namespace rollcall {
namespace {

constexpr TimeUs kHour = 3'600'000'000;
constexpr TimeUs kNewYear = 1'767'222'000'000'000;  // 2026-01-01 in Berlin
constexpr TimeUs kEndOfDay = kNewYear + 24 * kHour - 1'000'000;

StoreSettings in_berlin() {
  StoreSettings settings;
  settings.time_zone = "Europe/Berlin";
  return settings;
}

std::string block_known_until(TimeUs known_until) {
  const std::vector<std::string_view> users = {"a"}, events = {"e"};
  const std::vector<TimeUs> times = {kNewYear};
  EventBatch batch;
  batch.user_strings = users;
  batch.event = {events, {}};
  batch.time = times;
  batch.known_until = known_until;
  std::string block;
  EXPECT_TRUE(append_native_block(batch, 6, block).ok());
  return block;
}

TEST(BareDates, CountToTheirEndWhateverTheLimit) {
  const TestDirectory directory;
  const std::vector<std::string> paths = {
      directory.write("a.csv", std::string(kHeader) + "a,2026-01-01,e\n"),
      directory.write("b.jsonl", R"({"user":"a","time":"2026-01-01","event":"e"})"
                                 "\n"),
      directory.write("c.rollcall", block_known_until(kEndOfDay))};
  for (const std::string& path : paths) {
    for (const TimeUs limit : {kNewYear, kNewYear + 7 * kHour, kEndOfDay, kEndOfDay + kHour}) {
      const auto engine = open_engine(make_memory_disk(), in_berlin());
      SourceOptions options;
      options.time_max = limit;
      EXPECT_EQ(ingest(*engine, {path}, options).rows_ingested, 1u);
      EXPECT_EQ(engine->info().known_until, kEndOfDay) << path;

      EngineOptions engine_options;
      engine_options.settings = in_berlin();
      engine_options.time_max = limit;
      const auto limited = *Engine::open(open_memory_store(), engine_options);
      EXPECT_EQ(ingest(*limited, {path}).rows_ingested, 1u);
      EXPECT_EQ(limited->info().known_until, kEndOfDay) << path;
    }
  }
}

TEST(BareDates, NoBatchMakesLaterDatesKnown) {
  EngineOptions options;
  options.settings = in_berlin();
  options.time_max = kNewYear + kHour;
  const auto engine = *Engine::open(open_memory_store(), options);
  const std::vector<std::string_view> users = {"a"}, events = {"e"};
  const std::vector<TimeUs> times = {kNewYear};
  EventBatch batch;
  batch.user_strings = users;
  batch.event = {events, {}};
  batch.time = times;
  batch.known_until = kEndOfDay + 1'000'000;
  EXPECT_EQ(engine->ingest(batch).status().code(), StatusCode::kInvalidArgument);
  batch.known_until = kEndOfDay;
  EXPECT_TRUE(engine->ingest(batch).ok());
}

}  // namespace
}  // namespace rollcall
