// Decimal text to exact fixed-point amounts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

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

// What was wrong with `text`, for a rejected row: a short name, and the whole story.
std::string_view amount_fault_kind(AmountFault fault);
std::string explain_amount_fault(AmountFault fault, std::string_view text, std::uint32_t decimals);

}  // namespace rollcall
