// Resolves which series a selector means.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/catalog/series_catalog.h"
#include "rollcall/segment.h"
#include "rollcall/status.h"

namespace rollcall {

// The selector means the union of the users of these series. None: no event matches.
struct SeriesUnion {
  std::vector<SeriesId> series;  // ascending
  bool has_bounds = true;        // first and last days are kept, as no series has a dimension

  // What a reader of the answer should know: that values past a limit count as "$other".
  std::vector<std::string> notes;

  friend bool operator==(const SeriesUnion& a, const SeriesUnion& b) {
    return a.series == b.series;
  }
};

// Returns series of `events` such that every matching event is in exactly one, because the series
// of any event has no counts of its own.
std::vector<SeriesId> counted_series(const SeriesUnion& events, const SeriesCatalog& catalog);

// Resolves the selector in `field` of a query, with the query's own conditions added to it.
//   kInvalidArgument  an event or property that the store does not know; conditions on more than
//                     one property, or on amounts; a value that may be among those counted as
//                     "$other". The text names `field`. In a store without events, every event name
//                     passes and matches nothing.
Result<SeriesUnion> resolve_selector(std::string_view field, const Selector& selector,
                                     const std::vector<PropertyCondition>& query_where,
                                     const SeriesCatalog& catalog);

// Which events of a history a selector means.
struct EventSelector {
  struct Values {
    std::uint32_t dimension = 0;
    std::vector<ValueCode> codes;  // ascending
  };
  bool any_name = true;
  std::vector<EventCode> names;  // ascending; of `any_name` none
  std::vector<Values> where;     // each must hold of the same event
  // The least and the most amount of a matching event, which has one that is not 0. Unset: the
  // amount does not matter.
  struct Amounts {
    Amount least = std::numeric_limits<Amount>::min();
    Amount most = std::numeric_limits<Amount>::max();
    friend bool operator==(const Amounts&, const Amounts&) = default;
  };
  std::optional<Amounts> amounts;

  std::vector<std::string> notes;  // as SeriesUnion::notes
};

// Returns whether only the events themselves tell which of them meet all conditions: one is on
// their amounts, or they are on several properties.
bool needs_events(const Selector& selector, const std::vector<PropertyCondition>& query_where);

// The same for the events themselves, so that conditions may be on several properties and on
// amounts.
//   kInvalidArgument  as resolve_selector, but for that
Result<EventSelector> resolve_event_selector(std::string_view field, const Selector& selector,
                                             const std::vector<PropertyCondition>& query_where,
                                             const SeriesCatalog& catalog);

}  // namespace rollcall
