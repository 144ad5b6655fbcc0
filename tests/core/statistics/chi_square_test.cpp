#include "core/statistics/chi_square.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace rollcall {
namespace {

struct FitCase {
  std::vector<std::uint64_t> counts;
  std::vector<double> shares;
  TestResult result;
};

// The first are Mendel's peas, the second the players of Cookie Cats. All digits are those of scipy
// 1.17, chisquare(counts, f_exp=expected).
TEST(ChiSquare, EqualsKnownResults) {
  const FitCase cases[] = {
      {{315, 108, 101, 32}, {9, 3, 3, 1}, {0.4700239808153477, 0.925425895103616}},
      {{44'700, 45'489}, {0.5, 0.5}, {6.9024049496058275, 0.008607987810836262}},
      {{16, 18, 16, 14, 12, 12}, {1, 1, 1, 1, 1, 1}, {2, 0.8491450360846096}},
      {{16, 18, 16, 14, 12, 12}, {0.2, 0.2, 0.2, 0.2, 0.2, 0.1}, {3.5, 0.6233876277495822}},
      {{990, 10}, {1, 1}, {960.4, 7.27868199154272e-211}},
  };
  for (const FitCase& known : cases) {
    const std::optional<TestResult> fit = chi_square_fit(known.counts, known.shares);
    ASSERT_TRUE(fit);
    EXPECT_NEAR(fit->statistic, known.result.statistic, known.result.statistic * 1e-12);
    EXPECT_NEAR(fit->p, known.result.p, known.result.p * 1e-11);
  }
}

TEST(ChiSquare, KnowsNothingOfOneCountOrNobody) {
  EXPECT_FALSE(chi_square_fit({}, {}));
  EXPECT_FALSE(chi_square_fit(std::vector<std::uint64_t>{7}, std::vector<double>{1}));
  EXPECT_FALSE(chi_square_fit(std::vector<std::uint64_t>{0, 0}, std::vector<double>{1, 1}));
}

TEST(ChiSquare, FitsOneUser) {
  const std::optional<TestResult> fit =
      chi_square_fit(std::vector<std::uint64_t>{1, 0}, std::vector<double>{0.5, 0.5});
  EXPECT_EQ(fit->statistic, 1);
  EXPECT_NEAR(fit->p, 0.31731050786291415, 1e-15);
}

}  // namespace
}  // namespace rollcall
