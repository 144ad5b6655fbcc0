// This tests which tables there are, and which one is in use.
#include "kernels/kernel_table.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall::kernels {
namespace {

std::vector<const KernelTable*> runnable() {
  return {runnable_tables().begin(), runnable_tables().end()};
}

std::string isa_of(const testing::TestParamInfo<const KernelTable*>& test) {
  return test.param->isa;
}

TEST(KernelTables, ReferenceComesFirst) {
  ASSERT_FALSE(runnable_tables().empty());
  EXPECT_EQ(runnable_tables().front(), &reference_table);
}

TEST(KernelTables, ComeFromNarrowToWide) {
  const std::vector<std::string_view> known = {"reference", "sse2", "avx2", "avx512",
                                               "avx512vpopcnt"};
  ASSERT_LE(runnable_tables().size(), known.size());
  for (std::size_t i = 0; i < runnable_tables().size(); ++i) {
    EXPECT_EQ(runnable_tables()[i]->isa, known[i]);
  }
}

#if defined(__x86_64__)
TEST(KernelTables, EveryX8664HasSse2) { EXPECT_NE(find_table("sse2"), nullptr); }
#endif

TEST(KernelTables, AreFoundByTheirWholeName) {
  for (const KernelTable* const table : runnable_tables()) EXPECT_EQ(find_table(table->isa), table);
  EXPECT_EQ(find_table(""), nullptr);
  EXPECT_EQ(find_table("ref"), nullptr);
  EXPECT_EQ(find_table("Reference"), nullptr);
  EXPECT_EQ(find_table("sse2 "), nullptr);
}

// The table in use is decided once per process, so that each case runs in a process of its own.
class ActiveTableDeathTest : public testing::TestWithParam<const KernelTable*> {
 protected:
  void SetUp() override { testing::FLAGS_gtest_death_test_style = "threadsafe"; }

  // Ends the process with 0 exactly when `expected` is in use, and remains so.
  [[noreturn]] static void exit_comparing(const KernelTable* expected) {
    const bool chosen = active_table() == expected;
    setenv("ROLLCALL_ISA", "changed too late", 1);
    const bool kept = active_table() == expected;
    std::_Exit(chosen && kept ? 0 : 1);
  }
};

TEST_P(ActiveTableDeathTest, IsTheOneNamed) {
  EXPECT_EXIT(
      {
        setenv("ROLLCALL_ISA", GetParam()->isa, 1);
        exit_comparing(GetParam());
      },
      testing::ExitedWithCode(0), "");
}

INSTANTIATE_TEST_SUITE_P(Isa, ActiveTableDeathTest, testing::ValuesIn(runnable()), isa_of);

TEST_F(ActiveTableDeathTest, IsTheWidestWhenNoneIsNamed) {
  EXPECT_EXIT(
      {
        unsetenv("ROLLCALL_ISA");
        exit_comparing(runnable_tables().back());
      },
      testing::ExitedWithCode(0), "");
  EXPECT_EXIT(
      {
        setenv("ROLLCALL_ISA", "", 1);
        exit_comparing(runnable_tables().back());
      },
      testing::ExitedWithCode(0), "");
}

TEST_F(ActiveTableDeathTest, IsNullWhenTheOneNamedCannotRun) {
  for (const char* const isa : {"neon", "AVX2", "avx1024", " "}) {
    SCOPED_TRACE(isa);
    EXPECT_EXIT(
        {
          setenv("ROLLCALL_ISA", isa, 1);
          exit_comparing(nullptr);
        },
        testing::ExitedWithCode(0), "");
  }
}

}  // namespace
}  // namespace rollcall::kernels
