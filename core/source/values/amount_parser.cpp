#include "core/source/values/amount_parser.h"
#include "rollcall/message_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <utility>

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
  Wide mantissa = 0;
  std::int64_t digits_cut = 0;  // of the mantissa, at its end: it has more than any amount
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
    for (std::int64_t shift = 0; shift <= zeros; ++shift) {
      if (out.mantissa >= kPowersOfTen[19]) {
        ++out.digits_cut;
      } else {
        out.mantissa *= 10;
      }
    }
    if (out.digits_cut == 0) out.mantissa += static_cast<std::uint64_t>(text[i] - '0');
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
      // This is past any amount either way, and far from overflow.
      exponent = std::min<std::int64_t>(exponent * 10 + (text[i] - '0'), 1'000'000'000'000);
    }
    out.exponent += negative ? -exponent : exponent;
  }
  return i == text.size();
}

// Half of the last digit or more goes up. What was cut off decides nothing, because it is less than
// that.
Wide divide_by_power_of_ten(Wide number, std::int64_t power) {
  constexpr std::int64_t kDigitsMax = 21;  // of a mantissa
  if (power > kDigitsMax) return 0;
  Wide divisor = 1;
  for (std::int64_t i = 0; i < power; ++i) divisor *= 10;
  return number / divisor + (number % divisor >= divisor - number % divisor ? 1 : 0);
}

AmountFault to_amount(const Decimal& decimal, std::uint32_t decimals, bool rounds, Amount& amount) {
  if (decimal.mantissa == 0) {
    amount = 0;
    return AmountFault::kNone;
  }
  std::int64_t shift = decimal.exponent + static_cast<std::int64_t>(decimals);
  if (shift < 0 && !rounds) return AmountFault::kTooManyDecimals;
  const std::uint64_t limit = decimal.negative ? kMagnitudeMax : kMagnitudeMax - 1;
  Wide magnitude = decimal.mantissa;
  if (shift += decimal.digits_cut; shift < 0) {
    magnitude = divide_by_power_of_ten(magnitude, -shift);
  } else {
    if (shift > 19 || magnitude > limit) return AmountFault::kOutOfRange;
    magnitude *= kPowersOfTen[static_cast<std::size_t>(shift)];
  }
  if (magnitude > limit) return AmountFault::kOutOfRange;
  const std::uint64_t bits = static_cast<std::uint64_t>(magnitude);
  amount = static_cast<Amount>(decimal.negative ? ~bits + 1 : bits);
  return AmountFault::kNone;
}

AmountFault parse_plain(std::string_view text, std::uint32_t decimals, bool rounds,
                        Amount& amount) {
  // Nearly every amount takes this way: it has at most 18 digits, few decimals and no exponent.
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
  return to_amount(decimal, decimals, rounds, amount);
}

bool is_sign(char c) { return c == '-' || c == '+'; }

// Takes the currency from one end of `text`, if it has one, with the blanks beside it. It may stand
// after a sign, which `sign` then is.
std::string_view without_currency(std::string_view text, std::string_view currency,
                                  std::string_view& sign) {
  constexpr std::string_view kBlanks = " \t";
  if (currency.empty()) return text;
  if (text.ends_with(currency)) {
    text.remove_suffix(currency.size());
    return text.substr(0, text.find_last_not_of(kBlanks) + 1);
  }
  const std::string_view rest = text.substr(!text.empty() && is_sign(text[0]) ? 1 : 0);
  if (!rest.starts_with(currency)) return text;
  sign = text.substr(0, text.size() - rest.size());
  const std::size_t begin = rest.find_first_not_of(kBlanks, currency.size());
  return begin == std::string_view::npos ? std::string_view() : rest.substr(begin);
}

// Writes `text` as parse_decimal reads it. Returns false if it is not in the form.
bool to_plain(std::string_view text, const AmountForm& form, std::string& plain) {
  std::string_view sign;
  text = without_currency(text, form.currency, sign);
  plain = sign;
  if (!text.empty() && is_sign(text[0])) {
    if (!sign.empty()) return false;
    plain += text[0];
    text.remove_prefix(1);
  }
  std::size_t group_digits = 0, groups = 1;  // of the whole number
  const auto ends_group = [&] {
    return groups == 1 ? 1 <= group_digits && group_digits <= 3 : group_digits == 3;
  };
  for (; !text.empty() && (groups == 1 || group_digits <= 3); text.remove_prefix(1)) {
    if (!form.grouping.empty() && text.starts_with(form.grouping)) {
      if (!ends_group()) return false;
      ++groups;
      group_digits = 0;
      text.remove_prefix(form.grouping.size() - 1);
    } else if (is_digit(text[0])) {
      ++group_digits;
      plain += text[0];
    } else {
      break;
    }
  }
  if (groups > 1 && !ends_group()) return false;
  if (!text.empty() && text[0] == form.decimal) {
    plain += '.';
    text.remove_prefix(1);
  }
  // The fraction and an exponent follow, in which there are no points any more.
  if (text.find_first_of(".,") != std::string_view::npos) return false;
  plain += text;
  return true;
}

// Returns the options for what is not as in 1234.56.
OptionHint::Way options_of(const AmountForm& form) {
  OptionHint::Way options;
  if (form.decimal != '.') options.push_back({Option::kDecimal, std::string(1, form.decimal)});
  if (!form.grouping.empty()) options.push_back({Option::kGrouping, form.grouping});
  if (!form.currency.empty()) options.push_back({Option::kCurrency, form.currency});
  return options;
}

// Says whether a sign or word is one that people write beside amounts of money. Others may change
// the number: "5k", "5 %", a minus of typographers.
bool is_currency(std::string_view text) {
  constexpr std::string_view kSigns[] = {"$",  "€",  "£",  "¥",   "₹",   "₽", "₩",  "₪",   "₫",
                                         "฿",  "₴",  "₺",  "₦",   "₱",   "₡",   "₸",  "₿", "R$",
                                         "RM", "kr", "zł", "Kč",  "Ft",  "元",  "円", "원",  "руб",
                                         "Fr", "A$", "C$", "US$", "HK$", "NZ$", "S$"};
  constexpr std::string_view kCodes[] = {
      "AED", "ARS", "AUD", "BGN", "BRL", "CAD", "CHF", "CLP", "CNY", "COP", "CZK", "DKK",
      "EGP", "EUR", "GBP", "HKD", "HUF", "IDR", "ILS", "INR", "JPY", "KES", "KRW", "KZT",
      "MAD", "MXN", "MYR", "NGN", "NOK", "NZD", "PEN", "PHP", "PKR", "PLN", "RON", "RSD",
      "RUB", "SAR", "SEK", "SGD", "THB", "TRY", "TWD", "UAH", "USD", "VND", "ZAR"};
  return std::ranges::find(kSigns, text) != std::end(kSigns) ||
         std::ranges::find(kCodes, text) != std::end(kCodes);
}

// Returns what stands before the number, or after it.
std::string_view currency_in(std::string_view text) {
  constexpr std::string_view kOfNumbers = "0123456789.,+-";
  const std::size_t first = text.find_first_of(kOfNumbers);
  if (first == std::string_view::npos) return {};
  std::string_view sign = text.substr(text.find_last_of(kOfNumbers) + 1);
  if (sign.empty() && first > 0) sign = text.substr(0, first);
  if (sign.empty() && is_sign(text[0])) return currency_in(text.substr(1));
  const std::size_t begin = std::min(sign.find_first_not_of(" \t"), sign.size());
  sign.remove_prefix(begin);
  return sign.substr(0, sign.find_last_not_of(" \t") + 1);
}

}  // namespace

AmountFault parse_amount(std::string_view text, std::uint32_t decimals, Amount& amount) {
  return parse_plain(text, decimals, /*rounds=*/false, amount);
}

AmountFault parse_amount(std::string_view text, const AmountForm& form, std::uint32_t decimals,
                         Amount& amount) {
  const bool plain = form.decimal == '.' && form.grouping.empty() && form.currency.empty();
  if (plain) return parse_plain(text, decimals, form.rounds, amount);
  std::string rewritten;
  if (!to_plain(text, form, rewritten)) return AmountFault::kNotANumber;
  return parse_plain(rewritten, decimals, form.rounds, amount);
}

Status check_amount_form(const AmountForm& form) {
  const auto is_of_numbers = [](char c) {
    return is_digit(c) || is_sign(c) || c == 'e' || c == 'E';
  };
  if (is_of_numbers(form.decimal) || form.decimal < ' ' || form.decimal > '~') {
    return Status::invalid_argument(
               fmt::format("decimal: {} (allowed: an ASCII character that is no digit, sign or e)",
                           quoted_excerpt({&form.decimal, 1})))
        .with_hint(Option::kDecimal);
  }
  const auto continues_character = [](char c) { return (static_cast<unsigned char>(c) >> 6) == 2; };
  const auto characters = std::count_if(form.grouping.begin(), form.grouping.end(),
                                        [&](char c) { return !continues_character(c); });
  if (!form.grouping.empty() && (characters != 1 || is_of_numbers(form.grouping[0]))) {
    return Status::invalid_argument(
               fmt::format("grouping: {} (allowed: one character that is no digit, sign or e)",
                           quoted_excerpt(form.grouping)))
        .with_hint(Option::kGrouping);
  }
  if (form.grouping == std::string_view(&form.decimal, 1)) {
    return Status::invalid_argument(
               fmt::format("decimal and grouping: both are {} (allowed: two characters)",
                           quoted_excerpt(form.grouping)))
        .with_hint(OptionHint(Option::kDecimal).or_else(Option::kGrouping));
  }
  bool holds_number = form.currency.find_first_of("0123456789+-%<>~") != std::string::npos;
  for (const std::string_view sign :
       {"\u2212", "\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\uff0d", "\u2030"}) {
    holds_number = holds_number || form.currency.find(sign) != std::string::npos;
  }
  if (holds_number ||
      form.currency.find_first_not_of(" \t") == (form.currency.empty() ? 0 : std::string::npos)) {
    return Status::invalid_argument(fmt::format("currency: {} (allowed: a sign or a word)",
                                                quoted_excerpt(form.currency)))
        .with_hint(Option::kCurrency);
  }
  return {};
}

OptionHint amount_hint(std::string_view text) {
  constexpr std::pair<char, std::string_view> kForms[] = {
      {'.', ""},  {',', ""},       {'.', ","},      {',', "."}, {',', " "},
      {'.', " "}, {',', "\u00a0"}, {',', "\u202f"}, {'.', "'"}, {',', "'"}};
  const std::string_view currency = currency_in(text);
  if (!currency.empty() && !is_currency(currency)) return {};
  std::string_view sign;
  const std::string_view number = without_currency(text, currency, sign);
  OptionHint hint;
  for (const auto& [decimal, grouping] : kForms) {
    const AmountForm form = {decimal, std::string(grouping), std::string(currency), true};
    // A sign that does not occur says nothing about the form.
    const bool is_there = number.find(grouping) != std::string_view::npos &&
                          (decimal == '.' || number.find(decimal) != std::string_view::npos);
    Amount amount = 0;
    if (!is_there || !check_amount_form(form).ok() ||
        parse_amount(text, form, 0, amount) == AmountFault::kNotANumber) {
      continue;
    }
    // "1,234" may be one number or another.
    if (OptionHint::Way options = options_of(form); !options.empty()) {
      hint.ways.push_back(std::move(options));
    }
  }
  return hint;
}

AmountForm amount_form(const OptionHint::Way& options) {
  AmountForm form;
  for (const OptionValue& set : options) {
    if (set.option == Option::kDecimal && !set.value.empty()) form.decimal = set.value.front();
    if (set.option == Option::kGrouping) form.grouping = set.value;
    if (set.option == Option::kCurrency) form.currency = set.value;
  }
  return form;
}

std::string odd_amount_text(std::string_view text) {
  // Says whether it is an amount as it stands, or in a form of its own.
  const auto is_amount = [](std::string_view number) {
    Amount amount = 0;
    return parse_amount(number, 0, amount) != AmountFault::kNotANumber ||
           !amount_hint(number).empty();
  };
  const auto trimmed = [](std::string_view padded) {
    const std::size_t begin = padded.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return std::string_view();
    return padded.substr(begin, padded.find_last_not_of(" \t") + 1 - begin);
  };
  const auto odd = [](std::string_view what, std::string_view allowed) {
    return fmt::format("{}, which no option reads (allowed: {})", what, allowed);
  };
  text = trimmed(text);
  if (text.empty()) return {};
  const std::string_view before = trimmed(text.substr(0, text.size() - 1));
  if (text.ends_with('%') && is_amount(before)) {
    return odd("a percentage", before);
  }
  const bool is_signed = is_sign(before.empty() ? '-' : before.front());
  if (text.starts_with('(') && text.ends_with(')')) {
    const std::string_view within = trimmed(before.substr(1));
    if (!within.empty() && !is_sign(within.front()) && is_amount(within)) {
      return odd("an amount in parentheses", fmt::format("-{}", within));
    }
  }
  if (is_sign(text.back()) && !is_signed && is_amount(before)) {
    return odd("an amount with its sign behind it", fmt::format("{}{}", text.back(), before));
  }
  return {};
}

RejectKind kind_of(AmountFault fault) {
  switch (fault) {
    case AmountFault::kNone:
    case AmountFault::kNotANumber:
      break;
    case AmountFault::kTooManyDecimals:
      return RejectKind::kValueDecimals;
    case AmountFault::kOutOfRange:
      return RejectKind::kValueOutOfRange;
  }
  return RejectKind::kValueMalformed;
}

namespace {

std::string explain(AmountFault fault, std::string_view text, std::int64_t found_decimals,
                    std::uint32_t decimals) {
  switch (fault) {
    case AmountFault::kNone:
      break;
    case AmountFault::kNotANumber:
      return fmt::format("value: not a number: {} (allowed: decimals such as 12.50, -3 or 1e3)",
                         quoted_excerpt(text));
    case AmountFault::kTooManyDecimals:
      return fmt::format("value: {} has {} decimals, the store keeps {}", quoted_excerpt(text),
                         found_decimals, decimals);
    case AmountFault::kOutOfRange:
      return fmt::format("value: out of range: {} (allowed: below 2^63 at {} decimals)",
                         quoted_excerpt(text), decimals);
  }
  return "";
}

std::int64_t count_decimals(std::string_view plain) {
  Decimal decimal;
  parse_decimal(plain, decimal);
  return -decimal.exponent;
}

}  // namespace

std::string explain_amount_fault(AmountFault fault, std::string_view text, std::uint32_t decimals) {
  return explain(fault, text, count_decimals(text), decimals);
}

HintedText explain_amount_fault(AmountFault fault, std::string_view text, const AmountForm& form,
                                std::uint32_t decimals) {
  std::string plain;
  to_plain(text, form, plain);
  HintedText story = {explain(fault, text, count_decimals(plain), decimals),
                      hint_for(kind_of(fault))};
  if (fault != AmountFault::kNotANumber) return story;
  const OptionHint::Way options = options_of(form);
  if (!options.empty()) {
    story.text = fmt::format("value: not a number: {} (allowed: amounts such as 12{}50 or -3)",
                             quoted_excerpt(text), form.decimal);
  }
  story.hint = amount_hint(text);
  if (story.hint.ways == std::vector<OptionHint::Way>{options}) story.hint = {};
  Amount amount = 0;
  const bool is_plain = parse_plain(text, decimals, /*rounds=*/true, amount) == AmountFault::kNone;
  if (is_plain && form.decimal != '.') story.hint = {Option::kDecimal, "."};
  return story;
}

}  // namespace rollcall
