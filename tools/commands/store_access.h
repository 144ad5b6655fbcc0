// A command works on this store, opened from --db.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "rollcall/engine.h"
#include "rollcall/options.h"
#include "rollcall/query.h"
#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall::tools {

// These are --db, --memory, --threads and --accept-rollback.
struct StoreFlags {
  std::string directory;
  std::size_t memory_bytes = 0;  // 0: the engine's default
  std::uint32_t threads = 0;     // 0: as many as the process may use
  bool accept_rollback = false;
  std::optional<std::uint32_t> history_days;      // unset: the store goes on as before
  std::optional<std::chrono::milliseconds> wait;  // for another writer; unset: not at all
  // Lists, for a command that asks, where questions may read lists of users besides the current
  // directory: directories, or the files that the command line names.
  std::vector<std::string> lists;
};

// Adds --db, which may also stand in the environment, as ROLLCALL_DB. A command that can do without
// a store sets `required` to false and checks `directory` when it needs one.
void add_directory_flag(CLI::App& command, std::string& directory, bool required = true);

// Adds all of these flags, with `required` as above.
void add_store_flags(CLI::App& command, StoreFlags& flags, bool required = true);

// Adds --history-days, for a command that writes.
void add_history_flag(CLI::App& command, StoreFlags& flags);

// Adds --wait, for a command that keeps a definition: it is done in a moment, and the process that
// writes to the store may be, too.
void add_wait_flag(CLI::App& command, StoreFlags& flags);

// Adds --lists, for a command that asks.
void add_lists_flag(CLI::App& command, StoreFlags& flags);

// Lets questions read the files that the segments of `query` name, as the command line does.
void allow_named_files(const Query& query, StoreFlags& flags);

// Reads a list of users that the command line names, within as much memory as questions have, and
// says so if it was compressed without a checksum.
//   errors  as read_user_file
Result<std::vector<UserId>> read_named_list(const std::string& path, const Engine& engine);

// Opens the store as its last commit left it, beside whoever writes to it.
//   kNotFound  there is none, or one whose making is not finished
Result<std::unique_ptr<Engine>> open_for_reading(const StoreFlags& flags);

// Opens the store for writing, with the settings it was made with; `keep` names properties that it
// keeps from now on, besides those that it keeps already. If there is none yet, or one
// whose making was interrupted, `new_settings` is called, and the store is made with what it
// returns and committed before this returns. If the settings are refused, no directory has been
// made.
Result<std::unique_ptr<Engine>> open_for_writing(
    const StoreFlags& flags, const std::vector<std::string>& keep,
    const std::function<Result<StoreSettings>()>& new_settings);

// While another process writes to it, waits for as long as `flags` has it.
//   kNotFound  as open_for_reading
//   kBusy      the other one has not ended by then; the text says who it is
Result<std::unique_ptr<Engine>> open_existing_for_writing(const StoreFlags& flags);

}  // namespace rollcall::tools
