#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rollcall/arrow.h"
#include "rollcall/engine.h"
#include "rollcall/memory_store.h"
#include "tests/support/error_text.h"
#include "tests/support/exported_arrow.h"

namespace rollcall {
namespace {

class ArrowImport : public ::testing::Test {
 protected:
  ~ArrowImport() override { EXPECT_EQ(live_arrow(), LiveArrow()); }

  static std::unique_ptr<Engine> open(StoreSettings settings = {}) {
    EngineOptions options;
    options.settings = std::move(settings);
    return *Engine::open(open_memory_store(), options);
  }

  static StoreSettings integer_users() {
    StoreSettings settings;
    settings.user_kind = UserKind::kInteger;
    return settings;
  }

  static Result<std::uint64_t> ingest(Engine& engine, std::vector<Exported> batches,
                                      const ArrowColumns& columns = {}, bool fails = false) {
    ArrowArrayStream stream = stream_of(std::move(batches), fails);
    auto result = ingest_arrow_stream(engine, &stream, columns);
    EXPECT_EQ(stream.release, nullptr);
    return result;
  }

  static std::string error(Engine& engine, std::vector<Exported> columns,
                           const ArrowColumns& names = {}) {
    const auto result = ingest(engine, {batch_of(std::move(columns))}, names);
    EXPECT_EQ(result.status().code(), StatusCode::kInvalidArgument);
    return result.status().message();
  }
};

const std::vector<std::int64_t> kTimes = {0, 86'400'000'000, 86'400'000'001};

Exported times() { return numbers<std::int64_t>("tsu:UTC", "time", kTimes); }
Exported events() { return text("event", {"login", "buy", "login"}); }

TEST_F(ArrowImport, EveryIntegerWidth) {
  const auto check = [&](const Exported& user) {
    const auto engine = open(integer_users());
    const auto count = ingest(*engine, {batch_of({user, times(), events()})});
    ASSERT_TRUE(count.ok()) << user.format << ": " << count.status().to_string();
    EXPECT_EQ(*count, 3u);
    EXPECT_EQ(engine->info().user_count, 2u);
    EXPECT_EQ(engine->info().day_count, 2u);
  };
  check(numbers<std::int8_t>("c", "user", {1, 2, 1}));
  check(numbers<std::uint8_t>("C", "user", {1, 200, 1}));
  check(numbers<std::int16_t>("s", "user", {1, 2, 1}));
  check(numbers<std::uint16_t>("S", "user", {1, 60'000, 1}));
  check(numbers<std::int32_t>("i", "user", {1, 2, 1}));
  check(numbers<std::uint32_t>("I", "user", {1, 2, 1}));
  check(numbers<std::int64_t>("l", "user", {1, 2, 1}));
  check(numbers<std::uint64_t>("L", "user", {1, ~std::uint64_t{0}, 1}));
  check(text("user", {"1", "2", "1"}));
}

TEST_F(ArrowImport, StringsOfEveryKind) {
  const auto dictionary = std::make_shared<Exported>(text("", {"bob", "unused", "ann"}));
  Exported coded = numbers<std::int8_t>("c", "user", {0, 2, 0});
  coded.dictionary = dictionary;
  for (const Exported& user : {text("user", {"ann", "bob", "ann"}),
                               strings<std::int64_t>("U", "user", {"ann", "bob", "ann"}), coded,
                               numbers<std::int32_t>("i", "user", {-5, 2, -5})}) {
    const auto engine = open();
    const auto count = ingest(*engine, {batch_of({user, times(), events()})});
    ASSERT_TRUE(count.ok()) << count.status().to_string();
    EXPECT_EQ(engine->info().user_count, 2u);
    EXPECT_EQ(engine->info().events.size(), 2u);
  }
}

TEST_F(ArrowImport, TimesOfEveryKind) {
  StoreSettings settings;
  settings.time_zone = "America/New_York";
  const std::int64_t second = 1'783'137'600;  // 2026-07-04T04:00:00Z, midnight in New York
  const auto check = [&](const Exported& time, std::string_view known_until) {
    const auto engine = open(settings);
    const auto count =
        ingest(*engine, {batch_of({text("user", {"a"}), time, text("event", {"e"})})});
    ASSERT_TRUE(count.ok()) << time.format << ": " << count.status().to_string();
    EXPECT_EQ(engine->info().days.first.value, 20'638) << time.format;
    EXPECT_EQ(*engine->info().known_until, std::stoll(std::string(known_until))) << time.format;
  };
  const std::string us = std::to_string(second) + "000000";
  check(numbers<std::int64_t>("tss:UTC", "time", {second}), us);
  check(numbers<std::int64_t>("tsm:Europe/Paris", "time", {second * 1000}), us);
  check(numbers<std::int64_t>("tsu:+00:00", "time", {second * 1'000'000}), us);
  check(numbers<std::int64_t>("tsn:UTC", "time", {second * 1'000'000'000 + 999}), us);
  check(numbers<std::int64_t>("tss:", "time", {second - 4 * 3600}), us);  // clocks in New York
  check(numbers<std::int64_t>("l", "time", {second}), us);
  check(text("time", {"2026-07-04 00:00:00"}), us);
  const std::string end_of_day = std::to_string(second + 86'399) + "000000";
  check(numbers<std::int32_t>("tdD", "time", {20'638}), end_of_day);
  check(text("time", {"2026-07-04"}), end_of_day);
}

TEST_F(ArrowImport, ValuesOfEveryKind) {
  ArrowColumns names;
  names.value = "amount";
  StoreSettings settings;
  settings.value_decimals = 2;
  using Wide = AmountSum;
  for (const Exported& value :
       {numbers<double>("g", "amount", {2.55, -1, 0.1}), text("amount", {"2.55", "-1.00", "0.1"}),
        numbers<Wide>("d:10,3", "amount", {2550, -1000, 100}),
        numbers<Wide>("d:38,2,128", "amount", {255, -100, 10})}) {
    const auto engine = open(settings);
    const auto count = ingest(
        *engine, {batch_of({text("user", {"a", "b", "a"}), times(), events(), value})}, names);
    ASSERT_TRUE(count.ok()) << value.format << ": " << count.status().to_string();
    EXPECT_EQ(engine->info().event_count, 3u);
  }
  const auto engine = open(settings);
  const auto message = [&](const Exported& value) {
    return error(*engine,
                 {text("user", {"a"}), numbers<std::int64_t>("tsu:", "time", {1}),
                  text("event", {"e"}), value},
                 names);
  };
  EXPECT_EQ(message(numbers<double>("g", "amount", {0.1 + 0.2})),
            "arrow: column \"amount\": row 0: value: \"0.30000000000000004\" has 17 decimals, the "
            "store keeps 2");
  EXPECT_EQ(
      message(numbers<double>("g", "amount", {1.0 / 0.0})),
      "arrow: column \"amount\": row 0: value: not a number: \"inf\" (allowed: decimals such as "
      "12.50, -3 or 1e3)");
  EXPECT_EQ(message(numbers<Wide>("d:10,3", "amount", {1})),
            "arrow: column \"amount\": row 0: value: \"1e-3\" has 3 decimals, the store keeps 2");
  EXPECT_EQ(message(numbers<std::int64_t>("l", "amount", {INT64_MAX})),
            "arrow: column \"amount\": row 0: value: out of range: \"9223372036854775807\" "
            "(allowed: below 2^63 at 2 decimals)");
  EXPECT_EQ(message(numbers<std::int32_t>("tdD", "amount", {1})),
            "arrow: column \"amount\": of type date32 (allowed: integers, decimals, floats or "
            "strings)");
}

TEST_F(ArrowImport, DifferentPartsJoinToDifferentValues) {
  StoreSettings settings;
  settings.dimensions = {"x+y"};
  const auto engine = open(settings);
  const auto count =
      ingest(*engine, {batch_of({text("user", {"u", "u", "u"}), times(), events(),
                                 text("x", {"a+b", "a", "a"}), text("y", {"c", "b+c", "b"})})});
  ASSERT_TRUE(count.ok()) << count.status().to_string();
  EXPECT_EQ(engine->info().dimensions[0].value_count, 3u);
}

TEST_F(ArrowImport, KeptProperties) {
  StoreSettings settings;
  settings.dimensions = {"channel"};
  settings.kept_properties = {"session"};
  const auto engine = open(settings);
  const auto count =
      ingest(*engine, {batch_of({text("user", {"ann", "bob", "cat"}), times(), events(),
                                 text("session", {"s1", "", "s1"}, {true, false, true}),
                                 text("channel", {"ads", "seo", "ads"})})});
  ASSERT_TRUE(count.ok()) << count.status().to_string();
  const auto answer = engine->query(
      R"({"kind": "segment", "segment": {"did": {"where": {"session": "s1", "channel": "ads"}}},
          "members": {}})");
  ASSERT_TRUE(answer.ok()) << answer.status().to_string();
  ASSERT_EQ(answer->rows.size(), 2u);
  EXPECT_EQ(std::get<std::string>(answer->rows[1][0]), "cat");
}

TEST_F(ArrowImport, SlicesAndNulls) {
  StoreSettings settings;
  settings.dimensions = {"channel", "plan", "channel+plan"};
  const auto engine = open(settings);
  ArrowColumns names;
  names.value = "amount";
  const auto plans =
      std::make_shared<Exported>(text("", {"free", "x", "pro"}, {true, false, true}));
  Exported plan =
      numbers<std::uint16_t>("S", "plan", {9, 0, 2, 1, 0}, {true, true, true, true, false});
  plan.dictionary = plans;
  const std::vector<bool> first_null = {false, true, true, true, true};
  Exported batch = batch_of(
      {sliced(text("user", {"no", "ann", "bob", "ann", "cy"}, first_null), 1),
       sliced(numbers<std::int64_t>("tsu:UTC", "time", {-1, 0, 1, 2, 3}, first_null), 1),
       sliced(text("event", {"", "a", "b", "a", "b"}, first_null), 1),
       sliced(numbers<double>("g", "amount", {9.9, 1, 2, 3, 4}, {true, true, false, true, true}),
              1),
       sliced(text("channel", {"none", "ads", "", "seo", "ads"}, {true, true, false, true, true}),
              1),
       sliced(plan, 1)});
  // The struct is a slice as well: its first row is not there.
  batch.offset = 1;
  batch.length = 3;
  const auto count = ingest(*engine, {batch, batch}, names);
  ASSERT_TRUE(count.ok()) << count.status().to_string();
  EXPECT_EQ(*count, 6u);
  const EngineInfo info = engine->info();
  EXPECT_EQ(info.user_count, 3u);  // bob, ann, cy
  ASSERT_EQ(info.dimensions.size(), 3u);
  EXPECT_EQ(info.dimensions[0].value_count, 3u);  // "", seo, ads
  EXPECT_EQ(info.dimensions[1].value_count, 2u);  // pro, ""
  EXPECT_EQ(info.dimensions[2].value_count, 3u);  // +pro, seo+, ads+
}

// The count of nulls is left open.
TEST_F(ArrowImport, RowsThatAreNullAsAWholeAreRefused) {
  const auto engine = open();
  Exported batch = batch_of({text("user", {"a", "b", "c"}), times(), events()});
  batch.valid = {true, false, true};
  const auto refused = ingest(*engine, {batch});
  EXPECT_EQ(refused.status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(refused.status().message(), "arrow: row 1 of the stream is null as a whole");
  batch.offset = 2;
  batch.length = 1;
  EXPECT_TRUE(ingest(*engine, {batch}).ok());
  EXPECT_EQ(engine->info().event_count, 1u);
}

TEST_F(ArrowImport, OneEventForAll) {
  const auto engine = open();
  ArrowColumns names;
  names.event_name = "buy";
  ASSERT_TRUE(ingest(*engine, {batch_of({text("user", {"a", "b", "c"}), times()})}, names).ok());
  EXPECT_EQ(engine->info().events[0].name, "buy");
  EXPECT_EQ(engine->info().events[0].events, 3u);
}

TEST_F(ArrowImport, ColumnsOfTypeNullHaveNoValues) {
  const auto nulls = [](std::string name) {
    Exported column;
    column.format = "n";
    column.name = std::move(name);
    column.length = column.null_count = 3;
    return column;
  };
  ArrowColumns names;
  names.value = "amount";
  StoreSettings settings;
  settings.dimensions = {"channel", "channel+plan"};
  const auto engine = open(settings);
  const auto count =
      ingest(*engine,
             {batch_of({text("user", {"a", "b", "c"}), times(), events(), nulls("amount"),
                        nulls("channel"), text("plan", {"pro", "", "pro"})})},
             names);
  ASSERT_TRUE(count.ok()) << count.status().to_string();
  const EngineInfo info = engine->info();
  EXPECT_EQ(info.event_count, 3u);
  EXPECT_EQ(info.dimensions[0].value_count, 1u);  // ""
  EXPECT_EQ(info.dimensions[1].value_count, 2u);  // +pro, +
  EXPECT_EQ(
      error(*engine, {text("user", {"a", "b", "c"}), times(), nulls("event")}),
      "arrow: column \"event\": of type null, as it has no values (allowed: a column that has "
      "some)");
}

TEST_F(ArrowImport, EmptyBatches) {
  const auto engine = open();
  const Exported none =
      batch_of({text("user", {}), numbers<std::int64_t>("tsu:UTC", "time", {}), text("event", {})});
  const auto count =
      ingest(*engine, {none, batch_of({text("user", {"a", "b", "c"}), times(), events()}), none});
  ASSERT_TRUE(count.ok()) << count.status().to_string();
  EXPECT_EQ(*count, 3u);
}

TEST_F(ArrowImport, ErrorsNameTheColumn) {
  const auto engine = open(integer_users());
  const Exported user = numbers<std::int32_t>("i", "user", {1, 2, 3});
  EXPECT_EQ(error(*engine, {numbers<std::int32_t>("i", "uesr", {1, 2, 3}), times(), events()}),
            "arrow: no column \"user\" (did you mean \"uesr\"?); there are: uesr, time, event");
  EXPECT_EQ(error(*engine, {user, user, times(), events()}),
            "arrow: several columns are named \"user\" (allowed: one)");
  EXPECT_EQ(error(*engine, {numbers<std::int32_t>("i", "user", {1, -2, 3}), times(), events()}),
            "arrow: column \"user\": row 1: negative (allowed: 0 to 2^64 - 1)");
  EXPECT_EQ(error(*engine, {numbers<std::int32_t>("i", "user", {1, 2, 3}, {true, true, false}),
                            times(), events()}),
            "arrow: column \"user\": row 2: null (allowed: a user)");
  EXPECT_EQ(error(*engine, {numbers<double>("g", "user", {1, 2, 3}), times(), events()}),
            "arrow: column \"user\": of type float64 (allowed: integers, or strings of digits)");
  EXPECT_EQ(error(*engine, {numbers<double>("n", "user", {1, 2, 3}), times(), events()}),
            "arrow: column \"user\": of type null, as it has no values (allowed: a column that has "
            "some)");
  EXPECT_EQ(
      error(*engine, {numbers<double>("tsn:Europe/Berlin", "user", {1, 2, 3}), times(), events()}),
      "arrow: column \"user\": of type timestamp[ns, Europe/Berlin] (allowed: integers, or strings "
      "of digits)");
  EXPECT_EQ(
      error(*engine, {numbers<double>("ts\"\n:", "user", {1, 2, 3}), times(), events()}),
      "arrow: column \"user\": of type \"ts\\\"\\n:\" (allowed: integers, or strings of digits)");
  for (const std::string digits : {"x", "01"}) {
    EXPECT_EQ(error(*engine, {text("user", {"1", "2", digits}), times(), events()}),
              "arrow: column \"user\": row 2: not an integer: \"" + digits +
                  "\" (allowed: 0 to 2^64 - 1, in digits without sign, blanks, fraction or leading "
                  "zeros)");
  }
  EXPECT_EQ(
      error(*engine, {user, text("time", {"2026-01-01", "soon", "2026-01-02"}), events()}),
      "arrow: column \"time\": row 1: time: not a time: \"soon\" (allowed: RFC 3339, "
      "YYYY-MM-DD HH:MM:SS[.fff], YYYY-MM-DD, Unix time; anything else when its form is given)");
  EXPECT_EQ(error(*engine, {user, times(), text("event", {"a", "b", "c"}, {true, false, true})}),
            "arrow: column \"event\": row 1: null (allowed: an event name)");
  EXPECT_EQ(
      error(*engine, {user, numbers<std::int64_t>("tss:UTC", "time", {1, INT64_MAX, 1}), events()}),
      "arrow: column \"time\": row 1: 9223372036854775807 is out of range (allowed: 0001-01-02 to "
      "9999-12-30)");
  Exported coded = numbers<std::int32_t>("i", "event", {0, 7, 0});
  coded.dictionary = std::make_shared<Exported>(text("", {"a"}));
  EXPECT_EQ(error(*engine, {user, times(), coded}),
            "arrow: column \"event\": row 1: index 7 (allowed: below 1)");
  EXPECT_EQ(engine->info().event_count, 0u);
}

TEST_F(ArrowImport, DaysPastTheLastOneNameTheirRow) {
  StoreSettings settings;
  settings.time_zone = "Europe/Berlin";
  const auto engine = open(settings);
  for (const std::int32_t day : {2'932'896, -719'162, INT32_MAX}) {
    EXPECT_EQ(error(*engine, {text("user", {"a"}), numbers<std::int32_t>("tdD", "time", {day}),
                              text("event", {"e"})}),
              "arrow: column \"time\": row 0: " + std::to_string(day) +
                  " is out of range (allowed: 0001-01-02 to 9999-12-30)");
  }
}

TEST_F(ArrowImport, MalformedArraysAreErrors) {
  const auto engine = open(integer_users());
  Exported user = numbers<std::int32_t>("i", "user", {1, 2, 3});
  user.buffers.clear();
  const std::string malformed = "arrow: column \"user\": it is not what its type int32 needs";
  EXPECT_EQ(error(*engine, {user, times(), events()}), malformed);
  user = numbers<std::int32_t>("i", "user", {1, 2});
  EXPECT_EQ(error(*engine, {times(), user, events()}), malformed);
  user = text("user", {"1", "2", "3"});
  user.buffers[0] = bytes_of<std::int32_t>({0, 2, 1, 3});
  EXPECT_EQ(error(*engine, {user, times(), events()}),
            "arrow: column \"user\": row 1: its offsets are out of order");
  Exported no_struct = numbers<std::int32_t>("i", "user", {1, 2, 3});
  EXPECT_EQ(ingest(*engine, {no_struct}).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(ArrowImport, AStreamThatFails) {
  const auto engine = open(integer_users());
  const Exported batch =
      batch_of({numbers<std::int32_t>("i", "user", {1, 2, 3}), times(), events()});
  const auto result = ingest(*engine, {batch, batch}, {}, true);
  EXPECT_EQ(result.status().code(), StatusCode::kIoError);
  EXPECT_TRUE(repeats(result.status(), kStreamError));
  EXPECT_EQ(engine->info().event_count, 6u);
  ArrowArrayStream released{};
  EXPECT_EQ(ingest_arrow_stream(*engine, &released, {}).status().code(),
            StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace rollcall
