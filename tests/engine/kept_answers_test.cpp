// An engine keeps totals of days, unions over days and ranks of all users from one question to the
// next. They are never older than what it was told since: the same questions are asked again and
// again while events arrive, late ones among them, and compared with the oracle.
//
// ROLLCALL_SEED=N draws other streams and questions.
#include <gtest/gtest.h>

#include <cstdint>
#include <iostream>
#include <span>
#include <string>
#include <vector>

#include "tests/support/event_generator.h"
#include "tests/support/naive_engine.h"
#include "tests/support/query_generator.h"
#include "tests/support/random_case.h"
#include "tests/support/result_text.h"
#include "tests/support/run_size.h"
#include "tests/support/test_engine.h"
#include "tests/support/times.h"

namespace rollcall::testing {
namespace {

constexpr std::size_t kSlices = 8;       // of a stream
constexpr std::size_t kQuestions = 12;   // drawn for a stream
constexpr std::size_t kAskedInARow = 3;  // with nothing new between: the third finds all kept

// Questions that are answered from what is kept are among them.
std::vector<Query> questions_about(const Stream& stream, Random& random) {
  std::vector<Query> questions;
  for (const char* text : {R"({"kind": "active"})", R"({"kind": "active", "period": "month"})",
                           R"({"kind": "active", "window_days": 30, "last": "1d"})",
                           R"({"kind": "counts"})", R"({"kind": "lifecycle", "last": "1d"})",
                           R"({"kind": "churn", "rule": {"gap_days": 7}, "last": "1d"})",
                           R"({"kind": "churn", "rule": {"gap_days": 9}, "from": "2026-01-10",
                               "to": "2026-01-10"})",
                           R"({"kind": "rfm", "frequency": "days", "by": "cell"})",
                           R"({"kind": "rfm_users", "frequency": "days", "limit": 3})"}) {
    Result<Query> query = parse_query(text, stream.settings.time_zone);
    EXPECT_TRUE(query.ok()) << text << ": " << query.status().to_string();
    if (query.ok()) questions.push_back(*std::move(query));
  }
  while (questions.size() < kQuestions) questions.push_back(random_query(random, stream));
  return questions;
}

TEST(KeptAnswers, AreThoseOfARecountWhileEventsArrive) {
  const std::uint64_t seed = run_size("ROLLCALL_SEED", 20260301);
  const std::uint64_t streams = run_size("ROLLCALL_RANDOM_STREAMS", 25);
  std::cout << "ROLLCALL_SEED=" << seed << "\n";
  Random random(seed);
  std::size_t asked = 0;
  for (std::size_t number = 0; number < streams; ++number) {
    StreamKnobs knobs = random_knobs(random);
    knobs.days = 60;
    knobs.first_day = Day{20'454};  // 2026-01-01
    knobs.events = 400;
    const Stream stream = random_stream(random, knobs);
    const EngineSetup setup = random_setup(random);
    SCOPED_TRACE("stream " + std::to_string(number) + " on " + to_string(setup));
    const auto engine = TestEngine::open(stream.settings, setup);
    ASSERT_TRUE(engine.ok()) << engine.status().to_string();
    NaiveEngine oracle(stream.settings);
    for (const auto& [name, segment] : stream.saved) {
      oracle.save_segment(name, segment);
      ASSERT_TRUE((*engine)->save_segment(name, segment).ok());
    }
    const std::vector<Query> questions = questions_about(stream, random);
    for (std::size_t slice = 0; slice < kSlices; ++slice) {
      const std::size_t begin = stream.events.size() * slice / kSlices;
      const std::size_t end = stream.events.size() * (slice + 1) / kSlices;
      const std::vector<NaiveEvent> events(
          stream.events.begin() + static_cast<std::ptrdiff_t>(begin),
          stream.events.begin() + static_cast<std::ptrdiff_t>(end));
      ASSERT_TRUE((*engine)->ingest(events).ok());
      oracle.ingest(events);
      if (random.chance(20)) {
        ASSERT_TRUE((*engine)->engine().checkpoint().ok());
      }
      if (random.chance(10)) {
        ASSERT_TRUE((*engine)->reopen().ok());
      }
      for (const Query& query : questions) {
        const Result<QueryResult> expected = oracle.query(query);
        for (std::size_t time = 0; time < kAskedInARow; ++time, ++asked) {
          const Result<QueryResult> found = (*engine)->query(query);
          ASSERT_EQ(found.ok(), expected.ok()) << to_json(query);
          if (!found.ok()) continue;
          ASSERT_EQ(first_difference(*found, *expected), "")
              << to_json(query) << "\nslice " << slice << ", time " << time;
        }
      }
    }
  }
  std::cout << asked << " answers agreed\n";
}

NaiveEvent visit(std::uint64_t user, std::int32_t day) {
  NaiveEvent event;
  event.user = user;
  event.event = "visit";
  event.time = (std::int64_t{20'454} + day) * kDayUs;  // 2026-01-01
  return event;
}

// The scores of a profile are among all users who are left.
TEST(KeptAnswers, ForgetTheRanksOfForgottenUsers) {
  StoreSettings settings;
  settings.user_kind = UserKind::kInteger;
  settings.history = true;
  const auto engine = TestEngine::open(settings, EngineSetup());
  ASSERT_TRUE(engine.ok()) << engine.status().to_string();
  std::vector<NaiveEvent> events;
  for (std::uint64_t user = 1; user <= 5; ++user) {
    for (std::uint64_t day = 0; day < user; ++day) {
      events.push_back(visit(user, static_cast<std::int32_t>(day)));
    }
  }
  ASSERT_TRUE((*engine)->ingest(events).ok());
  const auto frequency_score = [&] {
    const Result<QueryResult> profile =
        (*engine)->query(*parse_query(R"({"kind": "profile", "user": "3"})"));
    if (!profile.ok()) return profile.status().to_string();
    for (const std::vector<Cell>& row : profile->rows) {
      if (row[0] == Cell("rfm") && row[1] == Cell("f")) return std::get<std::string>(row[2]);
    }
    return std::string("none");
  };
  // Two of five users have fewer events: the score is 1 + floor(5 x 2.5 / 5).
  EXPECT_EQ(frequency_score(), "3");
  EXPECT_EQ(frequency_score(), "3");
  // None of the three who are left has fewer.
  const UserId forgotten[] = {std::uint64_t{1}, std::uint64_t{2}};
  ASSERT_TRUE((*engine)->engine().forget(forgotten).ok());
  EXPECT_EQ(frequency_score(), "1");
  // One of four has fewer.
  ASSERT_TRUE((*engine)->ingest(std::vector<NaiveEvent>{visit(6, 0)}).ok());
  EXPECT_EQ(frequency_score(), "2");
}

}  // namespace
}  // namespace rollcall::testing
