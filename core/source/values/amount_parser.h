// This header parses decimal text into exact fixed-point amounts.
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
  kTooManyDecimals,  // more than are kept, not counting trailing zeros
  kOutOfRange,       // does not fit 64 bits at that many decimals
};

// Parses "-12.50", "+3", ".5", "1e3" and "2.5E-1" as a number of 10^-decimals, and never rounds.
// Neither thousands separators nor currency signs are numbers. `decimals` is at most 18.
AmountFault parse_amount(std::string_view text, std::uint32_t decimals, Amount& amount);

// Does the same for amounts as `form` writes them, which check_amount_form accepts. The grouping
// stands between all groups of three digits or none, the currency before or after the number or its
// sign.
AmountFault parse_amount(std::string_view text, const AmountForm& form, std::uint32_t decimals,
                         Amount& amount);

// Checks a form.
//   kInvalidArgument  amounts in that form would be ambiguous
Status check_amount_form(const AmountForm& form);

// Returns the forms that read `text`, which is no amount as it stands: decimal = , and grouping =
// .; the result is empty if there are none.
OptionHint amount_hint(std::string_view text);

// Returns the form that is set by options which say how amounts are written.
AmountForm amount_form(const OptionHint::Way& options);

// Describes `text` that no form reads, and what would be read in its place: "an amount in
// parentheses, which no option reads (allowed: -5.00)". The result is "" if it is nothing of the
// kind.
std::string odd_amount_text(std::string_view text);

// Return what was wrong with `text`, for a rejected row: its kind, and the full text. `fault` is
// not kNone. With a form, the hint says which options would take the amount.
RejectKind kind_of(AmountFault fault);
std::string explain_amount_fault(AmountFault fault, std::string_view text, std::uint32_t decimals);
HintedText explain_amount_fault(AmountFault fault, std::string_view text, const AmountForm& form,
                                std::uint32_t decimals);

}  // namespace rollcall
