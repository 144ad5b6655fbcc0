// Plans read the users of one chunk through this interface.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>

#include "core/catalog/series_catalog.h"
#include "core/history/user_cursor.h"
#include "core/pages/amount_chunk.h"
#include "core/pages/bitset.h"
#include "core/pages/reads.h"
#include "core/users/user_list.h"
#include "rollcall/types.h"

namespace rollcall {

// Is one chunk of one partition. Pages that are not in memory are read when they are asked for; if
// that fails, or if the question is over, calls throw QuestionFailure.
class ChunkSource {
 public:
  virtual ~ChunkSource() = default;

  // Returns how many words cover every user of the chunk: a multiple of 8, at most kChunkWords.
  virtual std::size_t word_count() const = 0;
  // Returns the users of `series` on `day`, expanded into `scratch` (word_count() words) if they
  // are not kept as a bitset. Works only for what the plan's ReadSet names; the set is empty if
  // nobody was active.
  virtual BitSpan presence(SeriesId series, Day day, std::uint64_t* scratch) const = 0;
  // Returns the users of `series` on any of `days`, which are those of a UnionRead: all who are in
  // one of `sets`, and all who are present on one of `rest`.
  struct Union {
    std::array<BitSpan, 2> sets;
    DayRange rest;
  };
  virtual Union unite(SeriesId series, DayRange days) const = 0;
  // Returns the first and last days of the first `size` users of the chunk (a multiple of 64; users
  // past it have none). Absent users hold kNeverFirst and kNeverLast. `size` is 0 if nobody has
  // any. They are valid until the next call.
  struct Bounds {
    const std::int32_t* first = nullptr;
    const std::int32_t* last = nullptr;
    std::size_t size = 0;
  };
  virtual Bounds bounds(SeriesId series) const = 0;
  // Returns the amounts of users in the events of `series` on `day`, in no order. A user may have
  // several, whose sum counts. They are valid until the next call.
  virtual std::span<const UserAmount> amounts(SeriesId series, Day day) const = 0;
  // Returns the users with `least` >= 1 to `most` events of `series` on all of `days` together, set
  // in `scratch` (word_count() words). Pages do not tell them, either.
  struct EventBounds {
    std::uint32_t least = 1;
    std::uint32_t most = std::numeric_limits<std::uint32_t>::max();
  };
  virtual BitSpan users_with(SeriesId, DayRange, EventBounds, std::uint64_t* /*scratch*/) const {
    return {};
  }
  // Returns how many events of `series` on `day` are those of `users`. Pages do not tell it,
  // either.
  virtual std::uint64_t event_count(SeriesId, Day, BitSpan /*users*/) const { return 0; }
  // Returns the history of the users of the partition, if the ReadSet has it; those of the chunk
  // are the kChunkOrdinals from first_ordinal() on.
  virtual UserCursor history(UserCursor::Opened opened) const = 0;
  virtual std::uint32_t first_ordinal() const = 0;
  // Returns the users of the chunk in list `list` of the ReadSet, set in `scratch` (word_count()
  // words).
  virtual BitSpan listed(const UserList& list, std::uint64_t* scratch) const = 0;
  // Returns the users of the chunk in the sets of `read`, which is one of the ReadSet, set in
  // `scratch` (word_count() words).
  virtual BitSpan in_audience(const AudienceRead& read, std::uint64_t* scratch) const = 0;
  // Calls visit(set, users) for each of these sets that has users in the chunk. They are valid
  // until the next call. Pages of days do not tell them, either.
  using VisitSet = std::function<void(std::size_t set, BitSpan users)>;
  virtual void each_set(const AudienceRead&, const VisitSet& /*visit*/) const {}
};

}  // namespace rollcall
