// An answer as Arrow says what the answer says.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "rollcall/arrow_result.h"
#include "rollcall/engine.h"
#include "rollcall/kinds.h"
#include "rollcall/memory_store.h"
#include "rollcall/segment.h"
#include "tests/support/exported_arrow.h"

namespace rollcall {
namespace {

constexpr TimeUs kHourUs = 3'600'000'000;
constexpr TimeUs kFirstUs = 20'454 * 24 * kHourUs;  // 2026-01-01

// Makes an engine with 40 users on nine days, of whom some buy.
std::unique_ptr<Engine> filled_engine() {
  EngineOptions options;
  options.settings.emplace().dimensions = {"channel"};
  options.settings->time_zone = "America/New_York";
  auto engine = *Engine::open(open_memory_store(), options);
  const std::vector<std::string_view> names = {"visit", "buy"};
  const std::vector<std::string_view> channels = {"ads", "", "seo"};
  std::vector<std::string> users;
  std::vector<TimeUs> times;
  std::vector<std::uint32_t> events, of_channels;
  std::vector<Amount> values;
  for (std::uint32_t day = 0; day < 9; ++day) {
    for (std::uint32_t user = 0; user < 40; user += 1 + day % 3) {
      users.push_back(fmt::format("user \"{}\"", user));
      times.push_back(kFirstUs + (day * 24 + user % 20) * kHourUs);
      events.push_back(user % 4 == 1 ? 1 : 0);
      of_channels.push_back(user % 3);
      values.push_back(user % 4 == 1 ? Amount{user} * 125'000 - 1'000'000 : 0);
    }
  }
  const std::vector<std::string_view> views(users.begin(), users.end());
  const PropertyColumn properties[] = {{"channel", {channels, of_channels}}};
  EventBatch batch;
  batch.user_strings = views;
  batch.event = {names, events};
  batch.time = times;
  batch.value = values;
  batch.properties = properties;
  EXPECT_TRUE(engine->ingest(batch).ok());
  return engine;
}

const std::map<std::string_view, std::vector<std::string>> kQuestions = {
    {"active",
     {R"({"kind": "active", "ratio_to_window": 7})", R"({"kind": "active", "period": "hour"})",
      R"({"kind": "active", "breakdown": "channel"})",
      R"({"kind": "active", "members": {"where": {"date": "2026-01-02"}, "limit": 3}})"}},
    {"counts", {R"({"kind": "counts", "payers": true})"}},
    {"retention",
     {R"({"kind": "retention", "periods": 3})",
      R"({"kind": "retention", "periods": 3, "measure": "value", "summary": "mean"})"}},
    {"churn", {R"({"kind": "churn"})"}},
    {"idle", {R"({"kind": "idle"})"}},
    {"lifecycle", {R"({"kind": "lifecycle"})"}},
    {"stickiness", {R"({"kind": "stickiness"})"}},
    {"segment", {R"q({"kind": "segment", "segment": "did(buy)"})q"}},
    {"funnel", {R"({"kind": "funnel", "steps": ["visit", "buy"], "period": "day"})"}},
    {"clock", {R"({"kind": "clock", "then": "*", "within": "2d"})"}},
    {"paths", {R"({"kind": "paths"})"}},
    {"at_risk", {R"({"kind": "at_risk", "period": "day"})"}},
    {"nps", {R"({"kind": "nps"})"}},
    {"rfm", {R"({"kind": "rfm", "monetary": "mean"})", R"({"kind": "rfm", "by": "cell"})"}},
    {"rfm_users", {R"({"kind": "rfm_users", "limit": 5})"}},
    {"adoption", {R"({"kind": "adoption", "features": ["*"], "period": "week"})"}},
    {"aha", {R"({"kind": "aha", "within": "1h", "from_day": 2, "to_day": 3})"}},
    {"ltv", {R"({"kind": "ltv", "horizons": [0, 1, 7], "cost": {"per_user": "1.5"}})"}},
    {"compare",
     {R"q({"kind": "compare", "metric": {"value": "*", "within": "1d"}, "from": "2026-01-02",
           "variants": {"a": "did(*)", "b": "not did(*)"}})q"}},
    {"profile", {R"({"kind": "profile", "user": "user \"1\""})"}},
    {"streaks", {R"({"kind": "streaks"})"}},
    {"milestones", {R"({"kind": "milestones", "at": [1, 2]})"}},
    {"response", {R"({"kind": "response", "campaign": "spring", "runs": {"one": "2026-01-03"},
          "horizons": [1, 3], "converted": "buy", "cost_per_contact": "0.05"})"}},
};

// Returns what a consumer has to read for a cell. Decimals may have more zeros.
std::string expected_text(const Cell& cell) {
  struct Visitor {
    std::string operator()(std::monostate) const { return "null"; }
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(std::int64_t value) const { return std::to_string(value); }
    std::string operator()(double value) const { return fmt::format("{}", value); }
    std::string operator()(Day value) const { return std::to_string(value.value); }
    std::string operator()(const ZonedTime& value) const { return std::to_string(value.time); }
    std::string operator()(const std::string& value) const { return value; }
  };
  return std::visit(Visitor{}, cell);
}

std::string without_zeros(std::string decimal) {
  if (decimal.find('.') == std::string::npos) return decimal;
  decimal.erase(decimal.find_last_not_of('0') + 1);
  if (decimal.ends_with('.')) decimal.pop_back();
  return decimal;
}

std::string expected_format(ColumnType type) {
  switch (type) {
    case ColumnType::kDate:
      return "tdD";
    case ColumnType::kTime:
      return "tsu:America/New_York";
    case ColumnType::kString:
      return "u";
    case ColumnType::kInt:
    case ColumnType::kCount:
      return "l";
    case ColumnType::kRatio:
      return "g";
    case ColumnType::kDecimal:
      return "d:38,";
    case ColumnType::kBool:
      break;
  }
  return "b";
}

TEST(ArrowResult, OfEveryKindSaysWhatTheAnswerSays) {
  const auto engine = filled_engine();
  AudienceRequest request;
  request.name = {"spring", "one"};
  request.users = *parse_segment("did(*)");
  request.holdout = "0.5";
  ASSERT_TRUE(engine->freeze(request).ok());
  std::map<ColumnType, int> seen;
  for (const QueryKind& kind : query_kinds()) {
    const auto questions = kQuestions.find(kind.name);
    ASSERT_NE(questions, kQuestions.end()) << "no question of kind " << kind.name;
    for (const std::string& question : questions->second) {
      SCOPED_TRACE(question);
      const Result<QueryResult> result = engine->query(question);
      ASSERT_TRUE(result.ok()) << result.status().to_string();
      ArrowArrayStream stream;
      ASSERT_TRUE(export_arrow_stream(*result, &stream).ok());
      const ReadArrow read = read_arrow(stream);
      EXPECT_EQ(read.metadata.at("rollcall.kind"), kind.name);
      EXPECT_EQ(read.metadata.at("rollcall.as_of"), result->as_of);
      EXPECT_EQ(read.metadata.contains("rollcall.next"), result->next.has_value());
      ASSERT_EQ(read.names.size(), result->columns.size());
      ASSERT_EQ(read.rows.size(), result->rows.size());
      for (std::size_t i = 0; i < read.names.size(); ++i) {
        const Column& column = result->columns[i];
        ++seen[column.type];
        EXPECT_EQ(read.names[i], column.name);
        EXPECT_EQ(read.column_types[i], to_string(column.type));
        EXPECT_TRUE(read.formats[i].starts_with(expected_format(column.type))) << read.formats[i];
        for (std::size_t row = 0; row < read.rows.size(); ++row) {
          std::string found = read.rows[row][i];
          std::string expected = expected_text(result->rows[row][i]);
          if (column.type == ColumnType::kDecimal) {
            found = without_zeros(found);
            expected = without_zeros(expected);
          }
          ASSERT_EQ(found, expected) << column.name << ", row " << row;
        }
      }
    }
  }
  EXPECT_EQ(seen.size(), 8u) << "not every type of column was seen";
  EXPECT_EQ(live_arrow(), LiveArrow());
}

QueryResult result_of(std::vector<Column> columns, std::vector<std::vector<Cell>> rows) {
  QueryResult result;
  result.kind = "made";
  result.columns = std::move(columns);
  result.rows = std::move(rows);
  return result;
}

TEST(ArrowResult, ComesInBatches) {
  std::vector<std::vector<Cell>> rows;
  for (std::int64_t i = 0; i < 150'000; ++i) rows.push_back({i});
  ArrowArrayStream stream;
  ASSERT_TRUE(export_arrow_stream(result_of({{"n", ColumnType::kInt}}, rows), &stream).ok());
  const ReadArrow read = read_arrow(stream);
  EXPECT_EQ(read.batches, 3u);
  ASSERT_EQ(read.rows.size(), rows.size());
  EXPECT_EQ(read.rows.back()[0], "149999");
}

// Offsets of texts have 31 bits.
TEST(ArrowResult, BatchesEndWhereTextsAreLong) {
  const std::vector<std::vector<Cell>> rows(3, {std::string(std::size_t{10} << 20, 'x')});
  ArrowArrayStream stream;
  ASSERT_TRUE(export_arrow_stream(result_of({{"t", ColumnType::kString}}, rows), &stream).ok());
  const ReadArrow read = read_arrow(stream);
  EXPECT_EQ(read.rows.size(), 3u);
  EXPECT_EQ(read.batches, 3u);
}

// Answers that have no amount, or other ones, have the same types.
TEST(ArrowResult, DecimalsHaveTheScaleOfTheStore) {
  const auto read = [](std::vector<std::vector<Cell>> rows,
                       std::uint32_t decimals = 2) -> Result<ReadArrow> {
    QueryResult result = result_of({{"d", ColumnType::kDecimal}}, std::move(rows));
    result.value_decimals = decimals;
    ArrowArrayStream stream;
    ROLLCALL_RETURN_IF_ERROR(export_arrow_stream(std::move(result), &stream));
    return read_arrow(stream);
  };
  const auto mixed = read({{"1.5"}, {"-0.25"}, {std::monostate()}, {"12"}});
  ASSERT_TRUE(mixed.ok());
  EXPECT_EQ(mixed->formats[0], "d:38,2");
  EXPECT_EQ(read({})->formats[0], "d:38,2");
  EXPECT_EQ(read({{"12"}})->formats[0], "d:38,2");
  EXPECT_EQ(read({{"12"}}, 6)->formats[0], "d:38,6");
  EXPECT_EQ(read({{"0.125"}})->formats[0], "d:38,3");
  EXPECT_EQ(mixed->rows,
            (std::vector<std::vector<std::string>>{{"1.50"}, {"-0.25"}, {"null"}, {"12.00"}}));
  const std::string digits(38, '9');
  EXPECT_EQ((*read({{digits}}, 0)).rows[0][0], digits);
  const auto longer = read({{"9" + digits}}, 0);
  EXPECT_EQ(longer.status().code(), StatusCode::kUnsupported);
  EXPECT_EQ(read({{digits}, {"0.1"}}, 0).status().code(), StatusCode::kUnsupported);
}

TEST(ArrowResult, OfNothing) {
  ArrowArrayStream stream;
  ASSERT_TRUE(export_arrow_stream(result_of({{"n", ColumnType::kInt}}, {}), &stream).ok());
  const ReadArrow read = read_arrow(stream);
  EXPECT_EQ(read.names, std::vector<std::string>{"n"});
  EXPECT_EQ(read.batches, 0u);
}

}  // namespace
}  // namespace rollcall
