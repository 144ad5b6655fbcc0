// rollcall backup and restore make a checked copy of a store, there and back.
#include <memory>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "rollcall/store_copy.h"
#include "tools/commands/command.h"
#include "tools/commands/store_access.h"
#include "tools/last_words.h"
#include "tools/progress_line.h"
#include "tools/terminal.h"
#include "tools/text.h"

namespace rollcall::tools {
namespace {

struct CopyFlags {
  std::string store;
  std::string backup;
};

Status make_copy(const std::string& from, const std::string& to, std::string_view done) {
  const LastWords last_words(fmt::format(
      "{} is not made; what is in {}.new is removed by the next copy to the same place", to, to));
  ProgressLine line;
  ROLLCALL_ASSIGN_OR_RETURN(const StoreCopy copied,
                            copy_rocks_store(from, to, [&](std::uint64_t steps, std::uint64_t all) {
                              line.show(steps, all);
                            }));
  line.wipe();
  return write_standard_output(fmt::format(
      "{} {} to {}: commit {}, {} pages of {}, checked\n", done, from, to,
      with_commas(copied.epoch), with_commas(copied.page_count), bytes_text(copied.bytes)));
}

}  // namespace

void add_backup_command(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "backup", "Copy the last checkpoint, and check the copy; others may write meanwhile");
  const auto flags = std::make_shared<CopyFlags>();
  add_directory_flag(*command, flags->store);
  command->add_option("--to", flags->backup, "Directory of the copy; missing or empty")
      ->required()
      ->type_name("DIR");
  command->callback([flags, &chosen] {
    chosen = [flags] { return make_copy(flags->store, flags->backup, "backed up"); };
  });
}

void add_restore_command(CLI::App& app, Action& chosen) {
  CLI::App* command =
      app.add_subcommand("restore", "Make a store from a backup, and check both; replaces nothing");
  const auto flags = std::make_shared<CopyFlags>();
  command->add_option("--from", flags->backup, "Directory of the backup")
      ->required()
      ->type_name("DIR");
  add_directory_flag(*command, flags->store);
  command->callback([flags, &chosen] {
    chosen = [flags] { return make_copy(flags->backup, flags->store, "restored"); };
  });
}

}  // namespace rollcall::tools
