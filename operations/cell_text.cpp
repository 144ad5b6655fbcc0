#include "rollcall/cell_text.h"

#include <fmt/format.h>

#include <cstdint>
#include <variant>

#include "rollcall/matrix.h"

namespace rollcall {
namespace {

// Writes it in its two largest units: "2d 1h", "12m 5s", "3.25s".
std::string duration_text(double seconds) {
  constexpr double kMinute = 60, kHour = 3600, kDay = 86'400;
  const auto whole = [](double number) { return static_cast<std::int64_t>(number); };
  if (seconds < kMinute) return fmt::format("{:.2f}s", seconds);
  if (seconds < kHour) {
    return fmt::format("{}m {}s", whole(seconds / kMinute), whole(seconds) % 60);
  }
  if (seconds < kDay) {
    return fmt::format("{}h {}m", whole(seconds / kHour), whole(seconds / kMinute) % 60);
  }
  return fmt::format("{}d {}h", whole(seconds / kDay), whole(seconds / kHour) % 24);
}

}  // namespace

std::string plain_text(const Cell& cell) {
  struct Visitor {
    std::string operator()(std::monostate) const { return {}; }
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(std::int64_t value) const { return fmt::format("{}", value); }
    std::string operator()(double value) const { return fmt::format("{}", value); }
    std::string operator()(Day value) const { return to_string(value); }
    std::string operator()(const ZonedTime& value) const { return to_string(value); }
    std::string operator()(const std::string& value) const { return value; }
  };
  return std::visit(Visitor(), cell);
}

std::string shown_text(const Cell& cell, std::string_view kind, std::string_view column) {
  if (std::holds_alternative<std::monostate>(cell)) return "-";
  if (const auto* ratio = std::get_if<double>(&cell)) {
    if (is_duration(column)) return duration_text(*ratio);
    if (is_statistic(kind, column)) return fmt::format("{:.4f}", *ratio);
    return is_share(kind, column) ? fmt::format("{:.1f}%", *ratio * 100)
                                  : fmt::format("{:.2f}", *ratio);
  }
  if (const auto* yes = std::get_if<bool>(&cell)) return *yes ? "yes" : "no";
  return plain_text(cell);
}

}  // namespace rollcall
