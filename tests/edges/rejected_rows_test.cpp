// Rejected rows are told of once the position behind them is ingested: whatever ends a run, one
// that goes on tells of none of them again.
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>

#include "rollcall/engine.h"
#include "rollcall/file_source.h"
#include "tests/core/source/ingesting.h"
#include "tests/core/source/source_files.h"

namespace rollcall {
namespace {

TEST(RejectedRows, AreToldWhenWhatIsBeforeThemIsIngested) {
  const TestDirectory directory;
  std::string text(kHeader);
  for (int i = 0; i < 500; ++i) text += rows(i, 1) + "bad\n";
  const std::string path = directory.write("a.csv", text);
  for (const std::size_t batch_rows : {1u, 50u, 1u << 20}) {
    const auto engine = open_engine();
    std::uint64_t told = 0;
    IngestHooks hooks;
    hooks.batch_bytes = 200;
    hooks.batch_rows = batch_rows;
    hooks.reject = [&](const RejectedRow& row) {
      EXPECT_EQ(row.line, 3 + 2 * told++);
      EXPECT_GE(engine->info().event_count, told);
      EXPECT_EQ(engine->sources().size(), 1u);
    };
    EXPECT_EQ(ingest(*engine, {path}, {}, hooks).rows_rejected, 500u);
    EXPECT_EQ(told, 500u);
  }
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
  };
  EXPECT_EQ(ingest(*engine, {path}, {}, hooks).rows_rejected, 1000u);
  EXPECT_TRUE(told_early);
}

}  // namespace
}  // namespace rollcall
