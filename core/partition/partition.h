// Holds one partition's aggregates: who of its users was active in which series on which day, with
// which amounts, and first and last days. It assigns the users' ordinals, applies batches to the
// pages, and derives what follows from them. The pages themselves are in ResidentPages.
//
// A non-const method needs one writer at a time and no readers meanwhile; otherwise there may be
// any number of readers. Pages that `pin` has handed out never change.
//
// The hot path keeps only what cannot be derived: the presence of each series with its totals and
// amounts. The presence of any event, and first and last days, follow from that; `fold` brings them
// up to date before they are read and before they are stored. Folding twice changes nothing.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/memory_allowance.h"
#include "core/base/question_account.h"
#include "core/batch/prepared_batch.h"
#include "core/catalog/series_catalog.h"
#include "core/history/event_log.h"
#include "core/pages/dirty_page.h"
#include "core/pages/reads.h"
#include "core/pages/resident_pages.h"
#include "core/users/user_index.h"
#include "rollcall/store.h"

namespace rollcall {

struct PinnedPartition {
  std::uint32_t partition = 0;
  std::uint32_t user_count = 0;
  std::uint32_t forgotten_count = 0;  // users whom it has forgotten
  PinnedPages pages;
  PinnedLog history;  // where it is read
  // Holds, for each of ReadSet::lists, the ordinals of those of its users who are in the partition.
  std::vector<std::vector<std::uint32_t>> lists;

  bool has_listed() const {
    return std::ranges::any_of(lists, [](const auto& ordinals) { return !ordinals.empty(); });
  }
};

// Is a series of a batch, as the catalog numbers it.
struct NumberedSeries {
  SeriesId id = 0;
  std::uint32_t code = 0;  // of the event, or of the dimension's value
};

// Says how far fold() goes.
enum class FoldDepth : std::uint8_t {
  kPresence,  // presence of any event
  kBounds,    // also first and last days
};

class Partition {
 public:
  Partition(std::uint32_t number, const StoreSettings& settings)
      : number_(number), users_(settings.user_kind), pages_(number) {
    if (settings.history) {
      history_.emplace(number, settings.dimensions.size(), settings.kept_properties.size());
    }
  }

  // Reads the directory of the partition; days, pages and users are read when they are needed.
  // `opened_in` is the last batch so far; questions pinned before it find all days changed.
  //   kCorruption  what is stored is not what was written, or names series past `series_count`
  Status open(const StoreView& view, Epoch epoch, std::size_t series_count,
              BatchNumber opened_in = 0);

  // Ingest has two steps. `stage` finds the users' ordinals and reads every page that the rows will
  // touch; it may fail, and `unstage` then leaves the partition as it was. `apply` cannot fail.
  // `series` numbers the batch's local series. What staging brings into memory, and what applying
  // and folding may add, is charged to the allowance.
  //   kResourceExhausted  the allowance is overdrawn
  Status stage(const PreparedRows& rows, const StoreView& view,
               std::span<const NumberedSeries> series, MemoryAllowance& allowance);
  void unstage();
  // Returns the ordinals by row of the staged batch, in the order of its blocks.
  std::span<const std::uint32_t> staged_ordinals() const {
    return {ordinals_.data(), staged_count_};
  }
  // `rows` are those that are staged.
  void apply(const PreparedRows& rows, BatchNumber batch_number);

  // Derives what is due.
  Status fold(const StoreView& view, FoldDepth depth);
  // Returns whether nothing is due.
  bool is_folded(FoldDepth depth) const {
    return awaiting_any_.empty() && (depth == FoldDepth::kPresence || awaiting_bounds_.empty());
  }

  // Loads days that are stored and not in memory: which pages they have, and their totals.
  Status load_days(DayRange days, const StoreView& view) { return pages_.load_days(days, view); }
  // Loads the days of the reads, and the users if there are lists. The partition is one of
  // `partition_count`.
  Status load_for(const ReadSet& reads, std::uint32_t partition_count, const StoreView& view);

  // Returns the total of a series on a day. Everything must be folded, and the day loaded.
  EventTotal day_total(SeriesId series, Day day) { return pages_.day_total(series, day); }
  // Returns the totals of every existing series and day of the read, or of each of their hours, in
  // ascending order. They take memory of the account.
  std::vector<PinnedTotal> totals(const TotalsRead& read, QuestionAccount& account) {
    return pages_.totals(read, account);
  }

  // See ResidentPages::pin() and install(). If only users of lists matter, and none of them is
  // here, there are no pages.
  PinnedPartition pin(const ReadSet& reads, std::uint32_t partition_count, BatchNumber quiet_since,
                      QuestionAccount& account) const;
  void install(const PinnedPartition& pinned, BatchNumber batch_number);

  // Hands over all that differs from the store, as of `epoch`, and counts it as stored. Everything
  // must be folded. Once the pages are in a commit, finish_commit() is to be called.
  void collect_dirty(Epoch epoch, const SealLimits& limits, CollectedPages& pages);
  // Returns whether history holds a good part of a block that lies before its beginning.
  bool has_old_events(TimeUs history_begin) const {
    return history_ && history_->has_old_events(history_begin);
  }
  void finish_commit() {
    if (history_) history_->finish_seal();
  }
  Epoch epoch() const { return epoch_; }

  // Evicts what commits up to `durable` have stored, until at most `bytes_max` are resident: first
  // pages, then days, the least recently used first, and then the users.
  void evict(std::size_t bytes_max, Epoch durable);
  // Does the same with days that have no pages in memory, and with the users.
  void evict_directory(std::size_t bytes_max, Epoch durable);

  std::uint32_t number() const { return number_; }
  // Forgets users, given by their ordinals, ascending: who they are, and what they did on which
  // day. Totals of hours stay as they are, because nobody can be told from them. This has two
  // steps, as ingest has: reading every page that knows of them may fail, but forgetting cannot.
  // Everything must be folded, and the users loaded.
  Status load_pages_of(std::span<const std::uint32_t> ordinals, const StoreView& view);
  void forget(std::span<const std::uint32_t> ordinals);

  std::uint32_t user_count() const { return user_count_ - forgotten_count_; }
  std::uint32_t ordinal_count() const { return user_count_; }
  bool has_forgotten_users() const { return forgotten_count_ != 0; }
  // Returns the events of each of the events' own series.
  const std::map<SeriesId, std::uint64_t>& events() const { return events_; }
  const std::map<Day, DayState>& days() const { return pages_.days(); }  // whether loaded or not
  const ResidentPages& pages() const { return pages_; }
  // Returns null if the store keeps none.
  const EventLog* history() const { return history_ ? &*history_ : nullptr; }
  // Returns the memory of pages and days, history, the user index and staged rows.
  MemoryUse memory_use() const;

  // Loads all users of the partition, if they are not in memory yet.
  Status load_users(const StoreView& view);
  const UserIndex& users() const { return users_; }

 private:
  // Is one column of a staged batch: that of the events, or of a dimension.
  struct StagedColumn {
    std::vector<PagePlace> cells;          // what rows count in
    std::vector<std::uint32_t> codes;      // by cell, as NumberedSeries::code
    std::vector<std::uint32_t> row_cells;  // by row
    // These are by cell * kHourStride + hour.
    std::vector<std::uint32_t> hour_events;
    std::vector<AmountSum> hour_values;  // empty: there are none

    std::span<const std::uint32_t> events_of(std::size_t cell) const {
      return std::span(hour_events).subspan(cell * kHourStride, kHourStride);
    }
    std::span<const AmountSum> values_of(std::size_t cell) const {
      if (hour_values.empty()) return {};
      return std::span(hour_values).subspan(cell * kHourStride, kHourStride);
    }
    std::uint32_t event_count(std::size_t cell) const;
  };
  // Says, by cell, where its rows go.
  struct CellTargets {
    std::vector<std::uint64_t*> words;  // null: rows go one by one into `presence`
    std::vector<PresenceChunk*> presence;
    std::vector<SeriesDay*> series_days;  // these stay where they are
  };

  void stage_users(const PreparedRows& rows, std::size_t count);
  void stage_column(const PreparedRows& rows, std::size_t column, std::size_t count,
                    std::span<const NumberedSeries> series);
  void stage_values(const PreparedRows& rows, std::size_t column);
  // Returns the role of a column: the first is that of the events, the others are of dimensions.
  static SeriesRole role_of(std::size_t column) {
    return column == 0 ? SeriesRole::kEvent : SeriesRole::kDimensionValue;
  }
  Status load_touched(const StagedColumn& column, SeriesRole role, const StoreView& view,
                      MemoryAllowance& allowance);
  // Returns how many bytes applying and folding may add to the pages of the cells, which are
  // loaded.
  std::size_t growth(const StagedColumn& column, SeriesRole role);
  std::uint32_t staged_users(std::uint32_t chunk) const;
  void drop_staging();
  void append_history(const PreparedRows& rows);
  void apply_column(const StagedColumn& column, SeriesRole role);
  void open_cell(const StagedColumn& column, std::size_t cell, SeriesRole role,
                 CellTargets& targets);
  void apply_rows(const StagedColumn& column, const CellTargets& targets);
  void apply_amounts(const StagedColumn& column, const CellTargets& targets);
  Status fold_any(const StoreView& view);
  Status fold_bounds(const StoreView& view);
  void evict_users(Epoch durable);

  void collect_users(std::uint32_t chunk, Epoch epoch, std::vector<DirtyPage>& dirty,
                     std::vector<PageAddress>& superseded);

  std::string serialize_directory() const;
  Status deserialize_directory(std::string_view bytes, BatchNumber opened_in);

  // Returns whether users of the lists would be in this partition, if the store knows them.
  bool may_have_listed(const ReadSet& reads, std::uint32_t partition_count) const;

  std::uint32_t number_;
  Epoch epoch_ = 0;  // of the stored directory page
  bool dirty_ = false;

  std::uint32_t user_count_ = 0;
  UserIndex users_;
  bool users_loaded_ = true;
  std::size_t user_bytes_ = 0;           // strings of users that have left memory
  std::vector<Epoch> user_page_epochs_;  // by chunk
  std::uint32_t stored_user_count_ = 0;
  std::uint32_t forgotten_count_ = 0;
  std::set<std::uint32_t> erased_chunks_;  // their stored user pages still have forgotten users
  std::map<SeriesId, std::uint64_t> events_;

  std::optional<EventLog> history_;  // unset: the store keeps none

  ResidentPages pages_;
  // Both list presence that was touched since it was last folded, each place once.
  std::vector<PagePlace> awaiting_any_;
  std::vector<PagePlace> awaiting_bounds_;

  // Is the state of the staged batch. It is kept from one batch to the next, because memory that
  // has been written to before is far cheaper than fresh memory.
  std::size_t staged_count_ = 0;             // rows; 0: none
  std::vector<std::uint32_t> ordinals_;      // by row
  std::vector<std::uint32_t> cell_numbers_;  // by pair and chunk
  std::vector<StagedColumn> columns_;        // events, then one per dimension
  struct StagedValue {
    std::uint32_t row;
    Amount value;
  };
  std::vector<StagedValue> values_;  // those that are not zero
  // Lists the days and series of its events, each once, by chunk; folding will add something there.
  std::vector<std::pair<std::uint32_t, Day>> folded_days_;
  std::vector<std::pair<std::uint32_t, SeriesId>> folded_series_;
};

}  // namespace rollcall
