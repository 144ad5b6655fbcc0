// Memory runs out at every single allocation of a public call, in turn: the call fails with
// std::bad_alloc or an error, or does what it was asked; it never does half of it, and an engine
// that says it has to be opened again has lost nothing by then that a checkpoint had.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iostream>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/memory_store.h"
#include "tests/support/event_columns.h"
#include "tests/support/failing_memory.h"
#include "tests/support/result_text.h"
#include "tests/support/rich_questions.h"
#include "tests/support/random.h"
#include "tests/support/run_size.h"
#include "tests/support/times.h"

namespace rollcall::testing {
namespace {

// Returns what the questions say, or the first error that one gets.
Result<std::string> answer(const Engine& engine) {
  std::string text;
  for (const char* question :
       {R"({"kind": "active"})", R"({"kind": "counts"})", R"({"kind": "retention", "periods": 3})",
        R"({"kind": "lifecycle", "last": "1d"})",
        R"({"kind": "funnel", "steps": ["*", "*"], "period": "day"})",
        R"({"kind": "clock", "then": "*", "within": "2d"})", R"({"kind": "paths"})",
        R"({"kind": "at_risk", "period": "day"})", R"({"kind": "nps"})",
        R"({"kind": "rfm", "monetary": "mean"})", R"({"kind": "rfm_users", "limit": 2})",
        R"({"kind": "adoption", "features": ["*"], "period": "week"})",
        R"({"kind": "aha", "within": "1h", "from_day": 2, "to_day": 3})",
        R"({"kind": "ltv", "cost": {"per_user": "1"}})",
        R"q({"kind": "compare", "metric": {"value": "*", "within": "1d"}, "from": "2026-01-02",
             "variants": {"a": "did(*)", "b": "not did(*)"}})q",
        R"({"kind": "streaks"})", R"({"kind": "milestones", "at": [1, 2]})"}) {
    const Result<QueryResult> result = engine.query(question);
    // What reaches back before the history is refused.
    if (result.status().code() == StatusCode::kInvalidArgument) {
      text += "refused ";
      continue;
    }
    ROLLCALL_RETURN_IF_ERROR(result.status());
    for (const std::vector<Cell>& row : result->rows) {
      for (const Cell& cell : row) {
        const auto* const count = std::get_if<std::int64_t>(&cell);
        text += count == nullptr ? "-" : std::to_string(*count);
        text += ' ';
      }
    }
  }
  return text;
}

class AllocationTest : public ::testing::Test {
 protected:
  // Makes an engine with two batches, the second of which is not in a checkpoint.
  void open() {
    disk_ = make_memory_disk();
    reopen();
    ASSERT_TRUE(ingest(0, "visit").ok());
    ASSERT_TRUE(engine_->checkpoint().ok());
    ASSERT_TRUE(ingest(second_day_, "visit").ok());
  }
  void reopen() {
    engine_.reset();
    const Status status = try_open();
    ASSERT_TRUE(status.ok()) << status.to_string();
  }
  Status try_open() {
    EngineOptions options;
    options.threads_max = 1;
    options.settings = StoreSettings{};
    options.settings->partition_count = 2;
    options.memory_bytes_max = memory_bytes_max_;
    options.checkpoint_dirty_bytes_max = dirty_bytes_max_;
    options.history_days = history_days_;
    ROLLCALL_ASSIGN_OR_RETURN(engine_, Engine::open(open_memory_store(disk_), options));
    return {};
  }
  Status ingest(std::uint32_t day, std::string_view event) {
    ROLLCALL_ASSIGN_OR_RETURN(PreparedBatch batch, prepare(day, event));
    return engine_->ingest(std::move(batch)).status();
  }
  Result<PreparedBatch> prepare(std::uint32_t day, std::string_view event) {
    std::vector<std::string> names;
    for (std::uint32_t i = 0; i < 40; ++i) names.push_back("user " + std::to_string(i * (day + 1)));
    const std::vector<std::string_view> users(names.begin(), names.end());
    const std::vector<TimeUs> times(users.size(), kFirstDayUs + day * kDayUs);
    const std::vector<std::uint32_t> codes(users.size(), 0);
    const std::vector<Amount> values(users.size(), 3);
    const std::string_view events[] = {event};
    EventBatch batch;
    batch.user_strings = users;
    batch.event = {events, codes};
    batch.time = times;
    batch.value = values;
    return engine_->prepare(batch);
  }

  // Runs `call` again and again, on an engine just opened, each time with one allocation more
  // before the one that fails, until none does.
  void sweep(const char* name, const std::function<Status()>& call) {
    open();
    const std::string before = *answer(*engine_);
    ASSERT_TRUE(call().ok()) << name;
    const std::string after = *answer(*engine_);
    std::size_t failures = 0, stopped = 0;
    for (long allowed = 0;; ++allowed) {
      SCOPED_TRACE(std::string(name) + ": allocation " + std::to_string(allowed) + " fails");
      open();
      until_failure = allowed;
      counting = true;
      bool threw = false;
      Status status;
      try {
        status = call();
      } catch (const std::bad_alloc&) {
        threw = true;
      }
      counting = false;
      const bool was_hit = until_failure.load() < 0;
      const bool failed = threw || !status.ok();
      failures += failed;
      const Result<std::string> now = answer(*engine_);
      if (!now.ok()) {
        // This is about a batch that was applied in part. What a checkpoint had is there again.
        ++stopped;
        reopen();
        ASSERT_TRUE(answer(*engine_).ok());
      } else if (failed) {
        ASSERT_TRUE(*now == before || *now == after) << *now << "\nbefore: " << before;
      } else {
        ASSERT_EQ(*now, after);
      }
      if (!was_hit) break;
    }
    std::cout << name << ": " << failures << " calls failed, " << stopped
              << " of them stopped the engine\n";
    EXPECT_GT(failures, 0u);
  }

  std::size_t memory_bytes_max_ = EngineOptions{}.memory_bytes_max;
  std::size_t dirty_bytes_max_ = EngineOptions{}.checkpoint_dirty_bytes_max;
  std::optional<std::uint32_t> history_days_;
  std::uint32_t second_day_ = 1;
  std::shared_ptr<MemoryDisk> disk_;
  std::unique_ptr<Engine> engine_;
};

TEST_F(AllocationTest, Ingest) {
  sweep("ingest", [&] { return ingest(2, "purchase"); });
}

TEST_F(AllocationTest, IngestByPartition) {
  memory_bytes_max_ = 1;  // which nothing fits
  sweep("ingest by partition", [&] { return ingest(2, "purchase"); });
}

TEST_F(AllocationTest, IngestSeveral) {
  sweep("ingest of several", [&]() -> Status {
    std::vector<PreparedBatch> batches;
    for (int i = 0; i < 2; ++i) {
      ROLLCALL_ASSIGN_OR_RETURN(PreparedBatch prepared, prepare(2, "purchase"));
      batches.push_back(std::move(prepared));
    }
    return engine_->ingest(std::move(batches)).status();
  });
}

TEST_F(AllocationTest, Open) {
  sweep("open", [&] {
    const bool was_counting = counting.exchange(false);
    EXPECT_TRUE(engine_->checkpoint().ok());
    engine_.reset();
    counting = was_counting;
    Status status;
    try {
      status = try_open();
    } catch (const std::bad_alloc&) {
      status = Status::resource_exhausted("no memory");
    }
    counting = false;
    if (engine_ == nullptr) reopen();
    return status;
  });
}

// Failures in the other thread are tested as well.
TEST_F(AllocationTest, IngestThatStartsACheckpoint) {
  std::size_t failures_beside = 0;
  is_caller = true;
  sweep("ingest that starts a checkpoint", [&] {
    const bool was_counting = counting.exchange(false);
    EXPECT_TRUE(engine_->checkpoint().ok());
    dirty_bytes_max_ = 0;
    reopen();
    dirty_bytes_max_ = EngineOptions{}.checkpoint_dirty_bytes_max;
    counting = was_counting;
    Status status;
    try {
      status = ingest(2, "purchase");
    } catch (const std::bad_alloc&) {
      status = Status::resource_exhausted("no memory");
    }
    is_exempt = true;
    while (engine_->info().checkpointing) std::this_thread::yield();
    is_exempt = false;
    counting = false;
    // A buffer to sort with may be done without.
    if (failed_beside.exchange(false) && !engine_->checkpoint().ok()) ++failures_beside;
    return status;
  });
  EXPECT_GT(failures_beside, 0u);
  std::cout << failures_beside << " checkpoints failed beside\n";
}

TEST_F(AllocationTest, Verify) {
  sweep("verify", [&] { return engine_->verify().status(); });
}

TEST_F(AllocationTest, Explain) {
  const Query query = *parse_query(R"({"kind": "active", "window_days": 7, "last": "1d"})", "UTC");
  sweep("explain", [&] { return engine_->explain(query).status(); });
}

TEST_F(AllocationTest, Info) {
  sweep("info", [&] { return engine_->info().user_count > 0 ? Status() : Status::not_found(""); });
}

TEST_F(AllocationTest, Query) {
  const Query query = *parse_query(R"({"kind": "active", "window_days": 7, "last": "1d"})", "UTC");
  sweep("query", [&] { return engine_->query(query).status(); });
}

// The document is let go of while there is no memory at all.
TEST(AllocationOfJson, NoneIsNeededToLetADocumentGo) {
  const std::string json =
      R"({"kind": "active", "last": "1d", "where": {"a": {"in": ["x", "y"]}, "b": ["a long value"]},
          "among": {"all": [{"any": [{"did": {"event": "visit"}}, {"not": {"did": "visit"}}]},
                            {"did": ["visit"], "days": {"gte": 1}}]}})";
  for_good = true;
  int failures = 0;
  for (long allowed = 0;; ++allowed) {
    until_failure = allowed;
    counting = true;
    try {
      const Result<Query> query = parse_query(json, "UTC");
      counting = false;
      ASSERT_TRUE(query.ok()) << query.status().to_string();
      break;
    } catch (const std::bad_alloc&) {
      counting = false;
      ++failures;
    }
  }
  for_good = false;
  EXPECT_GT(failures, 50);
}

TEST_F(AllocationTest, QueryAsJson) {
  const std::string_view question =
      R"q({"kind": "active", "last": "1d", "among": {"all": [
          {"any": [{"did": {"event": "visit"}}, {"not": "did(visit, 1d)"}]},
          {"did": ["visit"], "days": {"gte": 1}}]}})q";
  sweep("query as JSON", [&] { return engine_->query(question).status(); });
}

// Rich questions of every kind are asked of an engine just opened, so that pages and blocks are
// read back, too. Every ROLLCALL_FAULT_STEP-th allocation fails, in turn, from a random one on. A
// question changes nothing, so that the engine may be asked again.
TEST(AllocationOfQuestions, OfEveryKind) {
  constexpr Day kLast{20'460};
  const std::uint64_t step = run_size("ROLLCALL_FAULT_STEP", 11);
  const std::shared_ptr<MemoryDisk> disk = make_memory_disk();
  const auto open = [&] {
    EngineOptions options;
    options.threads_max = 1;
    options.settings = rich_settings(UserKind::kString);
    return *Engine::open(open_memory_store(disk), options);
  };
  {
    const auto engine = open();
    const std::vector<NaiveEvent> events = rich_events(UserKind::kString, 40, 9, kLast);
    ASSERT_TRUE(engine->ingest(EventColumns(events, engine->settings()).batch()).ok());
    ASSERT_TRUE(freeze_rich_audiences(*engine).ok());
    ASSERT_TRUE(engine->checkpoint().ok());
  }
  std::size_t failures = 0;
  std::uint64_t first = Random(run_seed()).below(step);  // of the allocations to fail
  for (const auto& [kind, json] : rich_questions(UserKind::kString, kLast)) {
    const Query query = *parse_query(json, "UTC");
    const std::string right = text_or_error(open()->query(query));
    std::size_t of_question = 0;
    bool was_hit = true;
    for (std::uint64_t allowed = first++ % step; was_hit; allowed += step) {
      SCOPED_TRACE(json + ": allocation " + std::to_string(allowed) + " fails");
      const auto engine = open();
      std::string found = "no memory";
      until_failure = static_cast<long>(allowed);
      counting = true;
      try {
        const Result<QueryResult> result = engine->query(query);
        counting = false;
        found = text_or_error(result);
        of_question += !result.ok();
      } catch (const std::bad_alloc&) {
        counting = false;
        ++of_question;
      }
      was_hit = until_failure.load() < 0;
      if (!was_hit) {
        ASSERT_EQ(found, right);
      }
      ASSERT_EQ(text_or_error(engine->query(query)), right);
    }
    failures += of_question;
    EXPECT_GT(of_question, 0u) << json;
  }
  std::cout << failures << " calls failed\n";
}

TEST_F(AllocationTest, Checkpoint) {
  sweep("checkpoint", [&] { return engine_->checkpoint(); });
}

// All events of the first day leave the history.
TEST_F(AllocationTest, CheckpointThatLetsGoOfEvents) {
  history_days_ = 2;
  second_day_ = 9;
  sweep("a checkpoint that lets go of events", [&] { return engine_->checkpoint(); });
  EXPECT_EQ(engine_->info().history_events, 40u);
}

TEST_F(AllocationTest, SaveSegment) {
  sweep("save_segment",
        [&] { return engine_->save_segment("vips", std::vector<UserId>{UserId("user 1")}); });
}

TEST_F(AllocationTest, SaveObjects) {
  const std::vector<SavedObject> objects = {
      {ObjectKind::kSegment, "buyers", R"j({"segment": "did(buy)"})j"},
      {ObjectKind::kSegment, "vips", R"({"users": ["user 1"]})"},
      {ObjectKind::kAlert, "a", "{}"}};
  sweep("save_objects", [&] { return engine_->save_objects(objects, OnSameName::kReplace); });
}

TEST_F(AllocationTest, Forget) {
  sweep("forget", [&] { return engine_->forget(std::vector<UserId>{UserId("user 4")}).status(); });
}

}  // namespace
}  // namespace rollcall::testing
