// This is the history of one partition: every event of its users.
//
// Stored events lie in runs. A run is sorted by user and time and cut into blocks, each of which is
// a page. Events that came since the last checkpoint lie in the order in which they came. A
// checkpoint seals: it freezes these rows and makes one new run of them and of older runs of about
// their size. Runs thus stay few, and every event is written only a few times. Sorting and merging
// happen beside batches and questions; until the commit is there, questions read what the new run
// is made of.
//
// History may have a beginning. Earlier events are left out of every new run. Of the blocks that
// stay, a checkpoint makes a few anew of which a quarter lies before it, so that no event is
// written more than a few times for that. Questions have to pass over the events that are still
// there.
//
// One writer may use it at a time, while nobody else does, for every method that is not const, and
// for `pin`; any number of readers may use it otherwise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/byte_codec.h"
#include "core/base/mutex.h"
#include "core/history/log_merge.h"
#include "core/history/open_events.h"
#include "rollcall/status.h"
#include "rollcall/store.h"

namespace rollcall {

// Holds rows that no longer change, as a run. Any thread may use it.
class FrozenRows {
 public:
  explicit FrozenRows(OpenEvents::Snapshot rows) : size_(rows.size()), rows_(std::move(rows)) {}

  std::size_t size() const { return size_; }
  // Sorts and packs them when it is first called, which takes packing_bytes().
  LogRun run() const;
  std::size_t packing_bytes() const;

 private:
  const std::size_t size_;
  mutable Mutex mutex_;
  mutable OpenEvents::Snapshot rows_ ROLLCALL_GUARDED_BY(mutex_);  // none once they are packed
  mutable LogRun run_ ROLLCALL_GUARDED_BY(mutex_);
};

// Is a block in memory, or at an address of the snapshot's StoreView.
struct PinnedBlock {
  PageAddress address;
  std::shared_ptr<const LogBlock> block;
  std::uint32_t event_count = 0;
  std::size_t text_bytes = 0;  // of its properties, about
};

// Bounds what a checkpoint does to a history.
struct SealLimits {
  std::size_t merged_bytes_max = 0;  // runs whose merging takes more are not merged
  TimeUs history_begin = std::numeric_limits<TimeUs>::min();  // earlier events are let go of
};

// Is the history of one moment.
struct PinnedLog {
  std::vector<std::vector<PinnedBlock>> runs;  // the oldest first
  std::vector<std::shared_ptr<const FrozenRows>> rows;

  bool any_absent() const;
  std::size_t row_count() const;
};

// Reads a block from the store.
//   kCorruption  it is not what was written
Result<std::shared_ptr<const LogBlock>> read_block(const PageAddress& address,
                                                   const StoreView& view);

class EventLog {
 public:
  EventLog(std::uint32_t partition, std::size_t dimension_count, std::size_t property_count);

  // Returns what appending so many rows may add to the memory, sorting them included; `text_bytes`:
  // see OpenEvents::growth_bytes.
  std::size_t growth_bytes(std::size_t row_count, std::size_t text_bytes) const;
  void append(const OpenEvents::Rows& rows);

  std::size_t resident_bytes() const;
  std::size_t dirty_bytes() const;
  std::uint64_t event_count() const;  // stored ones and others

  // Reads the runs as the directory page of the partition names them.
  Status read_directory(ByteReader& reader);

  // Is a page whose bytes exist once Changes::seal has ended.
  struct Page {
    PageId id;
    std::function<std::string_view()> bytes;
  };
  struct Pages {
    std::vector<Page> pages;
    std::vector<PageAddress> superseded;
  };
  struct Changes : Pages {
    // Sorts and merges what is sealed, lets go of events, and returns the pages that come of that;
    // it is null if there is nothing to do. It reads what it needs through the view of the last
    // commit. Any thread may call it, beside every other call.
    std::function<Result<Pages>(const StoreView&)> seal;
    // Writes the runs as the directory page of the partition names them, once `seal` has ended.
    std::function<void(ByteWriter&)> write_directory;
  };
  // Hands over all that differs from the store, as of `epoch`, and counts it as stored. Once that
  // is in a commit, finish_seal() puts what was sealed in the place of what it was made from.
  Changes collect(Epoch epoch, const SealLimits& limits);
  // If there is no memory for that, everything stays as it was.
  void finish_seal();
  // Returns whether there are blocks of which a good part lies before `history_begin`, or may.
  bool has_old_events(TimeUs history_begin) const;

  PinnedLog pin() const;
  // Keeps blocks that a question had to read, if they still belong to the log.
  void install(const PinnedLog& pinned);
  // Lets go of blocks that commits up to `durable` have, until `excess` bytes are free.
  void evict(std::size_t excess, Epoch durable);

  // Forgets users by their ordinals, ascending, in two steps. First, every block that has events of
  // theirs is read and made anew, which may fail; then the new blocks take the places of the old.
  Status prepare_to_forget(std::span<const std::uint32_t> ordinals, const StoreView& view);
  void forget(std::span<const std::uint32_t> ordinals);

 private:
  struct Slot {
    std::uint32_t number = 0;  // of the block within its run
    Epoch epoch = 0;
    std::uint32_t event_count = 0;
    std::shared_ptr<const LogBlock> block = nullptr;  // null: it is in the store alone
    bool dirty = false;
    // A quarter of its events lie at this instant or before it. It is unset if nobody has looked.
    std::optional<TimeUs> quarter = {};
    bool is_old(TimeUs history_begin) const {
      return !dirty && (!quarter || *quarter < history_begin);
    }
  };
  struct Run {
    std::uint32_t number = 0;
    std::vector<Slot> blocks;
    std::size_t text_bytes = 0;  // bounds what the texts of its properties take
    std::uint64_t event_count() const;
  };
  // Is what the directory page says: runs and their blocks, none of which is in memory.
  struct Directory {
    std::uint32_t next_run = 0;
    std::vector<Run> runs;
    bool has_ages = false;  // of blocks
    void write(ByteWriter& writer) const;
  };
  // Is a block that may have too many events from before the beginning of history.
  struct Ageing {
    std::size_t run, slot;  // where it is, in the log and in the directory
    PinnedBlock pinned;
    std::shared_ptr<const LogBlock> rest = nullptr;  // what is left of it, if it is made anew
    bool is_replaced = false;
    std::optional<TimeUs> quarter = {};
  };
  // Is what a checkpoint makes, on its way to the store.
  struct Sealing {
    Epoch epoch = 0;
    SealLimits limits;
    std::uint32_t partition = 0;
    std::uint32_t number = 0;      // of the new run, if there is one
    std::size_t source_count = 0;  // of the last runs, which it takes in
    std::vector<std::vector<PinnedBlock>> sources;
    std::shared_ptr<const FrozenRows> rows;  // null: there is no new run
    std::size_t rows_bytes = 0;
    std::size_t text_bytes = 0;  // as that of a run
    std::vector<Ageing> ageing;
    std::size_t ageing_bytes = 0;
    // These are there once it is packed.
    LogRun run;
    std::vector<std::optional<TimeUs>> quarters;  // by block of the run
    Directory directory;                          // has only the runs that stay until then
    Result<Pages> pack(const StoreView& view, std::size_t dimension_count,
                       std::size_t property_count);
    Status pack_run(const StoreView& view, std::size_t dimension_count, std::size_t property_count);
    Status let_go(const StoreView& view);
    Pages finish_directory();
  };
  // Takes a block's place when users are forgotten.
  struct Replacement {
    std::size_t run, slot;
    std::shared_ptr<const LogBlock> block;  // null: nothing is left of it
  };

  static PageId id_of(std::uint32_t partition, std::uint32_t run, std::uint32_t block) {
    return {PageKind::kHistory, partition, run, 0, block};
  }
  PageId id_of(std::uint32_t run, std::uint32_t block) const {
    return id_of(partition_, run, block);
  }
  std::size_t merged_runs(std::size_t merged_bytes_max) const;
  std::vector<Ageing> ageing_blocks(std::size_t run_count, const SealLimits& limits) const;
  Directory directory_of(std::size_t run_count) const;
  std::shared_ptr<const FrozenRows> frozen() const;
  void hold(Slot& slot, std::shared_ptr<const LogBlock> block);
  static void drop_empty(std::vector<Run>& runs);  // of blocks, and of runs without any
  std::vector<PinnedBlock> pin_run(const Run& run) const;

  std::uint32_t partition_;
  std::size_t dimension_count_, property_count_;
  OpenEvents open_;
  // Holds the open events, as a question last saw them.
  mutable std::shared_ptr<const FrozenRows> frozen_;
  std::vector<Run> runs_;  // the oldest first
  std::uint32_t next_run_ = 0;
  bool has_ages_ = false;             // history has a beginning, so that ages of blocks are kept
  std::shared_ptr<Sealing> sealing_;  // null: none is under way
  bool has_dirty_blocks_ = false;
  std::size_t block_bytes_ = 0;        // of blocks in memory
  std::size_t dirty_block_bytes_ = 0;  // of these, that the store does not have
  std::vector<Replacement> replacements_;
  std::vector<PageAddress> emptied_;  // blocks that nothing is left of, which the store still has
};

}  // namespace rollcall
