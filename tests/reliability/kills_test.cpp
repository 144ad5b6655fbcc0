// A process that ingests, checkpoints, compacts, forgets and backs up, all at once, is killed: at
// random while a certain kind of work is under way, and at named calls to its files. After each
// kill, the store holds what was acknowledged, each batch wholly or not at all, and answers as a
// recount of that does; users who were forgotten do not come back.
//
// ROLLCALL_KILLS is how many times the process is killed at random.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <numeric>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/rocks_store.h"
#include "tests/reliability/kill_ledger.h"
#include "tests/reliability/killed_work.h"
#include "tests/storage/temporary_directory.h"
#include "tests/support/child_process.h"
#include "tests/support/event_columns.h"
#include "tests/support/file_calls.h"
#include "tests/support/naive_engine.h"
#include "tests/support/random.h"
#include "tests/support/result_text.h"
#include "tests/support/run_size.h"

namespace rollcall::testing {
namespace {

namespace fs = std::filesystem;

// What the history answers begins with the first day that every history still has.
constexpr std::array<std::string_view, 7> kQuestions = {
    R"({"kind": "active", "breakdown": "country"})",
    R"({"kind": "active", "breakdown": "session", "from": "2026-01-03"})",
    R"({"kind": "retention"})",
    R"({"kind": "idle"})",
    R"({"kind": "funnel", "steps": ["*", "buy"], "window": "2d", "total_seconds": true,
        "from": "2026-01-03"})",
    R"({"kind": "churn", "rule": {"gap_days": 2}})",
    R"({"kind": "segment", "segment": {"did": "buy"}, "members": {"of": "users"}})",
};
// Its totals keep what was counted of users who are forgotten.
constexpr std::string_view kTotals = R"({"kind": "counts"})";

// A recount of what a store holds that stands somewhere.
class Recount {
 public:
  explicit Recount(const Standing& standing) {
    for (std::size_t number = 0; number < standing.forgets; ++number) {
      for (const UserId& user : users_to_forget(number)) forgotten_.insert(user);
    }
    for (std::size_t source = 0; source < kKilledSources; ++source) {
      for (std::size_t number = 0; number < standing.batches[source]; ++number) {
        for (NaiveEvent& event : killed_events(source, number)) {
          (forgotten_.contains(event.user) ? of_forgotten_ : of_others_)
              .push_back(std::move(event));
        }
      }
    }
    naive_.ingest(of_others_);
  }

  // Expects that the engine answers so, although all is sent to it again of those whom it has
  // forgotten.
  void expect_same(Engine& engine) const {
    const std::uint64_t events = engine.info().event_count;
    EXPECT_GE(events, of_others_.size());
    EXPECT_LE(events, of_others_.size() + of_forgotten_.size());
    const EventColumns columns(of_forgotten_, engine.settings());
    const Status status = engine.ingest(columns.batch()).status();
    ASSERT_TRUE(status.ok()) << status.to_string();
    EXPECT_EQ(engine.info().event_count, events);
    for (const std::string_view question : kQuestions) expect_same(engine, question);
    if (forgotten_.empty()) expect_same(engine, kTotals);
  }

 private:
  void expect_same(const Engine& engine, std::string_view question) const {
    const Result<QueryResult> expected = naive_.query(question);
    const Result<QueryResult> found = engine.query(question);
    ASSERT_EQ(found.ok(), expected.ok()) << question << found.status().to_string();
    if (found.ok()) {
      EXPECT_EQ(first_difference(*found, *expected), "") << question;
    }
  }

  std::set<UserId> forgotten_;
  std::vector<NaiveEvent> of_forgotten_;
  std::vector<NaiveEvent> of_others_;
  NaiveEngine naive_{killed_settings()};
};

void expect_within(const Standing& found, const StandingBounds& bounds) {
  for (std::size_t source = 0; source < kKilledSources; ++source) {
    EXPECT_GE(found.batches[source], bounds.least.batches[source]) << "lost, of source " << source;
    EXPECT_LE(found.batches[source], bounds.most.batches[source]) << "made up, of " << source;
  }
  EXPECT_GE(found.forgets, bounds.least.forgets) << "users have come back";
  EXPECT_LE(found.forgets, bounds.most.forgets);
}

class Kills : public ::testing::Test {
 protected:
  // Says where the process kills itself.
  struct Point {
    std::string call;
    int times = 1;
    std::string fate;
    std::string during;
  };

  Kills() { fs::create_directory(backups_); }

  std::vector<std::string> command(std::uint64_t seed) const {
    return {ROLLCALL_KILLED_WORKER, path_, backups_, std::to_string(seed)};
  }
  std::vector<std::string> command(std::uint64_t seed, const Point& point) const {
    std::vector<std::string> words = command(seed);
    words.insert(words.end(), {point.call, std::to_string(point.times), point.fate, point.during});
    return words;
  }

  // Hears a line; false after the last one, and when it is wrong.
  bool hear_line(ChildProcess& process) {
    const std::string line = process.next_line();
    if (line.empty()) return false;
    const std::string wrong = ledger_.hear(line);
    EXPECT_EQ(wrong, "");
    return wrong.empty();
  }

  void remove_store() {
    fs::remove_all(path_);
    fs::remove_all(backups_);
    fs::create_directory(backups_);
    ledger_.start_again();
  }

  static Result<std::unique_ptr<Engine>> open(const std::string& path) {
    ROLLCALL_ASSIGN_OR_RETURN(std::unique_ptr<Store> store, open_rocks_store(path));
    EngineOptions options;
    options.settings = killed_settings();
    options.threads_max = 1;
    return Engine::open(std::move(store), options);
  }

  // Expects the store in `path` to be whole and right, within bounds; says where it stands.
  static void expect_right(const std::string& path, const StandingBounds& bounds,
                           Standing* standing = nullptr) {
    const auto engine = open(path);
    ASSERT_TRUE(engine.ok()) << engine.status().to_string();
    const Result<Standing> found = standing_of(**engine);
    ASSERT_TRUE(found.ok()) << found.status().to_string();
    expect_within(*found, bounds);
    const Result<VerifyReport> report = (*engine)->verify();
    ASSERT_TRUE(report.ok()) << report.status().to_string();
    EXPECT_TRUE(report->faults.empty()) << report->faults.front();
    Recount(*found).expect_same(**engine);
    if (standing != nullptr) *standing = *found;
  }

  // Looks at a copy: what the kill left is there for the next process, too.
  void expect_store() {
    const std::string copy = directory_.path("copy");
    fs::remove_all(copy);
    if (fs::exists(path_)) fs::copy(path_, copy, fs::copy_options::recursive);
    Standing standing;
    ASSERT_NO_FATAL_FAILURE(expect_right(copy, ledger_.bounds(), &standing));
    ledger_.found(standing);
  }

  // A backup that was finished is there; one that was not is no store, or is whole. A copy under
  // way is known by its mark; it gets its name before it loses that.
  void expect_backups() {
    for (const auto& [number, backup] : ledger_.backups()) {
      SCOPED_TRACE("backup " + std::to_string(number));
      const std::string path = backups_ + "/" + std::to_string(number);
      const bool is_store = open_rocks_store(path, {.read_only = true}).ok();
      EXPECT_TRUE(!backup.finished || is_store);
      EXPECT_FALSE(open_rocks_store(path + ".new", {.read_only = true}).ok());
      if (is_store) {
        ++backups_found_;
        ASSERT_NO_FATAL_FAILURE(expect_right(path, {backup.least, ledger_.bounds().most}));
        fs::remove_all(path);
      }
    }
  }

  // Expects everything to be well with what is left of a process that was killed, and heard to its
  // end.
  void expect_all_well() {
    ASSERT_NO_FATAL_FAILURE(expect_backups());
    ASSERT_NO_FATAL_FAILURE(expect_store());
  }

  // Leaves records in the journal, as a crash would.
  void leave_journal() {
    const auto engine = open(path_);
    ASSERT_TRUE(engine.ok()) << engine.status().to_string();
    Result<Standing> standing = standing_of(**engine);
    ASSERT_TRUE(standing.ok()) << standing.status().to_string();
    for (int i = 0; i < 4; ++i) {
      const Status status = ingest_killed(**engine, 0, standing->batches[0]++).status();
      ASSERT_TRUE(status.ok()) << status.to_string();
    }
    ledger_.found(*standing);
  }

  void expect_kill_at(const Point& point, std::uint64_t seed) {
    SCOPED_TRACE(::testing::Message() << point.fate << " call " << point.times << " during "
                                      << point.during << ": " << point.call);
    if (point.call == "read") {
      ASSERT_NO_FATAL_FAILURE(leave_journal());
    }
    ChildProcess process(command(seed, point));
    while (hear_line(process)) {
    }
    process.wait();
    ASSERT_TRUE(process.was_killed()) << process.end_text() << ": the call was never made";
    ASSERT_NO_FATAL_FAILURE(expect_all_well());
    ++points_;
  }

  TemporaryDirectory directory_{directory_in_memory()};
  const std::string path_ = directory_.path("store");
  const std::string backups_ = directory_.path("backups");
  KillLedger ledger_;
  std::size_t backups_found_ = 0;
  int points_ = 0;
};

TEST_F(Kills, AtEachCallOfTheJournal) {
  Random random(run_seed());
  for (const std::string_view call : kJournalCalls) {
    remove_store();
    for (const std::string fate : {"before", "halfway", "after"}) {
      const bool is_write = call == "make" || call == "record" || call == "mark" ||
                            call == "anchor" || call == "anchor mark";
      if (fate == "halfway" && !is_write) continue;
      for (const int times : {1, 2, 5}) {
        ASSERT_NO_FATAL_FAILURE(
            expect_kill_at({std::string(call), times, fate, "any"}, random.bits()));
      }
    }
  }
  std::printf("killed at %d points\n", points_);
}

TEST_F(Kills, AtEachCallOfTheDatabase) {
  Random random(run_seed());
  const std::vector<std::pair<std::string, std::vector<std::string>>> calls = {
      {"open", {"db manifest", "db manifest sync", "db current", "db remove"}},
      {"checkpoint", {"db log", "db log sync", "anchor", "anchor sync"}},
      {"forget", {"db log", "db log sync", "anchor", "anchor sync"}},
      {"compact",
       {"db table", "db table sync", "db manifest", "db manifest sync", "db remove", "db log"}},
      {"backup", {"db table", "db table sync", "db manifest", "db current", "anchor sync"}},
  };
  for (const auto& [during, names] : calls) {
    remove_store();
    for (const std::string& call : names) {
      for (const std::string fate : {"before", "halfway", "after"}) {
        const bool is_write =
            call == "db log" || call == "db table" || call == "db manifest" || call == "anchor";
        if (fate == "halfway" && !is_write) continue;
        for (int times = 1; times <= (during == "open" ? 1 : 2); ++times) {
          ASSERT_NO_FATAL_FAILURE(expect_kill_at({call, times, fate, during}, random.bits()));
        }
      }
    }
  }
  std::printf("killed at %d points\n", points_);
}

TEST_F(Kills, AtRandom) {
  constexpr std::uint64_t kKillsOfStore = 8;
  constexpr std::size_t kTargets = kWorkNames.size() + 1;  // the last: at any moment
  Random random(run_seed());
  std::vector<std::size_t> targets(kTargets);  // each in turn
  std::iota(targets.begin(), targets.end(), 0);
  const std::uint64_t kills = run_size("ROLLCALL_KILLS", 70);
  std::array<std::uint64_t, kWorkNames.size()> under_way{};
  Standing sum;
  std::uint64_t kill = 0;
  for (; kill < kills && !HasFailure(); ++kill) {
    SCOPED_TRACE(::testing::Message() << "kill " << kill);
    if (kill % kKillsOfStore == 0) remove_store();
    const Standing before = ledger_.bounds().least;
    ChildProcess process(command(random.bits()));
    std::chrono::microseconds delay(random.below(60'000));
    if (kill % kTargets == 0) random.shuffle(targets);
    if (const std::size_t target = targets[kill % kTargets]; target < kWorkNames.size()) {
      const auto kind = static_cast<Work>(target);
      const std::size_t times = kind == Work::kOpen ? 1 : 1 + random.below(3);
      while (ledger_.begun(kind) < times && hear_line(process)) {
      }
      const auto time_max = static_cast<std::size_t>(ledger_.usual_time(kind).count()) * 3 / 2;
      delay = std::chrono::microseconds(random.below(time_max + 1));
    }
    std::this_thread::sleep_for(delay);
    process.kill();
    ASSERT_TRUE(process.was_killed()) << process.end_text();
    while (hear_line(process)) {
    }
    for (const Work kind : ledger_.under_way()) ++under_way[static_cast<std::size_t>(kind)];
    ASSERT_NO_FATAL_FAILURE(expect_all_well());
    for (std::size_t source = 0; source < kKilledSources; ++source) {
      sum.batches[source] += ledger_.bounds().least.batches[source] - before.batches[source];
    }
    sum.forgets += ledger_.bounds().least.forgets - before.forgets;
  }
  std::printf("%llu kills; %zu batches, %zu calls to forget, %zu backups found\n",
              static_cast<unsigned long long>(kill),
              sum.batches[0] + sum.batches[1] + sum.batches[2], sum.forgets, backups_found_);
  for (std::size_t kind = 0; kind < kWorkNames.size(); ++kind) {
    std::printf("%8llu times killed during %s\n", static_cast<unsigned long long>(under_way[kind]),
                std::string(kWorkNames[kind]).c_str());
    EXPECT_GE(under_way[kind], kill / 50) << kWorkNames[kind];
  }
}

}  // namespace
}  // namespace rollcall::testing
