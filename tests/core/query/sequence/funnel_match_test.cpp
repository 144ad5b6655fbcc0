#include "core/query/sequence/funnel_match.h"
#include "core/query/sequence/plain_funnel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <vector>

#include "tests/support/tried_funnel.h"

namespace rollcall {
namespace {

using Order = FunnelRules::Order;
using testing::is_better;
using Outcome = testing::FunnelOutcome;
constexpr std::uint64_t kSeed = 0xf0551e;

std::map<std::size_t, Outcome> by_trying(const FunnelRules& rules,
                                         const std::vector<StepEvent>& events) {
  testing::TriedRules tried;
  tried.step_count = rules.step_count;
  tried.window = rules.window;
  tried.order = rules.order == Order::kOrdered  ? FunnelQuery::Order::kOrdered
                : rules.order == Order::kStrict ? FunnelQuery::Order::kStrict
                                                : FunnelQuery::Order::kAny;
  tried.strictly_increasing = rules.strictly_increasing;
  tried.collapse_repeats = rules.collapse_repeats;
  tried.stop_on_repeat = rules.stop_on_repeat;
  tried.last_start = rules.last_start;
  for (const auto& exclusion : rules.exclusions) {
    tried.exclusions.push_back({exclusion.from, exclusion.to});
  }
  std::vector<testing::TriedEvent> tried_events;
  for (const StepEvent& event : events) {
    tried_events.push_back({event.time, event.steps, event.exclusions});
  }
  return testing::by_trying(tried, tried_events);
}

std::map<std::size_t, Outcome> matched(const FunnelRules& rules,
                                       const std::vector<StepEvent>& events) {
  std::map<std::size_t, Outcome> outcomes;
  FunnelMatcher matcher(rules);
  matcher.match(events, [&](const FunnelAttempt& attempt) {
    Outcome outcome{attempt.steps, {}};
    matcher.step_times(events, attempt, outcome.times);
    EXPECT_TRUE(outcomes.emplace(attempt.start, outcome).second) << "an attempt is told twice";
  });
  return outcomes;
}

struct Case {
  FunnelRules rules;
  std::vector<StepEvent> events;
};

std::ostream& operator<<(std::ostream& out, const Case& example) {
  const FunnelRules& rules = example.rules;
  out << "steps=" << rules.step_count << " window=" << rules.window
      << " order=" << static_cast<int>(rules.order) << " increasing=" << rules.strictly_increasing
      << " collapse=" << rules.collapse_repeats << " stop=" << rules.stop_on_repeat
      << " last_start=" << rules.last_start;
  for (const auto& exclusion : rules.exclusions) {
    out << " exclusion " << exclusion.from << '-' << exclusion.to;
  }
  for (const StepEvent& event : example.events) {
    out << "\n  at " << event.time << " steps " << event.steps << " exclusions "
        << event.exclusions;
  }
  return out;
}

Case random_case(std::mt19937_64& random, bool ties) {
  const auto up_to = [&](std::uint64_t most) { return random() % (most + 1); };
  Case example;
  FunnelRules& rules = example.rules;
  rules.step_count = static_cast<unsigned>(2 + up_to(2));
  rules.window = static_cast<TimeUs>(up_to(7));
  rules.order = static_cast<Order>(up_to(2));
  rules.strictly_increasing = up_to(3) == 0;
  rules.collapse_repeats = rules.order == Order::kStrict && up_to(1) == 0;
  rules.stop_on_repeat = rules.order == Order::kOrdered && up_to(2) == 0;
  rules.starts_apart = true;
  if (up_to(4) == 0) rules.last_start = static_cast<TimeUs>(up_to(5));
  if (rules.order != Order::kAny) {
    for (std::uint64_t i = up_to(5); i < 2; ++i) {
      const auto from = static_cast<unsigned>(up_to(rules.step_count - 2));
      const auto to = static_cast<unsigned>(from + 1 + up_to(rules.step_count - 2 - from));
      rules.exclusions.push_back({from, to});
    }
  }
  example.events.resize(1 + up_to(6));
  TimeUs time = 0;
  for (StepEvent& event : example.events) {
    time += ties ? static_cast<TimeUs>(up_to(1)) : static_cast<TimeUs>(1 + up_to(1));
    event.time = time;
    event.steps = static_cast<std::uint32_t>(
        up_to(2) == 0 ? random() : std::uint64_t{1} << up_to(rules.step_count));
    event.steps &= (1u << rules.step_count) - 1;
    event.exclusions = up_to(3) == 0 ? static_cast<std::uint32_t>(random() % 4) : 0;
  }
  return example;
}

TEST(FunnelMatch, AgreesWithTryingEveryOrder) {
  std::mt19937_64 random(kSeed);
  for (int trial = 0; trial < 20'000; ++trial) {
    const Case example = random_case(random, trial % 2 == 0);
    ASSERT_EQ(matched(example.rules, example.events), by_trying(example.rules, example.events))
        << "seed=" << kSeed << " trial=" << trial << '\n'
        << example;
  }
}

// Events of one instant that open an attempt together: it goes as far as the best of them alone.
TEST(FunnelMatch, AnInstantOpensOneAttemptWhereStartsAreNotTold) {
  std::mt19937_64 random(kSeed);
  for (int trial = 0; trial < 5'000; ++trial) {
    Case example = random_case(random, /*ties=*/true);
    example.rules.exclusions.clear();
    std::map<TimeUs, std::optional<Outcome>> expected;
    for (const auto& [place, outcome] : by_trying(example.rules, example.events)) {
      std::optional<Outcome>& best = expected[example.events[place].time];
      if (is_better(outcome, best)) best = outcome;
    }
    example.rules.starts_apart = false;
    std::map<TimeUs, std::optional<Outcome>> found;
    for (const auto& [place, outcome] : matched(example.rules, example.events)) {
      EXPECT_TRUE(found.emplace(example.events[place].time, outcome).second);
    }
    ASSERT_EQ(found, expected) << "seed=" << kSeed << " trial=" << trial << '\n' << example;
  }
}

TEST(PlainFunnel, FindsTheBestOfAllAttempts) {
  std::mt19937_64 random(kSeed);
  int plain = 0;
  for (int trial = 0; trial < 20'000; ++trial) {
    Case example = random_case(random, /*ties=*/false);
    if (example.rules.order == Order::kAny) example.rules.order = Order::kOrdered;
    example.rules.stop_on_repeat = false;
    if (!PlainFunnel::allow(example.events)) continue;
    std::optional<Outcome> expected;
    for (const auto& [place, outcome] : by_trying(example.rules, example.events)) {
      if (is_better(outcome, expected)) expected = outcome;
    }
    ASSERT_TRUE(PlainFunnel::may_be_plain(example.rules));
    std::optional<Outcome> found;
    std::vector<TimeUs> times;
    const auto best = PlainFunnel(example.rules).best(example.events, times);
    if (best) found = Outcome{best->steps, times};
    ASSERT_EQ(found, expected) << "seed=" << kSeed << " trial=" << trial << '\n' << example;
    plain += found.has_value();
  }
  EXPECT_GT(plain, 2'000);
}

TEST(FunnelMatch, TellsWhichEventServesAStep) {
  const std::vector<StepEvent> events = {{0, 1}, {1, 2}, {2, 1}, {3, 2}, {4, 4}};
  for (const unsigned told_step : {0u, 1u, 2u}) {
    FunnelRules rules;
    rules.step_count = 3;
    rules.window = 10;
    rules.told_step = told_step;
    for (const Order order : {Order::kOrdered, Order::kStrict}) {
      rules.order = order;
      std::map<std::size_t, std::size_t> told;
      FunnelMatcher(rules).match(
          events, [&](const FunnelAttempt& attempt) { told[attempt.start] = attempt.told; });
      const std::size_t strict_last = told_step == 2 ? kNoEvent : told_step;
      const std::map<std::size_t, std::size_t> ordered =
          told_step == 0   ? std::map<std::size_t, std::size_t>{{0, 0}, {2, 2}}
          : told_step == 1 ? std::map<std::size_t, std::size_t>{{0, 1}, {2, 3}}
                           : std::map<std::size_t, std::size_t>{{0, 4}, {2, 4}};
      const std::map<std::size_t, std::size_t> strict = {{0, strict_last}, {2, ordered.at(2)}};
      EXPECT_EQ(told, order == Order::kOrdered ? ordered : strict) << told_step;
    }
  }
}

// One user with very many events costs as much for each as one with few.
TEST(FunnelMatch, CostGrowsWithTheEvents) {
  const auto attempts_of = [](const FunnelRules& rules, std::size_t count, auto event_at) {
    std::vector<StepEvent> events;
    for (std::size_t i = 0; i < count; ++i) events.push_back(event_at(i));
    std::size_t attempts = 0;
    FunnelMatcher(rules).match(events, [&](const FunnelAttempt&) { ++attempts; });
    return attempts;
  };
  constexpr std::size_t kMany = 300'000;
  FunnelRules rules;
  rules.step_count = 5;
  rules.window = std::int64_t{1} << 40;
  for (const Order order : {Order::kOrdered, Order::kStrict, Order::kAny}) {
    for (const bool flag : {false, true}) {
      rules.order = order;
      rules.collapse_repeats = order == Order::kStrict && flag;
      rules.stop_on_repeat = order == Order::kOrdered && flag;
      rules.starts_apart = false;
      // All are the first step, at times of their own; at one instant; steps by turns.
      EXPECT_EQ(attempts_of(rules, kMany,
                            [](std::size_t i) {
                              return StepEvent{static_cast<TimeUs>(i), 1};
                            }),
                kMany);
      EXPECT_EQ(attempts_of(rules, kMany, [](std::size_t) { return StepEvent{7, 1}; }), 1u);
      EXPECT_GT(attempts_of(rules, kMany,
                            [](std::size_t i) {
                              return StepEvent{static_cast<TimeUs>(i), 1u << (i * 7 % 5)};
                            }),
                kMany / 6);
      rules.starts_apart = true;
      EXPECT_EQ(attempts_of(rules, kMany,
                            [](std::size_t i) {
                              return StepEvent{7, 1u | (i % 3 == 0 ? 2u : 0u)};
                            }),
                kMany);
    }
  }
}

}  // namespace
}  // namespace rollcall
