#include "tools/commands/usage_error.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rollcall/message_text.h"
#include "tools/commands/examples.h"
#include "tools/text.h"

namespace rollcall::tools {
namespace {

// Lists words for one thing. A person who types one of them may mean any other that is a command.
using Synonyms = std::array<std::string_view, 7>;
constexpr std::array<Synonyms, 17> kSynonyms = {{
    {"create", "save", "add", "new", "make", "define", "keep"},
    {"drop", "delete", "remove", "rm", "forget", "del", "erase"},
    {"show", "get", "print", "view", "describe", "cat", "inspect"},
    {"list", "ls", "all", "names"},
    {"check", "run", "evaluate", "watch", "start", "freeze"},
    {"end", "stop", "finish", "close"},
    {"users", "members", "audience", "who"},
    {"count", "size", "users", "members", "who", "run", "query"},
    {"report", "result", "results", "stats", "outcome"},
    {"history", "log", "changes"},
    {"enable", "on", "resume", "unmute"},
    {"disable", "off", "pause", "mute", "silence"},
    {"test", "try", "fire", "send"},
    {"export", "dump", "backup"},
    {"import", "load", "ingest", "restore"},
    {"breaker", "state", "status", "open"},
    {"active", "dau", "wau", "mau"},
}};

// Returns the command that `word` is another word for, or that it is nearly spelled like; empty if
// there is none.
std::string meant_command(std::string_view word, const std::vector<std::string>& commands) {
  for (const Synonyms& synonyms : kSynonyms) {
    if (word.empty() || std::ranges::find(synonyms, word) == synonyms.end()) continue;
    for (const std::string& command : commands) {
      if (std::ranges::find(synonyms, command) != synonyms.end()) return command;
    }
  }
  return nearest_name(word, commands);
}

std::string did_you_mean_this(const std::string& meant) {
  return meant.empty() ? "" : fmt::format(" (did you mean {}?)", quoted_excerpt(meant));
}

// Returns the command, or the command of a command, that the command line has come to.
const CLI::App& chosen_app(const CLI::App& app) {
  const std::vector<CLI::App*> chosen = app.get_subcommands();
  return chosen.empty() ? app : chosen_app(*chosen.front());
}

std::vector<std::string> names_of_flags(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

std::vector<std::string> names_of_commands(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

// Says whether a command of the app has the flag.
bool is_flag_of_commands(const CLI::App& app, const std::string& name) {
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    const std::vector<std::string> names = names_of_flags(*command);
    if (std::ranges::find(names, name) != names.end()) return true;
  }
  return false;
}

bool is_flag(const std::string& word) { return word.starts_with('-') && word.size() > 1; }

// Says what is wrong with arguments that nothing takes, in their order. An argument after an
// unknown flag is likely its value, and says nothing by itself.
std::string unexpected_arguments(const CLI::App& app, const std::vector<std::string>& extras) {
  const std::vector<std::string> commands = names_of_commands(app);
  std::string text;
  bool is_value = false;
  for (const std::string& extra : extras) {
    const std::string name = extra.substr(0, extra.find('='));
    if (is_flag(extra) && is_flag_of_commands(app, name)) {
      // What follows belongs to the command that is not there.
      return text + fmt::format("{} needs a command before it (allowed: {} COMMAND {}, with {})",
                                quoted_excerpt(name), full_name(app), excerpt(name),
                                excerpts(commands));
    }
    if (is_flag(extra)) {
      text += fmt::format("{}unknown flag {}{}", text.empty() ? "" : "; ", quoted_excerpt(name),
                          did_you_mean_this(nearest_flag(name, names_of_flags(app))));
    } else if (!commands.empty()) {
      return text + fmt::format("{}unknown command {}{}, allowed: {}", text.empty() ? "" : "; ",
                                quoted_excerpt(extra),
                                did_you_mean_this(meant_command(extra, commands)),
                                excerpts(commands));
    } else if (!is_value) {
      text +=
          fmt::format("{}unexpected argument {}", text.empty() ? "" : "; ", quoted_excerpt(extra));
    }
    is_value = is_flag(extra) && extra.find('=') == std::string::npos;
  }
  return text;
}

// Says what the command must have and was not given, and what each is; empty if it has all.
std::string missing_options(const CLI::App& command) {
  std::string text;
  for (const CLI::Option* const option : command.get_options()) {
    if (!option->get_required() || option->count() > 0) continue;
    text += fmt::format("{}{} is required ({})", text.empty() ? "" : "; ",
                        option->get_name(option->get_positional()), option->get_description());
  }
  return text;
}

}  // namespace

std::string usage_error_text(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& chosen = chosen_app(app);
  const std::vector<std::string> extras = chosen.remaining();
  const bool is_missing = error.get_name() == "RequiredError";
  std::string text =
      extras.empty() ? std::string(error.what()) : unexpected_arguments(chosen, extras);
  std::string hint;
  if (is_missing && extras.empty()) {
    const std::string missing = missing_options(chosen);
    if (!missing.empty()) text = missing;
    const std::string example = first_example(chosen);
    if (!example.empty()) hint = fmt::format("for example: {}; ", example);
  }
  return fmt::format("rollcall: {}\nhint: {}{} --help shows what is allowed\n",
                     shortened(printable(text)), hint, full_name(chosen));
}

}  // namespace rollcall::tools
