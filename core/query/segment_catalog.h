// The sets of users that a query may name: those saved in the store, and those listed in files.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/query/question_account.h"
#include "core/user_list_text.h"
#include "rollcall/query.h"
#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

class ListEntries;

// Users named one by one, each once, in the order of their hashes: those of a partition lie
// together. Some may never have been seen.
class UserList {
 public:
  struct Entry {
    std::uint64_t hash;  // hash_user
    UserId user;
  };

  explicit UserList(std::vector<UserId> users);
  // Throws QuestionFailure where their account is over.
  explicit UserList(ListEntries users);

  std::span<const Entry> entries() const { return entries_; }
  // A few of those that came first.
  const std::vector<UserId>& first() const { return first_; }
  std::span<const Entry> of_partition(std::uint32_t partition, std::uint32_t partition_count) const;

 private:
  void sort(QuestionAccount* account);  // null: of none

  std::vector<Entry> entries_;
  std::vector<UserId> first_;
};

// The users that a list is made of, in memory that is taken from an account and stays taken. What
// the ids take beside themselves is the caller's to take.
class ListEntries : public UserTaker {
 public:
  explicit ListEntries(QuestionAccount& account) : account_(account) {}
  void make_room(std::size_t count) override;
  void add(UserId user) override;

 private:
  friend class UserList;
  QuestionAccount& account_;
  std::vector<UserList::Entry> entries_;
};

// A segment that the store keeps: an expression, or a list.
struct SavedSegment {
  Segment expression;                     // meaningless where there is a list
  std::shared_ptr<const UserList> users;  // null: none
};

struct SegmentCatalog {
  std::map<std::string, SavedSegment, std::less<>> saved;
  std::map<std::string, std::shared_ptr<const UserList>, std::less<>> files;  // by path
  std::set<std::string, std::less<>> unchecked;  // of the paths, compressed without a checksum
};

// Reads the files that the query's segments name, and those of the saved segments they name, into
// `catalog`; of files that lie elsewhere than in or beneath `directories`, none. The lists take
// memory of the account; throws QuestionFailure.
Status read_listed_files(const Query& query, UserKind kind,
                         const std::vector<std::string>& directories, SegmentCatalog& catalog,
                         QuestionAccount& account);

}  // namespace rollcall
