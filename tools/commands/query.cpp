// rollcall query: asks a question written as JSON.
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

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

bool is_inline(const std::string& spec) {
  const std::size_t first = spec.find_first_not_of(" \t\r\n");
  return first == std::string::npos || spec[first] == '{' || spec[first] == '[';
}

Result<std::string> read_spec(const std::string& spec) {
  if (is_inline(spec)) return spec;
  if (spec == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::error_code ignored;
  if (std::filesystem::is_directory(spec, ignored)) {
    return Status::io_error(spec + ": is a directory (allowed: a file with one JSON object)");
  }
  std::ifstream file(spec, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), {});
  if (!file.is_open() || file.bad()) return Status::io_error(spec + ": " + std::strerror(errno));
  return text;
}

// The status with the file in front, and the line and column joined to its name where the text is
// not JSON: "spec.json:2:10: malformed JSON: ...".
Status located(const Status& status, const std::string& spec) {
  if (is_inline(spec)) return status;
  constexpr std::string_view kMalformed = "query: ";
  std::string_view text = status.message();
  const std::string name = spec == "-" ? "<stdin>" : spec;
  const bool has_line = text.starts_with(kMalformed) && text.size() > kMalformed.size() &&
                        text[kMalformed.size()] >= '0' && text[kMalformed.size()] <= '9';
  if (has_line) text.remove_prefix(kMalformed.size());
  return {status.code(), name + (has_line ? ":" : ": ") + std::string(text)};
}

Status query(const QueryFlags& flags) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string json, read_spec(flags.spec));
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, open_for_reading(flags.store));
  const Result<QueryResult> result = engine->query(json);
  if (!result.ok()) return located(result.status(), flags.spec);
  return print(*result, flags.output);
}

}  // namespace

void add_query_command(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("query", "Ask a question written as JSON");
  const auto flags = std::make_shared<QueryFlags>();
  add_store_flags(*command, flags->store);
  add_output_flags(*command, flags->output);
  command->add_option("SPEC", flags->spec, "A file with one JSON object, the object itself, or -")
      ->required()
      ->type_name("");
  command->callback([flags, &chosen] {
    if (flags->spec.find_first_not_of(" \t\r\n") == std::string::npos) {
      throw CLI::ValidationError("SPEC", "empty (allowed: a file, a JSON object, or -)");
    }
    chosen = [flags] { return query(*flags); };
  });
}

}  // namespace rollcall::tools
