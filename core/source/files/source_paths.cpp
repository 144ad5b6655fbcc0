#include "core/source/files/source_paths.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "core/base/open_file.h"
#include "core/source/files/content_reader.h"
#include "core/source/files/foreign_format.h"

namespace rollcall {
namespace {

constexpr std::string_view kAllowedNames =
    ".csv .tsv .txt .ndjson .jsonl .json .rollcall, and these with .gz or .zst; .parquet .parq";

}  // namespace

std::optional<FileFormat> format_from_name(std::string_view name) {
  if (name.ends_with(".parquet") || name.ends_with(".parq")) return FileFormat::kParquet;
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

// Holds what in and below a directory is not read, and why.
struct PassedOver {
  std::string_view why;
  std::string allowed;
  std::vector<std::string> names;
};

// Says "passed over for their names: a.parquet, b.xlsx and 3 more (allowed: ...)".
std::string to_text(PassedOver& passed_over) {
  constexpr std::size_t kNamed = 3;
  std::vector<std::string>& names = passed_over.names;
  std::sort(names.begin(), names.end());
  const std::size_t more = names.size() - std::min(names.size(), kNamed);
  names.resize(names.size() - more);
  return fmt::format("passed over {}: {}{} (allowed: {})", passed_over.why, fmt::join(names, ", "),
                     more > 0 ? fmt::format(" and {} more", more) : "", passed_over.allowed);
}

// Says "; days/a.parquet: a Parquet file (allowed: ...)" of the first file that is known to be no
// text.
std::string first_foreign(const std::string& directory, std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    const fs::path path = fs::path(directory) / name;
    Result<ContentReader> content = ContentReader::open(path.string());
    const Result<std::string_view> head =
        content.ok() ? content->head() : Result<std::string_view>(content.status());
    // The error for what cannot be opened says which file it is.
    const std::string what = head.ok() ? foreign_format(*head) : head.status().message();
    if (what.empty()) continue;
    return head.ok() ? fmt::format("; {}: {}", path.string(), what) : "; " + what;
  }
  return {};
}

Status expand_directory(const std::string& directory, ExpandedPaths& out) {
  std::vector<fs::path> files;
  PassedOver named{"for their names", std::string(kAllowedNames), {}};
  PassedOver linked{"as links to directories", "each by itself", {}};
  PassedOver empty{"as empty", "files with rows", {}};
  PassedOver special{"as no files", "files, and links to them", {}};
  PassedOver unknown{"as they cannot be looked at", "files, and links to them", {}};
  const auto look_at = [&](const fs::directory_entry& entry) {
    std::error_code error;
    const fs::file_status status = entry.status(error);
    const std::string name = entry.path().lexically_relative(directory).string();
    const bool is_wanted = format_from_name(name).has_value();
    if (status.type() == fs::file_type::regular) {
      if (!is_wanted) {
        named.names.push_back(name);
      } else if (entry.file_size(error) == 0) {
        empty.names.push_back(name);
      } else {
        files.push_back(entry.path());
      }
    } else if (status.type() == fs::file_type::directory) {
      // A link that leads upwards would never end.
      if (entry.is_symlink(error)) linked.names.push_back(name);
    } else if (is_wanted && status.type() == fs::file_type::not_found) {
      unknown.names.push_back(name + " (a link to nothing)");
    } else if (is_wanted && error) {
      unknown.names.push_back(fmt::format("{} ({})", name, error.message()));
    } else if (is_wanted) {
      special.names.push_back(name);
    }
  };
  std::error_code error;
  for (fs::recursive_directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().filename().string().starts_with('.')) {
      entry.disable_recursion_pending();
    } else {
      look_at(*entry);
    }
  }
  if (error) {
    return Status::io_error(fmt::format("{}: cannot be read: {}", directory, error.message()));
  }
  std::vector<std::string> notes;
  for (PassedOver* passed_over : {&linked, &empty, &special, &unknown}) {
    if (!passed_over->names.empty()) notes.push_back(to_text(*passed_over));
  }
  if (files.empty()) {
    return Status::invalid_argument(fmt::format(
        "{}: no files of events in it (allowed: {}){}{}{}", directory, kAllowedNames,
        first_foreign(directory, named.names), notes.empty() ? "" : "; ", fmt::join(notes, "; ")));
  }
  if (!named.names.empty()) notes.insert(notes.begin(), to_text(named));
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) out.files.push_back(file.string());
  for (const std::string& note : notes) out.notes.push_back(directory + ": " + note);
  return {};
}

}  // namespace

Result<ExpandedPaths> expand_directories(const std::vector<std::string>& paths) {
  ExpandedPaths expanded;
  for (const std::string& path : paths) {
    ROLLCALL_RETURN_IF_ERROR(check_path(path));
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
