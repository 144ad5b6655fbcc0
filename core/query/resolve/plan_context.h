// What names and dates of a question are looked up in.
#pragma once

#include <optional>

#include "core/base/question_account.h"
#include "core/catalog/segment_catalog.h"
#include "core/catalog/series_catalog.h"
#include "core/time/time_zone.h"
#include "rollcall/options.h"
#include "rollcall/segment.h"
#include "rollcall/types.h"

namespace rollcall {

// What a query is planned against: the names and the days of one moment.
struct PlanContext {
  const StoreSettings& settings;
  const TimeZone& zone;
  const SeriesCatalog& catalog;
  DayRange days;                      // from the first to the last day with events; may be empty
  std::optional<TimeUs> known_until;  // unset in an empty store
  const SegmentCatalog& segments;     // those saved, and the lists that files hold
  // Of a query with a breakdown: which values of the property this plan is about.
  const PropertyCondition* value = nullptr;
  QuestionAccount* account = nullptr;  // whose memory the plan takes; null: has no bounds
};

}  // namespace rollcall
