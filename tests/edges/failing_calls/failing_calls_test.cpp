// Whatever the system refuses beneath a public call, nothing but std::bad_alloc leaves the call.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <system_error>
#include <typeinfo>
#include <utility>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/file_source.h"
#include "rollcall/memory_store.h"
#include "rollcall/native_format.h"
#include "rollcall/regular_file.h"
#include "rollcall/rocks_store.h"
#include "rollcall/store_copy.h"
#include "rollcall/user_file.h"
#include "tests/core/source/source_files.h"
#include "tests/edges/edge_engine.h"
#include "tests/edges/failing_calls/failing_calls.h"
#include "tests/reliability/child.h"
#include "tests/storage/temporary_directory.h"
#include "tests/support/random.h"
#include "tests/support/run_size.h"

namespace rollcall::testing {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kSecondsMax = 120;

struct NamedText {
  std::string name;
  std::string text;
};

std::string native_block() {
  const std::vector<NaiveEvent> events = {edge_event("ann"), edge_event("bob", 1)};
  const StoreSettings settings;
  const EventColumns columns(events, settings);
  std::string block;
  EXPECT_TRUE(append_native_block(columns.batch(), settings.value_decimals, block).ok());
  return block;
}

// Returns the same events in every format.
std::vector<NamedText> event_files() {
  const std::string csv = "user,time,event\nann,2026-01-01,login\nbob,2026-01-02,login\n";
  const std::string json =
      "{\"user\":\"ann\",\"time\":\"2026-01-01\",\"event\":\"login\"}\n"
      "{\"user\":\"bob\",\"time\":\"2026-01-02\",\"event\":\"login\"}\n";
  return {{"e.csv", csv},
          {"e.ndjson", json},
          {"e.rollcall", native_block()},
          {"e.csv.gz", gzip(csv)},
          {"e.ndjson.zst", zstd(json)}};
}

std::vector<NamedText> user_lists() {
  const std::string lines = "ann\ncem\n";
  return {{"list", lines},
          {"list.csv", "n,user\n1,ann\n2,\"cem\"\n"},
          {"list.json", R"({"columns": [{"name": "user"}], "rows": [["ann"], ["cem"]]})"},
          {"list.jsonl", "{\"user\":\"ann\"}\n{\"user\":\"cem\"}\n"},
          {"list.gz", gzip(lines)},
          {"list.zst", zstd(lines)}};
}

// Is a folder with files of events, lists of users, and a store that knows them.
class Folder {
 public:
  Folder() : directory_(directory_in_memory()) {
    for (const auto& files : {event_files(), user_lists()}) {
      for (const NamedText& file : files) std::ofstream(path(file.name)) << file.text;
    }
    const auto engine = *Engine::open(*open_rocks_store(path("s.db")), options());
    (void)ingest_events(*engine, {edge_event("ann"), edge_event("bob", 1)});
    (void)engine->checkpoint();
    (void)ingest_events(*engine, {edge_event("cem")}, {.ack = Ack::kDurable});
  }
  std::string path(const std::string& name) const { return directory_.path(name); }
  EngineOptions options() const {
    EngineOptions options;
    options.threads_max = 4;
    options.question_directories = {directory_.path()};
    StoreSettings settings;
    settings.partition_count = 2;
    settings.time_zone = "Europe/London";
    options.settings = settings;
    return options;
  }

 private:
  TemporaryDirectory directory_;
};

struct Session {
  std::string name;
  std::function<void(const Folder&)> run;  // public calls; what they say does not matter
};

void ask(const Engine& engine, const Folder& folder) {
  const std::string among = R"("among": {"in_file": ")" + folder.path("list") + "\"}";
  (void)engine.query(R"({"kind": "active", )" + among + "}");
  (void)engine.query(R"~({"kind": "segment", "segment": "did(login)", "members": {"where": {}}})~");
  (void)engine.explain(*parse_query(R"({"kind": "retention", )" + among + "}"));
  (void)engine.verify();
  (void)engine.info();
}

// Adds the ingest of a file in every format.
void add_formats(std::vector<Session>& all) {
  for (const NamedText& file : user_lists()) {
    all.push_back({"list " + file.name, [name = file.name](const Folder& folder) {
                     (void)read_user_file(folder.path(name), UserKind::kString);
                     auto engine = Engine::open(open_memory_store(), folder.options());
                     if (!engine.ok()) return;
                     Query query;
                     Segment listed;
                     listed.kind = Segment::Kind::kFile;
                     listed.name = folder.path(name);
                     query.ask = SegmentQuery{std::move(listed)};
                     (void)(*engine)->query(query);
                   }});
  }
  for (const NamedText& file : event_files()) {
    all.push_back({"events " + file.name, [name = file.name](const Folder& folder) {
                     (void)inspect_source({folder.path(name)}, {}, {"channel"});
                     auto engine = Engine::open(open_memory_store(), folder.options());
                     if (!engine.ok()) return;
                     (void)ingest_files(**engine, {folder.path(name)}, {}, {});
                     (void)(*engine)->close();
                   }});
  }
}

std::vector<Session> sessions() {
  std::vector<Session> all;
  add_formats(all);
  all.push_back({"read_regular_file",
                 [](const Folder& folder) { (void)read_regular_file(folder.path("list"), 100); }});
  all.push_back({"inspect", [](const Folder& folder) {
                   (void)inspect_source({folder.path("e.csv")}, {}, {"channel"});
                   (void)inspect_source({folder.path("")}, {}, {});
                   (void)check_properties({folder.path("e.csv")}, {}, {"channel"});
                   (void)parse_query(R"({"kind": "active", "as_of": "2026-01-01"})", "Asia/Tokyo");
                 }});
  all.push_back({"memory engine", [](const Folder& folder) {
                   auto engine = Engine::open(open_memory_store(), folder.options());
                   if (!engine.ok()) return;
                   (void)ingest_files(**engine, {folder.path("e.csv")}, {}, {});
                   ask(**engine, folder);
                   (void)(*engine)->close();
                 }});
  all.push_back({"reader", [](const Folder& folder) {
                   RocksStoreOptions reading;
                   reading.read_only = true;
                   auto store = open_rocks_store(folder.path("s.db"), reading);
                   if (!store.ok()) return;
                   auto engine = Engine::open(*std::move(store), folder.options());
                   if (engine.ok()) ask(**engine, folder);
                 }});
  all.push_back({"writer", [](const Folder& folder) {
                   auto store = open_rocks_store(folder.path("s.db"));
                   if (!store.ok()) return;
                   (void)(*store)->size();
                   auto engine = Engine::open(*std::move(store), folder.options());
                   if (!engine.ok()) return;
                   (void)ingest_files(**engine, {folder.path("e.csv")}, {}, {});
                   (void)ingest_events(**engine, {edge_event("dee")}, {.ack = Ack::kDurable});
                   ask(**engine, folder);
                   (void)(*engine)->forget(std::vector<UserId>{std::string("ann")});
                   (void)(*engine)->compact();
                   (void)(*engine)->close();
                 }});
  all.push_back({"maker", [](const Folder& folder) {
                   auto store = open_rocks_store(folder.path("new.db"));
                   if (store.ok()) (void)Engine::open(*std::move(store), folder.options());
                 }});
  all.push_back({"copy", [](const Folder& folder) {
                   (void)copy_rocks_store(folder.path("s.db"), folder.path("copy.db"));
                 }});
  return all;
}

// Says what left a call of the session; it is "" for nothing but std::bad_alloc.
std::string escaped(const Session& session, const Folder& folder) {
  try {
    session.run(folder);
  } catch (const std::bad_alloc&) {
    return "";
  } catch (const std::exception& exception) {
    return std::string(typeid(exception).name()) + ": " + exception.what();
  } catch (...) {
    return "something";
  }
  return "";
}

// RocksDB ends the process by assertions of its own, and when it joins the thread of its timer that
// could not be started again. The latter is refused before RocksDB asks for it, unless the system
// changes its mind between the two; then nothing catches the exception of the join, and the child
// ends with this code.
constexpr int kJoinedNoThreadCode = 75;

void end_with_code_after_join() {
  static const std::terminate_handler by_default = std::get_terminate();
  std::set_terminate([] {
    try {
      if (const std::exception_ptr uncaught = std::current_exception()) {
        std::rethrow_exception(uncaught);
      }
    } catch (const std::system_error& error) {
      if (error.code() == std::errc::invalid_argument) ::_exit(kJoinedNoThreadCode);
    } catch (...) {
    }
    by_default();
  });
}

bool is_ours(const ChildEnd& end) {
  const bool is_join = end.how == ChildEnd::How::kExited && end.code == kJoinedNoThreadCode;
  return end.how != ChildEnd::How::kAsserted && !is_join;
}

// Without failures, all of them are read.
TEST(FailingCallsFiles, AreRead) {
  const ChildEnd end = run_in_child([] {
    const Folder folder;
    std::string faults;
    for (const NamedText& file : event_files()) {
      auto engine = *Engine::open(open_memory_store(), folder.options());
      const auto rows = ingest_files(*engine, {folder.path(file.name)}, {}, {});
      if (!rows.ok() || rows->rows_ingested != 2) faults += file.name;
    }
    for (const NamedText& list : user_lists()) {
      const auto users = read_user_file(folder.path(list.name), UserKind::kString);
      if (!users.ok() || users->size() != 2) faults += list.name;
    }
    return faults;
  });
  EXPECT_EQ(end.how, ChildEnd::How::kReturned) << to_string(end);
  EXPECT_EQ(end.report, "");
}

class FailingCalls : public ::testing::TestWithParam<Fails> {};

TEST_P(FailingCalls, NothingButBadAllocLeavesAPublicCall) {
  const Fails kind = GetParam();
  const char* const step_asked = std::getenv("ROLLCALL_FAULT_STEP");
  Random random(run_seed());
  std::uint64_t tries = 0, ends_of_others = 0;
  for (const Session& session : sessions()) {
    const ChildEnd counted = run_in_child(
        [&] {
          const Folder folder;
          fail_calls(kind, 0, false);
          session.run(folder);
          return std::to_string(stop_failing());
        },
        kSecondsMax);
    ASSERT_EQ(counted.how, ChildEnd::How::kReturned) << session.name << to_string(counted);
    const std::uint64_t calls = std::stoull(counted.report);
    const std::uint64_t step =
        step_asked != nullptr ? std::stoull(step_asked) : std::max<std::uint64_t>(1, calls / 3);
    // Which calls fail is another matter in each run.
    for (std::uint64_t call = 1 + random.below(step); call <= calls; call += step) {
      for (const bool for_ever : {false, true}) {
        const ChildEnd end = run_in_child(
            [&] {
              end_with_code_after_join();
              const Folder folder;
              fail_calls(kind, call, for_ever);
              std::string what = escaped(session, folder);
              stop_failing();
              return what;
            },
            kSecondsMax);
        ++tries;
        const std::string where = session.name + ": " + to_string(kind) + " " +
                                  std::to_string(call) + " of " + std::to_string(calls) +
                                  (for_ever ? " and all after it" : "");
        if (!is_ours(end)) {
          ++ends_of_others;
          continue;
        }
        EXPECT_EQ(end.how, ChildEnd::How::kReturned) << where << ": " << to_string(end);
        EXPECT_EQ(end.report, "") << where;
      }
    }
  }
  RecordProperty("tries", std::to_string(tries));
  std::printf("%lu failures, %lu ends by RocksDB's assertions\n", static_cast<unsigned long>(tries),
              static_cast<unsigned long>(ends_of_others));
}

INSTANTIATE_TEST_SUITE_P(Of, FailingCalls,
                         ::testing::Values(Fails::kReads, Fails::kLooks, Fails::kOpens,
                                           Fails::kThreads),
                         [](const auto& of) { return to_string(of.param); });

}  // namespace
}  // namespace rollcall::testing
