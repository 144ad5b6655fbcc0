#include "rollcall/message_text.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace rollcall {
namespace {

// Of what `text` says, as much as a message repeats, and no character of it by half.
std::string_view beginning_of(std::string_view text) {
  constexpr std::size_t kBytesMax = 64;
  if (text.size() <= kBytesMax) return text;
  std::size_t size = kBytesMax;
  for (int step = 0; step < 3 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80; ++step) {
    --size;
  }
  return text.substr(0, size);
}

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

std::string quoted_excerpt(std::string_view text) {
  const std::string_view shown = beginning_of(text);
  const bool utf8 = simdjson::validate_utf8(shown.data(), shown.size());
  std::string out = "\"";
  for (const char c : shown) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += c;
    } else if (byte == '\t') {
      out += "\\t";
    } else if (byte == '\n') {
      out += "\\n";
    } else if (byte == '\r') {
      out += "\\r";
    } else if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !utf8)) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  out += shown.size() < text.size() ? "\"..." : "\"";
  return out;
}

std::string excerpt(std::string_view text) {
  const std::string_view shown = beginning_of(text);
  return shown.size() < text.size() ? std::string(shown) + "..." : std::string(shown);
}

std::string nearest_name(std::string_view wanted, const std::vector<std::string>& names) {
  // What is as long as that is no slip of the hand, and would take its time.
  constexpr std::size_t kBytesMax = 256;
  if (wanted.size() > kBytesMax) return {};
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
  return nearest.empty() ? "" : fmt::format(" (did you mean {}?)", quoted_excerpt(nearest));
}

std::string excerpts(const std::vector<std::string>& names) {
  constexpr std::size_t kListedMax = 20;
  const std::size_t listed = std::min(names.size(), kListedMax);
  std::string text;
  for (std::size_t i = 0; i < listed; ++i) text += (i > 0 ? ", " : "") + excerpt(names[i]);
  if (listed < names.size()) text += fmt::format(", and {} more", names.size() - listed);
  return names.empty() ? "none" : text;
}

std::string unknown_name(std::string_view what, std::string_view name,
                         const std::vector<std::string>& allowed) {
  return fmt::format("unknown {} {}{}, allowed: {}", what, quoted_excerpt(name),
                     did_you_mean(name, allowed), excerpts(allowed));
}

}  // namespace rollcall
