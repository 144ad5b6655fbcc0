// This is an engine on a store of its own, in one of the many configurations that must all agree.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "rollcall/engine.h"
#include "rollcall/memory_store.h"
#include "rollcall/options.h"
#include "rollcall/status.h"
#include "tests/support/naive_engine.h"

namespace rollcall::testing {

enum class StoreKind : std::uint8_t { kMemory, kRocks };

// Is where a store's bytes are between two opens. A directory is removed with its place.
class StorePlace {
 public:
  explicit StorePlace(StoreKind kind);
  ~StorePlace();
  StorePlace(const StorePlace&) = delete;
  StorePlace& operator=(const StorePlace&) = delete;

  Result<std::unique_ptr<Store>> open() const;

 private:
  std::shared_ptr<MemoryDisk> disk_;  // null for a directory
  std::string directory_;
};

// Holds what may differ between engines that give the same answers.
struct EngineSetup {
  StoreKind store = StoreKind::kMemory;
  std::uint32_t partition_count = 64;
  std::size_t batch_rows = 0;  // of one `ingest`; 0: all events in one
  std::uint32_t threads = 1;
  std::size_t memory_bytes_max = EngineOptions{}.memory_bytes_max;
  std::size_t checkpoint_dirty_bytes_max = EngineOptions{}.checkpoint_dirty_bytes_max;
  std::optional<std::uint32_t> history_days = {};
};
std::string to_string(const EngineSetup& setup);

class TestEngine {
 public:
  // `settings.partition_count` gives way to the setup's.
  static Result<std::unique_ptr<TestEngine>> open(StoreSettings settings, const EngineSetup& setup);

  Status ingest(std::span<const NaiveEvent> events);
  Status save_segment(const std::string& name, const Segment& segment) {
    return engine_->save_segment(name, segment);
  }
  Status reopen();  // closes, and opens the same store again
  // Closes the engine for good, and opens its store, which lives no longer than this.
  Result<std::unique_ptr<Store>> close();
  Engine& engine() { return *engine_; }
  Result<QueryResult> query(const Query& query) const { return engine_->query(query); }
  Result<QueryResult> query(std::string_view json) const { return engine_->query(json); }

 private:
  TestEngine(StoreSettings settings, const EngineSetup& setup);
  Status open_engine();

  StoreSettings settings_;
  EngineSetup setup_;
  StorePlace place_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace rollcall::testing
