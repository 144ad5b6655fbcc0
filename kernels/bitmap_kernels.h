// Defines what each kernel, a loop over words, computes. Arrays may have any length, and any
// alignment of the element type.
//
// Bit u of a bitset is bit (u % 64) of word (u / 64). Kernels never allocate, throw or lock. Any
// thread may call them. Inputs may overlap each other; an output must not overlap an input, except
// where noted.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rollcall::kernels {

// Is a read-only bitset that somebody else owns. Words past `word_count` are zero.
struct BitSpan {
  const std::uint64_t* words = nullptr;
  std::size_t word_count = 0;

  bool empty() const { return word_count == 0; }
};

// Is one slot of a hash table made of buckets of 8, each a cache line. It holds the number of a key
// that has the tag, or 0 if the slot is free.
struct TaggedSlot {
  std::uint32_t tag;
  std::uint32_t number;

  friend bool operator==(const TaggedSlot&, const TaggedSlot&) = default;
};
inline constexpr std::size_t kBucketSlots = 8;
// The low bits of a key's hash choose its bucket.
inline constexpr std::uint32_t tag_of_hash(std::uint64_t hash) {
  return static_cast<std::uint32_t>(hash >> 20);
}

// Is the finalizer of MurmurHash3 (Appleby, public domain), which is a bijection.
inline constexpr std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdu;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53u;
  x ^= x >> 33;
  return x;
}

// count_planes can make numbers of at most this many digits, which suffice for all days of the
// calendar.
inline constexpr std::size_t kPlanesMax = 24;

// unpack_sums reads each number by one load of eight bytes, which hold so many of its bits wherever
// in a byte it begins.
inline constexpr unsigned kUnpackWidthMax = 57;

struct KernelTable {
  const char* isa;  // "reference", "sse2", "avx2", "avx512", "avx512vpopcnt"

  // Return how many bits are set in `a`, in both `a` and `b`, and in `a` but not in `b`.
  std::uint64_t (*count)(const std::uint64_t* a, std::size_t word_count) noexcept;
  std::uint64_t (*and_count)(const std::uint64_t* a, const std::uint64_t* b,
                             std::size_t word_count) noexcept;
  std::uint64_t (*andnot_count)(const std::uint64_t* a, const std::uint64_t* b,
                                std::size_t word_count) noexcept;

  // Compute out |= a, out &= a, out &= ~a.
  void (*or_into)(std::uint64_t* out, const std::uint64_t* a, std::size_t word_count) noexcept;
  void (*and_into)(std::uint64_t* out, const std::uint64_t* a, std::size_t word_count) noexcept;
  void (*andnot_into)(std::uint64_t* out, const std::uint64_t* a, std::size_t word_count) noexcept;

  // out = the union of the sets, cut off or filled with zeros to `word_count` words. Once a stretch
  // of some hundred words is all ones, no further set is read there.
  void (*unite)(const BitSpan* sets, std::size_t set_count, std::uint64_t* out,
                std::size_t word_count) noexcept;

  // Writes in how many sets each user is, as a binary number: bit u of planes[p] = bit p of the
  // number of sets that have bit u. Each plane has `word_count` words; no set is looked at past
  // them. plane_count is at most kPlanesMax, and set_count < 2^plane_count.
  void (*count_planes)(const BitSpan* sets, std::size_t set_count, std::uint64_t* const* planes,
                       std::size_t plane_count, std::size_t word_count) noexcept;

  // Computes a band of a product of bit matrices. For every row i, and every k < width with i + k <
  // column_count: counts[i * stride + k] += how many bits are set in both rows[i] and columns[i +
  // k]. Zeros at the ends of a row cost next to nothing. Sets that begin at multiples of 64 bytes
  // are counted up to 1.3 times as fast as others.
  void (*and_count_band)(const BitSpan* rows, std::size_t row_count, const BitSpan* columns,
                         std::size_t column_count, std::size_t width, std::uint64_t* counts,
                         std::size_t stride) noexcept;

  // Sets bit (ordinals[i] % 65536) for every i: a scatter into one chunk of 65,536 ordinals.
  // Ordinals may repeat. `words` must reach the highest of them.
  void (*set_bits)(std::uint64_t* words, const std::uint32_t* ordinals,
                   std::size_t ordinal_count) noexcept;

  // Sets bit i of `out` to (low <= column[i] && column[i] <= high). `column` has 64 * word_count
  // elements.
  void (*in_range_bits)(const std::int32_t* column, std::int32_t low, std::int32_t high,
                        std::uint64_t* out, std::size_t word_count) noexcept;

  // Sets column[i] to the min (max) of itself and `value` for every set bit i. `column` has 64 *
  // word_count elements.
  void (*min_where)(std::int32_t* column, const std::uint64_t* bits, std::int32_t value,
                    std::size_t word_count) noexcept;
  void (*max_where)(std::int32_t* column, const std::uint64_t* bits, std::int32_t value,
                    std::size_t word_count) noexcept;

  // Bit i of `out` = whether code i is one of `codes`, which have at most `plane_count` bits each.
  // Bit p of code i is bit i of planes[p * word_count] and the words after it.
  void (*match_planes)(const std::uint64_t* planes, std::size_t plane_count, std::size_t word_count,
                       const std::uint32_t* codes, std::size_t code_count,
                       std::uint64_t* out) noexcept;

  // Unpacks numbers of `width` bits, at most kUnpackWidthMax, that lie end to end from bit `at` of
  // a stream on; its bit b is bit (b % 64) of word (b / 64). sums[i] = first + factor * the sum of
  // the first i + 1 numbers, modulo 2^64. The stream goes on for at least eight bytes after the
  // first byte of the last one.
  void (*unpack_sums)(const std::uint64_t* stream, std::uint64_t at, unsigned width,
                      std::uint64_t first, std::uint64_t factor, std::uint64_t* sums,
                      std::size_t count) noexcept;

  // Computes mixed[i] = mix(numbers[i]).
  void (*mix)(const std::uint64_t* numbers, std::uint64_t* mixed, std::size_t count) noexcept;
  // Computes keys[i], the upper half of numbers[i] * factor modulo 2^64, less 2^31: the keys are in
  // the order of the upper halves.
  void (*draw_keys)(const std::uint64_t* numbers, std::uint64_t factor, std::int32_t* keys,
                    std::size_t count) noexcept;

  // numbers[i] = the number in the first slot with the tag of hashes[i] in its bucket, which is
  // slots[8 * (hashes[i] & bucket_mask)] and the 7 after it; 0 if there is none.
  void (*find_tags)(const TaggedSlot* slots, std::uint64_t bucket_mask, const std::uint64_t* hashes,
                    std::uint32_t* numbers, std::size_t count) noexcept;
};

}  // namespace rollcall::kernels
