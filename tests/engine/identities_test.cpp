// These identities must hold of the engine's answers whatever the data, so they need no oracle.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tests/engine/stream_engines.h"
#include "tests/support/event_generator.h"
#include "tests/support/funnel_generator.h"
#include "tests/support/query_generator.h"
#include "tests/support/result_text.h"
#include "tests/support/test_engine.h"
#include "tests/support/times.h"

namespace rollcall::testing {
namespace {

TEST(Identities, OrderBatchesPartitionsAndThreadsChangeNoAnswer) {
  for_streams([](const Stream& stream, Random& random) {
    Stream shuffled = stream;
    random.shuffle(shuffled.events);
    const auto plain = engine_of(stream, {.partition_count = 1});
    const std::unique_ptr<TestEngine> others[] = {
        engine_of(shuffled, {.partition_count = 1}),
        engine_of(stream, {.partition_count = 64, .batch_rows = 1}),
        engine_of(shuffled, {.partition_count = 2, .batch_rows = 13, .threads = 4}),
        engine_of(shuffled, {.store = StoreKind::kRocks, .partition_count = 8, .threads = 2})};
    ASSERT_NE(plain, nullptr);
    for (int i = 0; i < kQuestionsPerStream; ++i) {
      const Query query = random_query(random, stream);
      const auto expected = plain->query(query);
      for (const auto& other : others) {
        ASSERT_NE(other, nullptr);
        const auto found = other->query(query);
        ASSERT_EQ(found.ok(), expected.ok()) << to_json(query);
        if (!expected.ok()) continue;
        ASSERT_EQ(first_difference(*found, *expected), "") << to_json(query);
      }
    }
  });
}

TEST(Identities, LifecycleAddsUp) {
  for_streams([](const Stream& stream, Random& random) {
    const auto engine = engine_of(stream);
    ASSERT_NE(engine, nullptr);
    LifecycleQuery lifecycle;
    lifecycle.period = static_cast<Period>(random.below(5));
    ActiveQuery active;
    active.period = lifecycle.period;
    const auto rows = ask(*engine, query_of(lifecycle)).rows;
    const auto users = ask(*engine, query_of(active)).rows;
    ASSERT_EQ(rows.size(), users.size());
    constexpr std::size_t kNew = 1, kReturning = 2, kResurrecting = 3, kDormant = 4, kActive = 5;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      ASSERT_EQ(rows[i][kActive], users[i][1]);
      ASSERT_EQ(count(rows[i][kActive]),
                count(rows[i][kNew]) + count(rows[i][kReturning]) + count(rows[i][kResurrecting]));
      const std::int64_t before = i == 0 ? 0 : count(rows[i - 1][kActive]);
      ASSERT_EQ(before, count(rows[i][kReturning]) + count(rows[i][kDormant]));
    }
  });
}

TEST(Identities, ChurnBaseIsRetainedPlusChurned) {
  for_streams([](const Stream& stream, Random& random) {
    const auto engine = engine_of(stream);
    ASSERT_NE(engine, nullptr);
    for (int i = 0; i < kQuestionsPerStream; ++i) {
      ChurnQuery churn;
      churn.base = random.chance(50) ? ChurnQuery::Base::kActive : ChurnQuery::Base::kNew;
      const Period period = static_cast<Period>(random.below(5));
      churn.rule = ChurnQuery::NextPeriods{period, random.between(1, 3)};
      if (random.chance(50)) churn.rule = ChurnQuery::GapDays{random.between(1, 30)};
      const QueryResult result = ask(*engine, query_of(churn));
      for (const auto& row : result.rows) {
        ASSERT_EQ(count(row[1]), count(row[2]) + count(row[3]));
        ASSERT_LE(count(row[5]), count(row[3])) << "more called back than churned";
      }
    }
  });
}

// The users of a period are the same to churn as to active.
TEST(Identities, ChurnBaseIsTheActiveUsers) {
  for_streams([](const Stream& stream, Random& random) {
    const auto engine = engine_of(stream);
    ASSERT_NE(engine, nullptr);
    ActiveQuery active;
    active.period = static_cast<Period>(random.below(5));
    ChurnQuery churn;
    churn.rule = ChurnQuery::NextPeriods{active.period};
    const QueryResult users = ask(*engine, query_of(active));
    const QueryResult base = ask(*engine, query_of(churn));
    ASSERT_EQ(users.rows.size(), base.rows.size());
    for (std::size_t i = 0; i < users.rows.size(); ++i) {
      ASSERT_EQ(users.rows[i][0], base.rows[i][0]);
      ASSERT_EQ(users.rows[i][1], base.rows[i][1]);
    }
  });
}

TEST(Identities, RetentionModesAreOrdered) {
  for_streams([](const Stream& stream, Random& random) {
    const auto engine = engine_of(stream);
    ASSERT_NE(engine, nullptr);
    RetentionQuery retention;
    retention.period = static_cast<Period>(random.below(5));
    retention.cohort = static_cast<RetentionQuery::Cohort>(random.below(3));
    retention.summary = RetentionQuery::Summary::kNone;
    retention.periods = 10;
    if (stream.settings.history) {
      retention.min_return_count = random.between(1, 3);
      const bool may_roll = retention.cohort != RetentionQuery::Cohort::kRecurring &&
                            retention.period != Period::kQuarter;
      if (may_roll && random.chance(60)) retention.windows = RetentionQuery::Windows::kRolling;
    }
    using Mode = RetentionQuery::Mode;
    const auto by_mode = [&](Mode mode) {
      retention.mode = mode;
      return ask(*engine, query_of(retention)).rows;
    };
    const auto on = by_mode(Mode::kOn);
    const auto on_or_after = by_mode(Mode::kOnOrAfter);
    const auto on_or_before = by_mode(Mode::kOnOrBefore);
    const auto streak = by_mode(Mode::kStreak);
    for (std::size_t i = 0; i < on.size(); ++i) {
      ASSERT_GE(count(on_or_after[i][3]), count(on[i][3]));
      ASSERT_GE(count(on_or_before[i][3]), count(on[i][3]));
      ASSERT_LE(count(streak[i][3]), count(on[i][3]));
      ASSERT_LE(count(on_or_before[i][3]), count(on[i][1])) << "more came back than there were";
      const bool same_cohort = i > 0 && on[i][0] == on[i - 1][0];
      if (!same_cohort) continue;
      ASSERT_LE(count(on_or_after[i][3]), count(on_or_after[i - 1][3]));
      ASSERT_GE(count(on_or_before[i][3]), count(on_or_before[i - 1][3]));
      ASSERT_LE(count(streak[i][3]), count(streak[i - 1][3]));
    }
  });
}

// Makes each user's first event, and what repeats it, one event "start"; the others get another
// name, and none of them is a day later to the microsecond.
Stream with_one_start(Stream stream) {
  std::map<UserId, TimeUs> starts;
  for (const NaiveEvent& event : stream.events) {
    const auto start = starts.try_emplace(event.user, event.time).first;
    start->second = std::min(start->second, event.time);
  }
  std::vector<NaiveEvent> events;
  for (const auto& [user, time] : starts) {
    events.push_back({.user = user, .event = "start", .time = time, .value = {}, .properties = {}});
  }
  for (NaiveEvent& event : stream.events) {
    event.event = "next";
    const TimeUs start = starts[event.user];
    if (event.time != start && event.time != start + kDayUs) events.push_back(event);
  }
  stream.events = std::move(events);
  return stream;
}

TEST(Identities, RollingRetentionIsAFunnelOfTwoSteps) {
  std::int64_t all_returned = 0;
  for_streams([&](const Stream& drawn, Random&) {
    if (!drawn.settings.history || drawn.events.empty()) return;
    const auto engine = engine_of(with_one_start(drawn));
    ASSERT_NE(engine, nullptr);
    FunnelQuery funnel;
    funnel.steps = {{Selector::Names::kAnyOf, {"start"}, {}},
                    {Selector::Names::kNoneOf, {"start"}, {}}};
    funnel.window = Length{kDayUs};
    funnel.steps_after_to = true;
    RetentionQuery retention;
    retention.cohort_event = funnel.steps[0];
    retention.return_event = funnel.steps[1];
    retention.windows = RetentionQuery::Windows::kRolling;
    retention.periods = 0;
    retention.summary = RetentionQuery::Summary::kNone;
    const auto steps = ask(*engine, query_of(funnel)).rows;
    std::int64_t joined = 0, returned = 0;
    for (const auto& row : ask(*engine, query_of(retention)).rows) {
      joined += count(row[1]);
      returned += count(row[3]);
    }
    ASSERT_EQ(joined, count(steps.at(0)[2]));
    ASSERT_EQ(returned, count(steps.at(1)[2]));
    all_returned += returned;
  });
  EXPECT_GT(all_returned, 0);
}

// ---- Funnels ----

constexpr int kFunnelsPerStream = 20;

// Calls `check(engine, funnel, random, stream)` for random funnels over random streams.
template <class Check>
void for_funnels(Check check) {
  for (int seed = 0; seed < kStreams; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed=" << seed);
    Random random(static_cast<std::uint64_t>(seed));
    StreamKnobs knobs = random_knobs(random);
    knobs.settings.history = true;
    knobs.whole_day_percent = 0;
    const Stream stream = random_stream(random, knobs);
    if (stream.events.empty()) continue;
    const auto engine = engine_of(stream);
    ASSERT_NE(engine, nullptr);
    for (int i = 0; i < kFunnelsPerStream; ++i) {
      const Query funnel = random_funnel(random, stream);
      SCOPED_TRACE(to_json(funnel));
      check(*engine, funnel, random, stream);
      if (::testing::Test::HasFatalFailure()) return;
    }
  }
}

FunnelQuery& funnel_of(Query& query) { return std::get<FunnelQuery>(query.ask); }

std::size_t column_of(const QueryResult& result, const std::string& name) {
  const auto column = std::ranges::find(result.columns, name, &Column::name);
  return static_cast<std::size_t>(column - result.columns.begin());
}

// The users of every row, or nothing if the question is refused.
std::vector<std::int64_t> users_of(TestEngine& engine, const Query& query) {
  const Result<QueryResult> result = engine.query(query);
  std::vector<std::int64_t> users;
  if (!result.ok()) return users;
  const std::size_t column = column_of(*result, "users");
  for (const auto& row : result->rows) users.push_back(count(row.at(column)));
  return users;
}

// Expects as many rows in both, and in each of `more` at least the users of `fewer`. Returns in how
// many there are more.
std::int64_t expect_no_fewer(const std::vector<std::int64_t>& more,
                             const std::vector<std::int64_t>& fewer) {
  EXPECT_EQ(more.size(), fewer.size());
  std::int64_t differ = 0;
  for (std::size_t i = 0; i < std::min(more.size(), fewer.size()); ++i) {
    EXPECT_GE(more[i], fewer[i]) << "row " << i;
    differ += more[i] > fewer[i];
  }
  return differ;
}

TEST(Identities, UsersOfAFunnelNeverRiseWithTheStep) {
  std::int64_t falls = 0;
  for_funnels([&](TestEngine& engine, const Query& funnel, Random&, const Stream&) {
    const Result<QueryResult> result = engine.query(funnel);
    if (!result.ok()) return;
    const std::size_t users = column_of(*result, "users"), step = column_of(*result, "step");
    for (std::size_t i = 1; i < result->rows.size(); ++i) {
      const auto &row = result->rows[i], &before = result->rows[i - 1];
      if (count(row[step]) == 1) continue;
      ASSERT_EQ(count(row[step]), count(before[step]) + 1);
      ASSERT_LE(count(row[users]), count(before[users])) << "row " << i;
      falls += count(row[users]) < count(before[users]);
    }
  });
  EXPECT_GT(falls, 0);
}

// The fields that bind some of the orders are left out, and so is a breakdown, whose value is that
// at a step, which another order may take elsewhere.
TEST(Identities, AnyOrderHasNoFewerThanOrderedNorThatThanStrict) {
  std::int64_t any_has_more = 0, ordered_has_more = 0;
  for_funnels([&](TestEngine& engine, Query funnel, Random&, const Stream&) {
    funnel.common.breakdown.clear();
    funnel.common.breakdown_limit = QueryCommon().breakdown_limit;
    FunnelQuery& ask = funnel_of(funnel);
    ask.breakdown_step = FunnelQuery().breakdown_step;
    ask.exclusions.clear();
    ask.collapse_repeats = ask.stop_on_repeat = false;
    const auto in_order = [&](FunnelQuery::Order order) {
      ask.order = order;
      return users_of(engine, funnel);
    };
    const auto any = in_order(FunnelQuery::Order::kAny);
    const auto ordered = in_order(FunnelQuery::Order::kOrdered);
    const auto strict = in_order(FunnelQuery::Order::kStrict);
    any_has_more += expect_no_fewer(any, ordered);
    ordered_has_more += expect_no_fewer(ordered, strict);
    ASSERT_FALSE(::testing::Test::HasFailure());
  });
  EXPECT_GT(any_has_more, 0);
  EXPECT_GT(ordered_has_more, 0);
}

TEST(Identities, LongerWindowOfAFunnelLowersNoCount) {
  std::int64_t longer_has_more = 0;
  for_funnels([&](TestEngine& engine, Query funnel, Random& random, const Stream&) {
    funnel.common.breakdown.clear();
    funnel.common.breakdown_limit = QueryCommon().breakdown_limit;
    FunnelQuery& ask = funnel_of(funnel);
    ask.breakdown_step = FunnelQuery().breakdown_step;
    ask.exclusions.clear();
    const auto shorter = users_of(engine, funnel);
    ask.window.us += ask.window.us * random.between(0, 3) + random.between(1, 1'000'000);
    longer_has_more += expect_no_fewer(users_of(engine, funnel), shorter);
    ASSERT_FALSE(::testing::Test::HasFailure());
  });
  EXPECT_GT(longer_has_more, 0);
}

// Makes the selector take both names where it takes one of them, and the first name only in
// `renamed`, which is about events that all have the first.
void join_names(Selector& selector, Selector& renamed, const std::string& first,
                const std::string& second) {
  const std::size_t erased = std::erase_if(
      selector.names, [&](const std::string& name) { return name == first || name == second; });
  renamed.names = selector.names;
  if (erased == 0) return;
  selector.names.insert(selector.names.end(), {first, second});
  renamed.names.push_back(first);
  std::ranges::sort(selector.names);
  std::ranges::sort(renamed.names);
}

// The text of the steps is all that differs.
TEST(Identities, AStepOfTwoNamesIsTheStepOfTheseRenamedToOne) {
  std::int64_t users_of_joined_steps = 0;
  for_funnels([&](TestEngine& engine, Query funnel, Random& random, const Stream& stream) {
    const std::string first = random.pick(stream.events).event;
    const std::string second = random.pick(stream.events).event;
    if (first == second) return;
    Stream renamed_stream = stream;
    for (NaiveEvent& event : renamed_stream.events) {
      if (event.event == second) event.event = first;
    }
    funnel.common.among.reset();  // a segment may tell the names apart
    Query renamed = funnel;
    FunnelQuery &ask = funnel_of(funnel), &renamed_ask = funnel_of(renamed);
    bool is_joined = false;
    for (std::size_t i = 0; i < ask.steps.size(); ++i) {
      join_names(ask.steps[i], renamed_ask.steps[i], first, second);
      is_joined |= ask.steps[i].names != renamed_ask.steps[i].names;
    }
    for (std::size_t i = 0; i < ask.exclusions.size(); ++i) {
      join_names(ask.exclusions[i].event, renamed_ask.exclusions[i].event, first, second);
    }
    if (!is_joined) return;
    const auto renamed_engine = engine_of(renamed_stream);
    ASSERT_NE(renamed_engine, nullptr);
    const Result<QueryResult> found = engine.query(funnel);
    const Result<QueryResult> expected = renamed_engine->query(renamed);
    ASSERT_EQ(found.ok(), expected.ok());
    if (!found.ok()) return;
    const std::size_t name = column_of(*found, "name"), users = column_of(*found, "users");
    ASSERT_EQ(found->rows.size(), expected->rows.size());
    for (std::size_t i = 0; i < found->rows.size(); ++i) {
      for (std::size_t c = 0; c < found->columns.size(); ++c) {
        if (c == name) continue;
        ASSERT_EQ(found->rows[i][c], expected->rows[i][c])
            << "row " << i << ", " << found->columns[c].name;
      }
      users_of_joined_steps += count(found->rows[i][users]);
    }
  });
  EXPECT_GT(users_of_joined_steps, 0);
}

// An as_of before the latest event cuts a day, which has to be answered from history; the store
// that ends with it answers from aggregates.
TEST(Identities, HistoryAnswersWhatAggregatesAnswer) {
  std::size_t compared = 0;
  for (int seed = 0; seed < kStreams; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed=" << seed);
    Random random(static_cast<std::uint64_t>(seed));
    StreamKnobs knobs = random_knobs(random);
    knobs.settings.history = true;
    knobs.whole_day_percent = 0;
    const Stream stream = random_stream(random, knobs);
    if (stream.events.empty()) continue;
    NaiveEvent next = *std::ranges::max_element(stream.events, {}, &NaiveEvent::time);
    const TimeUs as_of = next.time;
    next.time += 1'000'000;  // an as_of is a whole second
    Stream longer = stream;
    longer.events.push_back(next);
    const auto engine = engine_of(stream);
    const auto longer_engine = engine_of(longer);
    ASSERT_TRUE(engine && longer_engine);
    const Period period = static_cast<Period>(random.below(5));
    const Selector event{Selector::Names::kAnyOf, {random.pick(stream.events).event}, {}};
    ChurnQuery churn;
    churn.rule = ChurnQuery::NextPeriods{period, random.between(1, 3)};
    for (Query query :
         {query_of(ActiveQuery{event, period, {}, {}}), query_of(CountsQuery{event, period}),
          query_of(churn), query_of(LifecycleQuery{event, period}),
          query_of(StickinessQuery{event, period, {}}), query_of(SegmentQuery{})}) {
      query.common.as_of = as_of;
      const auto expected = engine->query(query);
      const auto explained = engine->engine().explain(query);
      ASSERT_TRUE(expected.ok() && explained.ok()) << to_json(query);
      const auto found = longer_engine->query(query);
      ASSERT_TRUE(found.ok()) << found.status().to_string() << to_json(query);
      ASSERT_EQ(first_difference(*found, *expected), "") << to_json(query);
      const auto other_way = longer_engine->engine().explain(query);
      compared += !explained->history_events && other_way.ok() && other_way->history_events;
    }
  }
  EXPECT_GE(compared, 50u);
}

// ---- Values, brackets and windows ----

// What a user of the cohort is worth is what an active one is worth, times the share of these.
TEST(Identities, ValuePerUserIsValuePerActiveTimesTheirShare) {
  for_streams([](const Stream& stream, Random& random) {
    const auto engine = engine_of(stream);
    ASSERT_NE(engine, nullptr);
    RetentionQuery by_users;
    by_users.period = static_cast<Period>(random.below(5));
    by_users.cohort = static_cast<RetentionQuery::Cohort>(random.below(3));
    by_users.mode = static_cast<RetentionQuery::Mode>(random.below(4));
    RetentionQuery by_value = by_users;
    by_value.measure = RetentionQuery::Measure::kValue;
    const auto users = ask(*engine, query_of(by_users)).rows;
    const auto values = ask(*engine, query_of(by_value)).rows;
    ASSERT_EQ(users.size(), values.size());
    for (std::size_t i = 0; i < users.size(); ++i) {
      ASSERT_EQ(values[i][5], users[i][3]);
      const double* const per_user = std::get_if<double>(&values[i][4]);
      const double* const per_active = std::get_if<double>(&values[i][6]);
      const double* const share = std::get_if<double>(&users[i][4]);
      if (per_active == nullptr) continue;
      ASSERT_NE(per_user, nullptr);
      ASSERT_NE(share, nullptr);
      ASSERT_NEAR(*per_user, *per_active * *share, 1e-9 * std::abs(*per_user));
    }
  });
}

TEST(Identities, BracketOfOnePeriodIsThatPeriod) {
  for_streams([](const Stream& stream, Random& random) {
    const auto engine = engine_of(stream);
    ASSERT_NE(engine, nullptr);
    RetentionQuery by_period;
    by_period.period = static_cast<Period>(random.below(5));
    by_period.cohort = static_cast<RetentionQuery::Cohort>(random.below(3));
    by_period.mode = static_cast<RetentionQuery::Mode>(random.below(4));
    RetentionQuery by_bracket = by_period;
    by_period.periods = 6;
    by_bracket.brackets = {1, 1, 1, 1, 1, 1};
    const auto periods = ask(*engine, query_of(by_period)).rows;
    const auto brackets = ask(*engine, query_of(by_bracket)).rows;
    ASSERT_EQ(periods.size(), brackets.size());
    for (std::size_t i = 0; i < periods.size(); ++i) {
      ASSERT_EQ(std::get<std::string>(brackets[i][2]), std::to_string(count(periods[i][2])));
      for (const std::size_t column : {0u, 1u, 3u, 4u, 5u}) {
        ASSERT_EQ(brackets[i][column], periods[i][column]);
      }
    }
  });
}

TEST(Identities, WindowOfOneDayIsTheDay) {
  for_streams([](const Stream& stream, Random&) {
    const auto engine = engine_of(stream);
    ASSERT_NE(engine, nullptr);
    ActiveQuery window;
    window.window_days = 1;
    EXPECT_EQ(
        first_difference(ask(*engine, query_of(window)), ask(*engine, query_of(ActiveQuery{}))),
        "");
  });
}

TEST(Identities, WindowLiesBetweenItsLargestDayAndTheirSum) {
  for_streams([](const Stream& stream, Random&) {
    const auto engine = engine_of(stream);
    ASSERT_NE(engine, nullptr);
    constexpr std::size_t kDays = 7;
    ActiveQuery window;
    window.window_days = static_cast<std::int32_t>(kDays);
    const auto weekly = ask(*engine, query_of(window)).rows;
    const auto daily = ask(*engine, query_of(ActiveQuery{})).rows;
    ASSERT_EQ(weekly.size(), daily.size());
    for (std::size_t i = 0; i < daily.size(); ++i) {
      std::int64_t largest = 0, sum = 0;
      for (std::size_t j = i - std::min(i, kDays - 1); j <= i; ++j) {
        largest = std::max(largest, count(daily[j][1]));
        sum += count(daily[j][1]);
      }
      ASSERT_GE(count(weekly[i][1]), largest);
      ASSERT_LE(count(weekly[i][1]), sum);
    }
  });
}

TEST(Identities, IdleBucketsHoldEverybodyOnce) {
  for_streams([](const Stream& stream, Random&) {
    const auto engine = engine_of(stream);
    ASSERT_NE(engine, nullptr);
    IdleQuery each;
    each.each_day = true;
    for (const IdleQuery& idle : {IdleQuery{}, each}) {
      std::int64_t users = 0;
      for (const auto& row : ask(*engine, query_of(idle)).rows) users += count(row[2]);
      ASSERT_EQ(users, static_cast<std::int64_t>(engine->engine().info().user_count));
    }
  });
}

TEST(Identities, StickinessBucketsHoldTheActiveUsersOnce) {
  for_streams([](const Stream& stream, Random& random) {
    const auto engine = engine_of(stream);
    ASSERT_NE(engine, nullptr);
    StickinessQuery stickiness;
    stickiness.period = static_cast<Period>(random.below(5));
    const auto rows = ask(*engine, query_of(stickiness)).rows;
    std::int64_t users = 0;
    for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
      users += count((*row)[1]);
      ASSERT_EQ(count((*row)[2]), users) << "at least as many as in this bucket and later ones";
    }
    ASSERT_EQ(users, static_cast<std::int64_t>(engine->engine().info().user_count));
  });
}

TEST(Identities, MeanDaysTimesUsersAreTheActiveUsersOfTheDays) {
  for_streams([](const Stream& stream, Random&) {
    const auto engine = engine_of(stream);
    ASSERT_NE(engine, nullptr);
    constexpr std::size_t kDays = 7;
    StickinessQuery stickiness;
    stickiness.window_days = static_cast<std::int32_t>(kDays);
    const auto windows = ask(*engine, query_of(stickiness)).rows;
    const auto daily = ask(*engine, query_of(ActiveQuery{})).rows;
    ASSERT_EQ(windows.size(), daily.size() * (kDays + 1));
    for (std::size_t i = 0; i < daily.size(); ++i) {
      std::int64_t sum = 0, by_bucket = 0, users = 0;
      for (std::size_t j = i - std::min(i, kDays - 1); j <= i; ++j) sum += count(daily[j][1]);
      for (std::size_t n = 1; n <= kDays; ++n) {
        const std::int64_t in_bucket = count(windows[i * (kDays + 1) + n - 1][2]);
        users += in_bucket;
        by_bucket += in_bucket * static_cast<std::int64_t>(n);
      }
      ASSERT_EQ(by_bucket, sum);
      const auto& total = windows[i * (kDays + 1) + kDays];
      ASSERT_EQ(count(total[2]), users);
      const double* mean = std::get_if<double>(&total[3]);
      if (mean != nullptr) {
        ASSERT_NEAR(*mean * static_cast<double>(users), static_cast<double>(sum), 1e-6);
      }
    }
  });
}

// Users of one store and users of another, in a store together: every count is the sum.
TEST(Identities, CountsOfDisjointUsersAddUp) {
  for_streams([](const Stream& stream, Random& random) {
    std::map<UserId, bool> is_in_second;
    Stream parts[2] = {{stream.settings, {}, {}}, {stream.settings, {}, {}}};
    for (const NaiveEvent& event : stream.events) {
      const bool second = is_in_second.try_emplace(event.user, random.chance(50)).first->second;
      parts[second].events.push_back(event);
    }
    const auto engine = engine_of(stream);
    const auto first = engine_of(parts[0]);
    const auto second = engine_of(parts[1]);
    ASSERT_TRUE(engine && first && second);
    if (parts[0].events.empty() || parts[1].events.empty()) return;
    const DayRange days = engine->engine().info().days;
    const Period period = static_cast<Period>(random.below(5));
    RetentionQuery retention;
    retention.period = period;
    retention.cohort = static_cast<RetentionQuery::Cohort>(random.below(3));
    retention.mode = static_cast<RetentionQuery::Mode>(random.below(4));
    ChurnQuery churn;
    churn.rule = ChurnQuery::NextPeriods{period, random.between(1, 3)};
    for (Query query :
         {query_of(ActiveQuery{{}, period, {}, {}}), query_of(retention), query_of(churn),
          query_of(CountsQuery{{}, period}), query_of(LifecycleQuery{{}, period}),
          query_of(StickinessQuery{{}, period, {}}), query_of(StickinessQuery{{}, Period::kDay, 7}),
          query_of(IdleQuery{}), query_of(SegmentQuery{})}) {
      if (!std::holds_alternative<IdleQuery>(query.ask) &&
          !std::holds_alternative<SegmentQuery>(query.ask)) {
        query.common.from = days.first;
        query.common.to = days.last;
      }
      query.common.as_of = days.last;
      const QueryResult whole = ask(*engine, query);
      const auto rows = ask(*first, query).rows;
      const auto other_rows = ask(*second, query).rows;
      ASSERT_EQ(whole.rows.size(), rows.size()) << to_json(query);
      ASSERT_EQ(whole.rows.size(), other_rows.size()) << to_json(query);
      for (std::size_t r = 0; r < rows.size(); ++r) {
        for (std::size_t c = 0; c < whole.columns.size(); ++c) {
          if (whole.columns[c].type != ColumnType::kCount) continue;
          ASSERT_EQ(count(whole.rows[r][c]), count(rows[r][c]) + count(other_rows[r][c]))
              << to_json(query);
        }
      }
    }
  });
}

// Weeks and fortnights stay in step when all is moved by whole fortnights; months do not.
TEST(Identities, ShiftByWholeWeeksShiftsEveryAnswer) {
  for_streams([](const Stream& stream, Random& random) {
    constexpr std::int32_t kShiftDays = 14 * 13;
    Stream here = stream;
    here.settings.time_zone = "UTC";
    for (NaiveEvent& event : here.events) event.whole_day = false;
    Stream there = here;
    for (NaiveEvent& event : there.events) event.time += kShiftDays * kDayUs;
    const auto engine = engine_of(here);
    const auto shifted_engine = engine_of(there);
    ASSERT_NE(engine, nullptr);
    ASSERT_NE(shifted_engine, nullptr);
    const Period periods[] = {Period::kDay, Period::kWeek, Period::kFortnight};
    ActiveQuery active;
    active.period = periods[random.below(3)];
    RetentionQuery retention;
    retention.period = periods[random.below(3)];
    retention.mode = static_cast<RetentionQuery::Mode>(random.below(4));
    ChurnQuery churn;
    churn.rule = ChurnQuery::NextPeriods{periods[random.below(3)], random.between(1, 3)};
    const CountsQuery counts{{}, periods[random.below(3)]};
    const LifecycleQuery lifecycle{{}, periods[random.below(3)]};
    const StickinessQuery stickiness{{}, periods[random.below(3)], {}};
    const StickinessQuery windows{{}, Period::kDay, random.between(1, 30)};
    SegmentQuery segment;
    segment.segment.range.last = LastSpan{random.between(1, 30)};
    for (const Query& query : {query_of(active), query_of(retention), query_of(churn),
                               query_of(IdleQuery{}), query_of(counts), query_of(lifecycle),
                               query_of(stickiness), query_of(windows), query_of(segment)}) {
      QueryResult expected = ask(*engine, query);
      for (auto& row : expected.rows) {
        if (Day* day = std::get_if<Day>(&row[0])) *day = *day + kShiftDays;
      }
      QueryResult found = ask(*shifted_engine, query);
      found.as_of = expected.as_of;
      ASSERT_EQ(first_difference(found, expected), "") << to_json(query);
    }
  });
}

}  // namespace
}  // namespace rollcall::testing
