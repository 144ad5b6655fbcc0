// This chunk has those of its users who were active in one series on one day.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/pages/bitset.h"
#include "rollcall/status.h"

namespace rollcall {

// Is a set of ordinals of one chunk, as a sorted array, a bitset or runs. While it is written to,
// it is a small array, and later a bitset as long as its highest ordinal requires. `compact` turns
// it into the form that is kept when nothing more is added. It is stored in the smallest of the
// three forms.
//
// These are the invariants: the array ascends strictly; runs ascend, do not touch, and hold [first,
// last] pairs; a bitset's length is a multiple of 8 words.
class PresenceChunk {
 public:
  enum class Form : std::uint8_t { kArray = 1, kBitset = 2, kRuns = 3 };  // the numbers are stored

  // A set that is written to stays an array up to this many ordinals, because inserting into a
  // longer one costs more than the bytes it saves.
  static constexpr std::size_t kHotArrayOrdinalsMax = 256;

  Form form() const { return form_; }
  std::uint32_t cardinality() const;
  std::size_t memory_bytes() const;

  // Adds ordinals % 65,536; they may repeat and come in any order.
  void add(std::span<const std::uint32_t> ordinals);
  // Returns the words of the set, in which the caller sets bits, if `added_count` ordinals below
  // `ordinal_end` are to be added. Returns null if they are too few to give up an array for, and
  // are to be added one by one. The words are valid until the next non-const call.
  std::uint64_t* reserve(std::size_t added_count, std::uint32_t ordinal_end);
  // Adds the users of another chunk with the same ordinals.
  void add(BitSpan users);
  // These look up and remove ordinal % 65,536.
  bool contains(std::uint32_t ordinal) const;
  void remove(std::uint32_t ordinal);
  // Changes to the form to be kept in memory, which is a bitset unless another has far fewer bytes.
  void compact();

  // Returns the set as a bitset: its own words, or `scratch`, which has kChunkWords words, filled
  // in.
  BitSpan expand(std::uint64_t* scratch) const;

  // Writes the smallest form, whichever is held.
  void serialize(std::string& out) const;
  static Result<PresenceChunk> deserialize(std::string_view bytes);
  Status validate() const;

 private:
  void grow_words(std::uint32_t ordinal_max);
  // Returns the form with the fewest bytes, where a bitset counts as only a share of its bytes.
  Form smallest_form(std::size_t bitset_share) const;
  void become(Form form);
  void become_bitset();
  // Writes the ordinals into `words`, which is long enough and zero.
  void fill(std::uint64_t* words) const;
  std::uint32_t ordinal_max() const;
  std::size_t run_count() const;

  Form form_ = Form::kArray;
  std::vector<std::uint16_t> shorts_;  // the array, or first and last of each run
  std::vector<std::uint64_t> words_;   // the bitset
};

}  // namespace rollcall
