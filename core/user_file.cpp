#include "rollcall/user_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <system_error>
#include <utility>

#include "core/source/digits.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

// Cuts lines, or CSV records of one field, off a text.
class IdCutter {
 public:
  IdCutter(const std::string& path, std::string_view text, bool is_csv)
      : path_(path), rest_(text), is_csv_(is_csv) {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
  }

  bool done() const { return rest_.empty(); }
  // File and line of the id last cut.
  std::string place() const { return fmt::format("{}:{}", path_, line_); }

  Result<std::string> next() {
    line_ = next_line_;
    return is_csv_ && rest_.starts_with('"') ? quoted() : plain();
  }

 private:
  std::string plain() {
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    std::string_view id = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    ++next_line_;
    if (id.ends_with('\r')) id.remove_suffix(1);
    return std::string(id);
  }

  Result<std::string> quoted() {
    std::string id;
    std::size_t i = 1;
    for (; i < rest_.size(); ++i) {
      if (rest_[i] == '"' && !rest_.substr(i + 1).starts_with('"')) break;
      if (rest_[i] == '"') ++i;
      if (rest_[i] == '\n') ++next_line_;
      id += rest_[i];
    }
    if (i >= rest_.size()) {
      return Status::invalid_argument(place() + ": a quote is opened and never closed");
    }
    rest_.remove_prefix(i + 1);
    if (const std::string after = plain(); !after.empty()) {
      return Status::invalid_argument(
          fmt::format("{}: must be one id, found {} after a quote that is closed", place(),
                      quoted_excerpt(after)));
    }
    return id;
  }

  const std::string& path_;
  std::string_view rest_;
  bool is_csv_;
  std::size_t line_ = 1;
  std::size_t next_line_ = 1;
};

}  // namespace

Result<UserId> parse_user(std::string_view text, UserKind kind, const std::string& where) {
  if (kind == UserKind::kString) return UserId(std::string(text));
  std::uint64_t id = 0;
  if (!parse_canonical_integer(text, id)) {
    return Status::invalid_argument(
        fmt::format("{}: must be a user id, a whole number from 0 to 18446744073709551615 in "
                    "digits without sign, blanks, fraction or leading zeros, found {}",
                    where, quoted_excerpt(text)));
  }
  return UserId(id);
}

Result<std::vector<UserId>> read_user_file(const std::string& path, UserKind kind) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return Status::io_error(path + ": is a directory (allowed: a file with one user a line)");
  }
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  if (!file.is_open() || file.bad()) {
    return Status::io_error(fmt::format("{}: {}", path, std::strerror(errno)));
  }
  const bool is_csv = path.ends_with(".csv");
  IdCutter ids(path, text, is_csv);
  if (is_csv && !ids.done()) {
    ROLLCALL_ASSIGN_OR_RETURN(const std::string header, ids.next());
    if (header != "user") {
      return Status::invalid_argument(
          fmt::format("{}:1: must be the header \"user\" of a list in CSV, found {}; a list "
                      "without a header has a name that does not end in .csv",
                      path, quoted_excerpt(header)));
    }
  }
  std::vector<UserId> users;
  while (!ids.done()) {
    ROLLCALL_ASSIGN_OR_RETURN(const std::string id, ids.next());
    if (id.empty()) continue;
    ROLLCALL_ASSIGN_OR_RETURN(UserId user, parse_user(id, kind, ids.place()));
    users.push_back(std::move(user));
  }
  return users;
}

}  // namespace rollcall
