// Calls that a program should not make are refused in words, in every build.
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rollcall/arrow.h"
#include "rollcall/engine.h"
#include "rollcall/file_source.h"
#include "rollcall/memory_store.h"
#include "tests/core/source/source_files.h"
#include "tests/edges/edge_engine.h"

namespace rollcall::testing {
namespace {

const std::string kActive = R"({"kind": "active"})";

std::unique_ptr<Engine> open_engine() {
  auto engine = *Engine::open(open_memory_store(), {});
  EXPECT_TRUE(ingest_events(*engine, {edge_event("ann"), edge_event("bob")}).ok());
  EXPECT_TRUE(engine->save_segment("s", *parse_segment("did(login)")).ok());
  return engine;
}

// Returns what every call that returns a Status says, by its name.
std::map<std::string, Status> all_calls(Engine& engine, PreparedBatch batch) {
  const TestDirectory directory;
  const std::string file = directory.write("e.csv", "user,time,event\nann,2026-01-01,login\n");
  std::map<std::string, Status> said;
  said["ingest"] = ingest_events(engine, {edge_event("cem")});
  said["ingest none"] = engine.ingest(std::vector<PreparedBatch>{}).status();
  said["prepare"] = prepare_events(engine, {edge_event("cem")}).status();
  std::vector<PreparedBatch> batches;
  batches.push_back(std::move(batch));
  said["ingest prepared"] = engine.ingest(std::move(batches)).status();
  said["checkpoint"] = engine.checkpoint();
  said["compact"] = engine.compact();
  said["query"] = engine.query(*parse_query(kActive)).status();
  said["query json"] = engine.query(kActive).status();
  said["query several"] = engine.query(*parse_queries("[" + kActive + "]")).status();
  said["explain"] = engine.explain(*parse_query(kActive)).status();
  said["save_segment"] = engine.save_segment("t", *parse_segment("did(login)"));
  said["save_segment of users"] = engine.save_segment("u", std::vector<UserId>{std::string("ann")});
  said["drop_segment"] = engine.drop_segment("s");
  said["save_objects"] =
      engine.save_objects(std::vector<SavedObject>{{ObjectKind::kAlert, "a", "{}"}});
  said["drop_object"] = engine.drop_object(ObjectKind::kAlert, "a");
  said["forget"] = engine.forget(std::vector<UserId>{std::string("ann")}).status();
  said["verify"] = engine.verify().status();
  said["ingest_files"] = ingest_files(engine, {file}, {}, {}).status();
  said["close"] = engine.close();
  return said;
}

TEST(Misuse, EveryCallAfterCloseIsRefused) {
  const auto engine = open_engine();
  PreparedBatch batch = *prepare_events(*engine, {edge_event("dee")});
  ASSERT_TRUE(engine->close().ok());
  for (const auto& [call, status] : all_calls(*engine, std::move(batch))) {
    EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition) << call << ": " << status.to_string();
  }
  EXPECT_EQ(engine->settings(), StoreSettings{});
  EXPECT_EQ(engine->options().memory_bytes_max, EngineOptions{}.memory_bytes_max);
  EXPECT_TRUE(engine->sources().empty());
  EXPECT_TRUE(engine->segments().empty());
  EXPECT_TRUE(engine->objects(ObjectKind::kAlert).empty());
  EXPECT_EQ(engine->info().event_count, 0u);
  EXPECT_EQ(engine->info().settings, StoreSettings{});
}

TEST(Misuse, ABatchThatWasMovedFromIsRefused) {
  const auto engine = open_engine();
  PreparedBatch batch = *prepare_events(*engine, {edge_event("cem")});
  EXPECT_GT(batch.memory_bytes(), 0u);
  ASSERT_TRUE(engine->ingest(std::move(batch)).ok());
  EXPECT_EQ(batch.memory_bytes(), 0u);  // NOLINT(bugprone-use-after-move): that is the point
  EXPECT_EQ(engine->ingest(std::move(batch)).status().code(), StatusCode::kFailedPrecondition);

  std::vector<PreparedBatch> batches;
  batches.push_back(*prepare_events(*engine, {edge_event("dee")}));
  batches.push_back(*prepare_events(*engine, {edge_event("eva")}));
  const PreparedBatch taken = std::move(batches.back());
  EXPECT_EQ(engine->ingest(std::move(batches)).status().code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(engine->info().event_count, 3u);  // nothing of it is in
}

TEST(Misuse, NullIsRefused) {
  EXPECT_EQ(Engine::open(nullptr, {}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(ingest_arrow_stream(*open_engine(), nullptr, {}).status().code(),
            StatusCode::kInvalidArgument);
  ArrowArrayStream stream{};
  stream.release = [](ArrowArrayStream* self) { self->release = nullptr; };
  EXPECT_EQ(ingest_arrow_stream(*open_engine(), &stream, {}).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(stream.release, nullptr);
  EXPECT_TRUE(Engine::open(open_memory_store(nullptr), {}).ok());
  EngineOptions options;
  options.question_directories = {""};
  EXPECT_EQ(Engine::open(open_memory_store(), options).status().code(),
            StatusCode::kInvalidArgument);
}

// A stream whose schema or array lacks what the interface asks for.
TEST(Misuse, ArrowWithNullPointersIsRefused) {
  static ArrowSchema column{};
  static ArrowSchema* columns[] = {&column};
  static ArrowArray array{};
  static ArrowArray* arrays[] = {&array};
  static const char* format = nullptr;
  static bool has_children = true;
  const auto ingest = [] {
    ArrowArrayStream stream{};
    stream.get_schema = [](ArrowArrayStream*, ArrowSchema* out) {
      *out = {};
      out->format = "+s";
      out->n_children = 1;
      column.format = format;
      column.name = "user";
      out->children = has_children ? columns : nullptr;
      out->release = [](ArrowSchema* self) { self->release = nullptr; };
      return 0;
    };
    stream.get_next = [](ArrowArrayStream*, ArrowArray* out) {
      *out = {};
      out->length = 1;
      out->n_children = 1;
      out->children = has_children ? arrays : nullptr;
      array.length = 1;
      array.n_buffers = 3;  // and none there
      out->release = [](ArrowArray* self) { self->release = nullptr; };
      return 0;
    };
    stream.release = [](ArrowArrayStream* self) { self->release = nullptr; };
    return ingest_arrow_stream(*open_engine(), &stream, {}).status().code();
  };
  EXPECT_EQ(ingest(), StatusCode::kInvalidArgument);
  format = "u";
  EXPECT_EQ(ingest(), StatusCode::kInvalidArgument);
  has_children = false;
  EXPECT_EQ(ingest(), StatusCode::kInvalidArgument);
}

TEST(Misuse, AResultIsNeverOkWithoutAValue) {
  const Result<int> result = Status();
  EXPECT_FALSE(result.ok());
  EXPECT_EQ(result.status().code(), StatusCode::kFailedPrecondition);
}

TEST(MisuseDeathTest, TheValueOfAnErrorEndsTheProcessWithTheError) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const Result<std::string> result = Status::not_found("no such thing");
  EXPECT_DEATH((void)result->size(), "not found: no such thing");
}

}  // namespace
}  // namespace rollcall::testing
