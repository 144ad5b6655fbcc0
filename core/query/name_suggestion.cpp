#include "core/query/name_suggestion.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "core/source/nearest_name.h"

namespace rollcall {

std::string unknown_name(std::string_view what, std::string_view name,
                         const std::vector<std::string>& allowed) {
  constexpr std::size_t kListedNamesMax = 20;
  const std::size_t listed = std::min(allowed.size(), kListedNamesMax);
  std::string text = fmt::format(
      "unknown {} \"{}\"{}, allowed: {}", what, name, did_you_mean(name, allowed),
      fmt::join(allowed.begin(), allowed.begin() + static_cast<std::ptrdiff_t>(listed), ", "));
  if (allowed.empty()) text += "none";
  if (listed < allowed.size()) text += fmt::format(", and {} more", allowed.size() - listed);
  return text;
}

}  // namespace rollcall
