#include "core/query/text/instant_text.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>

#include "core/time/calendar.h"
#include "core/time/time_zone.h"

namespace rollcall {
namespace {

// Reads a text from left to right.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  bool next_is_digit() const { return !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; }

  // Takes one character if it is one of `choices`.
  std::optional<char> take_one_of(std::string_view choices) {
    if (rest_.empty() || choices.find(rest_[0]) == std::string_view::npos) return std::nullopt;
    const char taken = rest_[0];
    rest_.remove_prefix(1);
    return taken;
  }

  std::optional<std::string_view> take(std::size_t size) {
    if (rest_.size() < size) return std::nullopt;
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  // Takes two digits that make a number of at most `max`.
  std::optional<std::int64_t> take_two_digits(std::int64_t max) {
    std::int64_t number = 0;
    for (int i = 0; i < 2; ++i) {
      if (!next_is_digit()) return std::nullopt;
      number = number * 10 + (rest_[0] - '0');
      rest_.remove_prefix(1);
    }
    if (number > max) return std::nullopt;
    return number;
  }

  // Takes all the digits there are, the first of which are tenths of a second.
  std::int64_t take_fraction_us() {
    std::int64_t us = 0;
    for (std::int64_t unit_us = kUsPerSecond / 10; next_is_digit(); unit_us /= 10) {
      us += unit_us * (rest_[0] - '0');
      rest_.remove_prefix(1);
    }
    return us;
  }

 private:
  std::string_view rest_;
};

struct ScannedTime {
  LocalTime time;
  bool has_seconds = false;
};

// Takes a date and a time of day.
std::optional<ScannedTime> take_local_time(Scanner& scanner) {
  const auto date = scanner.take(10);
  const auto day = date ? parse_date(*date) : std::nullopt;
  if (!day || !scanner.take_one_of("Tt ")) return std::nullopt;

  const auto hours = scanner.take_two_digits(23);
  if (!hours || !scanner.take_one_of(":")) return std::nullopt;
  const auto minutes = scanner.take_two_digits(59);
  if (!minutes) return std::nullopt;
  ScannedTime scanned{
      .time = {.day = *day, .us_of_day = *hours * kUsPerHour + *minutes * kUsPerMinute},
      .has_seconds = scanner.take_one_of(":").has_value()};
  if (!scanned.has_seconds) return scanned;
  const auto seconds = scanner.take_two_digits(59);
  if (!seconds) return std::nullopt;
  scanned.time.us_of_day += *seconds * kUsPerSecond;
  if (scanner.take_one_of(".")) {
    if (!scanner.next_is_digit()) return std::nullopt;
    scanned.time.us_of_day += scanner.take_fraction_us();
  }
  return scanned;
}

}  // namespace

std::optional<InstantText> parse_instant(std::string_view text) {
  Scanner scanner(text);
  const auto time = take_local_time(scanner);
  if (!time || !time->has_seconds) return std::nullopt;
  InstantText instant{
      .day = time->time.day, .us_of_day = time->time.us_of_day, .offset_us = std::nullopt};

  if (scanner.done()) return instant;
  if (scanner.take_one_of("Zz")) {
    instant.offset_us = 0;
  } else if (const auto sign = scanner.take_one_of("+-")) {
    const auto offset_hours = scanner.take_two_digits(23);
    if (!offset_hours || !scanner.take_one_of(":")) return std::nullopt;
    const auto offset_minutes = scanner.take_two_digits(59);
    if (!offset_minutes) return std::nullopt;
    const std::int64_t offset_us = (*offset_hours * 60 + *offset_minutes) * 60 * kUsPerSecond;
    instant.offset_us = *sign == '-' ? -offset_us : offset_us;
  }
  if (!instant.offset_us || !scanner.done()) return std::nullopt;
  return instant;
}

std::optional<LocalTime> parse_local_time(std::string_view text) {
  Scanner scanner(text);
  const auto time = take_local_time(scanner);
  if (!time || !scanner.done()) return std::nullopt;
  return time->time;
}

std::string format_instant(TimeUs time) {
  const std::int64_t fraction_us = ((time % kUsPerSecond) + kUsPerSecond) % kUsPerSecond;
  std::string text = TimeZone().format(time - fraction_us);
  if (fraction_us != 0) text.insert(text.size() - 1, fmt::format(".{:06}", fraction_us));
  return text;
}

}  // namespace rollcall
