// This lists the users behind a cell of a table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/byte_codec.h"
#include "core/base/question_account.h"
#include "rollcall/answer.h"
#include "rollcall/member_ids.h"
#include "rollcall/question.h"
#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

// Returns an id as answers have it.
std::string user_text(const UserId& user);

// Check that `after`, if it is not empty, is an id of that kind.
Status check_after(const std::string& after, UserKind kind);
Status check_members(const Members& members, UserKind kind);

// Takes the value of a key column out of `members.where`.
//   kInvalidArgument  there is none
Result<std::string> take_key(std::string_view kind, const std::string& column, Members& members);

Status no_such_key(std::string_view kind, const std::string& column, const std::string& found,
                   const std::vector<std::string>& allowed);

// Returns the cells of the plan that the requested table cell counts, by Plan::cells_of.
//   kInvalidArgument  no such row or column, a key column without a value, or a cell that counts no
//                     users; the text says what is allowed
Result<std::vector<std::size_t>> find_member_cells(
    const QueryResult& table, const Members& members,
    const std::function<std::vector<std::size_t>(std::size_t, std::string_view)>& cells_of);

// Selects the requested page of users from all that are added. Pages of disjoint users merge into
// the page of all of them.
class MemberPage {
 public:
  struct User {
    UserId id;
    std::uint64_t place = 0;               // as the user was added
    std::unique_ptr<AmountSum[]> numbers;  // null: they were not told, or there are none
  };

  // `members` has passed check_members. Users take memory of the account only if they may be on the
  // page; if the account is null, there is no bound. Each user of the page has so many numbers.
  MemberPage(const Members& members, UserKind kind, QuestionAccount* account,
             std::size_t numbers_per_user = 0);

  void add(UserId user, std::uint64_t place = 0) { add(User{std::move(user), place, nullptr}); }
  // Adds the users of a page of the same `members`.
  void merge(MemberPage other);
  std::size_t user_count() const { return users_.size() + integers_.size(); }
  // Returns whether both are the same page of users of the same kind.
  bool is_same_page(const MemberPage& other) const {
    return kind_ == other.kind_ && size_max_ == other.size_max_ && after_ == other.after_ &&
           numbers_per_user_ == other.numbers_per_user_;
  }
  // Writes the users who may be on the page, and the one who would begin the next, ordered by id,
  // each with their numbers.
  void write(ByteWriter& writer) const;
  // Reads what `write` wrote for the same `members` into a page without users. Returns false if the
  // bytes cannot be that.
  bool read(ByteReader& reader);
  // Returns `table` with the users in place of its rows, ordered by id, and leaves none here.
  QueryResult list(QueryResult table);
  // Does the same, but that the ids become columns of `ids`, and the result has no rows. The users
  // have no numbers.
  QueryResult list_ids(QueryResult table, MemberIds& ids);

  // Leaves no more users than may be on the page, and the one who would begin the next, and returns
  // them in no order. These and the following are for users with numbers.
  std::span<User> cut();
  // Sets the numbers of a user whom `cut` returned.
  void tell(User& user, std::span<const AmountSum> numbers);
  // Returns the users of the page, ordered by id. They have their numbers.
  std::vector<const User*> listed() const;
  // Returns where the next page starts; it is not set if there is none.
  std::optional<std::string> next(const std::vector<const User*>& page) const;

 private:
  // Integers without numbers beside them are kept alone, in a seventh of the memory.
  bool has_integers_alone() const { return kind_ == UserKind::kInteger && numbers_per_user_ == 0; }
  void add(User user);
  void add_integer(std::uint64_t id);
  static void make_heading(QueryResult& table);
  // Sorts the users, makes the heading of their list, and returns how many of them are on the page.
  std::size_t sort_page(QueryResult& table);
  // Returns the first `count`, ordered by id.
  std::vector<const User*> first(std::size_t count) const;
  // Keeps only the first `count`.
  void cut_to(std::size_t count);
  bool is_before(const UserId& a, const UserId& b);
  void take_numbers(User& user);

  UserKind kind_;
  std::size_t size_max_;
  std::size_t numbers_per_user_;
  std::optional<UserId> after_;
  std::vector<User> users_;
  std::vector<std::uint64_t> integers_;
  QuestionAccount* account_;
  QuestionMemory memory_;  // taken by the users
  QuestionPace pace_;
};

}  // namespace rollcall
