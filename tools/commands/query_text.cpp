#include "tools/commands/query_text.h"

#include <unistd.h>

#include <cstddef>
#include <utility>
#include <vector>

#include "rollcall/query.h"
#include "rollcall/regular_file.h"

namespace rollcall::tools {
namespace {

// Questions in a file, or on standard input, may have this many bytes.
constexpr std::size_t kBytesMax = std::size_t{4} << 20;

bool is_inline(const std::string& spec) {
  const std::size_t first = spec.find_first_not_of(" \t\r\n");
  return first == std::string::npos || spec[first] == '{' || spec[first] == '[';
}

}  // namespace

CLI::Option* add_query_text(CLI::App& command, std::string& spec) {
  return command
      .add_option("SPEC", spec,
                  "A file with one JSON object, or an array of them; the JSON itself; or -")
      ->required()
      ->check([](const std::string& given) {
        const bool is_empty = given.find_first_not_of(" \t\r\n") == std::string::npos;
        return is_empty ? std::string("empty (allowed: a file, a JSON object, or -)") : "";
      })
      ->type_name("");
}

Result<std::string> read_query_text(const std::string& spec, const QuestionGuard& guard) {
  if (is_inline(spec)) return spec;
  if (spec != "-") return read_regular_file(spec, kBytesMax);
  // A program that writes to a pipe may take long.
  return guard.wait_for<std::string>(
      [] { return read_to_end(STDIN_FILENO, "<stdin>", kBytesMax); });
}

Result<std::unique_ptr<Engine>> open_for_questions(const std::string& json, const std::string& spec,
                                                   StoreFlags store, const QuestionGuard& guard) {
  if (is_inline(spec)) {
    // Faults are reported once the store's time zone is known.
    const Result<std::vector<Query>> queries = parse_queries(json);
    if (queries.ok()) {
      for (const Query& query : *queries) allow_named_files(query, store);
    }
  }
  return guard.wait_for<std::unique_ptr<Engine>>([store] { return open_for_reading(store); });
}

Status located(const Status& status, const std::string& spec) {
  if (is_inline(spec)) return status;
  return status.within(spec == "-" ? "<stdin>" : spec);
}

}  // namespace rollcall::tools
