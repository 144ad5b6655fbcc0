// rollcall init makes a store.
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
  bool made = false;
  const auto settings = [&] {
    made = true;
    return Result<StoreSettings>(new_settings(flags.settings));
  };
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine,
                            open_for_writing(flags.store, {}, settings));
  if (!made) {
    return Status::already_exists(fmt::format("{}: there is a store already, made with {}",
                                              flags.store.directory, describe(engine->settings())));
  }
  const std::string text =
      fmt::format("made {}: {}\n", flags.store.directory, describe(engine->settings()));
  ROLLCALL_RETURN_IF_ERROR(engine->close());
  return write_standard_output(text);
}

}  // namespace

void add_init_command(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("init", "Make a store and choose what never changes");
  const auto flags = std::make_shared<InitFlags>();
  add_store_flags(*command, flags->store);
  add_history_flag(*command, flags->store);
  add_settings_flags(*command, flags->settings);
  command->callback([flags, &chosen] {
    check_new_settings(flags->settings);
    chosen = [flags] { return init(*flags); };
  });
}

}  // namespace rollcall::tools
