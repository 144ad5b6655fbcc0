#include "tools/commands/examples.h"

#include <cstddef>
#include <string_view>

#include <fmt/format.h>

namespace rollcall::tools {
namespace {

struct CommandExamples {
  std::string_view command;  // its name within those above it, without the program's
  std::vector<std::string> examples;
};

const CommandExamples kExamplesOfCommands[] = {
    {"init", {"--db new.db --timezone Europe/London --dimension channel"}},
    {"ingest", {"--db shop.db answers.csv", "--db other.db --keep country events.csv"}},
    {"query",
     {R"(--db shop.db '{"kind": "active", "period": "week"}')", "--db shop.db --saved weekly"}},
    {"segment", {"count --db shop.db 'did(purchase, 30d) and not did(login, 7d)'"}},
    {"segment save", {"--db shop.db lapsed 'did(purchase, 30d) and not did(login, 7d)'"}},
    {"segment list", {"--db shop.db"}},
    {"segment show", {"--db shop.db buyers"}},
    {"segment drop", {"--db shop.db buyers"}},
    {"campaign", {"report --db shop.db win_back"}},
    {"campaign create",
     {"--db shop.db --name second_try campaign.json", "--db shop.db --standard"}},
    {"campaign list", {"--db shop.db"}},
    {"campaign show", {"--db shop.db win_back"}},
    {"campaign users", {"--db shop.db win_back --arm contacted -o csv"}},
    {"campaign report", {"--db shop.db win_back"}},
    {"campaign run", {"--db shop.db", "--db shop.db win_back"}},
    {"campaign end", {"--db shop.db win_back"}},
    {"campaign drop", {"--db shop.db win_back"}},
    {"saved", {"list --db shop.db"}},
    {"saved list", {"--db shop.db --kind alert"}},
    {"saved show", {"--db shop.db question weekly"}},
    {"saved add", {"--db shop.db question monthly question.json"}},
    {"saved drop", {"--db shop.db question weekly"}},
    {"saved export", {"--db shop.db -o saved.json"}},
    {"saved import", {"--db shop.db --replace saved.json"}},
    {"alert", {"check --db shop.db"}},
    {"alert create", {"--db shop.db few alert.json"}},
    {"alert list", {"--db shop.db"}},
    {"alert show", {"--db shop.db quiet"}},
    {"alert check", {"--db shop.db", "--db shop.db quiet -o json"}},
    {"alert history", {"--db shop.db quiet"}},
    {"alert test", {"--db shop.db --allow-commands quiet"}},
    {"alert enable", {"--db shop.db quiet"}},
    {"alert disable", {"--db shop.db quiet"}},
    {"alert breaker", {"--db shop.db quiet"}},
    {"alert drop", {"--db shop.db quiet"}},
    {"explain",
     {R"(--db shop.db '{"kind": "active", "period": "week"}')", "active --db shop.db --period week",
      "segment count --db shop.db 'did(login, 7d)'"}},
    {"explain segment", {"count --db shop.db 'did(login, 7d)'"}},
    {"report", {"--db shop.db -o report.html", "--db shop.db --lang zh -o report.html"}},
    {"forget", {"--db shop.db --user 7"}},
    {"info", {"--db shop.db"}},
    {"verify", {"--db shop.db"}},
    {"backup", {"--db shop.db --to shop.bak"}},
    {"restore", {"--from kept.bak --db again.db"}},
    {"compact", {"--db shop.db"}},
    {"generate", {"--users 2K --events 50K month.csv.gz"}},
    {"completions", {"bash > rollcall.bash"}},
};

void set_examples_below(CLI::App& app, const std::string& above) {
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) {
    const std::string name = above + command->get_name();
    for (const CommandExamples& known : kExamplesOfCommands) {
      if (known.command == name) set_examples(*command, known.examples);
    }
    set_examples_below(*command, name + " ");
  }
}

}  // namespace

void set_examples(CLI::App& command, const std::vector<std::string>& examples) {
  std::string footer = "Examples:";
  for (const std::string& example : examples) {
    footer += fmt::format("\n  {} {}", full_name(command), example);
  }
  command.footer(footer);
}

void set_examples_of_commands(CLI::App& app) { set_examples_below(app, ""); }

std::string first_example(const CLI::App& command) {
  const std::string footer = command.get_footer();
  const std::size_t begin = footer.find("\n  ");
  if (begin == std::string::npos) return {};
  return footer.substr(begin + 3, footer.find('\n', begin + 1) - begin - 3);
}

std::string full_name(const CLI::App& command) {
  const CLI::App* const parent = command.get_parent();
  return (parent == nullptr ? "" : full_name(*parent) + " ") + command.get_name();
}

}  // namespace rollcall::tools
