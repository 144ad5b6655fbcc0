// What a kind of query is made of: the pages it reads, what it counts in a chunk, and the table
// that the counts become. One kind is one file; everything else is shared.
//
// The path: Query -> make_plan -> Plan. The executor pins what `reads()` names, calls `count` once
// for each chunk of each partition, adds up the cells, and calls `finish`. A user lives in exactly
// one chunk, so counts of users add up.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/question_account.h"
#include "core/catalog/segment_catalog.h"
#include "core/catalog/series_catalog.h"
#include "core/pages/bitset.h"
#include "core/time/time_zone.h"
#include "rollcall/options.h"
#include "rollcall/query.h"

namespace rollcall {

// Presence of the union of `series`, for each day of `days`.
struct PresenceRead {
  std::vector<SeriesId> series;
  DayRange days;
};

// Presence of each of `series` on any of `days`.
struct UnionRead {
  std::vector<SeriesId> series;
  DayRange days;
};

// Amounts of each user in the events of `series`, which have no value in common, for each day of
// `days`.
struct AmountRead {
  std::vector<SeriesId> series;
  DayRange days;
};

// First and last day per user of each of `series`, none of which has a dimension.
struct BoundsRead {
  std::vector<SeriesId> series;
};

// Events and amounts of all users together, and how many these are, for each day of `days`; summed
// over `series`.
struct TotalsRead {
  std::vector<SeriesId> series;
  DayRange days;
  bool by_hour = false;
};

struct ReadSet {
  std::vector<PresenceRead> presence;
  std::vector<UnionRead> unions;
  std::vector<BoundsRead> bounds;
  std::vector<AmountRead> amounts;
  std::vector<TotalsRead> totals;
  std::vector<std::shared_ptr<const UserList>> lists;  // users named one by one

  void add(const ReadSet& other);
  // Has what several reads name once: days of a series that overlap as one range.
  void merge();
  std::size_t memory_bytes() const;
  // Whether anything of single users is read.
  bool reads_chunks() const {
    return !presence.empty() || !unions.empty() || !bounds.empty() || !amounts.empty() ||
           !lists.empty();
  }
};

// Hours of the longest civil day, and one to spare.
inline constexpr std::size_t kDayHoursMax = 26;

struct EventTotal {
  std::uint64_t events = 0;
  AmountSum value = 0;
  std::uint64_t users = 0;  // of a day, each once; those of several series are not counted apart

  void add(const EventTotal& other) {
    events += other.events;
    value += other.value;
    users += other.users;
  }
};

// What a plan's reads and cells came to, over all partitions.
struct PlanCounts {
  std::vector<std::uint64_t> cells;  // users of each cell
  std::vector<AmountSum> amounts;    // of each cell, where the plan has amounts
  // For each of ReadSet::totals, by day; by day and hour, kDayHoursMax of them, where asked for.
  std::vector<std::vector<EventTotal>> totals;
  QuestionMemory memory;  // that they take

  // Takes it from `account`; null: from none.
  static PlanCounts of_nobody(const class Plan& plan, QuestionAccount* account = nullptr);
  // The same without `totals`.
  static PlanCounts cells_of_nobody(const class Plan& plan, QuestionAccount* account = nullptr);
};

// One chunk of one partition. Pages that are not in memory are read when they are asked for; where
// that fails, or the question is over, calls throw QuestionFailure.
class ChunkSource {
 public:
  virtual ~ChunkSource() = default;

  // Words that cover every user of the chunk: a multiple of 8, at most kChunkWords.
  virtual std::size_t word_count() const = 0;
  // The users of `series` on `day`, expanded into `scratch` (word_count() words) when they are not
  // kept as a bitset. Only what the plan's ReadSet names; empty when nobody was active.
  virtual BitSpan presence(SeriesId series, Day day, std::uint64_t* scratch) const = 0;
  // The users of `series` on any of `days`, which are those of a UnionRead: all who are in one of
  // `sets`, and all who are present on one of `rest`.
  struct Union {
    std::array<BitSpan, 2> sets;
    DayRange rest;
  };
  virtual Union unite(SeriesId series, DayRange days) const = 0;
  // First and last days of the first `size` users of the chunk (a multiple of 64; users past it
  // have none). Absent users hold kNeverFirst and kNeverLast. `size` is 0 when nobody has any.
  // Valid until the next call.
  struct Bounds {
    const std::int32_t* first = nullptr;
    const std::int32_t* last = nullptr;
    std::size_t size = 0;
  };
  virtual Bounds bounds(SeriesId series) const = 0;
  // The sum of the amounts of `users` in the events of `series` on `day`.
  virtual AmountSum amount(SeriesId series, Day day, BitSpan users) const = 0;
  // The users of the chunk in list `list` of the ReadSet, set in `scratch` (word_count() words).
  virtual BitSpan listed(const UserList& list, std::uint64_t* scratch) const = 0;
};

// The cells of a table whose rows meet the same columns, each row one column later than the one
// before: for every row i, and every k < width with i + k < columns.size(), the users in both
// rows[i] and columns[i + k] are those of cell first_cell + i * cells_per_row + k.
struct CellBand {
  std::size_t first_cell = 0;
  std::size_t cells_per_row = 0;
  std::size_t width = 0;  // at most cells_per_row
  std::span<const BitSpan> rows;
  std::span<const BitSpan> columns;
};

// Takes the users of a cell, chunk by chunk: counts them, or collects who they are.
class CellSink {
 public:
  virtual ~CellSink() = default;
  virtual void add(std::size_t cell, BitSpan users) = 0;
  virtual void add_and(std::size_t cell, BitSpan a, BitSpan b) = 0;
  virtual void add_andnot(std::size_t cell, BitSpan a, BitSpan b) = 0;  // in `a`, not in `b`
  // Of Plan::has_amounts. Whoever collects users takes no amounts.
  virtual void add_amount(std::size_t, AmountSum) {}
  // As add_and for each cell of the band, which a sink may do faster than one by one.
  virtual void add_and_band(const CellBand& band);
};

// What a query is planned against: the names and the days of one moment.
struct PlanContext {
  const StoreSettings& settings;
  const TimeZone& zone;
  const SeriesCatalog& catalog;
  DayRange days;                      // from the first to the last day with events; may be empty
  std::optional<TimeUs> known_until;  // unset in an empty store
  const SegmentCatalog& segments;     // those saved, and the lists that files hold
  // Of a query with a breakdown: which values of the property this plan is about.
  const PropertyCondition* value = nullptr;
  QuestionAccount* account = nullptr;  // whose memory the plan takes; null: has no bounds
};

// Immutable. Threads: any.
class Plan {
 public:
  virtual ~Plan() = default;
  virtual const ReadSet& reads() const = 0;
  virtual std::size_t cell_count() const = 0;
  // Whether its cells have amounts, too.
  virtual bool has_amounts() const { return false; }
  // Gives `sink` the users of every cell that are in the chunk.
  // Throws QuestionFailure, as the chunk and the sink may.
  virtual void count(const ChunkSource& chunk, CellSink& sink) const = 0;
  // Frees what `count` keeps from one chunk to the next, where nobody counts.
  virtual void free_scratch() const {}
  // The table without its rows.
  virtual const QueryResult& heading() const = 0;
  // The table, of all but `stats`.
  virtual QueryResult finish(const PlanCounts& counts) const = 0;
  // The cells whose users a column of a row of that table counts, no user in two of them; none
  // where it counts no users. `finish` gave the row.
  virtual std::vector<std::size_t> cells_of(std::size_t row, std::string_view column) const = 0;
};

//   kInvalidArgument  an unknown event or property, an impossible range, or a question that the
//                     aggregates cannot answer exactly; the text says what to change or declare
Result<std::unique_ptr<Plan>> make_plan(const Query& query, const PlanContext& context);

}  // namespace rollcall
