// All kinds of queries are written in this set algebra: the users of one chunk, by selector and
// days.
//
// Sets are bitsets that may end early (BitSpan). They point into the chunk's pages where they can,
// into the arena otherwise, and stay valid until the arena takes their buffers back.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/pages/bitset.h"
#include "core/pages/reads.h"
#include "core/query/resolve/selector_resolver.h"
#include "core/query/resolve/timeframe.h"
#include "core/query/sets/chunk_source.h"
#include "core/query/sets/set_arena.h"
#include "kernels/bitmap_kernels.h"
#include "rollcall/types.h"

namespace rollcall {

// Is a set that grows and shrinks in a buffer of its own.
class MutableSet {
 public:
  MutableSet(const kernels::KernelTable& kernels, SetArena& arena)
      : kernels_(&kernels), words_(arena.take()) {}

  void clear() { used_ = 0; }
  void assign(BitSpan set);
  void assign_union(std::span<const BitSpan> sets);
  void add(BitSpan set);     // |=
  void keep(BitSpan set);    // &=
  void remove(BitSpan set);  // &= ~
  BitSpan span() const { return {words_, used_}; }

 private:
  const kernels::KernelTable* kernels_;
  std::uint64_t* words_;
  std::size_t used_ = 0;  // words past it count as zero, whatever the buffer holds there
};

// Is a union over possibly many days. It is made at planning, because it decides what is read. If
// the days are few, they are read day by day. Otherwise the union is read from kept unions or, over
// all days before or since some day, from first or last days. Series of a property are many and
// each of them is small, so they are also read day by day.
class LongUnion {
 public:
  LongUnion() = default;  // over no days
  // Makes the union of users of `events` on some day of `days`.
  static LongUnion over(const SeriesUnion& events, DayRange days, const Timeframe& timeframe);
  // Make the union of users of `events` on some day before `day`, or on `day` or later, up to
  // as_of.
  static LongUnion before(const SeriesUnion& events, Day day, const Timeframe& timeframe);
  static LongUnion since(const SeriesUnion& events, Day day, const Timeframe& timeframe);

  void add_reads(ReadSet& reads) const;
  bool empty() const { return days_.empty(); }  // whether it has no days

 private:
  friend class ChunkSets;
  enum class Source : std::uint8_t { kPresence, kUnion, kFirstDay, kLastDay };

  LongUnion(const SeriesUnion& events, DayRange days);

  SeriesUnion events_;
  DayRange days_;  // within the data; for first and last days, up to their beginning or end
  Source source_ = Source::kPresence;
};

// Returns whether last days are known up to as_of and take less to read than each of `days`.
bool prefers_last_days(const SeriesUnion& events, DayRange days, const Timeframe& timeframe);

class ChunkSets {
 public:
  // It looks at no day outside `data`.
  ChunkSets(const ChunkSource& chunk, SetArena& arena, DayRange data);

  // Restricts all later sets to these users.
  void limit_to(BitSpan users) { limit_ = users; }
  const std::optional<BitSpan>& limit() const { return limit_; }

  // Goes through the users who have a history and are in the limit, in the order of their places in
  // the chunk, and calls visit(cursor, place).
  template <class Visit>
  void for_each_history(UserCursor::Opened opened, Visit visit) {
    UserCursor cursor = chunk_.history(std::move(opened));
    const std::uint32_t first = chunk_.first_ordinal();
    for (bool is_there = cursor.seek(first); is_there; is_there = cursor.next()) {
      const std::uint32_t place = cursor.ordinal() - first;
      if (place >= kChunkOrdinals) return;
      const bool is_looked_at = !limit_ || (place / 64 < limit_->word_count &&
                                            (limit_->words[place / 64] >> (place % 64) & 1) != 0);
      if (is_looked_at) visit(cursor, place);
    }
  }

  // Returns those of them for whom is_in(cursor) holds.
  template <class IsIn>
  BitSpan with_history(UserCursor::Opened opened, IsIn is_in) {
    const std::size_t word_count = chunk_.word_count();
    std::uint64_t* const words = arena_.take();
    std::fill_n(words, word_count, std::uint64_t{0});
    for_each_history(std::move(opened), [&](UserCursor& cursor, std::uint32_t place) {
      if (is_in(cursor)) words[place / 64] |= std::uint64_t{1} << (place % 64);
    });
    return {words, word_count};
  }

  const ChunkSource& chunk() const { return chunk_; }
  const kernels::KernelTable& kernels() const { return kernels_; }
  SetArena& arena() { return arena_; }
  MutableSet make_set() { return {kernels_, arena_}; }

  // Returns the users of `events` on some day of `days`.
  BitSpan active(const SeriesUnion& events, DayRange days);
  // Returns the same for each of the periods first..last, the first at index 0.
  std::vector<BitSpan> active_by_period(const SeriesUnion& events, const Calendar& calendar,
                                        std::int32_t first, std::int32_t last);
  // Return the users whose first (last) day in one of the series of `events` lies in `days`. The
  // series must have bounds, which cover all the data, not only those up to as_of.
  BitSpan with_first_day_in(const SeriesUnion& events, DayRange days);
  BitSpan with_last_day_in(const SeriesUnion& events, DayRange days);
  BitSpan active(const LongUnion& events);
  // Returns the sum of the amounts of `users` in `events`, which name no event twice, on `days`.
  AmountSum amount(const std::vector<SeriesId>& events, DayRange days, BitSpan users) const;
  // Returns the amounts of `series` on `day`, as the chunk does, also of users out of the limit.
  std::span<const UserAmount> amounts(SeriesId series, Day day) const {
    return data_.contains(day) ? chunk_.amounts(series, day) : std::span<const UserAmount>();
  }
  // Returns how many of these events on `days` are those of `users`.
  std::uint64_t event_count(SeriesId series, DayRange days, BitSpan users) const;
  // Returns the users with so many of these events on `days`.
  BitSpan active_with(SeriesId series, DayRange days, ChunkSource::EventBounds bounds);
  // Returns the users of a list that the plan reads.
  BitSpan listed(const UserList& list);
  // Returns the users in sets of an audience that the plan reads.
  BitSpan in_audience(const AudienceRead& read);

  // Replaces each set by its union with all that follow and with `tail`.
  void unite_with_later(std::vector<BitSpan>& sets, BitSpan tail);

 private:
  // Returns the users of `events` on any of `days`, for a UnionRead.
  BitSpan unite(const SeriesUnion& events, DayRange days);
  // Adds the set of each day and series to `found_`.
  void find(std::span<const SeriesId> series, DayRange days);
  // Returns the users in any of `found_`, within the limit, as a set of the chunk or as `result`,
  // which is the first buffer after `mark`. The other buffers are given back.
  BitSpan unite_found(std::size_t mark, MutableSet& result);
  template <class ColumnOf>
  BitSpan in_range(const SeriesUnion& events, DayRange days, ColumnOf column_of);

  const ChunkSource& chunk_;
  SetArena& arena_;
  DayRange data_;
  const kernels::KernelTable& kernels_;
  std::optional<BitSpan> limit_;
  std::uint64_t* scratch_;      // for a set that is immediately added to another
  std::vector<BitSpan> found_;  // the parts of a union
  bool has_expanded_ = false;   // whether some of them lie in buffers
};

// Is the union of the last `window` sets pushed. A push costs a few passes over a set, however long
// the window is. Sets are taken in blocks of `window`. A window is the end of one block, whose
// suffix unions are made once, and the beginning of the next, whose prefix union grows with each
// push.
class SlidingUnion {
 public:
  // Takes at most `push_count` sets. It takes as many buffers of the arena as it will need.
  SlidingUnion(ChunkSets& sets, std::size_t window, std::size_t push_count);

  void push(BitSpan set);
  BitSpan value();  // valid until the next push

 private:
  std::size_t window_;
  std::size_t pushed_ = 0;         // into the current block
  bool has_last_block_ = false;    // slots from pushed_ on hold suffix unions of the last block
  std::vector<MutableSet> slots_;  // before pushed_: the sets of the current block
  MutableSet prefix_;              // the union of the current block
  MutableSet both_;
};

}  // namespace rollcall
