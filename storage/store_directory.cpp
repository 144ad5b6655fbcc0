#include "storage/store_directory.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

#include "storage/posix_file.h"

namespace rollcall {

namespace {

constexpr std::uint32_t kFormatVersion = 2;
constexpr std::string_view kFormatLead = "rollcall store, format ";
constexpr std::string_view kCopyLead = "rollcall copy, unfinished\n";
constexpr std::size_t kFormatFileBytesMax = 4096;
constexpr std::string_view kJournalLead = "JOURNAL-";

std::string path_in(const std::string& directory, std::string_view name) {
  return (std::filesystem::path(directory) / name).string();
}

// Returns the number of a journal file of this name.
std::optional<std::uint64_t> journal_number(std::string_view name) {
  if (!name.starts_with(kJournalLead)) return std::nullopt;
  name.remove_prefix(kJournalLead.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return number;
}

// Reads "rollcall store, format 1", a line end, and whatever follows.
std::optional<std::uint32_t> parse_format_version(std::string_view text) {
  if (!text.starts_with(kFormatLead)) return std::nullopt;
  text.remove_prefix(kFormatLead.size());
  std::uint32_t version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error != std::errc() || end == text.data() + text.size() || *end != '\n') {
    return std::nullopt;
  }
  return version;
}

Status check_format(const std::string& directory, std::string_view format_file) {
  if (format_file.starts_with(kCopyLead)) {
    return Status::invalid_argument(format_path(directory) +
                                    ": not a rollcall store: a copy of one that was never "
                                    "finished; make the copy again");
  }
  const std::optional<std::uint32_t> version = parse_format_version(format_file);
  if (!version || *version == 0) {
    return Status::invalid_argument(format_path(directory) +
                                    ": not a rollcall store: the file does not begin with \"" +
                                    std::string(kFormatLead) + "\" and a number");
  }
  if (*version > kFormatVersion) {
    return Status::unsupported(format_path(directory) + ": the store has format " +
                               std::to_string(*version) + ", this program reads up to " +
                               std::to_string(kFormatVersion) + "; use a newer one");
  }
  return {};
}

// Says whether the directory has nothing in it but what making a store begins with.
Result<bool> holds_nothing_else(const std::string& directory) {
  std::error_code error;
  std::filesystem::directory_iterator entry(directory, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name != "LOCK" && name != "FORMAT.new") return false;
    if (!std::filesystem::is_regular_file(entry->symlink_status(error))) return false;
  }
  if (error) return Status::io_error(directory + ": cannot list: " + error.message());
  return true;
}

}  // namespace

std::string format_path(const std::string& directory) { return path_in(directory, "FORMAT"); }
std::string anchor_path(const std::string& directory) { return path_in(directory, "ANCHOR"); }
std::string lock_path(const std::string& directory) { return path_in(directory, "LOCK"); }
std::string alert_log_path(const std::string& directory) { return path_in(directory, "ALERTS"); }
std::string database_path(const std::string& directory) { return path_in(directory, "rocksdb"); }
std::string new_table_path(const std::string& directory, std::size_t number) {
  return path_in(directory, "PAGES-" + std::to_string(number) + ".new");
}
std::string journal_path(const std::string& directory, std::uint64_t number) {
  return path_in(directory, std::string(kJournalLead) + std::to_string(number));
}

bool is_journal_file(std::string_view name) { return journal_number(name).has_value(); }

Result<std::vector<std::uint64_t>> journal_files(const std::string& directory) {
  std::vector<std::uint64_t> numbers;
  std::error_code error;
  std::filesystem::directory_iterator entry(directory, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const auto number = journal_number(entry->path().filename().string());
    if (number) numbers.push_back(*number);
  }
  if (error) return Status::io_error(directory + ": cannot list: " + error.message());
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

Result<DirectoryState> inspect_directory(const std::string& directory) {
  struct stat facts;
  if (::stat(directory.c_str(), &facts) != 0) {
    const bool is_missing = errno == ENOENT;
    // It may just have been made; a link that is found here leads nowhere.
    if (is_missing && ::lstat(directory.c_str(), &facts) == 0 && S_ISLNK(facts.st_mode)) {
      return Status::invalid_argument(
          directory +
          ": a symbolic link that leads nowhere (allowed: a directory, or a link to one)");
    }
    if (is_missing) return DirectoryState::kMissing;
    return errno_status(directory, "look at the directory");
  }
  if (!S_ISDIR(facts.st_mode)) {
    return Status::invalid_argument(directory + ": not a rollcall store: not a directory");
  }
  // It is looked for again if it is missing. FORMAT is the first file of a store that somebody else
  // may be making just now, and the others were seen after it was looked for.
  for (int attempt = 0; attempt < 2; ++attempt) {
    const Result<std::string> format_file =
        read_small_file(format_path(directory), kFormatFileBytesMax);
    if (format_file.ok()) {
      ROLLCALL_RETURN_IF_ERROR(check_format(directory, *format_file));
      return DirectoryState::kStore;
    }
    if (format_file.status().code() != StatusCode::kNotFound) return format_file.status();
    ROLLCALL_ASSIGN_OR_RETURN(const bool empty, holds_nothing_else(directory));
    if (empty) return DirectoryState::kEmpty;
  }
  return Status::invalid_argument(
      directory + ": not a rollcall store: the directory has files, but none named FORMAT");
}

Status make_directory(const std::string& directory) {
  if (::mkdir(directory.c_str(), 0777) != 0 && errno != EEXIST) {
    return errno_status(directory, "make the directory",
                        errno == ENOENT ? StatusCode::kNotFound : StatusCode::kIoError);
  }
  return sync_directory(path_in(directory, ".."));
}

Status mark_as_store(const std::string& directory) {
  return replace_file(format_path(directory),
                      std::string(kFormatLead) + std::to_string(kFormatVersion) +
                          "\n\nThis directory belongs to rollcall (user activity, retention, "
                          "churn).\nIts files make sense only together: copy or move all of them, "
                          "while nobody writes.\n");
}

Status raise_format(const std::string& directory) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::string format_file,
                            read_small_file(format_path(directory), kFormatFileBytesMax));
  return parse_format_version(format_file) == kFormatVersion ? Status() : mark_as_store(directory);
}

Status mark_as_copy(const std::string& directory) {
  return replace_file(format_path(directory),
                      std::string(kCopyLead) +
                          "\nA copy of a rollcall store is being made here, or was when the "
                          "program ended.\nIn the second case this directory may be removed.\n");
}

Result<bool> holds_unfinished_copy(const std::string& directory) {
  const Result<std::string> format_file =
      read_small_file(format_path(directory), kFormatFileBytesMax);
  if (format_file.ok()) return format_file->starts_with(kCopyLead);
  if (format_file.status().code() == StatusCode::kNotFound) return false;
  return format_file.status();
}

}  // namespace rollcall
