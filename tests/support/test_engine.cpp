#include "tests/support/test_engine.h"

#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "rollcall/rocks_store.h"
#include "tests/support/event_columns.h"

namespace rollcall::testing {

StorePlace::StorePlace(StoreKind kind) {
  if (kind == StoreKind::kMemory) {
    disk_ = make_memory_disk();
    return;
  }
  directory_ = (std::filesystem::temp_directory_path() / "rollcall_test_XXXXXX").string();
  if (mkdtemp(directory_.data()) == nullptr) directory_.clear();
}

StorePlace::~StorePlace() {
  std::error_code ignored;
  if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
}

Result<std::unique_ptr<Store>> StorePlace::open() const {
  if (disk_) return open_memory_store(disk_);
  if (directory_.empty()) return Status::io_error("no temporary directory could be made");
  return open_rocks_store(directory_);
}

std::string to_string(const EngineSetup& setup) {
  return std::string(setup.store == StoreKind::kMemory ? "memory" : "rocks") +
         " store, partitions=" + std::to_string(setup.partition_count) +
         " batch_rows=" + std::to_string(setup.batch_rows) +
         " threads=" + std::to_string(setup.threads) +
         " memory_bytes_max=" + std::to_string(setup.memory_bytes_max);
}

TestEngine::TestEngine(StoreSettings settings, const EngineSetup& setup)
    : settings_(std::move(settings)), setup_(setup), place_(setup.store) {
  settings_.partition_count = setup.partition_count;
}

Result<std::unique_ptr<TestEngine>> TestEngine::open(StoreSettings settings,
                                                     const EngineSetup& setup) {
  std::unique_ptr<TestEngine> engine(new TestEngine(std::move(settings), setup));
  ROLLCALL_RETURN_IF_ERROR(engine->open_engine());
  return engine;
}

Status TestEngine::open_engine() {
  ROLLCALL_ASSIGN_OR_RETURN(auto store, place_.open());
  EngineOptions options;
  options.settings = settings_;
  options.threads_max = setup_.threads;
  options.memory_bytes_max = setup_.memory_bytes_max;
  options.checkpoint_dirty_bytes_max = setup_.checkpoint_dirty_bytes_max;
  options.history_days = setup_.history_days;
  ROLLCALL_ASSIGN_OR_RETURN(engine_, Engine::open(std::move(store), options));
  return {};
}

Status TestEngine::ingest(std::span<const NaiveEvent> events) {
  const std::size_t step =
      setup_.batch_rows == 0 ? std::max<std::size_t>(events.size(), 1) : setup_.batch_rows;
  for (std::size_t begin = 0; begin < events.size(); begin += step) {
    const EventColumns columns(events.subspan(begin, std::min(step, events.size() - begin)),
                               settings_);
    ROLLCALL_RETURN_IF_ERROR(engine_->ingest(columns.batch()));
  }
  return {};
}

Result<std::unique_ptr<Store>> TestEngine::close() {
  ROLLCALL_RETURN_IF_ERROR(engine_->close());
  engine_.reset();
  return place_.open();
}

Status TestEngine::reopen() {
  ROLLCALL_RETURN_IF_ERROR(engine_->close());
  engine_.reset();
  return open_engine();
}

}  // namespace rollcall::testing
