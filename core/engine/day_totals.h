// Holds the events, amounts and users of single series on single days over all partitions. They are
// kept from the first question that asks for them until something is added to the day.
//
// One thread may use it at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "core/pages/reads.h"
#include "core/partition/partition.h"

namespace rollcall {

class DayTotals {
 public:
  // Is a series on a day.
  struct Key {
    SeriesId series = 0;
    Day day;

    friend bool operator==(const Key&, const Key&) = default;
  };

  // Returns false for reads of more days and series than can be kept.
  static bool has_room_for(const TotalsRead& read) {
    return read.series.size() * static_cast<std::size_t>(read.days.size()) <= kTotalsMax;
  }
  // Returns the totals of every series and day of the read. `add_up(keys)` returns the totals of
  // those that are not kept, in the same order; its errors are passed on.
  template <class AddUp>
  Result<std::vector<PinnedTotal>> find(const TotalsRead& read, AddUp add_up);
  // The next question will add up this total anew.
  void forget(const Key& key) { totals_.erase(key); }
  void clear() { totals_.clear(); }

  std::size_t memory_bytes() const;

 private:
  // They take about 5 MB. When there are more, all are dropped, because they are quickly added up
  // again.
  static constexpr std::size_t kTotalsMax = std::size_t{1} << 16;

  struct Hash {
    std::size_t operator()(const Key& key) const {
      const auto day = static_cast<std::uint32_t>(key.day.value);
      return std::hash<std::uint64_t>()(std::uint64_t{key.series} << 32 | day);
    }
  };
  std::unordered_map<Key, EventTotal, Hash> totals_;
};

template <class AddUp>
Result<std::vector<PinnedTotal>> DayTotals::find(const TotalsRead& read, AddUp add_up) {
  std::vector<PinnedTotal> found;
  std::vector<Key> missing;
  std::vector<std::size_t> places;  // in `found`, of the missing ones
  for (Day day = read.days.first; day <= read.days.last; day = day + 1) {
    for (const SeriesId series : read.series) {
      const auto kept = totals_.find({series, day});
      if (kept == totals_.end()) {
        missing.push_back({series, day});
        places.push_back(found.size());
      }
      found.push_back({.series = series,
                       .day = day,
                       .hour = 0,
                       .total = kept == totals_.end() ? EventTotal{} : kept->second});
    }
  }
  if (missing.empty()) return found;
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<EventTotal> added,
                            add_up(std::span<const Key>(missing)));
  if (totals_.size() + missing.size() > kTotalsMax) totals_.clear();
  for (std::size_t i = 0; i < missing.size(); ++i) {
    found[places[i]].total = added[i];
    totals_.insert_or_assign(missing[i], added[i]);
  }
  return found;
}

inline std::size_t DayTotals::memory_bytes() const {
  constexpr std::size_t kNodeBytes = sizeof(std::pair<Key, EventTotal>) + 3 * sizeof(void*);
  return totals_.size() * kNodeBytes + totals_.bucket_count() * sizeof(void*);
}

}  // namespace rollcall
