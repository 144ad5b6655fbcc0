// These draw numbers as pictures in a line of text: bars for series, shades for a matrix of rates,
// a gauge for a score, and stretches of time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rollcall::tools {

// Returns a bar of `value / maximum` times `width` columns, in eighths of a column: "██████▌". The
// bar is empty if the maximum is not positive.
std::string bar(double value, double maximum, std::size_t width);

// Returns a scale of `width` columns from `least` to `most` with a mark at the value, and a tick at
// 0 if that lies between: "├────┼──●─┤".
std::string gauge(double value, double least, double most, std::size_t width);

// Returns a stretch of a line of time of `width` columns, which stand for the time from 0 to
// `whole`: blanks, and `glyph` from `begin` to `end`, at least once.
std::string time_span(double begin, double end, double whole, std::string_view glyph,
                      std::size_t width);

// Returns the escape sequence that sets background and text colour for a rate between 0 and 1, from
// dark blue for none to bright yellow for all, in 256 colours.
std::string heat_color(double rate);
inline constexpr std::string_view kColorReset = "\x1b[0m";
inline constexpr std::string_view kColorBar = "\x1b[38;5;37m";
inline constexpr std::string_view kColorDim = "\x1b[2m";

// Returns the same without colours: one character from ' ' to '█'.
std::string_view heat_shade(double rate);

}  // namespace rollcall::tools
