// Paths to files, and what their names say about them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/source_options.h"
#include "rollcall/status.h"

namespace rollcall {

// By the ending, a ".gz" or ".zst" after it apart: .csv .tsv .txt / .ndjson .jsonl .json /
// .rollcall.
std::optional<FileFormat> format_from_name(std::string_view name);

struct ExpandedPaths {
  std::vector<std::string> files;
  std::vector<std::string> notes;  // of each directory, what was passed over, and why
};

// `paths`, each directory replaced by the files in and below it whose name tells a format, sorted
// by name. What is hidden (its name begins with '.') is not looked at. Links to directories are not
// followed; they are told in the notes, like all else that a reader of the names would expect to
// be read.
//   kInvalidArgument  there are no files
//   kNotFound         a path that is not there     kIoError  a directory that cannot be read
Result<ExpandedPaths> expand_directories(const std::vector<std::string>& paths);

}  // namespace rollcall
