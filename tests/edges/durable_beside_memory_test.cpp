// A durable batch beside others of its source that are acknowledged in memory: it waits for those
// that came before it, and for none that come after.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/rocks_store.h"
#include "tests/storage/temporary_directory.h"
#include "tests/support/times.h"

namespace rollcall::testing {
namespace {

constexpr TimeUs kTime = kFirstDayUs;

Status ingest_one(Engine& engine, std::uint64_t user, const Delivery& delivery) {
  const std::vector<std::uint64_t> users = {user};
  const std::vector<std::string_view> names = {"visit"};
  const std::vector<TimeUs> times = {kTime};
  EventBatch batch;
  batch.user_integers = users;
  batch.event.values = names;
  batch.time = times;
  return engine.ingest(batch, delivery).status();
}

class DurableBesideMemory : public ::testing::Test {
 protected:
  std::unique_ptr<Engine> open() {
    EngineOptions options;
    options.settings.emplace();
    options.settings->user_kind = UserKind::kInteger;
    options.settings->partition_count = 4;
    options.checkpoint_seconds = 0;
    options.threads_max = 2;
    return *Engine::open(*open_rocks_store(directory_.path("store")), options);
  }

  TemporaryDirectory directory_;
};

TEST_F(DurableBesideMemory, WaitsForWhatCameBeforeAlone) {
  std::unique_ptr<Engine> engine = open();
  ASSERT_TRUE(engine->checkpoint().ok());
  std::atomic<bool> over{false};
  std::atomic<std::uint64_t> sent{0}, acknowledged{0};
  std::vector<std::thread> senders;
  for (int i = 0; i < 2; ++i) {
    senders.emplace_back([&] {
      // The wait does not last for ever, should the durable batches never come in.
      const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
      while (!over && std::chrono::steady_clock::now() < end) {
        const SourcePosition position{"source", std::to_string(sent)};
        EXPECT_TRUE(ingest_one(*engine, ++sent, {.positions = {&position, 1}}).ok());
        ++acknowledged;
      }
    });
  }
  std::uint64_t before = 0;  // in memory, and acknowledged before the last durable batch was sent
  constexpr std::uint64_t kDurable = 10;
  for (std::uint64_t i = 0; i < kDurable; ++i) {
    const std::uint64_t seen = acknowledged;
    while (acknowledged < seen + 10 && acknowledged < sent) std::this_thread::yield();
    const SourcePosition position{"source", "durable"};
    const Epoch epoch = engine->info().epoch;
    before = acknowledged;
    const Delivery delivery{.positions = {&position, 1}, .ack = Ack::kDurable};
    EXPECT_TRUE(ingest_one(*engine, (std::uint64_t{1} << 32) + i, delivery).ok());
    // Nothing else makes checkpoints here.
    EXPECT_LE(engine->info().epoch, epoch + 1) << "durable batch " << i;
  }
  over = true;
  for (std::thread& sender : senders) sender.join();
  engine.reset();  // without a checkpoint, as a crash
  EXPECT_GE(open()->info().event_count, before + kDurable);
}

// One names its source by the token, the other by the position.
TEST_F(DurableBesideMemory, SourcesOfTokensAndPositionsAreTheSame) {
  std::unique_ptr<Engine> engine = open();
  ASSERT_TRUE(engine->checkpoint().ok());
  std::vector<std::thread> senders;
  for (std::uint64_t i = 0; i < 4; ++i) {
    senders.emplace_back([&, i] {
      for (std::uint64_t number = 0; number < 20; ++number) {
        const std::uint64_t user = i * 100 + number;
        const SourcePosition position{i % 2 == 0 ? "a" : "b", std::to_string(number)};
        const BatchToken token{i % 2 == 0 ? "b" : "a", std::to_string(user)};
        const Ack ack = number % 5 == 0 ? Ack::kDurable : Ack::kMemory;
        const Delivery delivery{.positions = {&position, 1}, .token = &token, .ack = ack};
        EXPECT_TRUE(ingest_one(*engine, user, delivery).ok());
      }
    });
  }
  for (std::thread& sender : senders) sender.join();
  EXPECT_EQ(engine->info().event_count, 80u);
}

}  // namespace
}  // namespace rollcall::testing
