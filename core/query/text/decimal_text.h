// Decimal numbers as people write them, of any length: compared and scaled exactly.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/query/text/json_reader.h"
#include "core/query/text/query_names.h"
#include "rollcall/segment.h"
#include "rollcall/types.h"

namespace rollcall {

inline constexpr std::string_view kDecimalsAllowed = "a decimal number such as \"10\" or \"-2.50\"";

// It points into the text of the number, and must not outlive it.
struct DecimalText {
  bool is_negative = false;   // and not 0
  std::string_view whole;     // digits before the point, without leading zeros
  std::string_view fraction;  // digits after it, without trailing zeros

  friend std::strong_ordering operator<=>(const DecimalText& a, const DecimalText& b);
  friend bool operator==(const DecimalText& a, const DecimalText& b) { return (a <=> b) == 0; }
};

// Reads digits with at most one point among or beside them, after a sign or none. No number is what
// has an exponent, blanks or separators of groups.
std::optional<DecimalText> parse_decimal_text(std::string_view text);

// Holds the whole numbers nearest to number * 10^decimals: the last that is not above it, and the
// first that is not below it. Both are cut to kScaledMax, which no sum of amounts reaches.
struct ScaledDecimal {
  AmountSum floor = 0;
  AmountSum ceiling = 0;
};
inline constexpr AmountSum kScaledMax = AmountSum{1} << 120;
ScaledDecimal scaled(const DecimalText& number, std::uint32_t decimals);

// JSON names the tests that compare numbers so.
inline constexpr std::array<Spelling<PropertyCondition::Test>, 5> kNumberTestNames = {
    {{"gt", PropertyCondition::Test::kMore},
     {"gte", PropertyCondition::Test::kAtLeast},
     {"lt", PropertyCondition::Test::kLess},
     {"lte", PropertyCondition::Test::kAtMost},
     {"eq", PropertyCondition::Test::kEquals}}};

inline bool is_number_test(PropertyCondition::Test test) {
  return !name_of(kNumberTestNames, test).empty();
}

// Returns whether `found` passes a test against `wanted`.
bool holds(PropertyCondition::Test test, const DecimalText& found, const DecimalText& wanted);

// Reads a number, or a string that is one, as it is written.
Status read_decimal(const Json& value, const std::string& path, std::string& out);

}  // namespace rollcall
