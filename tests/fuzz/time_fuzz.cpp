// Times: what is understood is in range, and is understood alike when it is written out.

#include <array>
#include <optional>
#include <string>

#include "core/source/values/time_parser.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rollcall;
  static const std::array<TimeZone, 3> kZones = {*TimeZone::find("UTC"),
                                                 *TimeZone::find("Europe/London"),
                                                 *TimeZone::find("Australia/Lord_Howe")};
  std::string_view input = fuzz::as_text(data, size);
  const unsigned choice = fuzz::take_choice(input);
  const TimeZone& zone = kZones[choice % kZones.size()];
  std::optional<std::string> format;
  if (choice % 7 == 0) {
    const std::size_t end = input.find('\n');
    format = input.substr(0, end);
    input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
    if (!TimeParser::check_format(*format).ok()) return 0;
  }
  TimeParser parser(zone, static_cast<TimeUnit>(choice / 3 % 7), format);
  ParsedTime first;
  const TimeFault fault = parser.parse(input, first);
  if (fault != TimeFault::kNone) {
    fuzz::require(parser.explain(fault, input).text.size() < 2 * input.size() + 500,
                  "a long story");
    return 0;
  }
  fuzz::require(kTimeMin <= first.time && first.time <= kTimeMax, "a time out of range");
  // The parser remembers days that it has seen.
  ParsedTime again;
  fuzz::require(parser.parse(input, again) == TimeFault::kNone && again.time == first.time,
                "it depends on what came before");
  constexpr TimeUs kSecond = 1'000'000;
  const TimeUs whole = first.time - ((first.time % kSecond) + kSecond) % kSecond;
  TimeParser standard(zone, TimeUnit::kGuess, std::nullopt);
  ParsedTime written;
  fuzz::require(
      standard.parse(zone.format(whole), written) == TimeFault::kNone && written.time == whole,
      "not read back: " + zone.format(whole));
  return 0;
}
