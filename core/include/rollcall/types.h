// These are the basic types that every other header uses: days, users, amounts.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace rollcall {

// Counts commits from 1. Zero means that it was never written.
using Epoch = std::uint64_t;

// A day is a civil date in the store's time zone, as days since 1970-01-01: from -719162
// (0001-01-01) to 2932896 (9999-12-31). Differences are taken between dates, never between
// instants, so that a day of 23 or 25 hours is one day.
struct Day {
  std::int32_t value = 0;

  friend constexpr auto operator<=>(Day, Day) = default;
  friend constexpr Day operator+(Day day, std::int32_t days) { return {day.value + days}; }
  friend constexpr Day operator-(Day day, std::int32_t days) { return {day.value - days}; }
  friend constexpr std::int32_t operator-(Day a, Day b) { return a.value - b.value; }
};

inline constexpr Day kDayMin{-719162};  // 0001-01-01
inline constexpr Day kDayMax{2932896};  // 9999-12-31

// Holds the days from `first` to `last`, both included; it is empty when last < first.
struct DayRange {
  Day first{0};
  Day last{-1};

  friend constexpr bool operator==(DayRange, DayRange) = default;
  constexpr bool empty() const { return last < first; }
  constexpr bool contains(Day day) const { return first <= day && day <= last; }
  constexpr std::int32_t size() const { return empty() ? 0 : last - first + 1; }
};

// Counts microseconds since 1970-01-01T00:00:00Z.
using TimeUs = std::int64_t;

// Is an instant as local clocks show it.
struct ZonedTime {
  TimeUs time = 0;
  std::optional<std::int32_t> offset_minutes;  // ahead of UTC; unset: the zone is UTC

  friend auto operator<=>(const ZonedTime&, const ZonedTime&) = default;
};

// Is an amount times 10^StoreSettings::value_decimals. Sums need 128 bits to stay exact.
using Amount = std::int64_t;
__extension__ using AmountSum = __int128;

// This is the kind of a store's user ids. Each store has one kind, chosen when the store is made.
enum class UserKind : std::uint8_t { kInteger, kString };

// A user id is an unsigned 64-bit integer or a UTF-8 string, compared exactly.
using UserId = std::variant<std::uint64_t, std::string>;

enum class WeekStart : std::uint8_t { kMonday, kSunday };

}  // namespace rollcall
