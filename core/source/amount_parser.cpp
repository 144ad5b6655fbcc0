#include "core/source/amount_parser.h"
#include "rollcall/message_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>


namespace rollcall {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::uint64_t kMagnitudeMax = std::uint64_t{1} << 63;  // of negative amounts

constexpr std::array<std::uint64_t, 20> kPowersOfTen = [] {
  std::array<std::uint64_t, 20> powers{};
  std::uint64_t power = 1;
  for (std::uint64_t& p : powers) {
    p = power;
    power *= 10;
  }
  return powers;
}();

// A number is mantissa * 10^exponent; its mantissa has no trailing zeros.
struct Decimal {
  bool negative = false;
  bool huge = false;  // the mantissa has more digits than any amount
  Wide mantissa = 0;
  std::int64_t exponent = 0;
};

bool is_digit(char c) { return '0' <= c && c <= '9'; }

bool parse_decimal(std::string_view text, Decimal& out) {
  std::size_t i = 0;
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) out.negative = text[i++] == '-';

  std::int64_t zeros = 0;  // digits 0 not yet known to be followed by another digit
  bool digits = false, point = false;
  for (; i < text.size(); ++i) {
    if (text[i] == '.' && !point) {
      point = true;
      continue;
    }
    if (!is_digit(text[i])) break;
    digits = true;
    if (point) --out.exponent;
    if (text[i] == '0') {
      zeros += out.mantissa == 0 ? 0 : 1;
      continue;
    }
    // 19 digits and as many again always fit 128 bits.
    for (std::int64_t shift = 0; shift <= zeros && !out.huge; ++shift) {
      out.huge = out.mantissa >= kPowersOfTen[19];
      out.mantissa *= 10;
    }
    out.mantissa += static_cast<std::uint64_t>(text[i] - '0');
    zeros = 0;
  }
  if (!digits) return false;
  out.exponent += zeros;

  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    bool negative = false;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) negative = text[i++] == '-';
    if (i == text.size()) return false;
    std::int64_t exponent = 0;
    for (; i < text.size() && is_digit(text[i]); ++i) {
      // Past any amount either way, and far from overflow.
      exponent = std::min<std::int64_t>(exponent * 10 + (text[i] - '0'), 1'000'000'000'000);
    }
    out.exponent += negative ? -exponent : exponent;
  }
  return i == text.size();
}

AmountFault to_amount(const Decimal& decimal, std::uint32_t decimals, Amount& amount) {
  if (decimal.mantissa == 0) {
    amount = 0;
    return AmountFault::kNone;
  }
  const std::int64_t shift = decimal.exponent + static_cast<std::int64_t>(decimals);
  if (shift < 0) return AmountFault::kTooManyDecimals;
  const std::uint64_t limit = decimal.negative ? kMagnitudeMax : kMagnitudeMax - 1;
  if (decimal.huge || shift > 19 || decimal.mantissa > limit) return AmountFault::kOutOfRange;
  const Wide magnitude = decimal.mantissa * kPowersOfTen[static_cast<std::size_t>(shift)];
  if (magnitude > limit) return AmountFault::kOutOfRange;
  const std::uint64_t bits = static_cast<std::uint64_t>(magnitude);
  amount = static_cast<Amount>(decimal.negative ? ~bits + 1 : bits);
  return AmountFault::kNone;
}

}  // namespace

AmountFault parse_amount(std::string_view text, std::uint32_t decimals, Amount& amount) {
  // Nearly every amount: at most 18 digits, few decimals, no exponent.
  constexpr std::size_t kPlainBytesMax = 18;
  if (text.size() <= kPlainBytesMax) {
    const bool negative = !text.empty() && text[0] == '-';
    std::uint64_t magnitude = 0;
    std::size_t i = negative ? 1 : 0, digits = 0, fraction_digits = 0;
    for (; i < text.size() && is_digit(text[i]); ++i, ++digits) {
      magnitude = magnitude * 10 + static_cast<std::uint64_t>(text[i] - '0');
    }
    if (i < text.size() && text[i] == '.') {
      for (++i; i < text.size() && is_digit(text[i]); ++i, ++digits, ++fraction_digits) {
        magnitude = magnitude * 10 + static_cast<std::uint64_t>(text[i] - '0');
      }
    }
    if (i == text.size() && digits > 0 && fraction_digits <= decimals) {
      const Wide scaled = Wide{magnitude} * kPowersOfTen[decimals - fraction_digits];
      if (scaled < kMagnitudeMax) {
        amount = static_cast<Amount>(scaled);
        if (negative) amount = -amount;
        return AmountFault::kNone;
      }
    }
  }
  Decimal decimal;
  if (!parse_decimal(text, decimal)) return AmountFault::kNotANumber;
  return to_amount(decimal, decimals, amount);
}

std::string_view amount_fault_kind(AmountFault fault) {
  switch (fault) {
    case AmountFault::kNone:
      break;
    case AmountFault::kNotANumber:
      return "value is not a number";
    case AmountFault::kTooManyDecimals:
      return "value has too many decimals";
    case AmountFault::kOutOfRange:
      return "value is out of range";
  }
  return "";
}

std::string explain_amount_fault(AmountFault fault, std::string_view text, std::uint32_t decimals) {
  switch (fault) {
    case AmountFault::kNone:
      break;
    case AmountFault::kNotANumber:
      return fmt::format("value: not a number: {} (allowed: decimals such as 12.50, -3 or 1e3)",
                         quoted_excerpt(text));
    case AmountFault::kTooManyDecimals: {
      Decimal decimal;
      parse_decimal(text, decimal);
      return fmt::format("value: {} has {} decimals, the store keeps {}", quoted_excerpt(text),
                         -decimal.exponent, decimals);
    }
    case AmountFault::kOutOfRange:
      return fmt::format("value: out of range: {} (allowed: below 2^63 at {} decimals)",
                         quoted_excerpt(text), decimals);
  }
  return "";
}

}  // namespace rollcall
