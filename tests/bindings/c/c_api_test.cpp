// The calls of rollcall.h do what Engine does.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/bindings/c/c_session.h"

namespace rollcall::testing {
namespace {

class CApi : public ::testing::Test {
 protected:
  ~CApi() override { EXPECT_EQ(live_arrow(), LiveArrow()); }

  std::string path(const std::string& name) const { return directory_.path() + "/" + name; }
  std::string write(const std::string& name, std::string_view content) const {
    std::ofstream(path(name)) << content;
    return path(name);
  }
  EngineHandle filled() const {
    EngineHandle engine = open_in_memory();
    EXPECT_TRUE(ingest(engine.get(), three_days()).ok());
    return engine;
  }
  static JsonValue info(rollcall_engine* engine) {
    return json_of(call_for_text([&](char** out, std::size_t* size, rollcall_error** error) {
      return rollcall_info(engine, out, size, error);
    }));
  }
  static Returned save(rollcall_engine* engine, std::string_view objects, int replace = 0) {
    return call([&](rollcall_error** error) {
      return rollcall_save_objects(engine, objects.data(), objects.size(), replace, error);
    });
  }
  static Returned freeze(rollcall_engine* engine, std::string_view request) {
    return call_for_text([&](char** out, std::size_t* size, rollcall_error** error) {
      return rollcall_freeze(engine, request.data(), request.size(), nullptr, 0, out, size, error);
    });
  }
  static Returned ingest_files(rollcall_engine* engine, const std::string& paths,
                               std::string_view options, const rollcall_stop* stop = nullptr) {
    return call_for_text([&](char** out, std::size_t* size, rollcall_error** error) {
      return rollcall_ingest_files(engine, paths.data(), paths.size(), options.data(),
                                   options.size(), stop, out, size, error);
    });
  }

  const TemporaryDirectory directory_;
};

constexpr std::string_view kActive = R"({"kind": "active", "event": "login"})";

TEST_F(CApi, TheVersionHasThreeNumbers) {
  int major = -1, minor = -1, patch = -1, read = 0;
  const char* const version = rollcall_version();
  EXPECT_EQ(std::sscanf(version, "%d.%d.%d%n", &major, &minor, &patch, &read), 3) << version;
  EXPECT_EQ(version[read], '\0');
}

TEST_F(CApi, AStoreIsMadeClosedAndOpenedAgain) {
  const std::string store = path("store");
  {
    EngineHandle engine;
    ASSERT_TRUE(
        open(store, R"({"settings": {"partition_count": 4, "history": false}})", engine).ok());
    ASSERT_TRUE(ingest(engine.get(), three_days()).ok());
    EXPECT_EQ(rollcall_close(engine.get(), nullptr), ROLLCALL_OK);
  }
  EngineHandle engine;
  ASSERT_TRUE(open(store, R"({"read_only": true})", engine).ok());
  const JsonValue held = info(engine.get());
  EXPECT_EQ(held["event_count"], 5);
  EXPECT_EQ(held["user_count"], 3);
  EXPECT_EQ(held["settings"]["partition_count"], 4);
  EXPECT_EQ(held["settings"]["history"], false);
  EXPECT_EQ(held["days"]["first"], "2026-01-01");
}

TEST_F(CApi, ACheckpointKeepsWhatCameBeforeIt) {
  const std::string store = path("store");
  {
    EngineHandle engine;
    ASSERT_TRUE(open(store, "", engine).ok());
    ASSERT_TRUE(ingest(engine.get(), three_days()).ok());
    EXPECT_EQ(rollcall_checkpoint(engine.get(), nullptr), ROLLCALL_OK);
    ASSERT_TRUE(ingest(engine.get(), three_days()).ok());
  }
  EngineHandle engine;
  ASSERT_TRUE(open(store, "", engine).ok());
  EXPECT_EQ(info(engine.get())["event_count"], 5);
}

TEST_F(CApi, ErrorsHaveCodeTextAndHint) {
  EngineHandle engine;
  EXPECT_EQ(open(path("none"), R"({"create_if_missing": false})", engine).code, ROLLCALL_NOT_FOUND);
  const Returned unknown = open(path("none"), R"({"memory_bytes": 1})", engine);
  EXPECT_EQ(unknown.code, ROLLCALL_INVALID_ARGUMENT);
  EXPECT_EQ(unknown.hint, "[]");
  EXPECT_TRUE(unknown.error.starts_with(
      "options: unknown field \"memory_bytes\" (did you mean \"memory_bytes_max\"?), allowed: "))
      << unknown.error;
  EXPECT_EQ(open("", R"({"in_memory": true, "threads_max": -1})", engine).error,
            "options: threads_max: must be a whole number from 0 to 4294967295, found -1");
  EXPECT_EQ(open("", R"({"in_memory": true, "settings": {"user_kind": "uuid"}})", engine).error,
            "options: settings: user_kind: unknown user_kind \"uuid\", allowed: integer, string");
  EXPECT_EQ(open("x", R"({"in_memory": true})", engine).error,
            "directory: \"x\", with in_memory (allowed: none)");
  EXPECT_EQ(open("", "[]", engine).error, "options: must be an object, found []");
  EXPECT_EQ(open("", "", engine).error,
            "directory: is empty (allowed: a path; or the option {\"in_memory\": true})");
  EXPECT_EQ(open("", R"({"in_memory": true, "read_only": true})", engine).error,
            "options: read_only, with in_memory (allowed: one of them)");
  EXPECT_EQ(open("", std::string_view("{\"in_memory\": true}\0{", 21), engine).error,
            "options: 1:20: found a zero byte (allowed: JSON)");
  const Returned zone = open("", R"({"in_memory": true, "settings": {"time_zone": "X"}})", engine);
  EXPECT_EQ(zone.code, ROLLCALL_INVALID_ARGUMENT);
  EXPECT_EQ(JsonValue::parse(zone.hint)[0][0]["option"], "time_zone");
}

// The directory of a store is where it was when the store was opened.
TEST_F(CApi, AProgramMayGoToAnotherDirectory) {
  const std::filesystem::path before = std::filesystem::current_path();
  for (const char* const place : {"here", "there"}) {
    std::filesystem::create_directory(path(place));
    EngineHandle engine;
    ASSERT_TRUE(open(path(place) + "/store", "", engine).ok());
    ASSERT_TRUE(ingest(engine.get(), three_days()).ok());
    ASSERT_EQ(rollcall_close(engine.get(), nullptr), ROLLCALL_OK);
  }
  std::filesystem::current_path(path("here"));
  {
    EngineHandle engine;
    const Returned opened = open("store", "", engine);
    std::filesystem::current_path(path("there"));
    EXPECT_TRUE(opened.ok()) << opened.error;
    EXPECT_TRUE(ingest(engine.get(), three_days(), "", R"({"ack": "durable"})").ok());
    EXPECT_EQ(rollcall_compact(engine.get(), nullptr), ROLLCALL_OK);
    EXPECT_EQ(rollcall_close(engine.get(), nullptr), ROLLCALL_OK);
  }
  std::filesystem::current_path(before);
  for (const auto& [place, events] : {std::pair("here", 10), std::pair("there", 5)}) {
    EngineHandle engine;
    const Returned opened = open(path(place) + "/store", "", engine);
    ASSERT_TRUE(opened.ok()) << opened.error;
    EXPECT_EQ(info(engine.get())["event_count"], events) << place;
    EXPECT_TRUE(json_of(call_for_text([&](char** out, std::size_t* size, rollcall_error** error) {
                  return rollcall_verify(engine.get(), out, size, error);
                }))["faults"]
                    .empty());
  }
}

TEST_F(CApi, AStoreThatIsOpenIsBusy) {
  EngineHandle first, second;
  ASSERT_TRUE(open(path("store"), "", first).ok());
  EXPECT_EQ(open(path("store"), "", second).code, ROLLCALL_BUSY);
}

TEST_F(CApi, EveryOptionOfAnEngineIsTaken) {
  EngineHandle engine;
  const Returned opened = open(path("store"), R"({
      "settings": {"user_kind": "integer", "partition_count": 2, "time_zone": "Europe/London",
                   "week_start": "sunday", "value_decimals": 2, "dimensions": ["a"],
                   "event_names_max": 10, "dimension_values_max": 20, "history": true,
                   "kept_properties": ["b"]},
      "history_days": 30, "keep": ["c"], "memory_bytes_max": 100000000,
      "checkpoint_dirty_bytes_max": 1000000, "checkpoint_seconds": 0,
      "journal_bytes_max": 1000000, "threads_max": 1, "time_max": 4000000000000000,
      "question_directories": ["/tmp"], "read_only": false, "create_if_missing": true,
      "accept_rollback": false, "cache_bytes": 8000000, "in_memory": false})",
                               engine);
  ASSERT_TRUE(opened.ok()) << opened.error;
  const JsonValue settings = info(engine.get())["settings"];
  EXPECT_EQ(settings, JsonValue::parse(R"({
      "user_kind": "integer", "partition_count": 2, "time_zone": "Europe/London",
      "week_start": "sunday", "value_decimals": 2, "dimensions": ["a"], "event_names_max": 10,
      "dimension_values_max": 20, "history": true, "kept_properties": ["b", "c"]})"));
  EXPECT_EQ(info(engine.get())["history_days"], 30);
}

TEST_F(CApi, QuestionsAreAnsweredAsJson) {
  const EngineHandle engine = filled();
  const JsonValue answer = json_of(ask(engine.get(), kActive));
  EXPECT_EQ(answer["kind"], "active");
  EXPECT_EQ(answer["rows"][0][1], 2);
  const JsonValue answers = json_of(ask(engine.get(), fmt::format(" [{0}, {0}]", kActive)));
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0]["rows"], answer["rows"]);
  const Returned unknown = ask(engine.get(), R"({"kind": "active", "event": "logni"})");
  EXPECT_EQ(unknown.code, ROLLCALL_INVALID_ARGUMENT);
  EXPECT_EQ(ask(engine.get(), "").code, ROLLCALL_INVALID_ARGUMENT);
}

// A text may have any bytes, and its size alone says where it ends.
TEST_F(CApi, SizesEndTexts) {
  const EngineHandle engine = filled();
  const std::string longer = std::string(kActive) + "}}}";
  EXPECT_TRUE(ask(engine.get(), std::string_view(longer).substr(0, kActive.size())).ok());
  EXPECT_EQ(ask(engine.get(), std::string_view("{\0}", 3)).code, ROLLCALL_INVALID_ARGUMENT);
}

TEST_F(CApi, QuestionsAreAnsweredAsArrow) {
  const EngineHandle engine = filled();
  const auto ask_arrow = [&](std::string_view question, ArrowArrayStream& out) {
    return call([&](rollcall_error** error) {
      return rollcall_query_arrow(engine.get(), question.data(), question.size(), nullptr, 0, &out,
                                  error);
    });
  };
  ArrowArrayStream stream;
  ASSERT_TRUE(ask_arrow(kActive, stream).ok());
  const ReadArrow read = read_arrow(stream);
  EXPECT_EQ(read.names, (std::vector<std::string>{"date", "users", "complete"}));
  EXPECT_EQ(read.formats, (std::vector<std::string>{"tdD", "l", "b"}));
  ASSERT_EQ(read.rows.size(), 3u);
  EXPECT_EQ(read.rows[0], (std::vector<std::string>{"20454", "2", "true"}));
  EXPECT_EQ(JsonValue::parse(read.metadata.at("rollcall.definition"))["timezone"], "UTC");
  EXPECT_EQ(read.metadata.at("rollcall.kind"), "active");

  ASSERT_TRUE(
      ask_arrow(R"({"kind": "active", "members": {"where": {"date": "2026-01-02"}}})", stream)
          .ok());
  EXPECT_EQ(read_arrow(stream).rows, (std::vector<std::vector<std::string>>{{"ann"}, {"cid"}}));
  EXPECT_EQ(ask_arrow("[]", stream).code, ROLLCALL_INVALID_ARGUMENT);
  EXPECT_EQ(stream.release, nullptr);
}

TEST_F(CApi, ExplainSaysWhatAQuestionReads) {
  const EngineHandle engine = filled();
  const auto explain = [&](std::string_view question) {
    return call_for_text([&](char** out, std::size_t* size, rollcall_error** error) {
      return rollcall_explain(engine.get(), question.data(), question.size(), nullptr, 0, out, size,
                              error);
    });
  };
  const JsonValue explained = json_of(explain(kActive));
  EXPECT_FALSE(explained["meaning"].get<std::string>().empty());
  EXPECT_EQ(explained["days"]["last"], "2026-01-03");
  EXPECT_TRUE(explained["history_events"].is_null());
  EXPECT_EQ(explain("{}").code, ROLLCALL_INVALID_ARGUMENT);
}

TEST_F(CApi, ADeliveryCountsOnce) {
  const EngineHandle engine = open_in_memory();
  constexpr std::string_view kDelivery = R"({
      "positions": [{"id": "log/0", "position": "17"}, {"id": "log/1", "position": "4"}],
      "token": {"source": "log", "token": "a"}, "ack": "memory"})";
  const JsonValue first = json_of(ingest(engine.get(), three_days(), "", kDelivery));
  EXPECT_EQ(first, JsonValue::parse(R"({"rows": 5, "was_skipped": false, "rows_forgotten": 0})"));
  const JsonValue again = json_of(ingest(engine.get(), three_days(), "", kDelivery));
  EXPECT_EQ(again["was_skipped"], true);
  EXPECT_EQ(info(engine.get())["event_count"], 5);
  const JsonValue sources =
      json_of(call_for_text([&](char** out, std::size_t* size, rollcall_error** error) {
        return rollcall_sources(engine.get(), out, size, error);
      }));
  EXPECT_EQ(sources, JsonValue::parse(R"([{"id": "log/0", "position": "17"},
                                          {"id": "log/1", "position": "4"}])"));
}

// Nothing is taken for an empty position, which would replace the one that is there.
TEST_F(CApi, ADeliveryThatLacksAFieldIsRefused) {
  const EngineHandle engine = open_in_memory();
  const auto fault_of = [&](std::string_view delivery) {
    return ingest(engine.get(), three_days(), "", delivery).error;
  };
  EXPECT_EQ(fault_of(R"({"positions": [{"id": "log/0"}]})"),
            "delivery: positions[0]: missing field \"position\"");
  EXPECT_EQ(fault_of(R"({"positions": [{"id": "a", "position": "1"}, {"position": "4"}]})"),
            "delivery: positions[1]: missing field \"id\"");
  EXPECT_EQ(fault_of(R"({"token": {"source": "log"}})"),
            "delivery: token: missing field \"token\"");
  EXPECT_EQ(info(engine.get())["event_count"], 0);
}

TEST_F(CApi, ColumnsHaveTheNamesThatAreGiven) {
  const EngineHandle engine = open_in_memory();
  ArrowArrayStream stream =
      stream_of({batch_of({text("who", {"ann"}), numbers<std::int64_t>("tsu:UTC", "at", {0}),
                           numbers<std::int64_t>("l", "paid", {7})})});
  const Returned done =
      ingest(engine.get(), stream,
             R"({"user": "who", "time": "at", "event_name": "buy", "event": "", "value": "paid"})");
  ASSERT_TRUE(done.ok()) << done.error;
  EXPECT_EQ(info(engine.get())["events"][0]["name"], "buy");
  EXPECT_EQ(ingest(engine.get(), three_days(), R"({"user": 3})").error,
            "columns: user: must be a string, found 3");
  const Returned failed = ingest(
      engine.get(),
      stream_of({batch_of({text("user", {"a"}), numbers<std::int64_t>("tsu:UTC", "time", {0}),
                           text("event", {"e"})})},
                true));
  EXPECT_EQ(failed.code, ROLLCALL_IO_ERROR);
}

TEST_F(CApi, FilesAreIngestedOnce) {
  const EngineHandle engine = open_in_memory();
  const std::string file = write("events.csv",
                                 "user,event,time\nann,login,2026-01-01\nbob,login,soon\n"
                                 "cid,login,2026-01-02\n");
  const std::string paths = JsonValue({file}).dump();
  const JsonValue report =
      json_of(ingest_files(engine.get(), paths, R"({"time_min": "2020-01-01"})"));
  EXPECT_EQ(report["rows_ingested"], 2);
  EXPECT_EQ(report["rows_rejected"], 1);
  EXPECT_EQ(report["examples"][0]["line"], 3);
  EXPECT_EQ(report["files"][0]["outcome"], "read");
  EXPECT_EQ(json_of(ingest_files(engine.get(), paths, ""))["files"][0]["outcome"], "known");
  EXPECT_EQ(ingest_files(engine.get(), JsonValue({path("none")}).dump(), "").code,
            ROLLCALL_NOT_FOUND);
  EXPECT_EQ(ingest_files(engine.get(), "{}", "").error,
            "paths: must be a list of strings, found {}");
  EXPECT_EQ(ingest_files(engine.get(), paths, R"({"time_unit": "days"})").code,
            ROLLCALL_INVALID_ARGUMENT);
}

TEST_F(CApi, EveryOptionOfFilesIsTaken) {
  const EngineHandle engine = open_in_memory();
  const std::string file = write("events.txt", "skipped\n# no row\nann;01.02.2026;e;\"1,5\"\n");
  const Returned done = ingest_files(engine.get(), JsonValue({file}).dump(), R"({
      "format": "delimited", "delimiter": ";", "quotes": "fields", "skip_lines": 1,
      "comment": "#", "columns": ["u", "t", "e", "v"], "header": false, "user": "u",
      "event": "e", "time": "t", "value": "v", "time_format": "%d.%m.%Y", "nested": "other",
      "decimal": ",", "grouping": ".", "currency": "EUR", "round_values": true,
      "reject_null_users": true, "again": false, "time_min": 0, "time_max": "2030-01-01",
      "line_bytes_max": 1000, "user_bytes_max": 100, "strict": true, "batch_bytes": 1000,
      "batch_rows": 10})");
  ASSERT_TRUE(done.ok()) << done.error;
  EXPECT_EQ(info(engine.get())["event_count"], 1);
}

TEST_F(CApi, ForgottenUsersAreGone) {
  const EngineHandle engine = filled();
  std::uint64_t known = 7;
  EXPECT_EQ(rollcall_forget(engine.get(), R"(["ann", "zoe"])", 14, &known, nullptr), ROLLCALL_OK);
  EXPECT_EQ(known, 1u);
  EXPECT_EQ(info(engine.get())["user_count"], 2);
  constexpr std::string_view kCut = "[\"ann\"\0]";
  EXPECT_EQ(rollcall_forget(engine.get(), kCut.data(), 8, &known, nullptr),
            ROLLCALL_INVALID_ARGUMENT);
  EXPECT_EQ(rollcall_forget(engine.get(), "[1]", 3, &known, nullptr), ROLLCALL_INVALID_ARGUMENT);
  EXPECT_EQ(known, 0u);
  EXPECT_EQ(rollcall_forget(engine.get(), "[-1]", 4, &known, nullptr), ROLLCALL_INVALID_ARGUMENT);
}

TEST_F(CApi, UsersAreForgottenAsAnswersNameThem) {
  const EngineHandle engine = open_in_memory(R"({"user_kind": "integer"})");
  ArrowArrayStream stream = stream_of({batch_of(
      {numbers<std::uint64_t>("L", "user", {0, 7, 8}),
       numbers<std::int64_t>("tsu:UTC", "time", {0, 0, 0}), text("event", {"a", "a", "a"})})});
  ASSERT_TRUE(ingest(engine.get(), stream).ok());
  std::uint64_t known = 0;
  EXPECT_EQ(rollcall_forget(engine.get(), R"(["0", 7])", 8, &known, nullptr), ROLLCALL_OK);
  EXPECT_EQ(known, 2u);
  for (const std::string_view other : {R"(["08"])", R"(["x8"])", R"([""])", R"(["8 "])"}) {
    EXPECT_EQ(rollcall_forget(engine.get(), other.data(), other.size(), &known, nullptr),
              ROLLCALL_INVALID_ARGUMENT)
        << other;
  }
  EXPECT_EQ(info(engine.get())["user_count"], 1);
}

TEST_F(CApi, ObjectsAreSavedListedAndDropped) {
  const EngineHandle engine = filled();
  constexpr std::string_view kObjects = R"j({"objects": [
      {"kind": "segment", "name": "buyers", "definition": {"segment": "did(buy)"}},
      {"kind": "segment", "name": "vips", "definition": {"users": ["ann", "bob"]}},
      {"kind": "question", "name": "daily", "definition": {"kind": "active"}}]})j";
  ASSERT_TRUE(save(engine.get(), kObjects).ok());
  EXPECT_EQ(save(engine.get(), kObjects).code, ROLLCALL_ALREADY_EXISTS);
  EXPECT_TRUE(save(engine.get(), kObjects, 1).ok());
  EXPECT_EQ(save(engine.get(), "{}").code, ROLLCALL_INVALID_ARGUMENT);
  const auto list = [&](std::string_view kind) {
    return call_for_text([&](char** out, std::size_t* size, rollcall_error** error) {
      return rollcall_objects(engine.get(), kind.data(), kind.size(), out, size, error);
    });
  };
  EXPECT_EQ(json_of(list("question"))["objects"][0]["name"], "daily");
  EXPECT_EQ(list("questions").error,
            "kind: unknown kind \"questions\" (did you mean \"question\"?), allowed: segment, "
            "question, campaign, alert");
  const JsonValue segments =
      json_of(call_for_text([&](char** out, std::size_t* size, rollcall_error** error) {
        return rollcall_segments(engine.get(), out, size, error);
      }));
  EXPECT_EQ(segments, JsonValue::parse(R"j([
      {"name": "buyers", "segment": "did(buy)", "users": 0},
      {"name": "vips", "segment": null, "users": 2}])j"));
  EXPECT_EQ(rollcall_drop_object(engine.get(), "question", 8, "daily", 5, nullptr), ROLLCALL_OK);
  EXPECT_EQ(rollcall_drop_object(engine.get(), "question", 8, "daily", 5, nullptr),
            ROLLCALL_NOT_FOUND);
  EXPECT_EQ(json_of(list("question"))["objects"].size(), 0u);
}

TEST_F(CApi, AudiencesAreFrozenListedAndDropped) {
  const EngineHandle engine = filled();
  const Returned frozen = freeze(engine.get(), R"j({
      "campaign": "win back", "run": "1", "users": "did(*)", "as_of": "2026-01-02",
      "classes": [{"name": "buyers", "users": {"did": "login", "days": {"gte": 2}}}],
      "holdout": "0", "draw": "d"})j");
  const JsonValue audience = json_of(frozen);
  EXPECT_EQ(audience["campaign"], "win back");
  EXPECT_EQ(audience["classes"], JsonValue::parse(R"([
      {"name": "buyers", "contacted": 1, "holdout": 0},
      {"name": "other", "contacted": 2, "holdout": 0}])"));
  const auto list = [&] {
    return json_of(call_for_text([&](char** out, std::size_t* size, rollcall_error** error) {
      return rollcall_audiences(engine.get(), out, size, error);
    }));
  };
  EXPECT_EQ(list(), JsonValue::array({audience}));
  EXPECT_EQ(freeze(engine.get(), R"j({"campaign": "c"})j").error,
            "audience: missing field \"users\"");
  EXPECT_EQ(freeze(engine.get(), R"j({"campaign": "c", "users": "did("})j").code,
            ROLLCALL_INVALID_ARGUMENT);
  EXPECT_EQ(rollcall_drop_audience(engine.get(), "win back", 8, "1", 1, nullptr), ROLLCALL_OK);
  EXPECT_EQ(rollcall_drop_audience(engine.get(), "win back", 8, "1", 1, nullptr),
            ROLLCALL_NOT_FOUND);
  EXPECT_EQ(list(), JsonValue::array());
}

TEST_F(CApi, StoresAreCopiedCompactedAndVerified) {
  const std::string store = path("store"), other = path("copy");
  EngineHandle engine;
  ASSERT_TRUE(open(store, "", engine).ok());
  ASSERT_TRUE(ingest(engine.get(), three_days()).ok());
  EXPECT_EQ(rollcall_compact(engine.get(), nullptr), ROLLCALL_OK);
  const auto copy = [&] {
    return call_for_text([&](char** out, std::size_t* size, rollcall_error** error) {
      return rollcall_copy(store.data(), store.size(), other.data(), other.size(), out, size,
                           error);
    });
  };
  EXPECT_GT(json_of(copy())["page_count"], 0);
  EXPECT_EQ(copy().code, ROLLCALL_ALREADY_EXISTS);
  EngineHandle again;
  ASSERT_TRUE(open(other, "", again).ok());
  const JsonValue verified =
      json_of(call_for_text([&](char** out, std::size_t* size, rollcall_error** error) {
        return rollcall_verify(again.get(), out, size, error);
      }));
  EXPECT_GT(verified["page_count"], 0);
  EXPECT_EQ(verified["faults"], JsonValue::array());
}

TEST_F(CApi, AStopEndsWhatTakesIt) {
  const EngineHandle engine = filled();
  rollcall_stop* made = nullptr;
  ASSERT_EQ(rollcall_stop_new(&made, nullptr), ROLLCALL_OK);
  const StopHandle stop(made);
  EXPECT_TRUE(ask(engine.get(), kActive, stop.get()).ok());
  ASSERT_EQ(rollcall_stop_request(stop.get(), nullptr), ROLLCALL_OK);
  EXPECT_EQ(ask(engine.get(), kActive, stop.get()).code, ROLLCALL_CANCELLED);
  const std::string file = write("events.csv", "user,event,time\nann,login,2026-01-01\n");
  const JsonValue report =
      json_of(ingest_files(engine.get(), JsonValue({file}).dump(), "", stop.get()));
  EXPECT_EQ(report["stopped"], true);
}

// The question takes much longer than the test waits.
TEST_F(CApi, ARunningQuestionIsStoppedByAnotherThread) {
  const EngineHandle engine = open_in_memory();
  std::vector<std::string> users;
  std::vector<std::int64_t> times;
  for (int i = 0; i < 200'000; ++i) {
    users.push_back(std::to_string(i % 20'000));
    times.push_back(std::int64_t{i % 300} * 86'400'000'000 + i);
  }
  const std::vector<std::string> names(users.size(), "e");
  ASSERT_TRUE(
      ingest(engine.get(), stream_of({batch_of({text("user", users),
                                                numbers<std::int64_t>("tsu:UTC", "time", times),
                                                text("event", names)})}))
          .ok());
  const std::string question = R"({"kind": "retention", "periods": 299, "return_event": "e"})";
  std::string many = "[";
  for (int i = 0; i < 500; ++i) many += (i == 0 ? "" : ", ") + question;
  many += "]";
  rollcall_stop* made = nullptr;
  ASSERT_EQ(rollcall_stop_new(&made, nullptr), ROLLCALL_OK);
  const StopHandle stop(made);
  const auto begin = std::chrono::steady_clock::now();
  std::jthread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    EXPECT_EQ(rollcall_stop_request(stop.get(), nullptr), ROLLCALL_OK);
  });
  EXPECT_EQ(ask(engine.get(), many, stop.get()).code, ROLLCALL_CANCELLED);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(200));
  EXPECT_EQ(ask(engine.get(), many, nullptr, 20).code, ROLLCALL_DEADLINE_EXCEEDED);
  EXPECT_TRUE(ask(engine.get(), question).ok());
}

TEST_F(CApi, ThreadsShareAnEngine) {
  const EngineHandle engine = open_in_memory();
  ASSERT_TRUE(ingest(engine.get(), three_days()).ok());
  constexpr int kThreads = 4, kRounds = 20;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        for (int round = 0; round < kRounds; ++round) {
          EXPECT_TRUE(ingest(engine.get(), three_days()).ok());
          EXPECT_TRUE(ask(engine.get(), kActive).ok());
          EXPECT_EQ(ask(engine.get(), "{}").code, ROLLCALL_INVALID_ARGUMENT);
        }
      });
    }
  }
  EXPECT_EQ(info(engine.get())["event_count"], 5 * (kThreads * kRounds + 1));
}

}  // namespace
}  // namespace rollcall::testing
