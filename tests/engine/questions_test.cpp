// This tests what an engine promises of several questions, of named sets of users, and of
// explanations.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/memory_store.h"
#include "tests/engine/whole_days.h"
#include "tests/support/event_columns.h"
#include "tests/support/naive_engine.h"
#include "tests/support/result_text.h"

namespace rollcall::testing {
namespace {

class Questions : public ::testing::Test {
 protected:
  void SetUp() override {
    open();
    ingest({event("ann", 0, "login"), event("bob", 0, "login"), event("ann", 1, "login"),
            event("cem", 1, "buy")});
  }
  void open() {
    EngineOptions options;
    options.threads_max = 2;
    options.question_directories = {::testing::TempDir()};
    engine_ = *Engine::open(open_memory_store(disk_), options);
  }
  void reopen() {
    ASSERT_TRUE(engine_->close().ok());
    open();
  }
  void ingest(const std::vector<NaiveEvent>& events) {
    const EventColumns columns(events, engine_->settings());
    ASSERT_TRUE(engine_->ingest(columns.batch()).ok());
  }
  std::string ask(const std::string& json) const {
    const Result<QueryResult> result = engine_->query(json);
    return result.ok() ? to_text(*result) : result.status().to_string();
  }
  std::vector<Query> queries(const std::string& json) const { return *parse_queries(json); }

  std::shared_ptr<MemoryDisk> disk_ = make_memory_disk();
  std::unique_ptr<Engine> engine_;
};

TEST_F(Questions, AListIsAnsweredInItsOrder) {
  const std::vector<Query> list =
      queries(R"([{"kind": "active"}, {"kind": "lifecycle"}, {"kind": "active", "event": "buy"}])");
  const auto results = engine_->query(list);
  ASSERT_TRUE(results.ok()) << results.status().to_string();
  ASSERT_EQ(results->size(), 3u);
  for (std::size_t i = 0; i < list.size(); ++i) {
    EXPECT_EQ(to_text((*results)[i]), to_text(*engine_->query(list[i]))) << i;
  }
  EXPECT_TRUE(engine_->query(std::vector<Query>{})->empty());
}

TEST_F(Questions, AnErrorNamesTheQuestion) {
  EXPECT_EQ(engine_->query(queries(R"([{"kind": "active"}, {"kind": "active", "event": "bye"}])"))
                .status()
                .message(),
            "[1]: active: event: unknown event \"bye\" (did you mean \"buy\"?), allowed: login, "
            "buy");
  EXPECT_EQ(parse_queries(R"([{"kind": "active"}, {"kind": "activ"}])").status().message(),
            "[1]: " + parse_query(R"({"kind": "activ"})").status().message());
}

TEST_F(Questions, SegmentsAreKeptAndEvaluatedAnew) {
  ASSERT_TRUE(engine_->save_segment("gone", *parse_segment("not did(*, 1d)")).ok());
  const std::string json = R"j({"kind": "segment", "segment": "segment(gone)"})j";
  EXPECT_EQ(engine_->query(json)->rows, (std::vector<std::vector<Cell>>{{std::int64_t{1}}}));
  reopen();
  ingest({event("dee", 2, "login")});
  EXPECT_EQ(engine_->query(json)->rows, (std::vector<std::vector<Cell>>{{std::int64_t{3}}}));
  const std::vector<SegmentInfo> segments = engine_->segments();
  ASSERT_EQ(segments.size(), 1u);
  EXPECT_EQ(segments[0].name, "gone");
  EXPECT_EQ(to_string(*segments[0].expression), "not did(*, 1d)");

  ASSERT_TRUE(engine_->drop_segment("gone").ok());
  reopen();
  EXPECT_TRUE(engine_->segments().empty());
  EXPECT_EQ(engine_->drop_segment("gone").code(), StatusCode::kNotFound);
  EXPECT_EQ(ask(json), "invalid argument: segment: unknown segment \"gone\": none has been saved");
}

TEST_F(Questions, AListOfUsersStaysAsItIs) {
  const std::vector<UserId> users = {std::string("ann"), std::string("never seen"),
                                     std::string("ann")};
  ASSERT_TRUE(engine_->save_segment("vips", users).ok());
  reopen();
  EXPECT_EQ(engine_->segments().at(0).users, 2u);
  const auto members_of = [&](const std::string& segment) {
    return ask(R"({"kind": "segment", "members": {"where": {}}, "segment": ")" + segment + "\"}");
  };
  EXPECT_EQ(members_of("segment(vips)"), members_of("did(login, 2026-01-02)"));
}

TEST_F(Questions, MembersAreReadBackFromAFile) {
  const std::string path = ::testing::TempDir() + "rollcall-members.csv";
  std::ofstream(path) << "user\nann\ncem\n";
  const std::string among = R"("among": {"in_file": ")" + path + "\"}";
  const Result<QueryResult> active = engine_->query(R"({"kind": "active", )" + among + "}");
  ASSERT_TRUE(active.ok()) << active.status().to_string();
  EXPECT_EQ(active->rows.at(0).at(1), Cell(std::int64_t{1}));
  EXPECT_EQ(active->rows.at(1).at(1), Cell(std::int64_t{2}));
  const auto missing = engine_->query(R"({"kind": "active", "among": {"in_file": "/nowhere"}})");
  EXPECT_EQ(missing.status().code(), StatusCode::kInvalidArgument);
}

TEST_F(Questions, NoSegmentIsSavedThatNamesItself) {
  const auto save = [&](const std::string& name, const std::string& text) {
    return engine_->save_segment(name, *parse_segment(text)).to_string();
  };
  EXPECT_EQ(save("a", "segment(a)"), "invalid argument: segment: \"a\" would name itself");
  EXPECT_EQ(save("a", "segment(b) or segment(list)"), "ok");
  EXPECT_EQ(save("b", "did(login) and not segment(a)"),
            "invalid argument: segment: \"b\" would name itself, by way of a");
  EXPECT_EQ(save("b", "not segment(c) or segment(d)"), "ok");
  EXPECT_EQ(save("c", "segment(a)"),
            "invalid argument: segment: \"c\" would name itself, by way of a, b");
  // A segment that is named twice is no loop, and one that takes the name of another is looked at
  // anew.
  EXPECT_EQ(save("c", "did(*)"), "ok");
  EXPECT_EQ(save("d", "segment(c) or not segment(c)"), "ok");
  EXPECT_EQ(save("a", "did(*)"), "ok");
  EXPECT_EQ(save("c", "segment(a)"), "ok");
  // A list names nobody but users.
  ASSERT_TRUE(engine_->save_segment("a", std::vector<UserId>{std::string("a")}).ok());
  EXPECT_TRUE(engine_->query(R"j({"kind": "segment", "segment": "segment(b)"})j").ok());
}

TEST_F(Questions, SavedSegmentsWithinEachOtherAreBounded) {
  ASSERT_TRUE(engine_->save_segment("0", *parse_segment("did(*)")).ok());
  for (int i = 1; i <= 40; ++i) {
    const std::string before = "segment(" + std::to_string(i - 1) + ")";
    ASSERT_TRUE(
        engine_->save_segment(std::to_string(i), *parse_segment(before + " or " + before)).ok());
  }
  EXPECT_EQ(ask(R"j({"kind": "segment", "segment": "segment(40)"})j"),
            "invalid argument: segment: must have at most 10000 parts, those of the segments it "
            "names counted wherever they are named, found more");
  EXPECT_EQ(engine_->query(R"j({"kind": "segment", "segment": "segment(8)"})j")->rows,
            (std::vector<std::vector<Cell>>{{std::int64_t{3}}}));
}

// Like every other set, a list has nobody in it who was not seen up to as_of.
TEST_F(Questions, ListsFollowAsOf) {
  ASSERT_TRUE(
      engine_->save_segment("two", std::vector<UserId>{std::string("bob"), std::string("cem")})
          .ok());
  const auto users = [&](const std::string& segment) {
    const auto result = engine_->query(
        R"({"kind": "segment", "as_of": "2026-01-01", "segment": ")" + segment + "\"}");
    return result.ok() ? std::get<std::int64_t>(result->rows.at(0).at(0)) : -1;
  };
  EXPECT_EQ(users("segment(two)"), 1);
  EXPECT_EQ(users("not not segment(two)"), 1);
  EXPECT_EQ(users("segment(two) or not segment(two)"), 2);
}

// One date far off makes the window of the whole history longer than 65,535 days.
TEST_F(Questions, DaysAreCountedOverAnyTime) {
  ingest({event("ann", -90'000, "login")});
  EXPECT_EQ(engine_->query(R"j({"kind": "segment", "segment": "days(*) >= 1"})j")->rows,
            (std::vector<std::vector<Cell>>{{std::int64_t{3}}}));
  EXPECT_EQ(engine_->query(R"j({"kind": "segment", "segment": "days(*) >= 3"})j")->rows,
            (std::vector<std::vector<Cell>>{{std::int64_t{1}}}));
}

TEST_F(Questions, FilesOfSavedSegmentsHaveAbsoluteNames) {
  ASSERT_TRUE(engine_->save_segment("x", *parse_segment("not in_file(\"a/../b.txt\")")).ok());
  EXPECT_EQ(engine_->segments().at(0).expression->parts.at(0).name,
            (std::filesystem::current_path() / "b.txt").string());
}

TEST_F(Questions, AnswersOfManyValuesAreBounded) {
  StoreSettings settings;
  settings.dimensions = {"p"};
  EngineOptions options;
  options.settings = settings;
  const auto engine = *Engine::open(open_memory_store(), options);
  std::vector<NaiveEvent> events;
  for (const std::string value : {"a", "b", "c", "d", "e", "f", "g", "h"}) {
    events.push_back(event("ann", 0, "view"));
    events.back().properties["p"] = value;
  }
  const EventColumns columns(events, settings);
  ASSERT_TRUE(engine->ingest(columns.batch()).ok());
  const auto result =
      engine->query(R"({"kind": "active", "from": "0001-01-01", "breakdown": "p"})");
  EXPECT_EQ(
      result.status().message(),
      "active: too many cells: found 8 rows of 739617 cells, allowed: 5000000 cells; narrow the "
      "range with from and to, or take longer periods");
}

// A column of the answer has that name already.
TEST_F(Questions, ABreakdownByAPropertyNamedAsAColumnHasMembers) {
  StoreSettings settings;
  settings.dimensions = {"date"};
  EngineOptions options;
  options.settings = settings;
  const auto engine = *Engine::open(open_memory_store(), options);
  std::vector<NaiveEvent> events = {event("ann", 0, "view"), event("bob", 0, "view")};
  for (NaiveEvent& each : events) each.properties["date"] = "x";
  const EventColumns columns(events, settings);
  ASSERT_TRUE(engine->ingest(columns.batch()).ok());
  const std::string json = R"j({"kind": "active", "breakdown": "date", "members": {"where": {)j"
                           R"j("date (property)": "x", "date": "2026-01-01"}}})j";
  const auto result = engine->query(json);
  ASSERT_TRUE(result.ok()) << result.status().to_string();
  EXPECT_EQ(result->rows.size(), 2u);
}

TEST_F(Questions, SegmentsThatAreNoneAreNotKept) {
  EXPECT_EQ(engine_->save_segment("", *parse_segment("did(*)")).code(),
            StatusCode::kInvalidArgument);
  Segment none;
  none.kind = Segment::Kind::kAny;
  EXPECT_EQ(engine_->save_segment("x", none).message(), "segment: must have at least one part");
  EXPECT_TRUE(engine_->segments().empty());
}

// A hundred thousand values, of which the store keeps ten thousand: the others are "$other", in
// every breakdown, and nothing is answered of them one by one.
TEST_F(Questions, ValuesPastTheLimitCountTogether) {
  StoreSettings settings;
  settings.dimensions = {"page"};
  EngineOptions options;
  options.settings = settings;
  const auto engine = *Engine::open(open_memory_store(), options);
  constexpr int kValues = 100'000;
  std::vector<NaiveEvent> events;
  for (int i = 0; i < kValues; ++i) {
    events.push_back(event("user " + std::to_string(i % 60'000), 0, "view"));
    events.back().properties["page"] = "page " + std::to_string(i);
  }
  events.push_back(event("user 7", 0, "view"));
  events.back().properties["page"] = "page 3";
  const EventColumns columns(events, settings);
  ASSERT_TRUE(engine->ingest(columns.batch()).ok());

  const auto result =
      engine->query(R"({"kind": "active", "breakdown": "page", "breakdown_limit": 2})");
  ASSERT_TRUE(result.ok()) << result.status().to_string();
  // They are sorted by users, then by name. Everybody has a page among the rest, too, and counts
  // there once.
  ASSERT_EQ(result->rows.size(), 3u);
  EXPECT_EQ(result->rows[0][0], Cell(std::string("page 0")));
  EXPECT_EQ(result->rows[1][0], Cell(std::string("page 3")));
  EXPECT_EQ(result->rows[1][2], Cell(std::int64_t{2}));
  EXPECT_EQ(result->rows[2][0], Cell(std::string("$other")));
  EXPECT_EQ(result->rows[2][2], Cell(std::int64_t{60'000}));
  EXPECT_EQ(
      result->definition.back(),
      (std::pair<std::string, std::string>(
          "notes",
          R"(["a row is complete when its last day has ended at as_of", )"
          R"("page has more values than the store keeps; the others count as \"$other\"", )"
          R"("a user with several values of page counts for each of them; shown are those with )"
          R"(the most users in the range, and the rest together, each user once, )"
          R"(as \"$other\""])")));

  const auto unknown = engine->query(R"({"kind": "active", "where": {"page": "page 99999"}})");
  EXPECT_EQ(unknown.status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(unknown.status().hint(), OptionHint(Option::kDimensionValuesMax));
}

TEST_F(Questions, UsersOfAnyLengthAreThemselves) {
  const std::string longest(65'535, 'x');
  ingest({event("x", 2, "login"), event(longest, 2, "login"), event(longest + "y", 2, "login")});
  const auto members =
      engine_->query(R"({"kind": "active", "members": {"where": {"date": "2026-01-03"}}})");
  ASSERT_TRUE(members.ok()) << members.status().to_string();
  EXPECT_EQ(members->rows,
            (std::vector<std::vector<Cell>>{{std::string("x")}, {longest}, {longest + "y"}}));
}

TEST_F(Questions, ExplanationsSayWhatIsReadAndWhatItMeans) {
  const Query churn = *parse_query(
      R"j({"kind": "churn", "event": "login", "rule": {"gap_days": 1}, "among": "did(buy)"})j");
  const auto explanation = engine_->explain(churn);
  ASSERT_TRUE(explanation.ok()) << explanation.status().to_string();
  EXPECT_EQ(explanation->series, (std::vector<std::string>{"event \"login\"", "event \"buy\""}));
  EXPECT_EQ(explanation->days, (DayRange{kFirstDay, kFirstDay + 1}));
  EXPECT_GT(explanation->chunks, 0u);
  EXPECT_EQ(explanation->stored_chunks, 0u);
  EXPECT_EQ(explanation->bytes, explanation->chunks * 64);
  EXPECT_EQ(explanation->meaning,
            "For each day: the users with an event \"login\" in it are its base; those with such "
            "an event in the day after it are retained, the others have churned, and those of them "
            "who came back later, up to as_of, are recalled. Only users of did(buy) are looked at. "
            "The data are known up to the latest event. A row is complete once every day that it "
            "needs has ended; until then it holds the count so far, and no rate.");
  reopen();
  const auto cold = engine_->explain(*parse_query(R"({"kind": "active"})"));
  EXPECT_EQ(cold->stored_chunks, cold->chunks);
}

// Blocks of history end within the events of a user, which go on in the next one.
TEST_F(Questions, SegmentsOfUsersWhoseEventsFillSeveralBlocks) {
  constexpr std::int32_t kEvents = 50'000;
  std::vector<NaiveEvent> events;
  for (const char* const user : {"dan", "eve", "fay"}) {
    for (std::int32_t i = 0; i < kEvents; ++i) {
      events.push_back(event(user, 10, "tap"));
      events.back().time += i * std::int64_t{1'000'000};
      const bool has_amount = user == std::string("eve") && (i == 0 || i + 1 == kEvents);
      if (has_amount) events.back().value = 2'500'000;
    }
  }
  ingest(events);
  const auto users_of = [&](const std::string& segment) {
    const Result<QueryResult> result =
        engine_->query(R"({"kind": "segment", "segment": ")" + segment + "\"}");
    return result.ok() ? cell_text(result->rows.at(0).at(0)) : result.status().to_string();
  };
  for (const bool is_stored : {false, true}) {
    if (is_stored) reopen();
    EXPECT_EQ(users_of("times(tap) = 50000"), "3") << is_stored;
    EXPECT_EQ(users_of("times(tap) > 50000"), "0") << is_stored;
    EXPECT_EQ(users_of("sum(tap) = 5"), "1") << is_stored;
    EXPECT_EQ(users_of("times(tap[value >= 2.5]) = 2"), "1") << is_stored;
    // Ann, Bob and Cem have none.
    EXPECT_EQ(users_of("times(tap[value >= 2.5]) <= 1"), "5") << is_stored;
  }
}

TEST_F(Questions, AProfileReadsThePartitionOfItsUserAlone) {
  std::vector<NaiveEvent> events;
  for (int i = 0; i < 1'000; ++i) events.push_back(event("u" + std::to_string(i), i % 30, "login"));
  ingest(events);
  ASSERT_TRUE(engine_->checkpoint().ok());
  reopen();
  const auto events_read = [&](const std::string& json) {
    const Result<Explanation> explanation = engine_->explain(*parse_query(json));
    EXPECT_TRUE(explanation.ok()) << explanation.status().to_string();
    return explanation->history_events.value_or(0);
  };
  EXPECT_EQ(events_read(R"({"kind": "clock"})"), 1'004u);
  const std::uint64_t of_profile =
      events_read(R"({"kind": "profile", "user": "u77", "rfm": false})");
  EXPECT_GE(of_profile, 1u);
  EXPECT_LT(of_profile, 100u);
  // The scores are about everybody, and so is the rank within a year.
  EXPECT_EQ(events_read(R"({"kind": "profile", "user": "u77"})"), 1'004u);
  EXPECT_EQ(events_read(R"({"kind": "profile", "user": "u77", "year": 2026, "rfm": false})"),
            1'004u);
}

// Each reads what the others do not.
TEST_F(Questions, ProfilesAreAskedTogetherAsAlone) {
  const std::string profiles[] = {R"({"kind": "profile", "user": "ann"})",
                                  R"({"kind": "profile", "user": "bob", "events": 1})",
                                  R"({"kind": "active"})"};
  std::string expected;
  for (const std::string& json : profiles) expected += ask(json);
  for (const std::size_t count : {2u, 3u}) {
    std::string all, json;
    for (std::size_t i = 0; i < count; ++i) json += (i == 0 ? "[" : ", ") + profiles[i];
    const std::vector<Query> asked = queries(json + "]");
    const auto results = engine_->query(asked);
    ASSERT_TRUE(results.ok()) << results.status().to_string();
    for (const QueryResult& result : *results) all += to_text(result);
    EXPECT_EQ(all, expected.substr(0, all.size()));
    EXPECT_EQ(results->size(), count);
  }
}

TEST_F(Questions, AForgottenUserHasNoProfile) {
  const std::string json = R"({"kind": "profile", "user": "ann"})";
  ASSERT_TRUE(engine_->query(json).ok());
  ASSERT_TRUE(engine_->forget(std::vector<UserId>{std::string("ann")}).ok());
  EXPECT_EQ(ask(json),
            "not found: profile: user: unknown, found \"ann\" (allowed: a user with an event up to "
            "as_of)");
  reopen();
  EXPECT_EQ(engine_->query(json).status().code(), StatusCode::kNotFound);
  ingest({event("ann", 2, "login")});
  EXPECT_EQ(engine_->query(json).status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace rollcall::testing
