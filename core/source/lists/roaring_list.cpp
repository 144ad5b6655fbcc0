#include "core/source/lists/roaring_list.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "core/source/lists/list_limits.h"
#include "core/source/lists/roaring_format.h"

namespace rollcall {
namespace {

// Counts the numbers of a set, and checks all of it.
Result<std::size_t> count_numbers(const std::string& name, std::string_view bytes,
                                  QuestionPace& pace) {
  std::size_t count = 0;
  const auto take = [&](std::uint64_t) {
    pace.step();
    if (++count <= kListUsersMax) return Status();
    return Status::invalid_argument(
        fmt::format("{}: has more than {} users, which are allowed", name, kListUsersMax));
  };
  ROLLCALL_RETURN_IF_ERROR(read_roaring(name, bytes, take));
  return count;
}

// Calls `take` with each user whose ordinal is among `ordinals`, which rise.
Status look_up(const std::string& name, const std::vector<std::uint64_t>& ordinals,
               DictionaryReader dictionary, QuestionPace& pace,
               const std::function<void(const std::string&)>& take) {
  for (std::size_t i = 0; i < ordinals.size();) {
    pace.step();
    ROLLCALL_ASSIGN_OR_RETURN(const bool is_there, dictionary.next());
    if (!is_there) {
      return Status::invalid_argument(
          fmt::format("{}: has the ordinal {}, which {} does not explain", name, ordinals[i],
                      dictionary.name()));
    }
    if (dictionary.ordinal() != ordinals[i]) continue;
    take(dictionary.user());
    ++i;
  }
  return {};
}

}  // namespace

Status read_number_set(const std::string& name, std::string_view bytes, QuestionAccount& account,
                       UserTaker& users) {
  QuestionPace pace(&account);
  ROLLCALL_ASSIGN_OR_RETURN(const std::size_t count, count_numbers(name, bytes, pace));
  users.make_room(count);
  return read_roaring(name, bytes, [&](std::uint64_t id) {
    pace.step();
    users.add(id);
    return Status();
  });
}

Status read_text_set(const std::string& name, std::string_view bytes,
                     const std::string& dictionary_name, std::string_view dictionary,
                     QuestionAccount& account, UserTaker& users) {
  QuestionPace pace(&account);
  ROLLCALL_ASSIGN_OR_RETURN(const std::size_t count, count_numbers(name, bytes, pace));
  QuestionMemory memory(&account);
  std::vector<std::uint64_t> ordinals;
  take_for(memory, ordinals, count, QuestionNeed::kLists);
  ROLLCALL_RETURN_IF_ERROR(read_roaring(name, bytes, [&](std::uint64_t ordinal) {
    ordinals.push_back(ordinal);
    return Status();
  }));
  std::size_t bytes_of_ids = 0;
  ROLLCALL_RETURN_IF_ERROR(
      look_up(name, ordinals, {dictionary_name, dictionary}, pace,
              [&](const std::string& user) { bytes_of_ids += heap_bytes(user); }));
  account.take(bytes_of_ids, QuestionNeed::kLists);
  users.make_room(count);
  return look_up(name, ordinals, {dictionary_name, dictionary}, pace,
                 [&](const std::string& user) { users.add(user); });
}

}  // namespace rollcall
