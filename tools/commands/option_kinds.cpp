#include "tools/commands/option_kinds.h"

#include <cctype>
#include <charconv>
#include <limits>
#include <string_view>

namespace rollcall::tools {
namespace {

// "50M" as 50 * base * base; unset when it is no such number, 0, or too large.
std::optional<std::uint64_t> parse_scaled(std::string_view text, std::uint64_t base) {
  constexpr std::string_view kUnits = "KMGT";
  std::uint64_t amount = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, amount);
  if (error != std::errc() || amount == 0 || end - rest > 1) return std::nullopt;
  if (rest == end) return amount;
  const auto unit = kUnits.find(static_cast<char>(std::toupper(static_cast<unsigned char>(*rest))));
  if (unit == std::string_view::npos) return std::nullopt;
  for (std::size_t i = 0; i <= unit; ++i) {
    if (amount > std::numeric_limits<std::uint64_t>::max() / base) return std::nullopt;
    amount *= base;
  }
  return amount;
}

template <class Number>
CLI::Option* add_scaled(CLI::App& command, const std::string& name, Number& value,
                        std::uint64_t base, const std::string& help, const std::string& min = "1") {
  const auto take = [&value, base, name, min](const std::string& given) {
    const std::optional<std::uint64_t> amount = parse_scaled(given, base);
    if (!amount) {
      throw CLI::ValidationError(
          name,
          fmt::format("\"{}\" (allowed: a number above 0, with K, M, G or T for powers of {})",
                      given, base));
    }
    if (*amount < parse_scaled(min, base)) {
      throw CLI::ValidationError(name, fmt::format("\"{}\" (allowed: {} or more)", given, min));
    }
    value = *amount;
  };
  return command.add_option_function<std::string>(name, take, help);
}

}  // namespace

CLI::Option* add_choice(CLI::App& command, const std::string& name,
                        std::optional<std::string>& value, const std::vector<std::string>& words,
                        const std::string& help) {
  std::vector<std::pair<std::string, std::optional<std::string>>> choices;
  for (const std::string& word : words) choices.emplace_back(word, word);
  return add_choice(command, name, value, choices, help);
}

CLI::Validator whole_number(std::int64_t min, std::int64_t max) {
  const auto check = [min, max](const std::string& given) -> std::string {
    std::int64_t number = 0;
    const char* const end = given.data() + given.size();
    const auto [rest, error] = std::from_chars(given.data(), end, number);
    if (error == std::errc() && rest == end && min <= number && number <= max) return {};
    return fmt::format("\"{}\" (allowed: a whole number from {} to {})", given, min, max);
  };
  return CLI::Validator(check, "");
}

CLI::Option* add_size(CLI::App& command, const std::string& name, std::size_t& bytes,
                      const std::string& help, const std::string& min) {
  return add_scaled(command, name, bytes, 1024, help, min)->type_name("SIZE");
}

CLI::Option* add_count(CLI::App& command, const std::string& name, std::uint64_t& count,
                       const std::string& help) {
  return add_scaled(command, name, count, 1000, help)->type_name("N");
}

}  // namespace rollcall::tools
