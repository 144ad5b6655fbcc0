#include "core/pages/audience_chunk.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/byte_codec.h"

namespace rollcall {

std::size_t AudienceChunk::remove(std::uint32_t ordinal) {
  for (std::size_t set = 0; set < sets_.size(); ++set) {
    if (!sets_[set].contains(ordinal)) continue;
    sets_[set].remove(ordinal);
    return set;
  }
  return sets_.size();
}

bool AudienceChunk::empty() const {
  return std::ranges::all_of(sets_,
                             [](const PresenceChunk& set) { return set.cardinality() == 0; });
}

std::size_t AudienceChunk::memory_bytes() const {
  std::size_t bytes = sizeof *this;
  for (const PresenceChunk& set : sets_) bytes += set.memory_bytes();
  return bytes;
}

void AudienceChunk::serialize(std::string& out) const {
  ByteWriter writer(out);
  for (std::size_t number = 0; number < sets_.size(); ++number) {
    if (sets_[number].cardinality() == 0) continue;
    std::string bytes;
    sets_[number].serialize(bytes);
    writer.varint(number);
    writer.text(bytes);
  }
}

Result<AudienceChunk> AudienceChunk::deserialize(std::string_view bytes, std::size_t set_count) {
  AudienceChunk chunk(set_count);
  ByteReader reader(bytes);
  alignas(64) std::array<std::uint64_t, kChunkWords> all{};
  alignas(64) std::array<std::uint64_t, kChunkWords> scratch;
  std::size_t next = 0;  // sets ascend
  while (reader.ok() && reader.remaining() > 0) {
    const std::uint64_t number = reader.varint();
    const std::string_view text = reader.text();
    if (!reader.ok() || number < next || number >= set_count) {
      return Status::corruption("its sets do not ascend");
    }
    next = number + 1;
    ROLLCALL_ASSIGN_OR_RETURN(PresenceChunk set, PresenceChunk::deserialize(text));
    if (set.cardinality() == 0) return Status::corruption("a set is empty");
    const BitSpan users = set.expand(scratch.data());
    for (std::size_t i = 0; i < users.word_count; ++i) {
      if ((all[i] & users.words[i]) != 0) return Status::corruption("a user is in two sets");
      all[i] |= users.words[i];
    }
    chunk.sets_[number] = std::move(set);
  }
  if (!reader.ok()) return Status::corruption("its bytes do not add up");
  return chunk;
}

}  // namespace rollcall
