#include "tools/commands/store_access.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

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
           "Memory to stay within, 32M or more (default 4G)", "32M");
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
  constexpr std::string_view kAdvice = " (rollcall ingest, or init, makes one)";
  Result<std::unique_ptr<Store>> store = open_rocks_store(flags.directory, options);
  if (store.status().code() == StatusCode::kNotFound) {
    return Status::not_found(fmt::format("{}{}", store.status().message(), kAdvice));
  }
  if (!store.ok()) return store.status();
  ROLLCALL_ASSIGN_OR_RETURN(const std::optional<LastCommit> last, (*store)->last_commit());
  if (!last) {
    return Status::not_found(
        fmt::format("{}: a store whose making is not finished{}", flags.directory, kAdvice));
  }
  return Engine::open(*std::move(store), engine_options(flags));
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
  if (!last && !options_of_engine.settings) ROLLCALL_RETURN_IF_ERROR(choose_settings());
  ROLLCALL_ASSIGN_OR_RETURN(std::unique_ptr<Engine> engine,
                            Engine::open(*std::move(store), options_of_engine));
  // Readers see the settings before the first row.
  if (!last) ROLLCALL_RETURN_IF_ERROR(engine->checkpoint());
  return engine;
}

Result<std::unique_ptr<Engine>> open_existing_for_writing(const StoreFlags& flags) {
  return open_for_writing(flags, [&]() -> Result<StoreSettings> {
    return Status::not_found(flags.directory + ": no store (rollcall ingest, or init, makes one)");
  });
}

}  // namespace rollcall::tools
