// This runs the questions of tests/queries/*.test on every kind of store, number of partitions,
// batch size and number of threads, and on the oracle; all must give the answers that stand there.
//
// ROLLCALL_ISA forces the instruction set. ROLLCALL_REWRITE=1 writes the answers found into the
// files.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "kernels/kernel_table.h"
#include "tests/support/query_file.h"

namespace rollcall::testing {
namespace {

std::vector<std::string> query_file_names() {
  std::vector<std::string> names;
  for (const auto& entry :
       std::filesystem::directory_iterator(ROLLCALL_SOURCE_DIR "/tests/queries")) {
    if (entry.path().extension() == ".test") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<EngineSetup> setups() {
  std::vector<EngineSetup> setups;
  if (std::getenv("ROLLCALL_ISA") != nullptr) {
    // Where pages lie, and how many threads there are, has nothing to do with the instruction set.
    for (const std::uint32_t partition_count : {1u, 2u, 64u}) {
      for (const std::size_t batch_rows : {0u, 7u}) {
        setups.push_back(
            {.partition_count = partition_count, .batch_rows = batch_rows, .threads = 1});
      }
    }
    return setups;
  }
  for (const std::uint32_t partition_count : {1u, 2u, 64u}) {
    for (const std::size_t batch_rows : {0u, 1u, 7u}) {
      for (const std::uint32_t threads : {1u, 4u}) {
        setups.push_back(
            {.partition_count = partition_count, .batch_rows = batch_rows, .threads = threads});
      }
    }
    setups.push_back({.store = StoreKind::kRocks,
                      .partition_count = partition_count,
                      .batch_rows = 3,
                      .threads = 2});
  }
  return setups;
}

class QueryFiles : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (kernels::active_table() == nullptr) {
      GTEST_SKIP() << "this machine cannot run ROLLCALL_ISA=" << std::getenv("ROLLCALL_ISA");
    }
    auto read = QueryFile::read(ROLLCALL_SOURCE_DIR "/tests/queries/" + GetParam() + ".test");
    ASSERT_TRUE(read.ok()) << read.status().to_string();
    file_ = *std::move(read);
  }

  QueryFile file_;
};

TEST_P(QueryFiles, EverySetupGivesTheAnswers) {
  if (std::getenv("ROLLCALL_REWRITE") != nullptr) {
    const Status status = file_.rewrite(file_.run(setups().front()));
    ASSERT_TRUE(status.ok()) << status.to_string();
    GTEST_SKIP() << "answers rewritten";
  }
  for (const EngineSetup& setup : setups()) {
    const std::vector<std::string> answers = file_.run(setup);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const QueryFile::Block& block = file_.blocks()[i];
      ASSERT_EQ(answers[i], block.expected) << GetParam() << ".test:" << block.line << " "
                                            << block.json << "on a " << to_string(setup);
    }
  }
}

TEST_P(QueryFiles, OracleGivesTheAnswers) {
  const std::vector<std::string> answers = file_.run_naive();
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const QueryFile::Block& block = file_.blocks()[i];
    const bool refused = !block.expected.starts_with("as_of") && !block.expected.starts_with("ok");
    // The oracle keeps all events.
    if (refused && file_.history_days()) continue;
    EXPECT_EQ(answers[i],
              refused && block.kind == QueryFile::Block::Kind::kQuery ? "error" : block.expected)
        << GetParam() << ".test:" << block.line << " " << block.json;
  }
}

INSTANTIATE_TEST_SUITE_P(File, QueryFiles, ::testing::ValuesIn(query_file_names()),
                         [](const auto& test) { return test.param; });

TEST(ForcedInstructionSet, IsTheOneInUse) {
  const char* isa = std::getenv("ROLLCALL_ISA");
  if (isa == nullptr) GTEST_SKIP() << "ROLLCALL_ISA is not set";
  const kernels::KernelTable* table = kernels::active_table();
  if (table == nullptr) GTEST_SKIP() << "this machine cannot run ROLLCALL_ISA=" << isa;
  EXPECT_STREQ(table->isa, isa);
}

}  // namespace
}  // namespace rollcall::testing
