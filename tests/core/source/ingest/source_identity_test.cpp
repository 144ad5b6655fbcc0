#include "core/source/ingest/source_identity.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/native_format.h"
#include "tests/core/source/ingesting.h"
#include "tests/core/source/source_files.h"
#include "tests/support/error_text.h"

namespace rollcall {
namespace {

TEST(KnownSource, AFileReadTwiceChangesNothing) {
  const TestDirectory directory;
  const auto disk = make_memory_disk();
  const std::string path = directory.write("a.csv", std::string(kHeader) + rows(0, 100));
  {
    const auto engine = open_engine(disk);
    ingest(*engine, {path});
  }
  const auto engine = open_engine(disk);
  const std::string before = answers(*engine);
  const Epoch epoch = engine->info().epoch;
  // The file comes under another name, compressed, and twice.
  const std::string copy = directory.write("b.csv.zst", zstd(std::string(kHeader) + rows(0, 100)));
  const IngestReport report = ingest(*engine, {path, copy, path});
  EXPECT_EQ(outcomes(report), (std::vector{Outcome::kKnown, Outcome::kKnown, Outcome::kKnown}));
  EXPECT_EQ(report.rows_read, 0u);
  EXPECT_EQ(report.files[1].rows_known, 100u);
  EXPECT_EQ(answers(*engine), before);
  EXPECT_EQ(engine->info().epoch, epoch);
}

TEST(KnownSource, TheSameContentTwiceInOneRun) {
  const TestDirectory directory;
  const auto engine = open_engine();
  const std::string text = std::string(kHeader) + rows(0, 100);
  const IngestReport report =
      ingest(*engine, {directory.write("a.csv", text), directory.write("b.csv", text),
                       directory.write("c.csv", text + rows(100, 5) + "bad\n")});
  EXPECT_EQ(outcomes(report), (std::vector{Outcome::kRead, Outcome::kKnown, Outcome::kResumed}));
  EXPECT_EQ(report.rows_ingested, 105u);
  EXPECT_EQ(report.files[2].rows_known, 100u);
  ASSERT_EQ(report.examples.size(), 1u);
  EXPECT_EQ(report.examples[0].line, 107u);
  EXPECT_EQ(engine->info().event_count, 105u);
  EXPECT_EQ(engine->sources().size(), 1u);
}

TEST(KnownSource, WhatWasReadOfAFileThatFailedIsKnownInTheSameRun) {
  const std::vector<std::string_view> users = {"a", "b"}, events = {"e"};
  const std::vector<TimeUs> times = {0, 1};
  EventBatch batch;
  batch.user_strings = users;
  batch.event = {events, {}};
  batch.time = times;
  std::string block;
  ASSERT_TRUE(append_native_block(batch, 6, block).ok());
  const TestDirectory directory;
  const auto engine = open_engine();
  const auto report = ingest_files(
      *engine,
      {directory.write("1.rollcall", block + block + block.substr(0, block.size() - 1)),
       directory.write("2.rollcall", block + block + block)},
      {}, {});
  EXPECT_EQ(report.status().code(), StatusCode::kCorruption);
  EXPECT_EQ(engine->info().event_count, 6u);
}

TEST(KnownSource, AFileThatHasGrownIsReadOn) {
  for (const std::size_t first_rows : {0u, 1u, 50u, 5000u}) {
    const TestDirectory directory;
    const auto engine = open_engine();
    const int first = static_cast<int>(first_rows);
    const std::string path = directory.write("a.csv", std::string(kHeader) + rows(0, first));
    ingest(*engine, {path});
    for (int step = 0; step < 3; ++step) {
      directory.append("a.csv", rows(first + 10 * step, 9) + "bad\n");
      const IngestReport report = ingest(*engine, {path});
      EXPECT_EQ(outcomes(report), std::vector{Outcome::kResumed});
      EXPECT_EQ(report.rows_ingested, 9u);
      EXPECT_EQ(report.files[0].rows_known, first_rows + 10u * static_cast<unsigned>(step));
      ASSERT_EQ(report.examples.size(), 1u);
      EXPECT_EQ(report.examples[0].line, first_rows + 11 + 10u * static_cast<unsigned>(step));
    }
    EXPECT_EQ(engine->sources().size(), 1u);
    EXPECT_EQ(engine->info().event_count, first_rows + 27);
  }
}

TEST(KnownSource, AGzipFileGrowsByMembers) {
  const TestDirectory directory;
  const auto engine = open_engine();
  const std::string path = directory.write("a.csv.gz", gzip(std::string(kHeader) + rows(0, 10)));
  ingest(*engine, {path});
  directory.append("a.csv.gz", gzip(rows(10, 5)));
  EXPECT_EQ(ingest(*engine, {path}).rows_ingested, 5u);
}

TEST(KnownSource, OtherFilesWithTheSameBeginningAreOtherFiles) {
  const TestDirectory directory;
  const auto engine = open_engine();
  const std::string common = std::string(kHeader) + rows(0, 4000);
  ASSERT_GT(common.size(), kHeadBytes);
  const IngestReport report =
      ingest(*engine, {directory.write("a.csv", common + rows(1, 10)),
                       directory.write("b.csv", common + rows(2, 10)),
                       directory.write("c.csv", std::string(kHeader) + rows(7, 3)),
                       directory.write("d.csv", std::string(kHeader) + rows(8, 3))});
  EXPECT_EQ(outcomes(report), std::vector(4, Outcome::kRead));
  EXPECT_EQ(engine->info().event_count, 8026u);
  // Each of them is known, though two begin alike.
  for (const char* name : {"a.csv", "b.csv", "c.csv", "d.csv"}) {
    EXPECT_EQ(outcomes(ingest(*engine, {directory.path(name)})), std::vector{Outcome::kKnown});
  }
}

// A growing log stands beside its older copies, shorter and longer than what identifies a file.
TEST(KnownSource, AnOlderCopyOfASourceThatGrewIsKnown) {
  for (const int first : {3, 5000}) {
    const TestDirectory directory;
    const auto engine = open_engine();
    const std::string text = std::string(kHeader) + rows(0, first);
    const std::vector<std::string> paths = {
        directory.write("1.csv", text), directory.write("2.csv", text + rows(first, 1)),
        directory.write("3.csv", text + rows(first, 3)), directory.write("4.csv", text)};
    const IngestReport report = ingest(*engine, paths);
    EXPECT_EQ(outcomes(report),
              (std::vector{Outcome::kRead, Outcome::kResumed, Outcome::kResumed, Outcome::kKnown}));
    EXPECT_EQ(report.files[3].rows_known, static_cast<std::uint64_t>(first));
    const std::string before = answers(*engine);
    const IngestReport again = ingest(*engine, paths);
    EXPECT_EQ(outcomes(again), std::vector(4, Outcome::kKnown));
    EXPECT_EQ(again.files[0].rows_known, static_cast<std::uint64_t>(first));
    EXPECT_EQ(again.files[1].rows_known, static_cast<std::uint64_t>(first + 1));
    EXPECT_EQ(answers(*engine), before);
    EXPECT_EQ(engine->sources().size(), 1u);
  }
}

TEST(KnownSource, TwoFilesThatPartAfterAnEarlierEnd) {
  for (const int first : {3, 5000}) {
    const TestDirectory directory;
    const auto engine = open_engine();
    const std::string text = std::string(kHeader) + rows(0, first);
    const std::vector<std::string> paths = {directory.write("1.csv", text),
                                            directory.write("2.csv", text + rows(first, 2)),
                                            directory.write("3.csv", text + rows(7, 4) + "bad\n")};
    const IngestReport report = ingest(*engine, paths);
    EXPECT_EQ(outcomes(report),
              (std::vector{Outcome::kRead, Outcome::kResumed, Outcome::kResumed}));
    ASSERT_EQ(report.examples.size(), 1u);
    EXPECT_EQ(report.examples[0].line, static_cast<std::uint64_t>(first + 6));
    EXPECT_EQ(engine->info().event_count, static_cast<std::uint64_t>(first + 6));
    EXPECT_EQ(outcomes(ingest(*engine, paths)), std::vector(3, Outcome::kKnown));
    directory.append("3.csv", rows(0, 1));
    EXPECT_EQ(ingest(*engine, paths).rows_ingested, 1u);
  }
}

// Says what reading `path` came to: what happened to it, or nothing after an error that names it.
std::optional<Outcome> outcome_of(Engine& engine, const std::string& path,
                                  const SourceOptions& options = {}) {
  const auto report = ingest_files(engine, {path}, options, {});
  if (report.ok()) return outcomes(*report).front();
  EXPECT_EQ(report.status().code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(repeats(report.status(), path)) << report.status().message();
  return {};
}

// Wherever it is cut, within a row or after one, in text and in blocks.
TEST(KnownSource, AFileThatWasCutOffIsAnError) {
  const TestDirectory directory;
  const auto engine = open_engine();
  const std::string text = std::string(kHeader) + rows(0, 5000);
  ASSERT_GT(text.size(), kHeadBytes);
  ingest(*engine, {directory.write("a.csv", text)});
  const std::size_t row_1 = std::string_view(kHeader).size() + rows(0, 1).size();
  for (const std::size_t size :
       {row_1 - 1, row_1, row_1 + 1, row_1 + rows(1, 1).size() - 1, std::size_t{2000},
        kHeadBytes - 1, kHeadBytes, kHeadBytes + 1, text.size() - 1000, text.size() - 1}) {
    const std::string path = directory.write("b.csv", text.substr(0, size));
    const auto report = ingest_files(*engine, {path}, {}, {});
    ASSERT_FALSE(report.ok()) << size;
    EXPECT_EQ(report.status().hint(), OptionHint(Option::kAgain, "true"));
    EXPECT_EQ(
        report.status().message(),
        fmt::format(
            "{}: its {} bytes may be the first of the {} that were read of {}, and would count "
            "twice (allowed: the whole file, if it was cut off; or all again, if it is another "
            "one, or has rows that were rejected)",
            path, size, text.size(), directory.path("a.csv")));
    EXPECT_EQ(engine->info().event_count, 5000u);
  }
  // Under its own name, and read in another way.
  EXPECT_EQ(outcome_of(*engine, directory.write("a.csv", text.substr(0, 3000))), std::nullopt);
  SourceOptions options;
  options.user = "event";
  EXPECT_EQ(outcome_of(*engine, directory.path("a.csv"), options), std::nullopt);
  // Lines with CR LF; one row of which the end is missing.
  const std::string lines = "user,time,event\r\na,2026-01-01,e\r\nb,2026-01-02,e\r\n";
  ingest(*engine, {directory.write("c.csv", lines)});
  for (const std::size_t size : {lines.size() - 2, lines.size() / 3 * 2 + 1}) {
    EXPECT_EQ(outcome_of(*engine, directory.write("d.csv", lines.substr(0, size))), std::nullopt);
  }
}

TEST(KnownSource, BlocksThatWereCutOffAreAnError) {
  const auto block = [](std::string_view user) {
    const std::vector<std::string_view> users = {user}, events = {"e"};
    const std::vector<TimeUs> times = {0};
    EventBatch batch;
    batch.user_strings = users;
    batch.event = {events, {}};
    batch.time = times;
    std::string bytes;
    EXPECT_TRUE(append_native_block(batch, 6, bytes).ok());
    return bytes;
  };
  const TestDirectory directory;
  const auto engine = open_engine();
  ingest(*engine, {directory.write("a.rollcall", block("a") + block("b") + block("c"))});
  EXPECT_EQ(outcome_of(*engine, directory.write("b.rollcall", block("a"))), std::nullopt);
  EXPECT_EQ(outcome_of(*engine, directory.write("c.rollcall", block("a") + block("b"))),
            std::nullopt);
  EXPECT_EQ(outcome_of(*engine, directory.write("d.rollcall", block("b"))), Outcome::kRead);
  EXPECT_EQ(engine->info().event_count, 4u);
}

// This holds however much they share, and however they end.
TEST(KnownSource, AShorterFileThatDiffersIsAnotherOne) {
  const TestDirectory directory;
  const auto engine = open_engine();
  const std::string header(kHeader);
  int number = 0;
  const auto outcome = [&](const std::string& text) {
    return outcome_of(*engine, directory.write(fmt::format("{}.csv", number++), text));
  };
  EXPECT_EQ(outcome(header + rows(0, 400)), Outcome::kRead);
  // The only row, the last of some, and the last of many are others.
  EXPECT_EQ(outcome(header + "x,2026-01-01,e\n"), Outcome::kRead);
  EXPECT_EQ(outcome(header + "x,2026-01-01,f"), Outcome::kRead);
  for (const int shared : {1, 2, 300, 399}) {
    EXPECT_EQ(outcome(header + rows(0, shared) + "x,2026-01-01,e\n"), Outcome::kRead) << shared;
  }
  // These are the rows of one and of the other that follow many of both.
  const std::string common = header + rows(5, 4000);
  ASSERT_GT(common.size(), kHeadBytes);
  EXPECT_EQ(outcome(common + rows(7, 1000)), Outcome::kRead);
  EXPECT_EQ(outcome(common + rows(8, 500)), Outcome::kRead);
  // Each is known.
  for (int known = 0; known < number; ++known) {
    EXPECT_EQ(outcome_of(*engine, directory.path(fmt::format("{}.csv", known))), Outcome::kKnown)
        << known;
  }
  // What has no row cannot count twice.
  EXPECT_EQ(outcome_of(*engine, directory.write("names.csv", header.substr(0, header.size() - 1))),
            Outcome::kRead);
  EXPECT_EQ(outcome_of(*engine, directory.write("names.csv", header)), Outcome::kRead);
}

TEST(KnownSource, ABeginningThatIsAnotherFileIsReadWhenAsked) {
  for (const int count : {3, 5000}) {
    const TestDirectory directory;
    const auto engine = open_engine();
    const std::string text = std::string(kHeader) + rows(0, count);
    ingest(*engine, {directory.write("a.csv", text + rows(count, 9))});
    const std::string path = directory.write("b.csv", text);
    EXPECT_EQ(outcome_of(*engine, path), std::nullopt);
    SourceOptions options;
    options.again = true;
    EXPECT_EQ(outcome_of(*engine, path, options), Outcome::kRead);
    EXPECT_EQ(engine->info().event_count, static_cast<std::uint64_t>(2 * count + 9));
    // From here on, both are known, and both may grow.
    EXPECT_EQ(outcome_of(*engine, path), Outcome::kKnown);
    directory.append("b.csv", "x,2026-01-01,e\n");
    directory.append("a.csv", "y,2026-01-01,e\n");
    EXPECT_EQ(outcome_of(*engine, directory.path("a.csv")), Outcome::kResumed);
    EXPECT_EQ(engine->info().event_count, static_cast<std::uint64_t>(2 * count + 10));
    if (count == 3) {
      EXPECT_EQ(outcome_of(*engine, path), Outcome::kResumed);
      EXPECT_EQ(engine->info().event_count, static_cast<std::uint64_t>(2 * count + 11));
    }
  }
}

// Two copies of a log that went on in two ways, the shorter one in too few rows to be told from the
// longer.
TEST(KnownSource, ACopyThatWentOnByItselfCountsFromWhereItParted) {
  const TestDirectory directory;
  const auto engine = open_engine();
  const std::string text = std::string(kHeader) + rows(0, 5000);
  ingest(*engine, {directory.write("a.csv", text)});
  directory.write("b.csv", text);
  directory.append("a.csv", rows(5000, 2000));
  ingest(*engine, {directory.path("a.csv"), directory.path("b.csv")});
  EXPECT_EQ(engine->info().event_count, 7000u);
  directory.append("b.csv", rows(7, 3));
  EXPECT_EQ(outcome_of(*engine, directory.path("b.csv")), std::nullopt);
  SourceOptions options;
  options.again = true;
  EXPECT_EQ(outcome_of(*engine, directory.path("b.csv"), options), Outcome::kResumed);
  EXPECT_EQ(engine->info().event_count, 7003u);
  // If there is enough to tell, nobody is asked.
  directory.write("c.csv", text + rows(9, 500));
  EXPECT_EQ(outcome_of(*engine, directory.path("c.csv")), Outcome::kResumed);
  EXPECT_EQ(engine->info().event_count, 7503u);
}

// Positions of before there were waymarks: as far as can be told, and everything once they grow.
TEST(KnownSource, ASourceWithoutWaymarksIsKnownByItsHead) {
  const TestDirectory directory;
  const std::string text = std::string(kHeader) + rows(0, 5000);
  const auto made = open_engine();
  ingest(*made, {directory.write("a.csv", text),
                 directory.write("b.csv", "user,event,time\n" +
                                              std::string("a,e,2026-01-01\nb,e,2026-01-02\n"))});
  const auto engine = open_engine();
  for (SourcePosition position : made->sources()) {
    const auto json = [&] {
      auto parsed = nlohmann::json::parse(position.position);
      EXPECT_EQ(parsed.erase("waymarks"), 1u);
      return parsed;
    }();
    position.position = json.dump();
    ASSERT_TRUE(engine->ingest(std::vector<PreparedBatch>(), {.positions = {&position, 1}}).ok());
  }
  EXPECT_EQ(outcome_of(*engine, directory.path("a.csv")), Outcome::kKnown);
  const std::string cut = directory.write("cut.csv", text.substr(0, text.size() - 1000));
  EXPECT_EQ(outcome_of(*engine, cut), std::nullopt);
  const std::string other =
      directory.write("other.csv", text.substr(0, kHeadBytes) + "\n" + rows(1, 9));
  EXPECT_EQ(outcome_of(*engine, other), std::nullopt);
  SourceOptions options;
  options.again = true;
  EXPECT_EQ(outcome_of(*engine, other, options), Outcome::kRead);
  directory.append("b.csv", "c,e,2026-01-03\n");
  EXPECT_EQ(outcome_of(*engine, directory.path("b.csv")), Outcome::kResumed);
  EXPECT_EQ(outcome_of(*engine, directory.write("first.csv", "user,event,time\na,e,2026-01-01\n")),
            std::nullopt);
}

TEST(KnownSource, ReadInAnotherWayAFileCountsOnlyWhenAsked) {
  const TestDirectory directory;
  const auto disk = make_memory_disk();
  const std::string path =
      directory.write("a.csv", "src,dst,time,event\na,b,2026-01-01,e\nb,c,2026-01-02,e\n");
  SourceOptions options;
  options.user = "dst";
  {
    const auto engine = open_engine(disk);
    ingest(*engine, {path});
    const auto refused = ingest_files(*engine, {path}, options, {});
    EXPECT_EQ(refused.status().code(), StatusCode::kInvalidArgument);
    EXPECT_TRUE(refused.status().hint().names(Option::kAgain, "true"));
    EXPECT_EQ(
        refused.status().message(),
        path +
            ": it was read before in another way, and its rows would count twice: with user = src, "
            "time = time, event = event; now with user = dst, time = time, event = event (allowed: "
            "the same; all of it, in a new store; rows that were rejected, as a file of their own; "
            "or all again, if it is to count twice)");
    EXPECT_EQ(engine->info().event_count, 2u);
  }
  const auto engine = open_engine(disk);
  options.again = true;
  EXPECT_EQ(ingest(*engine, {path}, options).rows_ingested, 2u);
  EXPECT_EQ(engine->info().user_count, 3u);
  // Now both are known.
  EXPECT_EQ(outcomes(ingest(*engine, {path}, options)), std::vector{Outcome::kKnown});
  options.again = false;
  EXPECT_EQ(outcomes(ingest(*engine, {path}, options)), std::vector{Outcome::kKnown});
  EXPECT_EQ(outcomes(ingest(*engine, {path})), std::vector{Outcome::kKnown});
}

TEST(KnownSource, WhatWasGuessedOnceIsNotGuessedAgain) {
  const TestDirectory directory;
  const std::string first = "{\"user\":\"a\",\"time\":1767225600,\"event\":\"e\"}\n";
  // These are a likelier user, and a value.
  const std::string more =
      "{\"user\":\"b\",\"user_id\":7,\"time\":1767225601,\"event\":\"e\",\"value\":5}\n";
  {
    const auto disk = make_memory_disk();
    ingest(*open_engine(disk), {directory.write("a.jsonl", first)});
    const auto engine = open_engine(disk);
    directory.append("a.jsonl", more);
    const IngestReport report = ingest(*engine, {directory.path("a.jsonl")});
    EXPECT_EQ(outcomes(report), std::vector{Outcome::kResumed});
    EXPECT_EQ(report.rows_ingested, 1u);
    EXPECT_EQ(engine->info().user_count, 2u);
    ASSERT_EQ(report.notes.size(), 1u);
    EXPECT_EQ(report.notes[0].text,
              directory.path("a.jsonl") +
                  ": it is read on as it was before: user = user, time = time, event = event");
    EXPECT_TRUE(ingest(*engine, {directory.path("a.jsonl")}).notes.empty());
  }
  // Both come in one run, and the columns were chosen, not guessed.
  const auto engine = open_engine();
  SourceOptions options;
  options.user = "time";
  options.event_name = "x";
  directory.write("1.jsonl", first);
  directory.write("2.jsonl", first + more);
  const IngestReport report =
      ingest(*engine, {directory.path("1.jsonl"), directory.path("2.jsonl")}, options);
  EXPECT_EQ(outcomes(report), (std::vector{Outcome::kRead, Outcome::kResumed}));
  directory.append("2.jsonl", more);
  EXPECT_EQ(ingest(*engine, {directory.path("2.jsonl")}).rows_ingested, 1u);
  EXPECT_EQ(engine->info().event_count, 3u);
  EXPECT_EQ(engine->info().events.size(), 1u);
}

TEST(KnownSource, OptionsThatChangeNoRowChangeNothing) {
  const TestDirectory directory;
  const auto engine = open_engine();
  const auto outcome = [&](const std::string& path, const SourceOptions& options) {
    const auto report = ingest_files(*engine, {path}, options, {});
    return report.ok() ? std::optional(outcomes(*report).front()) : std::nullopt;
  };
  const std::string seconds = directory.write("a.csv", std::string(kHeader) + "a,1767225600,e\n");
  SourceOptions options;
  EXPECT_EQ(outcome(seconds, options), Outcome::kRead);
  options.time_unit = TimeUnit::kSeconds;
  EXPECT_EQ(outcome(seconds, options), Outcome::kKnown);
  options.time_unit = TimeUnit::kMilliseconds;
  EXPECT_EQ(outcome(seconds, options), std::nullopt);

  const std::string dates = directory.write("b.csv", std::string(kHeader) + "b,2026-01-01,e\n");
  EXPECT_EQ(outcome(dates, options), Outcome::kRead);
  options = {};
  options.time_format = "%Y-%m-%d";
  EXPECT_EQ(outcome(dates, options), Outcome::kKnown);
  options.delimiter = ",";
  options.user = "user";
  options.header = true;
  EXPECT_EQ(outcome(dates, options), Outcome::kKnown);

  const std::string nameless = directory.write("c.csv", "c,2026-01-01,e\n");
  options = {};
  options.columns = {"user", "time", "event"};
  EXPECT_EQ(outcome(nameless, options), Outcome::kRead);
  options.columns = {"who", "when", "what"};
  EXPECT_EQ(outcome(nameless, options), Outcome::kKnown);
  options.user = "who";
  EXPECT_EQ(outcome(nameless, options), Outcome::kKnown);
  options.user = "what";
  EXPECT_EQ(outcome(nameless, options), std::nullopt);
  EXPECT_EQ(outcome(nameless, {}), Outcome::kKnown);
  EXPECT_EQ(engine->info().event_count, 3u);
}

// What counted nothing cannot count twice.
TEST(KnownSource, AFileOfWhichNothingWasIngestedMayBeReadInAnotherWay) {
  const TestDirectory directory;
  const auto engine = open_engine();
  const std::string path = directory.write("a.csv", std::string(kHeader) + "a,20260131,e\n");
  directory.write("b.csv", "src,dst,time,event\n");
  EXPECT_EQ(ingest(*engine, {path, directory.path("b.csv")}).rows_rejected, 1u);
  SourceOptions options;
  options.time_format = "%Y%m%d";
  EXPECT_EQ(ingest(*engine, {path}, options).rows_ingested, 1u);
  EXPECT_EQ(outcomes(ingest(*engine, {path})), std::vector{Outcome::kKnown});
  options.user = "dst";
  directory.append("b.csv", "a,b,20260131,e\n");
  EXPECT_EQ(ingest(*engine, {directory.path("b.csv")}, options).rows_ingested, 1u);
  EXPECT_EQ(engine->info().event_count, 2u);
}

TEST(KnownSource, ALastLineWithoutALineEnd) {
  const TestDirectory directory;
  const auto engine = open_engine();
  const std::string path =
      directory.write("a.csv", std::string(kHeader) + "a,2026-01-01,e\nb,2026-01-02,e");
  const std::string note = path +
                           ": the last row has no line end, and was taken as it stands; should its "
                           "line go on later, what is added is rejected";
  EXPECT_EQ(ingest(*engine, {path}).notes, (std::vector<HintedText>{{note, {}}}));
  EXPECT_EQ(engine->info().event_count, 2u);
  const IngestReport known = ingest(*engine, {path});
  EXPECT_EQ(outcomes(known), std::vector{Outcome::kKnown});
  EXPECT_TRUE(known.notes.empty());
  // It is ended, and the file goes on.
  directory.append("a.csv", "\r\nc,2026-01-03,e\nbad");
  IngestReport report = ingest(*engine, {path});
  EXPECT_EQ(report.rows_ingested, 1u);
  EXPECT_TRUE(report.notes.empty());
  ASSERT_EQ(report.examples.size(), 1u);
  EXPECT_EQ(report.examples[0].line, 5u);
  // A rejected one is read again, once it is whole.
  directory.append("a.csv", "gy,2026-01-04,e\nd,2026-01-05,e");
  report = ingest(*engine, {path});
  EXPECT_EQ(report.rows_ingested, 2u);
  EXPECT_EQ(report.rows_rejected, 0u);
  // An ingested one that goes on was not what it seemed.
  directory.append("a.csv", "xtra\nf,2026-01-06,e\n");
  report = ingest(*engine, {path});
  EXPECT_EQ(report.rows_ingested, 1u);
  ASSERT_EQ(report.examples.size(), 1u);
  EXPECT_EQ(report.examples[0].kind, RejectKind::kGrownRow);
  EXPECT_EQ(report.examples[0].row, "xtra");
  EXPECT_EQ(report.examples[0].line, 6u);
  EXPECT_EQ(engine->info().event_count, 6u);
  EXPECT_EQ(outcomes(ingest(*engine, {path})), std::vector{Outcome::kKnown});
}

TEST(KnownSource, ALastRecordCutWithinQuotes) {
  const TestDirectory directory;
  const auto engine = open_engine();
  const std::string header = "user,note,time,event\n";
  const std::string path = directory.write("a.csv", header + "a,,2026-01-01,e\nb,\"two\n");
  EXPECT_EQ(ingest(*engine, {path}).rows_ingested, 1u);
  directory.append("a.csv", "lines\",2026-01-02,e\nc,,2026-01-03,e\n");
  const IngestReport report = ingest(*engine, {path});
  EXPECT_EQ(report.rows_ingested, 2u);
  EXPECT_EQ(report.rows_rejected, 0u);
  // A stray quote costs its own row only, whatever follows.
  directory.append("a.csv", "d,\"stray,2026-01-04,e\ne,,2026-01-05,e\n");
  EXPECT_EQ(ingest(*engine, {path}).rows_ingested, 1u);
  directory.append("a.csv", "f,,2026-01-06,e\n");
  EXPECT_EQ(ingest(*engine, {path}).rows_ingested, 1u);
}

TEST(KnownSource, AnUnfinishedFileAndItsGrownCopyInOneRun) {
  for (const std::string_view cut : {"b,2026-01-02", "b,2026-01-02,e", "b,\"2026-01-02\n"}) {
    const TestDirectory directory;
    const auto engine = open_engine();
    const std::string text = std::string(kHeader) + "a,2026-01-01,e\n" + std::string(cut);
    const std::string rest = cut == "b,2026-01-02"     ? ",e\n"
                             : cut == "b,2026-01-02,e" ? "\n"
                                                       : "\",e\n";
    const IngestReport report =
        ingest(*engine, {directory.write("1.csv", text), directory.write("2.csv", text),
                         directory.write("3.csv", text + rest + "c,2026-01-03,e\n")});
    const std::uint64_t bad = cut.ends_with('\n') ? 1 : 0;  // a time of two lines
    EXPECT_EQ(report.files[2].rows_known + report.files[2].rows_read, 3u) << cut;
    EXPECT_EQ(engine->info().event_count, 3 - bad) << cut;
  }
}

TEST(KnownSource, RejectedRowsAtTheEndAreNotReadAgain) {
  const TestDirectory directory;
  const auto engine = open_engine();
  const std::string path = directory.write("a.csv", std::string(kHeader) + "bad\nbad\n");
  EXPECT_EQ(ingest(*engine, {path}).rows_rejected, 2u);
  const IngestReport report = ingest(*engine, {path});
  EXPECT_EQ(outcomes(report), std::vector{Outcome::kKnown});
  EXPECT_EQ(report.rows_rejected, 0u);
}

// Other files, however many, cost a file next to nothing.
TEST(SourceRegistry, ManyKnownSourcesAreNoBurden) {
  const TestDirectory directory;
  const std::string text = std::string(kHeader) + rows(0, 4000);
  ASSERT_GT(text.size(), kHeadBytes);
  const std::string path = directory.write("a.csv", text);
  const auto time_with = [&](std::size_t source_count) {
    std::vector<SourcePosition> positions;
    for (std::size_t i = 0; i < source_count; ++i) {
      KnownSource source;
      source.id = fmt::format("file:{}", i);
      source.mark = {100'000, {i, 1}, kHeadBytes - i % 1000, {i, 2}, {}};
      positions.push_back(source.to_position());
    }
    SourceRegistry registry(positions);
    auto least = std::chrono::steady_clock::duration::max();
    for (int round = 0; round < 5; ++round) {
      const auto begin = std::chrono::steady_clock::now();
      auto recognized = registry.recognize(
          path, *ContentReader::open(path),
          [](const SourceReading*, std::uint64_t) { return SourceReading(); },
          [](std::string_view) { return true; });
      EXPECT_TRUE(recognized.ok() && !recognized->known);
      least = std::min(least, std::chrono::steady_clock::now() - begin);
    }
    return least;
  };
  EXPECT_LT(time_with(5000), 20 * time_with(1) + std::chrono::milliseconds(5));
}

TEST(KnownSource, PositionsAreReadBack) {
  KnownSource source;
  source.id = "file:1";
  source.name = "d\xFF.csv";
  SourceReading reading;
  reading.format = FileFormat::kNdjson;
  reading.delimiter = "\t";
  reading.header = false;
  reading.names = {"a", "b"};
  reading.columns = {{"user", "a", 0}, {"time", "b", 1}};
  reading.event_name = "e";
  reading.time_format = "%Y";
  reading.time_unit = TimeUnit::kNanoseconds;
  source.reading = std::make_shared<SourceReading>(reading);
  source.counted = true;
  source.mark = {12, {1, ~std::uint64_t{0}}, 12, {3, 4}, "0a-_"};
  source.rows = 5;
  source.lines = 6;
  source.tail = true;
  source.told = XXH128_hash_t{7, 8};
  source.earlier_ends = {{10, {5, 6}, 4, 5, true}};
  const auto read = KnownSource::from_position(source.to_position());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->reading->key(), reading.key());
  EXPECT_EQ(read->reading->names, source.reading->names);
  EXPECT_EQ(read->reading->delimiter, "\t");
  EXPECT_FALSE(read->reading->header);
  EXPECT_TRUE(read->counted);
  EXPECT_EQ(read->mark.offset, 12u);
  EXPECT_TRUE(XXH128_isEqual(read->mark.hash, source.mark.hash));
  EXPECT_TRUE(XXH128_isEqual(read->mark.head_hash, source.mark.head_hash));
  EXPECT_EQ(read->mark.waymarks, "0a-_");
  EXPECT_EQ(read->rows, 5u);
  EXPECT_EQ(read->lines, 6u);
  EXPECT_TRUE(read->tail);
  ASSERT_TRUE(read->told);
  EXPECT_TRUE(XXH128_isEqual(*read->told, {7, 8}));
  ASSERT_EQ(read->earlier_ends.size(), 1u);
  EXPECT_EQ(read->earlier_ends[0].offset, 10u);
  EXPECT_TRUE(XXH128_isEqual(read->earlier_ends[0].hash, {5, 6}));
  EXPECT_EQ(read->earlier_ends[0].rows, 4u);
  EXPECT_EQ(read->earlier_ends[0].lines, 5u);
  EXPECT_TRUE(read->earlier_ends[0].tail);
  EXPECT_FALSE(KnownSource::from_position({"kafka:1", "12"}));
  EXPECT_FALSE(KnownSource::from_position({"file:1", "12"}));
  EXPECT_FALSE(KnownSource::from_position({"file:1", "{\"format\":1}"}));
  EXPECT_FALSE(KnownSource::from_position({"file:1", "{\"format\":\"x\",\"hash\":3}"}));
}

}  // namespace
}  // namespace rollcall
