// This tests queries and results as JSON.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "core/query/text/query_json.h"
#include "core/time/calendar.h"
#include "rollcall/query.h"
#include "tests/support/event_generator.h"
#include "tests/support/query_generator.h"
#include "tests/support/random.h"

namespace rollcall::testing {
namespace {

TEST(QueryJson, EveryFieldInForce) {
  EXPECT_EQ(to_json(Query{}), R"({"kind": "active", "event": "*", "period": "day"})");
  EXPECT_EQ(to_json(Query{{}, RetentionQuery{}}),
            R"({"kind": "retention", "cohort_event": "*", "return_event": "*", )"
            R"("cohort": "first_ever", "first_of": "matching", "period": "day", )"
            R"("windows": "calendar", "mode": "on", "min_return_count": 1, "summary": "pooled", )"
            R"("measure": "users", "value_from": "period"})");
  EXPECT_EQ(to_json(Query{{}, ChurnQuery{}}),
            R"({"kind": "churn", "event": "*", "base": "active", "rule": {"gap_days": 7}})");
  EXPECT_EQ(to_json(Query{{}, IdleQuery{}}),
            R"({"kind": "idle", "event": "*", "edges": [0, 1, 7, 14, 30, 60, 90]})");
}

// The canonical form of what people may write.
TEST(QueryJson, CanonicalForm) {
  const auto canonical = [](std::string_view json) { return to_json(*parse_query(json)); };
  EXPECT_EQ(canonical(R"({"kind": "active", "event": ["login"], "last": "4w", "as_of": "2026-01-31",
                          "where": {"c": ["ads"], "d": {"not_in": ["x"], "in": "y"}}})"),
            R"({"kind": "active", "event": "login", "period": "day", )"
            R"("where": {"c": "ads", "d": {"ne": "x", "in": "y"}}, )"
            R"("last": "4w", "as_of": "2026-01-31"})");
  EXPECT_EQ(
      canonical(R"({"kind": "idle", "event": {"not_event": "bot", "where": {"c": {"set": false}}},
                          "as_of": "2026-01-31T01:00:00+02:00", "edges": "each"})"),
      R"({"kind": "idle", "event": {"not_event": "bot", "where": {"c": {"set": false}}}, )"
      R"("edges": "each", "as_of": "2026-01-30T23:00:00Z"})");
}

TEST(QueryJson, ReadsBackAsTheSameQuery) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Random random(seed);
    const Stream stream = random_stream(random, random_knobs(random));
    for (int i = 0; i < 20; ++i) {
      const Query query = random_query(random, stream);
      const std::string json = to_json(query);
      const Result<Query> read = parse_query(json);
      if (read.ok()) {
        ASSERT_EQ(*read, query) << "seed " << seed << ", " << json;
        ASSERT_EQ(to_json(*read), json);
      } else {
        // A range upside down is drawn now and then.
        ASSERT_TRUE(is_upside_down(query.common)) << "seed " << seed << ", " << json << "\n"
                                                  << read.status().to_string();
      }
    }
  }
}

TEST(QueryJson, QuotesWhatNeedsIt) {
  Selector login{Selector::Names::kAnyOf, {"a \"b\"\n\x01"}, {}};
  Query query{{}, ActiveQuery{login, Period::kDay, {}, {}}};
  EXPECT_EQ(*parse_query(to_json(query)), query);
  EXPECT_EQ(quote("\xff"), "\"\xef\xbf\xbd\"");  // not UTF-8: replaced
}

TEST(QueryJson, Result) {
  QueryResult result;
  result.kind = "retention";
  result.definition = {{"period", "\"day\""}, {"periods", "14"}};
  result.as_of = "2026-01-31T23:59:59Z";
  result.columns = {{"cohort", ColumnType::kDate},  {"size", ColumnType::kCount},
                    {"period", ColumnType::kInt},   {"label", ColumnType::kString},
                    {"rate", ColumnType::kRatio},   {"value", ColumnType::kDecimal},
                    {"complete", ColumnType::kBool}};
  const Day day = *parse_date("2026-01-01");
  const auto add = [&](double rate) {
    result.rows.push_back({day, std::int64_t{120}, std::int64_t{0}, std::string("2-3"), rate,
                           std::string("1.50"), true});
  };
  add(1.0);
  add(0.475);
  add(1.0 / 3.0);
  add(1e-7);
  result.rows.push_back({Cell(), std::int64_t{1}, Cell(), std::string(), Cell(), Cell(), false});
  result.stats = {412, 64};
  const std::string json = to_json(result);
  EXPECT_EQ(json,
            R"({"kind": "retention", "definition": {"period": "day", "periods": 14}, )"
            R"("as_of": "2026-01-31T23:59:59Z", )"
            R"("columns": [{"name": "cohort", "type": "date"}, {"name": "size", "type": "count"}, )"
            R"({"name": "period", "type": "int"}, {"name": "label", "type": "string"}, )"
            R"({"name": "rate", "type": "ratio"}, {"name": "value", "type": "decimal"}, )"
            R"({"name": "complete", "type": "bool"}], )"
            R"("rows": [["2026-01-01", 120, 0, "2-3", 1.0, "1.50", true], )"
            R"(["2026-01-01", 120, 0, "2-3", 0.475, "1.50", true], )"
            R"(["2026-01-01", 120, 0, "2-3", 0.3333333333333333, "1.50", true], )"
            R"(["2026-01-01", 120, 0, "2-3", 1e-07, "1.50", true], )"
            R"([null, 1, null, "", null, null, false]], )"
            R"("stats": {"elapsed_us": 412, "partitions": 64}})");
  EXPECT_EQ(nlohmann::json::parse(json)["rows"][2][4].get<double>(), 1.0 / 3.0);

  QueryResult empty;
  EXPECT_EQ(to_json(empty), R"({"kind": "", "definition": {}, "as_of": null, "columns": [], )"
                            R"("rows": [], "stats": {"elapsed_us": 0, "partitions": 0}})");
}

TEST(QueryJson, SegmentsAreReadForFieldsOfOthers) {
  const Segment expected = *parse_segment("did(login, 7d)");
  for (const char* const json : {R"j("did(login, 7d)")j", R"j({"did": "login", "last": "7d"})j"}) {
    const Result<Segment> segment = parse_segment_json(json, "audience");
    ASSERT_TRUE(segment.ok()) << segment.status().to_string();
    EXPECT_EQ(*segment, expected);
  }
  const auto error_of = [](std::string_view json) {
    const Status status = parse_segment_json(json, "audience").status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    return status.message();
  };
  EXPECT_EQ(error_of(R"j("did(")j"),
            "audience: column 5: must be the name of an event, \"!\" and a name, or \"*\", found "
            "the end");
  EXPECT_EQ(error_of(R"({"segment": ""})"), "audience: must have a name, found \"\"");
}

TEST(QueryJson, InstantsAreReadForFieldsOfOthers) {
  EXPECT_EQ(*parse_as_of_json(R"("2026-01-31")", "at"), AsOf(Day{20'484}));
  EXPECT_EQ(*parse_as_of_json(R"("1970-01-01 01:00:00")", "at", "Europe/Berlin"), AsOf(TimeUs{0}));
  const Status status = parse_as_of_json("7", "at").status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(),
            "at: must be a date or an instant such as \"2026-01-31\", \"yesterday\", "
            "\"2026-01-31T23:59:59Z\" or \"2026-01-31 23:59:59\", found 7");
}

}  // namespace
}  // namespace rollcall::testing
