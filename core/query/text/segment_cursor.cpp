#include "core/query/text/segment_cursor.h"

#include <fmt/format.h>

#include <algorithm>

#include "rollcall/message_text.h"

namespace rollcall {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

char lower(char c) { return 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Returns whether a character may be part of a name without quotes; anything beyond ASCII may.
bool is_plain(char c) {
  const bool letter = 'a' <= lower(c) && lower(c) <= 'z';
  const bool digit = '0' <= c && c <= '9';
  const bool ascii = static_cast<unsigned char>(c) < 0x80;
  return letter || digit || !ascii ||
         std::string_view("_-./:$+@").find(c) != std::string_view::npos;
}

}  // namespace

SegmentCursor::SegmentCursor(std::string_view text) : text_(text) { advance(0); }

void SegmentCursor::advance(std::size_t size) {
  at_ = std::min(text_.find_first_not_of(kBlanks, at_ + size), text_.size());
}

bool SegmentCursor::accept(std::string_view symbol) {
  if (!text_.substr(at_).starts_with(symbol)) return false;
  advance(symbol.size());
  return true;
}

bool SegmentCursor::accept_word(std::string_view lower_case) {
  if (!is_word(word(), lower_case)) return false;
  advance(lower_case.size());
  return true;
}

Status SegmentCursor::expect(std::string_view symbol, std::string_view allowed) {
  return accept(symbol) ? Status() : unexpected(allowed);
}

std::string_view SegmentCursor::word() const {
  const std::string_view rest = text_.substr(at_);
  const auto* const end = std::find_if_not(rest.begin(), rest.end(), is_plain);
  return rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
}

std::string_view SegmentCursor::take_word() {
  const std::string_view taken = word();
  advance(taken.size());
  return taken;
}

Status SegmentCursor::read_name(std::string_view allowed, std::string& out) {
  if (text_.substr(at_).starts_with('"')) return read_quoted(out);
  out = take_word();
  return out.empty() ? unexpected(allowed) : Status();
}

Status SegmentCursor::read_quoted(std::string& out) {
  std::size_t end = at_ + 1;
  for (; end < text_.size() && text_[end] != '"'; ++end) {
    if (text_[end] == '\\') {
      const std::string_view escape = text_.substr(end, 2);
      if (escape != R"(\")" && escape != R"(\\)") {
        return unexpected(R"(\" or \\ within a name in quotes)", escape);
      }
      ++end;
    }
    out += text_[end];
  }
  if (end == text_.size()) {
    return fault(text_.substr(at_), "a name in quotes must end with \", found the end");
  }
  advance(end + 1 - at_);
  return {};
}

Status SegmentCursor::read_object(std::string_view allowed, std::string_view& out) {
  const std::string_view rest = text_.substr(at_);
  if (!rest.starts_with('{')) return unexpected(allowed);
  std::size_t open = 0;
  bool is_quoted = false;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (is_quoted) {
      if (rest[i] == '\\') {
        ++i;  // what it escapes ends no string
      } else if (rest[i] == '"') {
        is_quoted = false;
      }
      continue;
    }
    if (rest[i] == '"') is_quoted = true;
    if (rest[i] == '{') ++open;
    if (rest[i] != '}' || --open != 0) continue;
    out = rest.substr(0, i + 1);
    advance(out.size());
    return {};
  }
  return fault(rest, "a JSON object must end with }, found the end");
}

std::string_view SegmentCursor::take_until(char end) {
  const std::string_view rest = text_.substr(at_);
  const std::string_view taken = rest.substr(0, rest.find(end));
  advance(taken.size());
  return without_blanks_around(taken);
}

Status SegmentCursor::unexpected(std::string_view allowed) const {
  return unexpected(allowed, word());
}

Status SegmentCursor::unexpected(std::string_view allowed, std::string_view part) const {
  if (part.empty()) part = text_.substr(offset_of(part), 1);
  return fault(part, fmt::format("must be {}, found {}", allowed,
                                 part.empty() ? "the end" : quoted_excerpt(part)));
}

Status SegmentCursor::fault(std::string_view part, std::string_view message) const {
  return Status::invalid_argument(fmt::format("column {}: {}", offset_of(part) + 1, message));
}

std::size_t SegmentCursor::offset_of(std::string_view part) const {
  return static_cast<std::size_t>(part.data() - text_.data());
}

bool is_word(std::string_view word, std::string_view lower_case) {
  return std::equal(word.begin(), word.end(), lower_case.begin(), lower_case.end(),
                    [](char a, char b) { return lower(a) == b; });
}

std::string_view without_blanks_around(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

std::string name_text(std::string_view name) {
  if (!name.empty() && std::all_of(name.begin(), name.end(), is_plain)) return std::string(name);
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace rollcall
