#include "rollcall/message_text.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <optional>

namespace rollcall {
namespace {

// Returns as much of `text` as a message repeats, and never half a character.
std::string_view beginning_of(std::string_view text) {
  constexpr std::size_t kBytesMax = 64;
  if (text.size() <= kBytesMax) return text;
  std::size_t size = kBytesMax;
  for (int step = 0; step < 3 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80; ++step) {
    --size;
  }
  return text.substr(0, size);
}

// A longer name is no slip of the hand, and comparing it would take long.
constexpr std::size_t kNameBytesMax = 256;

char lower(char c) { return 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// This is optimal string alignment, row by row; `before` and `before_that` are the two rows above.
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

std::vector<std::string> words_of(std::string_view flag) {
  std::vector<std::string> words;
  while (!flag.empty()) {
    const std::size_t end = std::min(flag.find('-'), flag.size());
    if (end > 0) words.emplace_back(flag.substr(0, end));
    flag.remove_prefix(std::min(end + 1, flag.size()));
  }
  return words;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : "-") + word;
  return text;
}

std::string in_order(std::vector<std::string> words) {
  std::sort(words.begin(), words.end());
  return joined(words);
}

// Returns whether each of them is a word of `all`, in full or abbreviated.
bool are_among(const std::vector<std::string>& words, const std::vector<std::string>& all) {
  return std::all_of(words.begin(), words.end(), [&](const std::string& word) {
    return std::any_of(all.begin(), all.end(),
                       [&](const std::string& other) { return other.starts_with(word); });
  });
}

// Says how far a flag is from what was wanted, where the least distance is the nearest. Slips of
// the hand are nearer than words that are left out, and these are nearer than words too many; among
// equals, a flag that begins alike is nearer. The distance is not set if the flag is too far.
using FlagDistance = std::array<std::size_t, 3>;

std::optional<FlagDistance> distance_of_flags(std::string_view wanted, std::string_view flag) {
  const std::vector<std::string> words = words_of(wanted), own = words_of(flag);
  const std::string text = joined(words), own_text = joined(own);
  if (text.empty() || own_text.empty()) return {};
  const std::size_t shorter = std::min(text.size(), own_text.size());
  const std::size_t slips =
      std::min(edit_distance(text, own_text), edit_distance(in_order(words), in_order(own)));
  if (slips <= std::max<std::size_t>(shorter / 3, 1) && slips < shorter) {
    return FlagDistance{0, slips, lower(text[0]) == lower(own_text[0]) ? 0U : 1U};
  }
  constexpr std::size_t kLettersMin = 3;  // fewer do not say which word was meant
  if (text.size() >= kLettersMin && are_among(words, own)) {
    if (own_text.starts_with(text)) return FlagDistance{1, 0, 0};
    return FlagDistance{1, 1, own_text.size()};
  }
  if (text.starts_with(own_text + "-")) return FlagDistance{2, 0, 0};
  return {};
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
  if (wanted.size() > kNameBytesMax) return {};
  // A third of the letters may differ: "logni" is near "login", but "ab" is not near "xy".
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

std::string nearest_flag(std::string_view wanted, const std::vector<std::string>& flags) {
  if (wanted.size() > kNameBytesMax) return {};
  std::optional<FlagDistance> nearest_distance;
  std::string nearest;
  for (const std::string& flag : flags) {
    const std::optional<FlagDistance> distance = distance_of_flags(wanted, flag);
    if (!distance || (nearest_distance && *distance >= *nearest_distance)) continue;
    nearest_distance = distance;
    nearest = flag;
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
