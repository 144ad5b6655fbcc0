// This tests the objects that a store keeps by name.
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/memory_store.h"
#include "rollcall/rocks_store.h"
#include "rollcall/saved_object.h"
#include "tests/support/event_columns.h"

namespace rollcall::testing {
namespace {

using Objects = std::vector<SavedObject>;

const SavedObject kLogins{ObjectKind::kQuestion, "logins", R"({"kind":"active","event":"login"})"};
const SavedObject kWinBack{ObjectKind::kCampaign, "win back",
                           R"j({"audience":"not did(*, 7d)","anything":[1,2]})j"};
const SavedObject kBuyers{ObjectKind::kSegment, "buyers", R"j({"segment": "did(buy)"})j"};

class SavedObjects : public ::testing::Test {
 protected:
  void SetUp() override {
    open(UserKind::kString);
    NaiveEvent event;
    event.user = std::string("ann");
    event.event = "buy";
    const EventColumns columns({&event, 1}, engine_->settings());
    ASSERT_TRUE(engine_->ingest(columns.batch()).ok());
  }
  void open(UserKind users) {
    EngineOptions options;
    options.settings = StoreSettings{};
    options.settings->user_kind = users;
    options.threads_max = 1;
    engine_ = *Engine::open(open_memory_store(disk_), options);
  }
  void reopen() {
    ASSERT_TRUE(engine_->close().ok());
    open(UserKind::kString);
  }
  std::string save(const Objects& objects, OnSameName on_same_name = OnSameName::kRefuse) {
    return engine_->save_objects(objects, on_same_name).to_string();
  }
  std::string save(ObjectKind kind, const std::string& name, const std::string& definition) {
    return save(Objects{{kind, name, definition}});
  }

  std::shared_ptr<MemoryDisk> disk_ = make_memory_disk();
  std::unique_ptr<Engine> engine_;
};

TEST_F(SavedObjects, AreKept) {
  const SavedObject alert{ObjectKind::kAlert, "logins", R"({"below":0.05})"};
  EXPECT_EQ(save({kWinBack, kLogins, alert, kBuyers}), "ok");
  reopen();
  EXPECT_EQ(engine_->objects(ObjectKind::kQuestion), Objects{kLogins});
  EXPECT_EQ(engine_->objects(ObjectKind::kCampaign), Objects{kWinBack});
  EXPECT_EQ(engine_->objects(ObjectKind::kAlert), Objects{alert});
  EXPECT_TRUE(engine_->verify()->faults.empty());

  EXPECT_EQ(save(ObjectKind::kAlert, "blanks", " { \"a\" : [ 1.50 , null ] } "), "ok");
  EXPECT_EQ(engine_->objects(ObjectKind::kAlert)[0].definition, R"({"a":[1.50,null]})");
  EXPECT_EQ(engine_->drop_object(ObjectKind::kAlert, "blanks").to_string(), "ok");

  // A kind has names of its own.
  EXPECT_EQ(engine_->drop_object(ObjectKind::kAlert, "logins").to_string(), "ok");
  reopen();
  EXPECT_TRUE(engine_->objects(ObjectKind::kAlert).empty());
  EXPECT_EQ(engine_->objects(ObjectKind::kQuestion), Objects{kLogins});
  EXPECT_EQ(engine_->drop_object(ObjectKind::kCampaign, "win bak").to_string(),
            "not found: unknown campaign \"win bak\" (did you mean \"win back\"?), allowed: win "
            "back");
}

TEST_F(SavedObjects, SegmentsAreTheSameWhicheverWayTheyCame) {
  const SavedObject listed{ObjectKind::kSegment, "listed", R"({"users": ["ann", "b\"ob"]})"};
  EXPECT_EQ(save({kBuyers, listed}), "ok");
  ASSERT_TRUE(engine_->save_segment("gone", *parse_segment("not did(*, 7d)")).ok());
  reopen();
  ASSERT_EQ(engine_->segments().size(), 3u);
  EXPECT_EQ(to_string(*engine_->segments()[0].expression), "did(buy)");
  EXPECT_EQ(engine_->segments()[2].users, 2u);

  // What is written is read back as it was.
  const Objects written = engine_->objects(ObjectKind::kSegment);
  ASSERT_EQ(written.size(), 3u);
  EXPECT_EQ(written[0].definition, R"({"segment": {"did": "buy"}})");
  for (const SavedObject& object : written) {
    ASSERT_TRUE(engine_->drop_object(ObjectKind::kSegment, object.name).ok());
  }
  EXPECT_TRUE(engine_->segments().empty());
  EXPECT_EQ(save(written), "ok");
  EXPECT_EQ(engine_->objects(ObjectKind::kSegment), written);
  EXPECT_EQ(engine_->query(R"j({"kind": "segment", "segment": "segment(listed)"})j")->rows,
            (std::vector<std::vector<Cell>>{{std::int64_t{1}}}));
}

TEST_F(SavedObjects, AllOfThemAreKeptOrNone) {
  ASSERT_EQ(save({kLogins}), "ok");
  SavedObject other = kLogins;
  other.definition = R"({"kind":"churn"})";
  EXPECT_EQ(save({kWinBack, kBuyers, other}),
            "already exists: question \"logins\": the store has one of that name (allowed: another "
            "name, or to replace it)");
  EXPECT_TRUE(engine_->objects(ObjectKind::kCampaign).empty());
  EXPECT_TRUE(engine_->segments().empty());
  EXPECT_EQ(save({kWinBack, other}, OnSameName::kReplace), "ok");
  EXPECT_EQ(engine_->objects(ObjectKind::kQuestion), Objects{other});
  EXPECT_EQ(save({kBuyers, kBuyers}),
            "invalid argument: segment \"buyers\": is there twice (allowed: once)");
  EXPECT_TRUE(engine_->segments().empty());
}

TEST_F(SavedObjects, SegmentsMayNameEachOtherInAnyOrderButNotThemselves) {
  const SavedObject of_buyers{ObjectKind::kSegment, "a", R"j({"segment": "segment(buyers)"})j"};
  EXPECT_EQ(save({of_buyers, kBuyers}), "ok");
  const SavedObject of_a{ObjectKind::kSegment, "buyers", R"j({"segment": "not segment(a)"})j"};
  EXPECT_EQ(save({of_a}, OnSameName::kReplace),
            "invalid argument: segment: \"buyers\" would name itself, by way of a");
  EXPECT_EQ(engine_->objects(ObjectKind::kSegment)[1].definition, R"({"segment": {"did": "buy"}})");
}

TEST_F(SavedObjects, DefinitionsAreChecked) {
  const std::string long_name(SavedObject::kNameBytesMax + 1, 'n');
  EXPECT_EQ(save(ObjectKind::kAlert, "", "{}"),
            "invalid argument: alert \"\": the name has 0 bytes (allowed: 1 to 200)");
  EXPECT_EQ(save(ObjectKind::kAlert, long_name, "{}"),
            "invalid argument: alert \"" + std::string(64, 'n') +
                "\"...: the name has 201 bytes (allowed: 1 to 200)");
  EXPECT_EQ(save(ObjectKind::kAlert, "a\xff", "{}"),
            "invalid argument: alert \"a\\xff\": the name is not UTF-8");
  EXPECT_EQ(save(ObjectKind::kAlert, "a", "[1]"),
            "invalid argument: alert \"a\": definition: must be an object, found [1]");
  EXPECT_EQ(save(ObjectKind::kAlert, "a", "{\"x\": \"" + std::string(65'536, ' ') + "\"}"),
            "invalid argument: alert \"a\": the definition has 65545 bytes (allowed: up to 65536)");
  EXPECT_EQ(save(ObjectKind::kQuestion, "q", R"({"kind": "activ"})").substr(0, 90),
            "invalid argument: question \"q\": query: unknown kind \"activ\" (did you mean "
            "\"active\"?), allo");
  EXPECT_EQ(save(ObjectKind::kSegment, "s", "{}"),
            "invalid argument: segment \"s\": definition: must have either \"segment\" or "
            "\"users\", found {}");
  EXPECT_EQ(
      save(ObjectKind::kSegment, "s", R"({"users": ["ann", 7]})"),
      "invalid argument: segment \"s\": definition: users: must be a list of strings, found 7");
  for (const ObjectKind kind :
       {ObjectKind::kSegment, ObjectKind::kQuestion, ObjectKind::kCampaign, ObjectKind::kAlert}) {
    EXPECT_TRUE(engine_->objects(kind).empty());
  }
}

TEST_F(SavedObjects, IntegersAreIdsOfStoresThatHaveThem) {
  ASSERT_TRUE(engine_->close().ok());
  disk_ = make_memory_disk();
  open(UserKind::kInteger);
  EXPECT_EQ(save(ObjectKind::kSegment, "s", R"({"users": [7, -1]})"),
            "invalid argument: segment \"s\": definition: users: must be a list of integers, found "
            "-1");
  EXPECT_EQ(save(ObjectKind::kSegment, "s", R"({"users": [7, 18446744073709551615]})"), "ok");
  EXPECT_EQ(engine_->segments()[0].users, 2u);
}

TEST_F(SavedObjects, AreBoundedInNumber) {
  Objects objects;
  for (std::size_t i = 0; i < SavedObject::kCountMax; ++i) {
    objects.push_back({ObjectKind::kAlert, std::to_string(i), "{}"});
  }
  EXPECT_EQ(save(objects), "ok");
  EXPECT_EQ(save({kWinBack}),
            "resource exhausted: objects: the store would have 1001 questions, campaigns and "
            "alerts (allowed: up to 1000)");
  EXPECT_EQ(save({kBuyers}), "ok");
}

TEST_F(SavedObjects, AreBoundedInBytes) {
  Objects objects;
  for (int i = 0; i < 33; ++i) {
    objects.push_back(
        {ObjectKind::kAlert, std::to_string(i), R"({"x": ")" + std::string(65'000, 'x') + "\"}"});
  }
  EXPECT_EQ(save(objects),
            "resource exhausted: objects: the definitions would have 2145264 bytes together "
            "(allowed: up to 2097152)");
  objects.pop_back();
  EXPECT_EQ(save(objects), "ok");
}

TEST_F(SavedObjects, AreWrittenAndReadAsADocument) {
  const SavedObject hostile{ObjectKind::kAlert, "</a>\"\n\x1b[31m", R"({"a":1.50,"b":[null]})"};
  const Objects objects = {kBuyers, hostile};
  const std::string json = objects_json(objects);
  EXPECT_EQ(json,
            "{\"objects\": [\n"
            R"j(  {"kind": "segment", "name": "buyers", "definition": {"segment": "did(buy)"}},)j"
            "\n"
            R"(  {"kind": "alert", "name": "</a>\"\n\u001b[31m", "definition": )"
            R"({"a":1.50,"b":[null]}})"
            "\n]}\n");
  const Result<Objects> read = parse_objects(json);
  ASSERT_TRUE(read.ok()) << read.status().to_string();
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ((*read)[1], hostile);
  EXPECT_EQ((*read)[0].definition, R"j({"segment":"did(buy)"})j");
  EXPECT_EQ(*parse_objects(objects_json({})), Objects{});

  const auto said = [](const std::string& text) { return parse_objects(text).status().message(); };
  EXPECT_EQ(said("[]"), "objects: must be a document such as {\"objects\": []}, found []");
  EXPECT_EQ(said(R"({"objects": [], "x": 1})"), "objects: unknown field \"x\", allowed: objects");
  EXPECT_EQ(said(R"({"objects": 1})"), "objects: must be a list, found 1");
  EXPECT_EQ(said(R"({"objects": [{"kind": "alert", "definition": {}}]})"),
            "objects[0]: missing field \"name\"");
  EXPECT_EQ(said(R"({"objects": [{"kind": "alarm", "name": "a", "definition": {}}]})"),
            "objects[0]: kind: unknown kind \"alarm\" (did you mean \"alert\"?), allowed: segment, "
            "question, campaign, alert");
  EXPECT_EQ(said(R"({"objects": [{"kind": "alert", "name": "a", "definition": "x"}]})"),
            "objects[0]: definition: must be an object, found \"x\"");
}

TEST_F(SavedObjects, NothingIsSavedToAStoreThatIsReadOnly) {
  const std::string directory = ::testing::TempDir() + "rollcall-saved-objects";
  std::filesystem::remove_all(directory);
  engine_ = *Engine::open(*open_rocks_store(directory), {});
  ASSERT_EQ(save({kLogins}), "ok");
  ASSERT_TRUE(engine_->close().ok());
  engine_ = *Engine::open(*open_rocks_store(directory, {.read_only = true}), {});
  EXPECT_EQ(engine_->objects(ObjectKind::kQuestion), Objects{kLogins});
  EXPECT_EQ(engine_->save_objects(Objects{kBuyers}).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(engine_->drop_object(ObjectKind::kQuestion, "logins").code(),
            StatusCode::kInvalidArgument);
  engine_.reset();
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace rollcall::testing
