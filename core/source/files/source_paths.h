// This header has paths to files, and what their names say about them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/source_options.h"
#include "rollcall/status.h"

namespace rollcall {

// Returns the format by the ending of a name, ignoring a ".gz" or ".zst" after it: .csv .tsv .txt /
// .ndjson .jsonl .json / .rollcall.
std::optional<FileFormat> format_from_name(std::string_view name);

struct ExpandedPaths {
  std::vector<std::string> files;
  std::vector<std::string> notes;  // for each directory, what was skipped, and why
};

// Returns `paths` with each directory replaced by the files in and below it whose name tells a
// format, sorted by name. Hidden files and directories (whose name begins with '.') are not looked
// at. Links to directories are not followed; the notes mention them, like everything else that a
// reader of the names would expect to be read.
//   kInvalidArgument  there are no files
//   kNotFound         a path that is not there     kIoError  a directory that cannot be read
Result<ExpandedPaths> expand_directories(const std::vector<std::string>& paths);

}  // namespace rollcall
