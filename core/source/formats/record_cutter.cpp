#include "core/source/formats/record_cutter.h"

#include <cstring>

namespace rollcall {
namespace {

constexpr std::size_t kNone = kNowhere;
constexpr std::size_t kLineEndBytesMax = 2;  // "\r\n"

std::size_t find(std::string_view text, char c, std::size_t begin, std::size_t end) {
  if (begin >= end) return kNone;
  const void* found = std::memchr(text.data() + begin, c, end - begin);
  return found == nullptr ? kNone
                          : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

std::size_t find_last(std::string_view text, char c, std::size_t begin, std::size_t end) {
  if (begin >= end) return kNone;
  const void* found = ::memrchr(text.data() + begin, c, end - begin);
  return found == nullptr ? kNone
                          : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

// Finds the end of the quoted field that opens at `open`: the byte after its closing quote, or
// kNone if `text` ends before that is known.
std::size_t quoted_field_end(std::string_view text, std::size_t open) {
  std::size_t quote = find(text, '"', open + 1, text.size());
  while (quote != kNone) {
    if (quote + 1 == text.size()) return kNone;
    if (text[quote + 1] != '"') return quote + 1;
    quote = find(text, '"', quote + 2, text.size());
  }
  return kNone;
}

// Finds the next field of `line` that begins with a quote, or kNone if there is none; `field` is
// the beginning of one that does not.
std::size_t next_quoted_field(std::string_view line, std::size_t field,
                              std::string_view delimiter) {
  if (delimiter.size() == 1) {
    std::size_t quote = find(line, '"', field, line.size());
    while (quote != kNone && line[quote - 1] != delimiter[0]) {
      quote = find(line, '"', quote + 1, line.size());
    }
    return quote;
  }
  // Bytes before a quote that look like a delimiter may be none, because delimiters do not overlap.
  while (find(line, '"', field, line.size()) != kNone) {
    const std::size_t next = line.find(delimiter, field);
    if (next == kNone) return kNone;
    field = next + delimiter.size();
    if (field < line.size() && line[field] == '"') return field;
  }
  return kNone;
}

struct RecordEnd {
  std::size_t at = kNone;
  bool is_bad = false;
  bool too_long = false;  // bad, as it has more bytes than a record may have
};

// Returns the end of the record at `begin`, or of its first line if it is bad: the byte after a
// line end, or kNone if `text` ends before that is known.
RecordEnd record_end(std::string_view text, std::size_t begin, const RecordSyntax& syntax) {
  const std::size_t first_line_end = find(text, '\n', begin, text.size());
  if (first_line_end == kNone) return {};
  if (syntax.is_comment(text.substr(begin))) return {first_line_end + 1};
  const std::string_view delimiter = syntax.delimiter;
  const auto unfinished = [&] {
    const bool too_long = text.size() - begin > syntax.line_bytes_max + kLineEndBytesMax;
    return too_long ? RecordEnd{first_line_end + 1, /*is_bad=*/true, /*too_long=*/true}
                    : RecordEnd();
  };
  std::size_t field = begin;
  std::size_t line_end = first_line_end;  // the first one at or after `field`
  for (;;) {
    if (text[field] == '"') {
      const std::size_t after = quoted_field_end(text, field);
      if (after == kNone) return unfinished();
      const std::string_view rest = text.substr(after);
      if (rest.size() < delimiter.size() && delimiter.starts_with(rest)) return unfinished();
      if (rest.starts_with(delimiter)) {
        field = after + delimiter.size();
        line_end = find(text, '\n', field, text.size());
        if (line_end == kNone) return unfinished();
        continue;
      }
      const bool carriage_return = text[after] == '\r';
      if (carriage_return && after + 1 == text.size()) return unfinished();
      line_end = after + (carriage_return ? 1 : 0);
      if (text[line_end] != '\n') return {first_line_end + 1, true};
      break;
    }
    field = next_quoted_field(text.substr(0, line_end), field, delimiter);
    if (field == kNone) break;
  }
  const std::size_t end = line_end - (line_end > begin && text[line_end - 1] == '\r' ? 1 : 0);
  const bool too_long = end - begin > syntax.line_bytes_max;
  return {(too_long ? first_line_end : line_end) + 1, too_long, too_long};
}

// Says whether `text` begins with a bad line, of `size` bytes, that may be a part of a longer
// record. How much more of the text is there does not decide it.
bool goes_on(std::string_view text, std::size_t size, const RecordSyntax& syntax) {
  const bool carriage_return = size > 1 && text[size - 2] == '\r';
  if (size - (carriage_return ? 2 : 1) <= syntax.line_bytes_max) return is_cut_short(text, syntax);
  LongRecord line(syntax);
  line.begin();
  line.follow(text.substr(0, size));
  return line.is_open();
}

}  // namespace

std::size_t whole_records_size(std::string_view text, const RecordSyntax& syntax,
                               std::size_t* cut_short) {
  if (cut_short != nullptr) *cut_short = kNowhere;
  std::size_t begin = 0;
  while (syntax.quotes == QuoteRule::kFields) {
    const std::size_t quote = find(text, '"', begin, text.size());
    if (quote == kNone) break;
    // Each line before the one with the quote is a record.
    const std::size_t line_end = find_last(text, '\n', begin, quote);
    if (line_end != kNone) begin = line_end + 1;
    const RecordEnd end = record_end(text, begin, syntax);
    if (end.at == kNone) return begin;
    if (end.is_bad && cut_short != nullptr && *cut_short == kNowhere &&
        goes_on(text.substr(begin), end.at - begin, syntax)) {
      *cut_short = begin;
    }
    begin = end.at;
  }
  const std::size_t line_end = find_last(text, '\n', begin, text.size());
  return line_end == kNone ? begin : line_end + 1;
}

bool is_cut_short(std::string_view text, const RecordSyntax& syntax) {
  if (syntax.quotes != QuoteRule::kFields) return false;
  // This much decides it, and no more is sure to have been read.
  const std::size_t enough = syntax.line_bytes_max + kLineEndBytesMax + 1;
  return record_end(text.substr(0, enough), 0, syntax).too_long;
}

void LongRecord::begin() {
  place_ = Place::kField;
  is_record_ = true;
  seen_.clear();
}

std::size_t LongRecord::follow(std::string_view lines) {
  std::size_t line = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    place_ = next(lines[i]);
    if (place_ == Place::kNone) return is_record_ ? i + 1 : line;
    if (lines[i] == '\n') line = i + 1;
  }
  return lines.size();
}

LongRecord::Place LongRecord::next(char c) {
  switch (place_) {
    case Place::kField:
      if (c == '"') return Place::kQuotes;
      [[fallthrough]];
    case Place::kText:
      if (c == '\n') return Place::kNone;
      seen_ += c;
      if (seen_.ends_with(syntax_.delimiter)) {
        seen_.clear();
        return Place::kField;
      }
      if (seen_.size() >= syntax_.delimiter.size()) seen_.erase(0, 1);
      return Place::kText;
    case Place::kQuotes:
      return c == '"' ? Place::kQuote : Place::kQuotes;
    case Place::kQuote:
      if (c == '"') return Place::kQuotes;
      [[fallthrough]];
    case Place::kAfterQuotes:
      seen_ += c;
      if (seen_ == "\n" || seen_ == "\r\n") return Place::kNone;
      if (seen_ == syntax_.delimiter) {
        seen_.clear();
        return Place::kField;
      }
      is_record_ = seen_ == "\r" || syntax_.delimiter.starts_with(seen_);
      return is_record_ ? Place::kAfterQuotes : Place::kNone;
    case Place::kNone:
      break;
  }
  return place_;
}

}  // namespace rollcall
