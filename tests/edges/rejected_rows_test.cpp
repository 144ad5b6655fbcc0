// Rejected rows are told of before the position behind them is ingested, and with it: whatever ends
// a run, none is lost, and one that goes on tells of none again that was told of in good order.
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <cstdint>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

#include "rollcall/engine.h"
#include "rollcall/file_source.h"
#include "tests/core/source/ingesting.h"
#include "tests/core/source/source_files.h"

namespace rollcall {
namespace {

std::string text_with_bad_rows(int count) {
  std::string text(kHeader);
  for (int i = 0; i < count; ++i) text += rows(i, 1) + "bad\n";
  return text;
}

TEST(RejectedRows, AreToldBeforeThePositionBehindThemIsIngested) {
  const TestDirectory directory;
  const std::string path = directory.write("a.csv", text_with_bad_rows(500));
  for (const std::size_t batch_rows : {1u, 50u, 1u << 20}) {
    const auto engine = open_engine();
    std::uint64_t told = 0;
    IngestHooks hooks;
    hooks.batch_bytes = 200;
    hooks.batch_rows = batch_rows;
    hooks.reject = [&](const RejectedRow& row) {
      // The good row before it comes in with the position.
      EXPECT_LE(engine->info().event_count, told);
      EXPECT_EQ(row.line, 3 + 2 * told++);
      return Status();
    };
    EXPECT_EQ(ingest(*engine, {path}, {}, hooks).rows_rejected, 500u);
    EXPECT_EQ(told, 500u);
  }
}

// A full disk, say: each run gets some rows further, and all are told of in the end.
TEST(RejectedRows, ThatCannotBeKeptAreReadAgain) {
  const TestDirectory directory;
  const std::string path = directory.write("a.csv", text_with_bad_rows(500));
  for (const std::size_t batch_rows : {1u, 50u, 1u << 20}) {
    for (const bool throws : {false, true}) {
      const auto engine = open_engine();
      std::set<std::uint64_t> kept;
      IngestHooks hooks;
      hooks.batch_bytes = 200;
      hooks.batch_rows = batch_rows;
      for (const int room : {0, 7, 130, 1000}) {
        int left = room;
        hooks.reject = [&](const RejectedRow& row) {
          if (left-- == 0) {
            if (throws) throw std::runtime_error("no more room");
            return Status::io_error("no more room");
          }
          kept.insert(row.line);
          return Status();
        };
        std::optional<IngestReport> summary;
        hooks.summary = [&](const IngestReport& report) { summary = report; };
        const std::uint64_t events_before = engine->info().event_count;
        const Status status = ingest_files(*engine, {path}, {}, hooks).status();
        EXPECT_EQ(status.ok(), room == 1000) << status.to_string();
        if (!status.ok()) {
          EXPECT_EQ(status.code(), StatusCode::kIoError);
        }
        // The rows that count have been reported.
        ASSERT_TRUE(summary);
        EXPECT_EQ(summary->rows_ingested, engine->info().event_count - events_before);
        EXPECT_EQ(summary->rows_read, summary->rows_ingested + summary->rows_rejected);
        EXPECT_LE(engine->info().event_count, kept.size());
      }
      EXPECT_EQ(kept.size(), 500u);
      EXPECT_EQ(engine->info().event_count, 500u);
      EXPECT_EQ(ingest(*engine, {path}).rows_read, 0u);
    }
  }
}

// Its rows cannot be read again.
TEST(RejectedRows, OfAPipeCostNoGoodRow) {
  const TestDirectory directory;
  const std::string pipe = directory.path("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const auto engine = open_engine();
  std::jthread writer([&] { std::ofstream(pipe) << text_with_bad_rows(5); });
  IngestHooks hooks;
  hooks.reject = [](const RejectedRow&) { return Status::io_error("no more room"); };
  EXPECT_EQ(ingest_files(*engine, {pipe}, {}, hooks).status().message(), "no more room");
  EXPECT_EQ(engine->info().event_count, 5u);
}

// They do not wait for good rows to come.
TEST(RejectedRows, AreHeldInBoundedNumbers) {
  const TestDirectory directory;
  std::string text(kHeader);
  for (int i = 0; i < 1000; ++i) text += "bad\n";
  const std::string path = directory.write("a.csv", text + rows(0, 1));
  const auto engine = open_engine();
  bool told_early = false;
  IngestHooks hooks;
  hooks.batch_bytes = 200;
  hooks.batch_rows = 100;
  hooks.reject = [&](const RejectedRow&) {
    told_early = told_early || engine->info().event_count == 0;
    return Status();
  };
  EXPECT_EQ(ingest(*engine, {path}, {}, hooks).rows_rejected, 1000u);
  EXPECT_TRUE(told_early);
}

}  // namespace
}  // namespace rollcall
