// A clock that jumps, a day forward, a day back, or to before anything that is known happened: what
// alerts say, whether notifications arrive, and which runs of campaigns there are.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "rollcall/alert_check.h"
#include "rollcall/alert_states.h"
#include "rollcall/notifier.h"
#include "tests/operations/campaign_engine.h"
#include "tests/storage/temporary_directory.h"
#include "tests/support/times.h"

namespace rollcall::testing {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

// Is noon after the tenth day of the data.
constexpr TimeUs kNow = (kFirstDay.value + 10) * kDayUs + kDayUs / 2;
// Is before the data, and before the first change.
constexpr TimeUs kBeforeAll = kDayUs;
constexpr const char* kName = "few";

class ClockJump : public CampaignEngine {
 protected:
  // Keeps an alert that fires when fewer than two come, and is stale after so long a silence.
  void create(const std::string& max_age) {
    const std::string definition =
        R"({"query": {"kind": "active"}, "column": "users", "condition": {"below": 2}, )"
        R"("max_age": ")" +
        max_age + R"(", "notify": {"webhook": {"url": "https://a"}}})";
    const Status status =
        create_alert(*engine_, directory_.path(), kName, definition, OnSameName::kRefuse);
    ASSERT_TRUE(status.ok()) << status.to_string();
  }
  void add_days(std::int32_t first, std::int32_t last, int users) {
    for (std::int32_t day = first; day <= last; ++day) {
      for (int user = 0; user < users; ++user) add("user " + std::to_string(user), day, "login");
    }
    ingest();
  }
  // Checks when the clock says so, and returns the changes.
  Texts check(TimeUs now_us) {
    AlertCheckOptions options;
    options.clock = [=] { return now_us; };
    const auto checked = check_alerts(*engine_, directory_.path(), options);
    EXPECT_TRUE(checked.ok()) << checked.status().to_string();
    Texts changes;
    for (const AlertChange& change : checked->at(0).changes) {
      changes.push_back(std::string(to_string(change.from)) + ">" +
                        std::string(to_string(change.to)) + " " + change.date);
    }
    return changes;
  }
  AlertRecord record() const { return *kept_alert(*engine_, directory_.path(), kName)->record; }
  bool is_open(TimeUs now_us) const {
    return alert_breaker(*engine_, directory_.path(), kName, now_us)->is_open;
  }

  TemporaryDirectory directory_{directory_in_memory()};
};

TEST_F(ClockJump, AFiringAlertIsToldOnce) {
  add_days(0, 9, 1);
  create("1000w");
  ASSERT_EQ(check(kNow), Texts{"ok>firing 2026-01-01"});
  for (const TimeUs now : {kNow + kDayUs, kNow - kDayUs, kBeforeAll, kNow}) {
    EXPECT_EQ(check(now), Texts()) << now;
    EXPECT_TRUE(is_open(now));
  }
  EXPECT_EQ(record().deliveries.size(), 1u);
  EXPECT_EQ(record().changes.size(), 1u);
}

TEST_F(ClockJump, WhatIsNewIsJudgedOnceWhateverTheClockSays) {
  add_days(0, 9, 1);
  create("1000w");
  check(kNow);
  add_days(10, 10, 3);
  EXPECT_EQ(check(kBeforeAll), Texts{"firing>ok 2026-01-11"});
  EXPECT_FALSE(is_open(kBeforeAll));
  EXPECT_EQ(check(kNow), Texts());
  add_days(11, 11, 1);
  EXPECT_EQ(check(kNow - kDayUs), Texts{"ok>firing 2026-01-12"});
  // They stand in the order in which they came about, each after the one before.
  AlertState state = AlertState::kOk;
  for (const AlertChange& change : record().changes) {
    EXPECT_EQ(change.from, state);
    state = change.to;
  }
  EXPECT_EQ(record().changes.size(), 3u);
}

TEST_F(ClockJump, SilenceEndsWhenTheClockIsRightAgain) {
  add_days(0, 9, 3);
  create("1d");
  ASSERT_EQ(check(kNow), Texts());
  EXPECT_EQ(check(kNow + kDayUs), Texts{"ok>stale 2026-01-10"});
  EXPECT_EQ(check(kNow + kDayUs), Texts());
  EXPECT_EQ(check(kNow), Texts{"stale>ok 2026-01-10"});
  // Nothing is old by a clock that is behind.
  EXPECT_EQ(check(kNow - kDayUs), Texts());
  EXPECT_EQ(check(kBeforeAll), Texts());
  EXPECT_FALSE(is_open(kBeforeAll));
  EXPECT_TRUE(is_open(kNow + kDayUs));
}

// Sends by a clock that the test sets.
class DeliveryJump : public ClockJump {
 protected:
  void SetUp() override {
    options_of_queue_.webhook = [this](const WebhookTarget&, const Notification&,
                                       const std::stop_token&) {
      ++tries_;
      return arrives_ ? Status() : Status::io_error("no");
    };
    options_of_queue_.failed = [this](const std::string&, const Status& error) {
      if (error.code() == StatusCode::kDeadlineExceeded) ++given_up_;
    };
    options_of_queue_.clock = [this] { return now_us_.load(); };
    options_of_queue_.tries_max = 1;
    add_days(0, 9, 1);
    create("1000w");
    check(kNow);
  }
  // Lets a queue of its own try once, as one check does.
  void try_once() {
    NotifierQueue queue(directory_.path(), options_of_queue_);
    EXPECT_TRUE(queue.drain({}).ok());
  }
  std::size_t waiting() const { return record().deliveries.size(); }

  NotifierOptions options_of_queue_;
  std::atomic<TimeUs> now_us_ = kNow;
  std::atomic<bool> arrives_ = true;
  std::atomic<int> tries_ = 0;
  std::atomic<int> given_up_ = 0;
};

TEST_F(DeliveryJump, ADayForwardLosesNothing) {
  arrives_ = false;
  try_once();
  now_us_ += 2 * kDayUs;
  arrives_ = true;
  try_once();
  EXPECT_EQ(tries_, 2);
  EXPECT_EQ(waiting(), 0u);
  EXPECT_EQ(given_up_, 0);
}

TEST_F(DeliveryJump, ADayForwardEndsWhatDoesNotArrive) {
  arrives_ = false;
  try_once();
  now_us_ += 2 * kDayUs;
  try_once();
  EXPECT_EQ(tries_, 2);
  EXPECT_EQ(waiting(), 1u);
  now_us_ += 3'600'000'000;
  try_once();
  EXPECT_EQ(tries_, 2);
  EXPECT_EQ(waiting(), 0u);
  EXPECT_EQ(given_up_, 1);
}

TEST_F(DeliveryJump, ADayBackDelaysNothing) {
  arrives_ = false;
  try_once();
  now_us_ -= kDayUs;
  try_once();
  EXPECT_EQ(tries_, 2);
  now_us_ += 3'600'000'000;
  arrives_ = true;
  try_once();
  EXPECT_EQ(tries_, 3);
  EXPECT_EQ(waiting(), 0u);
}

TEST_F(DeliveryJump, BeforeEverythingItsAgeCountsAnew) {
  arrives_ = false;
  now_us_ = kBeforeAll;
  try_once();
  EXPECT_EQ(tries_, 1);
  now_us_ += kDayUs - 3'600'000'000;
  try_once();
  EXPECT_EQ(tries_, 2);
  EXPECT_EQ(given_up_, 0);
  now_us_ += kDayUs;
  try_once();
  EXPECT_EQ(tries_, 3);
  now_us_ += 3'600'000'000;
  try_once();
  EXPECT_EQ(tries_, 3);
  EXPECT_EQ(given_up_, 1);
  EXPECT_EQ(waiting(), 0u);
}

// Goes on as `alert check --watch` does: rounds of a check and a look into the log, with one queue
// for all of them, which waits by the clock that jumps.
class WatchJump : public DeliveryJump {
 protected:
  void SetUp() override {
    DeliveryJump::SetUp();
    options_of_queue_.tries_max = 0;
    // It is called when the try is in the log, by the clock of the try.
    options_of_queue_.failed = [this](const std::string&, const Status& error) {
      const std::lock_guard lock(mutex_);
      ++(error.code() == StatusCode::kDeadlineExceeded ? given_up_ : failures_);
      failed_.notify_all();
    };
  }
  Texts round(NotifierQueue& queue, TimeUs now_us) {
    now_us_ = now_us;
    Texts changes = check(now_us);
    queue.look();
    return changes;
  }
  // Waits until so many tries have failed, which those of a queue that is stuck never do.
  [[nodiscard]] bool have_failed(int tries) {
    std::unique_lock lock(mutex_);
    return failed_.wait_for(lock, 30s, [&] { return failures_ >= tries; });
  }

  std::mutex mutex_;
  std::condition_variable failed_;
  std::atomic<int> failures_ = 0;
};

TEST_F(WatchJump, ADayForwardAndBackKeepsNothingWaiting) {
  arrives_ = false;
  NotifierQueue queue(directory_.path(), options_of_queue_);
  EXPECT_EQ(round(queue, kNow), Texts());
  ASSERT_TRUE(have_failed(1));
  EXPECT_EQ(round(queue, kNow + kDayUs), Texts());
  ASSERT_TRUE(have_failed(2));
  EXPECT_EQ(round(queue, kNow), Texts());
  ASSERT_TRUE(have_failed(3));
  EXPECT_EQ(round(queue, kBeforeAll), Texts());
  ASSERT_TRUE(have_failed(4));
  // What changes while the clock is wrong is said, and arrives, once.
  arrives_ = true;
  add_days(10, 10, 3);
  EXPECT_EQ(round(queue, kNow), Texts{"firing>ok 2026-01-11"});
  EXPECT_TRUE(queue.drain({}).ok());
  EXPECT_EQ(tries_, 6);
  EXPECT_EQ(waiting(), 0u);
  EXPECT_EQ(round(queue, kNow - kDayUs), Texts());
  EXPECT_EQ(round(queue, kNow + kDayUs), Texts());
  EXPECT_TRUE(queue.drain({}).ok());
  EXPECT_EQ(tries_, 6);
  EXPECT_EQ(given_up_, 0);
}

// Runs go by the time of events. A clock that jumps where events are made makes a day early, or
// makes late events.
TEST_F(ClockJump, ACampaignFreezesEachDayOnce) {
  add_days(0, 0, 5);
  ASSERT_TRUE(CampaignEngine::create("daily", R"j({"audience": "did(*)", "every": "day"})j").ok());
  add_days(2, 2, 1);  // a day ahead
  EXPECT_EQ(run(), (Texts{"daily 2026-01-02", "daily 2026-01-03"}));
  const std::set<std::string> frozen = members_of_run("daily", "2026-01-02");
  add_days(1, 1, 9);  // a day back
  EXPECT_EQ(run(), Texts());
  add_days(-400, -400, 9);  // before the campaign
  EXPECT_EQ(run(), Texts());
  EXPECT_EQ(members_of_run("daily", "2026-01-02"), frozen);
  add_days(3, 3, 1);
  EXPECT_EQ(run(), Texts{"daily 2026-01-04"});
}

}  // namespace
}  // namespace rollcall::testing
