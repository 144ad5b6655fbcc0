// Amounts that are written in other ways: read by flags, rejected one by one without them, and a
// column of them is never left out without a word.
#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "core/source/ingest/schema_inspector.h"
#include "core/source/ingest/source_identity.h"
#include "core/source/values/amount_parser.h"
#include "core/time/calendar.h"
#include "rollcall/file_source.h"
#include "rollcall/option_check.h"
#include "tests/core/source/ingesting.h"
#include "tests/core/source/source_files.h"

namespace rollcall {
namespace {

std::optional<Amount> parsed(std::string_view text, const AmountForm& form) {
  Amount amount = 0;
  if (parse_amount(text, form, 2, amount) != AmountFault::kNone) return {};
  return amount;
}

TEST(OddAmounts, FormsOfNumbers) {
  const AmountForm german = {',', ".", "", false}, english = {'.', ",", "$", false},
                   french = {',', "\u202f", "€", false}, swiss = {'.', "'", "CHF", false};
  EXPECT_EQ(parsed("1.234,56", german), 123'456);
  EXPECT_EQ(parsed("1.234.567", german), 123'456'700);
  EXPECT_EQ(parsed("1234,5", german), 123'450);
  EXPECT_EQ(parsed("-,5", german), -50);
  EXPECT_EQ(parsed("1,234.56", english), 123'456);
  EXPECT_EQ(parsed("$1,234.56", english), 123'456);
  EXPECT_EQ(parsed("-$1,234.56", english), -123'456);
  EXPECT_EQ(parsed("$-12", english), -1200);
  EXPECT_EQ(parsed("$ 12", english), 1200);
  EXPECT_EQ(parsed("12", english), 1200);
  EXPECT_EQ(parsed("1\u202f234,56 €", french), 123'456);
  EXPECT_EQ(parsed("€ 12", french), 1200);
  EXPECT_EQ(parsed("CHF 1'234.50", swiss), 123'450);
  EXPECT_EQ(parsed("1'234.50CHF", swiss), 123'450);
  // What is not in the form is no number, so that no amount is a thousand times another.
  for (const char* text : {"1,234.56", "1.23", "1.2345", "12.34.567", "1.234.56", "1234.567", "1.",
                           "1,5,0", "1,234.567", ".123", "1..234", "€ 1", "1 234"}) {
    EXPECT_EQ(parsed(text, german), std::nullopt) << text;
  }
  for (const char* text :
       {"€ 12", "12 EUR", "$$12", "-$-12", "$", "$12$", "1,23", "12,34.5", "", "--1", "1,2345"}) {
    EXPECT_EQ(parsed(text, english), std::nullopt) << text;
  }
}

TEST(OddAmounts, FormsAreChecked) {
  for (const AmountForm& form : std::vector<AmountForm>{{',', ",", "", false},
                                                        {'.', ".", "", false},
                                                        {'5', "", "", false},
                                                        {'e', "", "", false},
                                                        {'.', ",,", "", false},
                                                        {'.', "7", "", false},
                                                        {'.', "", "5$", false},
                                                        {'.', "", "  ", false},
                                                        {'-', "", "", false}}) {
    EXPECT_FALSE(check_amount_form(form).ok())
        << form.decimal << '|' << form.grouping << '|' << form.currency;
  }
  EXPECT_TRUE(check_amount_form({',', "\u00a0", "€", true}).ok());
  EXPECT_TRUE(check_amount_form({}).ok());
  SourceOptions options;
  options.grouping = ".";
  EXPECT_EQ(check_source_options(options).hint(),
            OptionHint(Option::kDecimal).or_else(Option::kGrouping));
}

TEST(OddAmounts, ErrorsNameTheOptions) {
  const auto hint = [](std::string_view text, const AmountForm& form = {}) {
    Amount amount = 0;
    const AmountFault fault = parse_amount(text, form, 2, amount);
    return to_string(explain_amount_fault(fault, text, form, 2).hint);
  };
  EXPECT_EQ(hint("1.234,56"), "decimal = , and grouping = .");
  EXPECT_EQ(hint("12,50"), "decimal = ,");
  EXPECT_EQ(hint("1,234"), "decimal = , or grouping = ,");
  EXPECT_EQ(hint("€ 12"), "currency = €");
  EXPECT_EQ(hint("-$5.00"), "currency = $");
  EXPECT_EQ(hint("12 EUR"), "currency = EUR");
  EXPECT_EQ(hint("high"), "");
  EXPECT_EQ(hint("0.125"), "round_values = true");
  const AmountForm comma = {',', "", "", false};
  EXPECT_EQ(hint("12.5", comma), "decimal = .");
  EXPECT_EQ(hint("1.234,56", comma), "decimal = , and grouping = .");
  EXPECT_EQ(explain_amount_fault(AmountFault::kNotANumber, "high", comma, 2).text,
            "value: not a number: \"high\" (allowed: amounts such as 12,50 or -3)");
}

// Amounts are compared with long addition: every amount is within half a unit, with halves away
// from zero.
TEST(OddAmounts, RoundsToTheNearest) {
  const AmountForm rounds = {'.', "", "", true};
  EXPECT_EQ(parsed("15.299999999999999", rounds), 1530);
  EXPECT_EQ(parsed("0.30000000000000004", rounds), 30);
  EXPECT_EQ(parsed("1.5007635628272106E-4", rounds), 0);
  EXPECT_EQ(parsed("0.005", rounds), 1);
  EXPECT_EQ(parsed("-0.005", rounds), -1);
  EXPECT_EQ(parsed("0.00499999999999999999999999999999999999999999999", rounds), 0);
  EXPECT_EQ(parsed("0.333333333333333333333333333333333333333333333333", rounds), 33);
  EXPECT_EQ(parsed("92233720368547758.07499", rounds), 9'223'372'036'854'775'807);
  EXPECT_EQ(parsed("92233720368547758.075", rounds), std::nullopt);
  EXPECT_EQ(parsed("1e-30", rounds), 0);
  EXPECT_EQ(parsed("5e-3", rounds), 1);
  const std::uint64_t seed = std::random_device()();
  std::mt19937_64 random(seed);
  for (int round = 0; round < 20'000; ++round) {
    const std::int64_t whole = static_cast<std::int64_t>(random() % 1'000'000);
    std::string fraction;
    for (std::size_t i = 3 + random() % 40; i > 0; --i) {
      fraction += static_cast<char>('0' + random() % 10);
    }
    const bool up = fraction[2] >= '5';
    const Amount expected = whole * 100 + std::stoll(fraction.substr(0, 2)) + (up ? 1 : 0);
    const std::string text = fmt::format("{}.{}", whole, fraction);
    ASSERT_EQ(parsed(text, rounds), expected) << "seed=" << seed << ' ' << text;
    ASSERT_EQ(parsed('-' + text, rounds), -expected) << "seed=" << seed << ' ' << text;
  }
}

constexpr std::string_view kColumns = "user,time,event,value\n";

std::string one_row(std::string_view value) {
  return fmt::format("a,2026-01-01,e,\"{}\"\n", value);
}

TEST(OddAmounts, AGuessedColumnIsNotLeftOutWithoutAWord) {
  const auto inspect = [](const std::string& text, const SourceOptions& options = {}) {
    const auto schema = inspect_head("f.csv", text, true, options, {});
    EXPECT_TRUE(schema.ok()) << schema.status().to_string();
    return *schema;
  };
  const std::string commas = std::string(kColumns) + one_row("1.234,56") + one_row("2,50");
  SourceSchema schema = inspect(commas);
  EXPECT_EQ(schema.value, "");
  ASSERT_EQ(schema.passed_over.size(), 1u);
  EXPECT_EQ(schema.passed_over[0].text,
            "column value is not read as the value: most of its first rows are no amounts, such as "
            "\"1.234,56\"");
  EXPECT_EQ(to_string(schema.passed_over[0].hint), "decimal = , and grouping = .");
  SourceOptions options;
  options.decimal = ',';
  options.grouping = ".";
  schema = inspect(commas, options);
  EXPECT_EQ(schema.value, "value");
  EXPECT_TRUE(schema.passed_over.empty());
  schema = inspect(std::string(kColumns) + one_row("high"));
  ASSERT_EQ(schema.passed_over.size(), 1u);
  EXPECT_TRUE(schema.passed_over[0].hint.empty());
  schema = inspect(std::string(kColumns) + one_row("high") + one_row("low") + one_row("5"));
  ASSERT_EQ(schema.passed_over.size(), 1u);
  EXPECT_EQ(schema.passed_over[0].hint, OptionHint(Option::kValue, "value"));
  // Null words say nothing about the column, however many they are.
  std::string nulls(kColumns);
  for (int i = 0; i < 50; ++i) nulls += one_row("NULL");
  EXPECT_EQ(inspect(nulls + one_row("5")).value, "value");
  // Times are passed over aloud, too.
  schema = inspect("user,event,time,created_at\na,b,noon,2026-01-01\n");
  EXPECT_EQ(schema.time, "created_at");
  ASSERT_EQ(schema.passed_over.size(), 1u);
  EXPECT_EQ(schema.passed_over[0].text,
            "column time is not read as the time: most of its first rows are no times, such as "
            "\"noon\"");
  EXPECT_EQ(to_string(schema.passed_over[0].hint), "time = time and time_format");
  schema = inspect("user,event,time,created_at\na,b,44197,2026-01-01\n");
  EXPECT_EQ(to_string(schema.passed_over[0].hint), "time = time and time_unit");
  schema = inspect(
      "user,event,time,created_at\na,b,x,2026-01-01\na,b,y,2026-01-01\n"
      "a,b,2026-01-01,2026-01-01\n");
  EXPECT_EQ(schema.passed_over[0].hint, OptionHint(Option::kTime, "time"));
}

TEST(OddAmounts, ANamedColumnIsReadWhateverIsInIt) {
  const TestDirectory directory;
  const std::string path = directory.write(
      "e.csv", std::string(kColumns) + one_row("1.234,56") + one_row("NULL") + one_row("$5") +
                   one_row("") + one_row("high") + one_row("\\N") + one_row("3"));
  SourceOptions options;
  options.value = "value";
  const auto engine = open_engine();
  const IngestReport report = ingest(*engine, {path}, options);
  EXPECT_EQ(report.rows_ingested, 4u);
  EXPECT_EQ(report.rows_rejected, 3u);
  EXPECT_EQ(report.rejected_by_kind[0].kind, RejectKind::kValueMalformed);
  ASSERT_EQ(report.null_values.size(), 2u);
  EXPECT_EQ(report.null_values[0].rows + report.null_values[1].rows, 2u);
  const auto counts =
      engine->query(R"({"kind": "counts", "from": "2026-01-01", "to": "2026-01-01"})");
  ASSERT_TRUE(counts.ok());
  EXPECT_NE(to_json(*counts).find("\"3\""), std::string::npos) << to_json(*counts);
}

// In NDJSON, a column may come late.
TEST(OddAmounts, AColumnThatComesLateIsSaid) {
  const TestDirectory directory;
  const auto line = [](const std::string& more) {
    return "{\"user\": \"a\", \"time\": \"2026-01-01\", \"event\": \"e\"" + more + "}\n";
  };
  std::string text;
  for (int i = 0; i < 3000; ++i) text += line("");
  const std::string path =
      directory.write("e.ndjson", text + line(", \"Revenue\": 5") + line(", \"Revenue\": 6"));
  const IngestReport report = ingest(*open_engine(), {path});
  EXPECT_EQ(
      report.notes,
      (std::vector<HintedText>{{path + ": column Revenue is not read as the value: the first rows "
                                       "do not have it",
                                {Option::kValue, "Revenue"}}}));
  SourceOptions options;
  options.value = "";
  EXPECT_TRUE(ingest(*open_engine(), {path}, options).notes.empty());
}

// The form of amounts is part of how a file is read: it stays with the file, and makes it another
// reading; positions that say nothing of it are read as ever.
TEST(OddAmounts, TheFormStaysWithTheFile) {
  const TestDirectory directory;
  const std::string path = directory.write("e.csv", std::string(kColumns) + one_row("1,50"));
  const auto disk = make_memory_disk();
  SourceOptions options;
  options.decimal = ',';
  EXPECT_EQ(ingest(*open_engine(disk), {path}, options).rows_ingested, 1u);
  directory.append("e.csv", one_row("2,50"));
  const auto engine = open_engine(disk);
  EXPECT_EQ(ingest(*engine, {path}).rows_ingested, 1u);
  options.decimal = '.';
  options.value = "value";
  EXPECT_FALSE(ingest_files(*open_engine(disk), {path}, options, {}).ok());

  const std::vector<SourcePosition> positions = engine->sources();
  ASSERT_EQ(positions.size(), 1u);
  std::optional<KnownSource> known = KnownSource::from_position(positions[0]);
  ASSERT_TRUE(known);
  EXPECT_EQ(known->reading->amounts, (AmountForm{',', "", "", false}));
  EXPECT_EQ(known->reading->describe(),
            "user = user, time = time, event = event, value = value, decimal = ,");
  const std::string with_form = known->reading->key();
  SourceReading without_form = *known->reading;
  without_form.amounts = {};
  known->reading = std::make_shared<SourceReading>(without_form);
  const SourcePosition old = known->to_position();
  EXPECT_EQ(old.position.find("amounts"), std::string::npos);
  ASSERT_TRUE(KnownSource::from_position(old));
  EXPECT_EQ(KnownSource::from_position(old)->reading->key(), known->reading->key());
  EXPECT_NE(known->reading->key(), with_form);
}

std::uint64_t unrounded(const std::vector<LimitCount>& counts) {
  std::uint64_t rows = 0;
  for (const LimitCount& count : counts) {
    if (count.limit == SourceLimit::kUnrounded) rows += count.rows;
  }
  return rows;
}

std::string total_value(const Engine& engine) {
  const auto counts =
      engine.query(R"({"kind": "counts", "from": "2026-01-01", "to": "2026-01-01"})");
  return counts.ok() ? to_json(*counts) : counts.status().to_string();
}

// The flag that the error advises takes the rows, and those alone.
TEST(OddAmounts, RowsThatWouldBeRoundedComeInWhenTheyMayBe) {
  const TestDirectory directory;
  const std::string text = std::string(kColumns) + one_row("1") + one_row("15.2999999999999") +
                           one_row("high") + one_row("0.25");
  for (const std::size_t batch_bytes : {1u, 100u, 1u << 20}) {
    const std::string path = directory.write("e.csv", text);
    const auto disk = make_memory_disk();
    SourceOptions options;
    options.value = "value";
    IngestHooks hooks;
    hooks.batch_bytes = batch_bytes;
    IngestReport report = *ingest_files(*open_engine(disk), {path}, options, hooks);
    EXPECT_EQ(report.rows_ingested, 2u);
    EXPECT_EQ(report.rows_rejected, 2u);
    EXPECT_EQ(unrounded(report.files[0].refused), 1u);
    EXPECT_EQ(ingest(*open_engine(disk), {path}, options).rows_read, 0u);
    options.round_values = true;
    report = *ingest_files(*open_engine(disk), {path}, options, hooks);
    EXPECT_EQ(report.rows_ingested, 1u);
    EXPECT_EQ(report.rows_rejected, 0u);
    EXPECT_EQ(unrounded(report.files[0].admitted), 1u);
    EXPECT_EQ(ingest(*open_engine(disk), {path}, options).rows_read, 0u);
    // It grows, and each run says for itself whether it rounds.
    options.round_values = false;
    directory.append("e.csv", one_row("0.0000001") + one_row("2"));
    report = ingest(*open_engine(disk), {path}, options);
    EXPECT_EQ(report.rows_ingested, 1u);
    EXPECT_EQ(unrounded(report.files[0].refused), 1u);
    options.round_values = true;
    EXPECT_EQ(ingest(*open_engine(disk), {path}, options).rows_ingested, 1u);
    const auto engine = open_engine(disk);
    EXPECT_EQ(engine->info().event_count, 5u);
    EXPECT_NE(total_value(*engine).find("\"18.55\""), std::string::npos) << total_value(*engine);
  }
}

// Together with a limit of time: a row comes in when one run takes it.
TEST(OddAmounts, RowsThatWouldBeRoundedUnderOtherLimits) {
  const TestDirectory directory;
  const std::string path =
      directory.write("e.csv", std::string(kColumns) + one_row("1.2345678") + "b,2026-03-01,e,2\n" +
                                   "c,2026-03-01,e,0.1234567\n");
  const auto engine = open_engine();
  SourceOptions early, late;
  early.time_max = day_from_civil({2026, 2, 1}).value * kUsPerDay;
  early.value = late.value = "value";
  EXPECT_EQ(ingest(*engine, {path}, early).rows_ingested, 0u);
  EXPECT_EQ(ingest(*engine, {path}, late).rows_ingested, 1u);
  early.round_values = true;
  EXPECT_EQ(ingest(*engine, {path}, early).rows_ingested, 1u);
  late.round_values = true;
  EXPECT_EQ(ingest(*engine, {path}, late).rows_ingested, 1u);
  EXPECT_EQ(ingest(*engine, {path}, late).rows_read, 0u);
}

// What is read with rounding once goes on so.
TEST(OddAmounts, RoundingStaysWithTheFile) {
  const TestDirectory directory;
  const std::string path = directory.write("e.csv", std::string(kColumns) + one_row("1.2345678"));
  const auto disk = make_memory_disk();
  SourceOptions options;
  options.round_values = true;
  EXPECT_EQ(ingest(*open_engine(disk), {path}, options).rows_ingested, 1u);
  directory.append("e.csv", one_row("2.3456789"));
  EXPECT_EQ(ingest(*open_engine(disk), {path}).rows_ingested, 1u);
}

// Versions before this one did not hold such rows: with the flag the file is another reading.
TEST(OddAmounts, PositionsThatHoldNoUnroundedRows) {
  const TestDirectory directory;
  const std::string path =
      directory.write("e.csv", std::string(kColumns) + one_row("1") + one_row("1.2345678"));
  const auto source = open_engine();
  ingest(*source, {path});
  std::optional<KnownSource> known = KnownSource::from_position(source->sources().at(0));
  ASSERT_TRUE(known && known->reading->holds_unrounded);
  SourceReading reading = *known->reading;
  reading.holds_unrounded = false;
  known->reading = std::make_shared<SourceReading>(reading);
  known->refused = {};
  const SourcePosition old = known->to_position();
  EXPECT_EQ(old.position.find("unrounded"), std::string::npos);

  const auto engine = open_engine();
  EventBatch batch;
  const std::vector<std::string_view> users = {"a"}, events = {"e"};
  const std::vector<TimeUs> times = {day_from_civil({2026, 1, 1}).value * kUsPerDay};
  batch.user_strings = users;
  batch.event = {events, {}};
  batch.time = times;
  ASSERT_TRUE(engine->ingest(batch, {.positions = {&old, 1}}).ok());
  EXPECT_EQ(outcomes(ingest(*engine, {path})), std::vector{Outcome::kKnown});
  SourceOptions options;
  options.round_values = true;
  const Status status = ingest_files(*engine, {path}, options, {}).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(status.hint().names(Option::kReject)) << status.to_string();
  directory.append("e.csv", one_row("2") + one_row("2.3456789"));
  const IngestReport report = ingest(*engine, {path});
  EXPECT_EQ(report.rows_ingested, 1u);
  EXPECT_TRUE(report.files[0].refused.empty());
}

}  // namespace
}  // namespace rollcall
