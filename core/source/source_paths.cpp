#include "core/source/source_paths.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace rollcall {

std::optional<FileFormat> format_from_name(std::string_view name) {
  for (const std::string_view suffix : {".gz", ".zst"}) {
    if (name.ends_with(suffix)) {
      name.remove_suffix(suffix.size());
      break;
    }
  }
  for (const std::string_view suffix : {".csv", ".tsv", ".txt"}) {
    if (name.ends_with(suffix)) return FileFormat::kDelimited;
  }
  for (const std::string_view suffix : {".ndjson", ".jsonl", ".json"}) {
    if (name.ends_with(suffix)) return FileFormat::kNdjson;
  }
  if (name.ends_with(".rollcall")) return FileFormat::kNative;
  return {};
}

Result<std::vector<std::string>> expand_directories(const std::vector<std::string>& paths) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    const fs::file_status status = path == "-" ? fs::file_status() : fs::status(path, error);
    if (status.type() == fs::file_type::not_found) {
      return Status::not_found(fmt::format("{}: no such file or directory", path));
    }
    if (error || !fs::is_directory(status)) {
      files.push_back(path);
      continue;
    }
    std::vector<std::string> names;
    for (fs::directory_iterator entry(path, error), end; !error && entry != end;
         entry.increment(error)) {
      const bool readable = format_from_name(entry->path().filename().string()).has_value();
      std::error_code ignored;
      if (readable && !entry->is_directory(ignored)) names.push_back(entry->path().string());
    }
    if (error) {
      return Status::io_error(fmt::format("{}: cannot be read: {}", path, error.message()));
    }
    if (names.empty()) {
      return Status::invalid_argument(
          fmt::format("{}: no files of events in it (allowed: .csv .tsv .txt .ndjson .jsonl .json "
                      ".rollcall, and these with .gz or .zst)",
                      path));
    }
    std::sort(names.begin(), names.end());
    files.insert(files.end(), names.begin(), names.end());
  }
  if (files.empty()) return Status::invalid_argument("sources: none (allowed: one or more)");
  return files;
}

}  // namespace rollcall
