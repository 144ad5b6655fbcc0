// Rich questions of every kind: no kind is without one, each has the answer of the oracle, and what
// explains them agrees with their definitions.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "rollcall/query.h"
#include "tests/support/naive_engine.h"
#include "tests/support/naive_response.h"
#include "tests/support/result_text.h"
#include "tests/support/rich_questions.h"
#include "tests/support/test_engine.h"

namespace rollcall::testing {
namespace {

constexpr Day kLast{20'460};

TEST(RichQuestions, AreOfEveryKind) {
  EXPECT_EQ(kinds_without_rich_questions(), std::vector<std::string_view>());
}

TEST(RichQuestions, EngineAndOracleAgree) {
  const StoreSettings settings = rich_settings(UserKind::kString);
  const std::vector<NaiveEvent> events = rich_events(UserKind::kString, 200, 9, kLast);
  const auto engine = *TestEngine::open(settings, {.partition_count = 4, .batch_rows = 100});
  ASSERT_TRUE(engine->ingest(events).ok());
  NaiveEngine oracle(settings);
  oracle.ingest(events);
  const auto frozen = freeze_rich_audiences(engine->engine());
  ASSERT_TRUE(frozen.ok()) << frozen.status().to_string();
  for (const AudienceInfo& info : *frozen) {
    const auto listed = listed_audience(engine->engine(), info, settings.user_kind);
    ASSERT_TRUE(listed.ok()) << listed.status().to_string();
    oracle.freeze(info.name, *listed);
  }
  for (const auto& [kind, json] : rich_questions(UserKind::kString, kLast)) {
    SCOPED_TRACE(json);
    const Result<Query> query = parse_query(json, settings.time_zone);
    ASSERT_TRUE(query.ok()) << query.status().to_string();
    const auto found = engine->query(*query), expected = oracle.query(*query);
    ASSERT_TRUE(found.ok()) << found.status().to_string();
    ASSERT_TRUE(expected.ok()) << expected.status().to_string();
    EXPECT_EQ(first_difference(*found, *expected), "");
    EXPECT_FALSE(found->rows.empty()) << "a question that finds nothing is poor";
  }
}

// Returns what the sources say: "history", "aggregates" or "both".
std::string word_of(const std::vector<std::string>& sources) {
  bool history = false, aggregates = false;
  for (const std::string& source : sources) {
    history = history || source.starts_with("the history, as ");
    aggregates = aggregates || source.starts_with("the aggregates, as ");
  }
  if (history && aggregates) return "\"both\"";
  return history ? "\"history\"" : "\"aggregates\"";
}

TEST(RichQuestions, AreExplainedAsTheyAreAnswered) {
  const StoreSettings settings = rich_settings(UserKind::kString);
  const auto engine = *TestEngine::open(settings, {});
  ASSERT_TRUE(engine->ingest(rich_events(UserKind::kString, 200, 9, kLast)).ok());
  ASSERT_TRUE(freeze_rich_audiences(engine->engine()).ok());
  for (const auto& [kind, json] : rich_questions(UserKind::kString, kLast)) {
    SCOPED_TRACE(json);
    const Query query = *parse_query(json, settings.time_zone);
    const auto explained = engine->engine().explain(query);
    const auto answered = engine->query(query);
    ASSERT_TRUE(explained.ok() && answered.ok());
    for (const auto& [name, value] : answered->definition) {
      if (name != "answered_from") continue;
      EXPECT_EQ(word_of(explained->answered_from), value);
    }
  }
}

}  // namespace
}  // namespace rollcall::testing
