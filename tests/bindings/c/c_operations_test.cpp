// The calls of rollcall.h about campaigns, alerts and reports do what operations/ does.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/bindings/c/c_session.h"

namespace rollcall::testing {
namespace {

// Holds what the callback of a program was given.
struct Received {
  std::vector<std::pair<JsonValue, JsonValue>> sent;  // what it was about, and its body
  std::int32_t answer = 0;

  static std::int32_t send(void* context, const char* notification, std::size_t notification_size,
                           const char* body, std::size_t body_size) {
    auto& received = *static_cast<Received*>(context);
    received.sent.emplace_back(JsonValue::parse(std::string_view(notification, notification_size)),
                               JsonValue::parse(std::string_view(body, body_size)));
    return received.answer;
  }
};

// ann comes on three days, bob and cid on one each.
class COperations : public ::testing::Test {
 protected:
  COperations() {
    EXPECT_TRUE(open(directory_.path(), R"({"settings": {"partition_count": 1}})", engine_).ok());
    EXPECT_TRUE(ingest(engine_.get(), three_days()).ok());
  }

  Returned create(std::string_view definitions, bool standard = false,
                  const rollcall_stop* stop = nullptr) {
    return call_for_text([&](char** out, std::size_t* size, rollcall_error** error) {
      return rollcall_create_campaigns(engine_.get(), definitions.data(), definitions.size(),
                                       standard, stop, 0, out, size, error);
    });
  }
  JsonValue campaigns() {
    return json_of(call_for_text([&](char** out, std::size_t* size, rollcall_error** error) {
      return rollcall_campaigns(engine_.get(), out, size, error);
    }));
  }
  Returned run(std::string_view name) {
    return call_for_text([&](char** out, std::size_t* size, rollcall_error** error) {
      return rollcall_run_campaigns(engine_.get(), name.data(), name.size(), nullptr, 0, out, size,
                                    error);
    });
  }
  Returned question(std::string_view name, std::string_view users = {}) {
    return call_for_text([&](char** out, std::size_t* size, rollcall_error** error) {
      return rollcall_campaign_question(engine_.get(), name.data(), name.size(), users.data(),
                                        users.size(), out, size, error);
    });
  }
  Returned create_alert(std::string_view name, std::string_view definition, int replace = 0) {
    return call([&](rollcall_error** error) {
      return rollcall_create_alert(engine_.get(), name.data(), name.size(), definition.data(),
                                   definition.size(), replace, nullptr, 0, error);
    });
  }
  Returned check(std::string_view names = {}, const rollcall_stop* stop = nullptr) {
    return call_for_text([&](char** out, std::size_t* size, rollcall_error** error) {
      return rollcall_check_alerts(engine_.get(), names.data(), names.size(), stop, 0, out, size,
                                   error);
    });
  }
  Returned alert(std::string_view name) {
    return call_for_text([&](char** out, std::size_t* size, rollcall_error** error) {
      return rollcall_alert(engine_.get(), name.data(), name.size(), out, size, error);
    });
  }
  JsonValue alerts() {
    return json_of(call_for_text([&](char** out, std::size_t* size, rollcall_error** error) {
      return rollcall_alerts(engine_.get(), out, size, error);
    }));
  }
  Returned breaker(std::string_view name) {
    return call_for_text([&](char** out, std::size_t* size, rollcall_error** error) {
      return rollcall_alert_breaker(engine_.get(), name.data(), name.size(), out, size, error);
    });
  }
  Returned notify(Received& received, const rollcall_stop* stop = nullptr) {
    return call_for_text([&](char** out, std::size_t* size, rollcall_error** error) {
      return rollcall_notify_alerts(engine_.get(), &Received::send, &received, stop, out, size,
                                    error);
    });
  }
  Returned test(std::string_view name, Received& received) {
    return call_for_text([&](char** out, std::size_t* size, rollcall_error** error) {
      return rollcall_test_alert(engine_.get(), name.data(), name.size(), &Received::send,
                                 &received, out, size, error);
    });
  }
  Returned report(std::string_view options) {
    return call_for_text([&](char** out, std::size_t* size, rollcall_error** error) {
      return rollcall_report(engine_.get(), options.data(), options.size(), nullptr, 0, out, size,
                             error);
    });
  }
  StopHandle stopped() {
    rollcall_stop* stop = nullptr;
    EXPECT_EQ(rollcall_stop_new(&stop, nullptr), ROLLCALL_OK);
    EXPECT_EQ(rollcall_stop_request(stop, nullptr), ROLLCALL_OK);
    return StopHandle(stop);
  }

  const TemporaryDirectory directory_;
  EngineHandle engine_;
};

constexpr std::string_view kBack =
    R"j({"name": "back", "audience": "did(login)", "holdout": "0", "returned": "buy"})j";
constexpr std::string_view kFew =
    R"({"query": {"kind": "active"}, "column": "users", "condition": {"below": 3},)"
    R"( "severity": "high", "notify": [{"webhook": {"url": "https://example.org/hook"}},)"
    R"( {"command": ["/bin/true"]}]})";

TEST_F(COperations, ACampaignIsCreatedListedAndEnded) {
  const JsonValue runs = json_of(create(kBack));
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0]["campaign"], "back");
  EXPECT_EQ(runs[0]["classes"][0]["contacted"], 3);
  EXPECT_EQ(create(kBack).code, ROLLCALL_ALREADY_EXISTS);
  const JsonValue listed = campaigns();
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0]["campaign"]["name"], "back");
  EXPECT_EQ(listed[0]["runs"], runs);
  EXPECT_EQ(json_of(run("back")), JsonValue::array());
  EXPECT_EQ(run("none").code, ROLLCALL_NOT_FOUND);
  EXPECT_EQ(rollcall_end_campaign(engine_.get(), "back", 4, nullptr), ROLLCALL_OK);
  EXPECT_EQ(campaigns()[0]["campaign"]["ended"], true);
  EXPECT_EQ(rollcall_drop_campaign(engine_.get(), "back", 4, nullptr), ROLLCALL_OK);
  EXPECT_EQ(campaigns(), JsonValue::array());
  EXPECT_EQ(rollcall_drop_campaign(engine_.get(), "back", 4, nullptr), ROLLCALL_NOT_FOUND);
  EXPECT_EQ(rollcall_end_campaign(engine_.get(), "back", 4, nullptr), ROLLCALL_NOT_FOUND);
}

TEST_F(COperations, SeveralCampaignsAreCreatedOrNone) {
  const std::string two = fmt::format("[{}, {}]", kBack, R"({"name": "x", "audience": "((("})");
  EXPECT_EQ(create(two).code, ROLLCALL_INVALID_ARGUMENT);
  EXPECT_EQ(campaigns(), JsonValue::array());
  EXPECT_EQ(create("[1]").code, ROLLCALL_INVALID_ARGUMENT);
  EXPECT_EQ(create("").code, ROLLCALL_INVALID_ARGUMENT);
  EXPECT_EQ(json_of(create("", /*standard=*/true)).size(), 5u);
  EXPECT_EQ(campaigns().size(), 5u);
  EXPECT_EQ(campaigns()[0]["campaign"]["holdout_group"],
            campaigns()[4]["campaign"]["holdout_group"]);
}

TEST_F(COperations, AStopEndsTheMakingOfACampaign) {
  EXPECT_EQ(create(kBack, false, stopped().get()).code, ROLLCALL_CANCELLED);
  EXPECT_EQ(campaigns(), JsonValue::array());
}

TEST_F(COperations, TheUsersOfACampaignComeAsArrow) {
  ASSERT_TRUE(create(kBack).ok());
  const Returned asked = question("back", R"({"arm": "contacted", "class": "other", "limit": 2})");
  ASSERT_TRUE(asked.ok()) << asked.error;
  ArrowArrayStream stream;
  ASSERT_EQ(rollcall_query_arrow(engine_.get(), asked.text.data(), asked.text.size(), nullptr, 0,
                                 &stream, nullptr),
            ROLLCALL_OK);
  ArrowArray batch;
  ASSERT_EQ(stream.get_next(&stream, &batch), 0);
  ASSERT_EQ(batch.length, 2);
  const auto* const ends = static_cast<const std::int32_t*>(batch.children[0]->buffers[1]);
  const auto* const bytes = static_cast<const char*>(batch.children[0]->buffers[2]);
  EXPECT_EQ(std::string(bytes, static_cast<std::size_t>(ends[2])), "annbob");
  batch.release(&batch);
  stream.release(&stream);
  const JsonValue rest =
      json_of(ask(engine_.get(), question("back", R"({"arm": "contacted", "after": "bob"})").text));
  EXPECT_EQ(rest["rows"], JsonValue::parse(R"([["cid"]])"));
  EXPECT_EQ(question("none", R"({"arm": "contacted"})").code, ROLLCALL_NOT_FOUND);
  EXPECT_EQ(question("back", R"({"arm": "both"})").code, ROLLCALL_INVALID_ARGUMENT);
}

TEST_F(COperations, TheReportOfACampaignIsAQuestion) {
  EXPECT_EQ(question("back").code, ROLLCALL_NOT_FOUND);
  ASSERT_TRUE(create(kBack).ok());
  const JsonValue answer = json_of(ask(engine_.get(), question("back").text));
  EXPECT_EQ(answer["kind"], "response");
  EXPECT_FALSE(answer["rows"].empty());
}

TEST_F(COperations, AnAlertFiresAndIsNotified) {
  ASSERT_TRUE(create_alert("few", kFew).ok());
  EXPECT_EQ(alerts()[0]["state"], "unknown");
  EXPECT_EQ(breaker("few").code, ROLLCALL_FAILED_PRECONDITION);
  const JsonValue checked = json_of(check(R"(["few"])"));
  ASSERT_EQ(checked.size(), 1u);
  EXPECT_EQ(checked[0]["severity"], "high");
  EXPECT_EQ(checked[0]["states"][0]["state"], "firing");
  EXPECT_EQ(json_of(breaker("few"))["is_open"], true);
  const JsonValue shown = json_of(alert("few"));
  ASSERT_EQ(shown["changes"].size(), 1u);
  EXPECT_EQ(shown["state"], "firing");
  EXPECT_EQ(shown["definition"]["severity"], "high");
  EXPECT_EQ(shown["changes"][0]["to"], "firing");
  EXPECT_EQ(shown["states"], checked[0]["states"]);
  EXPECT_EQ(shown["failure"], nullptr);

  Received received;
  EXPECT_EQ(json_of(notify(received)), JsonValue::parse(R"({"arrived": 2, "failed": 0})"));
  ASSERT_EQ(received.sent.size(), 2u);
  std::vector<std::string> targets;
  for (const auto& [notification, body] : received.sent) {
    EXPECT_EQ(notification["alert"], "few");
    EXPECT_EQ(body["to"], "firing");
    targets.push_back(notification["target"].dump());
  }
  std::sort(targets.begin(), targets.end());
  EXPECT_EQ(targets,
            (std::vector<std::string>{R"({"command":["/bin/true"]})",
                                      R"({"webhook":{"url":"https://example.org/hook"}})"}));
  EXPECT_EQ(json_of(notify(received)), JsonValue::parse(R"({"arrived": 0, "failed": 0})"));
}

TEST_F(COperations, WhatDoesNotArriveKeepsWaiting) {
  ASSERT_TRUE(create_alert("few", kFew).ok());
  ASSERT_TRUE(check().ok());
  Received received;
  EXPECT_EQ(notify(received, stopped().get()).code, ROLLCALL_CANCELLED);
  received.sent.clear();
  received.answer = 1;
  EXPECT_EQ(json_of(notify(received))["failed"], 2);
  EXPECT_EQ(received.sent.size(), 2u);
}

TEST_F(COperations, AnAlertIsTriedOut) {
  ASSERT_TRUE(create_alert("few", kFew).ok());
  Received received;
  const JsonValue tried = json_of(test("few", received));
  ASSERT_EQ(tried.size(), 2u);
  EXPECT_EQ(tried[0]["arrived"], true);
  EXPECT_EQ(tried[1]["target"], JsonValue::parse(R"({"command": ["/bin/true"]})"));
  ASSERT_EQ(received.sent.size(), 2u);
  EXPECT_EQ(received.sent[0].second["event"], "test");
  received.answer = 7;
  EXPECT_EQ(json_of(test("few", received))[0]["arrived"], false);
  EXPECT_EQ(test("none", received).code, ROLLCALL_NOT_FOUND);
}

TEST_F(COperations, AnAlertIsSwitchedOffReplacedAndDropped) {
  rollcall_engine* const engine = engine_.get();
  ASSERT_TRUE(create_alert("few", kFew).ok());
  EXPECT_EQ(create_alert("few", kFew).code, ROLLCALL_ALREADY_EXISTS);
  EXPECT_TRUE(create_alert("few", kFew, /*replace=*/1).ok());
  EXPECT_EQ(rollcall_disable_alert(engine, "few", 3, nullptr), ROLLCALL_OK);
  EXPECT_EQ(alerts()[0]["state"], "off");
  EXPECT_EQ(check(R"(["few"])").code, ROLLCALL_FAILED_PRECONDITION);
  EXPECT_EQ(json_of(check()), JsonValue::array());
  EXPECT_EQ(rollcall_enable_alert(engine, "few", 3, nullptr), ROLLCALL_OK);
  EXPECT_EQ(alerts()[0]["state"], "unknown");
  EXPECT_EQ(check(R"(["few"])", stopped().get()).code, ROLLCALL_CANCELLED);
  EXPECT_EQ(rollcall_drop_alert(engine, "few", 3, nullptr), ROLLCALL_OK);
  EXPECT_EQ(rollcall_drop_alert(engine, "few", 3, nullptr), ROLLCALL_NOT_FOUND);
  EXPECT_EQ(rollcall_enable_alert(engine, "few", 3, nullptr), ROLLCALL_NOT_FOUND);
  EXPECT_EQ(alerts(), JsonValue::array());
  EXPECT_EQ(create_alert("few", "{}").code, ROLLCALL_INVALID_ARGUMENT);
  EXPECT_EQ(alert("few").code, ROLLCALL_NOT_FOUND);
}

TEST_F(COperations, AReportIsAPage) {
  const Returned english = report(R"({"title": "Our <shop>"})");
  ASSERT_TRUE(english.ok()) << english.error;
  EXPECT_EQ(english.text.rfind("<!doctype html>", 0), 0u);
  EXPECT_NE(english.text.find("Our &lt;shop&gt;"), std::string::npos);
  EXPECT_NE(english.text, report(R"({"title": "Our <shop>", "language": "zh"})").text);
  EXPECT_EQ(report(R"({"language": "fr"})").code, ROLLCALL_INVALID_ARGUMENT);
}

TEST_F(COperations, ObjectsAreCheckedCarriedAndListedByKindOrAll) {
  const auto save = [&](std::string_view objects) {
    return call([&](rollcall_error** error) {
      return rollcall_save_objects(engine_.get(), objects.data(), objects.size(), 0, error);
    });
  };
  EXPECT_EQ(
      save(R"j({"objects": [{"kind": "campaign", "name": "c", "definition": {"a": 1}}]})j").code,
      ROLLCALL_INVALID_ARGUMENT);
  ASSERT_TRUE(create(kBack).ok());
  ASSERT_TRUE(create_alert("few", kFew).ok());
  const Returned all = call_for_text([&](char** out, std::size_t* size, rollcall_error** error) {
    return rollcall_objects(engine_.get(), nullptr, 0, out, size, error);
  });
  EXPECT_EQ(json_of(all)["objects"].size(), 2u);
  const EngineHandle other = open_in_memory();
  EXPECT_EQ(rollcall_save_objects(other.get(), all.text.data(), all.text.size(), 0, nullptr),
            ROLLCALL_OK);
}

}  // namespace
}  // namespace rollcall::testing
