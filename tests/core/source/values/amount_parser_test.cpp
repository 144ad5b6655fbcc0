#include "core/source/values/amount_parser.h"

#include <gtest/gtest.h>

#include <limits>
#include <optional>
#include <random>
#include <string>

namespace rollcall {
namespace {

constexpr Amount kMax = std::numeric_limits<Amount>::max();
constexpr Amount kMin = std::numeric_limits<Amount>::min();

std::optional<Amount> parsed(std::string_view text, std::uint32_t decimals) {
  Amount amount = 0;
  if (parse_amount(text, decimals, amount) != AmountFault::kNone) return {};
  return amount;
}

AmountFault fault(std::string_view text, std::uint32_t decimals) {
  Amount amount = 0;
  return parse_amount(text, decimals, amount);
}

TEST(AmountParser, ReadsDecimalsExactly) {
  EXPECT_EQ(parsed("0", 6), 0);
  EXPECT_EQ(parsed("-0.00", 6), 0);
  EXPECT_EQ(parsed("2.55", 6), 2'550'000);
  EXPECT_EQ(parsed("-11062.06", 2), -1'106'206);
  EXPECT_EQ(parsed("+3", 0), 3);
  EXPECT_EQ(parsed(".5", 1), 5);
  EXPECT_EQ(parsed("5.", 1), 50);
  EXPECT_EQ(parsed("007", 0), 7);
  EXPECT_EQ(parsed("0.1", 12), 100'000'000'000);
  EXPECT_EQ(parsed("1.5000000000000000000000000000000000000000000000000", 1), 15);
  EXPECT_EQ(parsed("0000000000000000000000000000000000000000000000000001", 0), 1);
}

TEST(AmountParser, ReadsExponentsThatAreExact) {
  EXPECT_EQ(parsed("1e3", 2), 100'000);
  EXPECT_EQ(parsed("2.5E-1", 2), 25);
  EXPECT_EQ(parsed("1200e-2", 0), 12);
  EXPECT_EQ(parsed("0e999999999999999999999", 6), 0);
  EXPECT_EQ(fault("1e-3", 2), AmountFault::kTooManyDecimals);
  EXPECT_EQ(fault("1e999999999999999999999", 2), AmountFault::kOutOfRange);
  EXPECT_EQ(fault("1e-999999999999999999999", 2), AmountFault::kTooManyDecimals);
}

TEST(AmountParser, NeverRounds) {
  EXPECT_EQ(parsed("1.00000000", 6), 1'000'000);
  EXPECT_EQ(fault("1.00000001", 6), AmountFault::kTooManyDecimals);
  EXPECT_EQ(explain_amount_fault(AmountFault::kTooManyDecimals, "1.00000001", 6),
            "value: \"1.00000001\" has 8 decimals, the store keeps 6");
}

TEST(AmountParser, KnowsTheEndsOfItsRange) {
  EXPECT_EQ(parsed("9223372036854775807", 0), kMax);
  EXPECT_EQ(parsed("-9223372036854775808", 0), kMin);
  EXPECT_EQ(parsed("9223372036854.775807", 6), kMax);
  EXPECT_EQ(parsed("-9223372036854.775808", 6), kMin);
  EXPECT_EQ(fault("9223372036854775808", 0), AmountFault::kOutOfRange);
  EXPECT_EQ(fault("-9223372036854775809", 0), AmountFault::kOutOfRange);
  EXPECT_EQ(fault("9223372036855", 6), AmountFault::kOutOfRange);
  EXPECT_EQ(fault("99999999999999999999999999999999999999999999", 0), AmountFault::kOutOfRange);
  EXPECT_EQ(fault("340282366920938463463374607431768211456", 0), AmountFault::kOutOfRange);
}

TEST(AmountParser, RefusesWhatIsNoNumber) {
  for (const char* text :
       {"",   "-",   "+",  ".",    "-.",  "abc", "1,234.50", "$5", "5 EUR", "1.2.3", "--1",
        "1e", "1e+", "e5", "0x10", "NaN", "inf", "1 ",       " 1", "1e5.0", "١"}) {
    EXPECT_EQ(fault(text, 6), AmountFault::kNotANumber) << text;
  }
}

// Writes random amounts in all the ways they can be written.
TEST(AmountParser, AgreesWithHowAmountsAreWritten) {
  for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
    std::mt19937_64 random(seed);
    const std::uint32_t decimals = static_cast<std::uint32_t>(random() % 13);
    const Amount amount = static_cast<Amount>(random()) >> (random() % 64);
    std::string digits = std::to_string(amount);
    std::string sign;
    if (digits[0] == '-') {
      sign = "-";
      digits.erase(0, 1);
    } else if (random() % 4 == 0) {
      sign = "+";
    }
    const std::size_t shift = random() % 5;  // as an exponent
    const std::size_t fraction = decimals + shift;
    if (digits.size() <= fraction) digits.insert(0, fraction + 1 - digits.size(), '0');
    digits.insert(digits.size() - fraction, ".");
    digits.append(random() % 30, '0');
    digits.insert(0, random() % 30, '0');
    if (shift > 0 || random() % 8 == 0) digits += "e" + std::to_string(shift);
    SCOPED_TRACE(::testing::Message() << "seed=" << seed << " text=" << sign + digits);
    ASSERT_EQ(parsed(sign + digits, decimals), amount);
  }
}

}  // namespace
}  // namespace rollcall
