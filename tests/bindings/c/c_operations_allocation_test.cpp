// Memory runs out at every allocation of a call about campaigns, alerts and reports, in turn: once,
// and for good. The call says so by its code, and nothing is thrown through it.
#include <gtest/gtest.h>

#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "tests/bindings/c/c_session.h"
#include "tests/support/failing_memory.h"

namespace rollcall::testing {
namespace {

constexpr std::string_view kCampaign =
    R"j({"name": "back", "audience": "did(login)", "classes": [{"name": "buyers", "segment":)j"
    R"j( "did(buy)"}], "holdout": "0.5", "returned": "buy", "at": "2026-01-03"})j";
constexpr std::string_view kAlert =
    R"({"query": {"kind": "active"}, "column": "users", "condition": {"below": 3},)"
    R"( "severity": "high", "notify": [{"webhook": {"url": "https://example.org/hook"}},)"
    R"( {"command": ["/bin/true"]}]})";

class COperationsAllocation : public ::testing::Test {
 protected:
  using Made = std::function<std::int32_t(char** out, rollcall_error** error)>;

  // Makes a new store, with the users of three days. Only alerts need one in a directory.
  void reopen() {
    is_new_store_ = true;
    engine_.reset();
    directory_.reset();
    if (is_in_memory_) {
      engine_ = open_in_memory();
    } else {
      directory_ = std::make_unique<TemporaryDirectory>();
      EXPECT_TRUE(open(directory_->path(),
                       R"({"threads_max": 1, "settings": {"partition_count": 1}})", engine_)
                      .ok());
    }
    EXPECT_TRUE(ingest(engine_.get(), three_days()).ok());
  }

  // These return whether it was done.
  bool drop_campaign() {
    const auto code = rollcall_drop_campaign(engine_.get(), "back", 4, nullptr);
    return code == ROLLCALL_OK || code == ROLLCALL_NOT_FOUND;
  }
  bool create_campaign() {
    return drop_campaign() &&
           rollcall_create_campaigns(engine_.get(), kCampaign.data(), kCampaign.size(), 0, nullptr,
                                     0, nullptr, nullptr, nullptr) == ROLLCALL_OK;
  }
  bool create_alert() {
    return rollcall_create_alert(engine_.get(), "few", 3, kAlert.data(), kAlert.size(), 1, nullptr,
                                 0, nullptr) == ROLLCALL_OK;
  }
  bool check_alerts() {
    char* text = nullptr;
    const auto code =
        rollcall_check_alerts(engine_.get(), nullptr, 0, nullptr, 0, &text, nullptr, nullptr);
    rollcall_free(text);
    return code == ROLLCALL_OK;
  }
  bool drop_alert() {
    return rollcall_drop_alert(engine_.get(), "few", 3, nullptr) != ROLLCALL_IO_ERROR;
  }
  // Does it once for each store, as checkpoints take long.
  bool create_and_check() {
    return !std::exchange(is_new_store_, false) || (create_alert() && check_alerts());
  }

  // Makes a call again and again, each time with one allocation more before the one that fails,
  // until none does; before each, `prepare` is done. A store that has failed for good, as it does
  // where a commit may be there or not, is made anew, and so is one whose log has become long.
  // Where calls take thousands of allocations, every `step`-th of them fails.
  void sweep(const char* name, const std::function<bool()>& prepare, const Made& made,
             long step = 1, long calls_per_store = 200) {
    for (const bool is_for_good : {false, true}) {
      int failures = 0;
      bool is_new = false;
      long calls = 0;
      reopen();
      for (long allowed = 0;; allowed += step) {
        SCOPED_TRACE(std::string(name) + ": allocation " + std::to_string(allowed) + " fails");
        if (++calls % calls_per_store == 0) reopen();
        if (!prepare()) {
          reopen();
          ASSERT_TRUE(prepare());
        }
        rollcall_error* error = nullptr;
        char* out = nullptr;
        for_good = is_for_good;
        until_failure = allowed;
        counting = true;
        const std::int32_t code = made(&out, &error);
        counting = false;
        for_good = false;
        const bool was_hit = until_failure.load() < 0;
        ASSERT_EQ(error == nullptr, code == ROLLCALL_OK);
        if (code != ROLLCALL_OK) {
          ++failures;
          EXPECT_EQ(out, nullptr);
          EXPECT_NE(std::string_view(rollcall_error_text(error, nullptr)), "");
        }
        rollcall_error_free(error);
        rollcall_free(out);
        if (!was_hit && code != ROLLCALL_OK && !is_new) {
          reopen();  // it had failed for good
          is_new = true;
          allowed -= step;
          continue;
        }
        is_new = false;
        if (!was_hit) {
          EXPECT_EQ(code, ROLLCALL_OK);
          break;
        }
      }
      EXPECT_GT(failures, 0) << name;
      std::cout << name << (is_for_good ? " for good: " : " once: ") << failures
                << " calls failed\n";
    }
  }

  static std::int32_t arrive(void*, const char*, std::size_t, const char*, std::size_t) {
    return 0;
  }

  bool is_in_memory_ = true;
  bool is_new_store_ = true;
  std::unique_ptr<TemporaryDirectory> directory_;
  EngineHandle engine_;
};

TEST_F(COperationsAllocation, Campaigns) {
  const auto drop = [&] { return drop_campaign(); };
  const auto keep = [&] { return create_campaign(); };
  sweep(
      "create_campaigns", drop,
      [&](char** out, rollcall_error** error) {
        return rollcall_create_campaigns(engine_.get(), kCampaign.data(), kCampaign.size(), 0,
                                         nullptr, 0, out, nullptr, error);
      },
      7);
  sweep("campaigns", keep, [&](char** out, rollcall_error** error) {
    return rollcall_campaigns(engine_.get(), out, nullptr, error);
  });
  sweep("run_campaigns", keep, [&](char** out, rollcall_error** error) {
    return rollcall_run_campaigns(engine_.get(), "back", 4, nullptr, 0, out, nullptr, error);
  });
  sweep("campaign_question", keep, [&](char** out, rollcall_error** error) {
    return rollcall_campaign_question(engine_.get(), "back", 4, nullptr, 0, out, nullptr, error);
  });
  sweep("campaign_question of users", keep, [&](char** out, rollcall_error** error) {
    constexpr std::string_view kUsers = R"({"arm": "contacted", "class": "other", "limit": 2})";
    return rollcall_campaign_question(engine_.get(), "back", 4, kUsers.data(), kUsers.size(), out,
                                      nullptr, error);
  });
  sweep("end_campaign", keep, [&](char**, rollcall_error** error) {
    return rollcall_end_campaign(engine_.get(), "back", 4, error);
  });
  sweep("drop_campaign", keep, [&](char**, rollcall_error** error) {
    return rollcall_drop_campaign(engine_.get(), "back", 4, error);
  });
}

TEST_F(COperationsAllocation, Alerts) {
  is_in_memory_ = false;
  const auto enabled = [&] {
    return create_and_check() && rollcall_enable_alert(engine_.get(), "few", 3, nullptr) == 0;
  };
  const auto checked = [&] { return create_and_check(); };
  sweep("check_alerts", enabled, [&](char** out, rollcall_error** error) {
    return rollcall_check_alerts(engine_.get(), R"(["few"])", 7, nullptr, 0, out, nullptr, error);
  });
  sweep("alerts", checked, [&](char** out, rollcall_error** error) {
    return rollcall_alerts(engine_.get(), out, nullptr, error);
  });
  sweep("alert", checked, [&](char** out, rollcall_error** error) {
    return rollcall_alert(engine_.get(), "few", 3, out, nullptr, error);
  });
  sweep("alert_breaker", checked, [&](char** out, rollcall_error** error) {
    return rollcall_alert_breaker(engine_.get(), "few", 3, out, nullptr, error);
  });
  sweep("test_alert", checked, [&](char** out, rollcall_error** error) {
    return rollcall_test_alert(engine_.get(), "few", 3, &arrive, nullptr, out, nullptr, error);
  });
  sweep(
      "create_alert", checked,
      [&](char**, rollcall_error** error) {
        return rollcall_create_alert(engine_.get(), "few", 3, kAlert.data(), kAlert.size(), 1,
                                     nullptr, 0, error);
      },
      23);
  sweep(
      "drop_alert", [&] { return create_alert(); },
      [&](char**, rollcall_error** error) {
        return rollcall_drop_alert(engine_.get(), "few", 3, error);
      },
      7, 20);
  // Threads of the library claim, send and note what waits.
  const auto waiting = [&] { return drop_alert() && create_alert() && check_alerts(); };
  sweep(
      "notify_alerts", waiting,
      [&](char** out, rollcall_error** error) {
        return rollcall_notify_alerts(engine_.get(), &arrive, nullptr, nullptr, out, nullptr,
                                      error);
      },
      23, 20);
  sweep("disable_alert", enabled, [&](char**, rollcall_error** error) {
    return rollcall_disable_alert(engine_.get(), "few", 3, error);
  });
  sweep("enable_alert", enabled, [&](char**, rollcall_error** error) {
    return rollcall_enable_alert(engine_.get(), "few", 3, error);
  });
}

TEST_F(COperationsAllocation, Reports) {
  is_in_memory_ = false;
  sweep(
      "report", [] { return true; },
      [&](char** out, rollcall_error** error) {
        return rollcall_report(engine_.get(), nullptr, 0, nullptr, 0, out, nullptr, error);
      },
      23);
}

TEST_F(COperationsAllocation, Files) {
  sweep(
      "ingest_files", [] { return true; },
      [&](char** out, rollcall_error** error) {
        constexpr std::string_view kPaths = R"(["/dev/null"])";
        return rollcall_ingest_files(engine_.get(), kPaths.data(), kPaths.size(), nullptr, 0,
                                     nullptr, out, nullptr, error);
      });
}

}  // namespace
}  // namespace rollcall::testing
