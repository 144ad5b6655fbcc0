#include "tools/commands/query_text.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string_view>
#include <system_error>

namespace rollcall::tools {
namespace {

bool is_inline(const std::string& spec) {
  const std::size_t first = spec.find_first_not_of(" \t\r\n");
  return first == std::string::npos || spec[first] == '{' || spec[first] == '[';
}

}  // namespace

void add_query_text(CLI::App& command, std::string& spec) {
  command
      .add_option("SPEC", spec,
                  "A file with one JSON object, or an array of them; the JSON itself; or -")
      ->required()
      ->check([](const std::string& given) {
        const bool is_empty = given.find_first_not_of(" \t\r\n") == std::string::npos;
        return is_empty ? std::string("empty (allowed: a file, a JSON object, or -)") : "";
      })
      ->type_name("");
}

Result<std::string> read_query_text(const std::string& spec) {
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

}  // namespace rollcall::tools
