// Says what a partition knows about a day: which pages it has, and the totals of its hours.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "core/pages/page_forms.h"

namespace rollcall {

// Holds the events and amounts of one hour of a day, counted from the day's first instant.
struct HourTotal {
  std::uint8_t hour = 0;
  std::uint64_t events = 0;
  AmountSum value = 0;
};

// Is one series on one day: who was active, and how much.
struct SeriesDay {
  PerForm<SlotsOf, DayForms> pages;
  AmountSum forgotten_value = 0;  // part of the hours' amounts that belongs to no user any more
  std::vector<HourTotal> hours;   // hours with events, ascending; none for kAnySeries

  template <class Form>
  SlotsOf<Form>& slots() {
    return pages.of<Form>();
  }
  template <class Form>
  const SlotsOf<Form>& slots() const {
    return pages.of<Form>();
  }
};

struct DayState {
  std::unordered_map<SeriesId, SeriesDay> series;  // empty while it is not loaded
  Epoch epoch = 0;                                 // of the stored day page
  bool loaded = true;                              // false: that page has all that is known
  bool dirty = false;
  BatchNumber last_used = 0;   // the last batch at the time when something needed it
  BatchNumber changed_in = 0;  // the last batch that had rows of it
  bool compact = false;  // its chunks have their smallest form, as nothing came since a checkpoint
};

}  // namespace rollcall
