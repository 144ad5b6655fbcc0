// rollcall query: asks a question written as JSON.
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>

#include "rollcall/query.h"
#include "tools/commands/command.h"
#include "tools/commands/output_flags.h"
#include "tools/commands/store_access.h"

namespace rollcall::tools {
namespace {

struct QueryFlags {
  StoreFlags store;
  OutputFlags output = {.format = OutputFormat::kJson};
  std::string spec;
};

bool is_inline(const std::string& spec) { return spec.starts_with('{'); }

Result<std::string> read_spec(const std::string& spec) {
  if (is_inline(spec)) return spec;
  if (spec == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::ifstream file(spec, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), {});
  if (!file.is_open() || file.bad()) return Status::io_error(spec + ": " + std::strerror(errno));
  return text;
}

Status query(const QueryFlags& flags) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string json, read_spec(flags.spec));
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, open_for_reading(flags.store));
  const Result<QueryResult> result = engine->query(json);
  if (!result.ok()) {
    const std::string where = flags.spec == "-" ? "<stdin>" : flags.spec;
    if (is_inline(flags.spec)) return result.status();
    return {result.status().code(), where + ": " + result.status().message()};
  }
  return print(*result, flags.output);
}

}  // namespace

void add_query_command(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("query", "Ask a question written as JSON");
  const auto flags = std::make_shared<QueryFlags>();
  add_store_flags(*command, flags->store);
  add_output_flags(*command, flags->output);
  command->add_option("SPEC", flags->spec, "A file with one JSON object, the object itself, or -")
      ->required();
  command->callback([flags, &chosen] { chosen = [flags] { return query(*flags); }; });
}

}  // namespace rollcall::tools
