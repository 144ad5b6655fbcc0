// A system that has no thread to give: what would go on beside is done on the spot.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/memory_store.h"
#include "tests/reliability/child.h"

namespace rollcall::testing {
namespace {

// Refuses threads to the process from here on. Root would get them all the same.
bool refuse_threads() {
  constexpr uid_t kNobody = 65'534;
  constexpr rlimit kNone{1, 1};
  return (geteuid() != 0 || setuid(kNobody) == 0) && setrlimit(RLIMIT_NPROC, &kNone) == 0;
}

bool has_threads() {
  try {
    std::jthread([] {});
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

std::string ingest_without_threads() {
  EngineOptions options;
  options.threads_max = 1;
  options.checkpoint_dirty_bytes_max = 0;
  const auto engine = Engine::open(open_memory_store(), options);
  if (!engine.ok()) return engine.status().to_string();
  if (!refuse_threads() || has_threads()) return "skip";
  const std::vector<std::string_view> users = {"ann"};
  const std::vector<std::string_view> names = {"login"};
  const std::vector<TimeUs> times = {1'700'000'000'000'000};
  EventBatch batch;
  batch.user_strings = users;
  batch.event.values = names;
  batch.time = times;
  if (const Status status = (*engine)->ingest(batch).status(); !status.ok())
    return status.to_string();
  return std::to_string((*engine)->info().epoch);
}

TEST(NoThreads, AnIngestMakesTheCheckpointThatIsDue) {
  const ChildEnd end = run_in_child(ingest_without_threads);
  ASSERT_EQ(end.how, ChildEnd::How::kReturned) << to_string(end);
  if (end.report == "skip") GTEST_SKIP() << "this system gives threads whatever the limit";
  EXPECT_EQ(end.report, "1");
}

}  // namespace
}  // namespace rollcall::testing
