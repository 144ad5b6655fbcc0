// What makes the parts of a query well-formed, whatever store it is asked of.
#pragma once

#include <cstdint>
#include <string_view>

#include "rollcall/question.h"
#include "rollcall/segment.h"
#include "rollcall/status.h"

namespace rollcall {

// Windows, gaps, edges and spans reach no further than this: a hundred years.
inline constexpr std::int32_t kSpanDaysMax = 36'600;
// Parts of a segment within each other.
inline constexpr std::int32_t kSegmentDepthMax = 100;
inline constexpr std::int32_t kBreakdownLimitMax = 10'000;

// What is wrong is kInvalidArgument, and its text begins with the field.
Status check_whole_number(std::string_view field, std::int64_t found, std::int64_t min,
                          std::int64_t max);
Status check_selector(std::string_view field, const Selector& selector);
// `depth` is how many segments it is a part of.
Status check_segment(std::string_view field, const Segment& segment, int depth = 0);
// Checks the fields of every kind.
Status check_common(const QueryCommon& common);

}  // namespace rollcall
