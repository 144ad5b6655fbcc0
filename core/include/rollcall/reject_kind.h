// Says why a row of a file was not ingested. Rows are counted and advice is chosen by these kinds.
#pragma once

#include <cstdint>
#include <string_view>

#include "rollcall/option_hint.h"

namespace rollcall {

enum class RejectKind : std::uint8_t {
  // The row cannot be told from other rows, or its fields from each other.
  kQuoteNotClosed,
  kQuoteFollowedByBytes,
  kFieldCount,  // differs from the header's
  kRowTooLong,
  kNotJson,      // not a JSON object
  kColumnTwice,  // in a JSON object
  kColumnType,   // an object, array or boolean where a string or number is expected
  // Some of the row is in already.
  kGrownRow,    // its line had no end when it was ingested
  kPartsAreIn,  // its lines are in as rows of their own
  kUserMissing,
  kUserNotInteger,
  kUserNotUtf8,
  kUserTooLong,
  kUserNull,  // the id means nobody, see SourceOptions::reject_null_users
  kTimeMissing,
  kTimeMalformed,
  kTimeDate,   // 2023-02-29
  kTimeClock,  // 24:00
  kTimeOutOfRange,
  kTimeAmbiguous,  // a number whose unit cannot be guessed
  kTimeTooEarly,   // before SourceOptions::time_min
  kTimeTooLate,    // after SourceOptions::time_max
  kEventMissing,
  kEventNotUtf8,
  kEventTooLong,
  kValueMalformed,
  kValueDecimals,  // more than the store keeps
  kValueOutOfRange,
  kPropertyNotUtf8,
  kPropertyTooLong,
};

// Returns what is wrong, without details: "time is not a time".
std::string_view to_string(RejectKind kind);

// Returns the option that takes any row of the kind; empty if no option does, or if the right one
// depends on the row (see RejectedRow::hint).
OptionHint hint_for(RejectKind kind);

}  // namespace rollcall
