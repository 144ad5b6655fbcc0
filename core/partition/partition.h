// One partition's aggregates: who of its users was active in which series on which day, first and
// last days, and counters.
//
// Threads: one writer at a time and nobody else meanwhile, for every method that is not const; any
// number of readers otherwise. Pages that `pin` has handed out stay as they are, whatever comes
// later.
//
// The hot path keeps only what cannot be derived: presence of each series with its totals, and the
// counters. Presence of any event, and first and last days, follow from that; `fold` brings them up
// to date, before they are read and before they are stored. Folding twice changes nothing.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/memory_allowance.h"
#include "core/base/question_account.h"
#include "core/batch/prepared_batch.h"
#include "core/catalog/series_catalog.h"
#include "core/pages/amount_chunk.h"
#include "core/pages/bounds_chunk.h"
#include "core/pages/counter_chunk.h"
#include "core/pages/dirty_page.h"
#include "core/pages/kept_unions.h"
#include "core/pages/page_ref.h"
#include "core/pages/presence_chunk.h"
#include "core/pages/reads.h"
#include "core/users/user_index.h"
#include "rollcall/store.h"

namespace rollcall {

// Events and amounts of one hour of a day, counted from the day's first instant.
struct HourTotal {
  std::uint8_t hour = 0;
  std::uint64_t events = 0;
  AmountSum value = 0;
};

// One series on one day: who, and how much.
struct SeriesDay {
  std::vector<PageSlot<PresenceChunk>> chunks;
  std::vector<PageSlot<AmountChunk>> amounts;  // where there were any
  AmountSum forgotten_value = 0;               // of the hours, but of no user any more
  std::vector<HourTotal> hours;                // ascending, those with events; none for kAnySeries
};

struct DayState {
  std::unordered_map<SeriesId, SeriesDay> series;  // empty while it is not loaded
  Epoch epoch = 0;                                 // of the stored day page
  bool loaded = true;                              // false: what is known of it is in that page
  bool dirty = false;
  BatchNumber last_used = 0;   // the last batch when something needed it
  BatchNumber changed_in = 0;  // the number of the last batch that had rows of it
  bool compact = false;  // its chunks have their smallest form: nothing came since a checkpoint
};

// Per series, by chunk.
template <class T>
using SeriesChunks = std::unordered_map<SeriesId, std::vector<PageSlot<T>>>;

// A page as a snapshot holds it: in memory, or at an address of the snapshot's StoreView.
template <class T>
struct PinnedPage {
  PageRef<T> page;
  PageAddress address;
};

// What a UnionRead comes to in a partition.
struct PinnedUnion {
  struct Run {
    DayRange days;
    std::shared_ptr<RunSets> sets;
    bool is_new = false;  // to be filled in from the days' pages, which are pinned, too
  };
  SeriesId series = 0;
  DayRange days;
  std::vector<Run> runs;
  DayRange rest;  // day by day

  friend bool operator<(const PinnedUnion& a, const PinnedUnion& b) {
    return std::tie(a.series, a.days.first, a.days.last) <
           std::tie(b.series, b.days.first, b.days.last);
  }
};

// Events of one series on one day, or in one of its hours.
struct PinnedTotal {
  SeriesId series = 0;
  Day day;
  std::uint8_t hour = 0;
  EventTotal total;

  friend bool operator<(const PinnedTotal& a, const PinnedTotal& b) {
    return std::tie(a.day, a.series, a.hour) < std::tie(b.day, b.series, b.hour);
  }
};

struct PinnedPartition {
  std::uint32_t partition = 0;
  std::uint32_t user_count = 0;
  BatchNumber batch_number = 0;                     // of the last batch that it has
  std::uint32_t forgotten_count = 0;                // users whom it knows no more
  std::vector<PinnedPage<PresenceChunk>> presence;  // by page id
  std::vector<PinnedUnion> unions;                  // ascending
  std::vector<PinnedPage<BoundsChunk>> bounds;      // by page id
  std::vector<PinnedPage<AmountChunk>> amounts;     // by page id
  // For each of ReadSet::lists: the ordinals of those of its users who are in the partition.
  std::vector<std::vector<std::uint32_t>> lists;
};

struct MemoryUse {
  std::size_t resident_bytes = 0;  // of pages, the directory, the user index and staged rows
  std::size_t dirty_bytes = 0;     // of pages not stored yet
};

class Partition {
 public:
  Partition(std::uint32_t number, UserKind kind) : number_(number), users_(kind) {}

  // Reads the directory of the partition; days, pages and users follow when they are needed.
  // `opened_in`: the last batch so far; questions pinned before it find all days changed.
  //   kCorruption  what is stored is not what was written, or names series past `series_count`
  Status open(const StoreView& view, Epoch epoch, std::size_t series_count,
              BatchNumber opened_in = 0);

  // Ingest, in two steps: `stage` finds the users' ordinals and reads every page that the rows will
  // touch; it may fail, and `unstage` then leaves the partition as it was. `apply` cannot fail.
  // `series` numbers the batch's local series. What staging brings into memory, and what applying
  // and folding may add, comes off the allowance.
  //   kResourceExhausted  the allowance is overdrawn
  Status stage(const PreparedRows& rows, const StoreView& view, std::span<const SeriesId> series,
               MemoryAllowance& allowance);
  void unstage();
  // By row of the staged batch, in the order of its blocks.
  std::span<const std::uint32_t> staged_ordinals() const {
    return {ordinals_.data(), staged_count_};
  }
  void apply(BatchNumber batch_number);

  // Derives what is due: presence of any event, and with `bounds` first and last days too.
  Status fold(const StoreView& view, bool bounds);

  // Reads what is stored of days and is not in memory: which pages they have, and their totals.
  Status load_days(DayRange days, const StoreView& view);
  // The days, and the users if there are lists.
  Status load_for(const ReadSet& reads, const StoreView& view);

  // What is known of a series on a day. Everything must be folded, and the day loaded.
  EventTotal day_total(SeriesId series, Day day);
  // The same of every series and day of the read that there is; or hour by hour. Ascending; takes
  // memory of the account.
  std::vector<PinnedTotal> totals(const TotalsRead& read, QuestionAccount& account);

  // Of reads that are loaded for. Days that changed in a batch after `quiet_since` are expected to
  // change again: unions that they are in are not worth keeping.
  // The names of pages take memory of the account.
  PinnedPartition pin(const ReadSet& reads, std::uint32_t partition_count, BatchNumber quiet_since,
                      QuestionAccount& account) const;
  // Keeps pages that a query had to read, and unions that it made, unless they have changed or come
  // back since.
  void install(const PinnedPartition& pinned, BatchNumber batch_number);

  // Hands over all that differs from the store, as of `epoch`, and counts it as stored. Everything
  // must be folded. `superseded` receives the versions that these replace.
  void collect_dirty(Epoch epoch, std::vector<DirtyPage>& dirty,
                     std::vector<PageAddress>& superseded);
  Epoch epoch() const { return epoch_; }

  // Lets go of what commits up to `durable` have stored, until at most `bytes_max` are resident:
  // pages, then days, the least recently used first, then the users.
  void evict(std::size_t bytes_max, Epoch durable);
  // The same of days that have no pages in memory, and of the users.
  void evict_directory(std::size_t bytes_max, Epoch durable);

  std::uint32_t number() const { return number_; }
  // Forgets users, given by their ordinals, ascending: who they are, and what they did on which
  // day. Totals of hours stay as they are: nobody can be told from them. In two steps, as ingest:
  // reading every page that knows of them may fail, forgetting cannot. Everything must be folded,
  // and the users loaded.
  Status load_pages_of(std::span<const std::uint32_t> ordinals, const StoreView& view);
  void forget(std::span<const std::uint32_t> ordinals);

  std::uint32_t user_count() const { return user_count_ - forgotten_count_; }
  std::uint32_t ordinal_count() const { return user_count_; }
  bool has_forgotten_users() const { return forgotten_count_ != 0; }
  // Events of each of the events' own series.
  const std::map<SeriesId, std::uint64_t>& events() const { return events_; }
  // Those of the counters of each series that are of no user any more.
  const std::map<SeriesId, std::uint64_t>& forgotten_events() const { return forgotten_events_; }
  const std::map<Day, DayState>& days() const { return days_; }  // whether loaded or not
  const SeriesChunks<CounterChunk>& counters() const { return counters_; }
  const SeriesChunks<BoundsChunk>& bounds() const { return bounds_; }
  MemoryUse memory_use() const;

  // Reads all users of the partition, if they are not in memory yet.
  Status load_users(const StoreView& view);
  const UserIndex& users() const { return users_; }

 private:
  template <class T, class IdOf>
  static void pin_pages(const std::vector<PageSlot<T>>& slots, IdOf id_of,
                        std::vector<PinnedPage<T>>& pages, QuestionAccount& account);
  void pin_presence(std::span<const SeriesId> series, DayRange days, PinnedPartition& pinned,
                    QuestionAccount& account) const;
  PinnedUnion pin_union(SeriesId series, DayRange days, BatchNumber quiet_since,
                        PinnedPartition& pinned, QuestionAccount& account) const;

  // A series on a day in a chunk: what a row of a staged batch counts in.
  struct Cell {
    SeriesId series;
    Day day;
    std::uint32_t chunk;
  };
  // One column of a staged batch.
  struct StagedColumn {
    std::vector<Cell> cells;
    std::vector<std::uint32_t> row_cells;  // by row
    // By cell * kHourStride + hour.
    std::vector<std::uint32_t> hour_events;
    std::vector<AmountSum> hour_values;  // empty: none

    std::uint32_t event_count(std::size_t cell) const;
  };
  // Where the rows of the cells go, by cell.
  struct CellTargets {
    std::vector<std::uint64_t*> words;   // null: one by one into `presence`
    std::vector<std::uint32_t*> events;  // of the counters; with counters only, as `counters`
    std::vector<PresenceChunk*> presence;
    std::vector<CounterChunk*> counters;
  };

  void stage_users(const PreparedRows& rows, std::size_t count);
  void stage_column(const PreparedRows& rows, std::size_t column, std::size_t count,
                    std::span<const SeriesId> series);
  void stage_values(const PreparedRows& rows, std::size_t column);
  Status load_touched(const StagedColumn& column, bool with_counters, const StoreView& view,
                      MemoryAllowance& allowance);
  // How many bytes applying and folding may add to the pages of the cells, which are loaded.
  std::size_t growth(const StagedColumn& column, bool with_counters);
  std::uint32_t staged_users(std::uint32_t chunk) const;
  void drop_staging();
  void apply_column(const StagedColumn& column, bool with_counters, BatchNumber batch_number);
  void open_cell(const StagedColumn& column, std::size_t cell, bool with_counters,
                 CellTargets& targets);
  template <bool kWithCounters>
  void apply_rows(const StagedColumn& column, const CellTargets& targets);
  void close_cell(const Cell& cell, bool with_counters, BatchNumber batch_number);
  void apply_amounts(const StagedColumn& column, BatchNumber batch_number);
  Status load_day(Day date, DayState& day, const StoreView& view);
  void unload_day(DayState& day);
  static bool may_leave(const DayState& day, Epoch durable);
  void evict_pages(std::size_t bytes_max, Epoch durable);
  void evict_days(std::size_t bytes_max, Epoch durable);
  void evict_users(Epoch durable);
  Status fold_any(const StoreView& view);
  Status fold_bounds(const StoreView& view);
  void compact_quiet_days();

  template <class T>
  Status load(PageSlot<T>& slot, const PageId& id, const StoreView& view);
  template <class T>
  void changed(PageSlot<T>& slot, BatchNumber batch_number);
  template <class T>
  void account(PageSlot<T>& slot);
  static void count_users(PageSlot<PresenceChunk>& slot);
  static EventTotal total_of(SeriesDay& series_day);
  template <class T>
  void collect(PageSlot<T>& slot, const PageId& id, Epoch epoch, std::vector<DirtyPage>& dirty,
               std::vector<PageAddress>& superseded);
  template <class Visit>
  void for_each_slot(Visit visit);

  PageId presence_id(SeriesId series, Day day, std::size_t chunk) const;
  PageId amounts_id(SeriesId series, Day day, std::size_t chunk) const;
  PageId chunk_id(PageKind kind, SeriesId series, std::size_t chunk) const;

  void collect_users(std::uint32_t chunk, Epoch epoch, std::vector<DirtyPage>& dirty,
                     std::vector<PageAddress>& superseded);

  std::string serialize_directory() const;
  Status deserialize_directory(std::string_view bytes, std::vector<std::pair<Day, Epoch>>& days);
  static std::size_t directory_bytes(const SeriesDay& series_day);
  static std::string serialize_day(const DayState& day);
  static Status deserialize_day(std::string_view bytes, std::size_t series_count, DayState& day);

  std::uint32_t number_;
  Epoch epoch_ = 0;  // of the stored directory page
  bool dirty_ = false;

  std::uint32_t user_count_ = 0;
  UserIndex users_;
  bool users_loaded_ = true;
  std::size_t user_bytes_ = 0;           // of the strings of users that have left memory
  std::vector<Epoch> user_page_epochs_;  // by chunk
  std::uint32_t stored_user_count_ = 0;
  std::uint32_t forgotten_count_ = 0;
  std::set<std::uint32_t> erased_chunks_;  // whose stored user pages tell too much
  std::map<SeriesId, std::uint64_t> events_;
  std::map<SeriesId, std::uint64_t> forgotten_events_;
  std::size_t series_count_ = 0;  // that day pages may name

  std::map<Day, DayState> days_;
  SeriesChunks<CounterChunk> counters_;
  SeriesChunks<BoundsChunk> bounds_;
  KeptUnions kept_unions_;

  // Presence that was touched since it was last folded; each once.
  struct Touched {
    Day day;
    SeriesId series;
    std::uint32_t chunk;
  };
  std::vector<Touched> awaiting_any_;
  std::vector<Touched> awaiting_bounds_;

  MemoryUse memory_;  // of pages
  std::size_t directory_bytes_ = 0;
  BatchNumber batch_number_ = 0;  // of the last batch or query that touched a page

  // Of the staged batch; kept from one to the next, as memory that has been written to before is
  // far cheaper than fresh memory.
  std::size_t staged_count_ = 0;             // rows; 0: none
  std::vector<std::uint32_t> ordinals_;      // by row
  std::vector<std::uint32_t> cell_numbers_;  // by pair and chunk
  std::vector<StagedColumn> columns_;        // events, then one per dimension
  struct StagedValue {
    std::uint32_t row;
    Amount value;
  };
  std::vector<StagedValue> values_;  // that are not zero
  // Of its events, each once, by chunk: where folding will add something.
  std::vector<std::pair<std::uint32_t, Day>> folded_days_;
  std::vector<std::pair<std::uint32_t, SeriesId>> folded_series_;
};

// Reads a page that is stored and not resident.
template <class T>
Status Partition::load(PageSlot<T>& slot, const PageId& id, const StoreView& view) {
  if (slot.page || slot.epoch == 0) return {};
  ROLLCALL_ASSIGN_OR_RETURN(const std::string bytes, view.read({id, slot.epoch}));
  Result<T> page = T::deserialize(bytes);
  if (!page.ok()) {
    return Status::corruption(to_string(id) + ": " + page.status().message());
  }
  slot.page = PageRef<T>(*std::move(page));
  slot.last_used = static_cast<std::uint32_t>(batch_number_);
  account(slot);
  return {};
}

// Brings the account of memory up to date with a page that was made, read or written to.
template <class T>
void Partition::account(PageSlot<T>& slot) {
  const std::size_t bytes = slot.page ? slot.page->memory_bytes() : 0;
  memory_.resident_bytes += bytes - slot.bytes;
  if (slot.dirty) memory_.dirty_bytes += bytes - slot.bytes;
  slot.bytes = static_cast<std::uint32_t>(bytes);
}

template <class T>
void Partition::changed(PageSlot<T>& slot, BatchNumber batch_number) {
  if (!slot.dirty) {
    slot.dirty = true;
    memory_.dirty_bytes += slot.bytes;
  }
  slot.last_used = static_cast<std::uint32_t>(batch_number);
  account(slot);
}

}  // namespace rollcall
