// This measures ingest of events in memory, as events/s and as a share of the floor, which is
// measured in the same run.
//
//   memory       into a store in memory, without a checkpoint
//   checkpoints  into a store on disk, with the checkpoints that fall due meanwhile, until the last
//                of them has ended, too
//   durable      the same, until all of it is on disk and the store is closed
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "bench/floor.h"
#include "bench/measures.h"
#include "rollcall/memory_store.h"
#include "rollcall/rocks_store.h"

namespace rollcall::bench {
namespace {

// These floors are worth trying; the fastest of them is the floor.
std::vector<FloorOptions> floor_candidates(const Session& session, IdKind ids, unsigned threads) {
  const WorkloadWOptions& workload = session.options().workload;
  FloorOptions options;
  options.ids = ids;
  options.users = workload.users;
  options.days = workload.days;
  options.first_day = workload.first_day;
  options.threads = threads;
  std::vector<FloorOptions> candidates;
  if (threads == 1) candidates.push_back(options);
  // With more users, it takes more parts for those of a part to fit the cache, and more rows in a
  // round for each part of them to be worth fetching.
  struct Shape {
    unsigned partitions;
    std::size_t round_mi;
  };
  std::vector<Shape> shapes = {{32, 4}, {64, 16}};
  if (workload.users > (1 << 24)) shapes = {{64, 16}, {128, 16}};
  for (const Shape& shape : shapes) {
    options.partitions = shape.partitions;
    options.round_rows = shape.round_mi << 20;
    candidates.push_back(options);
  }
  return candidates;
}

double floor_seconds(Session& session, const FloorOptions& options, const Digest& expected) {
  const std::unique_ptr<Floor> floor = make_floor(options);
  double seconds = 0;
  for (std::size_t number = 0; number < session.round_count(); ++number) {
    const WorkloadColumns& columns = session.round(options.ids, number);
    seconds += seconds_of([&] { floor->ingest(columns); });
  }
  must_equal("bits and totals of the floor: " + to_string(options), floor->digest(), expected);
  return seconds;
}

enum class Persistence { kMemory, kDisk };

struct IngestSeconds {
  double ingest = 0;
  Epoch checkpoints = 0;
  double until_closed = 0;
};

IngestSeconds engine_seconds(Session& session, IdKind ids, unsigned threads,
                             Persistence persistence) {
  EngineOptions options = session.engine_options(ids, threads);
  const std::filesystem::path directory = std::filesystem::path(session.options().directory) / "w";
  std::filesystem::remove_all(directory);
  std::unique_ptr<Store> store;
  if (persistence == Persistence::kMemory) {
    options.checkpoint_dirty_bytes_max = std::numeric_limits<std::size_t>::max() / 2;
    store = open_memory_store();
  } else {
    store = must(open_rocks_store(directory.string()));
  }
  IngestSeconds seconds;
  {
    const std::unique_ptr<Engine> engine = must(Engine::open(std::move(store), options));
    seconds.ingest = session.ingest(*engine, ids) + seconds_of([&] {
                       while (engine->info().checkpointing) {
                         std::this_thread::sleep_for(std::chrono::milliseconds(1));
                       }
                     });
    seconds.checkpoints = engine->info().epoch;
    session.check(*engine);
    if (persistence == Persistence::kDisk) {
      seconds.until_closed = seconds.ingest + seconds_of([&] { must(engine->close()); });
    }
  }
  std::filesystem::remove_all(directory);
  return seconds;
}

void measure(Session& session, IdKind ids, unsigned threads) {
  const double events = static_cast<double>(session.options().workload.events);
  const std::string name = fmt::format("ingest/{}/threads:{}/", to_string(ids), threads);
  const bool has_floor = ids != IdKind::kString;

  std::vector<FloorOptions> floors;
  Digest expected;
  if (has_floor) {
    floors = floor_candidates(session, ids, threads);
    expected = session.truth().digest(ids);
  }
  std::vector<std::vector<double>> floor_rates(floors.size());
  std::vector<double> memory, checkpoints, durable;
  Epoch checkpoint_count = 0;
  for (int turn = 1; turn <= session.options().repeat; ++turn) {
    const auto now = [&](std::string_view what) {
      session.report().now(fmt::format("{}{}, turn {}", name, what, turn));
    };
    for (std::size_t i = 0; i < floors.size(); ++i) {
      now("floor: " + to_string(floors[i]));
      floor_rates[i].push_back(events / floor_seconds(session, floors[i], expected));
    }
    now("memory");
    memory.push_back(events / engine_seconds(session, ids, threads, Persistence::kMemory).ingest);
    if (session.options().in_memory) continue;
    now("disk");
    const IngestSeconds disk = engine_seconds(session, ids, threads, Persistence::kDisk);
    checkpoints.push_back(events / disk.ingest);
    checkpoint_count = disk.checkpoints;
    durable.push_back(events / disk.until_closed);
  }

  double floor = 0;
  if (has_floor) {
    std::vector<Measurement> tried;
    for (std::size_t i = 0; i < floors.size(); ++i) {
      const FloorOptions& options = floors[i];
      const std::string variant =
          options.partitions == 0
              ? "direct"
              : fmt::format("{}x{}Mi", options.partitions, options.round_rows >> 20);
      tried.push_back({name + "floor/" + variant,
                       "events/s",
                       Better::kHigher,
                       floor_rates[i],
                       {{"floor", to_string(floors[i])}}});
    }
    Measurement best = *std::max_element(
        tried.begin(), tried.end(),
        [](const Measurement& a, const Measurement& b) { return a.best() < b.best(); });
    floor = best.best();
    for (Measurement& measurement : tried) session.report().add(std::move(measurement));
    best.name = name + "floor";
    session.report().add(std::move(best));
  }
  const auto add = [&](const std::string& what, const std::vector<double>& rates) {
    const Measurement measurement{name + what, "events/s", Better::kHigher, rates, {}};
    session.report().add(measurement);
    if (floor == 0) return;
    session.report().add(
        {name + what + "/of_floor", "", Better::kHigher, {measurement.best() / floor}, {}});
  };
  add("memory", memory);
  if (session.options().in_memory) return;
  add("checkpoints", checkpoints);
  session.report().add({name + "checkpoints/of_memory",
                        "",
                        Better::kHigher,
                        {*std::max_element(checkpoints.begin(), checkpoints.end()) /
                         *std::max_element(memory.begin(), memory.end())},
                        {{"checkpoints", std::to_string(checkpoint_count)}}});
  add("durable", durable);
}

}  // namespace

void measure_ingest(Session& session) {
  for (const IdKind ids : session.options().ids) {
    for (const unsigned threads : session.thread_counts()) measure(session, ids, threads);
  }
}

}  // namespace rollcall::bench
