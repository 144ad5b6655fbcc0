// This lists the users behind a cell of a table.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/byte_codec.h"
#include "core/base/question_account.h"
#include "rollcall/answer.h"
#include "rollcall/question.h"
#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

// Checks that `after` is an id of that kind.
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
  // `members` has passed check_members. Users take memory of the account only if they may be on the
  // page; if the account is null, there is no bound.
  MemberPage(const Members& members, UserKind kind, QuestionAccount* account);

  void add(UserId user);
  // Adds the users of a page of the same `members`.
  void merge(MemberPage other);
  std::size_t user_count() const { return users_.size(); }
  // Returns whether both are the same page of users of the same kind.
  bool is_same_page(const MemberPage& other) const {
    return kind_ == other.kind_ && size_max_ == other.size_max_ && after_ == other.after_;
  }
  // Writes the users who may be on the page, and the one who would begin the next, ordered by id.
  void write(ByteWriter& writer) const;
  // Reads what `write` wrote for the same `members` into a page without users. Returns false if the
  // bytes cannot be that.
  bool read(ByteReader& reader);
  // Returns `table` with the users in place of its rows, ordered by id, and leaves none here.
  QueryResult list(QueryResult table);

 private:
  // Keeps only the first `count`.
  void cut_to(std::size_t count);
  bool is_before(const UserId& a, const UserId& b);

  UserKind kind_;
  std::size_t size_max_;
  std::optional<UserId> after_;
  std::vector<UserId> users_;
  QuestionAccount* account_;
  QuestionMemory memory_;  // taken by the users
  QuestionPace pace_;
};

}  // namespace rollcall
