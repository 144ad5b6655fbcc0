// Reads the content of a source, and tracks how much of it has been taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "core/source/files/byte_source.h"
#include "core/source/files/content_mark.h"
#include "rollcall/status.h"

namespace rollcall {

// Says when the head of a content is long enough to tell how to read the rest.
struct HeadWanted {
  std::function<bool(std::string_view)> enough;
  std::size_t bytes_max = kHeadBytes;
};

// Reading and taking are separate: a reader of records reads ahead of what it has handed out, and
// the mark stands at what was taken. One thread may use it at a time.
class ContentReader {
 public:
  static Result<ContentReader> open(const std::string& path, SourceWait wait = {});

  // Returns the first kHeadBytes, or all there are; they are still to be read. If these are not
  // enough, because rows may be longer, it returns more, up to `bytes_max`; from a slow pipe, it
  // returns fewer once they are enough. If nothing is wanted, kHeadBytes are enough. Call it before
  // any `read`; it returns the same each time.
  //   kCancelled  stopped before it was enough; the text says how much is lost
  Result<std::string_view> head(const HeadWanted& wanted = {});
  // Returns whether nothing follows what `head` returned.
  bool head_is_all() const { return at_end_; }

  // Reads as ByteSource::read does, but may return fewer bytes at any time.
  Result<ReadBytes> read(char* out, std::size_t size);

  // Does not read what follows `offset`, as if the content ended there.
  void end_at(std::uint64_t offset) { end_ = offset; }

  // Moves the mark over `bytes`, which were read and come right after it.
  void take(std::string_view bytes) { marker_.take(bytes); }

  // Reads and takes everything before `target`. Returns false if the content ends before it. Call
  // it only while all that was read has been taken.
  Result<bool> skip_to(std::uint64_t target);

  std::uint64_t offset() const { return marker_.offset(); }
  ContentMark mark() const { return marker_.mark(); }

  std::uint64_t stored_bytes_read() const { return source_->stored_bytes_read(); }
  bool is_compressed() const { return source_->is_compressed(); }
  bool is_unchecked() const { return source_->is_unchecked(); }
  // Returns the wait that it was opened with.
  const SourceWait& wait() const { return wait_; }

 private:
  ContentReader(std::unique_ptr<ByteSource> source, SourceWait wait);

  std::unique_ptr<ByteSource> source_;
  SourceWait wait_;
  bool has_head_ = false;
  bool at_end_ = false;  // the source has no more than `ahead_`
  std::string ahead_;    // what `head` has looked at; from ahead_begin_ on, it is yet to be read
  std::size_t ahead_begin_ = 0;
  ContentMarker marker_;
  std::uint64_t read_to_ = 0;
  std::uint64_t end_ = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace rollcall
