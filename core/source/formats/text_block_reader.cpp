#include "core/source/formats/text_block_reader.h"

#include <algorithm>
#include <cstring>

namespace rollcall {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

void SourceBlock::reserve(std::size_t capacity) {
  if (bytes.size() < capacity + kBlockPadding) bytes.resize(capacity + kBlockPadding);
}

TextBlockReader::TextBlockReader(ContentReader& content, const RecordSyntax& syntax,
                                 std::size_t block_bytes, std::uint32_t skip_lines)
    : content_(content),
      syntax_(syntax),
      block_bytes_(block_bytes),
      skip_lines_(skip_lines),
      long_record_(syntax) {}

Status TextBlockReader::read_more(SourceBlock& block) {
  // One more byte is for the line end of a tail.
  block.reserve(block.size + block_bytes_ + 1);
  const Result<ReadBytes> read = content_.read(block.bytes.data() + block.size, block_bytes_);
  if (read.status().code() == StatusCode::kCancelled) return stopped_within(block.size);
  ROLLCALL_RETURN_IF_ERROR(read.status());
  block.size += read->size;
  at_end_ = read->at_end;
  return {};
}

Result<bool> TextBlockReader::next(SourceBlock& block) {
  block.first = content_.offset() == 0;
  block.unfinished = false;
  block.long_record = kNowhere;
  block.size = 0;
  followed_ = 0;
  block.preamble_size = 0;
  block.reserve(carry_.size() + 1);
  block.size = carry_.copy(block.bytes.data(), carry_.size());
  carry_.clear();

  std::size_t taken = 0;  // of the block, what the content's mark has moved over
  for (bool may_have_mark = block.first;;) {
    if (!at_end_) ROLLCALL_RETURN_IF_ERROR(read_more(block));
    if (may_have_mark && (block.size >= kByteOrderMark.size() || at_end_)) {
      may_have_mark = false;
      if (block.text().starts_with(kByteOrderMark)) {
        content_.take(kByteOrderMark);
        block.size -= kByteOrderMark.size();
        std::memmove(block.bytes.data(), block.bytes.data() + kByteOrderMark.size(), block.size);
      }
    }
    if (may_have_mark) continue;

    const bool past_preamble = !block.first || find_preamble(block);
    const std::string_view records = block.records();
    std::size_t cut_short = kNowhere;
    std::size_t whole = past_preamble ? whole_records_size(records, syntax_, &cut_short) : 0;
    if (block.first && !at_end_ && !holds_a_record(records.substr(0, whole))) whole = 0;
    if (whole > 0) {
      whole += block.preamble_size;
      const std::size_t end = follow_long_record(block, whole, cut_short);
      if (end > 0) whole = end;
      carry_ = block.text().substr(whole);
      block.size = whole;
      break;
    }
    if (at_end_) {
      if (block.size == 0) return false;
      // The last line of a record that was cut short may look like the beginning of another.
      const std::size_t end = follow_long_record(block, block.size, kNowhere);
      block.unfinished = end == 0;
      if (end > 0) {
        carry_ = block.text().substr(end);
        block.size = end;
      }
      break;
    }
    const bool one_line = block.text().find('\n') == std::string_view::npos;
    if (one_line && block.size > syntax_.line_bytes_max + 2) {
      ROLLCALL_RETURN_IF_ERROR(drop_rest_of_line(block, taken));
    }
  }
  content_.take(block.text().substr(taken));
  block.in_long_record = long_record_.is_open();
  block.rest_size = carry_.size();
  block.end = content_.mark();
  block.tail = block.text().back() != '\n';
  if (block.tail) block.bytes[block.size++] = '\n';
  return true;
}

std::size_t TextBlockReader::follow_long_record(SourceBlock& block, std::size_t whole,
                                                std::size_t cut_short) {
  const std::string_view text = block.text().substr(0, whole);
  if (long_record_.is_open()) {
    std::size_t end = followed_ + long_record_.follow(text.substr(followed_));
    if (long_record_.is_open() && at_end_ && text.back() != '\n') long_record_.follow("\n");
    if (long_record_.is_open()) return 0;
    if (end > 0) return end;
  }
  if (followed_ > 0) return text[followed_ - 1] == '\n' ? followed_ : 0;
  // If its first line has shown the record to be none, another may begin.
  if (cut_short >= whole - block.preamble_size) return 0;
  block.long_record = block.preamble_size + cut_short;
  long_record_.begin();
  const std::size_t end = block.long_record + long_record_.follow(text.substr(block.long_record));
  return long_record_.is_open() ? 0 : end;
}

bool TextBlockReader::find_preamble(SourceBlock& block) const {
  block.preamble_size = 0;
  for (std::uint32_t line = 0; line < skip_lines_; ++line) {
    const std::size_t line_end = block.text().find('\n', block.preamble_size);
    if (line_end == std::string_view::npos) {
      // A content that ends in its preamble has no records.
      if (at_end_) block.preamble_size = block.size;
      return at_end_;
    }
    block.preamble_size = line_end + 1;
  }
  return true;
}

bool TextBlockReader::holds_a_record(std::string_view text) const {
  while (!text.empty()) {
    const std::size_t line_end = text.find('\n');
    const std::string_view line = text.substr(0, line_end);
    if (line.find_first_not_of(" \t\r") != std::string_view::npos && !syntax_.is_comment(line)) {
      return true;
    }
    text.remove_prefix(line_end + 1);
  }
  return false;
}

// `block` is the beginning of one line. It keeps enough of it that it is too long whatever line end
// it has, and reads on to the line end.
Status TextBlockReader::drop_rest_of_line(SourceBlock& block, std::size_t& taken) {
  content_.take(block.text().substr(taken));
  // Bytes that are dropped must be followed as they go, both as the rest of a record and as another
  // one.
  LongRecord line(syntax_);
  if (syntax_.quotes == QuoteRule::kFields && !syntax_.is_comment(block.text())) line.begin();
  bool ended = false;
  const auto follow = [&](std::string_view bytes) {
    const bool was_open = long_record_.is_open();
    if (was_open && long_record_.follow(bytes) > 0) ended = !long_record_.is_open();
    if (line.is_open()) line.follow(bytes);
  };
  follow(block.text());
  const std::size_t kept = syntax_.line_bytes_max + 3;
  block.size = std::min(block.size, kept);
  taken = block.size;
  while (!at_end_) {
    ROLLCALL_RETURN_IF_ERROR(read_more(block));
    const std::string_view dropped = block.text().substr(taken);
    const std::size_t line_end = dropped.find('\n');
    follow(dropped.substr(0, line_end == std::string_view::npos ? line_end : line_end + 1));
    if (line_end != std::string_view::npos) {
      content_.take(dropped.substr(0, line_end + 1));
      block.bytes[taken++] = '\n';
      if (!long_record_.is_open() && !ended && line.is_open()) {
        long_record_ = line;
        block.long_record = 0;
      }
      followed_ = taken;
      const std::string_view rest = dropped.substr(line_end + 1);
      std::memmove(block.bytes.data() + taken, rest.data(), rest.size());
      block.size = taken + rest.size();
      return {};
    }
    content_.take(dropped);
    block.size = taken;
    followed_ = taken;
  }
  return {};
}

}  // namespace rollcall
