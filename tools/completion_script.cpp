#include "tools/completion_script.h"

#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rollcall::tools {
namespace {

// Says what may stand after an option.
enum class Takes { kNothing, kWord, kFile, kDirectory, kChoice };

struct Flag {
  std::vector<std::string> names;  // with their dashes
  std::string help;
  Takes takes = Takes::kNothing;
  std::vector<std::string> choices;
};

struct Command {
  std::string name;
  std::string help;
  std::vector<Flag> flags;
  bool takes_files = false;
  std::vector<std::string> choices;  // of the positional argument
};

std::vector<std::string> choices_of(std::string_view text) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t at = text.find('|');
    parts.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

Takes takes_of(const CLI::Option& option) {
  if (option.get_items_expected_max() == 0) return Takes::kNothing;
  const std::string type = option.get_type_name();
  if (type.find('|') != std::string::npos) return Takes::kChoice;
  if (type == "FILE") return Takes::kFile;
  return type == "DIR" ? Takes::kDirectory : Takes::kWord;
}

Flag completed_flag(const CLI::Option& option) {
  Flag flag;
  for (const std::string& name : option.get_lnames()) flag.names.push_back("--" + name);
  for (const std::string& name : option.get_snames()) flag.names.push_back("-" + name);
  flag.help = option.get_description();
  flag.takes = takes_of(option);
  if (flag.takes == Takes::kChoice) flag.choices = choices_of(option.get_type_name());
  return flag;
}

std::vector<Command> commands_of(const CLI::App& app) {
  std::vector<Command> commands;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    Command& command = commands.emplace_back();
    command.name = sub->get_name();
    command.help = sub->get_description();
    for (const CLI::Option* option : sub->get_options()) {
      if (!option->get_positional()) {
        command.flags.push_back(completed_flag(*option));
      } else if (takes_of(*option) == Takes::kChoice) {
        command.choices = choices_of(option->get_type_name());
      } else {
        command.takes_files = true;
      }
    }
  }
  return commands;
}

// Quotes a text within single quotes of a POSIX shell, and of fish.
std::string shell_quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

std::string zsh_escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

std::string zsh_spec(const Flag& flag) {
  std::string action;
  switch (flag.takes) {
    case Takes::kNothing:
      break;
    case Takes::kWord:
      action = ":value: ";
      break;
    case Takes::kFile:
      action = ":file:_files";
      break;
    case Takes::kDirectory:
      action = ":directory:_files -/";
      break;
    case Takes::kChoice:
      action = fmt::format(":value:({})", fmt::join(flag.choices, " "));
      break;
  }
  std::string specs;
  for (const std::string& name : flag.names) {
    specs += "        " + shell_quoted("*" + name + "[" + zsh_escaped(flag.help) + "]" + action) +
             " \\\n";
  }
  return specs;
}

}  // namespace

std::string bash_completion(const CLI::App& app) {
  const std::vector<Command> commands = commands_of(app);
  std::string names;
  std::string after;  // what follows an option that takes something
  std::string words;  // what a command takes
  for (const Command& command : commands) {
    names += command.name + " ";
    std::string options;
    std::string free_words;  // patterns of options that take what cannot be guessed
    for (const Flag& flag : command.flags) {
      options += fmt::format("{} ", fmt::join(flag.names, " "));
      if (flag.takes == Takes::kNothing) continue;
      std::string pattern;
      for (const std::string& name : flag.names) {
        pattern += (pattern.empty() ? "" : "|") + command.name + ":" + name;
      }
      if (flag.takes == Takes::kWord) {
        free_words += (free_words.empty() ? "" : "|") + pattern;
        continue;
      }
      const std::string what = flag.takes == Takes::kFile ? "-f"
                               : flag.takes == Takes::kDirectory
                                   ? "-d"
                                   : fmt::format("-W '{}'", fmt::join(flag.choices, " "));
      after +=
          fmt::format("    {}) mapfile -t COMPREPLY < <(compgen {} -- \"$current\"); return ;;\n",
                      pattern, what);
    }
    if (!free_words.empty()) after += fmt::format("    {}) return ;;\n", free_words);
    words += fmt::format("    {}) options='{}' choices='{}' files={} ;;\n", command.name, options,
                         fmt::join(command.choices, " "), command.takes_files ? 1 : 0);
  }
  return fmt::format(R"(# bash completion for rollcall, made by `rollcall completions bash`
_rollcall() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD - 1]}}"
  local command="${{COMP_WORDS[1]}}" options='' choices='' files=0
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W '{}--help --version' -- "$current")
    return
  fi
  case "$command:$previous" in
{}  esac
  case "$command" in
{}  esac
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
  elif ((files)); then
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$current")
  fi
}}
complete -o filenames -F _rollcall rollcall
)",
                     names, after, words);
}

std::string zsh_completion(const CLI::App& app) {
  std::string names;
  std::string cases;
  for (const Command& command : commands_of(app)) {
    names += "    " + shell_quoted(zsh_escaped(command.name) + ":" + command.help) + "\n";
    cases += "    " + command.name + ")\n      _arguments \\\n";
    for (const Flag& flag : command.flags) cases += zsh_spec(flag);
    cases += command.takes_files
                 ? "        '*:file:_files'\n"
                 : fmt::format("        '*:value:({})'\n", fmt::join(command.choices, " "));
    cases += "      ;;\n";
  }
  return fmt::format(R"(#compdef rollcall
# zsh completion for rollcall, made by `rollcall completions zsh`
_rollcall() {{
  local -a commands=(
{}  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
{}  esac
}}
compdef _rollcall rollcall
)",
                     names, cases);
}

std::string fish_completion(const CLI::App& app) {
  std::string script =
      "# fish completion for rollcall, made by `rollcall completions fish`\n"
      "complete -c rollcall -f\n"
      "complete -c rollcall -n __fish_use_subcommand -l version -d 'Print the version'\n";
  for (const Command& command : commands_of(app)) {
    script += fmt::format("complete -c rollcall -n __fish_use_subcommand -a {} -d {}\n",
                          command.name, shell_quoted(command.help));
    const std::string condition =
        fmt::format("complete -c rollcall -n '__fish_seen_subcommand_from {}'", command.name);
    for (const Flag& flag : command.flags) {
      script += condition;
      for (const std::string& name : flag.names) {
        script += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      if (flag.takes == Takes::kChoice) {
        script += fmt::format(" -x -a '{}'", fmt::join(flag.choices, " "));
      } else if (flag.takes == Takes::kFile || flag.takes == Takes::kDirectory) {
        script += " -r -F";
      } else if (flag.takes == Takes::kWord) {
        script += " -x";
      }
      script += " -d " + shell_quoted(flag.help) + "\n";
    }
    if (command.takes_files) script += condition + " -F\n";
    if (!command.choices.empty()) {
      script += fmt::format("{} -a '{}'\n", condition, fmt::join(command.choices, " "));
    }
  }
  return script;
}

}  // namespace rollcall::tools
