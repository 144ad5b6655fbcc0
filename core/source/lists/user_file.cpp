#include "rollcall/user_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

#include "core/base/guard.h"
#include "core/base/memory_policy.h"
#include "core/base/open_file.h"
#include "core/source/files/byte_source.h"
#include "core/source/files/foreign_format.h"
#include "core/source/lists/list_limits.h"
#include "core/source/lists/question_files.h"
#include "core/source/lists/roaring_format.h"
#include "core/source/lists/roaring_list.h"
#include "core/source/lists/user_list_text.h"
#include "rollcall/message_text.h"
#include "rollcall/roaring.h"

namespace rollcall {
namespace {

constexpr std::size_t kReadBytes = std::size_t{256} << 10;

struct ListText {
  std::vector<char> text;
  bool is_unchecked = false;

  std::string_view view() const { return {text.data(), text.size()}; }
};

// Makes room for a step. The room is never for more than a list may have and a step, and that much
// is made at once.
void make_room(std::vector<char>& text, QuestionAccount& account) {
  const std::size_t wanted = text.size() + kReadBytes, before = text.capacity();
  if (wanted <= before) return;
  const std::size_t after =
      2 * before < kListBytesMax ? std::max(wanted, 2 * before) : kListBytesMax + kReadBytes;
  account.take(after, QuestionNeed::kLists);
  text.reserve(after);
  account.give_back(before);
}

// The text takes memory of the account.
Result<ListText> read_text(OpenFile file, const std::string& name, QuestionAccount& account) {
  const std::size_t stored_bytes = file.size();
  ROLLCALL_ASSIGN_OR_RETURN(
      const std::unique_ptr<ByteSource> source,
      ByteSource::take(file.release(), name, account.left() * kListWindowShare));
  QuestionMemory window(&account);  // taken as soon as its size is known
  std::size_t window_bytes = 0;
  ListText list;
  std::vector<char>& text = list.text;
  if (!source->is_compressed()) {
    take_for(account, text, stored_bytes + kReadBytes, QuestionNeed::kLists);
  }
  for (ReadBytes read; !read.at_end;) {
    account.check();
    const std::size_t size = text.size();
    make_room(text, account);
    text.resize(size + kReadBytes);
    ROLLCALL_ASSIGN_OR_RETURN(read, source->read(text.data() + size, kReadBytes));
    text.resize(size + read.size);
    const std::size_t bytes = std::max(source->window_bytes(), window_bytes);
    window.take(bytes - std::exchange(window_bytes, bytes), QuestionNeed::kLists);
    if (text.size() > kListBytesMax) {
      return Status::invalid_argument(
          fmt::format("{}: has more than {} bytes, decompressed, "
                      "which are allowed",
                      name, kListBytesMax));
    }
  }
  list.is_unchecked = source->is_unchecked();
  return list;
}

using OpenList = std::function<Result<OpenFile>(const std::string& path)>;

// The text takes memory of the account.
Result<ListText> open_text(const OpenList& open, const std::string& name,
                           QuestionAccount& account) {
  ROLLCALL_ASSIGN_OR_RETURN(OpenFile file, open(name));
  Result<ListText> list = read_text(std::move(file), name, account);
  // The caller can mend this, whereas kCorruption would be taken for damage of the store.
  if (list.status().code() == StatusCode::kCorruption) {
    return list.status().as(StatusCode::kInvalidArgument);
  }
  return list;
}

Status read_users(const std::string& name, const ListText& list, const OpenList& open,
                  UserKind kind, QuestionAccount& account, UserTaker& users) {
  if (!is_roaring(list.view())) {
    constexpr std::size_t kHead = 4096;
    if (const std::string_view format = foreign_binary(list.view().substr(0, kHead));
        !format.empty()) {
      return Status::invalid_argument(fmt::format(
          "{}: is {} (allowed: a user id on each line, CSV, or a Roaring bitmap)", name, format));
    }
    return read_user_list(name, list.view(), kind, account, users);
  }
  const std::string beside = dictionary_beside(name);
  const Result<ListText> dictionary = open_text(open, beside, account);
  if (kind == UserKind::kInteger) {
    if (!dictionary.ok()) return read_number_set(name, list.view(), account, users);
    account.give_back(dictionary->text.capacity());
    return Status::invalid_argument(fmt::format(
        "{}: the set is of ordinals, which {} explains, and the ids of the store are integers "
        "(allowed: a set of integers in a directory without a dictionary)",
        name, beside));
  }
  if (!dictionary.ok()) return dictionary.status().within(name);
  ROLLCALL_RETURN_IF_ERROR(
      read_text_set(name, list.view(), beside, dictionary->view(), account, users));
  account.give_back(dictionary->text.capacity());
  return {};
}

// Returns true if it was compressed without a checksum.
Result<bool> read_list(const OpenList& open, const std::string& name, UserKind kind,
                       QuestionAccount& account, UserTaker& users) {
  ROLLCALL_ASSIGN_OR_RETURN(const ListText list, open_text(open, name, account));
  ROLLCALL_RETURN_IF_ERROR(read_users(name, list, open, kind, account, users));
  account.give_back(list.text.capacity());
  return list.is_unchecked;
}

class UserVector : public UserTaker {
 public:
  explicit UserVector(QuestionAccount& account) : account_(account) {}
  void make_room(std::size_t count) override {
    take_for(account_, users_, count, QuestionNeed::kLists);
  }
  void add(UserId user) override { users_.push_back(std::move(user)); }
  std::vector<UserId> take() { return std::move(users_); }

 private:
  QuestionAccount& account_;
  std::vector<UserId> users_;
};

}  // namespace

Result<UserId> parse_user(std::string_view text, UserKind kind, const std::string& where) {
  UserId user;
  if (to_user(text, kind, user)) return user;
  return Status::invalid_argument(
      fmt::format("{}: must be a user id, a whole number from 0 to 18446744073709551615 in "
                  "digits without sign, blanks, fraction or leading zeros, found {}",
                  where, quoted_excerpt(text)));
}

Result<std::vector<UserId>> read_user_file(const std::string& path, UserKind kind,
                                           const UserFileOptions& options) {
  return guarded(path, [&]() -> Result<std::vector<UserId>> {
    QuestionBudget budget(options.memory_bytes_max);
    const QueryLimits no_limits;
    QuestionAccount account(budget, no_limits);
    UserVector users(account);
    try {
      const auto open = [](const std::string& name) {
        return OpenFile::open_regular(name, kListBytesMax);
      };
      ROLLCALL_ASSIGN_OR_RETURN(const bool is_unchecked,
                                read_list(open, path, kind, account, users));
      if (is_unchecked && options.notes != nullptr) {
        options.notes->push_back(note_of_unchecked(path));
      }
    } catch (const QuestionFailure&) {
      return Status::resource_exhausted(
          fmt::format("{}: takes more memory than the {} bytes that are allowed for lists of users",
                      path, options.memory_bytes_max));
    }
    return users.take();
  });
}

Result<bool> read_user_file_beneath(const std::vector<std::string>& directories,
                                    const std::string& path, UserKind kind,
                                    QuestionAccount& account, UserTaker& users) {
  const auto open = [&](const std::string& name) {
    return OpenFile::open_beneath(directories, name, kListBytesMax);
  };
  return read_list(open, path, kind, account, users);
}

}  // namespace rollcall
