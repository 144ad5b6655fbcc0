// This header has what a caller passes along with a batch of events and what it learns about it.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace rollcall {

// Says how far a source has been read. The engine keeps the latest position of each id and commits
// it together with the aggregates of the batches it covers. It does not interpret positions.
struct SourcePosition {
  std::string id;
  std::string position;
};

// Identifies a batch within its source, so that a batch that is sent again counts only once.
struct BatchToken {
  std::string source;
  std::string token;  // 1 to 256 bytes
};

// Says when `ingest` returns.
enum class Ack : std::uint8_t {
  kMemory,   // at once: a crash loses what came after the last checkpoint
  kDurable,  // once the batch and all earlier ones from its source would survive a crash
};

// This struct comes with a batch, besides its events. The caller owns what it points to, which need
// only outlive the call.
struct Delivery {
  // These positions say how far the sources of the batch have been read: there may be none, one, or
  // several, such as those of the partitions of a log. Each id appears at most once.
  std::span<const SourcePosition> positions = {};
  // If this is null, the batch is new. Otherwise a batch whose token is among the last 1,024 of its
  // source is skipped along with its positions, and the call succeeds. The tokens of failed batches
  // are not kept, and a crash loses the tokens of the batches that it loses.
  const BatchToken* token = nullptr;
  // Sources are told apart by the ids of positions and by the token's source. Among batches without
  // either, one that was acknowledged in memory may be lost although a later one survives.
  Ack ack = Ack::kMemory;
};

// Tells what became of a batch that was accepted.
struct IngestOutcome {
  bool was_skipped = false;          // its token was known, so it had been ingested before
  std::uint64_t rows_forgotten = 0;  // rows left out because their users are forgotten
};

}  // namespace rollcall
