// Resolves what a funnel asks against the store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/query/kinds/kind_row.h"
#include "core/query/resolve/timeframe.h"
#include "core/query/sequence/step_events.h"
#include "core/time/calendar.h"
#include "rollcall/question.h"

namespace rollcall {

// Holds the range, and the rows that it makes.
struct FunnelRange {
  RangeEnds::End from;
  RangeEnds::End to;
  std::int32_t first_row = 0;  // number of its period; 0 without a trend
  std::size_t rows = 0;        // none: there is nothing to count
};

// Holds the values that a breakdown goes by: those of one row of its answer or, to rank them, all
// values.
struct FunnelValues {
  static constexpr std::uint32_t kNoLabel = ~std::uint32_t{0};

  std::size_t place = 0;             // of the property in StepSelectors::told
  std::vector<std::uint32_t> ranks;  // by code: the place of the value in the order of bytes
  // These say to which of the labels a value belongs, by code, and the empty value.
  std::vector<std::uint32_t> labels;
  std::uint32_t label_of_none = kNoLabel;
  std::vector<std::string> ranked;  // these are the labels, to rank them
  bool is_ranking = false;          // if not, one row is asked
  // The values of a kept property have no codes. To rank them, each text of a user is a label; of a
  // row, these conditions say which texts belong to it.
  bool is_of_texts = false;
  std::vector<PropertyCondition> conditions;
};

// Holds what the plan of a funnel was made of, besides the query.
struct FunnelParts {
  StepSelectors selectors;
  std::unique_ptr<const EventSelector> between;
  std::optional<Calendar> calendar;
  FunnelRange range;
  TimeUs range_end = 0;  // the first instant after the range
  std::vector<std::string> notes;
  // Places in StepSelectors::told.
  std::optional<std::size_t> hold;
  std::optional<FunnelValues> values;
  ValueCode no_value = 0;  // of the property that is held
};

//   kInvalidArgument  the text names `field`
Result<std::uint32_t> find_funnel_property(std::string_view field, const std::string& name,
                                           const SeriesCatalog& catalog);

// `ranked` holds the values to rank; if it is null, the parts are those of an answer.
Result<FunnelParts> resolve_funnel(const FunnelQuery& ask, const Query& query,
                                   const PlanContext& context, const Timeframe& timeframe,
                                   const std::span<const std::string>* ranked);

}  // namespace rollcall
