#include "tools/commands/option_kinds.h"

#include <cctype>
#include <charconv>
#include <limits>
#include <string_view>

namespace rollcall::tools {
namespace {

constexpr std::uint64_t kBytesBase = 1024;
constexpr std::uint64_t kCountBase = 1000;

// Returns the power that a unit stands for: 1 for "k", 2 for "M"; in bytes, "kB" and "KiB" count,
// too.
std::optional<int> power_of(std::string_view unit, bool bytes) {
  if (unit.empty()) return 0;
  const auto upper = [](char c) { return std::toupper(static_cast<unsigned char>(c)); };
  constexpr std::string_view kUnits = "KMGT";
  const std::size_t power = kUnits.find(static_cast<char>(upper(unit[0])));
  std::string_view rest = unit;
  if (power != std::string_view::npos) rest.remove_prefix(1);
  if (bytes && rest.size() == 2 && upper(rest[0]) == 'I' && power != std::string_view::npos) {
    rest.remove_prefix(1);
  }
  if (bytes && rest.size() == 1 && upper(rest[0]) == 'B') rest.remove_prefix(1);
  if (!rest.empty()) return std::nullopt;
  return power == std::string_view::npos ? 0 : static_cast<int>(power) + 1;
}

// Reads "50M" as 50 * base * base. The result is not set if it is no such number, 0, or too large.
std::optional<std::uint64_t> parse_scaled(std::string_view text, std::uint64_t base) {
  std::uint64_t amount = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, amount);
  if (error != std::errc() || amount == 0) return std::nullopt;
  const std::optional<int> power = power_of({rest, end}, base == kBytesBase);
  if (!power) return std::nullopt;
  for (int i = 0; i < *power; ++i) {
    if (amount > std::numeric_limits<std::uint64_t>::max() / base) return std::nullopt;
    amount *= base;
  }
  return amount;
}

// Reads "1.5", "10s" or "500ms". The result is not set if it is no such span, or longer than a
// year.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  constexpr std::pair<std::string_view, double> kUnits[] = {
      {"", 1e3}, {"ms", 1}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}};
  constexpr double kMax = 366.0 * 24 * 3600e3;
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (error != std::errc() || text.starts_with('-')) return std::nullopt;
  const std::string_view unit = text.substr(static_cast<std::size_t>(rest - text.data()));
  for (const auto& [name, factor] : kUnits) {
    if (unit != name || !(number * factor <= kMax)) continue;
    return std::chrono::milliseconds(static_cast<std::int64_t>(number * factor));
  }
  return std::nullopt;
}

template <class Number>
CLI::Option* add_scaled(CLI::App& command, const std::string& name, Number& value,
                        std::uint64_t base, const std::string& help, const std::string& min = "1",
                        const std::string& max = "") {
  const auto take = [&value, base, name, min, max](const std::string& given) {
    const std::optional<std::uint64_t> amount = parse_scaled(given, base);
    if (!amount) {
      throw CLI::ValidationError(
          name,
          fmt::format("{} (allowed: a number above 0, with K, M, G or T for powers of {}{})",
                      quoted_excerpt(given), base, base == kBytesBase ? ", as KB or KiB too" : ""));
    }
    if (*amount < parse_scaled(min, base)) {
      throw CLI::ValidationError(name, fmt::format("\"{}\" (allowed: {} or more)", given, min));
    }
    if (!max.empty() && *amount > parse_scaled(max, base)) {
      throw CLI::ValidationError(name, fmt::format("\"{}\" (allowed: up to {})", given, max));
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
    return fmt::format("{} (allowed: a whole number from {} to {})", quoted_excerpt(given), min,
                       max);
  };
  return CLI::Validator(check, "");
}

CLI::Option* add_size(CLI::App& command, const std::string& name, std::size_t& bytes,
                      const std::string& help, const std::string& min, const std::string& max) {
  return add_scaled(command, name, bytes, kBytesBase, help, min, max)->type_name("SIZE");
}

CLI::Option* add_duration(CLI::App& command, const std::string& name,
                          std::optional<std::chrono::milliseconds>& value, const std::string& help,
                          std::chrono::milliseconds least) {
  const auto take = [&value, name, least](const std::string& given) {
    value = parse_duration(given);
    if (value && *value < least) {
      throw CLI::ValidationError(
          name, fmt::format("{} (allowed: from {}ms)", quoted_excerpt(given), least.count()));
    }
    if (!value) {
      throw CLI::ValidationError(
          name, fmt::format("\"{}\" (allowed: seconds, or a number and ms, s, m or h, such as "
                            "1.5, 500ms or 2m)",
                            given));
    }
  };
  return command.add_option_function<std::string>(name, take, help)->type_name("SECONDS");
}

CLI::Option* add_count(CLI::App& command, const std::string& name, std::uint64_t& count,
                       const std::string& help) {
  return add_scaled(command, name, count, kCountBase, help)->type_name("N");
}

}  // namespace rollcall::tools
