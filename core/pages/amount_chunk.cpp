#include "core/pages/amount_chunk.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "core/base/byte_codec.h"

namespace rollcall {
namespace {

// Merging fewer entries than this is not worthwhile.
constexpr std::size_t kMergedMin = 256;

}  // namespace

AmountSum sum_of(std::span<const UserAmount> amounts, BitSpan users) {
  AmountSum sum = 0;
  for (const UserAmount& of_user : amounts) {
    const std::size_t word = of_user.place / 64;
    const bool is_in =
        word < users.word_count && (users.words[word] >> (of_user.place % 64) & 1) != 0;
    sum += is_in ? of_user.amount : 0;
  }
  return sum;
}

// They are sorted by the lower byte of the ordinal, then by the upper one.
void AmountChunk::sort(std::vector<UserAmount>& entries) {
  std::vector<UserAmount> sorted(entries.size());
  for (const int shift : {0, 8}) {
    const auto byte_of = [shift](const UserAmount& entry) {
      return static_cast<std::uint8_t>(entry.place >> shift);
    };
    std::array<std::uint32_t, 256> places{};  // of the next entry with that byte
    for (const UserAmount& entry : entries) ++places[byte_of(entry)];
    std::exclusive_scan(places.begin(), places.end(), places.begin(), std::uint32_t{0});
    for (const UserAmount& entry : entries) sorted[places[byte_of(entry)]++] = entry;
    entries.swap(sorted);
  }
}

void AmountChunk::merge(std::vector<UserAmount>& entries) {
  sort(entries);
  std::size_t kept = 0;
  for (const UserAmount& entry : entries) {
    const bool same = kept > 0 && entries[kept - 1].place == entry.place;
    Amount sum = 0;
    if (same && !__builtin_add_overflow(entries[kept - 1].amount, entry.amount, &sum)) {
      entries[kept - 1].amount = sum;
    } else {
      entries[kept++] = entry;
    }
  }
  entries.resize(kept);
}

void AmountChunk::add(std::uint32_t ordinal, Amount amount) {
  // Merging only when the list has doubled costs each entry a few moves, however long the list
  // grows.
  if (entries_.size() >= std::max(kMergedMin, 2 * merged_)) {
    merge(entries_);
    merged_ = entries_.size();
  }
  entries_.push_back({static_cast<std::uint16_t>(ordinal % kChunkOrdinals), amount});
}

AmountSum AmountChunk::take(std::uint32_t ordinal) {
  merge(entries_);
  AmountSum taken = 0;
  std::erase_if(entries_, [&](const UserAmount& entry) {
    if (entry.place != ordinal % kChunkOrdinals) return false;
    taken += entry.amount;
    return true;
  });
  merged_ = entries_.size();
  return taken;
}

AmountSum AmountChunk::sum() const {
  AmountSum sum = 0;
  for (const UserAmount& entry : entries_) sum += entry.amount;
  return sum;
}

std::size_t AmountChunk::memory_bytes() const {
  return sizeof(*this) + entries_.capacity() * sizeof(entries_[0]);
}

void AmountChunk::serialize(std::string& out) const {
  std::vector<UserAmount> entries = entries_;
  merge(entries);
  std::vector<std::uint16_t> ordinals;
  std::vector<Amount> amounts;
  ordinals.reserve(entries.size());
  amounts.reserve(entries.size());
  for (const UserAmount& entry : entries) {
    ordinals.push_back(entry.place);
    amounts.push_back(entry.amount);
  }
  ByteWriter writer(out);
  writer.varint(entries.size());
  writer.elements(ordinals.data(), ordinals.size());
  writer.amounts(amounts);
}

Result<AmountChunk> AmountChunk::deserialize(std::string_view bytes) {
  ByteReader reader(bytes);
  const std::size_t count = reader.count(sizeof(std::uint16_t) + 1);
  const std::vector<std::uint16_t> ordinals = reader.elements<std::uint16_t>(count);
  const std::vector<Amount> amounts = reader.amounts(count);
  if (!reader.done()) return Status::corruption("amounts: their bytes do not add up");
  AmountChunk chunk;
  chunk.entries_.reserve(count);
  for (std::size_t i = 0; i < count; ++i) chunk.entries_.push_back({ordinals[i], amounts[i]});
  chunk.merged_ = count;
  ROLLCALL_RETURN_IF_ERROR(chunk.validate());
  return chunk;
}

Status AmountChunk::validate() const {
  for (std::size_t i = 1; i < merged_; ++i) {
    if (entries_[i].place < entries_[i - 1].place) {
      return Status::corruption(
          fmt::format("amounts: ordinal {} follows {}", entries_[i].place, entries_[i - 1].place));
    }
  }
  return {};
}

}  // namespace rollcall
