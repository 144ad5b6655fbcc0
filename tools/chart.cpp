#include "tools/chart.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

namespace rollcall::tools {
namespace {

constexpr std::array<std::string_view, 9> kEighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};
constexpr std::array<std::string_view, 5> kShades = {" ", "░", "▒", "▓", "█"};

// These are steps of the viridis palette in the 256-colour cube, from dark to bright; text is white
// up to the step where black reads better.
constexpr std::array<int, 10> kHeat = {17, 18, 24, 30, 36, 35, 71, 107, 149, 190};
constexpr std::size_t kFirstBright = 4;

// Returns which of `count` equal steps a rate falls in. Rates shrink fast from one period to the
// next, so a square root spreads the low ones, where most of the matrix lies.
std::size_t step_of(double rate, std::size_t count) {
  const double position = std::sqrt(std::clamp(rate, 0.0, 1.0)) * static_cast<double>(count);
  return std::min(static_cast<std::size_t>(position), count - 1);
}

}  // namespace

std::string bar(double value, double maximum, std::size_t width) {
  if (!(maximum > 0) || !(value > 0)) return {};
  const double columns = std::min(value / maximum, 1.0) * static_cast<double>(width);
  const auto eighths = static_cast<std::size_t>(std::lround(columns * 8));
  std::string text;
  for (std::size_t i = 0; i < eighths / 8; ++i) text += kEighths.back();
  text += kEighths[eighths % 8];
  return text;
}

std::string gauge(double value, double least, double most, std::size_t width) {
  if (!(least < most) || width < 2 || std::isnan(value)) return {};
  const auto column_of = [&](double number) {
    const double share = (std::clamp(number, least, most) - least) / (most - least);
    return static_cast<std::size_t>(std::lround(share * static_cast<double>(width - 1)));
  };
  const bool has_zero = least < 0 && most > 0;
  std::string text;
  for (std::size_t column = 0; column < width; ++column) {
    if (column == column_of(value)) {
      text += "●";
    } else if (has_zero && column == column_of(0)) {
      text += "┼";
    } else {
      text += column == 0 ? "├" : column + 1 == width ? "┤" : "─";
    }
  }
  return text;
}

std::string time_span(double begin, double end, double whole, std::string_view glyph,
                      std::size_t width) {
  const auto column_of = [&](double time) {
    const double share = whole > 0 ? std::clamp(time / whole, 0.0, 1.0) : 0;
    return static_cast<std::size_t>(std::lround(share * static_cast<double>(width)));
  };
  const std::size_t first = std::min(column_of(begin), width - 1);
  const std::size_t last = std::max(column_of(end), first + 1);
  std::string text(first, ' ');
  for (std::size_t column = first; column < last; ++column) text += glyph;
  return text;
}

std::string heat_color(double rate) {
  const std::size_t step = step_of(rate, kHeat.size());
  return fmt::format("\x1b[48;5;{};38;5;{}m", kHeat[step], step < kFirstBright ? 231 : 16);
}

std::string_view heat_shade(double rate) {
  return rate <= 0 ? kShades.front() : kShades[step_of(rate, kShades.size())];
}

}  // namespace rollcall::tools
