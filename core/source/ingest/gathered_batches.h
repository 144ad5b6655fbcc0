// Gathers batches of a source that gives few rows at a time, and ingests them together, while the
// source goes on.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <thread>
#include <vector>

#include "core/base/mutex.h"
#include "rollcall/delivery.h"
#include "rollcall/engine.h"
#include "rollcall/event.h"
#include "rollcall/status.h"

namespace rollcall {

// Is a batch with what its events point to. All batches of a source have the same columns.
struct HeldBatch {
  virtual ~HeldBatch() = default;
  // Returns the error of a batch that the engine refused, with the row at fault if it is a row's.
  virtual Status fault(const Status& refused) const = 0;

  EventBatch events;
  std::uint64_t first_row = 0;  // of the source
};

// One thread adds batches. Another prepares and ingests what is gathered when it is enough, or when
// the first of it has waited for a second; meanwhile the next batches are gathered, up to as many.
// Where the system gives no thread, each batch is ingested as it comes. If the engine refuses a
// batch, those before it are ingested, and those after it are not.
//
// With positions or a token, which tell of all of the source, everything is ingested at the end, in
// one piece.
class GatheredBatches {
 public:
  GatheredBatches(Engine& engine, const Delivery& delivery);
  // Ingests nothing; what was not ingested is lost.
  ~GatheredBatches();
  GatheredBatches(const GatheredBatches&) = delete;
  GatheredBatches& operator=(const GatheredBatches&) = delete;

  // Takes a batch, and may wait for earlier ones to be ingested. Returns what became of those.
  //   kResourceExhausted  all is to be ingested in one piece, and does not fit in memory
  Status add(std::unique_ptr<HeldBatch> batch) ROLLCALL_EXCLUDES(mutex_);

  // Ingests what is left. If the source failed, so that what was to be ingested in one piece is not
  // whole, that is dropped.
  Result<IngestOutcome> finish(bool source_failed) ROLLCALL_EXCLUDES(mutex_);

 private:
  using Batches = std::vector<std::unique_ptr<HeldBatch>>;
  struct Group {
    Batches batches;
    std::size_t rows = 0;
    std::size_t bytes = 0;
    std::chrono::steady_clock::time_point begun;  // when its first batch came
  };

  bool is_enough() const ROLLCALL_REQUIRES(mutex_);
  void run() ROLLCALL_EXCLUDES(mutex_);
  // These do not hold the mutex while the engine works.
  Status ingest(Group group) ROLLCALL_EXCLUDES(mutex_);
  Status ingest_prepared(std::vector<PreparedBatch> batches) ROLLCALL_EXCLUDES(mutex_);
  void stop() ROLLCALL_EXCLUDES(mutex_);

  Engine& engine_;
  const Delivery delivery_;
  const bool in_one_piece_;
  const std::size_t group_bytes_max_;
  Mutex mutex_;
  ConditionVariable changed_;
  Group gathered_ ROLLCALL_GUARDED_BY(mutex_);
  IngestOutcome outcome_ ROLLCALL_GUARDED_BY(mutex_);
  Status failure_ ROLLCALL_GUARDED_BY(mutex_);
  std::exception_ptr thrown_ ROLLCALL_GUARDED_BY(mutex_);  // by the other thread
  bool ended_ ROLLCALL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace rollcall
