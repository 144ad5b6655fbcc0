// Preambles, comments, delimiters and quotes of files: what is ingested is what a plain cutter of
// the whole text finds, wherever blocks end and however often the run is interrupted.

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/file_source.h"
#include "rollcall/memory_store.h"
#include "tests/storage/temporary_directory.h"
#include "tests/support/run_size.h"

namespace rollcall::testing {
namespace {

// A file, and how many of its rows each user should have.
struct MadeFile {
  std::string text;
  std::map<std::string, int> events;
};

MadeFile make_file(std::mt19937_64& random, const SourceOptions& options) {
  MadeFile made;
  for (std::uint32_t i = 0; i < options.skip_lines.value_or(0); ++i) {
    constexpr std::string_view kLines[] = {"Report\n", "\n", "\"open\n", "user,event,time\n",
                                           "#\r\n"};
    made.text += kLines[random() % 5];
  }
  const std::string& delimiter = *options.delimiter;
  const auto add_line = [&](const std::vector<std::string>& fields) {
    for (std::size_t i = 0; i < fields.size(); ++i)
      made.text += (i == 0 ? "" : delimiter) + fields[i];
    made.text += random() % 4 == 0 ? "\r\n" : "\n";
  };
  const auto add_noise = [&] {
    if (!options.comment.empty() && random() % 3 == 0) {
      made.text += options.comment + (random() % 2 == 0 ? " \"a,b\n" : "x::y\t\n");
    }
    if (random() % 5 == 0) made.text += "\n";
  };
  add_noise();
  add_line({"user", "event", "time", "note"});
  const bool quotes = options.quotes == QuoteRule::kFields;
  for (std::size_t row = random() % 30; row > 0; --row) {
    add_noise();
    const std::string user = "u" + std::to_string(random() % 5);
    std::string note = quotes ? (random() % 2 == 0 ? "\"a" + delimiter + "\n#\"\"b\"" : "plain")
                              : (random() % 2 == 0 ? "\"odd" : "5' 9\"");
    add_line({user, "e", "2026-01-0" + std::to_string(1 + random() % 9), note});
    ++made.events[user];
  }
  return made;
}

TEST(TextSyntax, RowsAreThoseOfThePlainText) {
  const std::uint64_t first_seed = run_seed();
  TemporaryDirectory directory;
  for (std::uint64_t seed = first_seed; seed < first_seed + 300; ++seed) {
    SCOPED_TRACE(::testing::Message() << "ROLLCALL_SEED=" << seed);
    std::mt19937_64 random(seed);
    SourceOptions options;
    constexpr std::string_view kDelimiters[] = {",", "::", "||", "\t", ", "};
    options.delimiter = kDelimiters[random() % 5];
    options.quotes = random() % 2 == 0 ? QuoteRule::kFields : QuoteRule::kText;
    options.skip_lines = static_cast<std::uint32_t>(random() % 4);
    if (random() % 2 == 0) options.comment = random() % 2 == 0 ? "#" : "--";
    const MadeFile made = make_file(random, options);
    if (made.events.empty()) continue;
    const std::string path = directory.path("events.txt");
    std::ofstream(path, std::ios::binary) << made.text;

    auto engine = *Engine::open(open_memory_store(), {});
    for (bool done = false; !done;) {
      IngestHooks hooks;
      hooks.batch_bytes = 1 + random() % 200;
      hooks.batch_rows = 1 + random() % 8;
      const auto report = ingest_files(*engine, {path}, options, hooks);
      ASSERT_TRUE(report.ok()) << report.status().to_string() << "\n" << made.text;
      EXPECT_EQ(report->rows_rejected, 0u) << report->examples.front().reason << "\n" << made.text;
      done = report->files.front().outcome == FileReport::Outcome::kKnown;
    }
    std::uint64_t events = 0;
    for (const auto& [user, count] : made.events) events += static_cast<std::uint64_t>(count);
    EXPECT_EQ(engine->info().event_count, events) << made.text;
    EXPECT_EQ(engine->info().user_count, made.events.size());
  }
}

}  // namespace
}  // namespace rollcall::testing
