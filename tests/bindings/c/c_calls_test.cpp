// What no call of C does with what it is given: crash on null, keep what it should release, or
// leave something where there was an error.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/bindings/c/c_session.h"

namespace rollcall::testing {
namespace {

using EngineCall = std::function<std::int32_t(rollcall_engine*, rollcall_error**)>;
using EngineTextCall =
    std::function<std::int32_t(rollcall_engine*, char**, std::size_t*, rollcall_error**)>;

constexpr std::string_view kMembers =
    R"j({"kind": "segment", "segment": "did(*)", "members": {}})j";

// Every call that takes an engine and returns no text.
const std::vector<EngineCall> kEngineCalls = {
    [](auto* engine, auto** error) { return rollcall_close(engine, error); },
    [](auto* engine, auto** error) { return rollcall_checkpoint(engine, error); },
    [](auto* engine, auto** error) { return rollcall_compact(engine, error); },
    [](auto* engine, auto** error) { return rollcall_forget(engine, "[]", 2, nullptr, error); },
    [](auto* engine, auto** error) {
      return rollcall_save_objects(engine, R"({"objects": []})", 15, 0, error);
    },
    [](auto* engine, auto** error) {
      return rollcall_drop_object(engine, "alert", 5, "a", 1, error);
    },
    [](auto* engine, auto** error) { return rollcall_drop_audience(engine, "a", 1, "", 0, error); },
    [](auto* engine, auto** error) {
      ArrowArrayStream out;
      return rollcall_query_arrow(engine, R"({"kind": "active"})", 18, nullptr, 0, &out, error);
    },
    [](auto* engine, auto** error) {
      return rollcall_write_roaring(engine, kMembers.data(), kMembers.size(), nullptr, 0,
                                    "/tmp/set", 8, error);
    },
    [](auto* engine, auto** error) { return rollcall_end_campaign(engine, "a", 1, error); },
    [](auto* engine, auto** error) { return rollcall_drop_campaign(engine, "a", 1, error); },
    [](auto* engine, auto** error) {
      return rollcall_create_alert(engine, "a", 1, "{}", 2, 0, nullptr, 0, error);
    },
    [](auto* engine, auto** error) { return rollcall_enable_alert(engine, "a", 1, error); },
    [](auto* engine, auto** error) { return rollcall_disable_alert(engine, "a", 1, error); },
    [](auto* engine, auto** error) { return rollcall_drop_alert(engine, "a", 1, error); },
};

// Every call that takes an engine and has to return a text.
const std::vector<EngineTextCall> kTextCalls = {
    [](auto* engine, char** out, std::size_t* size, auto** error) {
      return rollcall_verify(engine, out, size, error);
    },
    [](auto* engine, char** out, std::size_t* size, auto** error) {
      return rollcall_info(engine, out, size, error);
    },
    [](auto* engine, char** out, std::size_t* size, auto** error) {
      return rollcall_sources(engine, out, size, error);
    },
    [](auto* engine, char** out, std::size_t* size, auto** error) {
      return rollcall_query(engine, R"({"kind": "active"})", 18, nullptr, 0, out, size, error);
    },
    [](auto* engine, char** out, std::size_t* size, auto** error) {
      return rollcall_explain(engine, R"({"kind": "active"})", 18, nullptr, 0, out, size, error);
    },
    [](auto* engine, char** out, std::size_t* size, auto** error) {
      return rollcall_objects(engine, "alert", 5, out, size, error);
    },
    [](auto* engine, char** out, std::size_t* size, auto** error) {
      return rollcall_segments(engine, out, size, error);
    },
    [](auto* engine, char** out, std::size_t* size, auto** error) {
      return rollcall_audiences(engine, out, size, error);
    },
    [](auto* engine, char** out, std::size_t* size, auto** error) {
      return rollcall_campaigns(engine, out, size, error);
    },
    [](auto* engine, char** out, std::size_t* size, auto** error) {
      return rollcall_report(engine, nullptr, 0, nullptr, 0, out, size, error);
    },
};

// Every one that needs a store of integers.
const std::vector<EngineTextCall> kRoaringCalls = {
    [](auto* engine, char** out, std::size_t* size, auto** error) {
      return rollcall_query_roaring(engine, kMembers.data(), kMembers.size(), nullptr, 0, out, size,
                                    error);
    },
};

constexpr std::string_view kAlert =
    R"({"query": {"kind": "active"}, "column": "users", "condition": {"below": 2}})";

std::int32_t send_nothing(void*, const char*, std::size_t, const char*, std::size_t) { return 0; }

// Every one that needs a directory.
const std::vector<EngineTextCall> kAlertCalls = {
    [](auto* engine, char** out, std::size_t* size, auto** error) {
      return rollcall_alerts(engine, out, size, error);
    },
    [](auto* engine, char** out, std::size_t* size, auto** error) {
      return rollcall_check_alerts(engine, nullptr, 0, nullptr, 0, out, size, error);
    },
    [](auto* engine, char** out, std::size_t* size, auto** error) {
      return rollcall_notify_alerts(engine, send_nothing, nullptr, nullptr, out, size, error);
    },
    [](auto* engine, char** out, std::size_t* size, auto** error) {
      return rollcall_alert(engine, "few", 3, out, size, error);
    },
    [](auto* engine, char** out, std::size_t* size, auto** error) {
      return rollcall_alert_breaker(engine, "few", 3, out, size, error);
    },
};

// Every one that fails in the store of these tests, which is not where it is at.
const std::vector<EngineTextCall> kFailingCalls = {
    [](auto* engine, char** out, std::size_t* size, auto** error) {
      return rollcall_campaign_question(engine, "none", 4, nullptr, 0, out, size, error);
    },
    [](auto* engine, char** out, std::size_t* size, auto** error) {
      return rollcall_test_alert(engine, "none", 4, send_nothing, nullptr, out, size, error);
    },
};

// Every call whose text may be left out.
const std::vector<EngineTextCall> kOptionalTextCalls = {
    [](auto* engine, char** out, std::size_t* size, auto** error) {
      ArrowArrayStream stream = three_days();
      const auto code =
          rollcall_ingest_arrow(engine, &stream, nullptr, 0, nullptr, 0, out, size, error);
      EXPECT_EQ(stream.release, nullptr);
      return code;
    },
    [](auto* engine, char** out, std::size_t* size, auto** error) {
      constexpr std::string_view kPaths = "[\"" ROLLCALL_SOURCE_DIR "/examples/events.csv\"]";
      return rollcall_ingest_files(engine, kPaths.data(), kPaths.size(), nullptr, 0, nullptr, out,
                                   size, error);
    },
    [](auto* engine, char** out, std::size_t* size, auto** error) {
      constexpr std::string_view kRequest = R"j({"campaign": "c", "users": "did(*)"})j";
      return rollcall_freeze(engine, kRequest.data(), kRequest.size(), nullptr, 0, out, size,
                             error);
    },
    [](auto* engine, char** out, std::size_t* size, auto** error) {
      constexpr std::string_view kCampaign = R"j({"name": "back", "audience": "did(*)"})j";
      return rollcall_create_campaigns(engine, kCampaign.data(), kCampaign.size(), 0, nullptr, 0,
                                       out, size, error);
    },
    [](auto* engine, char** out, std::size_t* size, auto** error) {
      return rollcall_run_campaigns(engine, nullptr, 0, nullptr, 0, out, size, error);
    },
};

std::vector<EngineTextCall> all_text_calls() {
  std::vector<EngineTextCall> calls = kTextCalls;
  for (const auto* more : {&kOptionalTextCalls, &kAlertCalls, &kFailingCalls, &kRoaringCalls}) {
    calls.insert(calls.end(), more->begin(), more->end());
  }
  return calls;
}

TEST(CCalls, ANullEngineIsAnError) {
  for (const EngineCall& made : kEngineCalls) {
    const Returned returned = call([&](rollcall_error** error) { return made(nullptr, error); });
    EXPECT_EQ(returned.code, ROLLCALL_INVALID_ARGUMENT);
    EXPECT_EQ(returned.error, "engine: must not be null");
    EXPECT_EQ(made(nullptr, nullptr), ROLLCALL_INVALID_ARGUMENT);
  }
  for (const EngineTextCall& made : all_text_calls()) {
    char kept[] = "kept";
    char* out = kept;
    std::size_t size = 4;
    const Returned returned =
        call([&](rollcall_error** error) { return made(nullptr, &out, &size, error); });
    EXPECT_EQ(returned.code, ROLLCALL_INVALID_ARGUMENT);
    EXPECT_EQ(out, nullptr);
    EXPECT_EQ(size, 0u);
    EXPECT_EQ(made(nullptr, nullptr, nullptr, nullptr), ROLLCALL_INVALID_ARGUMENT);
  }
  EXPECT_EQ(live_arrow(), LiveArrow());
}

TEST(CCalls, AClosedEngineTakesNoCall) {
  const EngineHandle engine = open_in_memory();
  ASSERT_EQ(rollcall_close(engine.get(), nullptr), ROLLCALL_OK);
  for (const EngineCall& made : kEngineCalls) {
    EXPECT_EQ(made(engine.get(), nullptr), ROLLCALL_FAILED_PRECONDITION);
  }
  for (const EngineTextCall& made : all_text_calls()) {
    char* out = nullptr;
    EXPECT_EQ(made(engine.get(), &out, nullptr, nullptr), ROLLCALL_FAILED_PRECONDITION);
    EXPECT_EQ(out, nullptr);
  }
}

void expect_place_needed(rollcall_engine* engine, const std::vector<EngineTextCall>& calls) {
  for (const EngineTextCall& made : calls) {
    const Returned returned =
        call([&](rollcall_error** error) { return made(engine, nullptr, nullptr, error); });
    EXPECT_EQ(returned.error, "out: must not be null");
    char* out = nullptr;
    EXPECT_EQ(made(engine, &out, nullptr, nullptr), ROLLCALL_OK);
    EXPECT_NE(out, nullptr);
    rollcall_free(out);
  }
}

TEST(CCalls, ATextNeedsAPlace) {
  const EngineHandle engine = open_in_memory();
  expect_place_needed(engine.get(), kTextCalls);
  const EngineHandle of_integers = open_in_memory(R"({"user_kind": "integer"})");
  ASSERT_TRUE(
      ingest(of_integers.get(), stream_of({batch_of({numbers<std::uint64_t>("L", "user", {7}),
                                                     numbers<std::int64_t>("tsu:UTC", "time", {0}),
                                                     text("event", {"visit"})})}))
          .ok());
  expect_place_needed(of_integers.get(), kRoaringCalls);
  for (const EngineTextCall& made : kOptionalTextCalls) {
    const Returned returned =
        call([&](rollcall_error** error) { return made(engine.get(), nullptr, nullptr, error); });
    EXPECT_TRUE(returned.ok()) << returned.error;
  }
}

TEST(CCalls, AlertsNeedADirectory) {
  const EngineHandle in_memory = open_in_memory();
  for (const EngineTextCall& made : kAlertCalls) {
    char* out = nullptr;
    EXPECT_EQ(made(in_memory.get(), &out, nullptr, nullptr), ROLLCALL_UNSUPPORTED);
    EXPECT_EQ(out, nullptr);
  }
  const TemporaryDirectory directory;
  EngineHandle engine;
  ASSERT_TRUE(open(directory.path(), "", engine).ok());
  ASSERT_TRUE(ingest(engine.get(), three_days()).ok());
  ASSERT_EQ(rollcall_create_alert(engine.get(), "few", 3, kAlert.data(), kAlert.size(), 0, nullptr,
                                  0, nullptr),
            ROLLCALL_OK);
  expect_place_needed(engine.get(), kAlertCalls);
  for (const EngineTextCall& made : kFailingCalls) {
    char* out = nullptr;
    EXPECT_EQ(made(engine.get(), &out, nullptr, nullptr), ROLLCALL_NOT_FOUND);
    EXPECT_EQ(out, nullptr);
  }
}

TEST(CCalls, OtherPlacesThatAreNull) {
  const EngineHandle engine = open_in_memory();
  EXPECT_EQ(rollcall_open(nullptr, 0, nullptr, 0, nullptr, nullptr), ROLLCALL_INVALID_ARGUMENT);
  EXPECT_EQ(rollcall_copy("a", 1, "b", 1, nullptr, nullptr, nullptr), ROLLCALL_INVALID_ARGUMENT);
  EXPECT_EQ(rollcall_stop_new(nullptr, nullptr), ROLLCALL_INVALID_ARGUMENT);
  EXPECT_EQ(rollcall_stop_request(nullptr, nullptr), ROLLCALL_INVALID_ARGUMENT);
  EXPECT_EQ(
      rollcall_query_arrow(engine.get(), R"({"kind": "active"})", 18, nullptr, 0, nullptr, nullptr),
      ROLLCALL_INVALID_ARGUMENT);
  EXPECT_EQ(rollcall_ingest_arrow(engine.get(), nullptr, nullptr, 0, nullptr, 0, nullptr, nullptr,
                                  nullptr),
            ROLLCALL_INVALID_ARGUMENT);
  const TemporaryDirectory directory;
  EngineHandle on_disk;
  ASSERT_TRUE(open(directory.path(), "", on_disk).ok());
  char* out = nullptr;
  EXPECT_EQ(
      rollcall_notify_alerts(on_disk.get(), nullptr, nullptr, nullptr, &out, nullptr, nullptr),
      ROLLCALL_INVALID_ARGUMENT);
  EXPECT_EQ(rollcall_test_alert(on_disk.get(), "a", 1, nullptr, nullptr, &out, nullptr, nullptr),
            ROLLCALL_INVALID_ARGUMENT);
  const Returned sized = call([&](rollcall_error** error) {
    return rollcall_forget(engine.get(), nullptr, 3, nullptr, error);
  });
  EXPECT_EQ(sized.error, "users: is null, with a size of 3 (allowed: null with size 0)");
}

TEST(CCalls, FreeingNullDoesNothing) {
  rollcall_free(nullptr);
  rollcall_error_free(nullptr);
  rollcall_engine_free(nullptr);
  rollcall_stop_free(nullptr);
  EXPECT_EQ(rollcall_error_code(nullptr), ROLLCALL_OK);
  EXPECT_EQ(std::string_view(rollcall_error_text(nullptr, nullptr)), "");
  EXPECT_EQ(std::string_view(rollcall_error_hint(nullptr, nullptr)), "");
}

// A stream is released even where nothing of it is looked at.
TEST(CCalls, AStreamIsReleasedByWhateverFails) {
  const EngineHandle engine = open_in_memory();
  EXPECT_EQ(ingest(nullptr, three_days()).code, ROLLCALL_INVALID_ARGUMENT);
  EXPECT_EQ(ingest(engine.get(), three_days(), "[").code, ROLLCALL_INVALID_ARGUMENT);
  EXPECT_EQ(ingest(engine.get(), three_days(), "", R"({"ack": "never"})").code,
            ROLLCALL_INVALID_ARGUMENT);
  EXPECT_EQ(live_arrow(), LiveArrow());
}

}  // namespace
}  // namespace rollcall::testing
