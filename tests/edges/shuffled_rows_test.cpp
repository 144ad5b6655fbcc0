// The order of the rows of a file changes neither answers nor rejects.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "rollcall/file_source.h"
#include "tests/core/source/ingesting.h"
#include "tests/core/source/source_files.h"

namespace rollcall {
namespace {

std::string pick(std::mt19937_64& random, const std::vector<std::string>& texts) {
  return texts[random() % texts.size()];
}

// More rows than are looked at first, a few of them odd.
std::vector<std::string> random_rows(std::mt19937_64& random) {
  std::vector<std::string> rows;
  const std::uint64_t odd_users = random() % 3, odd_times = random() % 2, odd_values = random() % 2;
  for (int i = 0; i < 3000; ++i) {
    const bool odd = random() % 500 == 0;
    std::string user = std::to_string(random() % 40);
    if (odd && odd_users > 0) {
      user =
          pick(random, {"+5", "05", "5.0", " 5", "5 ", "NULL", "null", "u5", "\"5\"", "5e0", ""});
    }
    std::string time = std::to_string(1767225600 + random() % (20 * 86'400));
    if (random() % 4 == 0) time += "000";
    if (random() % 4 == 0) time = fmt::format("2026-01-{:02}", 1 + random() % 20);
    if (random() % 300 == 0 && odd_times > 0) {
      time = pick(random, {"0", "2026", "20260105", "46030", "46030.5", "253402300799", "-1",
                           "1767225600.5", "05/01/2026", "", "2026-01-05T10:00:00Z"});
    }
    std::string value = std::to_string(random() % 100);
    if (random() % 300 == 0 && odd_values > 0) {
      value = pick(random, {"\"1,5\"", "NULL", "$5", "1e2", "0.30000000000000004", "", "nan"});
    }
    rows.push_back(fmt::format("{},{},e{},{}\n", user, time, random() % 3, value));
  }
  return rows;
}

// All that can be known after the rows were read in this order into a store made for them.
std::string outcome(const TestDirectory& directory, const std::vector<std::string>& rows) {
  std::string text = "user,time,event,value\n";
  for (const std::string& row : rows) text += row;
  const std::string path = directory.write("rows.csv", text);
  StoreSettings settings;
  settings.user_kind = *guess_user_kind({path}, {});
  const auto engine = open_engine(make_memory_disk(), settings);
  std::vector<std::string> rejects;
  IngestHooks hooks;
  hooks.reject = [&](const RejectedRow& row) {
    rejects.push_back(row.reason + row.row + '\n');
    return Status();
  };
  const IngestReport report = ingest(*engine, {path}, {}, hooks);
  std::sort(rejects.begin(), rejects.end());
  std::string out = answers(*engine);
  auto counts = engine->query(R"({"kind": "counts", "from": "2026-01-01", "to": "2026-01-31"})");
  EXPECT_TRUE(counts.ok());
  counts->stats = {};
  out += to_json(*counts) + '\n';
  for (const std::string& reject : rejects) out += reject;
  for (const WordCount& count : report.null_users)
    out += fmt::format("{} {}\n", count.word, count.rows);
  for (const WordCount& count : report.null_values)
    out += fmt::format("{} {}\n", count.word, count.rows);
  return out;
}

TEST(ShuffledRows, OrderChangesNothing) {
  const TestDirectory directory;
  const std::uint64_t first = std::random_device()() % 1'000'000;
  for (std::uint64_t seed = first; seed < first + 12; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed=" << seed);
    std::mt19937_64 random(seed);
    std::vector<std::string> rows = random_rows(random);
    const std::string expected = outcome(directory, rows);
    for (int round = 0; round < 2; ++round) {
      std::shuffle(rows.begin(), rows.end(), random);
      ASSERT_EQ(outcome(directory, rows), expected);
    }
  }
}

}  // namespace
}  // namespace rollcall
