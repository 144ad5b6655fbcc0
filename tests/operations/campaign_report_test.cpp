// This tests the report of a campaign against numbers that were worked out by hand.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "tests/operations/campaign_engine.h"
#include "tests/support/result_text.h"

namespace rollcall::testing {
namespace {

using Arm = Segment::AudiencePart::Arm;

constexpr TimeUs kHour = TimeUs{3'600} * 1'000'000;

class CampaignReport : public CampaignEngine {
 protected:
  QueryResult report(const std::string& campaign, const std::string& as_of = "") {
    Result<Query> question = report_question(*engine_, campaign);
    EXPECT_TRUE(question.ok()) << question.status().to_string();
    if (!as_of.empty()) {
      question->common.as_of =
          parse_query(R"j({"kind": "active", "as_of": ")j" + as_of + "\"}")->common.as_of;
    }
    const Result<QueryResult> answer = engine_->query(*question);
    EXPECT_TRUE(answer.ok()) << answer.status().to_string();
    return answer.ok() ? *answer : QueryResult();
  }
  // Returns a cell of the row of all classes; `run` is "null" for all runs.
  static Cell cell(const QueryResult& result, const std::string& arm, int horizon,
                   const std::string& column, const std::string& run = "") {
    std::size_t at = 0;
    while (result.columns.at(at).name != column) ++at;
    const std::size_t first = result.columns[0].name == "run" ? 1 : 0;
    for (const std::vector<Cell>& row : result.rows) {
      const bool is_it = (first == 0 || cell_text(row[0]) == run) && row[first] == Cell() &&
                         cell_text(row[first + 1]) == arm &&
                         cell_text(row[first + 2]) == std::to_string(horizon);
      if (is_it) return row[at];
    }
    ADD_FAILURE() << "no such row";
    return {};
  }
  static double number(const Cell& cell) { return std::get<double>(cell); }
};

// The hold-out is drawn by a hash, so what each user does is made to follow from the arm.
TEST_F(CampaignReport, HasTheNumbersOfEachHorizon) {
  for (int i = 0; i < 200; ++i) add("user" + std::to_string(i), 0, "login");
  add("daily", 9, "login");
  ingest();
  ASSERT_TRUE(create("c", R"j({"audience": "did(*, 2026-01-01)", "holdout": 0.4,
                             "contact": "sent", "cost_per_contact": "0.05", "returned": "login",
                             "converted": "buy", "horizons": [1, 3, 40]
})j")
                  .ok());
  const std::set<std::string> contacted = arm("c", Arm::kContacted);
  const std::set<std::string> holdout = arm("c", Arm::kHoldout);
  ASSERT_GT(contacted.size(), 100u);
  ASSERT_GT(holdout.size(), 60u);
  const TimeUs at = (kFirstDay + 10).value * 24 * kHour;  // the end of 2026-01-10
  int place = 0;
  for (const std::string& user : contacted) {
    if (place < 80) add_at(user, at + kHour, "sent");
    if (place < 50) add_at(user, at + 2 * kHour, "login");  // on the first day
    if (place >= 40 && place < 70) add_at(user, at + 60 * kHour, "login");
    if (place < 30) {
      add_at(user, at + 3 * kHour, "buy");
      add(user, 11, "pay").value = 2'500'000;  // on the second day
    }
    ++place;
  }
  place = 0;
  for (const std::string& user : holdout) {
    if (place < 6) add_at(user, at + 24 * kHour - 1, "login");  // just within the first day
    if (place >= 6 && place < 10) add_at(user, at + 24 * kHour, "login");  // just after it
    if (place < 3) add_at(user, at + 71 * kHour, "buy");
    ++place;
  }
  add("daily", 15, "login");
  ingest();

  const QueryResult result = report("c");
  std::string columns;
  for (const Column& column : result.columns) columns += column.name + " ";
  EXPECT_EQ(columns,
            "class arm horizon users reached returned return_rate converted conversion_rate value "
            "value_per_user cost cost_per_returned uplift low high p cost_per_extra complete ");
  EXPECT_EQ(result.rows.size(), 6u);
  const auto m = static_cast<double>(contacted.size());
  const auto n = static_cast<double>(holdout.size());
  const auto text = [&](const std::string& arm_name, int horizon, const std::string& column) {
    return cell_text(cell(result, arm_name, horizon, column));
  };
  EXPECT_EQ(text("contacted", 1, "users"), std::to_string(contacted.size()));
  EXPECT_EQ(text("holdout", 3, "users"), std::to_string(holdout.size()));
  EXPECT_EQ(text("contacted", 1, "reached"), "80");
  EXPECT_EQ(text("contacted", 1, "returned"), "50");
  EXPECT_EQ(text("contacted", 3, "returned"), "70");
  EXPECT_EQ(text("contacted", 1, "converted"), "30");
  EXPECT_EQ(text("contacted", 1, "value"), "0");
  EXPECT_EQ(text("contacted", 3, "value"), "75");
  EXPECT_EQ(text("holdout", 1, "returned"), "6");
  EXPECT_EQ(text("holdout", 3, "returned"), "10");
  EXPECT_EQ(text("holdout", 1, "converted"), "0");
  EXPECT_EQ(text("holdout", 3, "converted"), "3");
  EXPECT_EQ(text("contacted", 3, "cost"), "4");
  EXPECT_EQ(text("holdout", 3, "cost"), "0");
  EXPECT_EQ(text("contacted", 3, "complete"), "true");
  EXPECT_EQ(text("contacted", 40, "complete"), "false");
  EXPECT_EQ(text("contacted", 40, "returned"), "70");  // so far
  for (const char* const column :
       {"return_rate", "conversion_rate", "value_per_user", "cost_per_returned", "uplift", "low",
        "high", "p", "cost_per_extra"}) {
    EXPECT_EQ(text("contacted", 40, column), "null") << column;
  }
  for (const char* const column : {"uplift", "low", "high", "p", "cost_per_extra"}) {
    EXPECT_EQ(text("holdout", 3, column), "null") << column;
  }
  const auto value_of = [&](const std::string& column) {
    return number(cell(result, "contacted", 3, column));
  };
  EXPECT_DOUBLE_EQ(value_of("return_rate"), 70 / m);
  EXPECT_DOUBLE_EQ(value_of("conversion_rate"), 30 / m);
  EXPECT_DOUBLE_EQ(value_of("value_per_user"), 75 / m);
  EXPECT_DOUBLE_EQ(value_of("cost_per_returned"), 4.0 / 70);
  const double uplift = 30 / m - 3 / n;
  EXPECT_NEAR(value_of("uplift"), uplift, 1e-12);
  EXPECT_NEAR(value_of("cost_per_extra"), 4 / (uplift * m), 1e-12);
  // The pooled z, and Newcombe's interval from those of Wilson.
  const double pooled = 33 / (m + n);
  const double z = uplift / std::sqrt(pooled * (1 - pooled) * (1 / m + 1 / n));
  EXPECT_NEAR(value_of("p"), std::erfc(z / std::sqrt(2.0)), 1e-12);
  const auto wilson = [](double hits, double users) {
    const double q = 1.959963984540054;
    const double middle = hits + q * q / 2;
    const double reach = q * std::sqrt(hits * (users - hits) / users + q * q / 4);
    return std::array{(middle - reach) / (users + q * q), (middle + reach) / (users + q * q)};
  };
  const auto [l1, u1] = wilson(30, m);
  const auto [l2, u2] = wilson(3, n);
  EXPECT_NEAR(value_of("low"), uplift - std::hypot(30 / m - l1, u2 - 3 / n), 1e-12);
  EXPECT_NEAR(value_of("high"), uplift + std::hypot(u1 - 30 / m, 3 / n - l2), 1e-12);

  // As of an earlier instant, the horizons after it are not over.
  const QueryResult earlier = report("c", "2026-01-11");
  EXPECT_EQ(cell_text(cell(earlier, "contacted", 1, "complete")), "true");
  EXPECT_EQ(cell_text(cell(earlier, "contacted", 3, "complete")), "false");
  EXPECT_EQ(cell_text(cell(earlier, "contacted", 3, "returned")), "50");
  // Before the contact, there is nothing to report.
  EXPECT_TRUE(report("c", "2026-01-09").rows.empty());
}

TEST_F(CampaignReport, WithoutContactEverybodyWasContacted) {
  for (int i = 0; i < 40; ++i) add("user" + std::to_string(i), 0, "login");
  ingest();
  ASSERT_TRUE(create("c", R"j({"audience": "did(*)", "holdout": 0.25, "horizons": [1],
                             "cost_per_contact": "0.5"
})j")
                  .ok());
  const std::size_t contacted = arm("c", Arm::kContacted).size();
  for (const std::string& user : arm("c", Arm::kHoldout)) add(user, 1, "login");
  add("daily", 2, "login");
  ingest();
  const QueryResult result = report("c");
  EXPECT_EQ(cell_text(cell(result, "contacted", 1, "reached")), "null");
  EXPECT_EQ(cell_text(cell(result, "contacted", 1, "converted")), "null");
  EXPECT_EQ(cell_text(cell(result, "contacted", 1, "conversion_rate")), "null");
  EXPECT_EQ(std::stod(cell_text(cell(result, "contacted", 1, "cost"))),
            0.5 * static_cast<double>(contacted));
  EXPECT_EQ(cell_text(cell(result, "holdout", 1, "cost")), "0");
  EXPECT_EQ(cell_text(cell(result, "contacted", 1, "cost_per_returned")), "null");
  EXPECT_EQ(cell_text(cell(result, "contacted", 1, "uplift")), "-1");
  EXPECT_EQ(cell_text(cell(result, "contacted", 1, "cost_per_extra")), "null");
}

// A user of several runs counts once in all of them, with the first.
TEST_F(CampaignReport, RunsAreReportedApartAndTogether) {
  for (const char* const user : {"a", "b", "c"}) add(user, 0, "login");
  add("b", 2, "login");
  add("daily", 3, "login");
  ingest();
  ASSERT_TRUE(create("c", R"j({"audience": "not did(*, 1d)", "every": "day", "holdout": 0,
                             "horizons": [1, 2], "at": "2026-01-03"
})j")
                  .ok());
  const QueryResult result = report("c");
  EXPECT_EQ(result.columns.front().name, "run");
  const auto text = [&](const std::string& run, int horizon, const std::string& column) {
    return cell_text(cell(result, "contacted", horizon, column, run));
  };
  // 2026-01-03: a, b and c were not there the day before, and b comes back on that day. The next
  // day, a and c are left.
  EXPECT_EQ(text("2026-01-03", 1, "users"), "3");
  EXPECT_EQ(text("2026-01-03", 1, "returned"), "1");
  EXPECT_EQ(text("2026-01-03", 2, "returned"), "1");
  EXPECT_EQ(text("2026-01-04", 1, "users"), "2");
  EXPECT_EQ(text("2026-01-04", 1, "returned"), "0");
  EXPECT_EQ(text("2026-01-04", 1, "complete"), "true");
  EXPECT_EQ(text("2026-01-04", 2, "complete"), "false");
  EXPECT_EQ(text("null", 1, "users"), "3");
  EXPECT_EQ(text("null", 1, "returned"), "1");
  // Of two days, that of the first run alone is over.
  EXPECT_EQ(text("null", 2, "users"), "3");
  EXPECT_EQ(text("null", 2, "complete"), "true");
}

TEST_F(CampaignReport, ClassesAddUp) {
  for (int i = 0; i < 60; ++i) {
    add("user" + std::to_string(i), 0, i % 3 == 0 ? "buy" : "login");
    if (i % 2 == 0) add("user" + std::to_string(i), 2, "login");
  }
  add("daily", 5, "login");
  ingest();
  ASSERT_TRUE(create("c", R"j({"audience": "did(*, 2026-01-01)", "holdout": 0.3, "horizons": [3],
                             "at": "2026-01-01",
                             "classes": [{"name": "buyers", "segment": "did(buy)"}]
})j")
                  .ok());
  const QueryResult result = report("c");
  ASSERT_EQ(result.rows.size(), 6u);
  std::array<std::int64_t, 2> users{}, returned{};
  for (std::size_t row = 0; row < 4; ++row) {
    EXPECT_EQ(cell_text(result.rows[row][0]), row < 2 ? "buyers" : "other");
    users[row % 2] += std::get<std::int64_t>(result.rows[row][3]);
    returned[row % 2] += std::get<std::int64_t>(result.rows[row][5]);
  }
  for (std::size_t arm_number = 0; arm_number < 2; ++arm_number) {
    EXPECT_EQ(result.rows[4 + arm_number][3], Cell(users[arm_number]));
    EXPECT_EQ(result.rows[4 + arm_number][5], Cell(returned[arm_number]));
  }
  EXPECT_EQ(users[0] + users[1], 60);
  EXPECT_EQ(returned[0] + returned[1], 30);
}

}  // namespace
}  // namespace rollcall::testing
