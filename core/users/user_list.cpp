#include "core/users/user_list.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <utility>
#include <variant>

#include "core/users/partitioner.h"

namespace rollcall {
namespace {

constexpr std::ptrdiff_t kFirstUsers = 3;

std::uint64_t hash_of(const UserId& user) {
  return std::visit([](const auto& id) { return hash_user(id); }, user);
}

}  // namespace

UserList::UserList(std::vector<UserId> users)
    : first_(users.begin(),
             users.begin() + std::min<std::ptrdiff_t>(std::ssize(users), kFirstUsers)) {
  entries_.reserve(users.size());
  for (UserId& user : users) entries_.push_back({hash_of(user), std::move(user)});
  const auto before = [](const Entry& a, const Entry& b) {
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

std::size_t UserList::memory_bytes() const {
  std::size_t bytes = entries_.capacity() * sizeof(Entry);
  for (const Entry& entry : entries_) {
    const auto* const text = std::get_if<std::string>(&entry.user);
    if (text != nullptr && text->size() >= sizeof(std::string) / 2) bytes += text->size();
  }
  return bytes;
}

}  // namespace rollcall
