// This tests how cells are judged: each rule, and a case that the rule does not touch.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "rollcall/alert.h"
#include "tests/support/random.h"
#include "tests/support/times.h"

namespace rollcall::testing {
namespace {

constexpr double kNull = std::numeric_limits<double>::quiet_NaN();

AlertDefinition below(double bound) {
  AlertDefinition definition;
  definition.condition.bound = bound;
  return definition;
}

AlertDefinition above(double bound) {
  AlertDefinition definition = below(bound);
  definition.condition.test = AlertCondition::Test::kAbove;
  return definition;
}

AlertDefinition change(double bound, AlertCondition::Reference reference,
                       std::uint32_t mean_of = 0) {
  AlertDefinition definition = below(bound);
  definition.condition.test = AlertCondition::Test::kChange;
  definition.condition.reference = reference;
  definition.condition.mean_of = mean_of;
  return definition;
}

AlertCell cell(std::int64_t day, double value, const AlertSeries& series = {}) {
  AlertCell cell;
  cell.series = series;
  cell.begin_us = day * kDayUs;
  cell.next_us = cell.end_us = (day + 1) * kDayUs;
  cell.date = std::to_string(day);
  if (value == value) cell.value = value;
  cell.users = 1000;
  cell.complete = true;
  return cell;
}

// The cells of the days from 0.
std::vector<AlertCell> cells(const std::vector<double>& values) {
  std::vector<AlertCell> all;
  for (const double value : values) all.push_back(cell(std::ssize(all), value));
  return all;
}

// Returns "3:ok>firing 5:firing>ok": the changes by the date of their cells.
std::string text(const std::vector<AlertChange>& changes) {
  std::string all;
  for (const AlertChange& change : changes) {
    if (!all.empty()) all += ' ';
    all += change.date + ":" + std::string(to_string(change.from)) + ">" +
           std::string(to_string(change.to));
  }
  return all;
}

std::string judged(const AlertDefinition& definition, const std::vector<AlertCell>& cells,
                   TimeUs now_us = 0) {
  return text(judge(definition, {}, cells, now_us).changes);
}

// Checks the same answer with one cell more each time, as it grows.
struct Checks {
  AlertDefinition definition;
  std::vector<AlertSeriesState> series = {};
  std::vector<AlertChange> changes = {};

  std::string check(const std::vector<AlertCell>& cells, TimeUs now_us) {
    const AlertJudgement judgement = judge(definition, series, cells, now_us);
    series = judgement.series;
    changes.insert(changes.end(), judgement.changes.begin(), judgement.changes.end());
    return text(judgement.changes);
  }
};

TEST(AlertJudge, ComparesWithABound) {
  EXPECT_EQ(judged(below(5), cells({5, 4.9, 6})), "1:ok>firing 2:firing>ok");
  EXPECT_EQ(judged(above(5), cells({5, 5.1, 4})), "1:ok>firing 2:firing>ok");
  EXPECT_EQ(judged(below(5), cells({5, 6, 7})), "");
  EXPECT_EQ(judged(above(5), cells({5, 4, 3})), "");
}

TEST(AlertJudge, TellsWhatMadeAChange) {
  const AlertJudgement judgement = judge(below(5), {}, cells({6, 4}), 77);
  ASSERT_EQ(judgement.changes.size(), 1u);
  EXPECT_EQ(judgement.changes[0], (AlertChange{.at_us = 77,
                                               .series = {},
                                               .from = AlertState::kOk,
                                               .to = AlertState::kFiring,
                                               .date = "1",
                                               .value = 4,
                                               .reference = {},
                                               .users = 1000}));
  ASSERT_EQ(judgement.series.size(), 1u);
  EXPECT_EQ(judgement.series[0].since_us, 77);
  EXPECT_EQ(judgement.series[0].date, "1");
  EXPECT_EQ(judgement.series[0].value, 4);
}

TEST(AlertJudge, FiresAfterSoManyPeriodsInARow) {
  AlertDefinition definition = below(5);
  definition.periods = 3;
  EXPECT_EQ(judged(definition, cells({4, 4, 6, 4, 4, 4, 4, 6})),
            "0:ok>pending 2:pending>ok 3:ok>pending 5:pending>firing 7:firing>ok");
  EXPECT_EQ(judged(definition, cells({4, 6, 4, 6, 4, 6})),
            "0:ok>pending 1:pending>ok 2:ok>pending 3:pending>ok 4:ok>pending 5:pending>ok");
  definition.periods = 1;  // never pending
  EXPECT_EQ(judged(definition, cells({4, 6})), "0:ok>firing 1:firing>ok");
}

TEST(AlertJudge, PeriodsWithoutAValueDoNotEndARow) {
  AlertDefinition definition = below(5);
  definition.periods = 2;
  EXPECT_EQ(judged(definition, cells({4, kNull, 4})), "0:ok>pending 2:pending>firing");
}

TEST(AlertJudge, ClearsByAnotherBound) {
  AlertDefinition definition = below(5);
  definition.clear = 8;
  EXPECT_EQ(judged(definition, cells({4, 6, 7.9, 8, 6, 4})), "0:ok>firing 3:firing>ok 5:ok>firing");
  definition = above(5);
  definition.clear = 2;
  EXPECT_EQ(judged(definition, cells({6, 4, 2, 4})), "0:ok>firing 2:firing>ok");
  definition = change(0.5, AlertCondition::Reference::kPrevious);
  definition.clear = 0;
  EXPECT_EQ(judged(definition, cells({10, 20, 20, 19})), "1:ok>firing 3:firing>ok");
  // It has no say before the alert fires.
  definition = below(5);
  definition.clear = 8;
  definition.periods = 2;
  EXPECT_EQ(judged(definition, cells({4, 6, 4, 4, 6})),
            "0:ok>pending 1:pending>ok 2:ok>pending 3:pending>firing");
}

TEST(AlertJudge, AClearLikeTheBoundChangesNothing) {
  Random random(17);
  for (int round = 0; round < 200; ++round) {
    std::vector<double> values;
    for (int i = 0; i < 30; ++i) values.push_back(static_cast<double>(random.below(10)));
    for (AlertDefinition definition : {below(5), above(5)}) {
      definition.periods = 1 + static_cast<std::uint32_t>(random.below(3));
      const std::string without = judged(definition, cells(values));
      definition.clear = definition.condition.bound;
      EXPECT_EQ(judged(definition, cells(values)), without);
    }
  }
}

TEST(AlertJudge, ComparesWithThePeriodBefore) {
  const AlertDefinition more = change(0.2, AlertCondition::Reference::kPrevious);
  EXPECT_EQ(judged(more, cells({10, 12, 13})), "1:ok>firing 2:firing>ok");
  EXPECT_EQ(judged(more, cells({10, 11.9, 8})), "");
  const AlertDefinition less = change(-0.2, AlertCondition::Reference::kPrevious);
  EXPECT_EQ(judged(less, cells({10, 8, 8})), "1:ok>firing 2:firing>ok");
  EXPECT_EQ(judged(less, cells({10, 8.1, 20})), "");
  // Doubles have none of these exactly.
  for (const double bound : {0.1, 0.2, 0.3, 0.7, 2.3, 9.9}) {
    const auto previous = AlertCondition::Reference::kPrevious;
    EXPECT_EQ(judged(change(bound, previous), cells({10, 10 + 10 * bound})), "1:ok>firing");
    EXPECT_EQ(judged(change(bound, previous), cells({1000, 999 + 1000 * bound})), "");
    EXPECT_EQ(judged(change(-bound, previous), cells({10, 10 - 10 * bound})), "1:ok>firing");
    EXPECT_EQ(judged(change(-bound, previous), cells({1000, 1001 - 1000 * bound})), "");
  }
}

TEST(AlertJudge, ComparesWithTheWeekBefore) {
  const AlertDefinition definition = change(-0.5, AlertCondition::Reference::kWeekBefore);
  EXPECT_EQ(judged(definition, cells({10, 1, 1, 1, 1, 1, 1, 5, 1})), "7:ok>firing 8:firing>ok");
  // The week before is not there.
  EXPECT_EQ(judged(definition, cells({10, 1, 1, 1, 1, 1, 1})), "");
  std::vector<AlertCell> without = cells({10, 1, 1, 1, 1, 1, 1, 5});
  without.erase(without.begin());
  EXPECT_EQ(judged(definition, without), "");
}

TEST(AlertJudge, ComparesWithTheMeanOfPeriodsBefore) {
  const AlertDefinition definition = change(0.5, AlertCondition::Reference::kMeanOf, 3);
  EXPECT_EQ(judged(definition, cells({10, 20, 30, 30, 26})), "3:ok>firing 4:firing>ok");
  EXPECT_EQ(judged(definition, cells({10, 20, 30})), "");  // too few before
  const AlertJudgement judgement = judge(definition, {}, cells({10, 20, 30, 30}), 0);
  EXPECT_EQ(judgement.changes.at(0).reference, 20);
}

TEST(AlertJudge, DoesNotCompareOverZeroOrNull) {
  const auto previous = AlertCondition::Reference::kPrevious;
  EXPECT_EQ(judged(change(0.2, previous), cells({0, 100})), "");
  EXPECT_EQ(judged(change(0.2, previous), cells({kNull, 100})), "");
  EXPECT_EQ(judged(change(0.2, previous), cells({10, kNull})), "");
  EXPECT_EQ(judged(change(0.2, AlertCondition::Reference::kMeanOf, 2), cells({10, kNull, 99})), "");
  EXPECT_EQ(judged(change(0.2, AlertCondition::Reference::kMeanOf, 2), cells({0, 0, 99})), "");
  // A value of 0 is compared.
  EXPECT_EQ(judged(change(-0.2, previous), cells({10, 0})), "1:ok>firing");
  EXPECT_EQ(judged(below(5), cells({6, kNull, 6})), "");
}

TEST(AlertJudge, DoesNotTakeAnotherPeriodForTheOneBefore) {
  std::vector<AlertCell> gap = {cell(0, 10), cell(2, 20), cell(3, 40)};
  EXPECT_EQ(judged(change(0.2, AlertCondition::Reference::kPrevious), gap), "3:ok>firing");
  EXPECT_EQ(judged(change(0.2, AlertCondition::Reference::kMeanOf, 2), gap), "");
}

TEST(AlertJudge, AFiringAlertStaysSoWhereNothingIsJudged) {
  EXPECT_EQ(judged(below(5), cells({4, kNull, 4, kNull})), "0:ok>firing");
}

TEST(AlertJudge, PassesOverFewUsers) {
  AlertDefinition definition = below(5);
  definition.min_users = 100;
  std::vector<AlertCell> few = cells({4, 4});
  few[0].users = 99;
  few[1].users = 100;
  EXPECT_EQ(judged(definition, few), "1:ok>firing");
  few[1].users = std::nullopt;
  EXPECT_EQ(judged(definition, few), "");
  definition.min_users = 0;
  EXPECT_EQ(judged(definition, few), "0:ok>firing");
}

TEST(AlertJudge, LooksAtCompleteCellsOnly) {
  std::vector<AlertCell> growing = cells({6, 4});
  growing[1].complete = false;
  Checks checks{.definition = below(5)};
  EXPECT_EQ(checks.check(growing, 1), "");
  growing[1].complete = true;
  EXPECT_EQ(checks.check(growing, 2), "1:ok>firing");
  // Nor are incomplete ones a reference.
  std::vector<AlertCell> reference = cells({10, 20});
  reference[0].complete = false;
  EXPECT_EQ(judged(change(0.2, AlertCondition::Reference::kPrevious), reference), "");
}

TEST(AlertJudge, JudgesEachCellOnce) {
  Checks checks{.definition = below(5)};
  EXPECT_EQ(checks.check(cells({4}), 1), "0:ok>firing");
  EXPECT_EQ(checks.check(cells({4}), 2), "");
  // What was judged before is not judged again, whatever it is by now.
  EXPECT_EQ(checks.check(cells({9}), 3), "");
  EXPECT_EQ(checks.check(cells({9, 9}), 4), "1:firing>ok");
  // An earlier cell that comes later was passed.
  EXPECT_EQ(checks.check({cell(-1, 4), cell(0, 4), cell(1, 4)}, 5), "");
}

TEST(AlertJudge, TakesCellsInTheirOrder) {
  std::vector<AlertCell> backwards = cells({6, 4, 6, 4});
  std::reverse(backwards.begin(), backwards.end());
  EXPECT_EQ(judged(below(5), backwards), judged(below(5), cells({6, 4, 6, 4})));
}

TEST(AlertJudge, CheckingOftenOrSeldomIsTheSame) {
  Random random(23);
  for (int round = 0; round < 300; ++round) {
    std::vector<double> values;
    for (int i = 0; i < 40; ++i) {
      values.push_back(random.below(8) == 0 ? kNull : static_cast<double>(random.below(10)));
    }
    AlertDefinition definition = round % 3 == 0 ? below(5)
                                 : round % 3 == 1
                                     ? change(0.3, AlertCondition::Reference::kPrevious)
                                     : change(-0.3, AlertCondition::Reference::kMeanOf, 3);
    definition.periods = 1 + static_cast<std::uint32_t>(random.below(3));
    const std::string at_once = judged(definition, cells(values));
    Checks checks{.definition = definition};
    for (std::size_t known = 0; known <= values.size(); known += random.below(4)) {
      checks.check(cells({values.begin(), values.begin() + static_cast<std::ptrdiff_t>(known)}), 0);
      // A clock that jumps to and fro has no say in it.
      checks.check(cells({values.begin(), values.begin() + static_cast<std::ptrdiff_t>(known)}),
                   static_cast<TimeUs>(random.below(1000)) - 500);
    }
    checks.check(cells(values), 0);
    EXPECT_EQ(text(checks.changes), at_once);
    // Each change goes on from the one before.
    AlertState state = AlertState::kOk;
    for (const AlertChange& one : checks.changes) {
      EXPECT_EQ(one.from, state);
      EXPECT_NE(one.to, one.from);
      state = one.to;
    }
    EXPECT_EQ(checks.series.at(0).state(), state);
  }
}

TEST(AlertJudge, SeriesHaveStatesOfTheirOwn) {
  const AlertSeries ads = {{"channel", "ads"}};
  const AlertSeries none = {{"channel", std::nullopt}};
  Checks checks{.definition = below(5)};
  EXPECT_EQ(checks.check({cell(0, 4, ads), cell(0, 6, none)}, 1), "0:ok>firing");
  EXPECT_EQ(checks.changes.at(0).series, ads);
  EXPECT_EQ(checks.check({cell(1, 6, ads), cell(1, 4, none)}, 2), "1:ok>firing 1:firing>ok");
  ASSERT_EQ(checks.series.size(), 2u);
  EXPECT_EQ(checks.series[0].series, none);
  EXPECT_EQ(checks.series[0].state(), AlertState::kFiring);
  EXPECT_EQ(checks.series[1].state(), AlertState::kOk);
  // One that is not in the answer keeps its state.
  EXPECT_EQ(checks.check({cell(2, 6, ads)}, 3), "");
  ASSERT_EQ(checks.series.size(), 2u);
  EXPECT_EQ(checks.series[0].state(), AlertState::kFiring);
}

TEST(AlertJudge, IsStaleWithoutACompleteCell) {
  Checks checks{.definition = below(5)};
  checks.definition.max_age_us = 2 * kDayUs;
  // The cell of day 0 ends with day 1, and is 2 days old on day 3.
  EXPECT_EQ(checks.check(cells({6}), 3 * kDayUs), "");
  EXPECT_EQ(checks.check(cells({6}), 3 * kDayUs + 1), "0:ok>stale");
  EXPECT_EQ(checks.check(cells({6}), 4 * kDayUs), "");
  EXPECT_EQ(checks.check(cells({6, 6, 4}), 4 * kDayUs), "1:stale>ok 2:ok>firing");
  // Without an age, nothing is.
  EXPECT_EQ(judged(below(5), cells({6}), 1000 * kDayUs), "");
}

TEST(AlertJudge, IncompleteCellsAreSilence) {
  AlertDefinition definition = below(5);
  definition.max_age_us = 2 * kDayUs;
  std::vector<AlertCell> growing = cells({6, 6, 6, 6});
  for (AlertCell& one : growing) one.complete = one.date == "0";
  EXPECT_EQ(judged(definition, growing, 4 * kDayUs), "0:ok>stale");
  // Those that are complete and not judged are not.
  EXPECT_EQ(judged(definition, cells({6, kNull, kNull, kNull}), 4 * kDayUs), "");
}

TEST(AlertJudge, NothingAtAllIsStale) {
  Checks checks{.definition = below(5)};
  EXPECT_EQ(checks.check({}, kDayUs), "");
  checks.definition.max_age_us = kDayUs;
  EXPECT_EQ(checks.check({}, kDayUs), ":ok>stale");
  EXPECT_EQ(checks.check({}, 2 * kDayUs), "");
  EXPECT_EQ(checks.check(cells({6}), kDayUs), "0:stale>ok");
}

TEST(AlertJudge, SilenceEndsWithTheFirstOfSeveralSeries) {
  Checks checks{.definition = below(5)};
  checks.definition.max_age_us = kDayUs;
  const AlertSeries ads = {{"channel", "ads"}};
  EXPECT_EQ(checks.check({}, kDayUs), ":ok>stale");
  EXPECT_EQ(checks.check({cell(0, 6, ads)}, kDayUs), ":stale>ok");
  EXPECT_EQ(checks.check({cell(0, 6, ads)}, 9 * kDayUs), ":ok>stale 0:ok>stale");
}

TEST(AlertJudge, AClockThatJumpsBackBringsTheStateBack) {
  Checks checks{.definition = below(5)};
  checks.definition.max_age_us = 2 * kDayUs;
  EXPECT_EQ(checks.check(cells({4}), kDayUs), "0:ok>firing");
  EXPECT_EQ(checks.check(cells({4}), 9 * kDayUs), "0:firing>stale");
  EXPECT_EQ(checks.check(cells({4}), kDayUs), "0:stale>firing");
  EXPECT_EQ(checks.check(cells({4}), -9 * kDayUs), "");
  EXPECT_EQ(checks.check(cells({4, 6}), -9 * kDayUs), "1:firing>ok");
}

TEST(AlertJudge, ShowsWhatCameBeforeItGotStale) {
  AlertDefinition definition = below(5);
  definition.max_age_us = kDayUs;
  EXPECT_EQ(judged(definition, cells({6, 4}), 99 * kDayUs), "1:ok>firing 1:firing>stale");
  // While it is stale, cells that are too old do not show, but count.
  Checks checks{.definition = definition};
  checks.check({}, 99 * kDayUs);
  EXPECT_EQ(checks.check(cells({4}), 99 * kDayUs), "");
  EXPECT_EQ(checks.series.at(0).judged, AlertState::kFiring);
  EXPECT_EQ(checks.check({cell(98, kNull)}, 99 * kDayUs), "0:stale>firing");
}

TEST(AlertJudge, KnowsWhatGetsStaleWithoutACheck) {
  Checks checks{.definition = below(5)};
  checks.check(cells({6}), kDayUs);
  EXPECT_FALSE(is_stale_at(checks.definition, checks.series.at(0), 99 * kDayUs));
  checks.definition.max_age_us = kDayUs;
  EXPECT_FALSE(is_stale_at(checks.definition, checks.series.at(0), 2 * kDayUs));
  EXPECT_TRUE(is_stale_at(checks.definition, checks.series.at(0), 2 * kDayUs + 1));
}

}  // namespace
}  // namespace rollcall::testing
