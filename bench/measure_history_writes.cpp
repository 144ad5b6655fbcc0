// This measures how history is written: sealing and merging beside the least that they could take,
// how often an event is written, and what waits for it meanwhile. It also reads the events of one
// user.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bench/asker.h"
#include "bench/history_pages.h"
#include "bench/measures.h"
#include "bench/packed_run.h"
#include "bench/scratch_store.h"
#include "core/base/workers.h"
#include "core/history/event_log.h"
#include "core/history/user_cursor.h"

namespace rollcall::bench {
namespace {

constexpr TimeUs kRunUs = std::int64_t{7 * 86'400} * 1'000'000;  // what a run spans
constexpr std::size_t kSmallBatchRows = 65'536;
constexpr Amount kHundredth = 10'000;

// Holds the events of one partition and run, in the order in which they came, as the engine and as
// the floor take them.
struct DealtRows {
  OpenEvents open{0, 0};
  PackedRun::Rows packed;
};

// Holds the whole workload, with dense ids.
class DealtEvents {
 public:
  explicit DealtEvents(Session& session);

  std::size_t partition_count() const { return partitions_.size(); }
  std::size_t run_count() const { return partitions_.front().size(); }
  const DealtRows& rows(std::size_t partition, std::size_t run) const {
    return partitions_[partition][run];
  }
  std::size_t user_count() const { return user_count_; }  // of each partition, at most
  TimeUs first_time() const { return first_time_; }

 private:
  TimeUs first_time_;
  std::size_t user_count_;
  std::vector<std::vector<DealtRows>> partitions_;
};

DealtEvents::DealtEvents(Session& session) {
  const WorkloadWOptions& workload = session.options().workload;
  const std::size_t partitions = session.options().partitions;
  first_time_ = WorkloadW(workload).first_time();
  user_count_ = static_cast<std::size_t>(workload.users / partitions + 1);
  if (workload.days * (kRunUs / 7) >> kTimeBits != 0) {
    throw BenchError("the floor of sealing has no room for so many days");
  }
  partitions_.resize(partitions);
  for (std::vector<DealtRows>& runs : partitions_) {
    runs.resize(static_cast<std::size_t>((workload.days + 6) / 7));
  }
  for (std::size_t number = 0; number < session.round_count(); ++number) {
    const WorkloadRows& rows = session.round(IdKind::kDense, number).rows();
    Workers().for_each(partitions, [&](std::size_t partition) {
      for (std::size_t i = 0; i < rows.size(); ++i) {
        if (rows.users[i] % partitions != partition) continue;
        const auto user = static_cast<std::uint32_t>(rows.users[i] / partitions);
        const TimeUs time = rows.times[i] - first_time_;
        DealtRows& dealt = partitions_[partition][static_cast<std::size_t>(time / kRunUs)];
        dealt.packed.users.push_back(user);
        dealt.packed.events.push_back(
            pack_event(static_cast<std::uint64_t>(time), rows.events[i],
                       static_cast<std::uint32_t>(rows.values[i] / kHundredth)));
        dealt.open.append({.ordinals = {&user, 1},
                           .times = {&rows.times[i], 1},
                           .names = {&rows.events[i], 1},
                           .values = {&rows.values[i], 1},
                           .dimensions = {},
                           .properties = {}});
      }
    });
  }
}

std::uint64_t digest_of(std::size_t partition, std::size_t user, std::uint64_t event) {
  std::uint64_t digest = event ^ (std::uint64_t{user} << 32 | partition) * 0x9e3779b97f4a7c15u;
  digest = (digest ^ digest >> 30) * 0xbf58476d1ce4e5b9u;
  return digest ^ digest >> 27;
}

std::uint64_t digest_of(std::size_t partition, const LogRun& run, TimeUs first_time) {
  std::uint64_t digest = 0;
  for (const auto& block : run) {
    const EventColumns events = unpack(*block, 0);
    for (std::size_t i = 0; i < events.size(); ++i) {
      digest += digest_of(
          partition, events.ordinals[i],
          pack_event(static_cast<std::uint64_t>(events.times[i] - first_time), events.names[i],
                     static_cast<std::uint32_t>(events.values[i] / kHundredth)));
    }
  }
  return digest;
}

std::uint64_t digest_of(std::size_t partition, const PackedRun& run) {
  std::uint64_t digest = 0;
  PackedRun::Reader reader(run);
  std::vector<std::uint64_t> events;
  for (std::size_t user = 0; user < run.user_count(); ++user) {
    events.clear();
    reader.next(events);
    for (const std::uint64_t event : events) digest += digest_of(partition, user, event);
  }
  return digest;
}

void add_beside_floor(Session& session, const std::string& name, const std::vector<double>& found,
                      const std::vector<double>& floor) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < found.size(); ++i) ratios.push_back(found[i] / floor[i]);
  session.report().add({name, "ns", Better::kLower, found, {}});
  session.report().add({name + "/floor", "ns", Better::kLower, floor, {}});
  session.report().add({name + "/of_floor", "ratio", Better::kLower, ratios, {}});
}

// Returns the merged runs by partition.
std::vector<LogRun> measure_sealing(Session& session, const DealtEvents& dealt, unsigned threads) {
  const std::size_t partitions = dealt.partition_count(), runs = dealt.run_count();
  const double ns_of_event = 1e9 / static_cast<double>(session.options().workload.events);
  Workers workers(threads);
  std::vector<double> seals, floor_seals, merges, floor_merges;
  std::vector<LogRun> merged(partitions);
  for (int turn = 0; turn < session.options().repeat; ++turn) {
    session.report().now(fmt::format("history: sealing with {} threads, turn {}", threads, turn));
    std::vector<std::unique_ptr<FrozenRows>> frozen;
    for (std::size_t i = 0; i < partitions * runs; ++i) {
      frozen.push_back(
          std::make_unique<FrozenRows>(dealt.rows(i / runs, i % runs).open.snapshot()));
    }
    std::vector<std::vector<LogRun>> sealed(partitions, std::vector<LogRun>(runs));
    seals.push_back(ns_of_event * seconds_of([&] {
                      workers.for_each(partitions * runs, [&](std::size_t i) {
                        sealed[i / runs][i % runs] = frozen[i]->run();
                      });
                    }));
    std::vector<std::vector<PackedRun>> floor(partitions, std::vector<PackedRun>(runs));
    floor_seals.push_back(ns_of_event * seconds_of([&] {
                            workers.for_each(partitions * runs, [&](std::size_t i) {
                              floor[i / runs][i % runs] = PackedRun::seal(
                                  dealt.rows(i / runs, i % runs).packed, dealt.user_count());
                            });
                          }));
    merges.push_back(ns_of_event * seconds_of([&] {
                       workers.for_each(partitions, [&](std::size_t partition) {
                         merged[partition] = merge(sealed[partition], 0, 0);
                       });
                     }));
    std::vector<PackedRun> floor_merged(partitions);
    floor_merges.push_back(ns_of_event * seconds_of([&] {
                             workers.for_each(partitions, [&](std::size_t partition) {
                               floor_merged[partition] = PackedRun::merge(floor[partition]);
                             });
                           }));
    if (turn > 0) continue;
    std::uint64_t of_runs = 0, of_merged = 0, of_floor_runs = 0, of_floor = 0;
    for (std::size_t partition = 0; partition < partitions; ++partition) {
      for (std::size_t run = 0; run < runs; ++run) {
        of_runs += digest_of(partition, sealed[partition][run], dealt.first_time());
        of_floor_runs += digest_of(partition, floor[partition][run]);
      }
      of_merged += digest_of(partition, merged[partition], dealt.first_time());
      of_floor += digest_of(partition, floor_merged[partition]);
    }
    must_equal("history/seal: digest", of_runs, of_floor_runs);
    must_equal("history/merge: digest", of_merged, of_floor);
    must_equal("history/merge: digest of what was merged", of_merged, of_runs);
  }
  add_beside_floor(session, fmt::format("history/seal/threads:{}", threads), seals, floor_seals);
  add_beside_floor(session, fmt::format("history/merge/threads:{}", threads), merges, floor_merges);
  return merged;
}

// Reads the events of single users by a cursor over the runs of their partition.
class UserReads {
 public:
  explicit UserReads(std::size_t partitions) : partitions_(partitions) {}

  // Returns how many events the user has in `run`, and their times and names in columns.
  std::size_t read(std::uint64_t user, RunSource run) {
    times_.clear();
    names_.clear();
    UserCursor cursor({std::move(run)}, [](std::size_t, const LogBlock&) {});
    const auto ordinal = static_cast<std::uint32_t>(user / partitions_);
    if (!cursor.seek(ordinal) || cursor.ordinal() != ordinal) return 0;
    cursor.read_parts([&](std::size_t, const LogBlock& block, const LogBlock::Walk& walk) {
      const LogBlock::User& part = walk.user();
      times_.resize(times_.size() + part.count);
      LogBlock::Times(walk).read(part.count, &times_[times_.size() - part.count]);
      for (std::uint32_t i = 0; i < part.count; ++i) {
        names_.push_back(block.names()[block.name_planes().code_of(part.begin + i)]);
      }
    });
    return times_.size();
  }

 private:
  std::size_t partitions_;
  std::vector<TimeUs> times_;
  std::vector<std::uint32_t> names_;
};

// Returns how many events each of some users has, from a walk over the rows.
std::vector<std::size_t> event_counts(const DealtEvents& dealt,
                                      const std::vector<std::uint64_t>& users) {
  std::vector<std::size_t> counts;
  for (const std::uint64_t user : users) {
    const std::size_t partition = user % dealt.partition_count();
    std::size_t count = 0;
    for (std::size_t run = 0; run < dealt.run_count(); ++run) {
      const std::vector<std::uint32_t>& rows = dealt.rows(partition, run).packed.users;
      const auto found = std::count(rows.begin(), rows.end(),
                                    static_cast<std::uint32_t>(user / dealt.partition_count()));
      count += static_cast<std::size_t>(found);
    }
    counts.push_back(count);
  }
  return counts;
}

void measure_one_user(Session& session, const DealtEvents& dealt,
                      const std::vector<LogRun>& merged) {
  session.report().now("history: the events of one user");
  const std::size_t partitions = dealt.partition_count();
  const std::uint64_t users = session.options().workload.users;
  // Each is of the partition after that of the one before, so that no block is read twice.
  const auto sample = [&](std::uint64_t count) {
    std::vector<std::uint64_t> sampled;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t user = users / count * i;
      sampled.push_back(std::min(users - 1, user / partitions * partitions + i % partitions));
    }
    return sampled;
  };

  UserReads reads(partitions);
  std::vector<double> warm, cold;
  const std::vector<std::uint64_t> many = sample(std::min<std::uint64_t>(users, 200));
  const std::vector<std::size_t> counts = event_counts(dealt, many);
  for (int turn = 0; turn <= 10; ++turn) {
    for (std::size_t i = 0; i < many.size(); ++i) {
      std::size_t found = 0;
      const double seconds = seconds_of(
          [&] { found = reads.read(many[i], RunSource::of(merged[many[i] % partitions])); });
      must_equal("history/user: events", found, counts[i]);
      if (turn > 0) warm.push_back(1e3 * seconds);
    }
  }
  add_quantiles(session, "history/user/warm", warm);

  const ScratchStore scratch(session);
  const auto store = scratch.open_store();
  constexpr Epoch kEpoch = 1;
  std::vector<const LogBlock*> blocks;
  Commit commit{.epoch = kEpoch,
                .pages = {},
                .encode =
                    [&](std::size_t number, std::string& bytes) {
                      bytes += blocks[number]->bytes();
                      return Status();
                    },
                .threads = 1,
                .superseded = {},
                .manifest = [] { return std::string("a manifest"); }};
  const auto id_of = [](std::size_t partition, std::size_t block) {
    return PageId{PageKind::kHistory, static_cast<std::uint32_t>(partition), 0, 0,
                  static_cast<std::uint32_t>(block)};
  };
  for (std::size_t partition = 0; partition < partitions; ++partition) {
    for (std::size_t block = 0; block < merged[partition].size(); ++block) {
      blocks.push_back(merged[partition][block].get());
      commit.pages.push_back({id_of(partition, block), blocks.back()->bytes().size()});
    }
  }
  must(store->commit(commit));
  const auto view = must(store->view());
  const std::vector<std::uint64_t> few = sample(std::min<std::uint64_t>(users, partitions));
  const std::vector<std::size_t> few_counts = event_counts(dealt, few);
  for (std::size_t i = 0; i < few.size(); ++i) {
    const std::size_t partition = few[i] % partitions;
    scratch.drop_from_page_cache();
    std::size_t found = 0;
    cold.push_back(1e3 * seconds_of([&] {
                     const RunSource run{
                         merged[partition].size(), [&](std::size_t block) {
                           return must(read_block({id_of(partition, block), kEpoch}, *view));
                         }};
                     found = reads.read(few[i], run);
                   }));
    must_equal("history/user: events from disk", found, few_counts[i]);
  }
  add_quantiles(session, "history/user/from_disk", cold);
}

EngineOptions with_history(Session& session) {
  EngineOptions options = session.engine_options(IdKind::kDense, 0);
  options.settings->history = true;
  return options;
}

// Says when nothing starts a checkpoint but who asks for one.
EngineOptions without_checkpoints(Session& session) {
  EngineOptions options = with_history(session);
  options.checkpoint_dirty_bytes_max = std::numeric_limits<std::size_t>::max() / 2;
  options.checkpoint_seconds = 0;
  return options;
}

std::size_t rows_of_day(const Session& session) {
  const WorkloadWOptions& workload = session.options().workload;
  return std::max<std::size_t>(
      1, static_cast<std::size_t>(workload.events) / static_cast<std::size_t>(workload.days));
}

// Makes a checkpoint after each day of the workload.
void measure_rewriting(Session& session) {
  session.report().now("history: a checkpoint a day");
  const ScratchStore store(session);
  const auto pages = std::make_shared<HistoryPages>();
  const auto engine = must(
      Engine::open(HistoryPages::count(store.open_store(), pages), without_checkpoints(session)));
  const std::size_t day_rows = rows_of_day(session);
  for (std::size_t number = 0; number < session.round_count(); ++number) {
    const WorkloadColumns& columns = session.round(IdKind::kDense, number);
    for (std::size_t begin = 0; begin < columns.size(); begin += day_rows) {
      must(engine->ingest(columns.batch(begin, day_rows)));
      must(engine->checkpoint());
    }
  }
  session.check(*engine);
  const auto kept = static_cast<double>(pages->kept_bytes());
  session.report().add({"history/written/of_kept",
                        "ratio",
                        Better::kLower,
                        {static_cast<double>(pages->written_bytes()) / kept},
                        {{"checkpoints", std::to_string(pages->commits())}}});
  must(engine->close());
}

// Ingests small batches while checkpoints run beside, at most one a day of the workload.
void measure_waits(Session& session) {
  session.report().now("history: batches beside checkpoints");
  const ScratchStore store(session);
  const auto pages = std::make_shared<HistoryPages>();
  const auto engine = must(
      Engine::open(HistoryPages::count(store.open_store(), pages), without_checkpoints(session)));
  std::atomic<bool> is_done{false};
  std::thread checkpoints([&] {
    for (std::uint64_t due = rows_of_day(session); !is_done;) {
      const std::uint64_t events = engine->info().event_count;
      if (events < due) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        continue;
      }
      due = events + rows_of_day(session);
      must(engine->checkpoint());
    }
  });
  const std::vector<double> ms = session.ingest_ms(*engine, kSmallBatchRows);
  is_done = true;
  checkpoints.join();
  session.check(*engine);
  add_quantiles(session, "history/wait/ingest", ms);
  session.report().add({"history/wait/checkpoints",
                        "",
                        Better::kNeither,
                        {static_cast<double>(pages->commits())},
                        {}});
  must(engine->close());
}

// Asks a small question again and again while events come at full speed.
void measure_small_questions(Session& session) {
  std::vector<double> ms;
  for (int turn = 0; turn < session.options().repeat; ++turn) {
    session.report().now("history: small questions during ingest");
    const ScratchStore store(session);
    const auto engine = store.open(with_history(session));
    Asker asker(*engine);
    session.ingest_ms(*engine, kSmallBatchRows);
    const std::vector<double> of_turn = asker.stop();
    ms.insert(ms.end(), of_turn.begin(), of_turn.end());
    session.check(*engine);
    must(engine->close());
  }
  add_quantiles(session, "history/question_during_ingest", ms);
}

}  // namespace

void measure_history_writes(Session& session) {
  {
    session.report().now("history: dealing events");
    const DealtEvents dealt(session);
    std::vector<LogRun> merged;
    for (const unsigned threads : session.thread_counts()) {
      merged = measure_sealing(session, dealt, threads);
    }
    measure_one_user(session, dealt, merged);
  }
  measure_rewriting(session);
  measure_waits(session);
  measure_small_questions(session);
}

}  // namespace rollcall::bench
