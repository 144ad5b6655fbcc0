// This tests when campaigns freeze which users, and that they do it once.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/operations/campaign_engine.h"
#include "tests/support/times.h"

namespace rollcall::testing {
namespace {

using Arm = Segment::AudiencePart::Arm;
using Names = std::set<std::string>;
using List = std::vector<std::string>;

class CampaignRuns : public CampaignEngine {
 protected:
  // So many users are there on the first day, and never again.
  void add_lost(int users) {
    for (int i = 0; i < users; ++i) add("lost" + std::to_string(i), 0, "login");
  }
  // Somebody who is there, so that the day is known.
  void add_day(std::int32_t day) {
    add("daily", day, "login");
    ingest();
  }
};

TEST_F(CampaignRuns, ACampaignIsFrozenWhenItIsCreated) {
  add_lost(100);
  add_day(9);
  const auto runs = create("win back", R"j({"audience": "not did(*, 7d)", "holdout": 0.2
})j");
  ASSERT_TRUE(runs.ok()) << runs.status().to_string();
  ASSERT_EQ(runs->size(), 1u);
  EXPECT_EQ(runs->front().name, (AudienceName{"win back", ""}));
  EXPECT_EQ(runs->front().as_of, "2026-01-10T23:59:59Z");
  const Names contacted = arm("win back", Arm::kContacted);
  const Names holdout = arm("win back", Arm::kHoldout);
  EXPECT_EQ(contacted.size() + holdout.size(), 100u);
  EXPECT_GT(holdout.size(), 5u);
  EXPECT_GT(contacted.size(), 50u);
  EXPECT_FALSE(contacted.contains("daily"));
  // The latest event is the time of contact.
  EXPECT_EQ(find_campaign(*engine_, "win back")->at, AsOf(TimeUs{1'768'089'599'000'000}));

  // It is frozen once, and stays as it is.
  EXPECT_EQ(run(), List());
  add("lost1", 10, "login");
  ingest();
  reopen();
  EXPECT_EQ(run(), List());
  EXPECT_EQ(arm("win back", Arm::kContacted), contacted);
  EXPECT_EQ(arm("win back", Arm::kHoldout), holdout);
  const auto again = create("win back", R"j({"audience": "did(*)"
  })j");
  EXPECT_EQ(again.status().code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(members("win back").size(), 100u);
}

// Events after the contact do not decide who is in the audience.
TEST_F(CampaignRuns, AnEarlierContactIsFrozenAsOfThen) {
  add_lost(3);
  add("lost1", 5, "login");
  add_day(9);
  ASSERT_TRUE(create("c", R"j({"audience": "not did(*, 3d)", "at": "2026-01-05"
  })j")
                  .ok());
  EXPECT_EQ(members("c"), (Names{"lost0", "lost1", "lost2"}));
  EXPECT_EQ(runs_of(*engine_, "c").front().as_of, "2026-01-05T23:59:59Z");
  // A later contact is one of the users of today.
  ASSERT_TRUE(create("d", R"j({"audience": "did(*, 1d)", "at": "2026-02-01"
  })j")
                  .ok());
  EXPECT_EQ(members("d"), Names{"daily"});
  EXPECT_EQ(runs_of(*engine_, "d").front().as_of, "2026-01-10T23:59:59Z");
}

TEST_F(CampaignRuns, WhatCannotBeFrozenIsNotKept) {
  EXPECT_EQ(create("c", R"j({"audience": "did(*)"})j").status().code(),
            StatusCode::kFailedPrecondition);
  add_day(0);
  const auto unknown = create("c", R"j({"audience": "did(never)"
  })j");
  EXPECT_EQ(unknown.status().code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(campaigns_of(*engine_)->empty());
  EXPECT_TRUE(engine_->audiences().empty());
  EXPECT_EQ(find_campaign(*engine_, "c").status().message(),
            "unknown campaign \"c\", allowed: none");
  EXPECT_EQ(report_question(*engine_, "c").status().code(), StatusCode::kNotFound);
}

TEST_F(CampaignRuns, EachPeriodThatHasBegunIsFrozenOnce) {
  add_lost(2);
  add_day(1);
  ASSERT_TRUE(create("daily back", R"j({"audience": "not did(*, 1d)", "every": "day", "holdout": 0
  })j")
                  .ok());
  EXPECT_EQ(members("daily back"), Names());  // on the day before, they had all been there
  EXPECT_EQ(run(), List());
  add("lost0", 3, "login");
  add_day(4);
  const std::vector<DueRun> due = *due_runs(*engine_);
  ASSERT_EQ(due.size(), 3u);
  EXPECT_EQ(due[0].run, "2026-01-03");
  // Those that were missed are as they would have been.
  EXPECT_EQ(run(),
            (List{"daily back 2026-01-03", "daily back 2026-01-04", "daily back 2026-01-05"}));
  EXPECT_EQ(members_of_run("daily back", "2026-01-03"), (Names{"lost0", "lost1"}));
  EXPECT_EQ(members_of_run("daily back", "2026-01-05"), (Names{"daily", "lost1"}));
  EXPECT_EQ(runs_of(*engine_, "daily back")[1].as_of, "2026-01-02T23:59:59Z");
  reopen();
  EXPECT_EQ(run(), List());
  EXPECT_TRUE(due_runs(*engine_)->empty());

  ASSERT_TRUE(end_campaign(*engine_, "daily back").ok());
  add_day(6);
  EXPECT_EQ(run(), List());
  EXPECT_TRUE(find_campaign(*engine_, "daily back")->has_ended);
  EXPECT_TRUE(report_question(*engine_, "daily back").ok());
}

// The last microsecond before a period is known to its run, and the first one of it is a response.
TEST_F(CampaignRuns, ARunKnowsAllBeforeThePeriodAndNothingOfIt) {
  const TimeUs midnight = (kFirstDay + 3).value * kDayUs;
  for (const char* const user : {"early", "late", "absent"}) add(user, 0, "login");
  add_at("early", midnight - 1, "login");
  add_at("late", midnight, "login");
  ingest();
  const auto runs = create("c", R"j({"audience": "not did(*, 1d)", "every": "day", "holdout": 0,
               "horizons": [1]
  })j");
  ASSERT_TRUE(runs.ok()) << runs.status().to_string();
  ASSERT_EQ(runs->size(), 1u);
  EXPECT_EQ(runs->front().name.run, "2026-01-04");
  EXPECT_EQ(members("c"), (Names{"absent", "late"}));
  add_day(6);
  const QueryResult report = *engine_->query(*report_question(*engine_, "c"));
  ASSERT_FALSE(report.rows.empty());
  for (std::size_t i = 0; i < report.columns.size(); ++i) {
    if (report.columns[i].name == "returned") {
      EXPECT_EQ(report.rows[0][i], Cell(std::int64_t{1}));
    }
  }
}

TEST_F(CampaignRuns, PeriodsBeginWithThatOfTheFirstContact) {
  add_lost(1);
  add_day(40);  // 2026-02-10
  const auto first_runs = [&](const std::string& every) {
    const auto runs = create(every, R"j({"audience": "did(*)", "at"
                               : "2026-01-20", "every"
                               : ")j" + every +
                                        "\"}");
    EXPECT_TRUE(runs.ok()) << runs.status().to_string();
    List names;
    for (const AudienceInfo& info : *runs) names.push_back(info.name.run);
    return names;
  };
  EXPECT_EQ(first_runs("week"), (List{"2026-01-19", "2026-01-26", "2026-02-02", "2026-02-09"}));
  EXPECT_EQ(first_runs("fortnight"), (List{"2026-01-19", "2026-02-02"}));
  EXPECT_EQ(first_runs("month"), (List{"2026-01-01", "2026-02-01"}));
  EXPECT_EQ(first_runs("quarter"), List{"2026-01-01"});
  EXPECT_EQ(first_runs("day").size(), 22u);
}

TEST_F(CampaignRuns, TheHoldoutIsTheSameInAllRunsAndWithinAGroup) {
  add_lost(200);
  add_day(3);
  const std::string fields = R"("every": "day", "at": "2026-01-02", "holdout": 0.3})";
  const std::string group = R"("holdout_group": "g", )" + fields;
  ASSERT_TRUE(create("a", R"j({"audience": "did(*, 2026-01-01..)", )j" + group).ok());
  ASSERT_TRUE(create("b", R"j({"audience": "did(login)", )j" + group).ok());
  ASSERT_TRUE(create("c", R"j({"audience": "did(login)", )j" + fields).ok());
  Segment::AudiencePart held;
  held.arm = Arm::kHoldout;
  std::set<Names> of_group;
  for (const std::string campaign : {"a", "b"}) {
    for (const AudienceInfo& info : runs_of(*engine_, campaign)) {
      held.run = info.name.run;
      of_group.insert(members(campaign, held));
    }
  }
  held.run.reset();
  ASSERT_EQ(of_group.size(), 1u);
  EXPECT_GT(of_group.begin()->size(), 30u);
  EXPECT_NE(members("c", held), *of_group.begin());
}

TEST_F(CampaignRuns, UsersRestFromOtherCampaigns) {
  for (const char* const user : {"a", "b", "c"}) add(user, 0, "login");
  add("a", 1, "buy");
  add("b", 2, "buy");
  add_day(8);
  const auto one = [&](const std::string& name, const std::string& audience, const std::string& at,
                       int rest_days) {
    const auto runs =
        create(name, R"j({"audience": ")j" + audience + R"j(", "at": "2026-01-)j" + at +
                         R"j(", "holdout": 0.5, "rest_days": )j" + std::to_string(rest_days) + "}");
    EXPECT_TRUE(runs.ok()) << runs.status().to_string();
    return members(name);
  };
  const Names all = {"a", "b", "c"};
  const std::string everybody = "did(login, 2026-01-01)";
  ASSERT_EQ(one("first", "did(buy, 2026-01-02)", "03", 0), Names{"a"});
  ASSERT_EQ(one("second", "did(buy, 2026-01-03)", "05", 0), Names{"b"});
  // Whoever was in either arm within so many days before rests, and also at the same time.
  EXPECT_EQ(one("rests 1", everybody, "05", 1), (Names{"a", "c"}));
  EXPECT_EQ(one("rests 2", everybody, "05", 2), Names());  // "rests 1" had the rest
  ASSERT_TRUE(drop_campaign(*engine_, "rests 1").ok());
  ASSERT_TRUE(drop_campaign(*engine_, "rests 2").ok());
  EXPECT_EQ(one("rests 2", everybody, "05", 2), Names{"c"});
  ASSERT_TRUE(drop_campaign(*engine_, "rests 2").ok());
  EXPECT_EQ(one("rests 3", everybody, "06", 1), (Names{"a", "c"}));
  ASSERT_TRUE(drop_campaign(*engine_, "rests 3").ok());
  // What comes later does not count, nor does anything without days of rest.
  EXPECT_EQ(one("earlier", everybody, "02", 30), all);
  ASSERT_TRUE(drop_campaign(*engine_, "earlier").ok());
  EXPECT_EQ(one("tireless", everybody, "05", 0), all);
}

TEST_F(CampaignRuns, ClassesGoByTheFavouriteValue) {
  const auto read = [&](const std::string& user, std::int32_t day, const std::string& genre) {
    add(user, day, "read").properties["genre"] = genre;
  };
  read("a", 0, "wuxia");
  read("b", 0, "scifi");
  read("b", 1, "scifi");
  read("b", 2, "wuxia");
  read("c", 0, "other");
  add("d", 0, "login");
  add_day(3);
  const auto runs = create("c", R"j({"audience": "did(*, 2026-01-01)",
               "classes": {
    "by" : { "favourite" : "genre", "of" : "read", "last" : "30d" }}
  })j");
  ASSERT_TRUE(runs.ok()) << runs.status().to_string();
  const auto of_class = [&](const std::string& name) {
    Segment::AudiencePart part;
    part.class_name = name;
    return members("c", part);
  };
  EXPECT_EQ(runs->front().classes.size(), 3u);
  EXPECT_EQ(of_class("wuxia"), Names{"a"});
  EXPECT_EQ(of_class("scifi"), Names{"b"});
  EXPECT_EQ(of_class("other"), (Names{"c", "d"}));
}

TEST_F(CampaignRuns, DroppingTakesTheRunsAlong) {
  add_lost(2);
  add_day(1);
  ASSERT_TRUE(create("c", R"j({"audience": "did(*)"
  })j")
                  .ok());
  ASSERT_TRUE(create("d", R"j({"audience": "did(*)"
  })j")
                  .ok());
  ASSERT_TRUE(drop_campaign(*engine_, "c").ok());
  EXPECT_EQ(drop_campaign(*engine_, "c").code(), StatusCode::kNotFound);
  EXPECT_EQ(end_campaign(*engine_, "c").code(), StatusCode::kNotFound);
  reopen();
  ASSERT_EQ(engine_->audiences().size(), 1u);
  EXPECT_EQ(engine_->audiences().front().name.campaign, "d");
  ASSERT_TRUE(create("c", R"j({"audience": "did(*)"
  })j")
                  .ok());
}

TEST_F(CampaignRuns, TheForgottenLeave) {
  add_lost(3);
  add_day(1);
  ASSERT_TRUE(create("c", R"j({"audience": "did(*, 2026-01-01)"
  })j")
                  .ok());
  const std::vector<UserId> users = {UserId("lost1")};
  ASSERT_TRUE(engine_->forget(users).ok());
  EXPECT_EQ(members("c"), (Names{"lost0", "lost2"}));
}

// What was saved by other means runs as well.
// The aggregates keep the days that the history has let go of.
TEST_F(CampaignRuns, ReportsOfRunsAtDatesOutliveTheHistory) {
  add_lost(4);
  add("lost1", 1, "login");
  add_day(1);
  for (const std::string at : {"2026-01-01", "2026-01-01T12:00:00Z"}) {
    const std::string json = R"j({"audience": "did(*)", "holdout": 0, "at": ")j" + at + "\"}";
    ASSERT_TRUE(create(at, json).ok());
  }
  options_.history_days = 3;
  reopen();
  for (const char* const user : {"lost1", "lost2"}) add(user, 20, "login");
  ingest();
  reopen();
  ASSERT_TRUE(engine_->info().history_from);
  const Result<Query> of_date = report_question(*engine_, "2026-01-01");
  ASSERT_TRUE(of_date.ok()) << of_date.status().to_string();
  const Result<QueryResult> report = engine_->query(*of_date);
  ASSERT_TRUE(report.ok()) << report.status().to_string();
  ASSERT_EQ(report->columns[5].name, "returned");
  EXPECT_EQ(report->rows[0][5], Cell(std::int64_t{1}));
  EXPECT_EQ(report->rows[4][5], Cell(std::int64_t{2}));
  // The question can be asked, but its horizons begin at an instant that is not known any more.
  const Result<Query> of_noon = report_question(*engine_, "2026-01-01T12:00:00Z");
  ASSERT_TRUE(of_noon.ok()) << of_noon.status().to_string();
  EXPECT_EQ(engine_->query(*of_noon).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(CampaignRuns, AnImportedCampaignStartsWithTheNextRun) {
  add_lost(3);
  add_day(1);
  const SavedObject object{ObjectKind::kCampaign, "c", R"j({"audience": "not did(*, 1d)"})j"};
  ASSERT_TRUE(engine_->save_objects({&object, 1}).ok());
  EXPECT_EQ(report_question(*engine_, "c").status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(run_campaigns(*engine_, "d").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(run("c"), List{"c "});
  EXPECT_EQ(members("c").size(), 3u);
  add_day(5);
  EXPECT_EQ(run(), List());
}

// The audiences are those whom the question about churn lists, less who has come since.
// Threads create, run and drop: each campaign that is created has its run, and none is left behind.
TEST_F(CampaignRuns, MayBeCreatedRunAndDroppedAtOnce) {
  add_lost(20);
  add_day(9);
  std::atomic<bool> is_over{false};
  std::thread running([&] {
    while (!is_over) {
      const auto frozen = run_campaigns(*engine_, {});
      EXPECT_TRUE(frozen.ok()) << frozen.status().to_string();
    }
  });
  for (int i = 0; i < 60; ++i) {
    const std::string name = "k" + std::to_string(i);
    const auto runs = create(name, R"j({"audience": "not did(*, 7d)", "rest_days": 0})j");
    EXPECT_TRUE(runs.ok()) << runs.status().to_string();
    if (runs.ok()) {
      EXPECT_EQ(runs->size(), 1u) << name;
    }
    const Status dropped = drop_campaign(*engine_, name);
    EXPECT_TRUE(dropped.ok()) << dropped.to_string();
  }
  is_over = true;
  running.join();
  EXPECT_TRUE(engine_->audiences().empty());
}

TEST_F(CampaignRuns, TheStandardSetIsThoseWhoChurned) {
  for (std::int32_t day = 0; day < 100; ++day) {
    for (int user = 0; user < 60; ++user) {
      const bool is_there = (day * 7 + user * user) % (3 + user) == 0 || day == user;
      if (is_there) add("user" + std::to_string(user), day, "login");
    }
  }
  add_day(99);  // 2026-04-10
  std::vector<Campaign> campaigns = *standard_campaigns(R"j({"holdout": 0.2})j");
  for (Campaign& campaign : campaigns) campaign.rest_days = 0;
  ASSERT_TRUE(create_campaigns(*engine_, campaigns).ok());
  struct Window {
    std::string campaign, run, as_of, rule, base, since;
  };
  const std::vector<Window> windows = {
      {"next-day", "2026-04-10", "2026-04-09", R"j({"gap_days": 1})j", "2026-04-08", "2026-04-09"},
      {"7-day", "2026-04-10", "2026-04-09", R"j({"gap_days": 7})j", "2026-04-02", "2026-04-03"},
      {"natural-week", "2026-04-06", "2026-04-05", R"j({"period": "week"})j", "2026-03-23",
       "2026-03-30"},
      {"natural-month", "2026-04-01", "2026-03-31", R"j({"period": "month"})j", "2026-02-01",
       "2026-03-01"},
      {"quarter", "2026-04-01", "2026-03-31", R"j({"period": "quarter"})j", "2025-10-01",
       "2026-01-01"}};
  for (const Window& window : windows) {
    SCOPED_TRACE(window.campaign);
    ASSERT_EQ(runs_of(*engine_, window.campaign).size(), 1u);
    const std::string churn = R"j({"kind": "churn", "from": ")j" + window.base + R"j(", "to": ")j" +
                              window.base + R"j(", "rule": )j" + window.rule + R"j(, "as_of": ")j" +
                              window.as_of + R"j("})j";
    const Result<QueryResult> counts = engine_->query(churn);
    ASSERT_TRUE(counts.ok()) << counts.status().to_string();
    // The period is the latest that is complete.
    if (window.campaign != "quarter") {
      ASSERT_EQ(counts->rows.size(), 1u);
      EXPECT_EQ(counts->rows[0].back(), Cell(true));
    }
    Query listed = *parse_query(churn);
    listed.common.members.emplace();
    listed.common.members->where = {{"date", window.base}};
    listed.common.members->of = "churned";
    Names expected;
    if (!counts->rows.empty()) expected = users_of(listed);
    const Names since =
        users_of(*parse_query(R"j({"kind": "segment", "members": {"of": "users"}, "as_of": ")j" +
                              window.as_of + R"j(", "segment": "did(*, )j" + window.since + R"j(..)"
    })j"));
    std::erase_if(expected, [&](const std::string& user) { return since.contains(user); });
    EXPECT_EQ(members_of_run(window.campaign, window.run), expected);
    EXPECT_EQ(expected.empty(), window.campaign == "quarter");
  }
}

// Nobody is contacted by two of them at once, and nobody held out is contacted by any.
TEST_F(CampaignRuns, TheStandardSetSharesUsersOut) {
  for (std::int32_t day = 0; day < 96; ++day) {
    for (int user = 0; user < 60; ++user) {
      const bool is_there = (day * 7 + user * user) % (3 + user) == 0 || day == user;
      if (is_there) add("user" + std::to_string(user), day, "login");
    }
  }
  add_day(95);
  ASSERT_TRUE(create_campaigns(*engine_, *standard_campaigns(R"j({"holdout": 0.3})j")).ok());
  for (std::int32_t day = 96; day < 103; ++day) {
    for (int user = 0; user < 60; user += 2)
      add("user" + std::to_string(user), day - user % 3, "login");
  }
  add_day(103);
  EXPECT_GT(run().size(), 6u);
  Names contacted, holdout;
  std::map<std::string, std::vector<std::pair<std::string, std::string>>> runs_of_user;
  for (const AudienceInfo& info : engine_->audiences()) {
    for (const std::string& user : members_of_run(info.name.campaign, info.name.run)) {
      runs_of_user[user].emplace_back(info.as_of.substr(0, 10), info.name.campaign);
    }
  }
  const std::vector<Campaign> campaigns = *campaigns_of(*engine_);
  for (const Campaign& campaign : campaigns) {
    contacted.merge(arm(campaign.name, Arm::kContacted));
    holdout.merge(arm(campaign.name, Arm::kHoldout));
  }
  EXPECT_GT(contacted.size(), 10u);
  EXPECT_GT(holdout.size(), 3u);
  for (const std::string& user : holdout) EXPECT_FALSE(contacted.contains(user)) << user;
  for (auto& [user, runs] : runs_of_user) {
    std::ranges::sort(runs);
    for (std::size_t i = 1; i < runs.size(); ++i) {
      if (runs[i].second == runs[i - 1].second) continue;
      const int days = std::stoi(runs[i].first.substr(8)) - std::stoi(runs[i - 1].first.substr(8));
      const bool is_same_month = runs[i].first.substr(0, 7) == runs[i - 1].first.substr(0, 7);
      EXPECT_TRUE(!is_same_month || days > 3) << user;
    }
  }
}

}  // namespace
}  // namespace rollcall::testing
