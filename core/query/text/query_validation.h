// What makes a query well-formed, whatever store it is asked of.
#pragma once

#include "rollcall/question.h"
#include "rollcall/status.h"

namespace rollcall {

// Windows, gaps, edges and spans reach no further than this: a hundred years.
inline constexpr std::int32_t kSpanDaysMax = 36'600;
// Parts of a segment within each other.
inline constexpr std::int32_t kSegmentDepthMax = 100;
inline constexpr std::int32_t kBreakdownLimitMax = 10'000;

//   kInvalidArgument  a number out of range, or fields that exclude each other; the text names the
//                     kind and the field, what was found and what is allowed
Status validate(const Query& query);

}  // namespace rollcall
