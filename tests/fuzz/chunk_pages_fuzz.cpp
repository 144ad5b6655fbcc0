// This fuzzes pages of presence, amounts, bounds and audiences.

#include <array>
#include <bit>
#include <optional>

#include "core/pages/amount_chunk.h"
#include "core/pages/audience_chunk.h"
#include "core/pages/bounds_chunk.h"
#include "core/pages/presence_chunk.h"
#include "tests/fuzz/fuzz_target.h"

namespace rollcall::fuzz {
namespace {

template <class Chunk>
std::optional<Chunk> read(std::string_view bytes) {
  Result<Chunk> chunk = Chunk::deserialize(bytes);
  if (!chunk.ok()) {
    require(chunk.status().code() == StatusCode::kCorruption, chunk.status().to_string());
    return std::nullopt;
  }
  require(chunk->validate().ok(), chunk->validate().to_string());
  // A presence page of one run may stand for all of 65,536 users: 8 KiB.
  require(chunk->memory_bytes() <= 8 * bytes.size() + 10'000, "it takes too much memory");
  return *std::move(chunk);
}

template <class Chunk>
std::string written(const Chunk& chunk) {
  std::string out;
  chunk.serialize(out);
  return out;
}

}  // namespace
}  // namespace rollcall::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rollcall;
  std::string_view input = fuzz::as_text(data, size);
  const unsigned choice = fuzz::take_choice(input) % 4;
  if (choice == 0) {
    if (const auto chunk = fuzz::read<PresenceChunk>(input)) {
      std::array<std::uint64_t, kChunkWords> scratch{};
      const BitSpan users = chunk->expand(scratch.data());
      std::uint32_t count = 0;
      for (std::size_t i = 0; i < users.word_count; ++i) {
        count += static_cast<std::uint32_t>(std::popcount(users.words[i]));
      }
      fuzz::require(count == chunk->cardinality(), "it counts otherwise than it holds");
      fuzz::require_stable(*chunk, fuzz::written<PresenceChunk>, PresenceChunk::deserialize);
    }
  } else if (choice == 1) {
    // Parts of a user's sum may be put together otherwise each time; the sum stays.
    if (const auto chunk = fuzz::read<AmountChunk>(input)) {
      const auto again = AmountChunk::deserialize(fuzz::written(*chunk));
      fuzz::require(again.ok() && again->sum() == chunk->sum(), "the sum changes");
    }
  } else if (choice == 3) {
    constexpr std::size_t kSetCount = 4;
    const auto read = [](std::string_view bytes) {
      return AudienceChunk::deserialize(bytes, kSetCount);
    };
    const Result<AudienceChunk> chunk = read(input);
    if (chunk.ok()) {
      fuzz::require_stable(*chunk, fuzz::written<AudienceChunk>, read);
    } else {
      fuzz::require(chunk.status().code() == StatusCode::kCorruption, chunk.status().to_string());
    }
  } else if (const auto chunk = fuzz::read<BoundsChunk>(input)) {
    fuzz::require_stable(*chunk, fuzz::written<BoundsChunk>, BoundsChunk::deserialize);
  }
  return 0;
}
