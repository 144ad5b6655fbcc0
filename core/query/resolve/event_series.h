// Holds the selectors of a plan whose events are looked for in the history, since no pages hold the
// users of their days. Each becomes a series of the plan's own, beside those of the catalog, so
// that sets of users are made of both in the same way.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "core/query/resolve/event_selector.h"

namespace rollcall {

class EventSeries {
 public:
  EventSeries() = default;
  // Every selector is looked for in the history, for a reason that goes on from "as ": as_of cuts a
  // day, for instance, of which pages hold later events, too.
  explicit EventSeries(std::string why_all) : why_all_(std::move(why_all)) {}

  static bool is_one(SeriesId series) { return series >= kEventSeriesBegin; }
  static std::size_t number_of(SeriesId series) { return series - kEventSeriesBegin; }

  bool takes_all() const { return !why_all_.empty(); }
  const std::string& why_all() const { return why_all_; }
  // Returns the series of the selector, which is the same for equal selectors. `reason` says why
  // it is looked for in the history.
  SeriesId add(EventSelector selector, std::string reason) {
    const auto known = std::ranges::find(selectors_, selector);
    const auto number = static_cast<std::size_t>(known - selectors_.begin());
    if (known == selectors_.end()) {
      selectors_.push_back(std::move(selector));
      reasons_.push_back(std::move(reason));
    }
    return kEventSeriesBegin + static_cast<SeriesId>(number);
  }
  const std::vector<EventSelector>& selectors() const { return selectors_; }
  const std::vector<std::string>& reasons() const { return reasons_; }  // by selector

 private:
  const std::string why_all_;  // empty: some selectors only
  std::vector<EventSelector> selectors_;
  std::vector<std::string> reasons_;
};

}  // namespace rollcall
