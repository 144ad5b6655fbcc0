#include "core/bounds_chunk.h"

#include <algorithm>

#include "core/byte_codec.h"
#include "kernels/kernel_table.h"

namespace rollcall {

void BoundsChunk::fold(BitSpan users, Day day) {
  const std::size_t size = std::max(first_.size(), users.word_count * 64);
  last_.resize(size, kNeverLast);
  first_.resize(size, kNeverFirst);
  const kernels::KernelTable& kernel = *kernels::active_table();
  kernel.min_where(first_.data(), users.words, day.value, users.word_count);
  kernel.max_where(last_.data(), users.words, day.value, users.word_count);
}

void BoundsChunk::remove(std::uint32_t ordinal) {
  if (!contains(ordinal)) return;
  first_[ordinal] = kNeverFirst;
  last_[ordinal] = kNeverLast;
}

std::size_t BoundsChunk::memory_bytes() const {
  return sizeof(*this) + (first_.capacity() + last_.capacity()) * sizeof(first_[0]);
}

void BoundsChunk::serialize(std::string& out) const {
  ByteWriter writer(out);
  writer.varint(first_.size());
  writer.elements(first_.data(), first_.size());
  writer.elements(last_.data(), last_.size());
}

Result<BoundsChunk> BoundsChunk::deserialize(std::string_view bytes) {
  ByteReader reader(bytes);
  BoundsChunk chunk;
  const auto size = reader.varint_up_to<std::size_t>(kChunkOrdinals);
  chunk.first_ = reader.elements<std::int32_t>(size);
  chunk.last_ = reader.elements<std::int32_t>(size);
  if (!reader.done()) return Status::corruption("bounds: their bytes do not add up");
  ROLLCALL_RETURN_IF_ERROR(chunk.validate());
  return chunk;
}

Status BoundsChunk::validate() const {
  if (first_.size() % 64 != 0 || first_.size() != last_.size()) {
    return Status::corruption("bounds: columns of " + std::to_string(first_.size()) + " and " +
                              std::to_string(last_.size()) + " rows");
  }
  for (std::size_t i = 0; i < first_.size(); ++i) {
    const bool never = first_[i] == kNeverFirst && last_[i] == kNeverLast;
    const bool seen =
        kDayMin.value <= first_[i] && first_[i] <= last_[i] && last_[i] <= kDayMax.value;
    if (!never && !seen) {
      return Status::corruption("bounds: ordinal " + std::to_string(i) + " has first day " +
                                std::to_string(first_[i]) + " and last day " +
                                std::to_string(last_[i]));
    }
  }
  return {};
}

}  // namespace rollcall
