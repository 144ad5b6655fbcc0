#include "core/pages/reads.h"

#include <algorithm>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "core/base/sort_unique.h"

namespace rollcall {
namespace {

// Merges reads of presence or amounts, so that each day of a series is read once.
template <class Read>
void merge_days(std::vector<Read>& reads) {
  if (reads.size() < 2) return;
  struct Run {
    SeriesId series;
    DayRange days;
  };
  std::vector<Run> runs;
  for (const Read& read : reads) {
    for (const SeriesId series : read.series) runs.push_back({series, read.days});
  }
  std::sort(runs.begin(), runs.end(), [](const Run& a, const Run& b) {
    return std::tie(a.series, a.days.first) < std::tie(b.series, b.days.first);
  });
  std::size_t count = 0;
  for (const Run& run : runs) {
    if (count > 0 && runs[count - 1].series == run.series &&
        run.days.first <= runs[count - 1].days.last + 1) {
      runs[count - 1].days.last = std::max(runs[count - 1].days.last, run.days.last);
    } else {
      runs[count++] = run;
    }
  }
  runs.resize(count);
  std::sort(runs.begin(), runs.end(), [](const Run& a, const Run& b) {
    return std::tie(a.days.first, a.days.last, a.series) <
           std::tie(b.days.first, b.days.last, b.series);
  });
  reads.clear();
  for (const Run& run : runs) {
    if (reads.empty() || !(reads.back().days == run.days)) reads.push_back({{}, run.days});
    reads.back().series.push_back(run.series);
  }
}

// Leaves each read only once.
template <class Read, class KeyOf>
void drop_repeated(std::vector<Read>& reads, KeyOf key_of) {
  std::sort(reads.begin(), reads.end(),
            [&](const Read& a, const Read& b) { return key_of(a) < key_of(b); });
  const auto same = [&](const Read& a, const Read& b) { return key_of(a) == key_of(b); };
  reads.erase(std::unique(reads.begin(), reads.end(), same), reads.end());
}

template <class Read>
std::size_t bytes_of(const std::vector<Read>& reads) {
  std::size_t bytes = reads.size() * sizeof(Read);
  for (const Read& read : reads) bytes += read.series.size() * sizeof(SeriesId);
  return bytes;
}

}  // namespace

void ReadSet::read_history(std::string_view reason) {
  if (std::ranges::find(history_reasons, reason) != history_reasons.end()) return;
  history_reasons.emplace_back(reason);
}

bool ReadSet::reads_pages() const {
  ReadSet of_pages;
  of_pages.add(*this);
  return !of_pages.presence.empty() || !of_pages.unions.empty() || !of_pages.bounds.empty() ||
         !of_pages.amounts.empty() || !of_pages.totals.empty() || !of_pages.lists.empty() ||
         !of_pages.audiences.empty();
}

Day ReadSet::first_event_day() const {
  Day first = history_from;
  if (is_by_clock) return first;
  const auto look_at = [&](const auto& reads) {
    for (const auto& read : reads) {
      const bool has_pages = read.series.empty() || read.series.front() < kEventSeriesBegin;
      if (!has_pages) first = std::min(first, read.days.first);
    }
  };
  look_at(presence);
  look_at(unions);
  look_at(amounts);
  return first;
}

void ReadSet::add(const ReadSet& other) {
  only_of_lists = other.only_of_lists && (only_of_lists || !reads_anything());
  const auto append = [](auto& to, const auto& from) {
    for (const auto& read : from) {
      if constexpr (requires { read.series; }) {
        const bool has_pages = read.series.empty() || read.series.front() < kEventSeriesBegin;
        if (!has_pages) continue;
      }
      to.push_back(read);
    }
  };
  append(presence, other.presence);
  append(unions, other.unions);
  append(bounds, other.bounds);
  append(amounts, other.amounts);
  append(totals, other.totals);
  append(lists, other.lists);
  append(audiences, other.audiences);
  for (const std::string& reason : other.history_reasons) read_history(reason);
  history_from = std::min(history_from, other.first_event_day());
}

void ReadSet::merge() {
  merge_days(presence);
  merge_days(amounts);
  drop_repeated(unions, [](const UnionRead& read) {
    return std::tie(read.series, read.days.first, read.days.last);
  });
  drop_repeated(totals, [](const TotalsRead& read) {
    return std::tie(read.series, read.days.first, read.days.last, read.by_hour);
  });
  if (bounds.size() > 1) {
    std::vector<SeriesId> series;
    for (const BoundsRead& read : bounds) {
      series.insert(series.end(), read.series.begin(), read.series.end());
    }
    sort_unique(series);
    bounds = {BoundsRead{std::move(series)}};
  }
  drop_repeated(lists, [](const std::shared_ptr<const UserList>& list) { return list.get(); });
  drop_repeated(audiences,
                [](const std::shared_ptr<const AudienceRead>& read) { return read.get(); });
}

std::size_t ReadSet::memory_bytes() const {
  std::size_t reason_bytes = history_reasons.size() * sizeof(std::string);
  for (const std::string& reason : history_reasons) reason_bytes += reason.size();
  return reason_bytes + bytes_of(presence) + bytes_of(unions) + bytes_of(bounds) +
         bytes_of(amounts) + bytes_of(totals) + lists.size() * sizeof(lists[0]) +
         audiences.size() * sizeof(audiences[0]);
}

}  // namespace rollcall
