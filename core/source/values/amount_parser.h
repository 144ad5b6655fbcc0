// Decimal text to exact fixed-point amounts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rollcall/reject_kind.h"
#include "rollcall/source_options.h"
#include "rollcall/types.h"

namespace rollcall {

enum class AmountFault : std::uint8_t {
  kNone,
  kNotANumber,
  kTooManyDecimals,  // more than are kept, trailing zeros apart
  kOutOfRange,       // does not fit 64 bits at that many decimals
};

// Parses "-12.50", "+3", ".5", "1e3", "2.5E-1" as a number of 10^-decimals; never rounds. Neither
// thousands separators nor currency signs are numbers. `decimals` is at most 18.
AmountFault parse_amount(std::string_view text, std::uint32_t decimals, Amount& amount);

// The same of amounts as `form` writes them, which check_amount_form accepts: the grouping stands
// between all groups of three digits or none, the currency before or after the number or its sign.
AmountFault parse_amount(std::string_view text, const AmountForm& form, std::uint32_t decimals,
                         Amount& amount);

//   kInvalidArgument  no amount could be told apart in that form
Status check_amount_form(const AmountForm& form);

// The forms that read `text`, which is no amount as it stands: decimal = , and grouping = .; empty
// when there are none.
OptionHint amount_hint(std::string_view text);

// The form that options set which say how amounts are written.
AmountForm amount_form(const OptionHint::Way& options);

// What `text` is that no form reads, and what would be read in its place: "an amount in
// parentheses, which no option reads (allowed: -5.00)"; "" where it is nothing of the kind.
std::string odd_amount_text(std::string_view text);

// What was wrong with `text`, for a rejected row: its kind, and the whole story. `fault` is one.
// With a form, the hint says which options would take the amount.
RejectKind kind_of(AmountFault fault);
std::string explain_amount_fault(AmountFault fault, std::string_view text, std::uint32_t decimals);
HintedText explain_amount_fault(AmountFault fault, std::string_view text, const AmountForm& form,
                                std::uint32_t decimals);

}  // namespace rollcall
