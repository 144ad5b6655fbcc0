// This tests the commands that notify, and the queue that sends what waits in the log.
#include "rollcall/notifier.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/operations/patience.h"
#include "tests/storage/temporary_directory.h"

namespace rollcall::testing {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class Commands : public ::testing::Test {
 protected:
  Status run(std::vector<std::string> arguments, const CommandLimits& limits = {},
             std::stop_token stop = {}) {
    return run_command({std::move(arguments)}, notification_, std::move(stop), limits);
  }
  std::string out() const { return directory_.path("out"); }

  TemporaryDirectory directory_;
  Notification notification_{
      .alert = "low",
      .delivery = "0123",
      .body = R"({"event": "change", "value": 0.5, "series": {"channel": "ads"}, "users": null})"};
};

TEST_F(Commands, HaveNoShell) {
  // A shell would take the file's name apart, and what is in $( ) for a command.
  const std::string name = directory_.path("a b; $(false) *");
  EXPECT_EQ(run({"/usr/bin/touch", name}).to_string(), "ok");
  EXPECT_TRUE(fs::exists(name));
}

TEST_F(Commands, GetTheirValuesFromTheEnvironmentAndNothingElse) {
  ::setenv("ROLLCALL_TEST_KEY", "s3cr3t", 1);
  ASSERT_EQ(run({"/bin/sh", "-c", "/usr/bin/env > " + out()}).to_string(), "ok");
  ::unsetenv("ROLLCALL_TEST_KEY");
  std::vector<std::string> lines;
  std::ifstream file(out());
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  std::sort(lines.begin(), lines.end());
  // These are from the shell itself.
  std::erase_if(lines, [](const std::string& line) {
    return line.starts_with("PATH=") || line.starts_with("PWD=") || line.starts_with("_=") ||
           line.starts_with("SHLVL=") || line.starts_with("OLDPWD=");
  });
  EXPECT_EQ(lines, (std::vector<std::string>{"ROLLCALL_BODY=" + notification_.body,
                                             "ROLLCALL_DELIVERY=0123", "ROLLCALL_EVENT=change",
                                             R"(ROLLCALL_SERIES={"channel":"ads"})",
                                             "ROLLCALL_USERS=", "ROLLCALL_VALUE=0.5"}));
}

TEST_F(Commands, GetNoDescriptorButTheThree) {
  const int kept = ::open("/dev/null", O_RDONLY);  // is handed on unless somebody sees to it
  ASSERT_GT(kept, 2);
  ASSERT_EQ(
      run({"/bin/sh", "-c", "for n in /proc/self/fd/*; do readlink $n; done > " + out() + "; true"})
          .to_string(),
      "ok");
  ::close(kept);
  std::ifstream file(out());
  for (std::string line; std::getline(file, line);) {
    const bool is_known = line == "/dev/null" || line == out();
    EXPECT_TRUE(is_known) << line;
  }
  ASSERT_EQ(run({"/bin/sh", "-c", "pwd > " + out()}).to_string(), "ok");
  EXPECT_EQ(text_of(out()), "/\n");
}

TEST_F(Commands, SayHowTheyEnded) {
  EXPECT_EQ(run({"/bin/false"}).to_string(), "I/O error: /bin/false: ended with status 1");
  EXPECT_EQ(run({"/bin/sh", "-c", "kill -TERM $$"}).to_string(),
            "I/O error: /bin/sh: ended by signal 15");
  EXPECT_EQ(run({"/nowhere"}).to_string(),
            "I/O error: /nowhere: cannot start: No such file or directory");
}

TEST_F(Commands, StartWithSignalsAsTheyAre) {
  // The process of a test, or the command line, may ignore some.
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  EXPECT_EQ(run({"/bin/sh", "-c", "kill -PIPE $$; exit 0"}).to_string(),
            "I/O error: /bin/sh: ended by signal 13");
  ::signal(SIGPIPE, before);
}

TEST_F(Commands, AreKilledWithAllTheyStarted) {
  const auto begin = Clock::now();
  EXPECT_EQ(
      run({"/bin/sh", "-c", "(sleep 60; :) & echo $! > " + out() + "; wait"}, {200ms}).to_string(),
      "I/O error: /bin/sh: took longer than 200 ms and was killed");
  EXPECT_LT(Clock::now() - begin, kSoon);
  const pid_t started = std::stoi(text_of(out()));
  // Whoever adopted it may take a moment to notice its end.
  const auto is_gone = [&] {
    const std::string stat = text_of("/proc/" + std::to_string(started) + "/stat");
    return stat.empty() || stat.find(") Z ") != std::string::npos;
  };
  for (const auto end = Clock::now() + kSoon; !is_gone() && Clock::now() < end;) {
    std::this_thread::sleep_for(5ms);
  }
  EXPECT_TRUE(is_gone());
}

TEST_F(Commands, StopWhenTheyAreAskedTo) {
  std::stop_source stop;
  stop.request_stop();
  const auto begin = Clock::now();
  EXPECT_EQ(run({"/bin/sleep", "60"}, {}, stop.get_token()).code(), StatusCode::kCancelled);
  EXPECT_LT(Clock::now() - begin, kSoon);
}

constexpr const char* kDefinition =
    R"({"query": {"kind": "active"}, "column": "users", "condition": {"below": 5},)"
    R"("notify": [{"webhook": {"url": "https://a"}}, {"command": ["/bin/true"]}]})";

TimeUs now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

class Queue : public ::testing::Test {
 protected:
  void SetUp() override {
    options_.webhook = [this](const WebhookTarget&, const Notification& notification,
                              const std::stop_token& stop) {
      return sent("w", notification, stop);
    };
    options_.command = [this](const CommandTarget&, const Notification& notification,
                              const std::stop_token& stop) {
      return sent("c", notification, stop);
    };
    options_.failed = [this](const std::string& alert, const Status& error) {
      const std::lock_guard lock(mutex_);
      failures_.push_back(alert + ": " + error.message());
    };
    options_.retry_first = 1ms;
    options_.retry_max = 20ms;
  }
  void write(const std::vector<std::string>& records) {
    AlertLog log = *AlertLog::open(directory_.path());
    AlertStates states = *AlertStates::read(log.records());
    ASSERT_TRUE(add_records(log, states, records).ok());
  }
  // An alert with a notification for each id, by turns to the webhook and the command.
  void enable(const std::string& alert, const std::vector<std::string>& ids, TimeUs made_us = 0) {
    std::vector<AlertDelivery> deliveries;
    for (const std::string& id : ids) {
      deliveries.push_back({.id = id,
                            .target = static_cast<std::uint32_t>(deliveries.size() % 2),
                            .body = "{}",
                            .made_us = made_us == 0 ? now_us() : made_us});
    }
    write({alert_enabled(alert, kDefinition, 1), alert_judged(alert, {}, {}, deliveries)});
  }
  std::vector<AlertDelivery> waiting(const std::string& alert) const {
    const AlertStates states = *AlertStates::read(*read_alert_log(directory_.path()));
    return states.find(alert, kDefinition)->deliveries;
  }
  std::vector<std::string> all_sent() {
    const std::lock_guard lock(mutex_);
    return sent_;
  }
  void drain() {
    NotifierQueue queue(directory_.path(), options_);
    EXPECT_TRUE(queue.drain({}).ok());
  }

  TemporaryDirectory directory_{directory_in_memory()};
  NotifierOptions options_;
  // Decides what comes of a notification.
  std::function<Status(const std::string& id, const std::stop_token& stop)> outcome_ =
      [](const std::string&, const std::stop_token&) { return Status(); };
  std::vector<std::string> failures_;

 private:
  Status sent(const std::string& by, const Notification& notification,
              const std::stop_token& stop) {
    {
      const std::lock_guard lock(mutex_);
      sent_.push_back(by + ":" + notification.alert + ":" + notification.delivery);
    }
    return outcome_(notification.delivery, stop);
  }

  std::mutex mutex_;
  std::vector<std::string> sent_;
};

TEST_F(Queue, SendsEachOnce) {
  enable("a", {"1", "2", "3"});
  enable("b", {"4"});
  drain();
  std::vector<std::string> sent = all_sent();
  std::sort(sent.begin(), sent.end());
  EXPECT_EQ(sent, (std::vector<std::string>{"c:a:2", "w:a:1", "w:a:3", "w:b:4"}));
  EXPECT_TRUE(waiting("a").empty() && waiting("b").empty());
  drain();
  EXPECT_EQ(all_sent().size(), 4u);
}

TEST_F(Queue, TriesAgainUnderTheSameName) {
  std::atomic<int> tries = 0;
  outcome_ = [&](const std::string&, const std::stop_token&) {
    return ++tries < 4 ? Status::io_error("no") : Status();
  };
  enable("a", {"1"});
  drain();
  EXPECT_EQ(all_sent(), std::vector<std::string>(4, "w:a:1"));
  EXPECT_EQ(failures_, std::vector<std::string>(3, "a: no"));
  EXPECT_TRUE(waiting("a").empty());
}

TEST_F(Queue, LeavesToOthersWhatItTriedOftenEnough) {
  outcome_ = [&](const std::string&, const std::stop_token&) { return Status::io_error("no"); };
  options_.tries_max = 3;
  enable("a", {"1"});
  {
    NotifierQueue queue(directory_.path(), options_);
    EXPECT_TRUE(queue.drain({}).ok());
    EXPECT_EQ(queue.failed(), 1u);
  }
  EXPECT_EQ(all_sent().size(), 3u);
  ASSERT_EQ(waiting("a").size(), 1u);
  EXPECT_EQ(waiting("a")[0].tries, 3u);
  outcome_ = [&](const std::string&, const std::stop_token&) { return Status(); };
  std::this_thread::sleep_for(40ms);  // past the pause after the last try
  drain();
  EXPECT_EQ(all_sent().size(), 4u);
  EXPECT_TRUE(waiting("a").empty());
}

TEST_F(Queue, KeepsTheOrderOfOneTarget) {
  std::atomic<int> tries = 0;
  outcome_ = [&](const std::string& id, const std::stop_token&) {
    return id == "1" && ++tries < 3 ? Status::io_error("no") : Status();
  };
  options_.command = {};
  enable("a", {"1", "2", "3"});
  drain();
  EXPECT_EQ(all_sent(), (std::vector<std::string>{"w:a:1", "w:a:1", "w:a:1", "w:a:3"}));
  // Nobody may run commands here.
  ASSERT_EQ(waiting("a").size(), 1u);
  EXPECT_EQ(waiting("a")[0].id, "2");
}

TEST_F(Queue, ATargetThatHangsDelaysNobodyElse) {
  std::atomic<bool> hangs = true;
  outcome_ = [&](const std::string& id, const std::stop_token& stop) -> Status {
    while (id == "1" && hangs && !stop.stop_requested()) std::this_thread::sleep_for(1ms);
    return {};
  };
  enable("a", {"1"});
  enable("b", {"2", "3"});
  NotifierQueue queue(directory_.path(), options_);
  for (const auto end = Clock::now() + kSoon; all_sent().size() < 3 && Clock::now() < end;) {
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_EQ(all_sent().size(), 3u);
  // More may be added meanwhile, and is sent.
  enable("c", {"4"});
  queue.look();
  for (const auto end = Clock::now() + kSoon; all_sent().size() < 4 && Clock::now() < end;) {
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_EQ(all_sent().size(), 4u);
  hangs = false;
  EXPECT_TRUE(queue.drain({}).ok());
  EXPECT_TRUE(waiting("a").empty() && waiting("b").empty() && waiting("c").empty());
}

TEST_F(Queue, StopsWhatItSendsAndKeepsIt) {
  outcome_ = [&](const std::string&, const std::stop_token& stop) {
    while (!stop.stop_requested()) std::this_thread::sleep_for(1ms);
    return Status(StatusCode::kCancelled, "stopped");
  };
  enable("a", {"1"});
  const auto begin = Clock::now();
  {
    NotifierQueue queue(directory_.path(), options_);
    std::stop_source stop;
    std::jthread soon([&] {
      while (all_sent().empty()) std::this_thread::sleep_for(1ms);
      stop.request_stop();
    });
    EXPECT_TRUE(queue.drain(stop.get_token()).ok());
  }
  EXPECT_LT(Clock::now() - begin, kSoon);
  EXPECT_EQ(waiting("a").size(), 1u);
  outcome_ = [](const std::string&, const std::stop_token&) { return Status(); };
  drain();  // it may be tried again at once
  EXPECT_EQ(all_sent().size(), 2u);
}

TEST_F(Queue, DoesNotTryWhatSomebodyElseIsTrying) {
  enable("a", {"1"});
  AlertDelivery claimed = waiting("a")[0];
  claimed.tries = 1;
  claimed.not_before_us = now_us() + 60'000'000;
  write({delivery_tried("a", claimed)});
  options_.tries_max = 3;
  drain();
  EXPECT_TRUE(all_sent().empty());
  // A clock that was set back by far does not make it wait for ever.
  claimed.not_before_us = now_us() + 3'600'000'000;
  write({delivery_tried("a", claimed)});
  drain();
  EXPECT_EQ(all_sent().size(), 1u);
}

TEST_F(Queue, TwoSendEachOnce) {
  std::vector<std::string> ids;
  for (int i = 0; i < 30; ++i) ids.push_back(std::to_string(i));
  enable("a", ids);
  options_.tries_max = 3;
  {
    NotifierQueue one(directory_.path(), options_);
    NotifierQueue two(directory_.path(), options_);
    EXPECT_TRUE(one.drain({}).ok());
    EXPECT_TRUE(two.drain({}).ok());
  }
  EXPECT_EQ(all_sent().size(), 30u);
  EXPECT_TRUE(waiting("a").empty());
}

TEST_F(Queue, GivesUpWhatIsTooOldAfterATry) {
  outcome_ = [](const std::string&, const std::stop_token&) { return Status::io_error("no"); };
  enable("a", {"1", "2", "3"}, now_us() - TimeUs{86'401} * 1'000'000);
  options_.command = nullptr;  // nobody tries the second
  drain();
  EXPECT_EQ(all_sent(), (std::vector<std::string>{"w:a:1", "w:a:3"}));
  EXPECT_TRUE(waiting("a").empty());
  EXPECT_EQ(failures_.size(), 5u);
}

TEST_F(Queue, DropsWhatHasNoTarget) {
  const AlertDelivery nobody{
      .id = "1", .target = 7, .body = "{}", .made_us = now_us(), .tries = 0, .not_before_us = 0};
  write({alert_enabled("a", kDefinition, 1), alert_judged("a", {}, {}, {&nobody, 1})});
  drain();
  EXPECT_TRUE(all_sent().empty());
  EXPECT_TRUE(waiting("a").empty());
}

TEST_F(Queue, SaysThatTheLogCannotBeRead) {
  enable("a", {"1"});
  fs::resize_file(directory_.path("ALERTS"), 100);
  NotifierQueue queue(directory_.path(), options_);
  EXPECT_EQ(queue.drain({}).code(), StatusCode::kCorruption);
}

TEST_F(Queue, WhatANotifierThrowsIsAFailure) {
  outcome_ = [](const std::string&, const std::stop_token&) -> Status {
    throw std::runtime_error("oops");
  };
  options_.tries_max = 1;
  enable("a", {"1"});
  drain();
  EXPECT_EQ(failures_, std::vector<std::string>{"a: notifier: oops"});
}

TEST(Notifications, HaveNumbersAndNames) {
  AlertDefinition definition;
  definition.column = "rate";
  definition.severity = "high";
  definition.condition.bound = 0.05;
  const AlertChange change{.at_us = 0,
                           .series = {{"channel", "ads"}, {"x", std::nullopt}},
                           .from = AlertState::kOk,
                           .to = AlertState::kFiring,
                           .date = "2026-01-05",
                           .value = 0.03,
                           .reference = 4,
                           .users = 812};
  EXPECT_EQ(change_body("low", definition, change),
            R"({"event":"change","alert":"low","severity":"high","at":"1970-01-01T00:00:00Z",)"
            R"("series":{"channel":"ads","x":null},"from":"ok","to":"firing","date":"2026-01-05",)"
            R"("column":"rate","value":0.03,"reference":4,"users":812,"condition":"below 0.05"})");
  EXPECT_EQ(failure_body("low", definition, Status::not_found("user \"ann\""), 0),
            R"({"event":"question_failed","alert":"low","severity":"high",)"
            R"("at":"1970-01-01T00:00:00Z","error":"not found"})");
  EXPECT_EQ(test_body("low", definition, 0),
            R"({"event":"test","alert":"low","severity":"high","at":"1970-01-01T00:00:00Z",)"
            R"("column":"rate","condition":"below 0.05"})");
  EXPECT_NE(new_delivery_id(), new_delivery_id());
}

}  // namespace
}  // namespace rollcall::testing
