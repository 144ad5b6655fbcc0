// Every kind of plan is compared with the naive engine, on random streams and random questions.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/query/kinds/kind_table.h"
#include "tests/core/query/fake_store.h"
#include "tests/support/event_generator.h"
#include "tests/support/naive_engine.h"
#include "tests/support/naive_time.h"
#include "tests/support/query_generator.h"
#include "tests/support/random.h"
#include "tests/support/result_text.h"
#include "tests/support/rfm_generator.h"

namespace rollcall::testing {
namespace {

void compare_with_naive_engine(std::uint64_t seed, StreamKnobs knobs, Random& random) {
  // The fake store keeps none.
  knobs.settings.history = false;
  knobs.settings.kept_properties.clear();
  const Stream stream = random_stream(random, knobs);
  NaiveEngine oracle(stream.settings);
  oracle.ingest(stream.events);
  const FakeStore store(stream.settings, stream.events, seed);
  const NaiveZone utc("UTC");
  for (int i = 0; i < 20; ++i) {
    const bool is_rfm = !stream.events.empty() && random.chance(15);
    const Query query = !is_rfm             ? random_query(random, stream)
                        : random.chance(50) ? random_rfm(random, stream)
                                            : random_rfm_users(random, stream);
    SCOPED_TRACE(::testing::Message() << "seed " << seed << ", query " << to_json(query));
    const auto expected = oracle.query(query);
    auto found = store.query(query);
    if (stream.events.empty()) {
      ASSERT_TRUE(!found.ok() || found->rows.empty());
      continue;
    }
    ASSERT_EQ(found.ok(), expected.ok())
        << found.status().to_string() << " / " << expected.status().to_string();
    if (found.ok()) {
      // One instant may be written in two ways: "Z" and "+00:00".
      ASSERT_EQ(read_time(found->as_of, utc), read_time(expected->as_of, utc)) << found->as_of;
      found->as_of = expected->as_of;
      ASSERT_EQ(first_difference(*found, *expected), "");
      ASSERT_EQ(found->kind, expected->kind);
    }
  }
}

TEST(Plans, AgreeWithTheNaiveEngine) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Random random(seed);
    compare_with_naive_engine(seed, random_knobs(random), random);
    if (HasFatalFailure()) return;
  }
}

// More days than are read day by day: first and last days take their place.
TEST(Plans, AgreeWithTheNaiveEngineOverLongTimes) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Random random(seed);
    StreamKnobs knobs = random_knobs(random);
    knobs.days = 150;
    knobs.users = 40;
    knobs.events = 400;
    compare_with_naive_engine(seed, knobs, random);
    if (HasFatalFailure()) return;
  }
}

// Returns a store in which Ann comes on the 5th, 6th and 12th of January, and Bob on the 6th; all
// are bare dates.
FakeStore small_store() {
  const auto event = [](const std::string& user, std::string_view date) {
    const TimeUs time = read_date(date)->value * TimeUs{86'400'000'000};
    return NaiveEvent{user, "login", time, {}, {}, true};
  };
  return FakeStore({}, {event("ann", "2026-01-05"), event("ann", "2026-01-06"),
                        event("bob", "2026-01-06"), event("ann", "2026-01-12")});
}

std::string definition(const FakeStore& store, std::string_view json) {
  const auto result = store.query(json);
  EXPECT_TRUE(result.ok()) << result.status().to_string();
  std::string text;
  for (const auto& [name, value] : result->definition) {
    if (name != "notes") text += name + "=" + value + " ";
  }
  return text;
}

TEST(Plans, DefinitionEchoesEveryOptionInForce) {
  const FakeStore store = small_store();
  EXPECT_EQ(definition(store, R"({"kind": "active", "last": "1w"})"),
            "event=\"*\" period=\"day\" answered_from=\"aggregates\" from=\"2026-01-12\" "
            "to=\"2026-01-12\" "
            "timezone=\"UTC\" week_start=\"monday\" ");
  EXPECT_EQ(definition(store, R"({"kind": "retention", "event": "login", "period": "month"})"),
            "cohort_event=\"login\" return_event=\"login\" cohort=\"first_ever\" "
            "first_of=\"matching\" period=\"month\" windows=\"calendar\" periods=12 mode=\"on\" "
            "min_return_count=1 summary=\"pooled\" measure=\"users\" value_from=\"period\" "
            "answered_from=\"aggregates\" from=\"2026-01-01\" to=\"2026-01-31\" timezone=\"UTC\" "
            "week_start=\"monday\" ");
  EXPECT_EQ(definition(store, R"({"kind": "retention", "brackets": [1, 2]})").find("periods"),
            std::string::npos);
  EXPECT_EQ(definition(store, R"({"kind": "churn", "rule": {"period": "week"}})"),
            "event=\"*\" base=\"active\" rule={\"period\": \"week\", \"count\": 1} "
            "answered_from=\"aggregates\" from=\"2026-01-05\" "
            "to=\"2026-01-18\" timezone=\"UTC\" week_start=\"monday\" ");
  EXPECT_EQ(definition(store, R"({"kind": "idle", "edges": [0, 7]})"),
            "event=\"*\" edges=[0, 7] answered_from=\"aggregates\" timezone=\"UTC\" "
            "week_start=\"monday\" ");
}

TEST(Plans, SayWhatTheyAreAnsweredFrom) {
  StoreSettings settings;
  settings.dimensions = {"channel", "plan"};
  const FakeStore store(settings,
                        {{"ann", "login", 0, {}, {{"channel", "ads"}, {"plan", "pro"}}, true}});
  const auto source_of = [&](const std::string& json) {
    const auto plan = store.plan(*parse_query(json, "UTC"));
    EXPECT_TRUE(plan.ok()) << plan.status().to_string();
    for (const auto& [name, value] : (*plan)->heading().definition) {
      if (name == "answered_from") return value;
    }
    return std::string();
  };
  const std::string both_properties = R"({"channel": "ads", "plan": "pro"})";
  EXPECT_EQ(source_of(R"({"kind": "active", "where": {"plan": "pro"}})"), "\"aggregates\"");
  EXPECT_EQ(source_of(R"({"kind": "active", "where": )" + both_properties + "}"), "\"history\"");
  const std::string returns = R"({"kind": "retention", "cohort_event": {"where": )" +
                              both_properties + R"(}, "return_event": "login"})";
  EXPECT_EQ(source_of(returns), "\"both\"");
  EXPECT_EQ(source_of(R"({"kind": "retention", "windows": "rolling"})"), "\"history\"");
  const std::string among =
      R"q({"kind": "funnel", "steps": ["login", "login"], "among": "did(login)"})q";
  EXPECT_EQ(source_of(among), "\"both\"");
}

// The cells of a ranking are the values that the store knows.
TEST(Plans, RankingsOfOtherValuesAreOtherPlans) {
  StoreSettings settings;
  settings.dimensions = {"channel"};
  const auto digest_of = [&](const std::string& channel) {
    const FakeStore store(settings, {{"ann", "login", 0, {}, {{"channel", channel}}, true}});
    const Query query = *parse_query(
        R"({"kind": "funnel", "steps": ["login", "login"], "breakdown": "channel"})", "UTC");
    const auto ranking = make_ranking(query, store.context());
    EXPECT_TRUE(ranking.ok()) << ranking.status().to_string();
    return (*ranking)->plan->digest();
  };
  EXPECT_EQ(digest_of("ads"), digest_of("ads"));
  EXPECT_NE(digest_of("ads"), digest_of("seo"));
}

TEST(Plans, EmptyStoreHasNoRows) {
  const FakeStore store({}, {});
  for (const std::string kind : {"active", "retention", "churn", "idle"}) {
    for (const std::string more : {"", R"(, "event": "login")", R"(, "as_of": "2026-01-31")"}) {
      const auto result = store.query(R"({"kind": ")" + kind + "\"" + more + "}");
      ASSERT_TRUE(result.ok()) << result.status().to_string();
      EXPECT_EQ(result->kind, kind);
      EXPECT_TRUE(result->rows.empty());
      EXPECT_FALSE(result->columns.empty());
    }
  }
}

TEST(Plans, QueriesThatCameAsStructsAreChecked) {
  const FakeStore store = small_store();
  ActiveQuery ask;
  ask.window_days = 0;
  EXPECT_EQ(store.query(Query{{}, ask}).status().message(),
            "active: window_days: must be a whole number from 1 to 36600, found 0");
  Query idle{{}, IdleQuery{}};
  idle.common.from = Day{0};
  EXPECT_EQ(store.query(idle).status().message(),
            "idle: takes no from, to or last: it is a view of one day, as_of");
}

TEST(Plans, TooManyCells) {
  const FakeStore store = small_store();
  const auto result =
      store.query(R"({"kind": "retention", "from": "0001-01-01", "periods": 1000000})");
  EXPECT_EQ(result.status().message(),
            "retention: too many cells: found 739628 rows of 739629 cells, allowed: 5000000 cells; "
            "narrow the range with from and to, or take longer periods");
  EXPECT_FALSE(store.query(R"({"kind": "retention", "periods": 2147483647})").ok());
}

// More columns than can have begun cost nothing, and have no summary either.
TEST(Plans, MorePeriodsThanHavePassed) {
  const FakeStore store = small_store();
  const auto result = store.query(R"({"kind": "retention", "periods": 20, "from": "2026-01-11"})");
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->rows.size(), 2u + 1u + 2u);
  EXPECT_EQ(result->rows.back(), (std::vector<Cell>{Cell(), std::int64_t{0}, std::int64_t{1},
                                                    std::int64_t{0}, Cell(), true}));
}

TEST(Plans, RetentionSaysHowToDrawIt) {
  const auto result = small_store().query(R"({"kind": "retention"})");
  ASSERT_TRUE(result.ok() && result->pivot);
  EXPECT_EQ(result->pivot->rows, std::vector<std::string>{"cohort"});
  EXPECT_EQ(result->pivot->size, "size");
  EXPECT_EQ(result->pivot->column, "period");
  EXPECT_EQ(result->pivot->cells, "users");
  EXPECT_EQ(result->pivot->rate, "rate");
}

}  // namespace
}  // namespace rollcall::testing
