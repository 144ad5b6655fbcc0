// These are lists of users who are named one by one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/question_account.h"
#include "rollcall/types.h"

namespace rollcall {

// Returns the heap bytes that an id takes.
std::size_t heap_bytes(const UserId& user);

// Receives the users of a list that is read.
class UserTaker {
 public:
  virtual ~UserTaker() = default;
  // Is called once before the first user, with the number of users.
  virtual void make_room(std::size_t count) = 0;
  virtual void add(UserId user) = 0;
};

class ListEntries;

// Is a list with each user once, in the order of their hashes, so that those of a partition lie
// together. Some may never have been seen.
class UserList {
 public:
  struct Entry {
    std::uint64_t hash;  // hash_user
    UserId user;
  };

  explicit UserList(std::vector<UserId> users);
  // Throws QuestionFailure if their account is over.
  explicit UserList(ListEntries users);

  std::span<const Entry> entries() const { return entries_; }
  // Returns a few of those that came first.
  const std::vector<UserId>& first() const { return first_; }
  std::span<const Entry> of_partition(std::uint32_t partition, std::uint32_t partition_count) const;

 private:
  void sort(QuestionAccount* account);  // null: there is none

  std::vector<Entry> entries_;
  std::vector<UserId> first_;
};

// Collects the users of a list, in memory that is taken from an account and stays taken. The caller
// takes the heap bytes of the ids.
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

}  // namespace rollcall
