// Reads text content in blocks of whole records.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/source/files/content_reader.h"
#include "core/source/formats/record_cutter.h"
#include "rollcall/status.h"

namespace rollcall {

struct ParquetRows;

// Is a block of a source. It is reused, and keeps its memory when it is filled again.
struct SourceBlock {
  std::vector<char> bytes;  // at least kBlockPadding more than `size`
  std::size_t size = 0;
  std::size_t rest_size = 0;      // bytes of later blocks after those, which have been read
  std::size_t preamble_size = 0;  // the lines at its beginning that are to be skipped
  // Says where a line begins that starts a record which was cut short; it is kNowhere if there is
  // no such line.
  std::size_t long_record = kNowhere;
  bool in_long_record = false;  // that record, or one of an earlier block, goes on after the block
  ContentMark end;              // after the block
  bool first = false;           // nothing of the content comes before it
  bool tail = false;            // the content's last line has no line end; one was added here
  // The content ends before the end of its last record is known: in a tail, or within quotes.
  bool unfinished = false;
  // Is what `bytes` is made of while a block of a Parquet file is decoded.
  std::shared_ptr<const ParquetRows> rows;

  std::string_view text() const { return {bytes.data(), size}; }
  std::string_view text_and_rest() const { return {bytes.data(), size + rest_size}; }
  std::string_view records() const { return text().substr(preamble_size); }
  // Makes room for `capacity` bytes and the padding, and keeps the content.
  void reserve(std::size_t capacity);
};

// After a block, this many bytes may be read, which simdjson needs.
inline constexpr std::size_t kBlockPadding = 64;

// `block_bytes` decides where blocks end, but not which records there are. A byte order mark at the
// beginning of the content is left out. A line of more than line_bytes_max bytes is cut to little
// more than that as it streams by, so that it never fills the memory and is still too long.
class TextBlockReader {
 public:
  // Reads on from the content's mark, which is the beginning of a record. The first `skip_lines`
  // lines of
  // the content are the preamble of its first block. `content` must outlive the reader.
  TextBlockReader(ContentReader& content, const RecordSyntax& syntax, std::size_t block_bytes,
                  std::uint32_t skip_lines = 0);

  // Fills `block`, which then ends with a line end (added to a tail that has none) and holds at
  // least one record or line. Returns false after the last block. The first block of a content
  // holds its first record, however many empty lines and comments come before it. From a slow pipe,
  // whole records are handed out about a second after they came, and a line without its end waits.
  //   kCancelled  stopped, and no whole record is left of what was read; the text says how much is
  Result<bool> next(SourceBlock& block);

 private:
  Status read_more(SourceBlock& block);
  Status drop_rest_of_line(SourceBlock& block, std::size_t& taken);
  // Sets the preamble of a content's first block. Returns false until all of it has been read.
  bool find_preamble(SourceBlock& block) const;
  // Returns whether some line of `text` is neither empty nor a comment.
  bool holds_a_record(std::string_view text) const;
  // Returns how much of the first `whole` bytes of `block` should be a block, because a record that
  // was cut short ends there; 0 if none does. `cut_short` is what whole_records_size says about its
  // records.
  std::size_t follow_long_record(SourceBlock& block, std::size_t whole, std::size_t cut_short);

  ContentReader& content_;
  RecordSyntax syntax_;
  std::size_t block_bytes_;
  std::uint32_t skip_lines_;
  LongRecord long_record_;
  std::size_t followed_ = 0;  // bytes of the block that long_record_ has taken, of one long line
  std::string carry_;         // the part of the last read that begins the next block
  bool at_end_ = false;
};

}  // namespace rollcall
