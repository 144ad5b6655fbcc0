#include "core/source/directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace rollcall {

Result<std::vector<std::string>> expand_directories(const std::vector<std::string>& paths) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    if (path == "-") {
      files.push_back(path);
      continue;
    }
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (status.type() == fs::file_type::not_found) {
      return Status::not_found(fmt::format("{}: no such file or directory", path));
    }
    if (!error && !fs::is_directory(status)) {
      files.push_back(path);
      continue;
    }
    std::vector<std::string> names;
    for (fs::directory_iterator entry(path, error), end; !error && entry != end;
         entry.increment(error)) {
      const bool hidden = entry->path().filename().string().starts_with('.');
      std::error_code ignored;
      if (!hidden && !entry->is_directory(ignored)) names.push_back(entry->path().string());
    }
    if (error) {
      return Status::io_error(fmt::format("{}: cannot be read: {}", path, error.message()));
    }
    std::sort(names.begin(), names.end());
    files.insert(files.end(), names.begin(), names.end());
  }
  return files;
}

}  // namespace rollcall
