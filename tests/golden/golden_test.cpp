// Stores of every format that was released are opened, answer as they did, and go on; files that
// they were made of count no second time. A store of a format to come is refused, and not a byte of
// it changes.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <xxhash.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "rollcall/file_source.h"
#include "rollcall/rocks_store.h"
#include "rollcall/store_copy.h"
#include "tests/golden/golden_store.h"
#include "tests/storage/temporary_directory.h"

namespace rollcall::testing {
namespace {

namespace fs = std::filesystem;

const std::string kGolden = std::string(ROLLCALL_SOURCE_DIR) + "/tests/golden/";
constexpr TimeUs kTimeMax = 1'800'000'000'000'000;  // 2027: some rows of the files are later

class Golden : public ::testing::TestWithParam<std::string> {
 protected:
  Golden() { fs::copy(folder_ + "/store", copy_, fs::copy_options::recursive); }

  Result<std::unique_ptr<Engine>> open(bool read_only) const {
    ROLLCALL_ASSIGN_OR_RETURN(
        std::unique_ptr<Store> store,
        open_rocks_store(copy_, {.read_only = read_only, .create_if_missing = false}));
    EngineOptions options;
    options.time_max = kTimeMax;
    return Engine::open(std::move(store), options);
  }

  void expect_answers(const Engine& engine) const {
    const std::string answers = file_text(folder_ + "/answers");
    EXPECT_EQ(golden_answers(engine, file_text(folder_ + "/questions"), answers), answers);
    const Result<VerifyReport> report = engine.verify();
    ASSERT_TRUE(report.ok()) << report.status().to_string();
    EXPECT_TRUE(report->faults.empty()) << report->faults.front();
  }

  // Looks for counter pages wherever they may be: the store has one partition and few users.
  std::size_t counter_pages() const {
    constexpr std::uint32_t kSeriesMax = 64;
    const auto store = open_rocks_store(copy_, {.read_only = true});
    EXPECT_TRUE(store.ok()) << store.status().to_string();
    const Epoch last = (*(*store)->last_commit())->epoch;
    const auto view = *(*store)->view();
    std::size_t count = 0;
    for (Epoch epoch = 1; epoch <= last; ++epoch) {
      for (std::uint32_t series = 0; series <= kSeriesMax; ++series) {
        count += view->read({{PageKind::kCounters, 0, series, 0, 0}, epoch}).ok();
      }
    }
    return count;
  }
  std::uint64_t page_count() const {
    return (*(*open_rocks_store(copy_, {.read_only = true}))->size()).page_count;
  }

  // Every name beneath the copy, with what would tell a change.
  using Facts = std::pair<std::string, fs::file_time_type>;
  std::map<std::string, Facts> facts() const {
    std::map<std::string, Facts> found;
    for (const auto& entry : fs::recursive_directory_iterator(copy_)) {
      found[entry.path().string()] = {
          entry.is_regular_file() ? file_text(entry.path().string()) : "", entry.last_write_time()};
    }
    return found;
  }

  const std::string folder_ = kGolden + GetParam();
  TemporaryDirectory directory_;
  const std::string copy_ = directory_.path("store");
};

TEST_P(Golden, AnswersAsItDid) {
  const auto before = facts();
  {
    const auto reader = open(/*read_only=*/true);
    ASSERT_TRUE(reader.ok()) << reader.status().to_string();
    expect_answers(**reader);
  }
  EXPECT_TRUE(facts() == before) << "a reader changed files";
  for (int time = 0; time < 2; ++time) {
    const auto writer = open(/*read_only=*/false);
    ASSERT_TRUE(writer.ok()) << writer.status().to_string();
    expect_answers(**writer);
    // This is a commit by this program, in the format that it writes.
    ASSERT_TRUE((*writer)->save_segment("more", Segment()).ok());
    ASSERT_TRUE((*writer)->drop_segment("more").ok());
    ASSERT_TRUE((*writer)->checkpoint().ok());
  }
}

// Counter pages of earlier programs, of which no question was ever asked, go with the first commit.
// The stores that have none are younger.
TEST_P(Golden, LosesItsCounterPages) {
  const bool has_some = GetParam() != "format-2-kept" && GetParam() != "format-2-objects";
  EXPECT_EQ(counter_pages() > 0, has_some);
  {
    const auto writer = open(/*read_only=*/false);
    ASSERT_TRUE(writer.ok()) << writer.status().to_string();
    EXPECT_EQ(counter_pages() > 0, has_some);
    ASSERT_TRUE((*writer)->checkpoint().ok());
    expect_answers(**writer);
    EXPECT_EQ(counter_pages(), 0u);
    const std::uint64_t epoch = (*writer)->info().epoch;
    ASSERT_TRUE((*writer)->compact().ok());
    EXPECT_EQ((*writer)->info().epoch, epoch) << "there was nothing left to write";
    ASSERT_TRUE((*writer)->close().ok());
  }
  const auto reader = open(/*read_only=*/true);
  ASSERT_TRUE(reader.ok()) << reader.status().to_string();
  expect_answers(**reader);
  EXPECT_EQ(counter_pages(), 0u);
  // The store has the pages that are checked, and no others.
  const Result<VerifyReport> report = (*reader)->verify();
  ASSERT_TRUE(report.ok()) << report.status().to_string();
  EXPECT_EQ(report->page_count, page_count());
  EXPECT_TRUE(copy_rocks_store(copy_, directory_.path("second")).ok());
}

TEST_P(Golden, HasThisFormatOnceItIsOpenedToWrite) {
  {
    const auto reader = open(/*read_only=*/true);
    ASSERT_TRUE(reader.ok()) << reader.status().to_string();
  }
  const bool is_first = GetParam().starts_with("format-1");
  const std::string lead = "rollcall store, format ";
  EXPECT_TRUE(file_text(copy_ + "/FORMAT").starts_with(lead + (is_first ? "1\n" : "2\n")));
  const auto writer = open(/*read_only=*/false);
  ASSERT_TRUE(writer.ok()) << writer.status().to_string();
  EXPECT_TRUE(file_text(copy_ + "/FORMAT").starts_with(lead + "2\n"));
  EXPECT_EQ((*writer)->settings().history, !is_first);
  const Status funnel =
      (*writer)->query(R"({"kind": "funnel", "steps": ["login", "view"]})").status();
  EXPECT_EQ(funnel.ok(), !is_first) << funnel.to_string();
}

TEST_P(Golden, OfAFormatToComeIsLeftAlone) {
  std::string format = file_text(copy_ + "/FORMAT");
  const std::string lead = "rollcall store, format ";
  ASSERT_TRUE(format.starts_with(lead));
  format.replace(lead.size(), format.find('\n') - lead.size(), "3");
  std::ofstream(copy_ + "/FORMAT", std::ios::binary) << format;
  const auto before = facts();
  for (const bool read_only : {true, false}) {
    const Status status = open(read_only).status();
    EXPECT_EQ(status.code(), StatusCode::kUnsupported) << status.to_string();
    EXPECT_TRUE(facts() == before) << "files were changed";
  }
}

std::string test_name(const ::testing::TestParamInfo<std::string>& folder) {
  std::string name = folder.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Folders, Golden,
                         ::testing::Values("format-1", "format-1-files", "format-2",
                                           "format-2-kept", "format-2-objects"),
                         test_name);

class GoldenFiles : public Golden {
 protected:
  // Reads the files as they were read when the store was made.
  void ingest(Engine& engine, std::vector<IngestReport>& reports) const {
    const std::string files = folder_ + "/files/";
    std::vector<std::string> paths;
    for (const char* name :
         {"grown.csv", "whole.csv", "late.csv", "half.csv", "packed.csv.gz", "lines.ndjson"}) {
      paths.push_back(files + name);
    }
    SourceOptions other_way;
    other_way.user = "who";
    other_way.time = "when";
    other_way.value = "paid";
    other_way.event_name = "purchase";
    for (const auto& [read, options] :
         {std::pair(paths, SourceOptions()),
          std::pair(std::vector{files + "other_way.tsv"}, other_way)}) {
      const Result<IngestReport> report = ingest_files(engine, read, options, {});
      ASSERT_TRUE(report.ok()) << report.status().to_string();
      reports.push_back(*report);
    }
  }
};

TEST_P(GoldenFiles, CountNoSecondTime) {
  constexpr std::uint64_t kRowsKnown = 13, kRowsGrown = 11;  // of half.csv
  constexpr std::size_t kHalf = 3;
  const auto engine = open(/*read_only=*/false);
  ASSERT_TRUE(engine.ok()) << engine.status().to_string();
  const std::uint64_t before = (*engine)->info().event_count;
  for (const std::uint64_t grown : {kRowsGrown, std::uint64_t{0}}) {
    std::vector<IngestReport> reports;
    ingest(**engine, reports);
    ASSERT_EQ(reports.size(), 2u);
    EXPECT_EQ(reports[0].rows_read, grown);
    EXPECT_EQ(reports[0].rows_ingested, grown);
    EXPECT_EQ(reports[1].rows_read, 0u);
    ASSERT_EQ(reports[0].files.size(), 6u);
    EXPECT_EQ(reports[0].files[kHalf].rows_known, kRowsKnown + kRowsGrown - grown);
    EXPECT_EQ((*engine)->info().event_count, before + kRowsGrown);
  }
}

INSTANTIATE_TEST_SUITE_P(Folders, GoldenFiles, ::testing::Values("format-1-files"), test_name);

// This lists every file beneath the folders, with its digest, in the form that xxh128sum writes and
// checks.
TEST(GoldenBytes, AreThoseReleased) {
  std::vector<std::string> lines;
  for (const auto& folder : fs::directory_iterator(kGolden)) {
    if (!folder.is_directory()) continue;
    for (const auto& entry : fs::recursive_directory_iterator(folder.path())) {
      if (!entry.is_regular_file()) continue;
      const std::string bytes = file_text(entry.path().string());
      const XXH128_hash_t digest = XXH3_128bits(bytes.data(), bytes.size());
      lines.push_back(fmt::format("{:016x}{:016x}  {}\n", digest.high64, digest.low64,
                                  entry.path().lexically_relative(kGolden).string()));
    }
  }
  const auto name = [](const std::string& line) { return line.substr(line.find(' ')); };
  std::sort(lines.begin(), lines.end(),
            [&](const std::string& a, const std::string& b) { return name(a) < name(b); });
  std::string listed;
  for (const std::string& line : lines) listed += line;
  EXPECT_EQ(listed, file_text(kGolden + "released"))
      << "a golden store never changes, nor do its questions and answers";
}

}  // namespace
}  // namespace rollcall::testing
