#include "bench/truth.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace rollcall::bench {
namespace {

using Set = std::vector<std::uint64_t>;

std::uint64_t ones(std::uint64_t word) { return static_cast<std::uint64_t>(std::popcount(word)); }

std::uint64_t count_both(const Set& a, const Set& b) {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) count += ones(a[i] & b[i]);
  return count;
}

// Returns the union of days `first` to `last`, as far as there are such days.
Set union_of(const DaySets& sets, std::int32_t first, std::int32_t last) {
  Set all(sets[0].size());
  const std::int32_t end = std::min(last + 1, static_cast<std::int32_t>(sets.size()));
  for (std::int32_t day = std::max(first, 0); day < end; ++day) {
    const Set& set = sets[static_cast<std::size_t>(day)];
    for (std::size_t i = 0; i < all.size(); ++i) all[i] |= set[i];
  }
  return all;
}

Set without(Set set, const Set& others) {
  for (std::size_t i = 0; i < set.size(); ++i) set[i] &= ~others[i];
  return set;
}

}  // namespace

DaySets any_event_sets(const Recount& recount) {
  DaySets sets;
  for (std::int32_t day = 0; day < recount.days(); ++day) sets.push_back(recount.users(day));
  return sets;
}

Counts active_truth(const DaySets& sets, std::int32_t window, std::int32_t first,
                    std::int32_t last) {
  Counts counts;
  for (std::int32_t day = first; day <= last; ++day) {
    counts.push_back(count_bits(union_of(sets, day - window + 1, day)));
  }
  return counts;
}

Counts retention_truth(const DaySets& sets, std::int32_t cohorts, std::int32_t periods,
                       bool recurring) {
  Counts counts;
  const std::int32_t days = static_cast<std::int32_t>(sets.size());
  for (std::int32_t day = 0; day < cohorts; ++day) {
    Set cohort = sets[static_cast<std::size_t>(day)];
    if (!recurring) cohort = without(std::move(cohort), union_of(sets, 0, day - 1));
    const std::uint64_t size = count_bits(cohort);
    for (std::int32_t later = day; later < std::min(days, day + periods); ++later) {
      counts.push_back(size);
      counts.push_back(count_both(cohort, sets[static_cast<std::size_t>(later)]));
    }
  }
  return counts;
}

Counts churn_truth(const DaySets& sets, std::int32_t gap) {
  Counts counts;
  for (std::int32_t day = 0; day < static_cast<std::int32_t>(sets.size()); ++day) {
    const Set& base = sets[static_cast<std::size_t>(day)];
    const Set churned = without(base, union_of(sets, day + 1, day + gap));
    counts.push_back(count_bits(base));
    counts.push_back(count_bits(base) - count_bits(churned));
    counts.push_back(count_bits(churned));
    counts.push_back(count_both(
        churned, union_of(sets, day + gap + 1, std::numeric_limits<std::int32_t>::max() - 1)));
  }
  return counts;
}

Counts lifecycle_truth(const DaySets& sets, std::int32_t first, std::int32_t last) {
  Counts counts;
  for (std::int32_t day = first; day <= last; ++day) {
    const Set& users = sets[static_cast<std::size_t>(day)];
    const Set before = union_of(sets, day - 1, day - 1);
    const Set seen = union_of(sets, 0, day - 1);
    const std::uint64_t newcomers = count_bits(without(users, seen));
    const std::uint64_t returning = count_both(users, before);
    counts.insert(counts.end(), {newcomers, returning, count_bits(users) - newcomers - returning,
                                 count_bits(without(before, users)), count_bits(users)});
  }
  return counts;
}

Counts stickiness_truth(const DaySets& sets, std::int32_t first, std::int32_t last) {
  Counts counts(static_cast<std::size_t>(last - first) + 1);
  for (std::size_t user = 0; user < 64 * sets[0].size(); ++user) {
    std::size_t days = 0;
    for (std::int32_t day = first; day <= last; ++day) {
      days += sets[static_cast<std::size_t>(day)][user / 64] >> (user % 64) & 1;
    }
    if (days > 0) ++counts[days - 1];
  }
  return counts;
}

Counts streaks_truth(const DaySets& sets) {
  Counts counts;
  for (std::size_t user = 0; user < 64 * sets[0].size(); ++user) {
    std::size_t streak = 0, longest = 0;
    for (std::size_t day = 0; day < sets.size(); ++day) {
      const bool is_here = (sets[day][user / 64] >> (user % 64) & 1) != 0;
      const bool may_still_come = day + 1 == sets.size();
      if (is_here) longest = std::max(longest, ++streak);
      if (!is_here && !may_still_come) streak = 0;
    }
    counts.resize(std::max(counts.size(), 2 * longest));
    if (streak > 0) ++counts[2 * (streak - 1)];
    if (longest > 0) ++counts[2 * (longest - 1) + 1];
  }
  return counts;
}

Counts segment_truth(const DaySets& sets, std::int32_t window, std::int32_t active,
                     std::int32_t quiet) {
  const std::int32_t last = static_cast<std::int32_t>(sets.size()) - 1;
  const Set recent = union_of(sets, last - quiet + 1, last);
  std::uint64_t users = 0;
  for (std::size_t user = 0; user < 64 * sets[0].size(); ++user) {
    if ((recent[user / 64] >> (user % 64) & 1) != 0) continue;
    std::int32_t days = 0;
    for (std::int32_t day = last - window + 1; day <= last; ++day) {
      days += static_cast<std::int32_t>(
          sets[static_cast<std::size_t>(day)][user / 64] >> (user % 64) & 1);
    }
    users += days >= active;
  }
  return {users};
}

Counts idle_truth(const DaySets& sets, std::span<const std::int32_t> edges) {
  Counts counts;
  const std::int32_t last = static_cast<std::int32_t>(sets.size()) - 1;
  for (std::size_t i = 0; i < edges.size(); ++i) {
    const std::int32_t first = i + 1 < edges.size() ? last - edges[i + 1] + 1 : 0;
    const Set users = union_of(sets, first, last - edges[i]);
    counts.push_back(count_bits(without(users, union_of(sets, last - edges[i] + 1, last))));
  }
  return counts;
}

}  // namespace rollcall::bench
