// The parts of an engine. engine.cpp wires them together, and engine_calls.cpp is how they are
// called; checkpoint.cpp, engine_forget.cpp, ingest_by_partition.cpp and verify.cpp do one thing
// each.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "core/base/gate.h"
#include "core/base/question_account.h"
#include "core/base/workers.h"
#include "core/batch/block_pool.h"
#include "core/catalog/manifest.h"
#include "core/catalog/segment_table.h"
#include "core/catalog/series_catalog.h"
#include "core/catalog/source_table.h"
#include "core/engine/day_totals.h"
#include "core/engine/journal_record.h"
#include "core/engine/source_turns.h"
#include "core/partition/partition.h"
#include "core/time/time_zone.h"
#include "core/users/forgotten_users.h"
#include "rollcall/engine.h"

namespace rollcall {

struct Engine::State {
  explicit State(const EngineOptions& engine_options)
      : options(engine_options),
        workers(engine_options.threads_max),
        questions(questions_bytes_max()) {}

  const EngineOptions options;
  StoreSettings settings;
  TimeZone zone;
  std::unique_ptr<Store> store;
  std::size_t store_bytes = 0;      // of the memory options, what the store takes
  std::shared_ptr<BlockPool> pool;  // of prepared batches
  Workers workers;                  // their tasks never pass the gate

  SourceTurns source_turns;  // taken before the gate and checkpoint_mutex

  // Guards all that follows: batches enter, and snapshots are taken, one at a time.
  mutable Gate gate;
  std::shared_ptr<const StoreView> view;  // of the last commit; destroyed before the store
  // Copied before it changes while a query holds it, too.
  std::shared_ptr<SeriesCatalog> catalog;
  std::vector<Partition> partitions;
  DayTotals day_totals;
  SourceTable sources;
  SegmentTable segments;
  JournalRecordWriter record_writer;
  // Whose events are dropped; null: nobody's. Replaced, not changed, as batches are checked against
  // it outside the gate.
  std::shared_ptr<const ForgottenUsers> forgotten;
  Epoch forgotten_by = 0;  // the commit after which they stay forgotten in a crash
  Manifest manifest;       // of the next commit, but for the epochs, which are of the last
  Epoch epoch = 0;
  std::vector<std::uint32_t> committed_users;  // how many each partition has in that commit
  bool changed = false;                        // since the last commit
  std::chrono::steady_clock::time_point changed_since;
  bool catalog_changed = false;
  bool sources_changed = false;
  bool segments_changed = false;
  bool forgotten_changed = false;
  BatchNumber batch_number = 0;
  BatchNumber quiet_since = 0;  // the last batch when last a question asked for unions
  // By what was written ahead of the next commit: perhaps every page there is, so that room for
  // more than there are would be much.
  std::deque<PageAddress> superseded_ahead;
  bool committing = false;                // a checkpoint is under way
  std::atomic<bool> by_partition{false};  // batches did not fit in memory lately
  // Of pages that a commit has yet to encode: they are held even where they have changed since.
  std::atomic<std::size_t> handed_over_bytes{0};
  std::size_t evicted_bytes = 0;  // since they were last given back to the system
  QuestionBudget questions;       // of those under way
  // That these may keep of what they read, beside what they take of it.
  std::atomic<std::size_t> kept_bytes{0};
  // Of the last checkpoint that ingest started.
  std::chrono::steady_clock::time_point checkpoint_end;
  std::chrono::steady_clock::duration checkpoint_time{};
  bool checkpoint_is_beside = false;  // checkpoint_thread is at work, or about to be
  // Why writing ended: a checkpoint failed. Queries go on.
  Status write_failure;
  // Why everything ended: memory ran out while a batch was applied.
  Status state_failure;

  std::mutex checkpoint_mutex;  // held by whoever makes checkpoints; taken before the gate

  // Runs `visit(partition)` for all partitions by the workers and returns the first error.
  template <class Visit>
  Status for_each_partition(Visit visit);

  // The view of the last commit, which a store of the caller's may fail to have.
  static Result<std::shared_ptr<const StoreView>> view_of(const Store& store);
  Status load();
  Result<IngestOutcome> ingest(PreparedRows& rows, const Delivery& delivery);
  // What became of a batch, within the gate.
  struct Passage {
    // It is to be durable, and batches before it are not: nothing has happened.
    bool needs_checkpoint = false;
    // It does not fit in memory beside what is there: nothing has happened.
    bool needs_room = false;
    // Its token is known.
    bool is_known = false;
    // The record to be synced, if there is one.
    std::optional<std::uint64_t> record = {};
  };
  // Has the batch come in, whatever checkpoints that takes.
  Result<Passage> let_in(PreparedRows& rows, const Delivery& delivery);
  // `record`: of the journal, where the batch comes from it.
  Result<Passage> ingest_within_gate(const PreparedRows& rows, const Delivery& delivery,
                                     std::optional<std::uint64_t> record);
  // Ingests a batch that does not fit in memory: one partition after the other, each written ahead
  // of a commit of its own and let go. Everything must be in the last commit, and checkpoint_mutex
  // held.
  //   kResourceExhausted  what it touches of one partition does not fit; nothing has happened
  Result<Passage> ingest_by_partition(const PreparedRows& rows, const Delivery& delivery,
                                      std::optional<std::uint64_t> record);
  class Ahead;
  // Writes what changed of a partition ahead of the next commit, and lets it go: until that commit
  // nothing may change in it. Within the gate; checkpoint_mutex must be held.
  Status write_ahead(Partition& partition);
  // Whether the source has sent the batch before.
  bool is_known(const Delivery& delivery) const;
  // Writes the batch that all partitions have staged behind the others.
  Result<std::uint64_t> append_to_journal(const PreparedRows& rows, const Delivery& delivery);
  // Returns once the record is on disk.
  Status sync_journal(std::uint64_t record);
  Status replay(const JournalRecord& record);
  // Runs `visit(partition)` for all partitions, by the workers if so many rows are worth it.
  template <class Visit>
  Status for_each_partition(std::size_t row_count, Visit visit);
  // Notes that there is something for a checkpoint to write. Within the gate.
  void note_change();
  // What the options ask for.
  enum class Need {
    kNothing,
    kCheckpoint,  // soon
    kRoom,        // a checkpoint before anything else, so that what is stored can leave memory
  };
  Need need();
  // Keeps the promises of the options after a batch: waits for room, and starts a checkpoint that
  // is due, which goes on beside what comes next.
  Status make_room();
  // Starts a checkpoint in a thread of its own, unless somebody is at it. False: the system has no
  // thread to give.
  bool start_checkpoint();
  // What that thread does. What fails is told to the next batch. It does nothing more after it has
  // left the gate, so that who is within it may wait for the thread's end.
  void checkpoint_beside(Status cannot) noexcept;
  // Waits until whoever makes checkpoints is done. False: nobody does.
  bool wait_for_checkpoint();
  // A checkpoint whose time counts for the rest after it, of one who holds checkpoint_mutex.
  Status timed_checkpoint();
  // For want of memory, or of threads.
  static Status cannot_checkpoint();
  // Of the memory options, what questions may take; and what the state may, beside these, prepared
  // batches and the store.
  std::size_t questions_bytes_max() const;
  std::size_t state_bytes_max() const;
  // How much more of it may be taken. Within the gate.
  std::size_t room() const;
  // Lets what is stored go until `wanted_bytes` more fit. Within the gate.
  void evict_for(std::size_t wanted_bytes);
  // The same of one partition, until at most `bytes_max` are resident in it; stored are commits up
  // to `durable`.
  void evict(Partition& partition, std::size_t bytes_max, Epoch durable);
  // Runs `visit(partition)`, which reads days and users, for all partitions by the workers and
  // returns the first error. Where memory is full, a partition lets go of as many. Within the gate.
  template <class Visit>
  Status read_partitions(Visit visit);
  // Derives what queries and checkpoints read. Within the gate.
  Status fold(FoldDepth depth);
  Status checkpoint();
  Status checkpoint_alone();  // the same, of one who holds checkpoint_mutex
  Status compact();
  class Handover;
  void collect_partitions(Epoch next, std::vector<DirtyPage>& dirty,
                          std::vector<PageAddress>& superseded);
  Result<std::vector<QueryResult>> query(std::span<const Query> queries, const QueryLimits& limits);
  Result<Explanation> explain(const Query& query, const QueryLimits& limits);
  // What follows throws QuestionFailure, too.
  Result<std::vector<QueryResult>> answer(std::span<const Query> queries, QuestionAccount& account,
                                          std::size_t& at);
  Result<Explanation> explain(const Query& query, QuestionAccount& account);
  struct Pinned;
  Result<std::vector<PinnedTotal>> pin_totals(const TotalsRead& read, QuestionAccount& account);
  Result<Pinned> pin(std::span<const Query> queries, const SegmentCatalog& sets,
                     QuestionAccount& account);
  Result<SegmentCatalog> named_sets(std::span<const Query> queries, QuestionAccount& account);
  class Snapshot;
  Status save_segment(const std::string& name, SavedSegment segment);
  Status drop_segment(const std::string& name);
  Result<std::uint64_t> forget(std::span<const UserId> users);
  // In all partitions. `has_written_ahead` is set as soon as some of them are.
  Result<std::uint64_t> forget_in_partitions(std::span<const UserId> users,
                                             bool& has_written_ahead);
  MemoryUse memory_use() const;
  EngineInfo info() const;
  Result<VerifyReport> verify();

  std::jthread checkpoint_thread;  // the last member: it is waited for before any other goes
};

template <class Visit>
Status Engine::State::for_each_partition(std::size_t row_count, Visit visit) {
  // Fewer are not worth waking other threads for.
  constexpr std::size_t kParallelRowsMin = 4096;
  if (row_count >= kParallelRowsMin) return for_each_partition(visit);
  Status first;
  for (Partition& partition : partitions) {
    if (Status status = visit(partition); !status.ok() && first.ok()) first = std::move(status);
  }
  return first;
}

template <class Visit>
Status Engine::State::read_partitions(Visit visit) {
  const std::size_t bytes_max = room();
  std::atomic<std::size_t> bytes_read{0};
  return for_each_partition([&](Partition& partition) -> Status {
    const std::size_t before = partition.memory_use().resident_bytes;
    ROLLCALL_RETURN_IF_ERROR(visit(partition));
    const std::size_t read = partition.memory_use().resident_bytes - before;
    if (bytes_read.fetch_add(read) + read > bytes_max) {
      partition.evict_directory(before, epoch);
    }
    return {};
  });
}

template <class Visit>
Status Engine::State::for_each_partition(Visit visit) {
  std::vector<Status> statuses(partitions.size());
  workers.for_each(partitions.size(), [&](std::size_t i) { statuses[i] = visit(partitions[i]); });
  for (Status& status : statuses) ROLLCALL_RETURN_IF_ERROR(std::move(status));
  return {};
}

}  // namespace rollcall
