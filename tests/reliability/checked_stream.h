// A stream of batches, and what must be answered after each of them: a recount by the oracle.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/options.h"
#include "rollcall/query.h"
#include "rollcall/status.h"
#include "tests/support/naive_engine.h"

namespace rollcall::testing {

// The batches are small, and so is their store; but the users of batch kLargeBatch have names so
// long that the checkpoint after it goes into table files, which compress them to little.
//
// Starts no thread, so that a test may fork after it was made.
class CheckedStream {
 public:
  static constexpr std::size_t kLargeBatch = 4;

  CheckedStream(std::uint64_t seed, std::size_t batch_count);

  std::size_t batch_count() const { return batches_.size(); }
  const StoreSettings& settings() const { return settings_; }

  // Ingests batch `number`, counted from 0, with its position in the stream.
  Status ingest(Engine& engine, std::size_t number, Ack ack = Ack::kMemory) const;

  // Two of three batches are pushed as durable, by those who use both: so they stand in the
  // journal, one behind the other, until the checkpoint after the third.
  static Ack ack(std::size_t number) { return number % 3 == 0 ? Ack::kMemory : Ack::kDurable; }

  // Returns how many batches the engine has, by its position, or kCorruption for a position that is
  // none of the stream's.
  Result<std::size_t> position(const Engine& engine) const;

  // Asks the engine everything there is to ask, and compares with a recount of the first `batches`
  // batches. An error counts as an answer to one question; whatever else differs is a wrong one.
  struct Comparison {
    std::string wrong;   // what differs, first of all; empty: nothing
    Status first_error;  // of a question that was not answered
  };
  Comparison compare(const Engine& engine, std::size_t batches) const;

 private:
  struct Recount {
    std::uint64_t events = 0;
    std::vector<QueryResult> answers;
  };

  StoreSettings settings_;
  std::vector<std::vector<NaiveEvent>> batches_;
  std::vector<Recount> recounts_;  // by number of batches
};

}  // namespace rollcall::testing
