#include "tools/commands/question.h"

#include <limits>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "rollcall/message_text.h"
#include "rollcall/query.h"
#include "tools/commands/option_kinds.h"
#include "tools/terminal.h"

namespace rollcall::tools {
namespace {

using Json = nlohmann::ordered_json;

// "channel=ads": a property, a test and a value. The tests: = != ~ (contains); a bare name means
// set, one after "!" not set.
struct Condition {
  std::string property;
  std::string test;
  std::string value;
};

Condition parse_condition(std::string_view text) {
  const std::size_t at = text.find_first_of("=!~", text.starts_with('!') ? 1 : 0);
  Condition condition;
  if (at == std::string_view::npos) {
    const bool negated = text.starts_with('!');
    condition = {std::string(text.substr(negated ? 1 : 0)), negated ? "unset" : "set", ""};
  } else if (text[at] == '!') {
    if (text.substr(at, 2) == "!=") {
      condition = {std::string(text.substr(0, at)), "!=", std::string(text.substr(at + 2))};
    }
  } else {
    condition = {std::string(text.substr(0, at)), std::string(1, text[at]),
                 std::string(text.substr(at + 1))};
  }
  if (condition.property.empty() || condition.property.starts_with('!')) {
    throw_usage("--where", fmt::format("not a condition: {} (allowed: property=value, "
                                       "property!=value, property~part, property, !property)",
                                       quoted_excerpt(text)));
  }
  return condition;
}

// Adds `value` to what stands for equality: a string, or a list of them.
void add_value(Json& list, const std::string& value) {
  if (list.is_null()) {
    list = value;
  } else if (list.is_string()) {
    list = Json::array({list, value});
  } else {
    list.push_back(value);
  }
}

Json where_json(const std::vector<std::string>& words) {
  Json where = Json::object();
  Json tests = Json::object();  // property: the test that its conditions share
  for (const std::string& word : words) {
    const Condition condition = parse_condition(word);
    const bool again = tests.contains(condition.property);
    const bool repeatable = condition.test == "=" || condition.test == "!=";
    if (again && (!repeatable || tests[condition.property] != condition.test)) {
      throw_usage("--where", fmt::format("{}: a property has one condition (allowed twice: = "
                                         "for any of the values, != for none of them)",
                                         quoted_excerpt(word)));
    }
    tests[condition.property] = condition.test;
    Json& field = where[condition.property];
    if (condition.test == "=") {
      add_value(field, condition.value);
    } else if (condition.test == "!=") {
      field["not_in"].push_back(condition.value);
    } else if (condition.test == "~") {
      field["contains"] = condition.value;
    } else {
      field["set"] = condition.test == "set";
    }
  }
  return where;
}

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
  return print(result, flags.output);
}

}  // namespace

void throw_usage(const std::string& flag, const std::string& text) {
  throw CLI::ValidationError(flag, text);
}

void add_question_flags(CLI::App& command, QuestionFlags& flags) {
  // --explain needs no store, so that its absence is noticed later.
  add_store_flags(command, flags.store, false);
  add_lists_flag(command, flags.store);
  command.add_option("--as-of", flags.as_of, "Instant or date up to which the data are known")
      ->type_name("TIME");
  command
      .add_option("--where", flags.where,
                  "Condition on a property: a=b, a!=b, a~part, a (set), !a (not set); repeatable")
      ->type_size(1)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name("CONDITION");
  command
      .add_option("--among", flags.among,
                  "Only users of a segment, such as 'did(purchase, 30d) and not did(login, 7d)'")
      ->type_name("SEGMENT");
  CLI::Option* breakdown =
      command.add_option("--breakdown", flags.breakdown, "The answer for each value of a property")
          ->type_name("PROPERTY");
  command
      .add_option("--breakdown-limit", flags.breakdown_limit,
                  "Values with the most users; the rest is $other (default 20)")
      ->check(whole_number(1, kBreakdownLimitMax))
      ->type_name("N")
      ->needs(breakdown);
  add_members_flags(command, flags);
  add_timeout_flag(command, flags.timeout);
  command.add_flag("--explain", flags.explain, "Print the question as JSON instead of asking it");
  add_output_flags(command, flags.output);
}

void add_range_flags(CLI::App& command, RangeFlags& flags) {
  CLI::Option* from = command.add_option("--from", flags.from, "First date")->type_name("DATE");
  CLI::Option* to = command.add_option("--to", flags.to, "Last date, included")->type_name("DATE");
  command.add_option("--last", flags.last, "Span back from --as-of, such as 30d, 4w, 6m")
      ->type_name("SPAN")
      ->excludes(from)
      ->excludes(to);
}

void add_selector(CLI::App& command, const std::string& name, std::vector<std::string>& words,
                  const std::string& help) {
  command.add_option(name, words, help)
      ->type_size(1)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name("EVENT");
}

Json selector_json(const std::string& flag, const std::vector<std::string>& words) {
  if (words.empty() || (words.size() == 1 && words[0] == "*")) return nullptr;
  if (words.size() > 1) return {{"event", words}};
  if (!words[0].starts_with('{')) return words[0];
  Json selector = Json::parse(words[0], nullptr, false);
  if (selector.is_discarded()) throw_usage(flag, "not a JSON object: " + quoted_excerpt(words[0]));
  return selector;
}

void add_common_fields(Json& spec, const QuestionFlags& flags, const RangeFlags& range) {
  if (range.from) spec["from"] = *range.from;
  if (range.to) spec["to"] = *range.to;
  if (range.last) spec["last"] = *range.last;
  if (flags.as_of) spec["as_of"] = *flags.as_of;
  if (!flags.where.empty()) spec["where"] = where_json(flags.where);
  if (flags.among) spec["among"] = *flags.among;
  if (flags.breakdown) spec["breakdown"] = *flags.breakdown;
  if (flags.breakdown_limit) spec["breakdown_limit"] = *flags.breakdown_limit;
  if (flags.members) spec["members"] = members_json(flags);
}

const std::vector<std::string>& period_names() {
  static const std::vector<std::string> names = {"day", "week", "fortnight", "month", "quarter"};
  return names;
}

void on_question(CLI::App& command, const QuestionFlags& flags, Action& chosen,
                 std::function<Json()> to_spec) {
  command.callback([&flags, &chosen, to_spec = std::move(to_spec)] {
    if (!flags.explain && flags.store.directory.empty()) throw CLI::RequiredError("--db");
    std::string json = to_spec().dump(-1, ' ', false, Json::error_handler_t::replace);
    // All of it comes from flags: what is wrong without a look at the store is wrong with them.
    if (const Result<Query> query = parse_query(json); !query.ok()) {
      throw CLI::ValidationError(query.status().message());
    }
    chosen = [&flags, json = std::move(json)] { return ask(json, flags); };
  });
}

}  // namespace rollcall::tools
