// The content of a source, and how much of it has been taken.
#pragma once

#include <xxhash.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/source/byte_source.h"
#include "rollcall/status.h"

namespace rollcall {

// Says which bytes a source begins with. Two sources with equal marks have equal first
// `offset` bytes (by 128-bit hash).
struct ContentMark {
  std::uint64_t offset = 0;      // of decompressed bytes
  XXH128_hash_t hash{};          // XXH3 of the bytes before `offset`
  std::uint64_t head_bytes = 0;  // min(offset, kHeadBytes)
  XXH128_hash_t head_hash{};     // XXH3 of that many first bytes
};

inline constexpr std::size_t kHeadBytes = 64 << 10;

// Reading is one thing and taking another: a reader of records reads ahead of what it has given
// away, and the mark stands at what was taken. Threads: one at a time.
class ContentReader {
 public:
  static Result<ContentReader> open(const std::string& path);

  // The first kHeadBytes, or all there are; they are still to be read. Before any `read`.
  Result<std::string_view> head();

  // As ByteSource::read.
  Result<std::size_t> read(char* out, std::size_t size);

  // Moves the mark over `bytes`, which were read and come next after it.
  void take(std::string_view bytes);

  // Reads and takes everything before `offset`; false when the content ends before. Only while
  // nothing was read that was not taken.
  Result<bool> skip_to(std::uint64_t offset);

  std::uint64_t offset() const { return offset_; }
  ContentMark mark() const;

  std::uint64_t stored_bytes_read() const { return source_->stored_bytes_read(); }
  bool is_compressed() const { return source_->is_compressed(); }
  bool is_unchecked() const { return source_->is_unchecked(); }

 private:
  struct FreeState {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };

  explicit ContentReader(std::unique_ptr<ByteSource> source);

  std::unique_ptr<ByteSource> source_;
  std::string ahead_;  // of what `head` has looked at, the part not yet read: from ahead_begin_
  std::size_t ahead_begin_ = 0;
  std::unique_ptr<XXH3_state_t, FreeState> state_;
  std::uint64_t offset_ = 0;
  XXH128_hash_t head_hash_{};  // once offset_ >= kHeadBytes
};

}  // namespace rollcall
