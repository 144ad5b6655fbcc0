#include "core/pages/bounds_chunk.h"

#include <algorithm>

#include "core/base/byte_codec.h"
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
  // 0 stands for never, so days count from 1. The least first day is the earliest of all days, as
  // kNeverFirst is above them, and the greatest last day the latest.
  const std::int32_t least = first_.empty() ? kNeverFirst : std::ranges::min(first_);
  const std::int32_t earliest = least == kNeverFirst ? 0 : least;
  const std::int32_t latest = least == kNeverFirst ? -1 : std::ranges::max(last_);
  writer.zigzag(earliest);
  const auto write = [&](const std::vector<std::int32_t>& days, std::int32_t never) {
    ColumnWriter<std::uint32_t>(out, static_cast<std::uint32_t>(latest - earliest + 1), days.size())
        .add(days.size(), [days = days.data(), never, before = earliest - 1](std::size_t i) {
          // This is a product, because a branch on whether somebody never came cannot be predicted.
          return static_cast<std::uint32_t>(days[i] != never) *
                 static_cast<std::uint32_t>(std::int64_t{days[i]} - before);
        });
  };
  write(first_, kNeverFirst);
  write(last_, kNeverLast);
}

Result<BoundsChunk> BoundsChunk::deserialize(std::string_view bytes) {
  ByteReader reader(bytes);
  BoundsChunk chunk;
  const auto size = reader.varint_up_to<std::size_t>(kChunkOrdinals);
  const std::int64_t earliest = reader.zigzag();
  if (earliest < kDayMin.value || earliest > kDayMax.value) {
    return Status::corruption("bounds: the earliest day is " + std::to_string(earliest));
  }
  const auto read = [&](std::int32_t never) {
    const std::vector<std::uint32_t> numbers = reader.column<std::uint32_t>(size);
    std::vector<std::int32_t> days(numbers.size());
    const auto before = static_cast<std::uint32_t>(earliest - 1);
    std::ranges::transform(numbers, days.begin(), [&](std::uint32_t number) {
      return number == 0 ? never : static_cast<std::int32_t>(before + number);
    });
    return days;
  };
  chunk.first_ = read(kNeverFirst);
  chunk.last_ = read(kNeverLast);
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
