// A snapshot holds these pages.
#pragma once

#include <algorithm>
#include <memory>
#include <tuple>
#include <vector>

#include "core/pages/kept_unions.h"
#include "core/pages/page_forms.h"

namespace rollcall {

// Is a page in memory, or at an address of the snapshot's StoreView.
template <class T>
struct PinnedPage {
  PageRef<T> page;
  PageAddress address;
};

template <class Form>
using PinnedOf = std::vector<PinnedPage<PageOf<Form>>>;

// A UnionRead becomes this in a partition.
struct PinnedUnion {
  struct Run {
    DayRange days;
    std::shared_ptr<RunSets> sets;
    bool is_new = false;  // to be filled in from the days' pages, which are also pinned
  };
  SeriesId series = 0;
  DayRange days;
  std::vector<Run> runs;
  DayRange rest;  // united day by day

  friend bool operator<(const PinnedUnion& a, const PinnedUnion& b) {
    return std::tie(a.series, a.days.first, a.days.last) <
           std::tie(b.series, b.days.first, b.days.last);
  }
};

// Counts the events of one series on one day, or in one of its hours.
struct PinnedTotal {
  SeriesId series = 0;
  Day day;
  std::uint8_t hour = 0;
  EventTotal total;

  friend bool operator<(const PinnedTotal& a, const PinnedTotal& b) {
    return std::tie(a.day, a.series, a.hour) < std::tie(b.day, b.series, b.hour);
  }
};

// Holds the pages of one partition that a ReadSet names.
struct PinnedPages {
  PerForm<PinnedOf, PageForms> pages;  // by page id
  std::vector<PinnedUnion> unions;     // ascending
  BatchNumber batch_number = 0;        // the last batch that they include

  template <class Form>
  PinnedOf<Form>& of() {
    return pages.of<Form>();
  }
  template <class Form>
  const PinnedOf<Form>& of() const {
    return pages.of<Form>();
  }
  // Returns whether any of the pages has to be read from the store.
  bool any_absent() const {
    bool absent = false;
    pages.for_each([&](auto /*form*/, const auto& pinned) {
      absent = absent || std::any_of(pinned.begin(), pinned.end(),
                                     [](const auto& page) { return !page.page; });
    });
    return absent;
  }
};

}  // namespace rollcall
