// Paths to files, and what their names say about them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/file_source.h"
#include "rollcall/status.h"

namespace rollcall {

// By the ending, a ".gz" or ".zst" after it apart: .csv .tsv .txt / .ndjson .jsonl .json /
// .rollcall.
std::optional<FileFormat> format_from_name(std::string_view name);

// `paths`, each directory replaced by the files in it whose name tells a format, sorted by name.
//   kInvalidArgument  there are no files
//   kNotFound         a path that is not there     kIoError  a directory that cannot be read
Result<std::vector<std::string>> expand_directories(const std::vector<std::string>& paths);

}  // namespace rollcall
