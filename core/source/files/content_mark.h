// Identifies by hashes which bytes a content begins with.
#pragma once

#include <xxhash.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace rollcall {

inline constexpr std::size_t kHeadBytes = 64 << 10;

// Says which bytes a source begins with. Two sources with equal marks have equal first
// `offset` bytes (by 128-bit hash).
struct ContentMark {
  std::uint64_t offset = 0;      // of decompressed bytes
  XXH128_hash_t hash{};          // XXH3 of the bytes before `offset`
  std::uint64_t head_bytes = 0;  // min(offset, kHeadBytes)
  XXH128_hash_t head_hash{};     // XXH3 of that many first bytes
  // Holds some bits of the hash at points along the way: after each of the first lines and, where
  // no line ends, at distances that grow with the offset. The waymarks of the beginning of a
  // content are the beginning of its waymarks, and those of two contents differ soon after the
  // contents do. They are "" in marks that were made before there were waymarks.
  std::string waymarks;
};

// Returns the mark before a row of a Parquet file whose bytes have the hash `digest`. It is counted
// in rows, and is no mark of bytes.
ContentMark mark_of_rows(XXH128_hash_t digest, std::uint64_t row);
// Is what such marks have in place of the size of the head.
inline constexpr std::uint64_t kHeadOfRows = ~std::uint64_t{0};

// Computes the mark of bytes that come one after the other. One thread may use it at a time.
class ContentMarker {
 public:
  ContentMarker();

  void take(std::string_view bytes);

  std::uint64_t offset() const { return offset_; }
  ContentMark mark() const;

 private:
  struct FreeState {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };

  // Takes bytes at most up to the next waymark.
  void take_step(std::string_view bytes);
  void add_waymark();

  std::unique_ptr<XXH3_state_t, FreeState> state_;
  std::uint64_t offset_ = 0;
  XXH128_hash_t head_hash_{};  // once offset_ >= kHeadBytes
  std::string waymarks_;
  std::uint64_t next_distance_;  // the offset of the next waymark if no line ends before it
  std::size_t line_ends_ = 0;    // line ends that have a waymark
};

}  // namespace rollcall
