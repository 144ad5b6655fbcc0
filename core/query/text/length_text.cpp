#include "core/query/text/length_text.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <system_error>

namespace rollcall {
namespace {

struct LengthUnit {
  char letter;
  std::int64_t us;
};
constexpr std::int64_t kSecond = 1'000'000;
// The units are listed from the largest. Weeks are read and not written, because days are what
// people compare.
constexpr std::array<LengthUnit, 5> kLengthUnits = {{{'w', 7 * 86'400 * kSecond},
                                                     {'d', 86'400 * kSecond},
                                                     {'h', 3'600 * kSecond},
                                                     {'m', 60 * kSecond},
                                                     {'s', kSecond}}};
constexpr std::int64_t kMost = std::int64_t{36'600} * 86'400 * kSecond;

}  // namespace

std::optional<Length> parse_length(std::string_view text) {
  if (text.size() < 2) return {};
  const char* const end = text.data() + text.size() - 1;
  std::int64_t count = 0;
  const auto [rest, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc() || rest != end || text.front() == '-') return {};
  for (const LengthUnit& unit : kLengthUnits) {
    if (unit.letter != text.back()) continue;
    if (count > kMost / unit.us) return {};
    return Length{count * unit.us};
  }
  return {};
}

std::string to_string(Length length) {
  for (const LengthUnit& unit : kLengthUnits) {
    if (unit.letter != 'w' && length.us != 0 && length.us % unit.us == 0) {
      return fmt::format("{}{}", length.us / unit.us, unit.letter);
    }
  }
  return fmt::format("{}s", length.us / kSecond);
}

}  // namespace rollcall
