// This tests audiences: who is frozen into them, and that they stay as they are.
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "rollcall/audience.h"
#include "rollcall/engine.h"
#include "rollcall/memory_store.h"
#include "tests/engine/whole_days.h"
#include "tests/support/event_columns.h"
#include "tests/support/naive_engine.h"

namespace rollcall::testing {
namespace {

// Users 0 to 199 log in on the first day; every third one buys on it, and every fifth one comes
// back on the third day.
std::vector<NaiveEvent> events() {
  std::vector<NaiveEvent> events;
  for (int i = 0; i < 200; ++i) {
    const std::string user = "user" + std::to_string(i);
    events.push_back(event(user, 0, "login"));
    if (i % 3 == 0) events.push_back(event(user, 0, "buy"));
    if (i % 5 == 0) events.push_back(event(user, 2, "login"));
  }
  return events;
}

AudienceRequest request(std::string campaign, std::string run = "") {
  AudienceRequest request;
  request.name = {std::move(campaign), std::move(run)};
  request.users = *parse_segment("did(login, 2026-01-01) and not did(login, 1d)");
  request.classes = {{"buyers", *parse_segment("did(buy)")}};
  request.holdout = "0.25";
  request.draw = "winter";
  return request;
}

class Audiences : public ::testing::TestWithParam<std::uint32_t> {
 protected:
  void SetUp() override {
    options_.settings = StoreSettings{};
    options_.settings->partition_count = GetParam();
    options_.threads_max = 2;
    open();
    const std::vector<NaiveEvent> all = events();
    const EventColumns columns(all, engine_->settings());
    ASSERT_TRUE(engine_->ingest(columns.batch()).ok());
  }
  void open() { engine_ = *Engine::open(open_memory_store(disk_), options_); }
  void reopen() {
    ASSERT_TRUE(engine_->close().ok());
    open();
  }
  std::set<std::string> members(const std::string& segment) {
    const Result<QueryResult> result = engine_->query(
        R"({"kind": "segment", "members": {"where": {}, "limit": 1000}, "segment": )" + segment +
        "}");
    EXPECT_TRUE(result.ok()) << result.status().to_string();
    std::set<std::string> users;
    if (!result.ok()) return users;
    for (const auto& row : result->rows) users.insert(std::get<std::string>(row.front()));
    return users;
  }
  std::string said(const std::string& segment) {
    return engine_->query(R"({"kind": "segment", "segment": )" + segment + "}")
        .status()
        .to_string();
  }

  EngineOptions options_;
  std::shared_ptr<MemoryDisk> disk_ = make_memory_disk();
  std::unique_ptr<Engine> engine_;
};
INSTANTIATE_TEST_SUITE_P(Partitions, Audiences, ::testing::Values(1, 64));

TEST_P(Audiences, EveryUserIsInOneClassAndOneArm) {
  const Result<AudienceInfo> info = engine_->freeze(request("win back"));
  ASSERT_TRUE(info.ok()) << info.status().to_string();
  EXPECT_EQ(info->as_of, "2026-01-03T23:59:59Z");
  ASSERT_EQ(info->classes.size(), 2u);
  EXPECT_EQ(info->classes[0].name, "buyers");
  EXPECT_EQ(info->classes[1].name, "other");
  reopen();
  EXPECT_EQ(engine_->audiences(), std::vector<AudienceInfo>{*info});

  std::set<std::string> expected;
  std::set<std::string> expected_buyers;
  for (int i = 0; i < 200; ++i) {
    if (i % 5 == 0) continue;
    expected.insert("user" + std::to_string(i));
    if (i % 3 == 0) expected_buyers.insert("user" + std::to_string(i));
  }
  EXPECT_EQ(members(R"({"campaign": "win back"})"), expected);
  EXPECT_EQ(members(R"({"campaign": "win back", "class": "buyers"})"), expected_buyers);
  std::size_t count = 0;
  for (const AudienceInfo::Class& part : info->classes) {
    for (const std::string arm : {"contacted", "holdout"}) {
      const std::size_t size = members(R"({"campaign": "win back", "run": "", "class": ")" +
                                       part.name + R"(", "arm": ")" + arm + "\"}")
                                   .size();
      EXPECT_EQ(size, arm == "contacted" ? part.contacted : part.holdout);
      count += size;
    }
  }
  EXPECT_EQ(count, expected.size());
  EXPECT_EQ(members(R"j("campaign(\"win back\", class=buyers, arm=contacted)")j").size(),
            info->classes[0].contacted);
  EXPECT_TRUE(engine_->verify()->faults.empty());
}

// The arms are the same whatever the partitions are. Python's xxhash gives the same number.
TEST_P(Audiences, TheArmsFollowFromDrawAndUserAlone) {
  const std::vector<AudienceInfo::Class> classes = engine_->freeze(request("a"))->classes;
  EXPECT_EQ(classes[0].contacted + classes[0].holdout, 53u);
  EXPECT_EQ(classes[1].contacted + classes[1].holdout, 107u);
  AudienceRequest same = request("b");
  same.classes.clear();
  ASSERT_TRUE(engine_->freeze(same).ok());
  const std::string held = R"("arm": "holdout"})";
  EXPECT_EQ(members(R"({"campaign": "a", )" + held), members(R"({"campaign": "b", )" + held));
  EXPECT_EQ(members(R"({"campaign": "a", )" + held).size(), 30u);
  same.name.campaign = "c";
  same.draw = "summer";
  ASSERT_TRUE(engine_->freeze(same).ok());
  EXPECT_NE(members(R"({"campaign": "a", )" + held), members(R"({"campaign": "c", )" + held));

  AudienceRequest all = request("all");
  all.holdout = "1";
  EXPECT_EQ(engine_->freeze(all)->classes[0].contacted, 0u);
  AudienceRequest none = request("none");
  none.holdout = "0";
  EXPECT_EQ(engine_->freeze(none)->classes[0].holdout, 0u);
}

TEST_P(Audiences, StayAsTheyAre) {
  ASSERT_TRUE(engine_->freeze(request("win back")).ok());
  const std::string all = R"({"campaign": "win back"})";
  const std::set<std::string> before = members(all);
  const std::vector<NaiveEvent> later = {event("user1", 3, "login"), event("late", 0, "login")};
  const EventColumns columns(later, engine_->settings());
  ASSERT_TRUE(engine_->ingest(columns.batch()).ok());
  EXPECT_EQ(members(all), before);
  reopen();
  EXPECT_EQ(members(all), before);
  EXPECT_EQ(members(R"({"all": [{"campaign": "win back"}, {"did": "login", "last": "1d"}]})"),
            std::set<std::string>{"user1"});
}

TEST_P(Audiences, MayBeOfAnEarlierInstant) {
  AudienceRequest earlier = request("early");
  earlier.users = *parse_segment("did(login, 1d)");
  earlier.as_of = kFirstDay;
  const Result<AudienceInfo> info = engine_->freeze(earlier);
  ASSERT_TRUE(info.ok()) << info.status().to_string();
  EXPECT_EQ(members(R"({"campaign": "early"})").size(), 200u);
}

TEST_P(Audiences, RunsAreOneCampaign) {
  AudienceRequest first = request("daily", "2026-01-01");
  first.users = *parse_segment("did(buy)");
  AudienceRequest second = request("daily", "2026-01-02");
  second.users = *parse_segment("did(login, 1d)");
  second.classes = {{"others", *parse_segment("not did(buy)")}};
  ASSERT_TRUE(engine_->freeze(first).ok());
  ASSERT_TRUE(engine_->freeze(second).ok());
  EXPECT_EQ(members(R"({"campaign": "daily", "run": "2026-01-01"})").size(), 67u);
  EXPECT_EQ(members(R"({"campaign": "daily", "run": "2026-01-02"})").size(), 40u);
  EXPECT_EQ(members(R"({"campaign": "daily"})").size(), 93u);
  EXPECT_EQ(members(R"({"campaign": "daily", "class": "others"})").size(), 26u);
  EXPECT_EQ(said(R"({"campaign": "dayly"})"),
            "invalid argument: segment: unknown campaign \"dayly\" (did you mean "
            "\"daily\"?), allowed: daily");
  EXPECT_EQ(said(R"({"campaign": "daily", "run": "2026-01-03"})"),
            "invalid argument: segment: unknown run \"2026-01-03\" (did you mean "
            "\"2026-01-01\"?), allowed: 2026-01-01, 2026-01-02");
  EXPECT_EQ(said(R"({"campaign": "daily", "run": "2026-01-01", "class": "others"})"),
            "invalid argument: segment: unknown class \"others\" (did you mean "
            "\"other\"?), allowed: buyers, other");
  EXPECT_EQ(said(R"({"campaign": "daily", "arm": "held"})"),
            "invalid argument: segment: segment: arm: unknown arm \"held\", allowed: contacted, "
            "holdout");
}

TEST_P(Audiences, ForgottenUsersLeave) {
  ASSERT_TRUE(engine_->freeze(request("win back")).ok());
  const std::string all = R"({"campaign": "win back"})";
  const std::set<std::string> before = members(all);
  std::vector<UserId> forgotten;
  std::set<std::string> after = before;
  for (const std::string user : {"user1", "user2", "user3", "user5"}) {
    forgotten.emplace_back(user);
    after.erase(user);
  }
  ASSERT_EQ(after.size() + 3, before.size());
  ASSERT_TRUE(engine_->forget(forgotten).ok());
  EXPECT_EQ(members(all), after);
  EXPECT_TRUE(engine_->verify()->faults.empty());
  reopen();
  EXPECT_EQ(members(all), after);
  std::size_t count = 0;
  for (const AudienceInfo::Class& part : engine_->audiences()[0].classes) {
    count += part.contacted + part.holdout;
  }
  EXPECT_EQ(count, after.size());

  std::vector<UserId> everybody;
  for (const std::string& user : after) everybody.emplace_back(user);
  ASSERT_TRUE(engine_->forget(everybody).ok());
  EXPECT_TRUE(members(all).empty());
  reopen();
  EXPECT_TRUE(members(all).empty());
  EXPECT_TRUE(engine_->verify()->faults.empty());
}

TEST_P(Audiences, AreDropped) {
  ASSERT_TRUE(engine_->freeze(request("a")).ok());
  ASSERT_TRUE(engine_->freeze(request("b")).ok());
  const std::uint64_t pages = engine_->verify()->page_count;
  EXPECT_EQ(engine_->drop_audience({"a", "first"}).to_string(),
            "not found: audience \"a\", run \"first\": there is none");
  ASSERT_TRUE(engine_->drop_audience({"a", ""}).ok());
  reopen();
  ASSERT_EQ(engine_->audiences().size(), 1u);
  EXPECT_LT(engine_->verify()->page_count, pages);
  EXPECT_EQ(members(R"({"campaign": "b"})").size(), 160u);
  // The name is free again, and its pages are others.
  ASSERT_TRUE(engine_->freeze(request("a")).ok());
  EXPECT_EQ(members(R"({"campaign": "a"})").size(), 160u);
  EXPECT_EQ(engine_->verify()->page_count, pages);
}

TEST_P(Audiences, RequestsAreChecked) {
  const auto said_of = [&](const AudienceRequest& asked) {
    return engine_->freeze(asked).status().to_string();
  };
  EXPECT_EQ(said_of(request("")),
            "invalid argument: audience \"\": campaign: has 0 bytes (allowed: 1 to 200)");
  EXPECT_EQ(said_of(request("a", "\xff")),
            "invalid argument: audience \"a\", run \"\\xff\": run: is not UTF-8");
  AudienceRequest asked = request("a");
  asked.holdout = "1.5";
  EXPECT_EQ(said_of(asked),
            "invalid argument: audience \"a\": holdout: must be a decimal number from 0 to 1 such "
            "as \"0.5\", of at most 18 decimals, found \"1.5\"");
  asked = request("a");
  asked.classes.push_back(asked.classes.front());
  EXPECT_EQ(said_of(asked),
            "invalid argument: audience \"a\": classes: name: \"buyers\" is there twice, or is "
            "that of the rest (allowed: other names, once each)");
  asked = request("a");
  asked.users = *parse_segment("did(logn)");
  EXPECT_EQ(said_of(asked),
            "invalid argument: audience \"a\": users: segment: did: unknown event \"logn\" "
            "(did you mean \"login\"?), allowed: login, buy");
  asked = request("a");
  asked.classes[0].users = *parse_segment("did(bye)");
  EXPECT_EQ(said_of(asked),
            "invalid argument: audience \"a\": class \"buyers\": segment: did: unknown event "
            "\"bye\" (did you mean \"buy\"?), allowed: login, buy");
  EXPECT_TRUE(engine_->audiences().empty());
  ASSERT_TRUE(engine_->freeze(request("a")).ok());
  EXPECT_EQ(said_of(request("a")),
            "already exists: audience \"a\": the store has it (allowed: another name)");
}

}  // namespace
}  // namespace rollcall::testing
