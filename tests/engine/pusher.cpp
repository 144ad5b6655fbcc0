// Pushes batches to a store from several threads, while checkpoints run, until it is killed.
//
//   rollcall_pusher DIR FIRST COUNT CALL TIMES FATE
//
// Each source pushes its batches FIRST, FIRST + 1, ..., COUNT of them, and prints "SOURCE NUMBER"
// once one is acknowledged; then the store is closed. The process kills itself at the TIMES-th CALL
// of file_calls.h ("" for none): before it, halfway or after it, as FATE says. Ends with 1 and an
// error when something fails.
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/rocks_store.h"
#include "tests/engine/pushed_batches.h"
#include "tests/support/file_calls.h"

namespace rollcall::testing {
namespace {

std::string call_to_die_at;
int calls_left = 0;
Fate fate_then = Fate::kGo;

Fate fate_of(std::string_view call) {
  if (call != call_to_die_at) return Fate::kGo;
  static std::atomic<int> calls{0};
  return ++calls == calls_left ? fate_then : Fate::kGo;
}

// In one piece, whichever thread it comes from.
void say(std::size_t source, std::size_t number) {
  const std::string line = std::to_string(source) + " " + std::to_string(number) + "\n";
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) std::abort();
}

Status run(const std::string& directory, std::size_t first, std::size_t count) {
  ROLLCALL_ASSIGN_OR_RETURN(std::unique_ptr<Store> store, open_rocks_store(directory));
  EngineOptions options;
  options.settings = pushed_settings();
  options.threads_max = 2;
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine,
                            Engine::open(std::move(store), options));
  std::array<Status, kPushSources> failures;
  std::atomic<std::size_t> pushing{kPushSources};
  std::vector<std::thread> threads;
  for (std::size_t source = 0; source < kPushSources; ++source) {
    threads.emplace_back([&, source] {
      for (std::size_t number = first; number < first + count; ++number) {
        failures[source] = push(*engine, source, number, nullptr);
        if (!failures[source].ok()) break;
        say(source, number);
      }
      --pushing;
    });
  }
  while (pushing.load() > 0) {
    ROLLCALL_RETURN_IF_ERROR(engine->checkpoint());
    std::this_thread::yield();
  }
  for (std::thread& thread : threads) thread.join();
  for (const Status& failure : failures) ROLLCALL_RETURN_IF_ERROR(failure);
  return {};
}

}  // namespace
}  // namespace rollcall::testing

int main(int argument_count, char** arguments) {
  if (argument_count != 7) return 2;
  using namespace rollcall::testing;
  call_to_die_at = arguments[4];
  calls_left = std::atoi(arguments[5]);
  const std::string_view fate = arguments[6];
  fate_then = fate == "before"    ? Fate::kDieBefore
              : fate == "halfway" ? Fate::kDieHalfway
                                  : Fate::kDieAfter;
  if (!call_to_die_at.empty()) fate_of_file_call = fate_of;
  const rollcall::Status status = run(arguments[1], std::strtoull(arguments[2], nullptr, 10),
                                      std::strtoull(arguments[3], nullptr, 10));
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", status.to_string().c_str());
  return 1;
}
