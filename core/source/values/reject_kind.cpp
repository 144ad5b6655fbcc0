#include "rollcall/reject_kind.h"

#include <array>
#include <cstddef>
#include <optional>

namespace rollcall {
namespace {

struct RejectRow {
  RejectKind kind;
  std::string_view text;
  std::optional<Option> option = {};
  std::string_view value = {};
};

// There is one row for each kind, in the order of the kinds.
constexpr auto kRejectRows = std::to_array<RejectRow>({
    {RejectKind::kQuoteNotClosed, "quoted field is not closed", Option::kQuotes, "text"},
    {RejectKind::kQuoteFollowedByBytes, "quoted field is followed by other bytes", Option::kQuotes,
     "text"},
    {RejectKind::kFieldCount, "row has the wrong number of fields"},
    {RejectKind::kRowTooLong, "row is too long", Option::kLineBytesMax},
    {RejectKind::kNotJson, "row is not a JSON object"},
    {RejectKind::kColumnTwice, "column stands twice in the row"},
    {RejectKind::kColumnType, "column is neither a string nor a number"},
    {RejectKind::kGrownRow, "row was ingested before it was complete"},
    {RejectKind::kPartsAreIn, "row was ingested in parts"},
    {RejectKind::kUserMissing, "user is missing"},
    {RejectKind::kUserNotInteger, "user is not an integer", Option::kUserKind, "string"},
    {RejectKind::kUserNotUtf8, "user is not UTF-8"},
    {RejectKind::kUserTooLong, "user is too long", Option::kUserBytesMax},
    {RejectKind::kUserNull, "user means nobody", Option::kRejectNullUsers, "false"},
    {RejectKind::kTimeMissing, "time is missing"},
    {RejectKind::kTimeMalformed, "time is not a time", Option::kTimeFormat},
    {RejectKind::kTimeDate, "time has a date that does not exist"},
    {RejectKind::kTimeClock, "time has a clock time that does not exist"},
    {RejectKind::kTimeOutOfRange, "time is out of range"},
    {RejectKind::kTimeAmbiguous, "time is an ambiguous number"},
    {RejectKind::kTimeTooEarly, "time is earlier than any that is plausible", Option::kTimeMin},
    {RejectKind::kTimeTooLate, "time is later than any that is plausible", Option::kTimeMax},
    {RejectKind::kEventMissing, "event is missing"},
    {RejectKind::kEventNotUtf8, "event is not UTF-8"},
    {RejectKind::kEventTooLong, "event is too long"},
    {RejectKind::kValueMalformed, "value is not a number"},
    {RejectKind::kValueDecimals, "value has too many decimals", Option::kRoundValues, "true"},
    {RejectKind::kValueOutOfRange, "value is out of range"},
    {RejectKind::kPropertyNotUtf8, "property is not UTF-8"},
    {RejectKind::kPropertyTooLong, "property is too long"},
});

constexpr bool is_in_order() {
  for (std::size_t i = 0; i < kRejectRows.size(); ++i) {
    if (static_cast<std::size_t>(kRejectRows[i].kind) != i) return false;
  }
  return kRejectRows.back().kind == RejectKind::kPropertyTooLong;
}
static_assert(is_in_order());

const RejectRow& row_of(RejectKind kind) { return kRejectRows[static_cast<std::size_t>(kind)]; }

}  // namespace

std::string_view to_string(RejectKind kind) { return row_of(kind).text; }

OptionHint hint_for(RejectKind kind) {
  const RejectRow& row = row_of(kind);
  return row.option ? OptionHint(*row.option, std::string(row.value)) : OptionHint();
}

}  // namespace rollcall
