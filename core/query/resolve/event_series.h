// Holds the selectors of a plan whose events are looked for in the history, since no pages hold the
// users of their days. Each becomes a series of the plan's own, beside those of the catalog, so
// that sets of users are made of both in the same way.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "core/query/resolve/event_selector.h"

namespace rollcall {

class EventSeries {
 public:
  // If `takes_all`, every selector is looked for in the history: as_of cuts a day, of which pages
  // hold later events, too.
  explicit EventSeries(bool takes_all) : takes_all_(takes_all) {}

  static bool is_one(SeriesId series) { return series >= kEventSeriesBegin; }
  static std::size_t number_of(SeriesId series) { return series - kEventSeriesBegin; }

  bool takes_all() const { return takes_all_; }
  // Returns the series of the selector, which is the same for equal selectors.
  SeriesId add(EventSelector selector) {
    const auto known = std::ranges::find(selectors_, selector);
    const auto number = static_cast<std::size_t>(known - selectors_.begin());
    if (known == selectors_.end()) selectors_.push_back(std::move(selector));
    return kEventSeriesBegin + static_cast<SeriesId>(number);
  }
  const std::vector<EventSelector>& selectors() const { return selectors_; }

 private:
  const bool takes_all_;
  std::vector<EventSelector> selectors_;
};

}  // namespace rollcall
