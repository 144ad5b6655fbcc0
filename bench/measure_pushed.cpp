// This measures events that two threads push, in batches of 64 Ki rows, into a store on disk that
// has the first half of the workload. They are acknowledged in memory, or once they are durable.
//
//   memory     events/s, without a checkpoint
//   durable    events/s, each batch in the journal and synced
//   journal    bytes of the journal per event
//   stall      what one batch of 1,000 rows takes while checkpoints run beside
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bench/measures.h"
#include "bench/scratch_store.h"

namespace rollcall::bench {
namespace {

constexpr std::size_t kPushedRows = 65'536;
constexpr unsigned kPushers = 2;

EngineOptions options_without_checkpoints(Session& session, IdKind ids) {
  EngineOptions options = session.engine_options(ids, 0);
  options.checkpoint_dirty_bytes_max = std::numeric_limits<std::size_t>::max() / 2;
  options.journal_bytes_max = std::numeric_limits<std::size_t>::max() / 2;
  options.checkpoint_seconds = 0;
  return options;
}

// Makes a store with the rows up to `end`, in a checkpoint.
std::unique_ptr<Engine> open_with_rows(Session& session, const ScratchStore& store,
                                       const WorkloadColumns& columns, std::size_t end) {
  auto engine = store.open(options_without_checkpoints(session, columns.kind()));
  for (std::size_t begin = 0; begin < end; begin += session.options().batch_rows) {
    must(engine->ingest(columns.batch(begin, std::min(session.options().batch_rows, end - begin))));
  }
  must(engine->checkpoint());
  return engine;
}

// Returns the seconds that the rows from `begin` on take.
double push_seconds(Engine& engine, const WorkloadColumns& columns, std::size_t begin, Ack ack) {
  std::atomic<std::size_t> next{begin};
  std::array<Status, kPushers> failures;
  const auto push = [&](Status& failure) {
    for (std::size_t row = next.fetch_add(kPushedRows); row < columns.size() && failure.ok();
         row = next.fetch_add(kPushedRows)) {
      failure = engine.ingest(columns.batch(row, kPushedRows), {.ack = ack}).status();
    }
  };
  const double seconds = seconds_of([&] {
    std::vector<std::thread> pushers;
    for (Status& failure : failures) pushers.emplace_back(push, std::ref(failure));
    for (std::thread& pusher : pushers) pusher.join();
  });
  for (const Status& failure : failures) must(failure);
  return seconds;
}

void measure(Session& session, IdKind ids) {
  const std::string name = fmt::format("pushed/{}/", to_string(ids));
  const WorkloadColumns& columns = session.round(ids, 0);
  const std::size_t middle = columns.size() / 2;
  const double events = static_cast<double>(columns.size() - middle);
  std::vector<double> memory, durable, bytes;
  for (int turn = 1; turn <= session.options().repeat; ++turn) {
    for (const Ack ack : {Ack::kMemory, Ack::kDurable}) {
      session.report().now(
          fmt::format("{}{}, turn {}", name, ack == Ack::kMemory ? "memory" : "durable", turn));
      const ScratchStore store(session);
      const auto engine = open_with_rows(session, store, columns, middle);
      const double seconds = push_seconds(*engine, columns, middle, ack);
      must_equal("events", engine->info().event_count, std::uint64_t{columns.size()});
      (ack == Ack::kMemory ? memory : durable).push_back(events / seconds);
      if (ack == Ack::kMemory) continue;
      bytes.push_back(static_cast<double>(engine->info().store.journal_bytes) / events);
    }
  }
  const Measurement in_memory{name + "memory", "events/s", Better::kHigher, memory, {}};
  const Measurement when_durable{name + "durable", "events/s", Better::kHigher, durable, {}};
  session.report().add(in_memory);
  session.report().add(when_durable);
  session.report().add({name + "durable/of_memory",
                        "",
                        Better::kHigher,
                        {when_durable.best() / in_memory.best()},
                        {}});
  session.report().add({name + "journal/per_event", "bytes", Better::kLower, bytes, {}});
}

void measure_stalls(Session& session) {
  constexpr std::size_t kPushedBatchRows = 1'000;
  const double seconds_max = session.options().quick ? 0.2 : 10;
  session.report().now("pushed: batches beside checkpoints");
  const WorkloadColumns& columns = session.round(IdKind::kScattered, 0);
  const std::size_t middle = columns.size() / 2;
  for (const Ack ack : {Ack::kMemory, Ack::kDurable}) {
    const ScratchStore store(session);
    const auto engine = open_with_rows(session, store, columns, middle);
    const auto start = std::chrono::steady_clock::now();
    std::atomic<bool> stopped{false};
    std::vector<double> ms;
    Status failure;
    std::thread pusher([&] {
      for (std::size_t row = middle; row < columns.size() && !stopped && failure.ok();
           row += kPushedBatchRows) {
        ms.push_back(
            1e3 * seconds_of([&] {
              failure = engine->ingest(columns.batch(row, kPushedBatchRows), {.ack = ack}).status();
            }));
      }
      stopped = true;
    });
    while (!stopped) {
      std::this_thread::sleep_for(
          std::chrono::milliseconds(5));  // there is something to write then
      must(engine->checkpoint());
      const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
      if (elapsed.count() > seconds_max) stopped = true;
    }
    pusher.join();
    must(failure);
    add_quantiles(session,
                  fmt::format("pushed/stall/{}", ack == Ack::kMemory ? "memory" : "durable"), ms);
  }
}

}  // namespace

void measure_pushed(Session& session) {
  for (const IdKind ids : session.options().ids) measure(session, ids);
  measure_stalls(session);
}

}  // namespace rollcall::bench
