#include "core/source/formats/delimited_reader.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <utility>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace rollcall {
namespace {

// Stands in the place of a line end before the block: the byte after it is the block's first.
constexpr std::uint32_t kBeforeBlock = ~std::uint32_t{0};

bool is_blank(char c) { return c == ' ' || c == '\t'; }

// Bit i says that bytes[i] is one of the three.
std::uint64_t match_64(const char* bytes, char a, char b, char c) {
  std::uint64_t mask = 0;
#if defined(__SSE2__)
  const __m128i as = _mm_set1_epi8(a), bs = _mm_set1_epi8(b), cs = _mm_set1_epi8(c);
  for (int i = 0; i < 4; ++i) {
    const __m128i chunk = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + 16 * i));
    const __m128i hits =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(chunk, as), _mm_cmpeq_epi8(chunk, bs)),
                     _mm_cmpeq_epi8(chunk, cs));
    mask |= std::uint64_t{static_cast<std::uint32_t>(_mm_movemask_epi8(hits))} << (16 * i);
  }
#else
  for (int i = 0; i < 64; ++i) {
    const bool hit = bytes[i] == a || bytes[i] == b || bytes[i] == c;
    mask |= std::uint64_t{hit} << i;
  }
#endif
  return mask;
}

}  // namespace

DelimitedReader::DelimitedReader(const RecordSyntax& syntax, std::size_t column_count,
                                 std::vector<std::uint32_t> columns)
    : syntax_(syntax), column_count_(column_count), columns_(std::move(columns)) {}

void DelimitedReader::start(std::string_view block) {
  block_ = block;
  cursor_ = 1;
  position_ = 0;
  arena_.clear();
  if (syntax_.delimiter != " ") index_structure();
}

// Finds all bytes that mean anything, 64 at a time.
void DelimitedReader::index_structure() {
  const bool quotes =
      syntax_.quotes != QuoteRule::kText && block_.find('"') != std::string_view::npos;
  const char quote = quotes ? '"' : '\n';
  const char* const bytes = block_.data();
  const char delimiter = syntax_.delimiter.front();
  if (structure_.empty()) structure_.push_back(kBeforeBlock);
  structure_size_ = 1;
  const auto add = [&](std::uint64_t mask, std::size_t base) {
    if (structure_.size() < structure_size_ + 64) structure_.resize(2 * structure_size_ + 4096);
    std::uint32_t* const begin = structure_.data() + structure_size_;
    std::uint32_t* out = begin;
    for (; mask != 0; mask &= mask - 1) {
      *out++ =
          static_cast<std::uint32_t>(base) + static_cast<std::uint32_t>(std::countr_zero(mask));
    }
    structure_size_ += static_cast<std::size_t>(out - begin);
  };
  std::size_t i = 0;
  for (; i + 64 <= block_.size(); i += 64) {
    add(match_64(bytes + i, delimiter, '\n', quote), i);
  }
  if (i < block_.size()) {
    char rest[64] = {};
    std::memcpy(rest, bytes + i, block_.size() - i);
    const std::uint64_t within = ~std::uint64_t{0} >> (64 - (block_.size() - i));
    add(match_64(rest, delimiter, '\n', quote) & within, i);
  }
  if (syntax_.delimiter.size() > 1) drop_partial_delimiters();
}

void DelimitedReader::drop_partial_delimiters() {
  std::size_t kept = 1;
  std::size_t delimiter_end = 0;  // of the last one
  for (std::size_t i = 1; i < structure_size_; ++i) {
    const std::size_t at = structure_[i];
    if (block_[at] == syntax_.delimiter.front()) {
      if (at < delimiter_end || !block_.substr(at).starts_with(syntax_.delimiter)) continue;
      delimiter_end = at + syntax_.delimiter.size();
    }
    structure_[kept++] = structure_[i];
  }
  structure_size_ = kept;
}

void DelimitedReader::skip_line() {
  const std::size_t line_end = block_.find('\n', position_);
  position_ = line_end + 1;
  while (cursor_ < structure_size_ && structure_[cursor_] <= line_end) ++cursor_;
}

bool DelimitedReader::next(Row& row) {
  row.fault.reset();
  return syntax_.delimiter == " " ? next_blank_separated(row) : next_quoted_or_plain(row);
}

void DelimitedReader::skip_empty_lines() {
  const char* const bytes = block_.data();
  while (position_ < block_.size()) {
    if (syntax_.is_comment(block_.substr(position_))) {
      skip_line();
      continue;
    }
    const bool carriage_return = bytes[position_] == '\r' && bytes[position_ + 1] == '\n';
    if (!carriage_return && bytes[position_] != '\n') return;
    position_ += carriage_return ? 2 : 1;
    ++cursor_;
  }
}

std::string_view DelimitedReader::unescaped(std::string_view text) {
  char* const bytes = arena_.allocate(text.size());
  std::size_t size = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    bytes[size++] = text[i];
    if (text[i] == '"') ++i;
  }
  return {bytes, size};
}

std::optional<std::size_t> DelimitedReader::take_quoted(
    std::size_t begin, std::size_t field, std::optional<std::size_t>& many_lines_from) {
  const char* const bytes = block_.data();
  bool escapes = false, line_ends = false;
  std::size_t k = cursor_ + 1;
  for (; k < structure_size_; ++k) {
    const std::size_t at = structure_[k];
    if (bytes[at] == '\n') line_ends = true;
    if (line_ends && syntax_.quotes == QuoteRule::kFieldsOrText) break;
    if (bytes[at] != '"') continue;
    if (bytes[at + 1] != '"') break;  // a block ends with a line end: there is a next byte
    escapes = true;
    ++k;
  }
  if (line_ends && !many_lines_from) many_lines_from = field;
  if (k >= structure_size_ || bytes[structure_[k]] != '"') return {};
  const std::size_t close = structure_[k];
  std::size_t end = close + 1;
  if (!block_.substr(end).starts_with(syntax_.delimiter)) {
    if (bytes[end] == '\r') ++end;
    if (bytes[end] != '\n') return {};
  }
  const std::string_view text = block_.substr(field + 1, close - field - 1);
  fields_.push_back(
      {escapes ? unescaped(text) : text, static_cast<std::uint32_t>(field - begin) + 1});
  cursor_ = k + 1;
  return end;
}

RowFault DelimitedReader::quote_fault(std::size_t begin, std::size_t field,
                                      std::optional<std::size_t> many_lines_from) const {
  if (many_lines_from) return not_closed(begin, *many_lines_from);
  return {RejectKind::kQuoteFollowedByBytes,
          "the quote that closes a field is followed by neither a delimiter nor the "
          "line's end (a quote inside a quoted field is written \"\")",
          static_cast<std::uint32_t>(field - begin) + 1};
}

bool DelimitedReader::next_quoted_or_plain(Row& row) {
  skip_empty_lines();
  if (position_ >= block_.size()) return false;
  if (take_plain(row)) return true;

  const char* const bytes = block_.data();
  const std::size_t begin = position_;
  record_cursor_ = cursor_;
  std::size_t field = begin;
  // This is the first quoted field that goes past the record's first line, if there is one.
  std::optional<std::size_t> many_lines_from;
  fields_.clear();
  for (;;) {
    std::size_t end = 0;  // the delimiter or line end after the field
    if (syntax_.quotes != QuoteRule::kText && bytes[field] == '"') {
      const std::optional<std::size_t> closed = take_quoted(begin, field, many_lines_from);
      if (!closed) {
        take_line(row, begin, quote_fault(begin, field, many_lines_from));
        return true;
      }
      end = *closed;
    } else {
      while (bytes[structure_[cursor_]] == '"') ++cursor_;
      end = structure_[cursor_];
      fields_.push_back(
          {block_.substr(field, end - field), static_cast<std::uint32_t>(field - begin) + 1});
    }
    ++cursor_;
    if (bytes[end] == '\n') {
      position_ = end + 1;
      break;
    }
    field = end + syntax_.delimiter.size();
  }

  const std::size_t line_end = position_ - 1;
  const bool carriage_return = line_end > begin && bytes[line_end - 1] == '\r';
  row.record = block_.substr(begin, line_end - begin - (carriage_return ? 1 : 0));
  std::string_view& last = fields_.back().text;
  if (carriage_return && last.data() + last.size() == bytes + line_end) last.remove_suffix(1);
  if (row.record.size() > syntax_.line_bytes_max) {
    take_line(row, begin, not_closed(begin, many_lines_from.value_or(begin)));
    return true;
  }
  hand_over(row);
  return true;
}

bool DelimitedReader::take_plain(Row& row) {
  if (column_count_ == 0 || structure_size_ - cursor_ < column_count_) return false;
  const char* const bytes = block_.data();
  const std::uint32_t* const ends = structure_.data() + cursor_;  // of fields
  const char delimiter = syntax_.delimiter.front();
  const auto delimiter_size = static_cast<std::uint32_t>(syntax_.delimiter.size());
  const std::size_t last = column_count_ - 1;
  for (std::size_t i = 0; i < last; ++i) {
    if (bytes[ends[i]] != delimiter) return false;
  }
  const std::size_t line_end = ends[last];
  if (bytes[line_end] != '\n') return false;
  const std::size_t begin = position_;
  const bool carriage_return = line_end > begin && bytes[line_end - 1] == '\r';
  const std::size_t record_end = line_end - (carriage_return ? 1 : 0);
  if (record_end - begin > syntax_.line_bytes_max) return false;

  row.record = {bytes + begin, record_end - begin};
  row.fields.resize(columns_.size());
  Field* out = row.fields.data();
  for (const std::uint32_t column : columns_) {
    if (column == kNoColumn) {
      *out++ = {};
      continue;
    }
    // This is what ends the field before, or the line before.
    const std::uint32_t field = *(ends + column - 1) + (column == 0 ? 1 : delimiter_size);
    const std::size_t end = column == last ? record_end : ends[column];
    *out++ = {{bytes + field, end - field}, field - static_cast<std::uint32_t>(begin) + 1};
  }
  position_ = line_end + 1;
  cursor_ += column_count_;
  return true;
}

bool DelimitedReader::next_blank_separated(Row& row) {
  for (;;) {
    if (position_ >= block_.size()) return false;
    const std::size_t begin = position_;
    const std::size_t line_end = block_.find('\n', begin);
    position_ = line_end + 1;
    row.record = block_.substr(begin, line_end - begin);
    if (row.record.ends_with('\r')) row.record.remove_suffix(1);
    if (syntax_.is_comment(row.record)) continue;
    if (row.record.size() > syntax_.line_bytes_max) {
      take_line(row, begin, {});
      return true;
    }
    fields_.clear();
    const std::size_t size = row.record.size();
    for (std::size_t i = 0;;) {
      while (i < size && is_blank(row.record[i])) ++i;
      if (i == size) break;
      const std::size_t field = i;
      while (i < size && !is_blank(row.record[i])) ++i;
      fields_.push_back(
          {row.record.substr(field, i - field), static_cast<std::uint32_t>(field) + 1});
    }
    if (fields_.empty()) continue;
    hand_over(row);
    return true;
  }
}

RowFault DelimitedReader::not_closed(std::size_t begin, std::size_t field) const {
  return {RejectKind::kQuoteNotClosed,
          fmt::format("a quoted field is not closed as it should be (within {} bytes, and followed "
                      "by a delimiter or the line's end)",
                      syntax_.line_bytes_max),
          static_cast<std::uint32_t>(field - begin) + 1};
}

void DelimitedReader::take_line(Row& row, std::size_t begin, RowFault fault) {
  cursor_ = record_cursor_;
  position_ = begin;
  skip_line();
  const std::size_t line_end = position_ - 1;
  row.record = block_.substr(begin, line_end - begin);
  if (row.record.ends_with('\r')) row.record.remove_suffix(1);
  if (row.record.size() > syntax_.line_bytes_max) {
    row.record = row.record.substr(0, syntax_.line_bytes_max);
    row.fault = too_long_fault(syntax_.line_bytes_max);
  } else if (syntax_.quotes == QuoteRule::kFieldsOrText) {
    split_as_text(row, begin);
    hand_over(row);
  } else {
    row.fault = std::move(fault);
  }
}

void DelimitedReader::split_as_text(Row& row, std::size_t begin) {
  fields_.clear();
  std::size_t field = 0;  // within the record
  const auto add_until = [&](std::size_t end) {
    fields_.push_back(
        {row.record.substr(field, end - field), static_cast<std::uint32_t>(field) + 1});
  };
  for (std::size_t i = record_cursor_; i < cursor_; ++i) {
    const std::size_t at = structure_[i] - begin;
    if (at >= row.record.size() || row.record[at] == '"') continue;
    add_until(at);
    field = at + syntax_.delimiter.size();
  }
  add_until(row.record.size());
}

void DelimitedReader::hand_over(Row& row) {
  if (column_count_ != 0 && fields_.size() != column_count_) {
    const bool has_text_quotes = syntax_.quotes == QuoteRule::kFieldsOrText &&
                                 row.record.find('"') != std::string_view::npos;
    row.fault = {
        RejectKind::kFieldCount,
        fmt::format("the row has {} fields, the header {}{}", fields_.size(), column_count_,
                    has_text_quotes ? ", and its quotes are taken as text" : ""),
        0};
    if (has_text_quotes) row.fault->hint = {Option::kQuotes, "fields"};
    return;
  }
  row.fields.clear();
  for (const std::uint32_t column : columns_) {
    row.fields.push_back(column == kNoColumn ? Field{} : fields_[column]);
  }
}

RowFault cut_short_fault(std::size_t line_bytes_max, std::uint32_t column) {
  return {RejectKind::kQuoteNotClosed,
          fmt::format("a quoted field goes on for more than {} bytes over several lines",
                      line_bytes_max),
          column, OptionHint(Option::kLineBytesMax).or_else(Option::kQuotes, "text")};
}

RowFault too_long_fault(std::size_t line_bytes_max) {
  return {
      RejectKind::kRowTooLong,
      fmt::format("the row has more than {} bytes, of which these are the first", line_bytes_max),
      0};
}

}  // namespace rollcall
