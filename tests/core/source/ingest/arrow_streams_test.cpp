// Streams of Arrow as they come: of every type, in small batches, slowly, and wrong in every way
// that a reader can see.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "rollcall/arrow.h"
#include "rollcall/engine.h"
#include "rollcall/memory_store.h"
#include "tests/support/exported_arrow.h"

namespace rollcall {
namespace {

constexpr std::int64_t kFirstUs = std::int64_t{20'454} * 86'400'000'000;  // 2026-01-01

std::unique_ptr<Engine> open_engine(StoreSettings settings = {}, std::size_t memory_bytes = 0) {
  EngineOptions options;
  options.settings = std::move(settings);
  if (memory_bytes > 0) options.memory_bytes_max = memory_bytes;
  return *Engine::open(open_memory_store(), options);
}

Exported one_day(std::size_t rows, const std::string& user = "ann") {
  return batch_of(
      {text("user", std::vector<std::string>(rows, user)),
       numbers<std::int64_t>("tsu:UTC", "time", std::vector<std::int64_t>(rows, kFirstUs)),
       text("event", std::vector<std::string>(rows, "e"))});
}

// Makes strings as views: short ones stand in them, and long ones in two buffers by turns.
Exported string_views(std::string name, const std::vector<std::string>& values) {
  Exported column;
  column.format = "vu";
  column.name = std::move(name);
  column.length = static_cast<std::int64_t>(values.size());
  std::vector<std::int32_t> views;
  std::vector<std::uint8_t> bytes[2];
  int turn = 0;
  for (const std::string& value : values) {
    char view[16] = {};
    const auto size = static_cast<std::int32_t>(value.size());
    std::memcpy(view, &size, 4);
    if (size <= 12) {
      std::memcpy(view + 4, value.data(), value.size());
    } else {
      const std::int32_t place[2] = {turn, static_cast<std::int32_t>(bytes[turn].size())};
      std::memcpy(view + 4, value.data(), 4);
      std::memcpy(view + 8, place, 8);
      bytes[turn].insert(bytes[turn].end(), value.begin(), value.end());
      turn = 1 - turn;
    }
    std::int32_t words[4];
    std::memcpy(words, view, 16);
    views.insert(views.end(), words, words + 4);
  }
  column.buffers.push_back(bytes_of(views));
  for (const auto& buffer : bytes) column.buffers.push_back(buffer);
  column.buffers.push_back(bytes_of<std::int64_t>(
      {static_cast<std::int64_t>(bytes[0].size()), static_cast<std::int64_t>(bytes[1].size())}));
  return column;
}

Exported bits(std::string name, std::uint8_t values, std::int64_t length,
              std::vector<bool> valid = {}) {
  Exported column = numbers<std::uint8_t>("b", std::move(name), {values}, std::move(valid));
  column.length = length;
  return column;
}

Exported coded(std::string name, const std::vector<std::int32_t>& codes, Exported values) {
  Exported column = numbers<std::int32_t>("i", std::move(name), codes);
  column.dictionary = std::make_shared<Exported>(std::move(values));
  return column;
}

class ArrowStreams : public testing::Test {
 protected:
  ~ArrowStreams() override { EXPECT_EQ(live_arrow(), LiveArrow()); }

  static Result<std::uint64_t> ingest(Engine& engine, ArrowArrayStream stream,
                                      const ArrowColumns& columns = {},
                                      const Delivery& delivery = {},
                                      IngestOutcome* outcome = nullptr) {
    auto result = ingest_arrow_stream(engine, &stream, columns, delivery, outcome);
    EXPECT_EQ(stream.release, nullptr);
    return result;
  }
  static Result<std::uint64_t> ingest_columns(Engine& engine, std::vector<Exported> columns,
                                              const ArrowColumns& names = {}) {
    return ingest(engine, stream_of({batch_of(std::move(columns))}), names);
  }
  static std::vector<Exported> with(Exported column) {
    const auto rows = static_cast<std::size_t>(column.length);
    std::vector<Exported> columns = one_day(rows).children;
    for (Exported& other : columns) {
      if (other.name != column.name) continue;
      other = std::move(column);
      return columns;
    }
    columns.push_back(std::move(column));
    return columns;
  }
  static std::string error(Engine& engine, Exported column, const ArrowColumns& names = {}) {
    const auto result = ingest_columns(engine, with(std::move(column)), names);
    EXPECT_EQ(result.status().code(), StatusCode::kInvalidArgument);
    return result.status().message();
  }
  // Returns how many users have the value of the dimension "d".
  static std::int64_t users_with(const Engine& engine, const std::string& value) {
    const auto answer = engine.query(R"({"kind": "segment", "segment": {"did": {"where": {"d": ")" +
                                     value + R"("}}}})");
    if (!answer.ok()) return -1;
    return std::get<std::int64_t>(answer->rows.at(0).at(0));
  }
};

TEST_F(ArrowStreams, StringViewsPlainAndInDictionaries) {
  const std::string longer = "a name that does not fit", other = "another one that is long";
  const std::vector<std::string> users = {"ann", longer, "", other, longer, "123456789012"};
  StoreSettings settings;
  settings.dimensions = {"d"};
  for (const Exported& column :
       {string_views("d", users), coded("d", {0, 1, 2, 3, 1, 5}, string_views("", users)),
        coded("d", {0, 1, 2, 3, 1, 4},
              coded("", {0, 1, 2, 3, 4}, text("", {"ann", longer, "", other, "123456789012"})))}) {
    const auto engine = open_engine(settings);
    std::vector<Exported> columns = with(column);
    columns[0] = text("user", {"a", "b", "c", "d", "e", "f"});
    const auto rows = ingest_columns(*engine, columns);
    ASSERT_TRUE(rows.ok()) << rows.status().to_string();
    EXPECT_EQ(users_with(*engine, longer), 2);
    EXPECT_EQ(users_with(*engine, other), 1);
    EXPECT_EQ(users_with(*engine, "ann"), 1);
    EXPECT_EQ(users_with(*engine, "123456789012"), 1);
    EXPECT_EQ(users_with(*engine, ""), 1);
  }
}

TEST_F(ArrowStreams, IntegersAndBooleansOfDimensionsAreTheirText) {
  StoreSettings settings;
  settings.dimensions = {"d"};
  const auto engine = open_engine(settings);
  std::vector<Exported> columns = with(numbers<std::int64_t>("l", "d", {-7, 12, 12}));
  columns[0] = text("user", {"a", "b", "c"});
  ASSERT_TRUE(ingest_columns(*engine, columns).ok());
  EXPECT_EQ(users_with(*engine, "-7"), 1);
  EXPECT_EQ(users_with(*engine, "12"), 2);
  columns[3] = bits("d", 0b101, 3, {true, true, false});
  ASSERT_TRUE(ingest_columns(*engine, columns).ok());
  EXPECT_EQ(users_with(*engine, "true"), 1);
  EXPECT_EQ(users_with(*engine, "false"), 1);
  EXPECT_EQ(users_with(*engine, ""), 1);
  EXPECT_EQ(error(*engine, numbers<double>("g", "d", {1})),
            "arrow: column \"d\": of type float64 (allowed: strings, integers or booleans)");
  EXPECT_EQ(error(*engine, bits("event", 1, 1)),
            "arrow: column \"event\": of type bool (allowed: strings)");
}

TEST_F(ArrowStreams, DatesInMilliseconds) {
  const auto engine = open_engine();
  const std::int64_t day = std::int64_t{20'454} * 86'400'000;
  ASSERT_TRUE(ingest_columns(*engine, with(numbers<std::int64_t>("tdm", "time", {day}))).ok());
  EXPECT_EQ(engine->info().days.first.value, 20'454);
  EXPECT_EQ(*engine->info().known_until, kFirstUs + std::int64_t{86'399} * 1'000'000);
  EXPECT_EQ(error(*engine, numbers<std::int64_t>("tdm", "time", {day, day + 1})),
            "arrow: column \"time\": row 1: 1767225600001 ms is no whole day (allowed: dates)");
}

TEST_F(ArrowStreams, DecimalsOfEveryWidth) {
  StoreSettings settings;
  settings.value_decimals = 2;
  ArrowColumns names;
  names.value = "amount";
  const auto wide = [](std::vector<std::int64_t> words) {
    Exported column = numbers<std::int64_t>("d:76,40,256", "amount", words);
    column.length = static_cast<std::int64_t>(words.size() / 4);
    return column;
  };
  // These are 10^40 and -10^40, which are 1 and -1.
  const Exported widest = wide({-5047021154770878464, 7145508105175220139, 29, 0,
                                5047021154770878464, -7145508105175220140, -30, -1});
  const Exported narrow = numbers<std::int32_t>("d:9,2,32", "amount", {150, -50});
  const Exported middle = numbers<std::int64_t>("d:18,2,64", "amount", {150, -50});
  for (const auto& [column, sum] : {std::pair(narrow, "1"), {middle, "1"}, {widest, "0"}}) {
    const auto engine = open_engine(settings);
    const auto rows = ingest_columns(*engine, with(column), names);
    ASSERT_TRUE(rows.ok()) << rows.status().to_string();
    const auto answer = engine->query(R"({"kind": "counts"})");
    ASSERT_TRUE(answer.ok()) << answer.status().to_string();
    EXPECT_EQ(answer->columns[3].name, "value");
    EXPECT_EQ(std::get<std::string>(answer->rows[0][3]), sum) << column.format;
  }
  const auto engine = open_engine(settings);
  // 2^128 + 5, and -1, of 40 decimals.
  EXPECT_EQ(
      error(*engine, wide({5, 0, 1, 0}), names),
      "arrow: column \"amount\": row 0: value: \"340282366920938463463374607431768211461e-40\" "
      "has 40 decimals, the store keeps 2");
  EXPECT_EQ(
      error(*engine, wide({0, 0, 0, 0, -1, -1, -1, -1}), names),
      "arrow: column \"amount\": row 1: value: \"-1e-40\" has 40 decimals, the store keeps 2");
}

TEST_F(ArrowStreams, NaNAndNaTAreSaid) {
  const auto engine = open_engine();
  ArrowColumns names;
  names.value = "amount";
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(error(*engine, numbers<double>("g", "amount", {1, kNaN}), names),
            "arrow: column \"amount\": row 1: NaN (allowed: a number, or null for none)");
  EXPECT_EQ(error(*engine, numbers<std::int64_t>("tsn:", "time",
                                                 {0, std::numeric_limits<std::int64_t>::min()})),
            "arrow: column \"time\": row 1: NaT (allowed: a time)");
  EXPECT_EQ(error(*engine, numbers<std::int64_t>("tsn:", "time", {0, 0}, {true, false})),
            "arrow: column \"time\": row 1: null (allowed: a time)");
  EXPECT_TRUE(
      ingest_columns(*engine, with(numbers<double>("g", "amount", {kNaN}, {false})), names).ok());
}

TEST_F(ArrowStreams, RowsAreCountedOverTheStream) {
  const auto engine = open_engine();
  Exported bad = one_day(3);
  bad.children[2].valid = {true, false, true};
  const auto result = ingest(*engine, stream_of({one_day(4), one_day(2), bad, one_day(1)}));
  EXPECT_EQ(result.status().message(),
            "arrow: column \"event\": row 7: null (allowed: an event name)");
  // What came before is in; the batch with the row, and what follows, are not.
  EXPECT_EQ(engine->info().event_count, 6u);
}

TEST_F(ArrowStreams, WhatTheEngineRefusesNamesItsRow) {
  const auto engine = open_engine();
  const auto result = ingest(*engine, stream_of({one_day(4), one_day(2, "\xff")}));
  EXPECT_EQ(result.status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(result.status().message(),
            "arrow: column \"user\": row 4: \"\\xff\" is not UTF-8 (allowed: UTF-8 of 1 to 65536 "
            "bytes)");
  EXPECT_EQ(engine->info().event_count, 4u);
}

TEST_F(ArrowStreams, ABatchHasTheColumnsOfTheStream) {
  const auto engine = open_engine();
  Exported wider = one_day(1);
  wider.children.push_back(text("channel", {"x"}));
  const auto result = ingest(*engine, stream_of({one_day(4), wider}));
  EXPECT_EQ(result.status().message(),
            "arrow: the batch that begins at row 4 has 4 columns (allowed: the 3 of the stream)");
  EXPECT_EQ(engine->info().event_count, 4u);
}

TEST_F(ArrowStreams, TextsThatAreTooLongNameTheirRow) {
  StoreSettings settings;
  settings.dimensions = {"channel"};
  const std::string large(1025, 'x');
  const auto fault_of = [&](const std::string& event, const std::string& channel) {
    const auto engine = open_engine(settings);
    const auto batch = [](const std::string& last_event, const std::string& second_channel) {
      return batch_of(
          {text("user", {"a", "b", "c"}), numbers<std::int64_t>("tsu:UTC", "time", {0, 0, 0}),
           text("event", {"e", "e", last_event}), text("channel", {"", second_channel, ""})});
    };
    const auto result = ingest(*engine, stream_of({batch("e", "y"), batch(event, channel)}));
    EXPECT_EQ(engine->info().event_count, 3u);
    return result.status().message();
  };
  EXPECT_EQ(fault_of("e", large),
            "arrow: column \"channel\": row 4: 1025 bytes (allowed: UTF-8 of 0 to 1024 bytes)");
  EXPECT_EQ(fault_of(large, "y"),
            "arrow: column \"event\": row 5: 1025 bytes (allowed: UTF-8 of 1 to 1024 bytes)");
  EXPECT_EQ(fault_of("", "y"),
            "arrow: column \"event\": row 5: 0 bytes (allowed: UTF-8 of 1 to 1024 bytes)");
  EXPECT_EQ(fault_of(large, "\xff"),
            "arrow: column \"channel\": row 4: \"\\xff\" is not UTF-8 (allowed: UTF-8 of 0 to 1024 "
            "bytes)");
}

TEST_F(ArrowStreams, SmallBatchesAreIngestedTogether) {
  const auto engine = open_engine();
  std::uint64_t most_before_the_end = 0;
  const auto look = [&](std::size_t) {
    most_before_the_end = std::max(most_before_the_end, engine->info().event_count);
  };
  const auto rows = ingest(*engine, stream_of(std::vector<Exported>(50, one_day(10)), false, look));
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(*rows, 500u);
  EXPECT_EQ(engine->info().event_count, 500u);
  EXPECT_EQ(most_before_the_end, 0u);
}

TEST_F(ArrowStreams, AStreamThatPausesHoldsNothingBack) {
  const auto engine = open_engine();
  bool came = false;
  const auto wait = [&](std::size_t next) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (next == 2 && !came && std::chrono::steady_clock::now() < end) {
      came = engine->info().event_count == 20;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  };
  ASSERT_TRUE(ingest(*engine, stream_of(std::vector<Exported>(3, one_day(10)), false, wait)).ok());
  EXPECT_TRUE(came);
  EXPECT_EQ(engine->info().event_count, 30u);
}

TEST_F(ArrowStreams, WhatIsGatheredStaysWithinTheMemory) {
  const auto engine = open_engine({}, std::size_t{32} << 20);  // a sixteenth of it is 2 MiB
  const std::size_t rows = 10'000;
  bool came_early = false;
  const auto look = [&](std::size_t next) {
    came_early = came_early || (next < 100 && engine->info().event_count > 0);
  };
  const auto count =
      ingest(*engine, stream_of(std::vector<Exported>(100, one_day(rows)), false, look));
  ASSERT_TRUE(count.ok()) << count.status().to_string();
  EXPECT_EQ(engine->info().event_count, 100 * rows);
  EXPECT_TRUE(came_early);
}

TEST_F(ArrowStreams, ATokenCountsTheWholeStreamOnce) {
  const auto engine = open_engine();
  const BatchToken token{"log", "1"};
  const SourcePosition positions[] = {{"log/0", "5"}, {"log/1", "7"}};
  Delivery delivery;
  delivery.token = &token;
  delivery.positions = positions;
  const auto failed = ingest(*engine, stream_of({one_day(4), one_day(3)}, true), {}, delivery);
  EXPECT_EQ(failed.status().code(), StatusCode::kIoError);
  EXPECT_EQ(engine->info().event_count, 0u);
  EXPECT_TRUE(engine->sources().empty());

  IngestOutcome outcome;
  EXPECT_EQ(*ingest(*engine, stream_of({one_day(4), one_day(3)}), {}, delivery, &outcome), 7u);
  EXPECT_FALSE(outcome.was_skipped);
  EXPECT_EQ(*ingest(*engine, stream_of({one_day(4), one_day(3)}), {}, delivery, &outcome), 0u);
  EXPECT_TRUE(outcome.was_skipped);
  EXPECT_EQ(engine->info().event_count, 7u);
  ASSERT_EQ(engine->sources().size(), 2u);
  EXPECT_EQ(engine->sources()[1].position, "7");
}

TEST_F(ArrowStreams, PositionsAreTakenFromAnEmptyStream) {
  const auto engine = open_engine();
  const SourcePosition position{"log", "9"};
  Delivery delivery;
  delivery.positions = {&position, 1};
  EXPECT_EQ(*ingest(*engine, stream_of({one_day(0)}), {}, delivery), 0u);
  ASSERT_EQ(engine->sources().size(), 1u);
}

TEST_F(ArrowStreams, AStreamInOnePieceHasToFit) {
  const auto engine = open_engine({}, std::size_t{32} << 20);
  const BatchToken token{"log", "1"};
  Delivery delivery;
  delivery.token = &token;
  const auto result =
      ingest(*engine, stream_of(std::vector<Exported>(100, one_day(10'000))), {}, delivery);
  EXPECT_EQ(result.status().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(engine->info().event_count, 0u);
}

TEST_F(ArrowStreams, ForgottenUsersAreLeftOut) {
  const auto engine = open_engine();
  ASSERT_TRUE(engine->forget(std::vector<UserId>{UserId("bob")}).ok());
  IngestOutcome outcome;
  EXPECT_EQ(*ingest(*engine, stream_of({one_day(4), one_day(3, "bob")}), {}, {}, &outcome), 7u);
  EXPECT_EQ(outcome.rows_forgotten, 3u);
  EXPECT_EQ(engine->info().event_count, 4u);
}

// Each is a fault of the producer that is seen before anything is read.
TEST_F(ArrowStreams, FaultsOfTheProducer) {
  const auto engine = open_engine();
  const std::string malformed = "arrow: column \"user\": it is not what its type string needs";
  const auto message = [&](const std::function<void(Exported&)>& spoil) {
    Exported batch = one_day(3);
    spoil(batch.children[0]);
    const auto result = ingest(*engine, stream_of({std::move(batch)}));
    EXPECT_EQ(result.status().code(), StatusCode::kInvalidArgument);
    return result.status().message();
  };
  EXPECT_EQ(message([](Exported& user) { user.offset = -1; }), malformed);
  EXPECT_EQ(message([](Exported& user) { user.length = 2; }), malformed);
  EXPECT_EQ(message([](Exported& user) { user.buffers.pop_back(); }), malformed);
  EXPECT_EQ(message([](Exported& user) { user.buffers.emplace_back(); }), malformed);
  EXPECT_EQ(message([](Exported& user) { user.null_count = 2; }), malformed);
  EXPECT_EQ(message([](Exported& user) {
              user.buffers[0].clear();
              user.buffers[0].shrink_to_fit();
            }),
            malformed);
  EXPECT_EQ(message([](Exported& user) {
              user.buffers[1].clear();
              user.buffers[1].shrink_to_fit();
            }),
            "arrow: column \"user\": row 0: its bytes are missing");
  EXPECT_EQ(message([](Exported& user) {
              user.buffers[0] = bytes_of<std::int32_t>({-1, 3, 6, 9});
            }),
            "arrow: column \"user\": row 0: its offsets are out of order");
  const auto view_fault = [&](std::size_t word, std::int32_t value) {
    return message([&](Exported& user) {
      user = string_views("user", {"a name that does not fit", "b", "c"});
      std::memcpy(user.buffers[0].data() + 4 * word, &value, 4);
    });
  };
  EXPECT_EQ(view_fault(0, -1), "arrow: column \"user\": row 0: its size is below 0");
  const std::string outside = "arrow: column \"user\": row 0: its bytes lie outside the buffers";
  EXPECT_EQ(view_fault(0, 25), outside);
  EXPECT_EQ(view_fault(2, 2), outside);
  EXPECT_EQ(view_fault(2, -1), outside);
  EXPECT_EQ(view_fault(3, -1), outside);
  EXPECT_EQ(view_fault(3, std::numeric_limits<std::int32_t>::max()), outside);
  EXPECT_EQ(message([](Exported& user) {
              user = coded("user", {0, 1, 0}, coded("", {0, 3}, text("", {"a"})));
            }),
            "arrow: column \"user\": dictionary entry 1: index 3 (allowed: below 1)");
}

// The stream says one schema, and then gives batches of another.
TEST_F(ArrowStreams, ASchemaThatChanges) {
  const auto engine = open_engine();
  const auto code = [&](Exported second) {
    const auto result = ingest(*engine, stream_of({one_day(3), std::move(second)}));
    return result.status().code();
  };
  Exported fewer = one_day(3);
  fewer.children.pop_back();
  EXPECT_EQ(code(fewer), StatusCode::kInvalidArgument);
  Exported dictionary = one_day(3);
  dictionary.children[2] = coded("event", {0, 0, 0}, text("", {"e"}));
  EXPECT_EQ(code(dictionary), StatusCode::kInvalidArgument);
  Exported other = one_day(3);
  other.children[2] = numbers<std::int32_t>("i", "event", {1, 2, 3});
  EXPECT_EQ(code(other), StatusCode::kInvalidArgument);
  EXPECT_EQ(engine->info().event_count, 9u);
}

}  // namespace
}  // namespace rollcall
