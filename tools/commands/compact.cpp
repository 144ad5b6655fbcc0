// rollcall compact rewrites a store's files without what it no longer has.
#include <memory>
#include <string>

#include <fmt/format.h>

#include "rollcall/engine.h"
#include "tools/commands/command.h"
#include "tools/commands/store_access.h"
#include "tools/last_words.h"
#include "tools/terminal.h"
#include "tools/text.h"

namespace rollcall::tools {
namespace {

Status compact(const StoreFlags& flags) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, open_existing_for_writing(flags));
  const LastWords last_words(
      "nothing of the store is lost; its files may hold more than they need");
  const std::uint64_t bytes_before = engine->info().store.disk_bytes;
  ROLLCALL_RETURN_IF_ERROR(engine->compact());
  const std::string text =
      fmt::format("on disk {}, before {}\n", bytes_text(engine->info().store.disk_bytes),
                  bytes_text(bytes_before));
  ROLLCALL_RETURN_IF_ERROR(engine->close());
  return write_standard_output(text);
}

}  // namespace

void add_compact_command(CLI::App& app, Action& chosen) {
  CLI::App* command =
      app.add_subcommand("compact", "Rewrite the files of a store without what it no longer has");
  const auto flags = std::make_shared<StoreFlags>();
  add_store_flags(*command, *flags);
  command->callback([flags, &chosen] { chosen = [flags] { return compact(*flags); }; });
}

}  // namespace rollcall::tools
