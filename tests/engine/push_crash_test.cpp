// A process that pushes batches as durable is killed, at each call to its files and at random: what
// it acknowledged is in, nothing is in twice, and sending everything again gives what a recount
// gives.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/rocks_store.h"
#include "tests/engine/pushed_batches.h"
#include "tests/storage/temporary_directory.h"
#include "tests/support/child_process.h"
#include "tests/support/file_calls.h"
#include "tests/support/result_text.h"

namespace rollcall::testing {
namespace {

class PushCrash : public ::testing::Test {
 protected:
  ChildProcess start(std::size_t count, std::string_view call = "", int times = 1,
                     const std::string& fate = "before") {
    return ChildProcess({ROLLCALL_PUSHER, path_, std::to_string(first_), std::to_string(count),
                         std::string(call), std::to_string(times), fate});
  }

  // What the process has acknowledged by its end.
  void listen(ChildProcess& process) {
    for (std::string line = process.next_line(); !line.empty(); line = process.next_line()) {
      std::size_t source = 0;
      std::size_t number = 0;
      ASSERT_EQ(std::sscanf(line.c_str(), "%zu %zu", &source, &number), 2) << line;
      ends_[source] = std::max(ends_[source], number + 1);
    }
  }

  Result<std::unique_ptr<Engine>> open() {
    ROLLCALL_ASSIGN_OR_RETURN(std::unique_ptr<Store> store, open_rocks_store(path_));
    EngineOptions options;
    options.settings = pushed_settings();
    options.threads_max = 2;
    return Engine::open(std::move(store), options);
  }

  // Sends again what may be in, and what is needed for both sources to have as many.
  void send_again() {
    const auto engine = open();
    ASSERT_TRUE(engine.ok()) << engine.status().to_string();
    const std::size_t end = std::max(ends_[0], ends_[1]) + 1;
    for (std::size_t source = 0; source < kPushSources; ++source) {
      for (std::size_t number = first_; number < end; ++number) {
        bool skipped = false;
        ASSERT_TRUE(push(**engine, source, number, &skipped).ok());
        if (number < ends_[source]) {
          ASSERT_TRUE(skipped) << "lost: batch " << number << " of source " << source;
        } else if (number > ends_[source]) {
          ASSERT_FALSE(skipped) << "in before it was sent";
        }
      }
    }
    first_ = end;
    ends_ = {end, end};
  }

  void expect_recount() {
    const auto engine = open();
    ASSERT_TRUE(engine.ok()) << engine.status().to_string();
    NaiveEngine naive((*engine)->settings());
    std::vector<NaiveEvent> all;
    for (std::size_t source = 0; source < kPushSources; ++source) {
      for (std::size_t number = 0; number < first_; ++number) {
        const std::vector<NaiveEvent> batch = pushed_events(source, number);
        all.insert(all.end(), batch.begin(), batch.end());
      }
    }
    naive.ingest(all);
    EXPECT_EQ((*engine)->info().event_count, all.size());
    for (const char* const question :
         {R"({"kind": "active"})", R"({"kind": "counts"})", R"({"kind": "retention"})"}) {
      const auto found = (*engine)->query(question);
      ASSERT_TRUE(found.ok()) << found.status().to_string();
      EXPECT_EQ(to_text(*found), to_text(*naive.query(question))) << question;
    }
    ASSERT_TRUE((*engine)->checkpoint().ok());
    const Result<VerifyReport> report = (*engine)->verify();
    ASSERT_TRUE(report.ok()) << report.status().to_string();
    EXPECT_TRUE(report->faults.empty()) << report->faults.front();
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_.path("store");
  std::size_t first_ = 0;                         // all batches before are in
  std::array<std::size_t, kPushSources> ends_{};  // of the acknowledged ones
};

TEST_F(PushCrash, AtEachCallOfTheJournal) {
  constexpr std::size_t kCount = 900;
  int points = 0;
  for (const std::string_view call : kFileCalls) {
    for (const std::string fate : {"before", "halfway", "after"}) {
      const bool is_write = call == "make" || call == "record" || call == "mark" ||
                            call == "anchor" || call == "anchor mark";
      if (fate == "halfway" && !is_write) continue;
      for (const int times : {1, 2, 5}) {
        SCOPED_TRACE(::testing::Message() << fate << " call " << times << ": " << call);
        // What there is to read is left by one that was killed before.
        ChildProcess before = start(kCount, "record", 8, "before");
        ASSERT_NO_FATAL_FAILURE(listen(before));
        before.wait();
        ASSERT_TRUE(before.was_killed());
        ChildProcess process = start(kCount, call, times, fate);
        ASSERT_NO_FATAL_FAILURE(listen(process));
        process.wait();
        ASSERT_TRUE(process.was_killed()) << "the call was never made";
        ASSERT_NO_FATAL_FAILURE(send_again());
        ++points;
      }
    }
  }
  std::printf("killed at %d points\n", points);
  expect_recount();
}

TEST_F(PushCrash, AtRandom) {
  const std::uint64_t seed = std::random_device()();
  std::printf("seed=%llu\n", static_cast<unsigned long long>(seed));
  Random random(seed);
  const char* const wanted = std::getenv("ROLLCALL_KILLS");
  const int kills = wanted == nullptr ? 20 : std::atoi(wanted);
  for (int i = 0; i < kills; ++i) {
    SCOPED_TRACE(::testing::Message() << "seed=" << seed << " kill " << i);
    ChildProcess process = start(1'000'000);
    std::this_thread::sleep_for(std::chrono::milliseconds(random.below(250)));
    process.kill();
    ASSERT_TRUE(process.was_killed());
    ASSERT_NO_FATAL_FAILURE(listen(process));
    ASSERT_NO_FATAL_FAILURE(send_again());
  }
  std::printf("%d kills, %zu batches\n", kills, kPushSources * first_);
  expect_recount();
}

}  // namespace
}  // namespace rollcall::testing
