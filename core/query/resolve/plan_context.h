// The names and dates of a question are resolved against this.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/question_account.h"
#include "core/catalog/audience_table.h"
#include "core/catalog/history_limit.h"
#include "core/catalog/segment_catalog.h"
#include "core/catalog/series_catalog.h"
#include "core/query/resolve/event_series.h"
#include "core/query/resolve/kept_ranks.h"
#include "core/time/time_zone.h"
#include "rollcall/options.h"
#include "rollcall/segment.h"
#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

class Plan;
struct Query;

// Says where in a segment a part of it is. Segments of questions within it, which are funnels and
// comparisons, are parts of it, too.
struct SegmentNesting {
  std::size_t parts = 0;           // all that were met so far
  std::size_t questions = 0;       // those that the part is within
  std::vector<std::string> saved;  // saved segments that it is within
};

// A query is planned against this: the names and the days of one moment.
struct PlanContext {
  const StoreSettings& settings;
  const TimeZone& zone;
  const SeriesCatalog& catalog;
  DayRange days;                      // from the first to the last day with events; may be empty
  std::optional<TimeUs> known_until;  // unset in an empty store
  const SegmentCatalog& segments;     // saved segments, and the lists in files
  // This is the value that the plan is about, in a query with a breakdown.
  const PropertyCondition* value = nullptr;
  QuestionAccount* account = nullptr;  // pays for the plan's memory; null: without bounds
  // The plan looks for these in the history. Selectors are added to it as they are resolved.
  std::shared_ptr<EventSeries> events = std::make_shared<EventSeries>();
  // Makes the plan of a question in a segment, as kind_table.h has it.
  Result<std::unique_ptr<Plan>> (*make_plan)(const Query&, const PlanContext&) = nullptr;
  SegmentNesting* nesting = nullptr;  // of that question; null: the plan is of no segment
  HistoryLimit history_limit = {};
  std::shared_ptr<const AudienceCatalog> audiences = {};  // null: there are none
  // Is where a range of periods begins that is left open, if that is later than the first day.
  std::optional<Day> open_from = {};
  // Is where ranks are kept for later questions. It is not set where nothing is kept.
  std::optional<KeptRanks::Moment> kept_ranks = {};

  // Returns the first day that history has events of, or may have.
  Day first_day_of_history() const {
    return std::max(days.first, history_limit.from.value_or(days.first));
  }
};

// Checks that the store keeps what `field` asks of.
//   kInvalidArgument  it keeps no history; the text begins with `field`
Status check_history(std::string_view field, const PlanContext& context);
// Checks that history reaches back to the day `needed`, if there is anything before it begins.
//   kInvalidArgument  it begins later; the text begins with `field`
Status check_reach(std::string_view field, Day needed, const PlanContext& context);

}  // namespace rollcall
