// What the typed query commands share: flags that become one JSON query, which is then asked.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "rollcall/status.h"
#include "tools/commands/command.h"
#include "tools/commands/output_flags.h"
#include "tools/commands/question_limits.h"
#include "tools/commands/store_access.h"

namespace rollcall::tools {

// The flags of every kind of question.
struct QuestionFlags {
  StoreFlags store;
  OutputFlags output;
  std::optional<std::string> as_of;
  std::vector<std::string> where;
  std::optional<std::string> among;
  std::optional<std::string> breakdown;
  std::optional<std::int32_t> breakdown_limit;
  std::optional<std::string> members;  // the count whose users are wanted
  std::vector<std::string> at;         // its cell
  std::optional<std::uint64_t> limit;
  std::optional<std::string> after;
  Timeout timeout;
  bool explain = false;
};

// --db, --as-of, --where, --among, --breakdown, --members and theirs, --timeout, --explain and the
// output flags.
void add_question_flags(CLI::App& command, QuestionFlags& flags);

// The range of dates that most kinds take.
struct RangeFlags {
  std::optional<std::string> from;
  std::optional<std::string> to;
  std::optional<std::string> last;
};

void add_range_flags(CLI::App& command, RangeFlags& flags);

// Adds an option for a selector of events: names, or one JSON object.
void add_selector(CLI::App& command, const std::string& name, std::vector<std::string>& words,
                  const std::string& help);

// A selector as JSON: null for any event.
nlohmann::ordered_json selector_json(const std::string& flag,
                                     const std::vector<std::string>& words);

// Adds the fields that were given to `spec`.
void add_common_fields(nlohmann::ordered_json& spec, const QuestionFlags& flags,
                       const RangeFlags& range = {});

// The words for civil periods.
const std::vector<std::string>& period_names();

// Makes `command` ask what `to_spec` returns and print the answer; with --explain, print the
// question instead. `to_spec` runs while flags are read, and may throw_usage. The caller keeps
// `flags` alive through `to_spec`.
void on_question(CLI::App& command, const QuestionFlags& flags, Action& chosen,
                 std::function<nlohmann::ordered_json()> to_spec);

// Reports a --where, --event or the like that cannot be read: exit code 2.
[[noreturn]] void throw_usage(const std::string& flag, const std::string& text);

}  // namespace rollcall::tools
