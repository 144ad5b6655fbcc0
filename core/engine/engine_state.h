// An engine has these parts. engine.cpp wires them together, engine_calls.cpp has the public calls,
// and checkpoint.cpp, engine_audiences.cpp, engine_forget.cpp, engine_objects.cpp,
// ingest_by_partition.cpp and verify.cpp do one thing each.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/gate.h"
#include "core/base/question_account.h"
#include "core/base/thread_safety.h"
#include "core/base/workers.h"
#include "core/batch/block_pool.h"
#include "core/catalog/manifest.h"
#include "core/catalog/segment_catalog.h"
#include "core/catalog/store_tables.h"
#include "core/engine/checkpoint_schedule.h"
#include "core/engine/checkpointer.h"
#include "core/engine/day_totals.h"
#include "core/engine/failure.h"
#include "core/engine/journal_record.h"
#include "core/engine/source_turns.h"
#include "core/pages/audience_chunk.h"
#include "core/partition/partition.h"
#include "core/query/resolve/kept_ranks.h"
#include "core/time/time_zone.h"
#include "rollcall/engine.h"

namespace rollcall {

// Holds users by the number of their partition.
using OrdinalsByPartition = std::vector<std::vector<std::uint32_t>>;

// Are the users whom questions ask for as members.
struct OrdinalsOfQueries {
  std::vector<OrdinalsByPartition> ordinals;  // by question
  std::string as_of;                          // as QueryResult::as_of of the last
};

struct Engine::State {
  explicit State(const EngineOptions& engine_options)
      : options(engine_options),
        workers(engine_options.threads_max),
        questions(questions_bytes_max()),
        schedule({.dirty_bytes_max = options.checkpoint_dirty_bytes_max,
                  .journal_bytes_max = options.journal_bytes_max,
                  .age_max = std::chrono::seconds(options.checkpoint_seconds)}),
        checkpointer(gate, schedule, write_failure, [this] {
          checkpointer.mutex().assert_held();
          return checkpoint_alone();
        }) {}

  const EngineOptions options;
  StoreSettings settings;
  TimeZone zone;
  std::unique_ptr<Store> store;
  std::size_t store_bytes = 0;      // what the store takes of memory_bytes_max
  std::shared_ptr<BlockPool> pool;  // of prepared batches
  Workers workers;                  // their tasks never pass the gate

  SourceTurns source_turns;  // taken before the gate and the checkpointer's mutex

  QuestionBudget questions;  // shared by all that are running
  // Questions may keep this much of what they read in memory, beside what they take of their
  // budget.
  std::atomic<std::size_t> kept_bytes{0};
  // Holds the size of pages that a commit has yet to encode. They are held even if they have
  // changed since.
  std::atomic<std::size_t> written_out_bytes{0};
  std::atomic<bool> by_partition{false};  // recent batches did not fit in memory

  // Batches enter, and snapshots are taken, one at a time.
  mutable Gate gate;
  // This is the view of the last commit; it is destroyed before the store.
  std::shared_ptr<const StoreView> view ROLLCALL_GUARDED_BY(gate);
  StoreTables tables ROLLCALL_GUARDED_BY(gate){StoreSettings()};
  std::vector<Partition> partitions ROLLCALL_GUARDED_BY(gate);
  DayTotals day_totals ROLLCALL_GUARDED_BY(gate);
  KeptRanks kept_ranks;  // they change within the gate
  JournalRecordWriter record_writer ROLLCALL_GUARDED_BY(gate);
  // After this commit, forgotten users stay forgotten in a crash.
  Epoch forgotten_by ROLLCALL_GUARDED_BY(gate) = 0;
  // After this commit, the store knows the names of the kept properties that records have.
  Epoch kept_by ROLLCALL_GUARDED_BY(gate) = 0;
  // This is the manifest of the next commit, except that its epochs are those of the last.
  Manifest manifest ROLLCALL_GUARDED_BY(gate);
  // Holds the epoch of the last commit, and how many users each partition has in it.
  Epoch epoch ROLLCALL_GUARDED_BY(gate) = 0;
  std::vector<std::uint32_t> committed_users ROLLCALL_GUARDED_BY(gate);
  CheckpointSchedule schedule ROLLCALL_GUARDED_BY(gate);  // for what changed since that commit
  // The next checkpoint may have something to let go of, even if nothing has changed.
  bool history_is_due ROLLCALL_GUARDED_BY(gate) = false;
  BatchNumber batch_number ROLLCALL_GUARDED_BY(gate) = 0;
  // This was the last batch when a question last asked for unions.
  BatchNumber quiet_since ROLLCALL_GUARDED_BY(gate) = 0;
  // Lists the pages that were superseded by what was written ahead of the next commit. They may be
  // all pages of the store, so spare capacity for more would be large.
  std::deque<PageAddress> superseded_ahead ROLLCALL_GUARDED_BY(gate);
  // Holds pages of audiences that are to be in the next commit.
  WaitingAudiencePages audience_pages ROLLCALL_GUARDED_BY(gate);
  std::vector<PageAddress> audience_pages_superseded ROLLCALL_GUARDED_BY(gate);
  // Counts the bytes evicted since free memory was last given back to the system.
  std::size_t evicted_bytes ROLLCALL_GUARDED_BY(gate) = 0;
  // Says why writing ended, for instance because a checkpoint failed. Queries continue.
  Failure write_failure ROLLCALL_GUARDED_BY(gate);
  // Says why everything ended: memory ran out while a batch was applied.
  Failure state_failure ROLLCALL_GUARDED_BY(gate);

  // Runs `visit(partition)` for all partitions on the workers and returns the first error.
  template <class Visit>
  Status for_each_partition(Visit visit) ROLLCALL_REQUIRES(gate);

  // Returns the view of the last commit, which a store of the caller may fail to provide.
  static Result<std::shared_ptr<const StoreView>> view_of(const Store& store);
  Status load() ROLLCALL_EXCLUDES(gate);
  // Loads the last commit, or an empty state if there is none yet.
  Status load_commit() ROLLCALL_REQUIRES(gate);
  // Takes over the option, once the tables are read.
  Status set_history_days() ROLLCALL_REQUIRES(gate);
  // Adds the names of the options to the kept properties that the store has.
  Status add_kept_properties() ROLLCALL_REQUIRES(gate);
  Result<IngestOutcome> ingest(PreparedRows& rows, const Delivery& delivery);
  // Says what became of a batch within the gate.
  struct BatchOutcome {
    // It is to be durable, and batches before it are not, so nothing has happened.
    bool needs_checkpoint = false;
    // It does not fit in memory beside what is there, so nothing has happened.
    bool needs_room = false;
    // Its token is known.
    bool is_known = false;
    // Is the journal record to be synced, if there is one.
    std::optional<std::uint64_t> record = {};
  };
  // Ingests the batch, and makes whatever checkpoints that takes.
  Result<BatchOutcome> let_in(PreparedRows& rows, const Delivery& delivery) ROLLCALL_EXCLUDES(gate);
  // `record` is the journal record that the batch comes from, if it comes from one.
  Result<BatchOutcome> ingest_within_gate(const PreparedRows& rows, const Delivery& delivery,
                                          std::optional<std::uint64_t> record)
      ROLLCALL_REQUIRES(gate);
  // Returns the first commit after which a journal record of the delivery can be replayed.
  Epoch commit_before_record(const Delivery& delivery) const ROLLCALL_REQUIRES(gate);
  // Stages the rows in their partitions, and evicts once to make room for them. Returns whether
  // they fit.
  Result<bool> stage(const PreparedRows& rows, const std::vector<NumberedSeries>& series)
      ROLLCALL_REQUIRES(gate);
  // Forgets the totals of the days that the rows change, and the ranks of users.
  void forget_totals(const PreparedRows& rows, const std::vector<NumberedSeries>& series)
      ROLLCALL_REQUIRES(gate);
  // Ingests a batch that does not fit in memory, one partition after the other. Each partition is
  // written ahead of a commit of its own and then evicted. Everything must be in the last commit.
  //   kResourceExhausted  what it touches of one partition does not fit; nothing has happened
  Result<BatchOutcome> ingest_by_partition(const PreparedRows& rows, const Delivery& delivery,
                                           std::optional<std::uint64_t> record)
      ROLLCALL_REQUIRES(gate, checkpointer.mutex());
  class PartitionsWrittenAhead;
  // Writes what changed of a partition ahead of the next commit and evicts it. Until that commit,
  // nothing may change in it.
  Status write_ahead(Partition& partition) ROLLCALL_REQUIRES(gate, checkpointer.mutex());
  // Checks that the store may be written.
  //   kInvalidArgument  the store was opened read-only
  Status check_writable() const;
  // Returns why nothing may change any more, or ok if it may.
  Status check_failures() const ROLLCALL_REQUIRES(gate);
  // Returns whether the source has sent the batch before.
  bool is_known(const Delivery& delivery) const ROLLCALL_REQUIRES(gate);
  // Appends the batch that all partitions have staged to the journal.
  Result<std::uint64_t> append_to_journal(const PreparedRows& rows, const Delivery& delivery)
      ROLLCALL_REQUIRES(gate);
  // Returns once the record is on disk.
  Status sync_journal(std::uint64_t record) ROLLCALL_EXCLUDES(gate);
  Result<JournalledBatch> decode(const JournalRecord& record) ROLLCALL_REQUIRES(gate);
  Status replay(const JournalRecord& record) ROLLCALL_EXCLUDES(gate);
  // Runs `visit(partition)` for all partitions, on the workers if there are enough rows.
  template <class Visit>
  Status for_each_partition(std::size_t row_count, Visit visit) ROLLCALL_REQUIRES(gate);
  // Notes that there is something for a checkpoint to write.
  void note_change() ROLLCALL_REQUIRES(gate);
  // Does what the options require next.
  enum class CheckpointNeed {
    kNothing,
    kCheckpoint,  // soon
    kRoom,        // a checkpoint before anything else, so that what is stored can leave memory
  };
  CheckpointNeed checkpoint_need() ROLLCALL_EXCLUDES(gate);
  // Enforces the limits of the options after a batch: it waits for room, and starts a checkpoint
  // that is due, which continues beside what comes next.
  Status make_room() ROLLCALL_EXCLUDES(gate);
  // Return what questions may take of memory_bytes_max, and what the state may take beside these,
  // prepared batches and the store.
  std::size_t questions_bytes_max() const;
  std::size_t state_bytes_max() const;
  // Returns how much more the state may take.
  std::size_t room() const ROLLCALL_REQUIRES(gate);
  // Evicts what is stored until `wanted_bytes` more fit.
  void evict_for(std::size_t wanted_bytes) ROLLCALL_REQUIRES(gate);
  // Does the same for one partition, until at most `bytes_max` are resident in it. Commits up to
  // `durable` are stored.
  void evict(Partition& partition, std::size_t bytes_max, Epoch durable) ROLLCALL_REQUIRES(gate);
  // Runs `visit(partition)`, which reads days and users, for all partitions on the workers and
  // returns the first error. If memory is full, each partition evicts as much as it has read.
  template <class Visit>
  Status read_partitions(Visit visit) ROLLCALL_REQUIRES(gate);
  // Derives what queries and checkpoints read.
  Status fold(FoldDepth depth) ROLLCALL_REQUIRES(gate);
  Status checkpoint() ROLLCALL_EXCLUDES(gate);
  // Does the same for a caller that holds the checkpointer's mutex.
  Status checkpoint_alone() ROLLCALL_REQUIRES(checkpointer.mutex()) ROLLCALL_EXCLUDES(gate);
  Status compact() ROLLCALL_EXCLUDES(gate);
  class WriteOut;
  void collect_partitions(Epoch next, CollectedPages& pages) ROLLCALL_REQUIRES(gate);
  // Has the late bytes made.
  Status finish_pages(CollectedPages& pages, const StoreView& last);
  // Returns what the checkpoints of this moment do to the history of each partition.
  SealLimits seal_limits() const ROLLCALL_REQUIRES(gate);
  // Returns whether a good part of some block lies before the beginning of history.
  bool has_old_events() const ROLLCALL_REQUIRES(gate);
  // Lets history begin later if the latest day is later than it was. Everything must be folded.
  Status move_history_begin() ROLLCALL_REQUIRES(gate);
  // If `ids` is not null, it receives the users behind the cell of the one question.
  Result<std::vector<QueryResult>> query(std::span<const Query> queries, const QueryLimits& limits,
                                         MemberIds* ids = nullptr);
  // Returns the users whom each of the questions asks for as members, all as of one moment.
  //   throws QuestionFailure
  Result<OrdinalsOfQueries> users_of(std::span<const Query> queries, QuestionAccount& account);
  Result<Explanation> explain(const Query& query, const QueryLimits& limits);
  // The following functions also throw QuestionFailure.
  Result<std::vector<QueryResult>> answer(std::span<const Query> queries, QuestionAccount& account,
                                          std::size_t& at, MemberIds* ids);
  Result<Explanation> explain(const Query& query, QuestionAccount& account);
  struct Pinned;
  Result<std::vector<PinnedTotal>> pin_totals(const TotalsRead& read, QuestionAccount& account)
      ROLLCALL_REQUIRES(gate);
  Result<Pinned> pin(std::span<const Query> queries, const SegmentCatalog& sets,
                     QuestionAccount& account);
  Result<SegmentCatalog> named_sets(std::span<const Query> queries, QuestionAccount& account);
  class Snapshot;
  Status save_segment(const std::string& name, SavedSegment segment);
  Status save_objects(std::span<const SavedObject> objects, OnSameName on_same_name);
  Status drop_object(ObjectKind kind, const std::string& name);
  std::vector<SavedObject> objects_of(ObjectKind kind) const ROLLCALL_REQUIRES(gate);
  Result<AudienceInfo> freeze(const AudienceRequest& request, const QueryLimits& limits);
  class AudienceDraft;
  Status fault_of(const AudienceRequest& request, std::span<const Query> asked, const Status& fault,
                  const QueryLimits& limits);
  // Removes an audience that `freeze` could not store.
  void take_back(const AudienceName& name) ROLLCALL_REQUIRES(checkpointer.mutex())
      ROLLCALL_EXCLUDES(gate);
  Status drop_audience(const AudienceName& name);
  std::vector<AudienceInfo> audience_infos() const ROLLCALL_REQUIRES(gate);
  // Takes users of a partition out of all audiences. The pages that had them are those of the next
  // commit.
  Status forget_in_audiences(std::uint32_t partition, std::span<const std::uint32_t> ordinals)
      ROLLCALL_REQUIRES(gate, checkpointer.mutex());
  Result<AudienceChunk> read_audience(const Audience& audience, Audience::Place place) const
      ROLLCALL_REQUIRES(gate);
  Result<std::uint64_t> forget(std::span<const UserId> users);
  // Forgets the users in all partitions. `has_written_ahead` is set as soon as some partition has
  // written ahead.
  Result<std::uint64_t> forget_in_partitions(std::span<const UserId> users, bool& has_written_ahead)
      ROLLCALL_REQUIRES(checkpointer.mutex()) ROLLCALL_EXCLUDES(gate);
  MemoryUse memory_use() const ROLLCALL_REQUIRES(gate);
  EngineInfo info() const;
  Result<VerifyReport> verify();

  Checkpointer checkpointer;  // the last member, so that its thread is joined before any other goes
};

template <class Visit>
Status Engine::State::for_each_partition(std::size_t row_count, Visit visit) {
  // Fewer rows are not worth waking other threads for.
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
    gate.assert_passed();
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
  workers.for_each(partitions.size(), [&](std::size_t i) {
    gate.assert_passed();
    statuses[i] = visit(partitions[i]);
  });
  for (Status& status : statuses) ROLLCALL_RETURN_IF_ERROR(std::move(status));
  return {};
}

}  // namespace rollcall
