#include "tools/commands/question.h"

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "rollcall/message_text.h"
#include "rollcall/query.h"
#include "tools/commands/examples.h"
#include "tools/commands/field_flags.h"
#include "tools/commands/option_kinds.h"
#include "tools/commands/output_flags.h"
#include "tools/commands/question_limits.h"
#include "tools/commands/store_access.h"
#include "tools/commands/typed_question.h"
#include "tools/terminal.h"

namespace rollcall::tools {
namespace {

using Json = nlohmann::ordered_json;

struct QuestionFlags {
  StoreFlags store;
  OutputFlags output;
  FieldFlags own;                      // fields of the kind
  FieldFlags range;                    // those of a range of dates
  FieldFlags common;                   // those of every kind
  std::optional<std::string> members;  // the count whose users are wanted
  std::vector<std::string> at;         // its cell
  std::optional<std::uint64_t> limit;
  std::optional<std::string> after;
  Timeout timeout;
  bool explain = false;
};

void add_members_flags(CLI::App& command, QuestionFlags& flags) {
  const std::string group = "Members";
  CLI::Option* members =
      command
          .add_option("--members", flags.members,
                      "The users behind a cell, instead of counts: the column to take, such as "
                      "churned")
          ->type_name("COLUMN")
          ->group(group);
  command
      .add_option("--at", flags.at,
                  "Which cell: a value of a key column, such as date=2026-01-03; repeatable")
      ->type_size(1)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name("COLUMN=VALUE")
      ->group(group)
      ->needs(members);
  command.add_option("--limit", flags.limit, "So many users of it (default: all)")
      ->check(whole_number(1, std::numeric_limits<std::int64_t>::max()))
      ->type_name("N")
      ->group(group)
      ->needs(members);
  command.add_option("--after", flags.after, "Only users after this one: the `next` of a page")
      ->type_name("USER")
      ->group(group)
      ->needs(members);
}

// `prints` says whether the answer is printed.
void add_question_flags(CLI::App& command, const QueryKind& kind, bool prints,
                        QuestionFlags& flags) {
  // --explain needs no store, so its absence is noticed later.
  add_store_flags(command, flags.store, /*required=*/false);
  add_lists_flag(command, flags.store);
  flags.common.add_to(command, common_fields());
  if (kind.has_members) add_members_flags(command, flags);
  add_timeout_flag(command, flags.timeout);
  if (prints) {
    command.add_flag("--explain", flags.explain, "Print the question as JSON instead of asking it");
    add_output_flags(command, flags.output);
  }
  if (kind.takes_range) flags.range.add_to(command, range_fields());
  flags.own.add_to(command, kind.fields);
}

Json members_json(const QuestionFlags& flags) {
  Json where = Json::object();
  for (const std::string& word : flags.at) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw_usage("--at", fmt::format("not a column and its value: {} (allowed: column=value)",
                                      quoted_excerpt(word)));
    }
    where[word.substr(0, equals)] = word.substr(equals + 1);
  }
  Json members = {{"where", where}, {"of", *flags.members}};
  if (flags.limit) members["limit"] = *flags.limit;
  if (flags.after) members["after"] = *flags.after;
  return members;
}

// Returns the question as JSON: the fields that were given.
std::string question_of(const QueryKind& kind, const QuestionFlags& flags) {
  Json spec = {{"kind", std::string(kind.name)}};
  flags.own.write(spec);
  flags.range.write(spec);
  flags.common.write(spec);
  if (flags.members) spec["members"] = members_json(flags);
  return spec.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Returns what is wrong with a question, and how to give a list that was given with commas.
std::string with_lists_in_turn(const std::string& fault, const QuestionFlags& flags) {
  const std::string in_turn = flags.own.lists_in_turn();
  return in_turn.empty() ? fault : fmt::format("{}; try {}", fault, in_turn);
}

Status with_lists_in_turn(const Status& status, const QuestionFlags& flags) {
  if (status.code() != StatusCode::kInvalidArgument) return status;
  return Status::invalid_argument(with_lists_in_turn(status.message(), flags))
      .with_hint(status.hint());
}

// Asks `json` and prints the answer; with --explain, prints `json`.
Status ask(const std::string& json, const QuestionFlags& flags) {
  if (flags.explain) return write_standard_output(json + "\n");
  std::optional<QuestionGuard> guard(flags.timeout);
  ROLLCALL_ASSIGN_OR_RETURN(const Query named, parse_query(json));
  StoreFlags store = flags.store;
  allow_named_files(named, store);
  ROLLCALL_ASSIGN_OR_RETURN(
      const std::unique_ptr<Engine> engine,
      guard->wait_for<std::unique_ptr<Engine>>([store] { return open_for_reading(store); }));
  const Result<QueryResult> result = engine->query(json, guard->limits());
  if (!result.ok()) return with_lists_in_turn(result.status(), flags);
  guard.reset();
  return print(*result, flags.output, engine->settings().user_kind);
}

// Each example is a question about the store that docs/command_line.md makes.
void add_examples(CLI::App& command, const QueryKind& kind) {
  std::vector<std::string> examples;
  for (const std::string_view json : kind.examples) {
    examples.push_back("--db shop.db " + typed_question(kind, json));
  }
  set_examples(command, examples);
}

// Returns the question of the flags. All of it comes from them, so what is wrong without a look at
// the store is wrong with them.
std::string checked_question(const QueryKind& kind, const QuestionFlags& flags) {
  flags.own.check();
  if (!flags.explain && flags.store.directory.empty()) throw CLI::RequiredError("--db");
  std::string json;
  try {
    json = question_of(kind, flags);
  } catch (const CLI::ValidationError& error) {
    throw CLI::ValidationError(with_lists_in_turn(error.what(), flags));
  }
  if (const Result<Query> query = parse_query(json); !query.ok()) {
    throw CLI::ValidationError(with_lists_in_turn(query.status().message(), flags));
  }
  return json;
}

struct KindCommand {
  CLI::App* command = nullptr;
  std::shared_ptr<QuestionFlags> flags = std::make_shared<QuestionFlags>();
};

KindCommand make_kind_command(CLI::App& parent, const std::string& name, const QueryKind& kind,
                              bool prints) {
  KindCommand made{parent.add_subcommand(name, std::string(kind.summary))};
  add_question_flags(*made.command, kind, prints, *made.flags);
  add_examples(*made.command, kind);
  return made;
}

}  // namespace

void add_kind_command(CLI::App& parent, const std::string& name, const QueryKind& kind,
                      Action& chosen) {
  const auto [command, flags] = make_kind_command(parent, name, kind, /*prints=*/true);
  command->callback([flags = flags, &kind, &chosen] {
    chosen = [flags, json = checked_question(kind, *flags)] { return ask(json, *flags); };
  });
}

void add_kind_command(CLI::App& parent, const std::string& name, const QueryKind& kind,
                      Action& chosen, UseQuestion use) {
  const auto [command, flags] = make_kind_command(parent, name, kind, /*prints=*/false);
  command->callback([flags = flags, use = std::move(use), &kind, &chosen] {
    chosen = [flags, use, json = checked_question(kind, *flags)] {
      return with_lists_in_turn(use(json, flags->store, flags->timeout), *flags);
    };
  });
}

}  // namespace rollcall::tools
