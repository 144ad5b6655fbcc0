// What comes with a batch, besides its events.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace rollcall {

// How far a source has been read. The engine keeps the latest position of each id, commits it
// together with the aggregates of the batches it covers, and does not look inside.
struct SourcePosition {
  std::string id;
  std::string position;
};

// Tells a batch from all others of its source, so that one that is sent again counts once.
struct BatchToken {
  std::string source;
  std::string token;  // 1 to 256 bytes
};

// When `ingest` returns.
enum class Ack : std::uint8_t {
  kMemory,   // at once: a crash loses what came after the last checkpoint
  kDurable,  // when the batch, and all that came before it from its source, would survive a crash
};

// What comes with a batch besides its events. What it points to need outlive only the call.
struct Delivery {
  // How far the sources have been read from which the batch comes: none, one, or several, such as
  // partitions of a log. Of each id one.
  std::span<const SourcePosition> positions = {};
  // Null: the batch is new. Otherwise a batch whose token is among the last 1,024 of its source is
  // skipped, positions and all, and the call succeeds. The tokens of batches that failed are not
  // among them; those of batches that are lost in a crash are lost with them.
  const BatchToken* token = nullptr;
  // Sources are told apart by the ids of positions and the token's source. Of batches without
  // either, those that were acknowledged in memory may be lost although a later one survived.
  Ack ack = Ack::kMemory;
};

// Tells what became of a batch that was taken.
struct IngestOutcome {
  bool was_skipped = false;          // its token was known: the batch was in already
  std::uint64_t rows_forgotten = 0;  // that were left out, as their users are forgotten
};

}  // namespace rollcall
