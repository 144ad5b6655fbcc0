// Ids that mean nobody are users by default, and said to be; an option rejects them.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>

#include "core/source/values/null_words.h"
#include "rollcall/file_source.h"
#include "rollcall/native_format.h"
#include "tests/core/source/ingesting.h"
#include "tests/core/source/source_files.h"

namespace rollcall {
namespace {

constexpr std::string_view kNobody[] = {"NULL",
                                        "null",
                                        "Null",
                                        "(null)",
                                        "undefined",
                                        "NaN",
                                        "nan",
                                        "None",
                                        "none",
                                        "nil",
                                        "\\N",
                                        "N/A",
                                        "n/a",
                                        "[object Object]",
                                        "00000000-0000-0000-0000-000000000000"};

TEST(NullUsers, AreKnown) {
  for (const std::string_view id : kNobody) EXPECT_TRUE(is_null_id(id)) << id;
  for (const std::string_view id :
       {"", "0", "ann", "nul", "nulls", "NULL ", "nobody", "undefine", "name", "noon", "N/B",
        "00000000-0000-0000-0000-000000000001", "000000000000000000000000000000000000", "\\M",
        "(nul)", "[object Window]"}) {
    EXPECT_FALSE(is_null_id(id)) << id;
  }
  EXPECT_FALSE(is_null_word("00000000-0000-0000-0000-000000000000"));
  EXPECT_TRUE(is_null_word("\\N"));
}

std::map<std::string, std::uint64_t> counted(const std::vector<WordCount>& counts) {
  std::map<std::string, std::uint64_t> out;
  for (const WordCount& count : counts) out[count.word] += count.rows;
  return out;
}

TEST(NullUsers, AreCountedAndRejectedInEveryFormat) {
  const TestDirectory directory;
  std::string csv(kHeader), json;
  std::map<std::string, std::uint64_t> expected;
  std::size_t rows = 0;
  for (std::size_t i = 0; i < std::size(kNobody); ++i) {
    for (std::size_t times = 0; times <= i % 3; ++times, ++rows) {
      const std::string id(kNobody[i]);
      csv += fmt::format("{},2026-01-01,e\n", id);
      json += fmt::format("{{\"user\": \"{}\", \"time\": \"2026-01-01\", \"event\": \"e\"}}\n",
                          id == "\\N" ? "\\\\N" : id);
      ++expected[id];
    }
  }
  csv += "ann,2026-01-01,e\n,2026-01-01,e\n";
  json +=
      "{\"user\": \"ann\", \"time\": \"2026-01-01\", \"event\": \"e\"}\n"
      "{\"user\": null, \"time\": \"2026-01-01\", \"event\": \"e\"}\n";
  for (const std::string& path :
       {directory.write("a.csv", csv), directory.write("a.ndjson", json)}) {
    const auto keeping = open_engine();
    IngestReport report = ingest(*keeping, {path});
    EXPECT_EQ(report.rows_ingested, rows + 1) << path;
    EXPECT_EQ(keeping->info().user_count, std::size(kNobody) + 1);
    EXPECT_EQ(counted(report.null_users), expected) << path;
    EXPECT_GE(report.null_users.front().rows, report.null_users.back().rows);

    SourceOptions options;
    options.reject_null_users = true;
    const auto rejecting = open_engine();
    report = ingest(*rejecting, {path}, options);
    EXPECT_EQ(report.rows_ingested, 1u) << path;
    EXPECT_EQ(report.rejected_by_kind.front().kind, RejectKind::kUserNull);
    EXPECT_EQ(report.rejected_by_kind.front().rows, rows);
    EXPECT_TRUE(report.null_users.empty());
  }
}

TEST(NullUsers, OfTheNativeFormat) {
  const TestDirectory directory;
  const std::string_view users[] = {"ann", "NULL", "NULL"};
  const std::string_view names[] = {"e"};
  const TimeUs times[] = {1'767'225'600'000'000, 1'767'225'600'000'000, 1'767'225'600'000'000};
  EventBatch batch;
  batch.user_strings = users;
  batch.event = {names, {}};
  batch.time = times;
  std::string bytes;
  ASSERT_TRUE(append_native_block(batch, 6, bytes).ok());
  const std::string path = directory.write("a.rollcall", bytes);
  const IngestReport report = ingest(*open_engine(), {path});
  EXPECT_EQ(counted(report.null_users), (std::map<std::string, std::uint64_t>{{"NULL", 2}}));
  SourceOptions options;
  options.reject_null_users = true;
  const auto engine = open_engine();
  const auto rejected = ingest_files(*engine, {path}, options, {});
  ASSERT_TRUE(rejected.ok()) << rejected.status().to_string();
  EXPECT_EQ(rejected->rejected_by_kind.front().kind, RejectKind::kUserNull);
  EXPECT_EQ(rejected->rows_rejected, 2u);
  EXPECT_EQ(engine->info().event_count, std::size(users) - 2);
  // They come in once they are wanted, and nothing else does.
  const auto again = ingest_files(*engine, {path}, {}, {});
  ASSERT_TRUE(again.ok()) << again.status().to_string();
  EXPECT_EQ(again->rows_ingested, 2u);
  EXPECT_EQ(engine->info().event_count, std::size(users));
}

}  // namespace
}  // namespace rollcall
