#include "tools/commands/store_access.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "rollcall/rocks_store.h"
#include "rollcall/store.h"

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
  return options;
}

}  // namespace

void add_store_flags(CLI::App& command, StoreFlags& flags, bool required) {
  command.add_option("--db", flags.directory, "Directory of the store")
      ->envname("ROLLCALL_DB")
      ->required(required)
      ->type_name("DIR");
  command.add_option("--memory", flags.memory_bytes, "Memory to stay within, such as 2G")
      ->transform(CLI::AsSizeValue(false))
      ->type_name("SIZE");
  command.add_option("--threads", flags.threads, "Threads to use (default: all there are)")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  command.add_flag("--accept-rollback", flags.accept_rollback,
                   "Open a store that lost its latest commits, as one put back from a backup");
}

bool holds_something(const std::string& directory) {
  std::error_code ignored;
  return std::filesystem::exists(directory, ignored) &&
         !std::filesystem::is_empty(directory, ignored);
}

Result<std::unique_ptr<Engine>> open_for_reading(const StoreFlags& flags) {
  RocksStoreOptions store_options;
  store_options.read_only = true;
  store_options.accept_rollback = flags.accept_rollback;
  store_options.cache_bytes = std::size_t{8} << 20;
  ROLLCALL_ASSIGN_OR_RETURN(std::unique_ptr<Store> store,
                            open_rocks_store(flags.directory, store_options));
  return Engine::open(std::move(store), engine_options(flags));
}

Result<std::unique_ptr<Engine>> open_for_writing(const StoreFlags& flags,
                                                 const std::optional<StoreSettings>& settings) {
  RocksStoreOptions store_options;
  store_options.create_if_missing = settings.has_value();
  store_options.accept_rollback = flags.accept_rollback;
  ROLLCALL_ASSIGN_OR_RETURN(std::unique_ptr<Store> store,
                            open_rocks_store(flags.directory, store_options));
  ROLLCALL_ASSIGN_OR_RETURN(const std::optional<LastCommit> last, store->last_commit());
  if (!last && !settings) {
    return Status::not_found("store " + flags.directory +
                             ": its making was interrupted; it is empty");
  }
  EngineOptions options = engine_options(flags);
  if (!last) options.settings = settings;
  return Engine::open(std::move(store), options);
}

}  // namespace rollcall::tools
