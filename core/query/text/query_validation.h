// Checks that the parts of a query are well-formed, whatever store it is asked of.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "rollcall/question.h"
#include "rollcall/segment.h"
#include "rollcall/status.h"

namespace rollcall {

// No window, gap, edge or span is longer than this: a hundred years.
inline constexpr std::int32_t kSpanDaysMax = 36'600;
// Parts of a segment may be nested this deep.
inline constexpr std::int32_t kSegmentDepthMax = 100;
inline constexpr std::int32_t kBreakdownLimitMax = 10'000;
// A segment may ask for so many events of a user.
inline constexpr std::int32_t kTimesMax = std::numeric_limits<std::int32_t>::max();

// Faults are kInvalidArgument, with a text that begins with the field.
Status check_whole_number(std::string_view field, std::int64_t found, std::int64_t min,
                          std::int64_t max);
// Checks that a period is not part of a day.
Status check_days_or_longer(std::string_view field, Period period);
// Returns whether a text is a decimal from 0 to 1.
bool is_share(std::string_view text);
inline constexpr std::string_view kSharesAllowed =
    "a decimal number from 0 to 1 such as \"0.5\", of at most 18 decimals";
inline constexpr std::string_view kDaySpansAllowed = "a number of days such as \"7d\"";
Status check_selector(std::string_view field, const Selector& selector);
// Checks each of them, and that no two have the same text, which names their rows.
Status check_distinct_selectors(std::string_view field, const std::vector<Selector>& selectors);
// `depth` says how many segments it is nested in.
Status check_segment(std::string_view field, const Segment& segment, int depth = 0);
// Checks the fields of every kind.
Status check_common(const QueryCommon& common);

}  // namespace rollcall
