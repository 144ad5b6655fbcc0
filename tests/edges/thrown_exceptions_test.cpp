// Whatever the caller's functions and stores throw becomes an error that says so.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rollcall/arrow.h"
#include "rollcall/engine.h"
#include "rollcall/file_source.h"
#include "rollcall/memory_store.h"
#include "rollcall/rocks_store.h"
#include "rollcall/store_copy.h"
#include "tests/core/source/source_files.h"
#include "tests/edges/edge_engine.h"
#include "tests/storage/temporary_directory.h"

namespace rollcall::testing {
namespace {

enum class Thrown : std::uint8_t { kException, kNoException, kBadAlloc };
constexpr Thrown kAllThrown[] = {Thrown::kException, Thrown::kNoException, Thrown::kBadAlloc};

const std::string kThrownText = "as the test wanted";

[[noreturn]] void throw_it(Thrown what) {
  if (what == Thrown::kException) throw std::runtime_error(kThrownText);
  if (what == Thrown::kNoException) throw 42;
  throw std::bad_alloc();
}

// Calls, and tells what came out: a status, or std::bad_alloc. Whatever else is thrown ends the
// test.
struct Outcome {
  Status status;
  bool bad_alloc = false;
};
Outcome outcome_of(const std::function<Status()>& call) {
  try {
    return {call()};
  } catch (const std::bad_alloc&) {
    return {{}, true};
  }
}

std::string what_was(Thrown what) {
  return what == Thrown::kException ? kThrownText : "threw what is no std::exception";
}

void expect_told(const Outcome& outcome, Thrown what, const std::string& who) {
  EXPECT_EQ(outcome.bad_alloc, what == Thrown::kBadAlloc) << who;
  if (what == Thrown::kBadAlloc) return;
  EXPECT_EQ(outcome.status.code(), StatusCode::kIoError) << who;
  EXPECT_EQ(outcome.status.message(), who + ": " + what_was(what));
}

TEST(ThrownExceptions, OfHooks) {
  const TestDirectory directory;
  const std::string file =
      directory.write("e.csv", "user,time,event\nann,2026-01-01,login\n,2026-01-01,login\n");
  for (const Thrown what : kAllThrown) {
    IngestHooks all;
    all.progress = [&](const IngestProgress&) { throw_it(what); };
    all.schema = [&](const std::string&, const SourceSchema&) { throw_it(what); };
    all.summary = [&](const IngestReport&) { throw_it(what); };
    all.reject = [&](const RejectedRow&) {
      throw_it(what);
      return Status();
    };
    for (const std::string name : {"progress", "schema", "summary", "reject"}) {
      IngestHooks hooks;
      if (name == "progress") hooks.progress = all.progress;
      if (name == "schema") hooks.schema = all.schema;
      if (name == "summary") hooks.summary = all.summary;
      if (name == "reject") hooks.reject = all.reject;
      bool summed_up = false;
      if (name != "summary") hooks.summary = [&](const IngestReport&) { summed_up = true; };
      for (const std::uint32_t threads : {1U, 2U}) {
        EngineOptions options;
        options.threads_max = threads;
        const auto engine = *Engine::open(open_memory_store(), options);
        const Outcome outcome =
            outcome_of([&] { return ingest_files(*engine, {file}, {}, hooks).status(); });
        expect_told(outcome, what, "ingest: the hook \"" + name + "\"");
        if (what != Thrown::kBadAlloc && name != "summary" && name != "progress") {
          EXPECT_TRUE(summed_up) << name;
        }
        // A second run goes on from there: no row is lost, none counts twice.
        EXPECT_TRUE(ingest_files(*engine, {file}, {}, {}).ok());
        EXPECT_EQ(engine->info().event_count, 1u) << name;
      }
    }
  }
}

// Ingests an Arrow stream of no batch whose functions throw, apart from the first `lucky` ones.
Status ingest_throwing_stream(Engine& engine, Thrown what, int lucky) {
  static Thrown thrown;
  static int left;
  static const auto luck = [] {
    if (left-- <= 0) throw_it(thrown);
  };
  thrown = what;
  left = lucky;
  ArrowArrayStream stream{};
  stream.get_schema = [](ArrowArrayStream*, ArrowSchema* out) {
    luck();
    *out = {};
    out->format = "+s";
    out->release = [](ArrowSchema* self) {
      self->release = nullptr;
      throw_it(thrown);
    };
    return 0;
  };
  stream.get_next = [](ArrowArrayStream*, ArrowArray*) {
    luck();
    return 1;
  };
  stream.get_last_error = [](ArrowArrayStream*) -> const char* {
    luck();
    return nullptr;
  };
  stream.release = [](ArrowArrayStream* self) {
    self->release = nullptr;
    throw_it(thrown);
  };
  return ingest_arrow_stream(engine, &stream, {}).status();
}

TEST(ThrownExceptions, OfArrowStreams) {
  const auto engine = *Engine::open(open_memory_store(), {});
  for (const Thrown what : kAllThrown) {
    for (int lucky = 0; lucky < 3; ++lucky) {
      expect_told(outcome_of([&] { return ingest_throwing_stream(*engine, what, lucky); }), what,
                  "arrow");
    }
  }
}

TEST(ThrownExceptions, OfFunctionsOfACommit) {
  const TemporaryDirectory directory;
  int number = 0;
  for (const bool on_disk : {false, true}) {
    for (const Thrown what : kAllThrown) {
      for (const bool of_manifest : {false, true}) {
        const auto store = on_disk ? *open_rocks_store(directory.path(std::to_string(++number)))
                                   : open_memory_store();
        Commit commit;
        commit.epoch = 1;
        commit.pages = {{{PageKind::kDictionary, 0, 0, 0, 0}, 1}};
        commit.encode = [&](std::size_t, std::string& bytes) {
          if (!of_manifest) throw_it(what);
          bytes += "x";
          return Status();
        };
        commit.manifest = [&]() -> std::string { throw_it(what); };
        const Outcome outcome = outcome_of([&] { return store->commit(commit); });
        EXPECT_EQ(outcome.bad_alloc, what == Thrown::kBadAlloc);
        EXPECT_EQ(outcome.status.ok(), what == Thrown::kBadAlloc);
        EXPECT_FALSE((*store->last_commit()).has_value());
      }
    }
  }
}

TEST(ThrownExceptions, OfWhoeverReadsAJournal) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("s.db");
  {
    const auto engine = *Engine::open(*open_rocks_store(path), {});
    ASSERT_TRUE(engine->checkpoint().ok());
    ASSERT_TRUE(ingest_events(*engine, {edge_event("ann")}, {.ack = Ack::kDurable}).ok());
  }
  for (const Thrown what : kAllThrown) {
    const auto store = *open_rocks_store(path);
    const Outcome outcome = outcome_of([&] {
      return store->journal()->replay(0, 1,
                                      [&](const JournalRecord&) -> Status { throw_it(what); });
    });
    EXPECT_EQ(outcome.bad_alloc, what == Thrown::kBadAlloc);
    EXPECT_EQ(outcome.status.ok(), what == Thrown::kBadAlloc);
  }
}

TEST(ThrownExceptions, OfTheProgressOfACopy) {
  const TemporaryDirectory directory;
  const std::string path = directory.path("s.db");
  ASSERT_TRUE((*Engine::open(*open_rocks_store(path), {}))->close().ok());
  for (const Thrown what : kAllThrown) {
    const std::string to = directory.path("copy");
    const Outcome outcome = outcome_of(
        [&] { return copy_rocks_store(path, to, [&](auto, auto) { throw_it(what); }).status(); });
    expect_told(outcome, what, "copy of " + path);
    EXPECT_FALSE(std::filesystem::exists(to));
  }
  EXPECT_TRUE(copy_rocks_store(path, directory.path("copy")).ok());
}

// A store of the caller's, and its journal and views: each of its calls may throw.
struct Throws {
  Thrown what = Thrown::kException;
  std::uint64_t call = 0;  // from 1 on; 0: none
  bool for_ever = false;
  std::atomic<std::uint64_t> calls{0};

  void count() {
    const std::uint64_t number = ++calls;
    if (call != 0 && (for_ever ? number >= call : number == call)) throw_it(what);
  }
};

class ThrowingView final : public StoreView {
 public:
  ThrowingView(std::shared_ptr<const StoreView> view, Throws& throws)
      : view_(std::move(view)), throws_(throws) {}
  Result<std::string> read(const PageAddress& address) const override {
    throws_.count();
    return view_->read(address);
  }

 private:
  std::shared_ptr<const StoreView> view_;
  Throws& throws_;
};

class ThrowingJournal final : public Journal {
 public:
  ThrowingJournal(Journal& journal, Throws& throws) : journal_(journal), throws_(throws) {}
  Status replay(std::uint64_t covered, Epoch epoch, const Visit& visit) override {
    throws_.count();
    return journal_.replay(covered, epoch, visit);
  }
  Result<std::uint64_t> append(Epoch base, std::string_view bytes) override {
    throws_.count();
    return journal_.append(base, bytes);
  }
  Status sync(std::uint64_t number) override {
    throws_.count();
    return journal_.sync(number);
  }
  Status rotate() override {
    throws_.count();
    return journal_.rotate();
  }
  std::uint64_t bytes() const override {
    throws_.count();
    return journal_.bytes();
  }

 private:
  Journal& journal_;
  Throws& throws_;
};

class ThrowingStore final : public Store {
 public:
  ThrowingStore(std::unique_ptr<Store> store, Throws& throws)
      : store_(std::move(store)), throws_(throws) {
    if (Journal* const journal = store_->journal()) {
      journal_ = std::make_unique<ThrowingJournal>(*journal, throws);
    }
  }
  Result<std::optional<LastCommit>> last_commit() const override {
    throws_.count();
    return store_->last_commit();
  }
  Status commit(const Commit& commit) override {
    throws_.count();
    return store_->commit(commit);
  }
  Status write_ahead(const Commit& part) override {
    throws_.count();
    return store_->write_ahead(part);
  }
  Status discard_ahead() override {
    throws_.count();
    return store_->discard_ahead();
  }
  Status compact() override {
    throws_.count();
    return store_->compact();
  }
  Result<std::shared_ptr<const StoreView>> view() const override {
    throws_.count();
    ROLLCALL_ASSIGN_OR_RETURN(auto view, store_->view());
    return std::shared_ptr<const StoreView>(std::make_shared<ThrowingView>(view, throws_));
  }
  std::size_t limit_memory(std::size_t bytes_max) override {
    throws_.count();
    return store_->limit_memory(bytes_max);
  }
  bool read_only() const override {
    throws_.count();
    return store_->read_only();
  }
  Result<StoreSize> size() const override {
    throws_.count();
    return store_->size();
  }
  Journal* journal() override {
    throws_.count();
    return journal_.get();
  }
  Status check_journal() const override {
    throws_.count();
    return store_->check_journal();
  }

 private:
  std::unique_ptr<Store> store_;
  std::unique_ptr<ThrowingJournal> journal_;
  Throws& throws_;
};

// Every call of an engine, on a store that keeps little in memory and checkpoints beside.
void use_engine(std::unique_ptr<Store> store) {
  EngineOptions options;
  options.threads_max = 2;
  options.checkpoint_dirty_bytes_max = 1;
  StoreSettings settings;
  settings.partition_count = 2;
  options.settings = settings;
  Result<std::unique_ptr<Engine>> opened = Engine::open(std::move(store), options);
  if (!opened.ok()) return;
  Engine& engine = **opened;
  (void)ingest_events(engine, {edge_event("ann")});
  (void)ingest_events(engine, {edge_event("bob", 1)}, {.ack = Ack::kDurable});
  (void)engine.save_segment("s", *parse_segment("did(login)"));
  (void)engine.save_objects(std::vector<SavedObject>{{ObjectKind::kAlert, "a", "{}"}});
  (void)engine.checkpoint();
  (void)engine.query(R"({"kind": "active", "members": {"where": {"date": "2026-01-01"}}})");
  (void)engine.explain(*parse_query(R"({"kind": "retention"})"));
  (void)engine.info();
  (void)engine.segments();
  (void)engine.objects(ObjectKind::kAlert);
  (void)engine.sources();
  (void)engine.verify();
  (void)engine.forget(std::vector<UserId>{std::string("ann")});
  (void)engine.compact();
  (void)engine.drop_segment("s");
  (void)engine.close();
}

void expect_only_bad_alloc(std::unique_ptr<Store> store, Throws& throws) {
  try {
    use_engine(std::make_unique<ThrowingStore>(std::move(store), throws));
  } catch (const std::bad_alloc&) {
    EXPECT_EQ(throws.what, Thrown::kBadAlloc);
  } catch (...) {
    ADD_FAILURE() << "an exception left a call, thrown by call " << throws.call << " to the store";
  }
}

TEST(ThrownExceptions, OfStores) {
  const TemporaryDirectory directory(directory_in_memory());
  for (const bool on_disk : {false, true}) {
    int number = 0;
    const auto open = [&] {
      return on_disk ? *open_rocks_store(directory.path(std::to_string(++number)))
                     : open_memory_store();
    };
    Throws counts;
    expect_only_bad_alloc(open(), counts);
    ASSERT_GT(counts.calls, 20u);
    // On disk, a few of the calls will do, because each takes a new directory.
    const std::uint64_t step = on_disk ? 7 : 1;
    for (std::uint64_t call = 1; call <= counts.calls + 2; call += step) {
      for (const Thrown what : kAllThrown) {
        for (const bool for_ever : {false, true}) {
          if (on_disk && (what == Thrown::kNoException) != for_ever) continue;
          Throws throws{.what = what, .call = call, .for_ever = for_ever};
          expect_only_bad_alloc(open(), throws);
        }
      }
    }
  }
}

// Is a store whose calls go well, and return nothing.
class EmptyHandedStore final : public Store {
 public:
  EmptyHandedStore(std::unique_ptr<Store> store, int views)
      : store_(std::move(store)), views_(views) {}
  Result<std::optional<LastCommit>> last_commit() const override { return store_->last_commit(); }
  Status commit(const Commit& commit) override { return store_->commit(commit); }
  Status write_ahead(const Commit& part) override { return store_->write_ahead(part); }
  Status discard_ahead() override { return store_->discard_ahead(); }
  Status compact() override { return store_->compact(); }
  Result<std::shared_ptr<const StoreView>> view() const override {
    if (views_-- > 0) return store_->view();
    return std::shared_ptr<const StoreView>();
  }
  bool read_only() const override { return false; }
  Result<StoreSize> size() const override { return store_->size(); }

 private:
  std::unique_ptr<Store> store_;
  mutable int views_;
};

TEST(ThrownExceptions, AStoreWithoutAViewIsTold) {
  EXPECT_EQ(
      Engine::open(std::make_unique<EmptyHandedStore>(open_memory_store(), 0), {}).status().code(),
      StatusCode::kFailedPrecondition);
  const auto engine = *Engine::open(std::make_unique<EmptyHandedStore>(open_memory_store(), 1), {});
  ASSERT_TRUE(ingest_events(*engine, {edge_event("ann")}).ok());
  EXPECT_EQ(engine->checkpoint().code(), StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace rollcall::testing
