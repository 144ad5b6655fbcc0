#include "core/source/source_paths.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "core/source/content_reader.h"
#include "core/source/foreign_format.h"

namespace rollcall {
namespace {

constexpr std::string_view kAllowedNames =
    ".csv .tsv .txt .ndjson .jsonl .json .rollcall, and these with .gz or .zst";

}  // namespace

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

namespace {

namespace fs = std::filesystem;

// "days: passed over for their names: a.parquet, b.xlsx and 3 more (allowed: ...)"
std::string passed_over_note(const std::string& directory, const std::vector<fs::path>& paths) {
  constexpr std::size_t kNamed = 3;
  std::string names;
  for (std::size_t i = 0; i < std::min(paths.size(), kNamed); ++i) {
    names += (i == 0 ? "" : ", ") + paths[i].lexically_relative(directory).string();
  }
  if (paths.size() > kNamed) names += fmt::format(" and {} more", paths.size() - kNamed);
  return fmt::format("{}: passed over for their names: {} (allowed: {})", directory, names,
                     kAllowedNames);
}

// "; days/a.parquet: a Parquet file (allowed: ...)" of the first file that is known to be no text.
std::string first_foreign(const std::vector<fs::path>& paths) {
  for (const fs::path& path : paths) {
    Result<ContentReader> content = ContentReader::open(path.string());
    const Result<std::string_view> head =
        content.ok() ? content->head() : Result<std::string_view>(content.status());
    // What cannot be opened says which file it is.
    const std::string what = head.ok() ? foreign_format(*head) : head.status().message();
    if (what.empty()) continue;
    return head.ok() ? fmt::format("; {}: {}", path.string(), what) : "; " + what;
  }
  return {};
}

Status expand_directory(const std::string& directory, ExpandedPaths& out) {
  std::vector<fs::path> files, passed_over;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    const std::string name = entry->path().filename().string();
    if (name.starts_with('.')) {
      entry.disable_recursion_pending();
    } else if (entry->is_regular_file(ignored)) {
      (format_from_name(name) ? files : passed_over).push_back(entry->path());
    }
  }
  if (error) {
    return Status::io_error(fmt::format("{}: cannot be read: {}", directory, error.message()));
  }
  std::sort(passed_over.begin(), passed_over.end());
  if (files.empty()) {
    return Status::invalid_argument(fmt::format("{}: no files of events in it (allowed: {}){}",
                                                directory, kAllowedNames,
                                                first_foreign(passed_over)));
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) out.files.push_back(file.string());
  if (!passed_over.empty()) out.notes.push_back(passed_over_note(directory, passed_over));
  return {};
}

}  // namespace

Result<ExpandedPaths> expand_directories(const std::vector<std::string>& paths) {
  ExpandedPaths expanded;
  for (const std::string& path : paths) {
    std::error_code error;
    const fs::file_status status = path == "-" ? fs::file_status() : fs::status(path, error);
    if (status.type() == fs::file_type::not_found) {
      return Status::not_found(fmt::format("{}: no such file or directory", path));
    }
    if (error || !fs::is_directory(status)) {
      expanded.files.push_back(path);
    } else {
      ROLLCALL_RETURN_IF_ERROR(expand_directory(path, expanded));
    }
  }
  if (expanded.files.empty()) {
    return Status::invalid_argument("sources: none (allowed: one or more)");
  }
  return expanded;
}

}  // namespace rollcall
