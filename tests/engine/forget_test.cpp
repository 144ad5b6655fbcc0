// A forgotten user is in no answer: every question about the rest is answered as if the user's
// events had never come, whatever comes later of theirs.
//
// ROLLCALL_SEED=N draws other streams, users and questions.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "rollcall/memory_store.h"
#include "rollcall/rocks_store.h"
#include "tests/storage/file_bytes.h"
#include "tests/storage/temporary_directory.h"
#include "tests/support/event_columns.h"
#include "tests/support/event_generator.h"
#include "tests/support/history_generator.h"
#include "tests/support/naive_engine.h"
#include "tests/support/query_generator.h"
#include "tests/support/result_text.h"
#include "tests/support/run_size.h"
#include "tests/support/test_engine.h"
#include "tests/support/times.h"

namespace rollcall::testing {
namespace {

// Totals keep what was counted; the rest of these tables is users.
bool has_totals(const Query& query) {
  return std::holds_alternative<CountsQuery>(query.ask) ||
         std::holds_alternative<AdoptionQuery>(query.ask);
}

// Chooses some of the stream's users, except those whose events tell how far the data reach.
std::set<UserId> users_to_forget(const Stream& stream, Random& random) {
  std::set<UserId> users;
  for (const NaiveEvent& event : stream.events) {
    if (random.chance(30)) users.insert(event.user);
  }
  const auto by_time = [](const NaiveEvent& a, const NaiveEvent& b) { return a.time < b.time; };
  const auto [first, last] =
      std::minmax_element(stream.events.begin(), stream.events.end(), by_time);
  users.erase(first->user);
  for (const NaiveEvent& event : stream.events) {
    // A bare date reaches to the end of its day.
    if (event.time + kDayUs >= last->time) users.erase(event.user);
  }
  return users;
}

void expect_same_answers(const TestEngine& engine, const NaiveEngine& oracle,
                         const std::vector<Query>& questions, std::size_t& agreed) {
  for (const Query& query : questions) {
    const Result<QueryResult> expected = oracle.query(query);
    if (!expected.ok()) continue;  // names that only they used
    const Result<QueryResult> found = engine.query(query);
    ASSERT_TRUE(found.ok()) << to_json(query) << found.status().to_string();
    ASSERT_EQ(first_difference(*found, *expected), "") << to_json(query);
    ++agreed;
  }
}

TEST(Forget, LeavesTheAnswersOfTheOthers) {
  constexpr std::size_t kQuestions = 20;  // of a stream, each asked twice
  const std::uint64_t seed = run_size("ROLLCALL_SEED", 20260401);
  const std::uint64_t streams = run_size("ROLLCALL_RANDOM_STREAMS", 80);
  std::cout << "ROLLCALL_SEED=" << seed << "\n";
  Random random(seed);
  std::size_t agreed = 0, forgotten = 0;
  for (std::size_t number = 0; number < streams; ++number) {
    const Stream stream = random_stream(random, random_knobs(random));
    if (stream.events.empty()) continue;
    EngineSetup setup;
    setup.store = random.chance(20) ? StoreKind::kRocks : StoreKind::kMemory;
    setup.partition_count = random.pick(std::vector<std::uint32_t>{1, 4, 64});
    setup.batch_rows = random.pick(std::vector<std::size_t>{0, 7});
    SCOPED_TRACE("stream " + std::to_string(number) + " on " + to_string(setup));
    const auto opened = TestEngine::open(stream.settings, setup);
    ASSERT_TRUE(opened.ok()) << opened.status().to_string();
    TestEngine& engine = **opened;
    ASSERT_TRUE(engine.ingest(stream.events).ok());
    for (const auto& [name, segment] : stream.saved) {
      ASSERT_TRUE(engine.save_segment(name, segment).ok());
    }
    if (random.chance(50)) {
      ASSERT_TRUE(engine.reopen().ok());
    }
    std::vector<Query> questions;
    while (questions.size() < kQuestions) {
      const bool of_history =
          stream.settings.history && stream.settings.dimensions.empty() && random.chance(40);
      Query query =
          of_history ? random_history_question(random, stream) : random_query(random, stream);
      // For strict funnels and those that stop on repeats, the oracle tries every order of what
      // comes at once, which may be much here.
      if (const auto* ask = std::get_if<FunnelQuery>(&query.ask)) {
        if (ask->order == FunnelQuery::Order::kStrict || ask->stop_on_repeat) continue;
      }
      // Names of events that only they used stay names of the store, each with rows of its own.
      if (const auto* ask = std::get_if<AhaQuery>(&query.ask)) {
        if (ask->candidates.empty()) continue;
      }
      if (!has_totals(query)) questions.push_back(std::move(query));
    }
    for (const Query& query : questions) static_cast<void>(engine.query(query));  // fills caches

    const std::set<UserId> gone = users_to_forget(stream, random);
    const Result<std::uint64_t> found =
        engine.engine().forget(std::vector<UserId>(gone.begin(), gone.end()));
    ASSERT_TRUE(found.ok()) << found.status().to_string();
    ASSERT_EQ(*found, gone.size());
    forgotten += gone.size();

    std::vector<NaiveEvent> theirs, others;
    std::set<UserId> left;
    for (const NaiveEvent& event : stream.events) {
      (gone.contains(event.user) ? theirs : others).push_back(event);
      if (!gone.contains(event.user)) left.insert(event.user);
    }
    NaiveEngine oracle(stream.settings);
    oracle.ingest(others);
    for (const auto& [name, segment] : stream.saved) oracle.save_segment(name, segment);
    ASSERT_NO_FATAL_FAILURE(expect_same_answers(engine, oracle, questions, agreed));

    // The source is read again, and something new of the others comes along.
    const std::uint64_t events = engine.engine().info().event_count;
    theirs.push_back(others.front());
    ASSERT_TRUE(engine.ingest(theirs).ok());
    oracle.ingest({others.front()});
    if (random.chance(50)) {
      ASSERT_TRUE(engine.reopen().ok());
    }
    ASSERT_NO_FATAL_FAILURE(expect_same_answers(engine, oracle, questions, agreed));
    const EngineInfo info = engine.engine().info();
    ASSERT_EQ(info.event_count, events + 1);
    ASSERT_EQ(info.user_count, left.size());
    ASSERT_EQ(info.forgotten_count, gone.size());
    const Result<VerifyReport> report = engine.engine().verify();
    ASSERT_TRUE(report.ok()) << report.status().to_string();
    ASSERT_EQ(report->faults, std::vector<std::string>());
  }
  std::cout << agreed << " answers agreed, " << forgotten << " users forgotten\n";
  EXPECT_GT(forgotten, streams);
}

std::vector<NaiveEvent> login_of(const std::vector<std::string>& users) {
  std::vector<NaiveEvent> events;
  for (const std::string& user : users) {
    events.push_back(
        {.user = user, .event = "login", .time = kFirstDayUs, .value = 5, .properties = {}});
  }
  return events;
}

class ForgetOne : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = TestEngine::open({}, {});
    ASSERT_TRUE(opened.ok());
    engine_ = *std::move(opened);
    ASSERT_TRUE(engine_->ingest(login_of({"ann", "bob"})).ok());
  }
  std::int64_t users() {
    const Result<QueryResult> answer = engine_->query(R"({"kind": "active"})");
    EXPECT_TRUE(answer.ok());
    return std::get<std::int64_t>(answer->rows.at(0).at(1));
  }
  Result<std::uint64_t> forget(const std::vector<UserId>& users) {
    return engine_->engine().forget(users);
  }
  std::unique_ptr<TestEngine> engine_;
};

TEST_F(ForgetOne, BatchPreparedBeforeBringsNobodyBack) {
  const std::vector<NaiveEvent> events = login_of({"bob", "cid", "bob"});
  const EventColumns columns(events, engine_->engine().settings());
  Result<PreparedBatch> prepared = engine_->engine().prepare(columns.batch());
  ASSERT_TRUE(prepared.ok());
  ASSERT_EQ(*forget({UserId("bob")}), 1u);
  ASSERT_TRUE(engine_->engine().ingest(*std::move(prepared)).ok());
  EXPECT_EQ(users(), 2);  // ann and cid
  EXPECT_EQ(engine_->engine().info().event_count, 3u);
}

TEST_F(ForgetOne, TwiceAndUnknownUsersAreNotFound) {
  EXPECT_EQ(*forget({UserId("bob"), UserId("bob"), UserId("nobody")}), 1u);
  EXPECT_EQ(*forget({UserId("bob")}), 0u);
  EXPECT_EQ(*forget({}), 0u);
  EXPECT_EQ(users(), 1);
  EXPECT_EQ(engine_->engine().info().forgotten_count, 2u);
}

TEST_F(ForgetOne, UnknownUserDoesNotComeLater) {
  ASSERT_EQ(*forget({UserId("cid")}), 0u);
  ASSERT_TRUE(engine_->ingest(login_of({"cid"})).ok());
  EXPECT_EQ(users(), 2);
}

TEST_F(ForgetOne, TotalsKeepWhatWasCounted) {
  ASSERT_EQ(*forget({UserId("bob")}), 1u);
  const Result<QueryResult> counts = engine_->query(R"({"kind": "counts"})");
  ASSERT_TRUE(counts.ok());
  EXPECT_EQ(to_text(*counts), to_text(*engine_->query(R"({"kind": "counts"})")));
  EXPECT_EQ(std::get<std::int64_t>(counts->rows[0][1]), 2);  // events
  EXPECT_EQ(std::get<std::int64_t>(counts->rows[0][2]), 1);  // users
}

TEST_F(ForgetOne, SavedListsHaveThemNoMore) {
  ASSERT_TRUE(engine_->engine()
                  .save_segment("vips", std::vector<UserId>{UserId("ann"), UserId("bob")})
                  .ok());
  ASSERT_EQ(*forget({UserId("bob")}), 1u);
  EXPECT_EQ(engine_->engine().segments().at(0).users, 1u);
}

TEST_F(ForgetOne, IdsOfTheOtherKindAreRefused) {
  EXPECT_EQ(forget({UserId(std::uint64_t{7})}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(users(), 2);
}

// Users are forgotten one after the other, while others ask for windows and for members and make
// checkpoints. Whoever was forgotten is gone from then on, and after a crash too.
TEST(Forget, BesideQuestionsAndCheckpoints) {
  constexpr std::uint64_t kFirstUser = 1'000;
  constexpr std::size_t kUsers = 60;
  constexpr std::size_t kForgotten = 40;
  constexpr std::size_t kRounds = 15;
  for (std::size_t round = 0; round < kRounds; ++round) {
    const std::shared_ptr<MemoryDisk> disk = make_memory_disk();
    EngineOptions options;
    options.settings = StoreSettings{};
    options.settings->user_kind = UserKind::kInteger;
    options.settings->partition_count = 4;
    std::unique_ptr<Engine> engine = *Engine::open(open_memory_store(disk), options);
    std::vector<NaiveEvent> events;
    for (std::size_t user = 0; user < kUsers; ++user) {
      for (int day = 0; day < 40; ++day) {
        events.push_back({.user = kFirstUser + user,
                          .event = "visit",
                          .time = kFirstDayUs + day * kDayUs,
                          .value = {},
                          .properties = {}});
      }
    }
    const EventColumns columns(events, engine->settings());
    ASSERT_TRUE(engine->ingest(columns.batch()).ok());
    const char* const window =
        R"({"kind": "active", "window_days": 30, "from": "2026-02-08", "to": "2026-02-08"})";
    const auto users = [&] {
      const Result<QueryResult> answer = engine->query(window);
      EXPECT_TRUE(answer.ok()) << answer.status().to_string();
      return answer.ok() ? std::get<std::int64_t>(answer->rows.at(0).at(1)) : -1;
    };
    // This is kept from the second question on.
    for (int time = 0; time < 3; ++time) ASSERT_EQ(users(), std::int64_t{kUsers});

    std::atomic<std::size_t> forgotten{0};
    std::vector<std::thread> threads;
    threads.emplace_back([&] {
      while (forgotten.load() < kForgotten) {
        const auto before = static_cast<std::int64_t>(forgotten.load());
        EXPECT_LE(users(), std::int64_t{kUsers} - before);
      }
    });
    threads.emplace_back([&] {
      const std::string members =
          R"({"kind": "active", "from": "2026-02-08", "to": "2026-02-08",
              "members": {"of": "users", "where": {"date": "2026-02-08"}}})";
      while (forgotten.load() < kForgotten) {
        const Result<QueryResult> answer = engine->query(members);
        ASSERT_TRUE(answer.ok()) << answer.status().to_string();
        for (const std::vector<Cell>& row : answer->rows) {
          const std::string user = cell_text(row.at(0));
          ASSERT_EQ(user.size(), 4u) << "nobody has the id " << user;
        }
      }
    });
    threads.emplace_back([&] {
      while (forgotten.load() < kForgotten) EXPECT_TRUE(engine->checkpoint().ok());
    });
    for (std::size_t i = 0; i < kForgotten; ++i) {
      const Result<std::uint64_t> found = engine->forget(std::vector<UserId>{kFirstUser + i});
      ASSERT_TRUE(found.ok()) << found.status().to_string();
      EXPECT_EQ(*found, 1u);
      forgotten.fetch_add(1);
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(users(), std::int64_t{kUsers - kForgotten}) << "round " << round;
    engine.reset();  // as a crash would, without a checkpoint
    engine = *Engine::open(open_memory_store(disk), options);
    EXPECT_EQ(users(), std::int64_t{kUsers - kForgotten}) << "round " << round;
    EXPECT_EQ(engine->info().user_count, kUsers - kForgotten);
  }
}

TEST(Forget, CompactTakesTheIdOutOfEveryFile) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/store";
  const std::string marker = "k7Qz-0fX9wLr3VbNa8TeUyJ2mCs5Hd1GpRo4";
  const auto open = [&] {
    EngineOptions options;
    options.settings = StoreSettings{};
    return *Engine::open(*open_rocks_store(path), options);
  };
  std::unique_ptr<Engine> engine = open();
  const StoreSettings settings = engine->settings();
  const auto ingest = [&](const std::vector<std::string>& users, Ack ack) {
    const std::vector<NaiveEvent> events = login_of(users);
    const EventColumns columns(events, settings);
    ASSERT_TRUE(engine->ingest(columns.batch(), {.ack = ack}).ok());
  };
  // The user is in pages, in a saved list, and in the journal.
  ingest({"ann", marker, "bob"}, Ack::kMemory);
  ASSERT_TRUE(engine->save_segment("vips", std::vector<UserId>{UserId(marker)}).ok());
  ASSERT_TRUE(engine->checkpoint().ok());
  ingest({"cid", marker}, Ack::kDurable);
  EXPECT_NE(files_with(marker, path), std::vector<std::string>()) << "the test looks for nothing";

  const Result<std::uint64_t> found = engine->forget(std::vector<UserId>{UserId(marker)});
  ASSERT_TRUE(found.ok()) << found.status().to_string();
  EXPECT_EQ(*found, 1u);
  ASSERT_TRUE(engine->compact().ok());
  EXPECT_EQ(files_with(marker, path), std::vector<std::string>());
  ASSERT_TRUE(engine->close().ok());
  EXPECT_EQ(files_with(marker, path), std::vector<std::string>());

  engine = open();
  ingest({marker}, Ack::kDurable);
  EXPECT_EQ(engine->info().user_count, 3u);
  EXPECT_EQ(files_with(marker, path), std::vector<std::string>());
}

}  // namespace
}  // namespace rollcall::testing
