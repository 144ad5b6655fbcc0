// Why a row of a file was not ingested, in kinds to count by and to choose advice by.
#pragma once

#include <cstdint>
#include <string_view>

#include "rollcall/option_hint.h"

namespace rollcall {

enum class RejectKind : std::uint8_t {
  // The row cannot be told from others, or its fields from each other.
  kQuoteNotClosed,
  kQuoteFollowedByBytes,
  kFieldCount,  // another one than the header's
  kRowTooLong,
  kNotJson,      // no JSON object
  kColumnTwice,  // of a JSON object
  kColumnType,   // an object, array or boolean where a string or number is wanted
  // Some of the row is in already.
  kGrownRow,    // its line had no end when it was ingested
  kPartsAreIn,  // its lines are in as rows of their own
  kUserMissing,
  kUserNotInteger,
  kUserNotUtf8,
  kUserTooLong,
  kUserNull,  // is_null_id, see SourceOptions::reject_null_users
  kTimeMissing,
  kTimeMalformed,
  kTimeDate,   // 2023-02-29
  kTimeClock,  // 24:00
  kTimeOutOfRange,
  kTimeAmbiguous,  // a number whose unit cannot be guessed
  kTimeTooEarly,   // for SourceOptions::time_min
  kTimeTooLate,    // for SourceOptions::time_max
  kEventMissing,
  kEventNotUtf8,
  kEventTooLong,
  kValueMalformed,
  kValueDecimals,  // more than the store keeps
  kValueOutOfRange,
  kPropertyNotUtf8,
  kPropertyTooLong,
};

// Returns what is wrong without details: "time is not a time".
std::string_view to_string(RejectKind kind);

// Returns the option that takes any row of the kind; empty where none does, or where it takes a
// look at the row to say which (see RejectedRow::hint).
OptionHint hint_for(RejectKind kind);

}  // namespace rollcall
