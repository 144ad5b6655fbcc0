// Ids of integers have one text each: no other text becomes one of them, whatever was guessed.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/base/digits.h"
#include "rollcall/file_source.h"
#include "rollcall/user_file.h"
#include "tests/core/source/ingesting.h"
#include "tests/core/source/source_files.h"

namespace rollcall {
namespace {

constexpr std::string_view kNotCanonical[] = {
    "+5",  "05",  "5.0", " 5", "5 ", "5e0", "-5", "005",
    "0x5", "\t5", "5,",  "5_", "00", "-0",  "5.", "18446744073709551616"};

StoreSettings of_integers() {
  StoreSettings settings;
  settings.user_kind = UserKind::kInteger;
  return settings;
}

TEST(GuessedIds, OneTextForEachInteger) {
  std::uint64_t integer = 0;
  for (const std::string_view text : kNotCanonical) {
    EXPECT_FALSE(parse_canonical_integer(text, integer)) << text;
    EXPECT_FALSE(parse_user(text, UserKind::kInteger, "list:1").ok()) << text;
  }
  for (const std::uint64_t number : {0ull, 5ull, 10ull, 9'999'999'999'999'999ull,
                                     10'000'000'000'000'000ull, 18'446'744'073'709'551'615ull}) {
    ASSERT_TRUE(parse_canonical_integer(std::to_string(number), integer));
    EXPECT_EQ(integer, number);
    EXPECT_TRUE(parse_user(std::to_string(number), UserKind::kInteger, "list:1").ok());
  }
}

TEST(GuessedIds, OthersAreRejectedInEveryFormat) {
  const TestDirectory directory;
  const auto expect_rejected = [](const IngestReport& report, std::size_t rejected) {
    EXPECT_EQ(report.rows_ingested, 1u);
    EXPECT_EQ(report.rows_rejected, rejected);
    for (const RejectedRow& row : report.examples) {
      EXPECT_EQ(row.kind, RejectKind::kUserNotInteger);
      EXPECT_EQ(row.hint, OptionHint(Option::kUserKind, "string"));
    }
  };
  std::string plain(kHeader), quoted(kHeader), json;
  plain += "5,2026-01-01,e\n";
  quoted += "\"5\",2026-01-01,e\n";
  json += "{\"user\": 5, \"time\": \"2026-01-01\", \"event\": \"e\"}\n";
  std::size_t of_plain = 0;
  for (const std::string_view text : kNotCanonical) {
    if (text.find(',') == std::string_view::npos) {
      plain += fmt::format("{},2026-01-01,e\n", text);
      ++of_plain;
    }
    quoted += fmt::format("\"{}\",2026-01-01,e\n", text);
    if (text.find('\t') == std::string_view::npos) {
      json +=
          fmt::format("{{\"user\": \"{}\", \"time\": \"2026-01-01\", \"event\": \"e\"}}\n", text);
    }
  }
  for (const std::string_view number : {"5.0", "5e0", "-5", "50e-1"}) {
    json += fmt::format("{{\"user\": {}, \"time\": \"2026-01-01\", \"event\": \"e\"}}\n", number);
  }
  const auto read = [&](std::string_view name, const std::string& text) {
    const auto engine = open_engine(make_memory_disk(), of_integers());
    return ingest(*engine, {directory.write(name, text)});
  };
  expect_rejected(read("plain.csv", plain), of_plain);
  expect_rejected(read("quoted.csv", quoted), std::size(kNotCanonical));
  expect_rejected(read("a.ndjson", json), std::size(kNotCanonical) - 1 + 4);
}

// The whole of the files says it, wherever in them the odd id is.
TEST(GuessedIds, TheGuessKnowsAllRows) {
  const TestDirectory directory;
  const auto kind = [&](const std::vector<std::string>& names) {
    std::vector<std::string> paths;
    for (const std::string& name : names) paths.push_back(directory.path(name));
    const Result<UserKind> guessed = guess_user_kind(paths, {});
    EXPECT_TRUE(guessed.ok());
    return *guessed;
  };
  std::string integers(kHeader), json;
  for (int i = 0; i < 200'000; ++i) integers += fmt::format("{},2026-01-01,e\n", i);
  for (int i = 0; i < 5000; ++i) {
    json += fmt::format("{{\"user\": {}, \"time\": \"2026-01-01\", \"event\": \"e\"}}\n", i);
  }
  directory.write("integers.csv", integers);
  directory.write("integers.csv.gz", gzip(integers));
  directory.write("integers.ndjson", json);
  for (const char* ids : {"1", "0", "18446744073709551615"}) {
    directory.write("one.csv", fmt::format("{}{},2026-01-01,e\n", kHeader, ids));
    EXPECT_EQ(kind({"one.csv"}), UserKind::kInteger) << ids;
  }
  for (const char* ids : {"007", "17850.0", "18446744073709551616", "a", "-1", " "}) {
    directory.write("one.csv", fmt::format("{}{},2026-01-01,e\n", kHeader, ids));
    EXPECT_EQ(kind({"one.csv"}), UserKind::kString) << ids;
  }
  directory.write("none.csv", std::string(kHeader) + ",2026-01-01,e\n");
  EXPECT_EQ(kind({"integers.csv"}), UserKind::kInteger);
  EXPECT_EQ(kind({"integers.csv.gz", "integers.ndjson", "none.csv"}), UserKind::kInteger);
  EXPECT_EQ(kind({"none.csv"}), UserKind::kString);
  for (const std::string_view odd : kNotCanonical) {
    if (odd.find(',') != std::string_view::npos) continue;
    directory.write("odd.csv", integers + fmt::format("{},2026-01-01,e\n", odd));
    EXPECT_EQ(kind({"odd.csv"}), UserKind::kString) << odd;
  }
  EXPECT_EQ(kind({"integers.csv", "odd.csv"}), UserKind::kString);
  directory.write("odd.ndjson", json + "{\"user\": 5.0, \"time\": 1, \"event\": \"e\"}\n");
  EXPECT_EQ(kind({"odd.ndjson"}), UserKind::kString);
}

}  // namespace
}  // namespace rollcall
