// Resolves which series a selector means.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/catalog/series_catalog.h"
#include "core/query/resolve/event_selector.h"
#include "core/query/resolve/plan_context.h"
#include "rollcall/segment.h"
#include "rollcall/status.h"

namespace rollcall {

// The selector means the union of the users of these series. If there are none, no event matches.
struct SeriesUnion {
  std::vector<SeriesId> series;  // ascending
  bool has_bounds = true;        // first and last days are kept, as no series has a dimension

  // Says what a reader of the answer should know: that values past a limit count as "$other".
  std::vector<std::string> notes;

  friend bool operator==(const SeriesUnion& a, const SeriesUnion& b) {
    return a.series == b.series;
  }
};

// Returns series of `events` such that every matching event is in exactly one, because the series
// of any event has no counts of its own.
std::vector<SeriesId> counted_series(const SeriesUnion& events, const SeriesCatalog& catalog);

// Resolves the selector in `field` of a query, with the query's own conditions added to it. If only
// the history can tell its events, the series is one of context.events.
//   kInvalidArgument  an event or property that the store does not know; without history,
//                     conditions on more than one property, or on amounts; a value that may be
//                     among those counted as "$other". The text names `field`. In a store without
//                     events, every event name passes and matches nothing.
Result<SeriesUnion> resolve_selector(std::string_view field, const Selector& selector,
                                     const std::vector<PropertyCondition>& query_where,
                                     const PlanContext& context);

// Does the same for questions that the history is to answer, whatever pages there are. `reason`
// says why, and goes on from "as ".
Result<SeriesUnion> resolve_in_history(std::string_view field, const Selector& selector,
                                       const std::vector<PropertyCondition>& query_where,
                                       const PlanContext& context, std::string reason);

// Returns the number of a property: dimensions come first, and then the kept properties. Returns
// none if the store has no such property.
std::optional<std::uint32_t> property_number(const std::string& name, const SeriesCatalog& catalog);

// Returns the error that the store has no property of that name, with those that it has; `where`
// is the place in the question.
Status unknown_property(std::string_view where, const std::string& name,
                        const SeriesCatalog& catalog);

// Says that values of a property past a limit count as "$other".
std::string note_of_other_values(const std::string& property);

// Says why only the events themselves tell which of them meet all conditions: one is on their
// amounts or on a kept property, or they are on several properties. The reason goes on from "as ".
// Returns nothing if aggregates tell it as well.
std::optional<std::string> why_events_are_needed(const Selector& selector,
                                                 const std::vector<PropertyCondition>& query_where,
                                                 const SeriesCatalog& catalog);

// Does the same for the events themselves, so that conditions may be on several properties, on kept
// ones and on amounts.
//   kInvalidArgument  as resolve_selector, but for that
Result<EventSelector> resolve_event_selector(std::string_view field, const Selector& selector,
                                             const std::vector<PropertyCondition>& query_where,
                                             const SeriesCatalog& catalog);

// Returns the series whose users by day are those of the events. Returns nothing if only the events
// themselves tell which of them meet all conditions (why_events_are_needed).
std::optional<SeriesUnion> series_of(const EventSelector& events, const SeriesCatalog& catalog);

}  // namespace rollcall
