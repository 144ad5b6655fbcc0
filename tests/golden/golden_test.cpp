// Stores of every format that was released are opened, answer as they did, and go on; a store of a
// format to come is refused, and not a byte of it changes.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <utility>

#include "rollcall/rocks_store.h"
#include "tests/golden/golden_store.h"
#include "tests/storage/temporary_directory.h"

namespace rollcall::testing {
namespace {

namespace fs = std::filesystem;

class Golden : public ::testing::TestWithParam<std::string> {
 protected:
  Golden() { fs::copy(folder_ + "/store", copy_, fs::copy_options::recursive); }

  Result<std::unique_ptr<Engine>> open(bool read_only) const {
    ROLLCALL_ASSIGN_OR_RETURN(
        std::unique_ptr<Store> store,
        open_rocks_store(copy_, {.read_only = read_only, .create_if_missing = false}));
    return Engine::open(std::move(store), {});
  }

  void expect_answers(const Engine& engine) const {
    EXPECT_EQ(golden_answers(engine, file_text(folder_ + "/questions")),
              file_text(folder_ + "/answers"));
    const Result<VerifyReport> report = engine.verify();
    ASSERT_TRUE(report.ok()) << report.status().to_string();
    EXPECT_TRUE(report->faults.empty()) << report->faults.front();
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

  const std::string folder_ = std::string(ROLLCALL_SOURCE_DIR) + "/tests/golden/" + GetParam();
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
    // A commit by this program, in the format that it writes.
    ASSERT_TRUE((*writer)->save_segment("more", Segment()).ok());
    ASSERT_TRUE((*writer)->drop_segment("more").ok());
    ASSERT_TRUE((*writer)->checkpoint().ok());
  }
}

TEST_P(Golden, OfAFormatToComeIsLeftAlone) {
  std::string format = file_text(copy_ + "/FORMAT");
  const std::string lead = "rollcall store, format ";
  ASSERT_TRUE(format.starts_with(lead));
  format.replace(lead.size(), format.find('\n') - lead.size(), "2");
  std::ofstream(copy_ + "/FORMAT", std::ios::binary) << format;
  const auto before = facts();
  for (const bool read_only : {true, false}) {
    const Status status = open(read_only).status();
    EXPECT_EQ(status.code(), StatusCode::kUnsupported) << status.to_string();
    EXPECT_TRUE(facts() == before) << "files were changed";
  }
}

std::string test_name(const ::testing::TestParamInfo<std::string>& format) {
  return "Format" + format.param.substr(format.param.find('-') + 1);
}
INSTANTIATE_TEST_SUITE_P(Formats, Golden, ::testing::Values("format-1"), test_name);

}  // namespace
}  // namespace rollcall::testing
