#include "tools/commands/store_access.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <variant>

#include <unistd.h>

#include "rollcall/kinds.h"
#include "rollcall/memory_store.h"
#include "rollcall/roaring.h"
#include "rollcall/rocks_store.h"
#include "rollcall/store.h"
#include "rollcall/user_file.h"
#include "tools/commands/option_kinds.h"
#include "tools/interrupt.h"
#include "tools/terminal.h"
#include "tools/text.h"

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
  options.history_days = flags.history_days;
  options.question_directories = flags.lists;
  std::error_code error;  // the directory may be gone
  if (const std::filesystem::path here = std::filesystem::current_path(error); !error) {
    options.question_directories.push_back(here.string());
  }
  return options;
}

void allow_named_files(const Segment& segment, StoreFlags& flags) {
  if (segment.kind == Segment::Kind::kFile && !segment.name.empty()) {
    flags.lists.push_back(segment.name);
    flags.lists.push_back(dictionary_beside(segment.name));  // of a set of texts
  }
  for (const Segment& part : segment.parts) allow_named_files(part, flags);
  for (const Segment* const part : segments_of_question(segment)) allow_named_files(*part, flags);
}

// Opens a store that exists.
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
           "Memory to stay within, such as 512M or 2GiB; 32M or more (default 4G)", "32M");
  command.add_option("--threads", flags.threads, "Threads to use (default: all there are)")
      ->check(whole_number(1, kThreadsMax))
      ->type_name("N");
  command.add_flag("--accept-rollback", flags.accept_rollback,
                   "Open a store that lost its latest commits, as one put back from a backup");
}

void add_history_flag(CLI::App& command, StoreFlags& flags) {
  constexpr std::int64_t kDaysMax = 4'000'000;  // more than there are
  command
      .add_option("--history-days", flags.history_days,
                  "Let go of events from more days before the latest one, but not of their "
                  "totals; 0 keeps all (default: as before)")
      ->check(whole_number(0, kDaysMax))
      ->type_name("N");
}

void add_wait_flag(CLI::App& command, StoreFlags& flags) {
  add_duration(command, "--wait", flags.wait,
               "Wait so long for another process that writes to the store, such as 30s or 5m "
               "(default: not at all)");
}

void add_lists_flag(CLI::App& command, StoreFlags& flags) {
  command
      .add_option("--lists", flags.lists,
                  "A directory in and beneath which questions may read lists of users, besides the "
                  "current one; repeatable")
      ->type_name("DIR")
      ->allow_extra_args(false);
}

void allow_named_files(const Query& query, StoreFlags& flags) {
  if (query.common.among) allow_named_files(*query.common.among, flags);
  for (const Segment* const segment : segments_of(query)) allow_named_files(*segment, flags);
}

Result<std::vector<UserId>> read_named_list(const std::string& path, const Engine& engine) {
  constexpr std::size_t kShare = 8, kBytesMin = std::size_t{16} << 20;  // as EngineOptions says
  UserFileOptions options;
  options.memory_bytes_max = std::max(engine.options().memory_bytes_max / kShare, kBytesMin);
  std::vector<std::string> notes;
  options.notes = &notes;
  Result<std::vector<UserId>> users = read_user_file(path, engine.settings().user_kind, options);
  for (const std::string& note : notes) {
    write_standard_error("rollcall: note: " + printable(note) + "\n");
  }
  return users;
}

Result<std::unique_ptr<Engine>> open_for_reading(const StoreFlags& flags) {
  RocksStoreOptions options;
  options.read_only = true;
  options.accept_rollback = flags.accept_rollback;
  options.cache_bytes = std::size_t{8} << 20;
  return open_existing(flags, options);
}

Result<std::unique_ptr<Engine>> open_for_writing(
    const StoreFlags& flags, const std::vector<std::string>& keep,
    const std::function<Result<StoreSettings>()>& new_settings) {
  EngineOptions options_of_engine = engine_options(flags);
  options_of_engine.keep = keep;
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
  constexpr std::chrono::milliseconds kPause{50};
  const auto end = std::chrono::steady_clock::now() + flags.wait.value_or(kPause * 0);
  while (true) {
    Result<std::unique_ptr<Engine>> engine = open_existing(flags, options);
    const bool is_busy = engine.status().code() == StatusCode::kBusy;
    const bool gives_up = std::chrono::steady_clock::now() >= end || interrupted_exit_code();
    if (!is_busy || gives_up) return engine;
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace rollcall::tools
