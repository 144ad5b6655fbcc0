#include "core/users/user_list.h"
#include "rollcall/partitioner.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace rollcall {
namespace {

constexpr std::size_t kFirstUsers = 3;

}  // namespace

std::size_t heap_bytes(const UserId& user) {
  const auto* const text = std::get_if<std::string>(&user);
  // A short one lies within the object.
  if (text == nullptr || text->size() <= std::string().capacity()) return 0;
  constexpr std::size_t kBlockBytes = 16, kOverheadBytes = 8;  // of the allocator
  return (text->size() + 1 + kOverheadBytes + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
}
void ListEntries::make_room(std::size_t count) {
  take_for(account_, entries_, count, QuestionNeed::kLists);
}

void ListEntries::add(UserId user) {
  const std::uint64_t hash = hash_of(user);
  entries_.push_back({hash, std::move(user)});
}

UserList::UserList(std::vector<UserId> users) {
  entries_.reserve(users.size());
  for (UserId& user : users) entries_.push_back({hash_of(user), std::move(user)});
  sort(nullptr);
}

UserList::UserList(ListEntries users) : entries_(std::move(users.entries_)) {
  sort(&users.account_);
}

void UserList::sort(QuestionAccount* account) {
  for (std::size_t i = 0; i < std::min(entries_.size(), kFirstUsers); ++i) {
    first_.push_back(entries_[i].user);
  }
  QuestionPace pace(account);
  const auto before = [&](const Entry& a, const Entry& b) {
    pace.step();
    return a.hash != b.hash ? a.hash < b.hash : a.user < b.user;
  };
  std::sort(entries_.begin(), entries_.end(), before);
  const auto same = [](const Entry& a, const Entry& b) { return a.user == b.user; };
  entries_.erase(std::unique(entries_.begin(), entries_.end(), same), entries_.end());
}

std::span<const UserList::Entry> UserList::of_partition(std::uint32_t partition,
                                                        std::uint32_t partition_count) const {
  const Partitioner partition_of(partition_count);
  const auto first = std::partition_point(entries_.begin(), entries_.end(), [&](const Entry& e) {
    return partition_of(e.hash) < partition;
  });
  const auto last = std::partition_point(
      first, entries_.end(), [&](const Entry& e) { return partition_of(e.hash) == partition; });
  return {first, last};
}

}  // namespace rollcall
