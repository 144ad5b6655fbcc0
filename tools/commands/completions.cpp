// rollcall completions prints a completion script for a shell.
#include <memory>
#include <optional>
#include <string>

#include "tools/commands/command.h"
#include "tools/commands/option_kinds.h"
#include "tools/completion_script.h"
#include "tools/terminal.h"

namespace rollcall::tools {
namespace {

Status print_completions(const CLI::App& app, const std::string& shell) {
  if (shell == "bash") return write_standard_output(bash_completion(app));
  if (shell == "zsh") return write_standard_output(zsh_completion(app));
  return write_standard_output(fish_completion(app));
}

}  // namespace

void add_completions_command(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("completions", "Print a completion script for a shell");
  const auto shell = std::make_shared<std::optional<std::string>>();
  add_choice(*command, "SHELL", *shell, {"bash", "zsh", "fish"}, "Shell to complete in")
      ->required();
  command->callback([shell, &app, &chosen] {
    chosen = [shell, &app] { return print_completions(app, **shell); };
  });
}

}  // namespace rollcall::tools
