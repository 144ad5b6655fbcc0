// These identities of amounts must hold of the engine's answers whatever the data.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>

#include "tests/engine/stream_engines.h"
#include "tests/support/query_generator.h"

namespace rollcall::testing {
namespace {

const Cell& cell_of(const QueryResult& result, std::size_t row, const std::string& column) {
  const auto found = std::ranges::find(result.columns, column, &Column::name);
  return result.rows.at(row).at(static_cast<std::size_t>(found - result.columns.begin()));
}

// One quotient is rounded, and the two others and their product are.
TEST(ValueIdentities, ValuePerUserIsThatOfPayersTimesTheirRate) {
  std::int64_t looked_at = 0;
  for_streams([&](const Stream& stream, Random& random) {
    const auto engine = engine_of(stream);
    ASSERT_NE(engine, nullptr);
    CountsQuery counts;
    counts.payers = true;
    counts.period = static_cast<Period>(random.below(5));
    if (stream.settings.history && random.chance(30)) counts.period = Period::kHour;
    const QueryResult result = ask(*engine, query_of(counts));
    for (std::size_t i = 0; i < result.rows.size(); ++i) {
      const auto* const per_user = std::get_if<double>(&cell_of(result, i, "value_per_user"));
      const auto* const per_payer = std::get_if<double>(&cell_of(result, i, "value_per_payer"));
      const auto* const rate = std::get_if<double>(&cell_of(result, i, "paying_rate"));
      ASSERT_LE(count(cell_of(result, i, "payers")), count(cell_of(result, i, "users")));
      ASSERT_EQ(per_user != nullptr, rate != nullptr);
      if (per_payer == nullptr) continue;
      ASSERT_NEAR(*per_user, *per_payer * *rate, 1e-14 * std::abs(*per_user));
      ++looked_at;
    }
  });
  EXPECT_GT(looked_at, 100);
}

TEST(ValueIdentities, LtvOfDaysIsRetentionByValueUpToThem) {
  std::int64_t looked_at = 0;
  for_streams([&](const Stream& stream, Random& random) {
    const auto engine = engine_of(stream);
    ASSERT_NE(engine, nullptr);
    for (int i = 0; i < kQuestionsPerStream; ++i) {
      Query ltv = random_query(random, stream);
      RetentionQuery retention;
      retention.measure = RetentionQuery::Measure::kValue;
      retention.mode = RetentionQuery::Mode::kOnOrBefore;
      retention.periods = 20;
      LtvQuery days;
      days.horizons.clear();
      for (std::int32_t day = 0; day <= *retention.periods; ++day) days.horizons.push_back(day);
      if (const auto* const drawn = std::get_if<RetentionQuery>(&ltv.ask)) {
        retention.cohort_event = drawn->cohort_event;
        retention.return_event = drawn->return_event;
        retention.summary = drawn->summary;
      }
      if (random.chance(50)) {
        retention.cohort = RetentionQuery::Cohort::kFirstInRange;
        days.cohort = LtvQuery::Cohort::kFirstInRange;
      }
      days.cohort_event = retention.cohort_event;
      days.value_event = retention.return_event;
      days.summary = retention.summary;
      Query by_value = ltv;
      ltv.ask = days;
      by_value.ask = retention;
      SCOPED_TRACE(to_json(ltv));
      const Result<QueryResult> found = engine->query(ltv);
      const Result<QueryResult> expected = engine->query(by_value);
      ASSERT_EQ(found.ok(), expected.ok());
      if (!found.ok()) continue;
      ASSERT_EQ(found->rows.size(), expected->rows.size());
      const std::pair<std::string, std::string> same[] = {
          {"cohort", "cohort"}, {"size", "size"},          {"day", "period"},
          {"value", "value"},   {"ltv", "value_per_user"}, {"complete", "complete"}};
      for (std::size_t row = 0; row < found->rows.size(); ++row) {
        for (const auto& [column, other] : same) {
          ASSERT_EQ(cell_of(*found, row, column), cell_of(*expected, row, other))
              << column << " of row " << row;
        }
      }
      looked_at += static_cast<std::int64_t>(found->rows.size());
    }
  });
  EXPECT_GT(looked_at, 1000);
}

}  // namespace
}  // namespace rollcall::testing
