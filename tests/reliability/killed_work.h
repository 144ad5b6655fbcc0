// A process that is to be killed does this: its sources have these batches, and it forgets these
// users. All of it follows from a number, so that what a store must answer is known without asking
// the process.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/options.h"
#include "rollcall/status.h"
#include "tests/support/naive_engine.h"

namespace rollcall::testing {

// The kinds of work that a kill may come upon.
enum class Work : std::uint8_t {
  kOpen,     // of the store, with all that the kill before left to be put right
  kDurable,  // a batch is ingested with Ack::kDurable
  kMemory,   // or with Ack::kMemory
  kCheckpoint,
  kCompact,
  kForget,
  kBackup,
};
inline constexpr std::array<std::string_view, 7> kWorkNames = {
    "open", "durable", "memory", "checkpoint", "compact", "forget", "backup"};

// Source 0 pushes durable batches, source 1 some in memory between durable ones, and source 2 can
// be read again: its batches are in memory. The batches of each source come one after the other,
// with their positions, and those of the first two with tokens.
inline constexpr std::size_t kKilledSources = 3;

// Says how much of the work a store has.
struct Standing {
  std::array<std::size_t, kKilledSources> batches{};  // of each source: as many, from its first
  std::size_t forgets = 0;                            // this many calls, from the first

  friend bool operator==(const Standing&, const Standing&) = default;
};

StoreSettings killed_settings();

// Every batch has events at the first and at the last second of all, so that the range of each
// question is the same whoever is forgotten.
std::vector<NaiveEvent> killed_events(std::size_t source, std::size_t number);

Ack killed_ack(std::size_t source, std::size_t number);

Result<IngestOutcome> ingest_killed(Engine& engine, std::size_t source, std::size_t number);

// The users of one call, each in no other.
std::vector<UserId> users_to_forget(std::size_t number);

// Returns how far the store is, by its positions and by how many users it has forgotten.
//   kCorruption  it is where nobody can have brought it: some users of a call are forgotten
Result<Standing> standing_of(const Engine& engine);

}  // namespace rollcall::testing
