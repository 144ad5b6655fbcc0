// rollcall init: makes a store.
#include <memory>
#include <string>

#include <fmt/format.h>

#include "tools/commands/command.h"
#include "tools/commands/settings_flags.h"
#include "tools/commands/store_access.h"
#include "tools/terminal.h"

namespace rollcall::tools {
namespace {

struct InitFlags {
  StoreFlags store;
  SettingsFlags settings;
};

Status init(const InitFlags& flags) {
  if (holds_something(flags.store.directory)) {
    return Status::already_exists(
        fmt::format("--db {}: the directory is not empty (allowed: a new or empty one)",
                    flags.store.directory));
  }
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine,
                            open_for_writing(flags.store, new_settings(flags.settings)));
  const std::string settings = describe(engine->settings());
  ROLLCALL_RETURN_IF_ERROR(engine->close());
  return write_standard_output(fmt::format("made {}: {}\n", flags.store.directory, settings));
}

}  // namespace

void add_init_command(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("init", "Make a store and choose what never changes");
  const auto flags = std::make_shared<InitFlags>();
  add_store_flags(*command, flags->store);
  add_settings_flags(*command, flags->settings);
  command->callback([flags, &chosen] { chosen = [flags] { return init(*flags); }; });
}

}  // namespace rollcall::tools
