// This tests how definitions of alerts are read, and what is refused.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "rollcall/alert.h"

namespace rollcall::testing {
namespace {

// Returns a definition with further fields.
std::string with(const std::string& fields) {
  return R"({"query": {"kind": "active"}, "column": "users")" +
         (fields.empty() ? "" : ", " + fields) + "}";
}

std::string with_below(const std::string& fields) {
  return with(R"("condition": {"below": 5}, )" + fields);
}

std::string webhook(const std::string& fields) {
  return with_below(R"("notify": {"webhook": {)" + fields + "}}");
}

AlertDefinition parsed(const std::string& json) {
  const Result<AlertDefinition> definition = parse_alert(json);
  EXPECT_TRUE(definition.ok()) << definition.status().to_string();
  return definition.ok() ? *definition : AlertDefinition();
}

TEST(AlertDefinition, ReadsAllFields) {
  AlertDefinition expected;
  expected.query = R"({"kind":"active","event":"login","breakdown":"channel"})";
  expected.column = "users";
  expected.where = {{"channel", "ads"}};
  expected.condition = {.test = AlertCondition::Test::kChange,
                        .bound = -0.2,
                        .reference = AlertCondition::Reference::kMeanOf,
                        .mean_of = 7};
  expected.clear = -0.1;
  expected.min_users = 100;
  expected.periods = 2;
  expected.max_age_us = TimeUs{2} * 86'400 * 1'000'000;
  expected.severity = "high";
  expected.notify = {
      WebhookTarget{.url = "https://example.org/x", .secret_env = "KEY", .secret_file = {}},
      WebhookTarget{.url = "http://[::1]:80/", .secret_env = {}, .secret_file = "/etc/key"},
      CommandTarget{.arguments = {"/bin/true", "", "; x"}}};
  const AlertDefinition read = parsed(
      R"({"query": {"kind": "active", "event": "login", "breakdown": "channel"},
          "column": "users", "where": {"channel": "ads"},
          "condition": {"change": -0.2, "against": {"mean_of": 7}}, "clear": -0.1,
          "min_users": 100, "for": 2, "max_age": "2d", "severity": "high",
          "notify": [{"webhook": {"url": "https://example.org/x", "secret_env": "KEY"}},
                     {"webhook": {"url": "http://[::1]:80/", "secret_file": "/etc/key"}},
                     {"command": ["/bin/true", "", "; x"]}]})");
  EXPECT_EQ(read, expected);
}

TEST(AlertDefinition, HasDefaults) {
  const AlertDefinition read = parsed(with(R"("condition": {"above": 1})"));
  EXPECT_EQ(read.condition.test, AlertCondition::Test::kAbove);
  EXPECT_EQ(read.periods, 1u);
  EXPECT_FALSE(read.clear || read.max_age_us);
  EXPECT_EQ(read.min_users, 0u);
  EXPECT_TRUE(read.where.empty() && read.severity.empty() && read.notify.empty());
}

TEST(AlertDefinition, ReadsValuesOfWhere) {
  const AlertDefinition read =
      parsed(with_below(R"("where": {"window_days": 7, "channel": null, "x": ""})"));
  EXPECT_EQ(read.where, (AlertSeries{{"window_days", "7"}, {"channel", std::nullopt}, {"x", ""}}));
}

TEST(AlertDefinition, ReadsLengths) {
  for (const auto& [text, seconds] : std::vector<std::pair<std::string, TimeUs>>{
           {"90s", 90}, {"90m", 5400}, {"36h", 129'600}, {"1d", 86'400}, {"1w", 604'800}}) {
    EXPECT_EQ(parsed(with_below("\"max_age\": \"" + text + "\"")).max_age_us, seconds * 1'000'000);
  }
}

TEST(AlertDefinition, SaysConditionsInWords) {
  EXPECT_EQ(to_string(AlertCondition{.bound = 0.05}), "below 0.05");
  EXPECT_EQ(to_string(AlertCondition{.test = AlertCondition::Test::kAbove, .bound = 3}), "above 3");
  AlertCondition change{.test = AlertCondition::Test::kChange, .bound = 0.2};
  EXPECT_EQ(to_string(change), "change of 0.2 or more against previous");
  change.bound = -0.2;
  change.reference = AlertCondition::Reference::kWeekBefore;
  EXPECT_EQ(to_string(change), "change of -0.2 or less against week_before");
  change.reference = AlertCondition::Reference::kMeanOf;
  change.mean_of = 7;
  EXPECT_EQ(to_string(change), "change of -0.2 or less against mean_of 7");
}

struct Refusal {
  std::string json;
  std::string text;
};

void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.text; }

class AlertRefusals : public ::testing::TestWithParam<Refusal> {};

TEST_P(AlertRefusals, SaysWhatIsWrong) {
  const Status status = parse_alert(GetParam().json).status();
  EXPECT_EQ(status.to_string(), "invalid argument: alert: " + GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    Fields, AlertRefusals,
    ::testing::Values(
        Refusal{"[1]", R"(must be a JSON object, found "[1]")"},
        Refusal{with(""), "condition: is missing"},
        Refusal{R"({"column": "users"})", "query: is missing"},
        Refusal{with_below(R"("sevrity": "x")"),
                R"(unknown field "sevrity" (did you mean "severity"?), allowed: query, column, )"
                R"(where, condition, clear, min_users, for, max_age, severity, notify)"},
        Refusal{with_below(R"("severity": "")"),
                R"(severity: must be a text of 1 to 4096 bytes, found "\"\"")"},
        Refusal{with_below(R"("for": 0)"),
                R"(for: must be a whole number from 1 to 1000, found "0")"},
        Refusal{with_below(R"("min_users": -1)"),
                "min_users: must be a whole number from 0 to 9223372036854775807, found \"-1\""},
        Refusal{with_below(R"("max_age": "2")"),
                R"(max_age: must be a length of time such as "90m", "36h", "2d" or "1w", found )"
                R"("\"2\"")"},
        Refusal{with_below(R"("max_age": "99999999999w")"),
                R"(max_age: must be a length of time such as "90m", "36h", "2d" or "1w", found )"
                R"("\"99999999999w\"")"},
        Refusal{with_below(R"("where": {"a": 0.5})"),
                R"(where: a: must be a text, a whole number or null, found "0.5")"}));

INSTANTIATE_TEST_SUITE_P(
    Conditions, AlertRefusals,
    ::testing::Values(
        Refusal{
            with(R"("condition": {})"),
            R"(condition: must be an object with one of "below", "above" and "change", found "{)"
            R"(}")"},
        Refusal{with(R"("condition": {"below": 1, "above": 2})"),
                R"(condition: must be an object with one of "below", "above" and "change", found )"
                R"("{\"below\":1,\"above\":2}")"},
        Refusal{with(R"("condition": {"below": "1"})"),
                R"(condition: below: must be a number, found "\"1\"")"},
        Refusal{with(R"("condition": {"below": 1, "against": "previous"})"),
                R"(condition: unknown field "against", allowed: below)"},
        Refusal{with(R"("condition": {"change": 0, "against": "previous"})"),
                R"(condition: change: must be other than 0, found "0")"},
        Refusal{with(R"("condition": {"change": 1})"), R"(condition: change needs "against")"},
        Refusal{with(R"("condition": {"change": 1, "against": "yesterday"})"),
                R"(condition: against: must be "previous", "week_before" or {"mean_of": N}, found )"
                R"("\"yesterday\"")"},
        Refusal{with(R"("condition": {"change": 1, "against": {"mean_of": 0}})"),
                "condition: against: mean_of: must be a whole number from 1 to 1000, found \"0\""},
        Refusal{with_below(R"("clear": 4)"),
                "clear: must be at least 5, the bound of the condition, found 4"},
        Refusal{with(R"("condition": {"above": 5}, "clear": 6)"),
                "clear: must be at most 5, the bound of the condition, found 6"}));

INSTANTIATE_TEST_SUITE_P(
    Questions, AlertRefusals,
    ::testing::Values(
        Refusal{R"({"query": "x", "column": "users", "condition": {"below": 1}})",
                R"(query: must be a question, a JSON object, found "\"x\"")"},
        Refusal{R"({"query": {"kind": "active", "members": {"of": "users", "where": {}}},)"
                R"("column": "users", "condition": {"below": 1}})",
                R"(query: its answer lists users, kind "active" (allowed: one that counts))"},
        Refusal{R"({"query": {"kind": "rfm_users", "event": "buy"},)"
                R"("column": "users", "condition": {"below": 1}})",
                R"(query: its answer lists users, kind "rfm_users" (allowed: one that counts))"},
        Refusal{R"({"query": {"kind": "profile", "user": "ann"},)"
                R"("column": "value", "condition": {"below": 1}})",
                R"(query: its answer lists users, kind "profile" (allowed: one that counts))"}));

// What is wrong with a webhook is not repeated, since it may be a key.
INSTANTIATE_TEST_SUITE_P(
    Targets, AlertRefusals,
    ::testing::Values(
        Refusal{with_below(R"("notify": {"webhook": {"url": "https://a"}, "secret": "s3cr3t"})"),
                R"(notify: must be an object with either "webhook" or "command" and nothing else, )"
                "or a list of them, found object"},
        Refusal{webhook(R"("url": "https://a", "secret": "s3cr3t")"),
                R"(notify: webhook: unknown field "secret", allowed: )"
                "url, secret_env, secret_file"},
        Refusal{webhook(R"("url": "https://me:s3cr3t@example.org")"),
                "notify: webhook: url: has a user or a password (allowed: none; secret_env or "
                "secret_file says where the key is)"},
        Refusal{webhook(R"("url": "https://a", "secret_env": "s3cr3t!")"),
                "notify: webhook: secret_env: must be the name of a variable of the environment: "
                "letters, digits and _"},
        Refusal{webhook(R"("url": "https://a", "secret_file": "s3cr3t")"),
                "notify: webhook: secret_file: must be the absolute path of a file"},
        Refusal{webhook(R"("url": "https://a", "secret_file": "/a", "secret_env": "B")"),
                "notify: webhook: has secret_env and secret_file (allowed: one of them)"},
        Refusal{webhook(R"("secret_env": "A")"), "notify: webhook: url is missing"},
        Refusal{webhook(R"("url": "file:///etc/passwd")"),
                R"(notify: webhook: url: must be a URL that begins with https://, found )"
                R"("\"file:///etc/passwd\"")"},
        Refusal{webhook(R"("url": "http://example.org/")"),
                "notify: webhook: url: must be https, or http to localhost, 127.0.0.1 or [::1] "
                R"(alone, found "\"http://example.org/\"")"},
        Refusal{webhook(R"("url": "http://localhost.example.org/")"),
                "notify: webhook: url: must be https, or http to localhost, 127.0.0.1 or [::1] "
                R"(alone, found "\"http://localhost.example.org/\"")"},
        Refusal{webhook(R"("url": "https:///x")"),
                R"(notify: webhook: url: must be a URL with a host, found "\"https:///x\"")"},
        Refusal{with_below(R"("notify": {"command": "ls"})"),
                R"(notify: command: must be a list of 1 to 100 arguments, found "\"ls\"")"},
        Refusal{with_below(R"("notify": {"command": ["ls"]})"),
                "notify: command: must be a list that begins with the absolute path of a program, "
                R"(found "[\"ls\"]")"},
        Refusal{with_below(R"("notify": {"command": ["/bin/ls", 1]})"),
                R"(notify: command: must be texts of up to 4096 bytes without NUL, found "1")"}));

TEST(AlertDefinition, RefusesWhatIsNoJson) {
  EXPECT_EQ(parse_alert("{").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(parse_alert(std::string(100'000, '[')).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(
      parse_alert(with_below(R"("where": )" + std::string(5000, '[') + std::string(5000, ']')))
          .status()
          .code(),
      StatusCode::kInvalidArgument);
}

TEST(AlertDefinition, RefusesAQuestionThatIsNone) {
  const Status status =
      parse_alert(R"({"query": {"kind": "activ"}, "column": "users", "condition": {"below": 1}})")
          .status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace rollcall::testing
