// Works on a store in all ways at once, until it is killed.
//
//   rollcall_killed_worker STORE BACKUPS SEED [CALL TIMES FATE DURING]
//
// Batches are ingested from where the store stands, one thread for each source; a thread forgets
// users, and another makes checkpoints, compacts, and backs up into BACKUPS/0, BACKUPS/1 and so on.
// Each says when it begins and ends something, in lines that kill_ledger.h reads; none ever stops.
//
// The process kills itself at the TIMES-th CALL of file_calls.h made while work of the kind DURING
// is under way ("any": at any time): before it, halfway or after it, as FATE says. Ends with 1 and
// an error when something fails, and by SIGALRM after a minute.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/rocks_store.h"
#include "rollcall/store_copy.h"
#include "tests/reliability/killed_work.h"
#include "tests/support/file_calls.h"
#include "tests/support/random.h"

namespace rollcall::testing {
namespace {

constexpr unsigned kSecondsMax = 60;
constexpr std::size_t kBatchesSentAgain = 2;

struct KillPoint {
  std::string call;
  int times = 0;
  Fate fate = Fate::kGo;
  std::string during;
};
KillPoint kill_point;
std::array<std::atomic<int>, kWorkNames.size()> under_way;

Fate fate_of(std::string_view call) {
  if (call != kill_point.call) return Fate::kGo;
  for (std::size_t kind = 0; kill_point.during != "any" && kind < kWorkNames.size(); ++kind) {
    if (kWorkNames[kind] == kill_point.during && under_way[kind] == 0) return Fate::kGo;
  }
  static std::atomic<int> calls{0};
  return ++calls == kill_point.times ? kill_point.fate : Fate::kGo;
}

// Writes the text in one piece, whichever thread it comes from.
void say(const std::string& text) {
  const std::string line = text + "\n";
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) std::abort();
}

// This does not call std::exit(), which would wait for the other threads.
void require(const Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.to_string().c_str());
  ::_exit(1);
}

// Announces one thread's work.
class Worker {
 public:
  Worker(std::size_t number, std::uint64_t seed) : number_(number), random_(seed + number) {}

  template <class Call>
  void work(Work kind, std::size_t subject, std::size_t index, Call call) {
    const auto number = static_cast<std::size_t>(kind);
    say(std::to_string(number_) + " begin " + std::string(kWorkNames[number]) + " " +
        std::to_string(subject) + " " + std::to_string(index));
    ++under_way[number];
    const auto begin = std::chrono::steady_clock::now();
    require(call());
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begin;
    --under_way[number];
    say(std::to_string(number_) + " end " + std::to_string(static_cast<long>(took.count())));
  }

  // Rests for up to so long.
  void rest(std::size_t milliseconds_max) {
    std::this_thread::sleep_for(std::chrono::microseconds(random_.below(1'000 * milliseconds_max)));
  }
  Random& random() { return random_; }

 private:
  std::size_t number_;
  Random random_;
};

// Sends the source's batches, and the last ones from before the kill once more.
void send(Worker& worker, Engine& engine, std::size_t source, std::size_t next) {
  if (source != 2) {
    for (std::size_t number = next - std::min(next, kBatchesSentAgain); number < next; ++number) {
      const Result<IngestOutcome> outcome = ingest_killed(engine, source, number);
      require(outcome.status());
      if (!outcome->was_skipped)
        require(Status::corruption("a batch that the store has was taken again"));
    }
  }
  for (std::size_t number = next;; ++number) {
    const Work kind = killed_ack(source, number) == Ack::kDurable ? Work::kDurable : Work::kMemory;
    worker.work(kind, source, number,
                [&] { return ingest_killed(engine, source, number).status(); });
    worker.rest(4);
  }
}

void forget(Worker& worker, Engine& engine, std::size_t next) {
  for (std::size_t number = next;; ++number) {
    worker.rest(25);
    worker.work(Work::kForget, 0, number,
                [&] { return engine.forget(users_to_forget(number)).status(); });
  }
}

void keep_house(Worker& worker, Engine& engine, const std::string& store,
                const std::string& backups) {
  for (std::size_t backup = 0;;) {
    switch (worker.random().below(3)) {
      case 0:
        worker.work(Work::kCheckpoint, 0, 0, [&] { return engine.checkpoint(); });
        break;
      case 1:
        worker.work(Work::kCompact, 0, 0, [&] { return engine.compact(); });
        break;
      default:
        if (engine.info().epoch == 0) break;  // there is nothing to copy before the first commit
        worker.work(Work::kBackup, 0, backup, [&] {
          return copy_rocks_store(store, backups + "/" + std::to_string(backup)).status();
        });
        ++backup;
    }
    worker.rest(3);
  }
}

void run(const std::string& path, const std::string& backups, std::uint64_t seed) {
  std::unique_ptr<Engine> engine;
  Worker opener(kKilledSources, seed);
  opener.work(Work::kOpen, 0, 0, [&]() -> Status {
    ROLLCALL_ASSIGN_OR_RETURN(std::unique_ptr<Store> store, open_rocks_store(path));
    EngineOptions options;
    options.settings = killed_settings();
    options.threads_max = 2;
    options.journal_bytes_max = std::size_t{8} << 10;  // so that ingest starts checkpoints, too
    // One in three has so little memory that batches go in by partition, without a journal.
    if (kill_point.call.empty() && seed % 3 == 0) options.memory_bytes_max = 1;
    // One in two has stores let go of the first days, and so do all that open them later.
    if (seed % 2 == 0) options.history_days = 3;
    ROLLCALL_ASSIGN_OR_RETURN(engine, Engine::open(std::move(store), options));
    return {};
  });
  const Result<Standing> found = standing_of(*engine);
  require(found.status());
  const Standing standing = *found;
  std::string line = "stands";
  for (const std::size_t batches : standing.batches) line += " " + std::to_string(batches);
  say(line + " " + std::to_string(standing.forgets));

  std::vector<std::function<void(Worker&)>> parts;
  for (std::size_t source = 0; source < kKilledSources; ++source) {
    const std::size_t next = standing.batches[source];
    parts.emplace_back([&, source, next](Worker& worker) { send(worker, *engine, source, next); });
  }
  parts.emplace_back([&](Worker& worker) { forget(worker, *engine, standing.forgets); });
  parts.emplace_back([&](Worker& worker) { keep_house(worker, *engine, path, backups); });
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    threads.emplace_back([&, i] {
      Worker worker(i, seed);
      parts[i](worker);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace rollcall::testing

int main(int argument_count, char** arguments) {
  using namespace rollcall::testing;
  if (argument_count != 4 && argument_count != 8) return 2;
  if (argument_count == 8) {
    const std::string_view fate = arguments[6];
    kill_point = {arguments[4], std::atoi(arguments[5]),
                  fate == "before"    ? Fate::kDieBefore
                  : fate == "halfway" ? Fate::kDieHalfway
                                      : Fate::kDieAfter,
                  arguments[7]};
    fate_of_file_call = fate_of;
  }
  ::alarm(kSecondsMax);
  run(arguments[1], arguments[2], std::strtoull(arguments[3], nullptr, 10));
}
