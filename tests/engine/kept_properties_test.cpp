// Kept properties go with every event, from batches through the journal, runs and their merging to
// answers; and they may be added to a store that exists.
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/memory_store.h"
#include "rollcall/rocks_store.h"
#include "tests/storage/file_bytes.h"
#include "tests/storage/temporary_directory.h"
#include "tests/support/event_columns.h"
#include "tests/support/naive_engine.h"
#include "tests/support/random.h"
#include "tests/support/result_text.h"
#include "tests/support/run_size.h"
#include "tests/support/times.h"

namespace rollcall::testing {
namespace {

constexpr const char* kQuestions[] = {
    R"({"kind": "active", "event": {"where": {"session": {"set": true}}}})",
    R"({"kind": "active", "event": {"where": {"session": "s1", "channel": "ads"}}})",
    R"({"kind": "counts", "event": {"where": {"session": {"contains": "1"}}}})",
    R"({"kind": "counts", "breakdown": "session", "breakdown_limit": 4})",
    R"({"kind": "funnel", "steps": ["view", "buy"], "hold": "session"})",
    R"({"kind": "funnel", "steps": ["view", "buy"], "breakdown": "session"})",
};
constexpr const char* kQuestionsOfPages[] = {
    R"({"kind": "active", "event": {"where": {"page": {"ne": "/2"}, "session": "s3"}}})",
    R"({"kind": "active", "breakdown": "page"})",
};

class KeptProperties : public ::testing::Test {
 protected:
  KeptProperties() {
    settings_.partition_count = 2;
    settings_.dimensions = {"channel"};
  }

  // Opens the store on disk as after a crash, or for the first time.
  Status open(std::vector<std::string> keep, bool read_only = false) {
    engine_.reset();
    ROLLCALL_ASSIGN_OR_RETURN(std::unique_ptr<Store> store,
                              open_rocks_store(path_, {.read_only = read_only}));
    EngineOptions options;
    options.settings = settings_;
    options.keep = std::move(keep);
    options.checkpoint_seconds = 0;
    options.threads_max = 2;
    ROLLCALL_ASSIGN_OR_RETURN(engine_, Engine::open(std::move(store), options));
    for (const std::string& name : engine_->settings().kept_properties) {
      if (std::ranges::find(kept_, name) == kept_.end()) kept_.push_back(name);
    }
    return {};
  }

  std::vector<NaiveEvent> random_events(std::size_t count) {
    std::vector<NaiveEvent> events(count);
    for (NaiveEvent& event : events) {
      event.user = "user " + std::to_string(random_.below(40));
      event.event = random_.chance(60) ? "view" : "buy";
      event.time =
          kFirstDayUs + random_.between(0, 3) * kDayUs + random_.between(0, 86'399) * kSecondUs;
      if (random_.chance(70)) event.properties["channel"] = random_.chance(50) ? "ads" : "seo";
      for (const std::string& name : kept_) {
        const char* const prefix = name == "session" ? "s" : "/";
        if (random_.chance(80)) {
          event.properties[name] = prefix + std::to_string(random_.below(20));
        }
      }
    }
    all_.insert(all_.end(), events.begin(), events.end());
    return events;
  }

  void ingest(std::size_t count, const Delivery& delivery = {}) {
    const std::vector<NaiveEvent> events = random_events(count);
    const EventColumns columns(events, settings_);
    const Result<IngestOutcome> outcome = engine_->ingest(columns.batch(), delivery);
    ASSERT_TRUE(outcome.ok()) << outcome.status().to_string();
  }

  void expect_answers() {
    StoreSettings settings = settings_;
    settings.kept_properties = kept_;
    NaiveEngine naive(settings);
    naive.ingest(all_);
    std::vector<const char*> questions(std::begin(kQuestions), std::end(kQuestions));
    if (kept_.size() == 2) {
      questions.insert(questions.end(), std::begin(kQuestionsOfPages), std::end(kQuestionsOfPages));
    }
    for (const char* const question : questions) {
      const auto expected = naive.query(question);
      const auto found = engine_->query(question);
      ASSERT_TRUE(expected.ok()) << question;
      ASSERT_TRUE(found.ok()) << question << found.status().to_string();
      EXPECT_EQ(to_text(*found), to_text(*expected)) << question;
    }
  }

  void expect_sound() {
    const Result<VerifyReport> report = engine_->verify();
    ASSERT_TRUE(report.ok());
    EXPECT_EQ(report->faults, std::vector<std::string>());
  }

  const TemporaryDirectory directory_;
  const std::string path_ = directory_.path("store");
  Random random_{run_seed()};
  StoreSettings settings_;
  std::vector<std::string> kept_;  // names that the store keeps
  std::vector<NaiveEvent> all_;    // that are in the store
  std::unique_ptr<Engine> engine_;
};

// Runs that were made before a property was kept are merged with others.
TEST_F(KeptProperties, AddedToAStoreThatExists) {
  ASSERT_TRUE(open({}).ok());
  for (int i = 0; i < 3; ++i) {
    ingest(100);
    ASSERT_TRUE(engine_->checkpoint().ok());
  }
  ASSERT_TRUE(open({"session"}).ok());
  expect_answers();
  for (int i = 0; i < 3; ++i) {
    ingest(100);
    expect_answers();
    ASSERT_TRUE(engine_->checkpoint().ok());
  }
  ASSERT_TRUE(open({"session", "page"}).ok());
  EXPECT_EQ(engine_->settings().kept_properties, (std::vector<std::string>{"session", "page"}));
  for (int i = 0; i < 4; ++i) {
    ingest(100);
    ASSERT_TRUE(engine_->checkpoint().ok());
    expect_answers();
  }
  expect_sound();
  ASSERT_TRUE(open({}).ok());
  EXPECT_EQ(engine_->settings().kept_properties, (std::vector<std::string>{"session", "page"}));
  expect_answers();
  expect_sound();
  ASSERT_TRUE(open({}, /*read_only=*/true).ok());
  expect_answers();
}

TEST_F(KeptProperties, DurableBatchesHaveThem) {
  ASSERT_TRUE(open({}).ok());
  ASSERT_TRUE(engine_->checkpoint().ok());
  ingest(60, {.ack = Ack::kDurable});  // without them
  ASSERT_TRUE(open({"session"}).ok());
  ingest(60, {.ack = Ack::kDurable});
  expect_answers();
  ASSERT_TRUE(open({}).ok());  // nobody names it, and it is kept all the same
  EXPECT_EQ(engine_->settings().kept_properties, std::vector<std::string>{"session"});
  expect_answers();
  ingest(60, {.ack = Ack::kDurable});
  ASSERT_TRUE(open({"page"}).ok());  // the last record has one property, the store has two
  ingest(60, {.ack = Ack::kDurable});
  expect_answers();
  ASSERT_TRUE(open({}).ok());
  expect_answers();
  ASSERT_TRUE(engine_->checkpoint().ok());
  expect_sound();
}

// No file has a text that only events of forgotten users had.
TEST_F(KeptProperties, AreForgottenWithTheUser) {
  ASSERT_TRUE(open({"session"}).ok());
  ASSERT_TRUE(engine_->checkpoint().ok());
  const auto secret_of = [&](const std::string& user, const std::string& session) {
    const std::vector<NaiveEvent> events = {{.user = user,
                                             .event = "view",
                                             .time = kFirstDayUs,
                                             .value = {},
                                             .properties = {{"session", session}}}};
    const EventColumns columns(events, settings_);
    ASSERT_TRUE(engine_->ingest(columns.batch(), {.ack = Ack::kDurable}).ok());
  };
  const std::string kept = "Kq7ZxP0vWn3LrTy9";
  const std::string stored = "hB5eJd2GmUa8Xs6C";
  const std::string in_journal = "fN1oViY4tQkRwEz-";
  const std::string late = "pD_cMlHg9bS3uAjO";
  secret_of("bob", stored);
  secret_of("ann", kept);
  ASSERT_TRUE(engine_->checkpoint().ok());
  secret_of("bob", in_journal);
  for (const std::string& text : {kept, stored, in_journal}) {
    EXPECT_FALSE(files_with(text, path_).empty()) << text;
  }
  const std::vector<UserId> bob = {UserId("bob")};
  ASSERT_TRUE(engine_->forget(bob).ok());
  secret_of("bob", late);
  ASSERT_TRUE(engine_->compact().ok());
  EXPECT_FALSE(files_with(kept, path_).empty());
  for (const std::string& text : {stored, in_journal, late}) {
    EXPECT_TRUE(files_with(text, path_).empty()) << text;
  }
  expect_sound();
}

TEST_F(KeptProperties, NamesThatCannotBeAreRefused) {
  EXPECT_EQ(open({"channel"}).message(),
            "settings: kept property \"channel\" is a dimension (allowed: distinct names that are "
            "no dimensions)");
  EXPECT_EQ(open({""}).message(),
            "settings: kept property \"\" is empty (allowed: distinct names that are no "
            "dimensions)");
  std::vector<std::string> many;
  for (int i = 0; i < 65; ++i) many.push_back("p" + std::to_string(i));
  EXPECT_EQ(open(many).message(), "settings: 65 kept properties (allowed: up to 64)");
  ASSERT_TRUE(open({"session"}).ok());
  ASSERT_TRUE(engine_->checkpoint().ok());
  EXPECT_EQ(open({"page"}, /*read_only=*/true).message(),
            "settings: kept property \"page\": the store does not keep it, and was opened "
            "read-only (kept: session)");

  ASSERT_TRUE(open({}).ok());
  const std::vector<NaiveEvent> events = {{.user = "ann",
                                           .event = "view",
                                           .time = kFirstDayUs,
                                           .value = {},
                                           .properties = {{"sesion", "s1"}}}};
  const EventColumns columns(events, settings_);
  EXPECT_EQ(engine_->ingest(columns.batch()).status().message(),
            "batch: property \"sesion\" is not a dimension of the store (declared: channel; kept: "
            "session)");
}

TEST(KeptPropertiesOfNoHistory, AreRefused) {
  const std::shared_ptr<MemoryDisk> disk = make_memory_disk();
  EngineOptions options;
  options.settings = StoreSettings{};
  options.settings->history = false;
  ASSERT_TRUE(Engine::open(open_memory_store(disk), options).ok());
  options.keep = {"session"};
  const Status status = Engine::open(open_memory_store(disk), options).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(),
            "settings: kept properties session: the store keeps no history (allowed: dimensions; "
            "or a new store with history)");
  EXPECT_TRUE(status.hint().names(Option::kKeptProperties));
}

// Every event has a session and a page of its own, far more than there are values of a dimension.
TEST(KeptPropertiesOfManyValues, StayWithinTheMemory) {
  constexpr std::size_t kRows = 16'384, kBatches = 20;
  constexpr std::size_t kMemoryBytes = std::size_t{64} << 20;
  EngineOptions options;
  options.settings = StoreSettings{};
  options.settings->user_kind = UserKind::kInteger;
  options.settings->partition_count = 16;
  options.settings->kept_properties = {"session", "page"};
  options.memory_bytes_max = kMemoryBytes;
  auto opened = Engine::open(open_memory_store(make_memory_disk()), options);
  ASSERT_TRUE(opened.ok());
  Engine& engine = **opened;
  const std::vector<std::string_view> events = {"view"};
  for (std::size_t batch_number = 0; batch_number < kBatches; ++batch_number) {
    std::vector<std::string> sessions, pages;
    std::vector<std::uint64_t> users;
    std::vector<TimeUs> times;
    std::vector<std::uint32_t> codes;
    for (std::size_t i = 0; i < kRows; ++i) {
      const std::size_t number = batch_number * kRows + i;
      sessions.push_back("session-" + std::to_string(number));
      pages.push_back("https://shop.example/products/of/some/length?number=" +
                      std::to_string(number));
      users.push_back(number % 5'000);
      times.push_back(kFirstDayUs + static_cast<TimeUs>(number) * kSecondUs);
      codes.push_back(static_cast<std::uint32_t>(i));
    }
    const std::vector<std::string_view> session_texts(sessions.begin(), sessions.end());
    const std::vector<std::string_view> page_texts(pages.begin(), pages.end());
    const std::vector<PropertyColumn> properties = {{"session", {session_texts, codes}},
                                                    {"page", {page_texts, codes}}};
    const Result<IngestOutcome> outcome = engine.ingest({.user_integers = users,
                                                         .user_strings = {},
                                                         .event = {events, {}},
                                                         .time = times,
                                                         .value = {},
                                                         .properties = properties,
                                                         .known_until = {}});
    ASSERT_TRUE(outcome.ok()) << outcome.status().to_string();
    EXPECT_LE(engine.info().resident_bytes, kMemoryBytes);
  }
  ASSERT_TRUE(engine.checkpoint().ok());
  const auto one = engine.query(
      R"({"kind": "segment", "segment": {"did": {"where": {"session": "session-123456"}}},
          "members": {}})");
  ASSERT_TRUE(one.ok()) << one.status().to_string();
  EXPECT_EQ(to_text(*one), "as_of 2026-01-04T19:01:19Z\nuser\n3456\n");
  const auto pages = engine.query(
      R"({"kind": "segment", "segment": {"did": {"where": {"page": {"contains": "number=99"}}}}})");
  ASSERT_TRUE(pages.ok());
  // Events 99, 990 to 999, 9900 to 9999, and 99000 to 99999 are of users 99, 990 to 999, 4900 to
  // 4999, and 4000 to 4999.
  EXPECT_EQ(std::get<std::int64_t>(pages->rows[0][0]), 1'011);
  // There are too many values to rank them all, but few that have these digits.
  const auto all = engine.query(R"({"kind": "active", "breakdown": "session"})");
  EXPECT_EQ(all.status().code(), StatusCode::kResourceExhausted);
  const auto few = engine.query(
      R"({"kind": "active", "event": {"where": {"session": {"contains": "-12345"}}},
          "breakdown": "session", "breakdown_limit": 3})");
  ASSERT_TRUE(few.ok()) << few.status().to_string();
  EXPECT_EQ(std::get<std::string>(few->rows[0][0]), "session-12345");
  EXPECT_EQ(std::get<std::string>(few->rows.back()[0]), "$other");
  const auto report = engine.verify();
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->faults, std::vector<std::string>());
}

}  // namespace
}  // namespace rollcall::testing
