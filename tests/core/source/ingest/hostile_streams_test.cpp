// Files that no friend would send: every row is counted as what it is, and memory stays bounded.

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "rollcall/query.h"
#include "tests/core/source/ingesting.h"
#include "tests/core/source/source_files.h"
#include "tests/support/process_growth.h"

namespace rollcall {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

std::map<std::string, std::uint64_t> kinds_of(const IngestReport& report) {
  std::map<std::string, std::uint64_t> kinds;
  for (const RejectCount& count : report.rejected_by_kind)
    kinds[std::string(to_string(count.kind))] = count.rows;
  return kinds;
}
using Kinds = std::map<std::string, std::uint64_t>;

std::int64_t users(const Engine& engine, const std::string& day) {
  const auto result =
      engine.query(fmt::format(R"({{"kind": "active", "from": "{0}", "to": "{0}"}})", day));
  EXPECT_TRUE(result.ok()) << result.status().to_string();
  return result.ok() && !result->rows.empty() ? std::get<std::int64_t>(result->rows[0][1]) : -1;
}

TEST(HostileStream, TimesOfEveryKind) {
  const TestDirectory directory;
  EngineOptions options;
  options.time_max = 1'769'990'399'000'000;  // 2026-02-01T23:59:59Z
  const auto engine = *Engine::open(open_memory_store(), options);
  std::string text(kHeader);
  // All rows have the same instant in each unit at first, which is all that numbers are guessed by.
  for (const char* time : {"1769903999", "1769903999123", "1769903999123456", "1769903999123456789",
                           "2026-01-31T23:59:59.1Z", "2026-02-01 00:59:59+01:00"}) {
    text += fmt::format("u{},{},e\n", text.size(), time);
  }
  for (const char* time : {"-1", "0", "1970-01-01", "-86400", "0001-01-02"}) {
    text += fmt::format("early{},{},e\n", text.size(), time);
  }
  for (const char* time :
       {"9999-12-30", "9998-01-01 00:00:00", "2026-02-02", "1769990400", "1769990399999"}) {
    text += fmt::format("late{},{},e\n", text.size(), time);
  }
  for (const char* time : {"9223372036854775807", "-9223372036854775808", "9999-12-31",
                           "0001-01-01", "99999999999999999999999999"}) {
    text += fmt::format("out{},{},e\n", text.size(), time);
  }
  for (const char* time : {"NaN", "inf", "1e", "0x10", "", "2026-13-01", "2026-02-30", "24:00",
                           "2026-01-01T25:00:00Z"}) {
    text += fmt::format("none{},{},e\n", text.size(), time);
  }
  const IngestReport report = ingest(*engine, {directory.write("a.csv", text)});
  EXPECT_EQ(report.rows_read, 30u);
  EXPECT_EQ(report.rows_read, report.rows_ingested + report.rows_rejected);
  const Kinds kinds = kinds_of(report);
  EXPECT_EQ(kinds, (Kinds{{"time has a clock time that does not exist", 1},
                          {"time has a date that does not exist", 2},
                          {"time is an ambiguous number", 3},
                          {"time is later than any that is plausible", 5},
                          {"time is missing", 1},
                          {"time is not a time", 5},
                          {"time is out of range", 5}}));
  EXPECT_EQ(users(*engine, "2026-01-31"), 6);
  EXPECT_EQ(users(*engine, "9999-12-30"), -1);
  EXPECT_LE(engine->info().known_until, options.time_max);
  EXPECT_TRUE(engine->info().days.first >= kDayMin && engine->info().days.last.value < 20'486);
}

TEST(HostileStream, AMillionNamesAndValues) {
  const TestDirectory directory;
  StoreSettings settings;
  settings.dimensions = {"channel"};
  const auto engine = open_engine(make_memory_disk(), settings);
  constexpr int kRows = 1'000'000;
  std::string text = "user,time,event,channel\n";
  for (int i = 0; i < kRows; ++i) text += fmt::format("u{},2026-01-01,e{},c{}\n", i % 10, i, i);
  const std::string path = directory.write("a.csv", text);
  text = std::string();
  const testing::ProcessGrowth growth;
  ingest(*engine, {path});
  growth.expect_at_most(1024 * kMiB);
  const EngineInfo info = engine->info();
  EXPECT_EQ(info.event_count, std::uint64_t{kRows});
  EXPECT_LE(info.events.size(), settings.event_names_max + 1u);
  EXPECT_TRUE(info.event_names_overflowed);
  EXPECT_LE(info.dimensions[0].value_count, settings.dimension_values_max + 1u);
  EXPECT_TRUE(info.dimensions[0].overflowed);
  EXPECT_LE(info.series_count, 3u * settings.event_names_max);
  const auto result = engine->query(R"({"kind": "counts", "event": "$other"})");
  ASSERT_TRUE(result.ok()) << result.status().to_string();
  EXPECT_EQ(std::get<std::int64_t>(result->rows[0][1]), kRows - settings.event_names_max);
}

TEST(HostileStream, OneLineOfAHundredMegabytes) {
  const TestDirectory directory;
  const auto engine = open_engine();
  const std::string path = directory.write("a.csv", kHeader);
  directory.append("a.csv", "ann,2026-01-01,login\n");
  for (int i = 0; i < 100; ++i) directory.append("a.csv", std::string(kMiB, 'x'));
  directory.append("a.csv", "\nbob,2026-01-01,login\n");
  const testing::ProcessGrowth growth;
  const IngestReport report = ingest(*engine, {path});
  growth.expect_at_most(64 * kMiB);
  EXPECT_EQ(kinds_of(report), (Kinds{{"row is too long", 1}}));
  EXPECT_EQ(users(*engine, "2026-01-01"), 2);
}

// A megabyte holds a gigabyte of the same, as one line and as short lines, of which none is a row.
TEST(HostileStream, CompressionBombs) {
  const TestDirectory directory;
  constexpr std::size_t kBombBytes = (testing::kIsSanitized ? 16 : 256) * kMiB;
  for (const char* byte : {"\0", "\n", ","}) {
    const std::string bomb = std::string(kHeader) + "ann,2026-01-01,login\n" +
                             std::string(kBombBytes, *byte) + "\nbob,2026-01-01,login\n";
    for (const bool is_zstd : {true, false}) {
      if (!is_zstd && *byte != '\0') continue;  // deflate takes its time
      SCOPED_TRACE(::testing::Message() << int{*byte} << (is_zstd ? " zstd" : " gzip"));
      const std::string path = is_zstd ? directory.write("a.csv.zst", zstd(bomb))
                                       : directory.write("a.csv.gz", gzip(bomb));
      ASSERT_LT(std::filesystem::file_size(path), kMiB);
      const auto engine = open_engine();
      const testing::ProcessGrowth growth;
      const IngestReport report = ingest(*engine, {path});
      growth.expect_at_most(192 * kMiB);
      EXPECT_EQ(users(*engine, "2026-01-01"), 2);
      EXPECT_EQ(report.rows_rejected, *byte == '\n' ? 0u : 1u);
      std::filesystem::remove(path);
    }
  }
}

TEST(HostileStream, BytesThatAreNoText) {
  const TestDirectory directory;
  const auto engine = open_engine();
  using namespace std::string_literals;
  const IngestReport report = ingest(
      *engine,
      {directory.write("a.csv", "\xEF\xBB\xBF" + std::string(kHeader) +
                                    "ann,2026-01-01,login\r\n"
                                    "a\xFF"
                                    "b,2026-01-01,login\r\n"
                                    "bob,2026-01-01,lo\xC0\xAFgin\n"s +
                                    "n\0ul,2026-01-01,login\r\n"s + "cem,2026\0-01-01,login\n"s +
                                    "\xEF\xBB\xBF"
                                    "dee,2026-01-01,login\n\n\r\n"s)});
  EXPECT_EQ(report.rows_read, 6u);
  EXPECT_EQ(report.rows_read, report.rows_ingested + report.rows_rejected);
  const Kinds kinds = kinds_of(report);
  EXPECT_EQ(kinds.at("user is not UTF-8"), 1u);
  EXPECT_EQ(kinds.at("event is not UTF-8"), 1u);
  EXPECT_EQ(kinds.at("time is not a time"), 1u);
  EXPECT_EQ(users(*engine, "2026-01-01"), static_cast<std::int64_t>(report.rows_ingested));
}

TEST(HostileStream, JsonAMillionDeepAndKeysThatRepeat) {
  const TestDirectory directory;
  const auto engine = open_engine();
  const auto line = [](const std::string& more) {
    return R"({"user":"ann","time":"2026-01-01","event":"login")" + more + "}\n";
  };
  constexpr std::size_t kDepth = 1'000'000;
  std::string objects;
  for (std::size_t i = 0; i < kDepth; ++i) objects += "{\"a\":";
  std::string text = line("") + line(R"(,"user":"bob")") +
                     line(",\"x\":" + std::string(kDepth, '[') + std::string(kDepth, ']')) +
                     line(",\"x\":" + objects + "1" + std::string(kDepth, '}')) +
                     std::string(kDepth, '[') + "\n" + objects + "\n";
  SourceOptions options;
  options.line_bytes_max = 16 << 20;
  const std::string path = directory.write("a.ndjson", text);
  const testing::ProcessGrowth growth;
  const IngestReport report = ingest(*engine, {path}, options);
  growth.expect_at_most(512 * kMiB);
  EXPECT_EQ(report.rows_read, 6u);
  EXPECT_EQ(kinds_of(report).at("column stands twice in the row"), 1u);
  EXPECT_EQ(report.rows_read, report.rows_ingested + report.rows_rejected);
  EXPECT_EQ(users(*engine, "2026-01-01"), 1);
  // With the usual limit, such lines are too long.
  const auto another = open_engine();
  EXPECT_EQ(kinds_of(ingest(*another, {path})).at("row is too long"), 3u);
}

TEST(HostileStream, QuestionsAMillionDeep) {
  constexpr std::size_t kDepth = 1'000'000;
  std::string nots;
  std::string objects;
  for (std::size_t i = 0; i < kDepth; ++i) {
    nots += "not ";
    objects += "{\"not\":";
  }
  for (const std::string& text :
       {std::string(kDepth, '['), objects, "{\"kind\":\"segment\",\"segment\":" + objects + "1"}) {
    EXPECT_EQ(parse_queries(text).status().code(), StatusCode::kInvalidArgument);
  }
  for (const std::string& text : {nots + "did(x)", std::string(kDepth, '('),
                                  std::string(kDepth, '(') + "did(x)" + std::string(kDepth, ')')}) {
    EXPECT_EQ(parse_segment(text).status().code(), StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace rollcall
