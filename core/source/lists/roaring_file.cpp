#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <variant>

#include "core/base/digits.h"
#include "core/base/guard.h"
#include "core/base/open_file.h"
#include "core/source/lists/list_limits.h"
#include "core/source/lists/roaring_format.h"
#include "core/source/lists/user_dictionary.h"
#include "rollcall/message_text.h"
#include "rollcall/regular_file.h"
#include "rollcall/roaring.h"

namespace rollcall {
namespace {

Status file_failure(const std::string& path, std::string_view action) {
  return Status::io_error(
      fmt::format("{}: cannot be {}: {}", path, action, std::generic_category().message(errno)));
}

class WrittenFile {
 public:
  explicit WrittenFile(const std::string& path, int flags)
      : path_(path),
        descriptor_(
            ::open(path.c_str(), flags | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666)) {}
  WrittenFile(const WrittenFile&) = delete;
  WrittenFile& operator=(const WrittenFile&) = delete;
  ~WrittenFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  bool is_open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }

  Status append(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return file_failure(path_, "written");
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }

 private:
  const std::string path_;
  const int descriptor_;
};

// Returns the ids in the column `user`, each a text as answers have it.
Result<std::vector<std::string_view>> listed_texts(const QueryResult& list) {
  const auto found = std::find_if(list.columns.begin(), list.columns.end(),
                                  [](const Column& column) { return column.name == "user"; });
  if (found == list.columns.end()) {
    std::vector<std::string> names;
    for (const Column& column : list.columns) names.push_back(column.name);
    return Status::invalid_argument(
        fmt::format("Roaring: must be an answer that lists users in a column \"user\", such as the "
                    "members of a cell, found one with {}",
                    excerpts(names)));
  }
  const auto column = static_cast<std::size_t>(found - list.columns.begin());
  std::vector<std::string_view> texts;
  texts.reserve(list.rows.size());
  for (const std::vector<Cell>& row : list.rows) {
    if (const auto* const text = std::get_if<std::string>(&row[column])) texts.push_back(*text);
  }
  return texts;
}

Result<std::vector<std::uint64_t>> numbers_of(const std::vector<std::string_view>& texts) {
  std::vector<std::uint64_t> numbers;
  numbers.reserve(texts.size());
  for (const std::string_view text : texts) {
    std::uint64_t number = 0;
    if (!parse_canonical_integer(text, number)) {
      return Status::invalid_argument(
          fmt::format("Roaring: user: must be an integer, found {}", quoted_excerpt(text)));
    }
    numbers.push_back(number);
  }
  return numbers;
}

// Adds lines to a dictionary, of which `whole` bytes are whole. If that fails, it is as it was.
Status add_lines(WrittenFile& file, const std::string& name, std::size_t whole,
                 const std::string& lines) {
  const auto size = static_cast<off_t>(whole);
  if (::ftruncate(file.descriptor(), size) != 0 ||
      ::lseek(file.descriptor(), size, SEEK_SET) != size) {
    return file_failure(name, "written");
  }
  Status status = file.append(lines);
  // A set must never have ordinals that a power cut takes out of the dictionary.
  if (status.ok() && ::fsync(file.descriptor()) != 0) status = file_failure(name, "written");
  if (!status.ok() && ::ftruncate(file.descriptor(), size) != 0) {
    return file_failure(name, "put back as it was");
  }
  return status;
}

bool is_there(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

// Says whether the file may be a set with users: it is longer than an empty one, and begins as sets
// do.
bool may_be_a_set(const std::filesystem::directory_entry& entry) {
  constexpr std::size_t kBegin = 8;
  std::error_code error;
  if (!entry.is_regular_file(error) || entry.file_size(error) <= kBegin || error) return false;
  std::string begin(kBegin, '\0');
  std::ifstream file(entry.path(), std::ios::binary);
  return file.read(begin.data(), kBegin) && is_roaring(begin);
}

// A dictionary that begins anew gives ordinals to other users, so that sets beside it would be of
// those.
Status check_has_no_sets(const std::string& dictionary) {
  const std::filesystem::path directory = std::filesystem::path(dictionary).parent_path();
  std::error_code error;
  std::filesystem::directory_iterator entry(directory.empty() ? "." : directory, error);
  if (error == std::errc::no_such_file_or_directory) return {};  // opening it says so
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (!may_be_a_set(*entry)) continue;
    return Status::invalid_argument(
        fmt::format("{}: would begin anew, and {} holds a set, which it would explain wrongly "
                    "(allowed: a directory with the dictionary of its sets, or without sets)",
                    dictionary, entry->path().string()));
  }
  if (error) return Status::io_error(dictionary + ": its directory: " + error.message());
  return {};
}

// Returns the ordinals of the users, after those who are new have been added to the dictionary.
Result<std::vector<std::uint64_t>> ordinals_of(const std::vector<std::string_view>& users,
                                               const std::string& name) {
  if (!is_there(name)) {
    const Status status = check_has_no_sets(name);
    // Another process may have made both in between.
    if (!status.ok() && !is_there(name)) return status;
  }
  WrittenFile file(name, O_RDWR);
  if (!file.is_open()) return file_failure(name, "opened");
  struct stat facts {};
  if (::fstat(file.descriptor(), &facts) != 0) return file_failure(name, "looked at");
  if (!S_ISREG(facts.st_mode)) {
    return Status::invalid_argument(fmt::format("{}: must be a regular file", name));
  }
  // It ends with the descriptor.
  while (::flock(file.descriptor(), LOCK_EX) != 0) {
    if (errno != EINTR) return file_failure(name, "locked");
  }
  ROLLCALL_ASSIGN_OR_RETURN(const std::string text,
                            read_to_end(file.descriptor(), name, kListBytesMax));
  if (text.empty()) ROLLCALL_RETURN_IF_ERROR(check_has_no_sets(name));
  DictionaryReader dictionary(name, text);
  std::unordered_map<std::string, std::uint64_t> known;
  for (;;) {
    ROLLCALL_ASSIGN_OR_RETURN(const bool is_there, dictionary.next());
    if (!is_there) break;
    known.emplace(dictionary.user(), dictionary.ordinal());
  }
  std::uint64_t next = dictionary.ordinal() + 1;
  std::string lines;
  std::vector<std::uint64_t> ordinals;
  ordinals.reserve(users.size());
  for (const std::string_view user : users) {
    const auto [place, is_new] = known.emplace(user, next);
    if (is_new) lines += dictionary_line(next++, place->first);
    ordinals.push_back(place->second);
  }
  if (next > kListUsersMax || dictionary.size() + lines.size() > kListBytesMax) {
    return Status::invalid_argument(
        fmt::format("{}: would have {} users in {} bytes (allowed: {} in {}, or another directory, "
                    "which has a dictionary of its own)",
                    name, next, dictionary.size() + lines.size(), kListUsersMax, kListBytesMax));
  }
  if (!lines.empty()) {
    ROLLCALL_RETURN_IF_ERROR(add_lines(file, name, dictionary.size(), lines));
  }
  return ordinals;
}

Status replace_file(const std::string& path, std::string_view bytes) {
  const std::string partial = fmt::format("{}.{}.partial", path, ::getpid());
  Status status;
  {
    WrittenFile file(partial, O_WRONLY | O_TRUNC);
    if (!file.is_open()) return file_failure(partial, "opened");
    status = file.append(bytes);
  }
  if (status.ok() && std::rename(partial.c_str(), path.c_str()) != 0) {
    status = file_failure(path, "replaced");
  }
  if (!status.ok()) ::unlink(partial.c_str());
  return status;
}

}  // namespace

Result<std::string> to_roaring(const QueryResult& list, UserKind kind) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string_view> users, listed_texts(list));
  if (kind == UserKind::kString) {
    return Status::invalid_argument(
        "Roaring: the ids are texts, which need a dictionary (allowed: to a file, which has one "
        "beside it)");
  }
  ROLLCALL_ASSIGN_OR_RETURN(std::vector<std::uint64_t> numbers, numbers_of(users));
  return to_roaring(std::move(numbers));
}

Status write_roaring_file(const QueryResult& list, UserKind kind, const std::string& path) {
  return guarded(path, [&]() -> Status {
    ROLLCALL_RETURN_IF_ERROR(check_path(path));
    ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::string_view> users, listed_texts(list));
    const std::string beside = dictionary_beside(path);
    if (std::filesystem::path(path).filename() == std::filesystem::path(beside).filename()) {
      return Status::invalid_argument(
          path + ": is the dictionary of the sets in its directory (allowed: another name)");
    }
    // Whoever reads the set would take its numbers for ordinals.
    if (kind == UserKind::kInteger && is_there(beside)) {
      return Status::invalid_argument(fmt::format(
          "{}: the ids are integers, and {} explains the sets of the directory (allowed: a "
          "directory without a dictionary)",
          path, beside));
    }
    ROLLCALL_ASSIGN_OR_RETURN(std::vector<std::uint64_t> numbers, kind == UserKind::kString
                                                                      ? ordinals_of(users, beside)
                                                                      : numbers_of(users));
    return replace_file(path, to_roaring(std::move(numbers)));
  });
}

}  // namespace rollcall
