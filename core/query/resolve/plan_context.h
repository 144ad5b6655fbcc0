// What the names and dates of a question are resolved against.
#pragma once

#include <optional>
#include <string_view>

#include "core/base/question_account.h"
#include "core/catalog/segment_catalog.h"
#include "core/catalog/series_catalog.h"
#include "core/time/time_zone.h"
#include "rollcall/options.h"
#include "rollcall/segment.h"
#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

// What a query is planned against: the names and the days of one moment.
struct PlanContext {
  const StoreSettings& settings;
  const TimeZone& zone;
  const SeriesCatalog& catalog;
  DayRange days;                      // from the first to the last day with events; may be empty
  std::optional<TimeUs> known_until;  // unset in an empty store
  const SegmentCatalog& segments;     // saved segments, and the lists in files
  // The value that this plan is about, in a query with a breakdown.
  const PropertyCondition* value = nullptr;
  QuestionAccount* account = nullptr;  // pays for the plan's memory; null: without bounds
};

// Checks that the store keeps what `field` asks of.
//   kInvalidArgument  it keeps no history; the text begins with `field`
Status check_history(std::string_view field, const PlanContext& context);

}  // namespace rollcall
