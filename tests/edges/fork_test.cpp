// A child made by fork() has a copy of the engine and of the store that it can do no harm with.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/memory_store.h"
#include "rollcall/rocks_store.h"
#include "tests/edges/edge_engine.h"
#include "tests/reliability/child.h"
#include "tests/storage/file_bytes.h"
#include "tests/storage/temporary_directory.h"

namespace rollcall::testing {
namespace {

constexpr unsigned kSecondsMax = 60;
const std::string kQuestion = R"({"kind": "active"})";

std::string codes(const std::map<std::string, Status>& said) {
  std::string wrong;
  for (const auto& [call, status] : said) {
    if (status.code() == StatusCode::kFailedPrecondition) continue;
    wrong += call + ": " + status.to_string() + "\n";
  }
  return wrong;
}

std::string call_engine(Engine& engine) {
  std::map<std::string, Status> said;
  said["ingest"] = ingest_events(engine, {edge_event("cem")});
  said["checkpoint"] = engine.checkpoint();
  said["compact"] = engine.compact();
  said["query"] = engine.query(kQuestion).status();
  said["explain"] = engine.explain(*parse_query(kQuestion)).status();
  said["save_segment"] = engine.save_segment("t", *parse_segment("did(login)"));
  said["drop_segment"] = engine.drop_segment("s");
  said["save_objects"] =
      engine.save_objects(std::vector<SavedObject>{{ObjectKind::kAlert, "a", "{}"}});
  said["drop_object"] = engine.drop_object(ObjectKind::kAlert, "a");
  said["forget"] = engine.forget(std::vector<UserId>{std::string("ann")}).status();
  said["verify"] = engine.verify().status();
  said["close"] = engine.close();
  std::string wrong = codes(said);
  if (!engine.sources().empty() || !engine.segments().empty()) wrong += "lists\n";
  if (!engine.objects(ObjectKind::kAlert).empty()) wrong += "objects\n";
  if (engine.info().event_count != 0 || engine.settings() != StoreSettings{}) wrong += "info\n";
  return wrong;
}

// Returns all files but RocksDB's own log, to which its threads write when they like.
std::map<std::string, std::string> files_of(const std::string& directory) {
  std::map<std::string, std::string> files = all_files(directory);
  std::erase_if(files, [](const auto& file) { return file.first.ends_with("/LOG"); });
  return files;
}

void expect_silence(const ChildEnd& end) {
  EXPECT_EQ(end.how, ChildEnd::How::kReturned) << to_string(end);
  EXPECT_EQ(end.report, "");
}

TEST(Fork, AChildsCallsAreRefusedAndItsEngineTouchesNothing) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("s.db");
  auto engine = *Engine::open(*open_rocks_store(path), {});
  ASSERT_TRUE(ingest_events(*engine, {edge_event("ann")}, {.ack = Ack::kDurable}).ok());
  ASSERT_TRUE(engine->checkpoint().ok());
  ASSERT_TRUE(ingest_events(*engine, {edge_event("bob")}).ok());
  ASSERT_TRUE(engine->query(kQuestion).ok());
  PreparedBatch batch = *prepare_events(*engine, {edge_event("dee")});
  const auto before = files_of(path);
  expect_silence(run_in_child(
      [&] {
        std::string wrong = call_engine(*engine);
        { const PreparedBatch gone = std::move(batch); }
        engine.reset();
        return wrong;
      },
      kSecondsMax));
  EXPECT_EQ(files_of(path), before);
  // The opener goes on, and what it does is not lost.
  ASSERT_TRUE(engine->ingest(std::move(batch)).ok());
  ASSERT_TRUE(engine->close().ok());
  engine = *Engine::open(*open_rocks_store(path), {});
  EXPECT_EQ(engine->info().event_count, 3u);
}

TEST(Fork, AnEngineInMemoryAsWell) {
  auto engine = *Engine::open(open_memory_store(), {});
  ASSERT_TRUE(ingest_events(*engine, {edge_event("ann")}).ok());
  expect_silence(run_in_child(
      [&] {
        std::string wrong = call_engine(*engine);
        engine.reset();
        return wrong;
      },
      kSecondsMax));
}

TEST(Fork, AStoreItsViewsAndItsJournalAsWell) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("s.db");
  ASSERT_TRUE((*Engine::open(*open_rocks_store(path), {}))->close().ok());
  auto store = *open_rocks_store(path);
  auto view = *store->view();
  const auto before = files_of(path);
  expect_silence(run_in_child(
      [&] {
        std::map<std::string, Status> said;
        Commit commit;
        commit.epoch = 2;
        commit.encode = [](std::size_t, std::string&) { return Status(); };
        commit.manifest = [] { return std::string(); };
        said["last_commit"] = store->last_commit().status();
        said["commit"] = store->commit(commit);
        said["write_ahead"] = store->write_ahead(commit);
        said["discard_ahead"] = store->discard_ahead();
        said["compact"] = store->compact();
        said["view"] = store->view().status();
        said["size"] = store->size().status();
        said["check_journal"] = store->check_journal();
        said["read"] = view->read({}).status();
        said["append"] = store->journal()->append(1, "x").status();
        said["sync"] = store->journal()->sync(0);
        said["rotate"] = store->journal()->rotate();
        said["replay"] =
            store->journal()->replay(0, 1, [](const JournalRecord&) { return Status(); });
        std::string wrong = codes(said);
        if (store->read_only() || store->journal()->bytes() != 0) wrong += "facts\n";
        view.reset();
        store.reset();
        return wrong;
      },
      kSecondsMax));
  EXPECT_EQ(files_of(path), before);
}

// Whatever threads of the opener are at, its child finds its way out.
TEST(Fork, WhileThreadsAreAtWork) {
  const TemporaryDirectory directory;
  EngineOptions options;
  options.threads_max = 2;
  options.checkpoint_dirty_bytes_max = 1;  // one beside every batch that may
  auto engine = *Engine::open(*open_rocks_store(directory.path("s.db")), options);
  std::atomic<bool> enough{false};
  std::atomic<int> batches{0};
  std::vector<std::jthread> threads;
  threads.emplace_back([&] {
    for (int i = 0; !enough; ++i) {
      const Ack ack = i % 2 == 0 ? Ack::kDurable : Ack::kMemory;
      EXPECT_TRUE(ingest_events(*engine, {edge_event(std::to_string(i))}, {.ack = ack}).ok());
      ++batches;
    }
  });
  threads.emplace_back([&] {
    while (!enough) EXPECT_TRUE(engine->query(kQuestion).ok());
  });
  PreparedBatch batch = *prepare_events(*engine, {edge_event("dee")});
  for (int i = 0; i < 20; ++i) {
    const ChildEnd end = run_in_child(
        [&] {
          const bool refused = engine->checkpoint().code() == StatusCode::kFailedPrecondition;
          { const PreparedBatch gone = std::move(batch); }
          engine.reset();
          return std::string(refused ? "" : "not refused");
        },
        kSecondsMax);
    expect_silence(end);
  }
  enough = true;
  threads.clear();
  EXPECT_EQ(engine->info().event_count, static_cast<std::uint64_t>(batches));
}

// A child has the descriptors of its parent; the store is not locked by it once the parent is done.
TEST(Fork, AChildThatLivesOnDoesNotLockTheStore) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("s.db");
  auto store = *open_rocks_store(path);
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(pipe[1]);
    char byte = 0;
    ::_exit(::read(pipe[0], &byte, 1) == 0 ? 0 : 1);  // until the parent closes its end
  }
  ::close(pipe[0]);
  store.reset();
  EXPECT_TRUE(open_rocks_store(path).ok());
  ::close(pipe[1]);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
}

// The threads of RocksDB serve all databases of a process, and a child does not have them.
TEST(Fork, AChildOfAProcessWithDatabasesOpensNone) {
  const TemporaryDirectory directory;
  const auto code_in_child = [&](const std::string& name) {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto opened = open_rocks_store(directory.path(name));
      ::_exit(opened.ok() ? 0 : static_cast<int>(opened.status().code()));
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
    return static_cast<StatusCode>(WEXITSTATUS(status));
  };
  ASSERT_TRUE(open_rocks_store(directory.path("parents.db")).ok());
  EXPECT_EQ(code_in_child("childs.db"), StatusCode::kFailedPrecondition);
  EXPECT_EQ(code_in_child("parents.db"), StatusCode::kFailedPrecondition);
  EXPECT_TRUE(open_rocks_store(directory.path("parents.db")).ok());
}

}  // namespace
}  // namespace rollcall::testing
