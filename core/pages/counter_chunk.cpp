#include "core/pages/counter_chunk.h"

#include <algorithm>

#include "core/base/byte_codec.h"

namespace rollcall {

CounterChunk::Carry& CounterChunk::carry_of(std::uint32_t ordinal) {
  const auto place = std::lower_bound(
      carries_.begin(), carries_.end(), ordinal,
      [](const Carry& carry, std::uint32_t wanted) { return carry.ordinal < wanted; });
  if (place != carries_.end() && place->ordinal == ordinal) return *place;
  return *carries_.insert(place, Carry{ordinal, 0, 0});
}

std::uint32_t* CounterChunk::reserve(std::uint32_t size) {
  if (size > events_.size()) {
    const std::size_t needed = (size + std::size_t{63}) / 64 * 64;
    const std::size_t grown =
        std::min(std::size_t{kChunkOrdinals}, std::max(needed, events_.size() * 3 / 2 / 64 * 64));
    events_.resize(grown);
    if (!values_.empty()) values_.resize(grown);
  }
  return events_.data();
}

void CounterChunk::add_value(std::uint32_t ordinal, Amount value) {
  if (values_.empty()) values_.resize(events_.size());
  Amount& sum = values_[ordinal];
  if (__builtin_add_overflow(sum, value, &sum)) [[unlikely]] {
    carry_of(ordinal).value += value < 0 ? -1 : 1;
  }
}

CounterChunk::Total CounterChunk::total(std::uint32_t ordinal) const {
  Total total;
  if (ordinal >= events_.size()) return total;
  total.events = events_[ordinal];
  if (!values_.empty()) total.value = values_[ordinal];
  const auto place = std::lower_bound(
      carries_.begin(), carries_.end(), ordinal,
      [](const Carry& carry, std::uint32_t wanted) { return carry.ordinal < wanted; });
  if (place != carries_.end() && place->ordinal == ordinal) {
    total.events += std::uint64_t{place->events} << 32;
    total.value += static_cast<AmountSum>(place->value) * (static_cast<AmountSum>(1) << 64);
  }
  return total;
}

CounterChunk::Total CounterChunk::take(std::uint32_t ordinal) {
  const Total taken = total(ordinal);
  if (ordinal >= events_.size()) return taken;
  events_[ordinal] = 0;
  if (!values_.empty()) values_[ordinal] = 0;
  std::erase_if(carries_, [&](const Carry& carry) { return carry.ordinal == ordinal; });
  return taken;
}

std::size_t CounterChunk::memory_bytes() const {
  return sizeof(*this) + events_.capacity() * sizeof(events_[0]) +
         values_.capacity() * sizeof(values_[0]) + carries_.capacity() * sizeof(carries_[0]);
}

void CounterChunk::serialize(std::string& out) const {
  ByteWriter writer(out);
  writer.varint(events_.size());
  writer.byte(values_.empty() ? 0 : 1);
  const auto most = std::max_element(events_.begin(), events_.end());
  ColumnWriter<std::uint32_t>(out, most == events_.end() ? 0 : *most, events_.size())
      .add(events_.size(), [events = events_.data()](std::size_t i) { return events[i]; });
  if (!values_.empty()) writer.amounts(values_);
  writer.varint(carries_.size());
  for (const Carry& carry : carries_) {
    writer.varint(carry.ordinal);
    writer.varint(carry.events);
    writer.zigzag(carry.value);
  }
}

Result<CounterChunk> CounterChunk::deserialize(std::string_view bytes) {
  ByteReader reader(bytes);
  CounterChunk chunk;
  const auto size = reader.varint_up_to<std::size_t>(kChunkOrdinals);
  const bool has_values = reader.varint_up_to(1) == 1;
  chunk.events_ = reader.column<std::uint32_t>(size);
  if (has_values) chunk.values_ = reader.amounts(size);
  const std::size_t carry_count = reader.count(3);
  for (std::size_t i = 0; i < carry_count; ++i) {
    Carry carry{};
    carry.ordinal = reader.varint_up_to(kChunkOrdinals - 1);
    carry.events = reader.varint_up_to(~std::uint32_t{0});
    carry.value = reader.zigzag();
    chunk.carries_.push_back(carry);
  }
  if (!reader.done()) return Status::corruption("counters: their bytes do not add up");
  ROLLCALL_RETURN_IF_ERROR(chunk.validate());
  return chunk;
}

Status CounterChunk::validate() const {
  if (events_.size() % 64 != 0 || (!values_.empty() && values_.size() != events_.size())) {
    return Status::corruption("counters: the columns have " + std::to_string(events_.size()) +
                              " and " + std::to_string(values_.size()) + " rows");
  }
  const auto out_of_order = [](const Carry& a, const Carry& b) { return a.ordinal >= b.ordinal; };
  if (std::adjacent_find(carries_.begin(), carries_.end(), out_of_order) != carries_.end() ||
      (!carries_.empty() && carries_.back().ordinal >= events_.size())) {
    return Status::corruption("counters: the carries do not ascend, or name nobody");
  }
  return {};
}

}  // namespace rollcall
