#include "core/source/nearest_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace rollcall {
namespace {

char lower(char c) { return 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Optimal string alignment, row by row; `before` and `before_that` are the two rows above.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_that(b.size() + 1), before(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::swap(before_that, before);
    std::swap(before, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({before[j] + 1, row[j - 1] + 1, before[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                           lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before_that[j - 2] + 1);
    }
  }
  return row[b.size()];
}

}  // namespace

std::string nearest_name(std::string_view wanted, const std::vector<std::string>& names) {
  // A third of the letters may differ: "logni" is near "login", "ab" is not near "xy".
  std::size_t nearest_distance = wanted.size() / 3 + 2;
  std::string nearest;
  for (const std::string& name : names) {
    const std::size_t longer = std::max(name.size(), wanted.size());
    const std::size_t shorter = std::min(name.size(), wanted.size());
    if (longer - shorter >= nearest_distance) continue;
    const std::size_t distance = edit_distance(wanted, name);
    if (distance < nearest_distance && distance < longer) {
      nearest_distance = distance;
      nearest = name;
    }
  }
  return nearest;
}

std::string did_you_mean(std::string_view wanted, const std::vector<std::string>& names) {
  const std::string nearest = nearest_name(wanted, names);
  return nearest.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", nearest);
}

}  // namespace rollcall
