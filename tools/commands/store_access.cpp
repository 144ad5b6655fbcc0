#include "tools/commands/store_access.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "rollcall/memory_store.h"
#include "rollcall/rocks_store.h"
#include "rollcall/store.h"
#include "tools/commands/option_kinds.h"

namespace rollcall::tools {
namespace {

EngineOptions engine_options(const StoreFlags& flags) {
  EngineOptions options;
  if (flags.memory_bytes > 0) {
    options.memory_bytes_max = flags.memory_bytes;
    options.checkpoint_dirty_bytes_max =
        std::min(options.checkpoint_dirty_bytes_max, flags.memory_bytes / 4);
  }
  options.threads_max = flags.threads;
  if (flags.days_ahead) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    options.time_max = std::chrono::duration_cast<std::chrono::microseconds>(
                           now + std::chrono::hours(24) * *flags.days_ahead)
                           .count();
  }
  return options;
}

// Opens a store that is there.
Result<std::unique_ptr<Engine>> open_existing(const StoreFlags& flags,
                                              const RocksStoreOptions& options) {
  Result<std::unique_ptr<Store>> store = open_rocks_store(flags.directory, options);
  if (store.status().code() == StatusCode::kNotFound) {
    return Status::not_found(store.status().message() + " (rollcall ingest, or init, makes one)");
  }
  if (!store.ok()) return store.status();
  return Engine::open(*std::move(store), engine_options(flags));
}

}  // namespace

void add_directory_flag(CLI::App& command, std::string& directory, bool required) {
  command.add_option("--db", directory, "Directory of the store")
      ->envname("ROLLCALL_DB")
      ->required(required)
      ->type_name("DIR");
}

void add_store_flags(CLI::App& command, StoreFlags& flags, bool required) {
  add_directory_flag(command, flags.directory, required);
  add_size(command, "--memory", flags.memory_bytes,
           "Memory to stay within, such as 2G (default 4G)");
  command.add_option("--threads", flags.threads, "Threads to use (default: all there are)")
      ->check(whole_number(1, 1 << 16))
      ->type_name("N");
  command.add_flag("--accept-rollback", flags.accept_rollback,
                   "Open a store that lost its latest commits, as one put back from a backup");
}

Result<std::unique_ptr<Engine>> open_for_reading(const StoreFlags& flags) {
  RocksStoreOptions options;
  options.read_only = true;
  options.accept_rollback = flags.accept_rollback;
  options.cache_bytes = std::size_t{8} << 20;
  return open_existing(flags, options);
}

Result<std::unique_ptr<Engine>> open_for_writing(
    const StoreFlags& flags, const std::function<Result<StoreSettings>()>& new_settings) {
  EngineOptions options_of_engine = engine_options(flags);
  const auto choose_settings = [&]() -> Status {
    ROLLCALL_ASSIGN_OR_RETURN(options_of_engine.settings, new_settings());
    // Refused settings leave no directory.
    return Engine::open(open_memory_store(), options_of_engine).status();
  };
  RocksStoreOptions options;
  options.accept_rollback = flags.accept_rollback;
  options.create_if_missing = false;
  Result<std::unique_ptr<Store>> store = open_rocks_store(flags.directory, options);
  if (store.status().code() == StatusCode::kNotFound) {
    ROLLCALL_RETURN_IF_ERROR(choose_settings());
    options.create_if_missing = true;
    store = open_rocks_store(flags.directory, options);
  }
  if (!store.ok()) return store.status();
  ROLLCALL_ASSIGN_OR_RETURN(const std::optional<LastCommit> last, (*store)->last_commit());
  ROLLCALL_ASSIGN_OR_RETURN(std::unique_ptr<Engine> engine,
                            Engine::open(*std::move(store), options_of_engine));
  // Readers see the settings before the first row.
  if (!last) ROLLCALL_RETURN_IF_ERROR(engine->checkpoint());
  return engine;
}

Result<std::unique_ptr<Engine>> open_existing_for_writing(const StoreFlags& flags) {
  RocksStoreOptions options;
  options.accept_rollback = flags.accept_rollback;
  options.create_if_missing = false;
  return open_existing(flags, options);
}

}  // namespace rollcall::tools
