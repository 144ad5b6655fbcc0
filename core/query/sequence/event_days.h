// Tells the users of a chunk by the days of their events, or the hours that a day stands for
// (time_axis.h), for series that are looked for in the history (event_series.h). A history is read
// once for all of these, when the first of them is asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/question_account.h"
#include "core/query/resolve/event_series.h"
#include "core/query/resolve/time_axis.h"
#include "core/query/sets/chunk_source.h"

namespace rollcall {

// Is a chunk that has these series, too. Only one thread uses it.
class EventDays : public ChunkSource {
 public:
  struct Scope {
    const TimeAxis& axis;  // of the days
    // Days outside have nobody. What begins before the first of them, and is seen, is of that one.
    DayRange days;
    TimeUs begin = 0;  // events from here on are seen
    TimeUs end = 0;    // events from here on are not seen
    bool tells_amounts = false;
  };
  // All arguments outlive it; `account` may be null.
  EventDays(const ChunkSource& chunk, const EventSeries& series, const Scope& scope,
            QuestionAccount* account);

  std::size_t word_count() const override { return chunk_.word_count(); }
  BitSpan presence(SeriesId series, Day day, std::uint64_t* scratch) const override;
  Union unite(SeriesId series, DayRange days) const override { return chunk_.unite(series, days); }
  Bounds bounds(SeriesId series) const override { return chunk_.bounds(series); }
  std::span<const UserAmount> amounts(SeriesId series, Day day) const override;
  std::uint64_t event_count(SeriesId series, Day day, BitSpan users) const override;
  BitSpan users_with(SeriesId series, DayRange days, EventBounds bounds,
                     std::uint64_t* scratch) const override;
  UserCursor history(UserCursor::Opened opened) const override {
    return chunk_.history(std::move(opened));
  }
  std::uint32_t first_ordinal() const override { return chunk_.first_ordinal(); }
  BitSpan listed(const UserList& list, std::uint64_t* scratch) const override {
    return chunk_.listed(list, scratch);
  }
  BitSpan in_audience(const AudienceRead& read, std::uint64_t* scratch) const override {
    return chunk_.in_audience(read, scratch);
  }
  void each_set(const AudienceRead& read, const VisitSet& visit) const override {
    chunk_.each_set(read, visit);
  }

 private:
  // Holds the users of a series on a day, ascending by their places in the chunk.
  struct DayUsers {
    std::vector<std::uint32_t> places;
    // If amounts are told: the number of the user's events, and the amounts, one for a user unless
    // it does not hold the sum.
    std::vector<std::uint32_t> counts;
    std::vector<UserAmount> amounts;
  };

  const DayUsers& users_of(SeriesId series, Day day) const;
  void read() const;
  void read_pass(std::size_t first) const;
  void add(DayUsers& users, std::uint32_t place, Amount amount) const;

  const ChunkSource& chunk_;
  const EventSeries& series_;
  const Scope scope_;
  QuestionAccount* const account_;
  mutable bool is_read_ = false;
  mutable QuestionMemory memory_;
  mutable std::vector<std::vector<DayUsers>> days_;  // by series, and by day of the scope
  // Counts, by place, the events of the days that are looked at together. It is 0 between calls.
  mutable std::vector<std::uint32_t> sums_;
};

}  // namespace rollcall
