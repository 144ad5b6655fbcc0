#include "rollcall/user_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "core/guard.h"
#include "core/open_file.h"
#include "core/question_files.h"
#include "core/source/byte_source.h"
#include "core/user_list_text.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

// Of the text of a list, compressed or not.
constexpr std::size_t kListBytesMax = std::size_t{256} << 20;

Result<std::string> read_text(OpenFile file, const std::string& name) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<ByteSource> source,
                            ByteSource::take(file.release(), name));
  std::string text;
  constexpr std::size_t kStepBytes = std::size_t{256} << 10;
  for (ReadBytes read; !read.at_end;) {
    const std::size_t size = text.size();
    text.resize(size + kStepBytes);
    ROLLCALL_ASSIGN_OR_RETURN(read, source->read(text.data() + size, kStepBytes));
    text.resize(size + read.size);
    if (text.size() > kListBytesMax) {
      return Status::invalid_argument(
          fmt::format("{}: has more than {} bytes, decompressed, "
                      "which are allowed",
                      name, kListBytesMax));
    }
  }
  return text;
}

Result<std::vector<UserId>> read_list(OpenFile file, const std::string& name, UserKind kind) {
  const Result<std::string> text = read_text(std::move(file), name);
  // It is the caller's to mend: kCorruption is of the store, whose damage it would be taken for.
  if (text.status().code() == StatusCode::kCorruption) {
    return Status::invalid_argument(text.status().message());
  }
  ROLLCALL_RETURN_IF_ERROR(text.status());
  return read_user_list(name, *text, kind);
}

}  // namespace

Result<UserId> parse_user(std::string_view text, UserKind kind, const std::string& where) {
  UserId user;
  if (to_user(text, kind, user)) return user;
  return Status::invalid_argument(
      fmt::format("{}: must be a user id, a whole number from 0 to 18446744073709551615 in "
                  "digits without sign, blanks, fraction or leading zeros, found {}",
                  where, quoted_excerpt(text)));
}

Result<std::vector<UserId>> read_user_file(const std::string& path, UserKind kind) {
  return guarded(path, [&]() -> Result<std::vector<UserId>> {
    ROLLCALL_ASSIGN_OR_RETURN(OpenFile file, OpenFile::open_regular(path, kListBytesMax));
    return read_list(std::move(file), path, kind);
  });
}

Result<std::vector<UserId>> read_user_file_beneath(const std::vector<std::string>& directories,
                                                   const std::string& path, UserKind kind) {
  ROLLCALL_ASSIGN_OR_RETURN(OpenFile file,
                            OpenFile::open_beneath(directories, path, kListBytesMax));
  return read_list(std::move(file), path, kind);
}

}  // namespace rollcall
