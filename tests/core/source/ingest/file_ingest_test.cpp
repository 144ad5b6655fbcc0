#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <random>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "core/source/formats/native_format.h"
#include "rollcall/engine.h"
#include "rollcall/file_source.h"
#include "rollcall/memory_store.h"
#include "tests/core/source/ingesting.h"
#include "tests/core/source/source_files.h"
#include "tests/support/error_text.h"

namespace rollcall {
namespace {

TEST(FileIngest, ReadsAndReports) {
  const TestDirectory directory;
  const auto engine = open_engine();
  const std::string path = directory.write(
      "a.csv", std::string(kHeader) + rows(0, 5) + ",2026-01-01,e\nx,soon,e\n\ny,2026-01-02,e\n");
  std::vector<std::string> rejected;
  IngestHooks hooks;
  hooks.reject = [&](const RejectedRow& row) {
    rejected.push_back(
        fmt::format("{}:{}: {} [{}]", row.line, row.column, to_string(row.kind), row.row));
    return Status();
  };
  const IngestReport report = ingest(*engine, {path}, {}, hooks);
  EXPECT_EQ(report.rows_read, 8u);
  EXPECT_EQ(report.rows_ingested, 6u);
  EXPECT_EQ(report.rows_rejected, 2u);
  EXPECT_EQ(rejected, (std::vector<std::string>{"7:1: user is missing [,2026-01-01,e]",
                                                "8:3: time is not a time [x,soon,e]"}));
  ASSERT_EQ(report.examples.size(), 2u);
  EXPECT_EQ(report.examples[1].file, path);
  EXPECT_EQ(report.rejected_by_kind.size(), 2u);
  EXPECT_EQ(outcomes(report), std::vector{Outcome::kRead});
  EXPECT_EQ(engine->info().event_count, 6u);
}

// The same rows come out whatever the blocks are.
TEST(FileIngest, BlocksDecideNothing) {
  const TestDirectory directory;
  std::mt19937_64 random(3);
  std::string text = "user,note,time,event\r\n";
  for (int i = 0; i < 500; ++i) {
    switch (random() % 8) {
      case 0:
        text += fmt::format("u{},\"a \"\"quoted\"\"\nnote, {}\",2026-01-{:02},e\r\n", i % 7, i,
                            1 + i % 28);
        break;
      case 1:
        text += fmt::format("u{},\"stray,2026-01-01,e\n", i % 7);
        break;
      case 2:
        text += fmt::format("{},,not a time,e\n", i);
        break;
      case 3:
        text += "\n";
        break;
      case 4:
        text += fmt::format("u{},{},2026-01-01,e\n", i, std::string(300, 'x'));
        break;
      default:
        text += fmt::format("u{},5\" pipe,2026-01-{:02},\"e{}\"\n", i % 50, 1 + i % 28, i % 3);
    }
  }
  text += "last,,2026-01-05,e";
  SourceOptions options;
  options.line_bytes_max = 200;
  std::string expected;
  for (const std::size_t batch_bytes : {1u << 20, 1u, 2u, 13u, 64u, 1000u}) {
    for (const bool compressed : {false, true}) {
      if (compressed && batch_bytes == 1) continue;
      const auto engine = open_engine();
      std::string rejected;
      IngestHooks hooks;
      hooks.batch_bytes = batch_bytes;
      hooks.batch_rows = compressed ? 1 : 100;
      hooks.reject = [&](const RejectedRow& row) {
        rejected += fmt::format("{}:{}: {} [{}]\n", row.line, row.column, row.reason, row.row);
        return Status();
      };
      const IngestReport report = ingest(
          *engine, {directory.write("a.csv", compressed ? gzip(text) : text)}, options, hooks);
      const std::string found = fmt::format("{} {}\n", report.rows_read, report.rows_ingested) +
                                rejected + answers(*engine);
      if (expected.empty()) expected = found;
      ASSERT_EQ(found, expected) << batch_bytes;
    }
  }
}

TEST(FileIngest, AnInterruptedRunResumes) {
  const TestDirectory directory;
  const std::string text = std::string(kHeader) + rows(0, 3000);
  const std::string path = directory.write("a.csv", text);
  const auto whole = open_engine();
  ingest(*whole, {path});
  // A row that --strict will not have stops the run wherever it stands, and whatever waits to be
  // ingested then.
  for (const auto& [stop, batch_rows] : std::vector<std::pair<int, std::size_t>>{
           {0, 1}, {1, 1}, {500, 1}, {500, 300}, {2999, 1}, {2999, 300}, {2999, 1 << 20}}) {
    std::size_t at = kHeader.size();
    for (int i = 0; i < stop; ++i) at = text.find('\n', at) + 1;
    const auto disk = make_memory_disk();
    {
      const auto engine = open_engine(disk);
      IngestHooks hooks;
      hooks.batch_bytes = 1000;
      hooks.batch_rows = batch_rows;
      hooks.strict = true;
      const std::string broken = directory.write("b.csv", text.substr(0, at) + "bad\n");
      const auto report = ingest_files(*engine, {broken}, {}, hooks);
      ASSERT_EQ(report.status().code(), StatusCode::kInvalidArgument);
      EXPECT_TRUE(repeats(report.status(), fmt::format("b.csv:{}:", stop + 2)))
          << report.status().message();
    }
    const auto engine = open_engine(disk);  // what was ingested has lasted
    const IngestReport report = ingest(*engine, {path});
    EXPECT_EQ(report.rows_read + report.files[0].rows_known, 3000u);
    if (stop >= 500) {
      EXPECT_GT(report.files[0].rows_known, 400u);
    }
    EXPECT_EQ(answers(*engine), answers(*whole));
  }
}

// Blocks are ingested together, but never more than the memory allows.
TEST(FileIngest, GathersBlocksToBatches) {
  const TestDirectory directory;
  // There is a bad row in each block, which is reported as it is ingested.
  std::string text(kHeader);
  for (int i = 0; i < 200; ++i) text += rows(i * 100, 100) + "bad\n";
  const std::string path = directory.write("a.csv", text);
  const auto batches = [&](std::size_t batch_rows, std::size_t memory_bytes_max) {
    EngineOptions options;
    options.settings = StoreSettings{};
    options.memory_bytes_max = memory_bytes_max;
    options.threads_max = 1;
    const auto engine = *Engine::open(open_memory_store(), options);
    // There are as many as there are different positions to be seen while blocks are read.
    std::set<std::string> positions;
    IngestHooks hooks;
    hooks.batch_bytes = 10'000;
    hooks.batch_rows = batch_rows;
    hooks.reject = [&](const RejectedRow&) {
      for (const SourcePosition& source : engine->sources()) positions.insert(source.position);
      return Status();
    };
    EXPECT_EQ(ingest(*engine, {path}, {}, hooks).rows_ingested, 20'000u);
    return positions.size();
  };
  const std::size_t block_count = std::filesystem::file_size(path) / 10'000;
  EXPECT_GE(batches(1, std::size_t{1} << 30), block_count / 2);
  EXPECT_LE(batches(10'000, std::size_t{1} << 30), 3u);
  EXPECT_GE(batches(10'000, std::size_t{1} << 20), 6u);
}

TEST(FileIngest, DamagedFilesLeaveNoTrace) {
  const TestDirectory directory;
  const std::string text = std::string(kHeader) + rows(0, 20'000);
  IngestHooks hooks;
  hooks.batch_bytes = 10'000;
  for (const std::string& whole :
       {gzip(text), gzip(text.substr(0, 1000)) + gzip(text.substr(1000))}) {
    const auto engine = open_engine();
    std::string other = whole;
    other[whole.size() - 6] = static_cast<char>(whole[whole.size() - 6] ^ 1);  // the checksum
    for (const std::string& damaged : {whole.substr(0, whole.size() / 2), other}) {
      const auto report = ingest_files(*engine, {directory.write("a.csv.gz", damaged)}, {}, hooks);
      ASSERT_EQ(report.status().code(), StatusCode::kCorruption);
      EXPECT_EQ(engine->info().event_count, 0u);
      EXPECT_TRUE(engine->sources().empty());
    }
    const IngestReport report = ingest(*engine, {directory.write("a.csv.gz", whole)}, {}, hooks);
    EXPECT_EQ(outcomes(report), std::vector{Outcome::kRead});
    EXPECT_EQ(engine->info().event_count, 20'000u);
    // These rows were added to a file that is known.
    directory.append("a.csv.gz", gzip(rows(20'000, 9)).substr(0, 40));
    EXPECT_EQ(ingest_files(*engine, {directory.path("a.csv.gz")}, {}, hooks).status().code(),
              StatusCode::kCorruption);
    EXPECT_EQ(engine->info().event_count, 20'000u);
  }
}

TEST(FileIngest, EmptyFilesAndHeaders) {
  const TestDirectory directory;
  const auto engine = open_engine();
  directory.write("a.csv", "");
  directory.write("b.csv", kHeader);
  directory.write("c.csv", "\xEF\xBB\xBF\r\n\n");
  directory.write("d.csv", std::string("\xEF\xBB\xBF") + std::string(kHeader) + "a,2026-01-01,e\n");
  directory.write("e.csv.gz", gzip(""));
  const IngestReport report = ingest(*engine, {directory.path()});
  EXPECT_EQ(report.files.size(), 4u);
  ASSERT_EQ(report.notes.size(), 1u);
  EXPECT_EQ(report.notes[0].text,
            directory.path() + ": passed over as empty: a.csv (allowed: files with rows)");
  EXPECT_EQ(report.rows_read, 1u);
  EXPECT_EQ(report.rows_ingested, 1u);
}

TEST(FileIngest, ADayPastTheLastOneCostsItsRow) {
  const TestDirectory directory;
  StoreSettings settings;
  settings.time_zone = "Europe/Berlin";
  const auto engine = open_engine(make_memory_disk(), settings);
  const IngestReport report =
      ingest(*engine,
             {directory.write("a.csv", std::string(kHeader) + "a,9999-12-31,e\nb,2026-01-01,e\n")});
  EXPECT_EQ(report.rows_ingested, 1u);
  EXPECT_EQ(report.rows_rejected, 1u);
}

TEST(FileIngest, ATimePastTheLatestAllowedCostsItsRow) {
  const TestDirectory directory;
  EngineOptions options;
  options.time_max = 1'767'268'800'000'000;  // 2026-01-01T12:00:00Z
  const auto engine = *Engine::open(open_memory_store(), options);
  const IngestReport report = ingest(
      *engine, {directory.write("a.csv", std::string(kHeader) + "a,2026-01-01 12:00:01,e\n"
                                                                "b,2026-01-02,e\nc,2026-01-01,e\n"
                                                                "d,2026-01-01 12:00:00,e\n")});
  EXPECT_EQ(report.rows_ingested, 2u);
  EXPECT_EQ(report.rows_rejected, 2u);
  // A bare date counts to its end, whatever the limit is within it.
  EXPECT_EQ(engine->info().known_until, 1'767'311'999'000'000);
}

TEST(FileIngest, WhatIsNotThere) {
  const TestDirectory directory;
  const auto engine = open_engine();
  EXPECT_EQ(ingest_files(*engine, {directory.path("a.csv")}, {}, {}).status().code(),
            StatusCode::kNotFound);
  EXPECT_EQ(ingest_files(*engine, {}, {}, {}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(ingest_files(*engine, {directory.path()}, {}, {}).status().code(),
            StatusCode::kInvalidArgument);
}

TEST(FileIngest, Ndjson) {
  const TestDirectory directory;
  StoreSettings settings;
  settings.user_kind = UserKind::kInteger;
  settings.dimensions = {"properties.channel", "plan"};
  const auto engine = open_engine(make_memory_disk(), settings);
  const std::string path = directory.write(
      "a.jsonl",
      "{\"uid\":18446744073709551615,\"ts\":1767225600,\"event\":\"buy\",\"amount\":0.1}\n"
      "{\"uid\":2,\"ts\":\"2026-01-02\",\"event\":\"buy\",\"properties\":{\"channel\":\"ads\"}}\n"
      "{\"uid\":2,\"ts\":\n"
      "{\"uid\":1.5,\"ts\":3,\"event\":\"buy\"}");
  SourceOptions options;
  options.value = "amount";
  const IngestReport report = ingest(*engine, {path}, options);
  EXPECT_EQ(report.rows_ingested, 2u);
  EXPECT_EQ(report.rows_rejected, 2u);
  EXPECT_EQ(report.examples[1].line, 4u);
  ASSERT_EQ(report.notes.size(), 1u);
  EXPECT_EQ(report.notes[0].text,
            path + ": no column plan: it is empty in every row that does not have it");
}

TEST(FileIngest, Native) {
  const TestDirectory directory;
  StoreSettings settings;
  settings.user_kind = UserKind::kInteger;
  settings.dimensions = {"channel", "channel+platform"};
  settings.value_decimals = 2;
  const auto engine = open_engine(make_memory_disk(), settings);

  const std::vector<std::uint64_t> users = {1, 2, 3};
  const std::vector<std::string_view> events = {"login"}, channels = {"a+i", "a"},
                                      platforms = {"os", "i+os"};
  const std::vector<std::uint32_t> codes = {0, 1, 0};
  const std::vector<TimeUs> times = {0, 1'000'000, 86'400'000'000};
  const std::vector<Amount> values = {1000, -2000, 0};
  const std::vector<PropertyColumn> properties = {{"channel", {channels, codes}},
                                                  {"platform", {platforms, codes}}};
  EventBatch batch;
  batch.user_integers = users;
  batch.event = {events, {}};
  batch.time = times;
  batch.value = values;
  batch.properties = properties;
  std::string bytes;
  ASSERT_TRUE(append_native_block(batch, 4, bytes).ok());
  const std::string path = directory.write("a.rollcall", bytes + bytes);
  const IngestReport report = ingest(*engine, {path});
  EXPECT_EQ(report.rows_ingested, 6u);
  EXPECT_EQ(engine->info().user_count, 3u);
  ASSERT_EQ(engine->info().dimensions.size(), 2u);
  EXPECT_EQ(engine->info().dimensions[1].value_count, 2u);
  EXPECT_EQ(outcomes(ingest(*engine, {path})), std::vector{Outcome::kKnown});

  const std::vector<Amount> fine = {1, 0, 0};  // 0.0001
  batch.value = fine;
  std::string more = bytes;
  ASSERT_TRUE(append_native_block(batch, 4, more).ok());
  const auto refused = ingest_files(*engine, {directory.write("b.rollcall", more)}, {}, {});
  EXPECT_EQ(refused.status().code(), StatusCode::kInvalidArgument);

  const auto strings = open_engine();
  EXPECT_EQ(ingest_files(*strings, {path}, {}, {}).status().code(), StatusCode::kInvalidArgument);
}

TEST(FileIngest, ReportsProgress) {
  const TestDirectory directory;
  const auto engine = open_engine();
  const std::string text = std::string(kHeader) + rows(0, 10'000);
  IngestHooks hooks;
  IngestProgress last;
  hooks.progress = [&](const IngestProgress& progress) {
    EXPECT_GE(progress.rows_read, last.rows_read);
    last = progress;
  };
  ingest(*engine, {directory.write("a.csv", text), directory.write("b.csv", text + rows(0, 1))}, {},
         hooks);
  EXPECT_EQ(last.rows_read, 10'001u);
  EXPECT_EQ(last.bytes_total, 2 * text.size() + rows(0, 1).size());
  EXPECT_GE(last.bytes_read, text.size());
}

TEST(FileIngest, ManyFilesOfADirectoryInOrder) {
  const TestDirectory directory;
  std::vector<std::string> expected;
  for (int i = 0; i < 60; ++i) {
    const std::string name = fmt::format("{:02}.csv", i);
    expected.push_back(directory.write(name, std::string(kHeader) + rows(i, 3) + "bad\n"));
  }
  const auto engine = open_engine();
  std::vector<std::string> rejected;
  IngestHooks hooks;
  hooks.reject = [&](const RejectedRow& row) {
    rejected.push_back(row.file);
    return Status();
  };
  const IngestReport report = ingest(*engine, {directory.path()}, {}, hooks);
  EXPECT_EQ(report.rows_ingested, 180u);
  EXPECT_EQ(rejected, expected);
}

TEST(FileIngest, DirectoriesBelowAndWhatIsPassedOver) {
  const TestDirectory directory;
  const auto engine = open_engine();
  std::filesystem::create_directories(directory.path("sub/deep"));
  std::filesystem::create_directories(directory.path(".hidden"));
  directory.write("b.csv", std::string(kHeader) + rows(0, 1));
  directory.write("sub/a.csv", std::string(kHeader) + rows(1, 1));
  directory.write("sub/deep/c.csv", std::string(kHeader) + rows(2, 1));
  directory.write("sub/d.orc", "?");
  directory.write(".hidden/e.csv", "?");
  const IngestReport report = ingest(*engine, {directory.path()});
  std::vector<std::string> names;
  for (const FileReport& file : report.files) names.push_back(file.path);
  EXPECT_EQ(names, (std::vector{directory.path("b.csv"), directory.path("sub/a.csv"),
                                directory.path("sub/deep/c.csv")}));
  ASSERT_EQ(report.notes.size(), 1u);
  EXPECT_EQ(report.notes[0].text,
            directory.path() +
                ": passed over for their names: sub/d.orc (allowed: .csv .tsv .txt .ndjson "
                ".jsonl .json .rollcall, and these with .gz or .zst; .parquet .parq)");
}

TEST(FileIngest, AFileThatCannotBeReadTakesNoOtherAlong) {
  const TestDirectory directory;
  const auto engine = open_engine();
  const std::string packed = gzip(std::string(kHeader) + rows(0, 20'000));
  const std::vector<std::string> paths = {
      directory.write("1.csv", std::string(kHeader) + rows(0, 5)),
      directory.write("2.csv", "what,is,this\n1,2,3\n"),
      directory.write("3.csv.gz", packed.substr(0, packed.size() / 2)),
      directory.write("4.rollcall", "rollcall, but no block"),
      directory.write("5.csv", std::string(kHeader) + rows(5, 5))};
  IngestHooks hooks;
  IngestReport report;
  hooks.summary = [&](const IngestReport& now) { report = now; };
  hooks.batch_bytes = 10'000;
  const auto result = ingest_files(*engine, paths, {}, hooks);
  EXPECT_EQ(result.status().code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(repeats(result.status(), paths[1]));
  ASSERT_EQ(report.failures.size(), 3u);
  EXPECT_TRUE(repeats(report.failures[1], paths[2]));
  EXPECT_TRUE(repeats(report.failures[2], paths[3]));
  ASSERT_EQ(report.files.size(), 3u);
  EXPECT_EQ(report.files[1].path, paths[2]);
  EXPECT_EQ(report.files[1].rows_read, 0u);
  EXPECT_EQ(report.rows_ingested, engine->info().event_count);
  EXPECT_EQ(report.rows_ingested, 10u);
  // Again: what was read is known.
  EXPECT_FALSE(ingest_files(*engine, paths, {}, hooks).ok());
  EXPECT_EQ(report.rows_ingested, 0u);

  hooks.strict = true;
  EXPECT_FALSE(ingest_files(*open_engine(), paths, {}, hooks).ok());
  EXPECT_EQ(report.files.size(), 1u);
}

// Stopped anywhere, each row is ingested or rejected once in all.
TEST(FileIngest, AStoppedRunGoesOn) {
  const TestDirectory directory;
  std::string text(kHeader);
  for (int i = 0; i < 50; ++i) text += (i % 10 < 7 ? "bad\n" : rows(i, 1));
  const std::vector<std::string> paths = {
      directory.write("a.csv", text),
      directory.write("b.csv", std::string(kHeader) + rows(60, 5) + "bad\n")};
  std::size_t stopped = 0;
  for (int told = -1; told < 36; ++told) {
    const std::size_t batch_rows = told % 2 == 0 ? 1 : 10;
    const auto engine = open_engine();
    std::vector<std::string> rejected;
    std::stop_source stop;
    IngestHooks hooks;
    hooks.batch_bytes = 1;
    hooks.batch_rows = batch_rows;
    hooks.reject = [&](const RejectedRow& row) {
      rejected.push_back(fmt::format("{}:{}", row.file, row.line));
      if (std::ssize(rejected) > told) stop.request_stop();
      return Status();
    };
    hooks.stop = stop.get_token();
    if (told < 0) stop.request_stop();
    const IngestReport first = ingest(*engine, paths, {}, hooks);
    EXPECT_EQ(first.rows_ingested, engine->info().event_count);
    stopped += first.stopped ? 1 : 0;
    hooks.stop = {};
    const IngestReport second = ingest(*engine, paths, {}, hooks);
    EXPECT_FALSE(second.stopped);
    EXPECT_EQ(first.rows_read + second.rows_read, 56u) << told;
    EXPECT_EQ(engine->info().event_count, 20u) << told;
    EXPECT_EQ(rejected.size(), 36u) << told;
    std::sort(rejected.begin(), rejected.end());
    EXPECT_EQ(std::unique(rejected.begin(), rejected.end()), rejected.end()) << told;
  }
  EXPECT_GT(stopped, 20u);
}

TEST(FileIngest, SaysHowEachFileIsRead) {
  const TestDirectory directory;
  const auto engine = open_engine();
  std::vector<std::string> said;
  IngestHooks hooks;
  hooks.schema = [&](const std::string& name, const SourceSchema& schema) {
    said.push_back(name + ": " + schema.user);
  };
  const std::string a = directory.write("a.csv", std::string(kHeader) + rows(0, 1));
  const std::string b = directory.write("b.csv", "uid,ts,event\na,2026-01-01,e\n");
  ingest(*engine, {a, directory.write("empty.csv", ""), b}, {}, hooks);
  EXPECT_EQ(said, (std::vector{a + ": user", b + ": uid"}));
}

TEST(FileIngest, AHookThatThrowsIsAnError) {
  const TestDirectory directory;
  const auto engine = open_engine();
  IngestHooks hooks;
  const std::string thrown = "no more room";
  hooks.reject = [&](const RejectedRow&) -> Status { throw std::runtime_error(thrown); };
  const auto report =
      ingest_files(*engine, {directory.write("a.csv", std::string(kHeader) + "bad\n")}, {}, hooks);
  ASSERT_FALSE(report.ok());
  EXPECT_TRUE(repeats(report.status(), thrown));
}

}  // namespace
}  // namespace rollcall
