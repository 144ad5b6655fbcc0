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
#include "tools/commands/field_flags.h"
#include "tools/commands/option_kinds.h"
#include "tools/commands/output_flags.h"
#include "tools/commands/question_limits.h"
#include "tools/commands/store_access.h"
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

void add_question_flags(CLI::App& command, const QueryKind& kind, QuestionFlags& flags) {
  // --explain needs no store, so its absence is noticed later.
  add_store_flags(command, flags.store, /*required=*/false);
  add_lists_flag(command, flags.store);
  flags.common.add_to(command, common_fields());
  if (kind.has_members) add_members_flags(command, flags);
  add_timeout_flag(command, flags.timeout);
  command.add_flag("--explain", flags.explain, "Print the question as JSON instead of asking it");
  add_output_flags(command, flags.output);
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
  ROLLCALL_ASSIGN_OR_RETURN(const QueryResult result, engine->query(json, guard->limits()));
  guard.reset();
  return print(result, flags.output, engine->settings().user_kind);
}

}  // namespace

void add_kind_command(CLI::App& parent, const std::string& name, const QueryKind& kind,
                      Action& chosen) {
  CLI::App* command = parent.add_subcommand(name, std::string(kind.summary));
  const auto flags = std::make_shared<QuestionFlags>();
  add_question_flags(*command, kind, *flags);
  command->callback([flags, &kind, &chosen] {
    if (!flags->explain && flags->store.directory.empty()) throw CLI::RequiredError("--db");
    std::string json = question_of(kind, *flags);
    // All of it comes from flags, so what is wrong without a look at the store is wrong with them.
    if (const Result<Query> query = parse_query(json); !query.ok()) {
      throw CLI::ValidationError(query.status().message());
    }
    chosen = [flags, json = std::move(json)] { return ask(json, *flags); };
  });
}

}  // namespace rollcall::tools
