// These say which pages a question reads, in the same way in every partition.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/catalog/audience_table.h"
#include "core/catalog/series_catalog.h"
#include "core/users/user_list.h"
#include "rollcall/types.h"

namespace rollcall {

// Reads the presence of the union of `series`, for each day of `days`.
struct PresenceRead {
  std::vector<SeriesId> series;
  DayRange days;
};

// Reads the presence of each of `series` on any of `days`.
struct UnionRead {
  std::vector<SeriesId> series;
  DayRange days;
};

// Reads the amounts of each user in the events of `series`, which have no value in common, for each
// day of `days`.
struct AmountRead {
  std::vector<SeriesId> series;
  DayRange days;
};

// Reads the first and last day per user of each of `series`, none of which has a dimension.
struct BoundsRead {
  std::vector<SeriesId> series;
};

// Reads the events and amounts of all users together, and the number of these users, for each day
// of `days`, summed over `series`.
struct TotalsRead {
  std::vector<SeriesId> series;
  DayRange days;
  bool by_hour = false;
};

// Reads who is in some sets of an audience.
struct AudienceRead {
  struct Page {
    PageAddress address;
    std::shared_ptr<const std::string> bytes;  // null: it is in the store
  };
  std::size_t set_count = 0;              // which a page has
  std::vector<std::size_t> sets;          // those that are read, ascending
  std::map<Audience::Place, Page> pages;  // those that there are
};

struct ReadSet {
  std::vector<PresenceRead> presence;
  std::vector<UnionRead> unions;
  std::vector<BoundsRead> bounds;
  std::vector<AmountRead> amounts;
  std::vector<TotalsRead> totals;
  std::vector<std::shared_ptr<const UserList>> lists;  // users named one by one
  std::vector<std::shared_ptr<const AudienceRead>> audiences;
  // Say why the events themselves are read, each once; if there are none, the history is not read.
  // Each goes on from "the history answers, as ".
  std::vector<std::string> history_reasons;
  Day history_from = kDayMax;  // the earliest day whose events are read for themselves
  // Days of what is read are hours or minutes of a question, and history_from alone is a day.
  bool is_by_clock = false;
  // If it is set, the question needs only the chunks that hold users of `lists`.
  bool only_of_lists = false;

  // Reads events, be it for who was active on a day.
  void read_history(std::string_view reason);
  // Reads the events of `from` and later days.
  void read_history(Day from, std::string_view reason) {
    read_history(reason);
    history_from = std::min(history_from, from);
  }
  bool reads_history() const { return !history_reasons.empty(); }

  // Adds what another one reads of pages that there may be: none belong to series that are not in
  // the catalog.
  void add(const ReadSet& other);
  // Merges what several reads name: days of a series that overlap become one range.
  void merge();
  std::size_t memory_bytes() const;
  // Returns the earliest day whose events are looked at, be it for who was active on a day; kDayMax
  // if there is none.
  Day first_event_day() const;
  // Returns whether it reads pages of series of the catalog, or users named one by one.
  bool reads_pages() const;
  // Returns whether anything about single users is read.
  bool reads_chunks() const {
    return !presence.empty() || !unions.empty() || !bounds.empty() || !amounts.empty() ||
           !lists.empty() || !audiences.empty() || reads_history();
  }
  bool reads_anything() const { return reads_chunks() || !totals.empty(); }
};

// Is the result of a read of totals.
struct EventTotal {
  std::uint64_t events = 0;
  AmountSum value = 0;
  std::uint64_t users = 0;  // of a day, each once; those of several series are added up

  void add(const EventTotal& other) {
    events += other.events;
    value += other.value;
    users += other.users;
  }
};

}  // namespace rollcall
