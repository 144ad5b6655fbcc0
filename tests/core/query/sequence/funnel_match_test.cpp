#include "core/query/sequence/funnel_match.h"
#include "core/query/sequence/bit_funnel.h"
#include "core/query/sequence/plain_funnel.h"
#include "core/query/sequence/told_step.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <random>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "tests/support/tried_funnel.h"

namespace rollcall {
namespace {

using Order = FunnelRules::Order;
using testing::is_better;
using Outcome = testing::FunnelOutcome;
constexpr std::uint64_t kSeed = 0xf0551e;

testing::TriedRules tried_rules(const FunnelRules& rules) {
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
  return tried;
}

std::map<std::size_t, Outcome> by_trying(const FunnelRules& rules,
                                         const std::vector<StepEvent>& events) {
  std::vector<testing::TriedEvent> tried_events;
  for (const StepEvent& event : events) {
    tried_events.push_back({event.time, event.steps, event.exclusions});
  }
  return testing::by_trying(tried_rules(rules), tried_events);
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

bool is_plain(const Case& example) {
  const auto serves_several = [](const StepEvent& event) {
    return (event.steps & (event.steps - 1)) != 0;
  };
  const auto same_time = [](const StepEvent& a, const StepEvent& b) { return a.time == b.time; };
  return std::ranges::adjacent_find(example.events, same_time) == example.events.end() &&
         (example.rules.order != Order::kAny ||
          std::ranges::none_of(example.events, serves_several));
}

struct PlainAttempt {
  std::size_t start = 0;
  Outcome outcome;
  std::size_t told = kNoEvent;
};

// Walks the events in stretches of random lengths, until `goes_on(attempt)` is false.
template <class GoesOn>
PlainFunnel::Outcome walk(const Case& example, unsigned most_steps, std::mt19937_64& random,
                          GoesOn goes_on) {
  PlainFunnel funnel(example.rules);
  funnel.begin(most_steps);
  const auto found = [&](const FunnelAttempt& attempt) {
    PlainAttempt plain{attempt.start, {attempt.steps, {}}, attempt.told.begin};
    funnel.step_times(example.events, attempt, plain.outcome.times);
    return goes_on(plain);
  };
  const std::span<const StepEvent> events = example.events;
  for (std::size_t walked = 0; walked < events.size();) {
    const std::size_t end = std::min<std::size_t>(events.size(), walked + 1 + random() % 4);
    const PlainFunnel::Outcome outcome = funnel.walk(events.first(end), walked, found);
    if (outcome != PlainFunnel::Outcome::kGoesOn) return outcome;
    walked = end;
  }
  funnel.end(found);
  return PlainFunnel::Outcome::kGoesOn;
}

TEST(PlainFunnel, FindsAllAttempts) {
  std::mt19937_64 random(kSeed);
  int plain = 0;
  for (int trial = 0; trial < 40'000; ++trial) {
    Case example = random_case(random, /*ties=*/trial % 8 == 0);
    if (!PlainFunnel::may_be_plain(example.rules)) continue;
    if (example.rules.order != Order::kAny) {
      example.rules.told_step = static_cast<unsigned>(random() % example.rules.step_count);
    }
    std::map<std::size_t, Outcome> found;
    const auto outcome =
        walk(example, example.rules.step_count, random, [&](const PlainAttempt& attempt) {
          EXPECT_TRUE(found.emplace(attempt.start, attempt.outcome).second) << "is told twice";
          const bool is_told = attempt.outcome.steps > example.rules.told_step;
          EXPECT_EQ(attempt.told != kNoEvent, is_told);
          if (is_told) {
            EXPECT_EQ(example.events[attempt.told].time,
                      attempt.outcome.times[example.rules.told_step]);
          }
          return true;
        });
    ASSERT_EQ(outcome == PlainFunnel::Outcome::kGoesOn, is_plain(example))
        << "seed=" << kSeed << " trial=" << trial << '\n'
        << example;
    if (outcome != PlainFunnel::Outcome::kGoesOn) continue;
    ASSERT_EQ(found, by_trying(example.rules, example.events))
        << "seed=" << kSeed << " trial=" << trial << '\n'
        << example;
    plain += found.empty() ? 0 : 1;
  }
  EXPECT_GT(plain, 4'000);
}

// Where nothing is void, the first attempt with the most steps is the best of all.
TEST(PlainFunnel, MeetsTheBestAttemptFirst) {
  std::mt19937_64 random(kSeed);
  int met = 0;
  for (int trial = 0; trial < 20'000; ++trial) {
    Case example = random_case(random, /*ties=*/false);
    example.rules.exclusions.clear();
    if (!PlainFunnel::may_be_plain(example.rules) || !is_plain(example)) continue;
    std::optional<Outcome> best;
    for (const auto& [place, outcome] : by_trying(example.rules, example.events)) {
      if (is_better(outcome, best)) best = outcome;
    }
    if (!best) continue;
    std::optional<Outcome> found;
    walk(example, best->steps, random, [&](const PlainAttempt& attempt) {
      if (attempt.outcome.steps == best->steps) found = attempt.outcome;
      return !found.has_value();
    });
    ASSERT_EQ(found, best) << "seed=" << kSeed << " trial=" << trial << '\n' << example;
    ++met;
  }
  EXPECT_GT(met, 4'000);
}

// Puts the events into blocks of a log, with what they serve as bits, in as many parts.
class BitsOfEvents {
 public:
  BitsOfEvents(std::span<const StepEvent> events, unsigned step_count, std::size_t part_count)
      : bits_(step_count) {
    bits_.begin(static_cast<std::uint32_t>(events.size()));
    std::size_t begin = 0;
    for (std::size_t part = 1; part <= part_count; ++part) {
      const std::size_t end = events.size() * part / part_count;
      if (end > begin) append(events.subspan(begin, end - begin), step_count);
      begin = end;
    }
  }
  StepBits& bits() { return bits_; }

 private:
  // Events of another user come before those of the part, so that its bits begin somewhere.
  void append(std::span<const StepEvent> events, unsigned step_count) {
    const std::size_t first = 37 * (1 + blocks_.size());
    EventColumns columns;
    columns.resize(first + events.size());
    std::iota(columns.times.begin(), columns.times.end(), 0);
    std::vector<std::uint64_t> words((columns.size() + 63) / 64 * step_count);
    for (std::size_t i = 0; i < events.size(); ++i) {
      columns.ordinals[first + i] = 1;
      columns.times[first + i] = events[i].time;
      for (unsigned step = 0; step < step_count; ++step) {
        const std::uint64_t bit = events[i].steps >> step & 1;
        words[(first + i) / 64 * step_count + step] |= bit << (first + i) % 64;
      }
    }
    blocks_.push_back(std::make_unique<LogBlock>(LogBlock::pack(columns, 0, columns.size())));
    LogBlock::Walk walk(*blocks_.back());
    EXPECT_TRUE(walk.seek(1));
    EXPECT_FALSE(walk.may_have_ties());
    bits_.append(words.data(), step_count, static_cast<std::uint32_t>(first),
                 static_cast<std::uint32_t>(events.size()), LogBlock::Times(walk));
  }

  std::vector<std::unique_ptr<LogBlock>> blocks_;
  StepBits bits_;
};

TEST(BitFunnel, FindsTheBestOfAllAttempts) {
  std::mt19937_64 random(kSeed);
  int found_some = 0;
  for (int trial = 0; trial < 20'000; ++trial) {
    Case example = random_case(random, /*ties=*/false);
    example.rules.exclusions.clear();
    example.rules.last_start = std::numeric_limits<TimeUs>::max();
    for (StepEvent& event : example.events) event.exclusions = 0;
    // These are enough for several words, or just fill one.
    const std::size_t grown = trial % 10 == 0 ? 200 : trial % 10 == 5 ? 64 : 0;
    if (grown != 0) {
      for (TimeUs time = example.events.back().time; example.events.size() < grown;) {
        time += 1 + static_cast<TimeUs>(random() % 2);
        const std::uint64_t steps =
            random() % 8 == 0 ? random() % (1u << example.rules.step_count) : 0;
        example.events.push_back({time, static_cast<std::uint32_t>(steps)});
      }
    }
    if (!BitFunnel::may_decide(example.rules)) continue;
    std::optional<Outcome> expected;
    for (const auto& [place, outcome] : by_trying(example.rules, example.events)) {
      if (is_better(outcome, expected)) expected = outcome;
    }
    BitsOfEvents made(example.events, example.rules.step_count, 1 + random() % 3);
    std::optional<Outcome> found;
    std::vector<TimeUs> times;
    if (const auto best = BitFunnel(example.rules).best(made.bits(), times)) {
      if (best->steps == 1) times.assign(1, example.events[best->start].time);
      EXPECT_EQ(example.events[best->start].time, times.front());
      found = Outcome{best->steps, times};
    }
    ASSERT_EQ(found, expected) << "seed=" << kSeed << " trial=" << trial << '\n' << example;
    found_some += found.has_value() ? 1 : 0;
  }
  EXPECT_GT(found_some, 4'000);
}

// Step 1 comes once, and the last step too late each time.
TEST(BitFunnel, CostGrowsWithTheEvents) {
  constexpr TimeUs kMany = 1'000'000;
  std::vector<StepEvent> events = {{0, 1}, {1, 2}};
  for (TimeUs i = 0; i < kMany; ++i) events.push_back({kMany + i, 4});
  FunnelRules rules;
  rules.step_count = 3;
  rules.window = 10;
  BitsOfEvents made(events, 3, 1);
  std::vector<TimeUs> times;
  const auto best = BitFunnel(rules).best(made.bits(), times);
  ASSERT_TRUE(best.has_value());
  EXPECT_EQ(best->steps, 2u);
  EXPECT_EQ(times, (std::vector<TimeUs>{0, 1}));
}

// The places of the events that serve a step, by the places of those that open the attempts.
std::map<std::size_t, std::size_t> told(const FunnelRules& rules,
                                        const std::vector<StepEvent>& events,
                                        const std::vector<std::uint32_t>& ranks) {
  std::map<std::size_t, std::size_t> places;
  FunnelMatcher matcher(rules);
  ToldStep step(rules, rules.told_step);
  step.begin(events, ranks);
  matcher.match(events, [&](const FunnelAttempt& attempt) {
    const std::size_t place = step.find(matcher, attempt);
    if (place != kNoEvent) places[attempt.start] = place;
  });
  return places;
}

TEST(ToldStep, IsTheEventThatServesAStep) {
  const std::vector<StepEvent> events = {{0, 1}, {1, 2}, {2, 1}, {3, 2}, {4, 4}};
  const std::vector<std::uint32_t> ranks(events.size());
  using Places = std::map<std::size_t, std::size_t>;
  const std::vector<Places> ordered = {{{0, 0}, {2, 2}}, {{0, 1}, {2, 3}}, {{0, 4}, {2, 4}}};
  const std::vector<Places> strict = {{{0, 0}, {2, 2}}, {{0, 1}, {2, 3}}, {{2, 4}}};
  for (const unsigned step : {0u, 1u, 2u}) {
    FunnelRules rules;
    rules.step_count = 3;
    rules.window = 10;
    rules.starts_apart = true;
    rules.told_step = step;
    EXPECT_EQ(told(rules, events, ranks), ordered[step]) << step;
    rules.order = Order::kStrict;
    EXPECT_EQ(told(rules, events, ranks), strict[step]) << step;
  }
}

TEST(ToldStep, AgreesWithTryingEveryEvent) {
  std::mt19937_64 random(kSeed);
  std::size_t choices = 0;
  for (int trial = 0; trial < 20'000; ++trial) {
    Case example = random_case(random, trial % 4 != 0);
    example.rules.told_step = static_cast<unsigned>(random() % example.rules.step_count);
    std::vector<std::uint32_t> ranks;
    std::vector<std::string> values;
    std::vector<testing::TriedEvent> tried;
    for (const StepEvent& event : example.events) {
      ranks.push_back(static_cast<std::uint32_t>(random() % 4));
      values.push_back(std::to_string(ranks.back()));
      tried.push_back({event.time, event.steps, event.exclusions});
    }
    const std::map<std::size_t, std::size_t> found = told(example.rules, example.events, ranks);
    for (const auto& [start, outcome] : by_trying(example.rules, example.events)) {
      const auto expected = testing::serving_event(tried_rules(example.rules), tried, start,
                                                   outcome, example.rules.told_step, values);
      const auto place = found.find(start);
      ASSERT_EQ(place != found.end(), expected.has_value())
          << "seed=" << kSeed << " trial=" << trial << " start=" << start << '\n'
          << example;
      if (!expected) continue;
      ASSERT_EQ(values[place->second], values[*expected])
          << "seed=" << kSeed << " trial=" << trial << " start=" << start << " step "
          << example.rules.told_step << '\n'
          << example;
      choices += place->second != start;
    }
  }
  EXPECT_GT(choices, 5'000u);
}

// The last step comes too late for all but the last start.
TEST(PlainFunnel, CostGrowsWithTheEvents) {
  constexpr TimeUs kMany = 3'000'000;
  std::vector<StepEvent> events;
  for (TimeUs i = 0; i < kMany; ++i) events.push_back({i, 1});
  events.push_back({2 * kMany - 1, 2});
  FunnelRules rules;
  rules.window = kMany;
  PlainFunnel funnel(rules);
  funnel.begin(2);
  std::vector<std::size_t> starts;  // of the attempts that come to the end
  const auto outcome = funnel.walk(events, 0, [&](const FunnelAttempt& attempt) {
    if (attempt.steps == 2) starts.push_back(attempt.start);
    return true;
  });
  EXPECT_EQ(outcome, PlainFunnel::Outcome::kGoesOn);
  EXPECT_EQ(starts, (std::vector<std::size_t>{kMany - 1}));
}

TEST(FunnelMatch, EndsWithItsQuestion) {
  QuestionBudget budget(1 << 20);
  std::stop_source stop;
  stop.request_stop();
  const QueryLimits limits{.deadline = {}, .stop = stop.get_token()};
  const QuestionAccount account(budget, limits);
  std::vector<StepEvent> events;
  for (TimeUs i = 0; i < 1'000; ++i) events.push_back({i, i % 2 == 0 ? 1u : 2u});
  for (const Order order : {Order::kOrdered, Order::kStrict, Order::kAny}) {
    FunnelRules rules;
    rules.window = 1'000;
    rules.order = order;
    FunnelMatcher matcher(rules, &account);
    EXPECT_THROW(matcher.match(events, [](const FunnelAttempt&) {}), QuestionFailure);
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
