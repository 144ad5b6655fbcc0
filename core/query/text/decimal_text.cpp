#include "core/query/text/decimal_text.h"

#include <algorithm>
#include <string>

namespace rollcall {
namespace {

bool are_digits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return '0' <= c && c <= '9'; });
}

// The numbers are not negative.
std::strong_ordering compare_sizes(const DecimalText& a, const DecimalText& b) {
  if (a.whole.size() != b.whole.size()) return a.whole.size() <=> b.whole.size();
  const int whole = a.whole.compare(b.whole);
  // A fraction that begins another one is the smaller of the two, as in a dictionary.
  return (whole != 0 ? whole : a.fraction.compare(b.fraction)) <=> 0;
}

AmountSum with_digit(AmountSum number, char digit) {
  return std::min(number * 10 + (digit - '0'), kScaledMax);
}

}  // namespace

std::strong_ordering operator<=>(const DecimalText& a, const DecimalText& b) {
  if (a.is_negative != b.is_negative) return b.is_negative <=> a.is_negative;
  return a.is_negative ? compare_sizes(b, a) : compare_sizes(a, b);
}

std::optional<DecimalText> parse_decimal_text(std::string_view text) {
  DecimalText number;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    number.is_negative = text[0] == '-';
    text.remove_prefix(1);
  }
  const std::size_t point = std::min(text.find('.'), text.size());
  number.whole = text.substr(0, point);
  if (point < text.size()) number.fraction = text.substr(point + 1);
  const bool has_digits = !number.whole.empty() || !number.fraction.empty();
  if (!has_digits || !are_digits(number.whole) || !are_digits(number.fraction)) return {};
  number.whole.remove_prefix(std::min(number.whole.find_first_not_of('0'), number.whole.size()));
  number.fraction = number.fraction.substr(0, number.fraction.find_last_not_of('0') + 1);
  if (number.whole.empty() && number.fraction.empty()) number.is_negative = false;
  return number;
}

ScaledDecimal scaled(const DecimalText& number, std::uint32_t decimals) {
  AmountSum size = 0;
  for (const char digit : number.whole) size = with_digit(size, digit);
  for (std::uint32_t i = 0; i < decimals; ++i) {
    size = with_digit(size, i < number.fraction.size() ? number.fraction[i] : '0');
  }
  const AmountSum rest = number.fraction.size() > decimals ? 1 : 0;
  const AmountSum above = std::min(size + rest, kScaledMax);
  return number.is_negative ? ScaledDecimal{-above, -size} : ScaledDecimal{size, above};
}

bool holds(PropertyCondition::Test test, const DecimalText& found, const DecimalText& wanted) {
  using Test = PropertyCondition::Test;
  const std::strong_ordering order = found <=> wanted;
  switch (test) {
    case Test::kMore:
      return order > 0;
    case Test::kAtLeast:
      return order >= 0;
    case Test::kLess:
      return order < 0;
    case Test::kAtMost:
      return order <= 0;
    default:
      return order == 0;
  }
}

Status read_decimal(const Json& value, const std::string& path, std::string& out) {
  std::string text;
  if (value.is_string()) {
    text = value.get<std::string>();
  } else if (value.is_number()) {
    text = value.text(kJsonBytesMax);
  }
  if (!parse_decimal_text(text)) return unexpected(path, kDecimalsAllowed, value);
  out = std::move(text);
  return {};
}

}  // namespace rollcall
