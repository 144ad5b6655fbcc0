// Random streams and random questions, answered by the engine in some configuration and by the
// oracle: the two must agree.
//
// ROLLCALL_RANDOM_PAIRS=N asks that many questions (1,000,000 in the target soak-queries);
// ROLLCALL_SEED=N draws others. A disagreement is shrunk, and printed as a file for tests/queries.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "tests/support/event_generator.h"
#include "tests/support/naive_engine.h"
#include "tests/support/query_file.h"
#include "tests/support/query_generator.h"
#include "tests/support/random_case.h"
#include "tests/support/result_text.h"
#include "tests/support/run_size.h"
#include "tests/support/test_engine.h"

namespace rollcall::testing {
namespace {

constexpr std::uint64_t kSeedDefault = 20260105;

// Is what an engine is fed and asked. It is closed and opened again before event `reopen_at`.
struct Case {
  Stream stream;
  EngineSetup setup;
  std::size_t reopen_at = 0;
  Query query;
};

Result<std::unique_ptr<TestEngine>> fed_engine(const Case& input) {
  ROLLCALL_ASSIGN_OR_RETURN(auto engine, TestEngine::open(input.stream.settings, input.setup));
  const std::span<const NaiveEvent> events = input.stream.events;
  const std::size_t reopen_at = std::min(input.reopen_at, events.size());
  for (const auto& [name, segment] : input.stream.saved) {
    ROLLCALL_RETURN_IF_ERROR(engine->save_segment(name, segment));
  }
  ROLLCALL_RETURN_IF_ERROR(engine->ingest(events.first(reopen_at)));
  if (reopen_at > 0) ROLLCALL_RETURN_IF_ERROR(engine->reopen());
  ROLLCALL_RETURN_IF_ERROR(engine->ingest(events.subspan(reopen_at)));
  return engine;
}

NaiveEngine fed_oracle(const Case& input) {
  NaiveEngine oracle(input.stream.settings);
  oracle.ingest(input.stream.events);
  for (const auto& [name, segment] : input.stream.saved) oracle.save_segment(name, segment);
  return oracle;
}

bool disagree(const Case& input) {
  const auto engine = fed_engine(input);
  if (!engine.ok()) return true;
  return !agree((*engine)->query(input.query), fed_oracle(input).query(input.query));
}

// Each makes a case simpler in one respect, if it is not already.
std::vector<std::function<void(Case&)>> simplifications() {
  using Change = std::function<void(Case&)>;
  std::vector<Change> changes = {
      [](Case& c) { c.setup = EngineSetup{.partition_count = c.setup.partition_count}; },
      [](Case& c) { c.setup.store = StoreKind::kMemory; },
      [](Case& c) { c.setup.partition_count = 1; },
      [](Case& c) { c.setup.threads = 1; },
      [](Case& c) { c.setup.batch_rows = 0; },
      [](Case& c) { c.reopen_at = 0; },
      [](Case& c) { c.query.common.last = std::nullopt; },
      [](Case& c) { c.query.common.from = std::nullopt; },
      [](Case& c) { c.query.common.to = std::nullopt; },
      [](Case& c) { c.query.common.as_of = std::nullopt; },
      [](Case& c) { c.query.common.where.clear(); },
      [](Case& c) { c.query.common.among = std::nullopt; },
      [](Case& c) { c.query.common.breakdown.clear(); },
      [](Case& c) { c.query.common.breakdown_limit = QueryCommon{}.breakdown_limit; },
      [](Case& c) { c.query.common.members = std::nullopt; },
      [](Case& c) {
        if (c.query.common.members) c.query.common.members->limit = std::nullopt;
      },
      [](Case& c) {
        if (c.query.common.members) c.query.common.members->after.clear();
      },
      [](Case& c) { c.stream.saved.clear(); },
      [](Case& c) { c.stream.settings.week_start = WeekStart::kMonday; },
      [](Case& c) {
        for (NaiveEvent& event : c.stream.events) event.value = std::nullopt;
      },
      [](Case& c) {
        for (NaiveEvent& event : c.stream.events) event.properties.clear();
      },
  };
  const auto for_ask = [&](auto change) {
    changes.push_back(
        [change](Case& c) { std::visit([&](auto& ask) { change(ask); }, c.query.ask); });
  };
  for_ask([](auto& ask) {
    if constexpr (requires { ask.event; }) ask.event = {};
  });
  for_ask([](auto& ask) {
    if constexpr (requires { ask.cohort_event; }) ask.cohort_event = {};
  });
  for_ask([](auto& ask) {
    if constexpr (requires { ask.return_event; }) ask.return_event = {};
  });
  for_ask([](auto& ask) {
    if constexpr (requires { ask.mode; }) ask.mode = {};
  });
  for_ask([](auto& ask) {
    if constexpr (requires { ask.cohort; }) ask.cohort = {};
  });
  for_ask([](auto& ask) {
    if constexpr (requires { ask.summary; }) ask.summary = RetentionQuery::Summary::kNone;
  });
  for_ask([](auto& ask) {
    if constexpr (requires { ask.brackets; }) ask.brackets.clear();
  });
  for_ask([](auto& ask) {
    if constexpr (requires { ask.period; }) ask.period = Period::kDay;
  });
  for_ask([](auto& ask) {
    if constexpr (requires { ask.payers; }) ask.payers = false;
  });
  for_ask([](auto& ask) {
    if constexpr (requires { ask.value_event; }) ask.value_event = {};
  });
  for_ask([](auto& ask) {
    if constexpr (requires { ask.horizons; }) ask.horizons = {ask.horizons.back()};
  });
  for_ask([](auto& ask) {
    if constexpr (requires { ask.cost; }) ask.cost = std::nullopt;
  });
  for_ask([](auto& ask) {
    if constexpr (requires { ask.ratio_to_window; }) ask.ratio_to_window = std::nullopt;
  });
  for_ask([](auto& ask) {
    if constexpr (requires { ask.window_days = std::nullopt; }) ask.window_days = std::nullopt;
  });
  for_ask([](auto& ask) {
    if constexpr (requires { ask.base; }) ask.base = {};
  });
  for_ask([](auto& ask) {
    if constexpr (requires { ask.measure; }) ask.measure = {};
  });
  for_ask([](auto& ask) {
    if constexpr (requires { ask.breakdown_match; }) ask.breakdown_match = {};
  });
  for_ask([](auto& ask) {
    if constexpr (requires { ask.windows; }) ask.windows = {};
  });
  for_ask([](auto& ask) {
    if constexpr (requires { ask.first_of; }) ask.first_of = {};
  });
  for_ask([](auto& ask) {
    if constexpr (requires { ask.min_return_count; }) ask.min_return_count = 1;
  });
  for_ask([](auto& ask) {
    if constexpr (requires { ask.value_from; }) ask.value_from = {};
  });
  return changes;
}

// Segments each of which is simpler than `segment` in one respect.
std::vector<Segment> simpler(const Segment& segment) {
  std::vector<Segment> simpler_ones = segment.parts;
  const auto add = [&](auto change) {
    Segment candidate = segment;
    change(candidate);
    if (!(candidate == segment)) simpler_ones.push_back(std::move(candidate));
  };
  add([](Segment& s) { s.event = {}; });
  add([](Segment& s) { s.range = {}; });
  add([](Segment& s) { s.days = std::nullopt; });
  add([](Segment& s) { s.times = std::nullopt; });
  add([](Segment& s) { s.sum = std::nullopt; });
  for (std::size_t i = 0; i < segment.parts.size(); ++i) {
    if (segment.parts.size() > 1) {
      add([i](Segment& s) { s.parts.erase(s.parts.begin() + static_cast<std::ptrdiff_t>(i)); });
    }
    for (const Segment& part : simpler(segment.parts[i])) {
      add([&](Segment& s) { s.parts[i] = part; });
    }
  }
  return simpler_ones;
}

// Returns the segments of the question itself, which can be made simpler.
std::vector<Segment*> segments_of(Case& input) {
  std::vector<Segment*> segments;
  if (input.query.common.among) segments.push_back(&*input.query.common.among);
  if (auto* ask = std::get_if<SegmentQuery>(&input.query.ask)) segments.push_back(&ask->segment);
  return segments;
}

// Replaces a segment by a simpler one, for as long as the two still disagree.
bool shrink_segments(Case& input) {
  bool smaller = false;
  for (std::size_t i = 0; i < segments_of(input).size(); ++i) {
    for (bool again = true; again;) {
      again = false;
      for (const Segment& segment : simpler(*segments_of(input)[i])) {
        Case candidate = input;
        *segments_of(candidate)[i] = segment;
        if (!disagree(candidate)) continue;
        input = std::move(candidate);
        smaller = again = true;
        break;
      }
    }
  }
  return smaller;
}

// Drops events and fields for as long as the two still disagree.
Case shrink(Case input) {
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (std::size_t length = input.stream.events.size(); length > 0; length /= 2) {
      for (std::size_t begin = 0; begin < input.stream.events.size();) {
        Case candidate = input;
        auto& events = candidate.stream.events;
        const auto first = events.begin() + static_cast<std::ptrdiff_t>(begin);
        const std::size_t count = std::min(length, events.size() - begin);
        events.erase(first, first + static_cast<std::ptrdiff_t>(count));
        if (disagree(candidate)) {
          input = std::move(candidate);
          smaller = true;
        } else {
          begin += length;
        }
      }
    }
    for (const auto& change : simplifications()) {
      Case candidate = input;
      change(candidate);
      const bool changed = !(candidate.query == input.query) ||
                           candidate.stream.saved != input.stream.saved ||
                           to_string(candidate.setup) != to_string(input.setup) ||
                           candidate.reopen_at != input.reopen_at;
      if (changed && disagree(candidate)) {
        input = std::move(candidate);
        smaller = true;
      }
    }
    smaller = shrink_segments(input) || smaller;
  }
  return input;
}

std::string report(const Case& input) {
  const auto engine = fed_engine(input);
  const std::string found =
      engine.ok() ? text_or_error((*engine)->query(input.query)) : engine.status().to_string();
  return "on a " + to_string(input.setup) + ", opened again before event " +
         std::to_string(input.reopen_at) + "\nfound:\n" + found + "expected:\n" +
         query_file_text(input.stream.settings, input.stream.events, input.stream.saved,
                         input.query, text_or_error(fed_oracle(input).query(input.query)));
}

// Asks for the users of a random cell of the answer, and for a page of them. Says what is wrong
// with those, and leaves the question in `input`; empty when nothing is.
std::string members_fault(Random& random, const TestEngine& engine, const NaiveEngine& oracle,
                          const QueryResult& answer, Case& input) {
  const std::optional<CountCell> cell = random_cell(random, answer);
  if (!cell) return {};
  Members& members = input.query.common.members.emplace(cell->members);
  const Result<QueryResult> all = engine.query(input.query);
  if (!all.ok()) return "the members of a cell that has a count: " + all.status().to_string();
  if (!agree(all, oracle.query(input.query))) return "the members of a cell";
  if (all->rows.size() != cell->count) return "as many members as the count";
  members.limit = static_cast<std::uint64_t>(random.between(1, 10));
  if (!all->rows.empty() && random.chance(70)) {
    members.after = std::get<std::string>(random.pick(all->rows)[0]);
  }
  return agree(engine.query(input.query), oracle.query(input.query)) ? "" : "a page of members";
}

TEST(RandomQueries, EngineAndOracleAgree) {
  constexpr std::uint64_t kQueriesPerStream = 20;
  const std::uint64_t seed = run_size("ROLLCALL_SEED", kSeedDefault);
  const std::uint64_t pairs = run_size("ROLLCALL_RANDOM_PAIRS", 3'000);
  std::cout << "ROLLCALL_SEED=" << seed << " ROLLCALL_RANDOM_PAIRS=" << pairs << std::endl;
  Random random(seed);
  std::uint64_t answered = 0;
  for (std::uint64_t asked = 0; asked < pairs; asked += kQueriesPerStream) {
    Case input;
    input.stream = random_stream(random, random_knobs(random));
    input.setup = random_setup(random);
    if (random.chance(50)) input.reopen_at = random.below(input.stream.events.size() + 1);
    const NaiveEngine oracle = fed_oracle(input);
    const auto engine = fed_engine(input);
    ASSERT_TRUE(engine.ok()) << engine.status().to_string() << "\n" << to_string(input.setup);
    for (std::uint64_t i = 0; i < kQueriesPerStream; ++i) {
      input.query = random_query(random, input.stream);
      const Result<QueryResult> found = (*engine)->query(input.query);
      answered += found.ok();
      const Result<QueryResult> expected = oracle.query(input.query);
      if (is_too_large(found, expected)) continue;
      std::string fault;
      if (!agree(found, expected)) {
        fault = "the answer";
      } else if (found.ok() && random.chance(33)) {
        fault = members_fault(random, **engine, oracle, *found, input);
      }
      if (fault.empty()) continue;
      // A disagreement that goes away with a fresh engine came of the questions before it.
      ASSERT_TRUE(disagree(input))
          << "only after other questions, " << fault << ", " << report(input);
      FAIL() << report(shrink(input));
    }
    ASSERT_TRUE((*engine)->engine().checkpoint().ok());
    const auto verified = (*engine)->engine().verify();
    ASSERT_TRUE(verified.ok()) << verified.status().to_string();
    ASSERT_TRUE(verified->faults.empty()) << verified->faults.front();
  }
  EXPECT_GE(answered, pairs * 3 / 4) << "most questions should have an answer";
}

// Random questions can be written down: what is read back is the same question.
TEST(RandomQueries, SurviveJson) {
  const std::uint64_t seed = run_size("ROLLCALL_SEED", kSeedDefault);
  std::cout << "ROLLCALL_SEED=" << seed << std::endl;
  Random random(seed);
  for (int i = 0; i < 200; ++i) {
    const Stream stream = random_stream(random, random_knobs(random));
    for (int j = 0; j < 10; ++j) {
      const Query query = random_query(random, stream);
      const Result<Query> read = parse_query(to_json(query), stream.settings.time_zone);
      if (is_upside_down(query.common)) continue;
      ASSERT_TRUE(read.ok()) << "ROLLCALL_SEED=" << seed << " " << to_json(query) << "\n"
                             << read.status().to_string();
      ASSERT_EQ(to_json(*read), to_json(query));
      ASSERT_TRUE(*read == query) << "ROLLCALL_SEED=" << seed << " " << to_json(query);
    }
  }
}

}  // namespace
}  // namespace rollcall::testing
