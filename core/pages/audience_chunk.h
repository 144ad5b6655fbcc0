// This chunk has those of its users who are in an audience: a set for each class and arm.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/pages/presence_chunk.h"
#include "rollcall/status.h"

namespace rollcall {

class AudienceChunk {
 public:
  explicit AudienceChunk(std::size_t set_count) : sets_(set_count) {}

  const std::vector<PresenceChunk>& sets() const { return sets_; }
  // Adds ordinals % 65,536, of users who are in no set.
  void add(std::size_t set, std::span<const std::uint32_t> ordinals) { sets_[set].add(ordinals); }
  // Removes ordinal % 65,536. Returns the set that had it, or set_count if none had.
  std::size_t remove(std::uint32_t ordinal);
  bool empty() const;
  std::size_t memory_bytes() const;

  void serialize(std::string& out) const;
  //   kCorruption  the bytes are not `set_count` sets without a user in common
  static Result<AudienceChunk> deserialize(std::string_view bytes, std::size_t set_count);

 private:
  std::vector<PresenceChunk> sets_;
};

}  // namespace rollcall
