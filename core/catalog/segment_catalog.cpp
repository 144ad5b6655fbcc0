#include "core/catalog/segment_catalog.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <set>
#include <utility>
#include <variant>

#include "core/source/lists/question_files.h"
#include "core/users/partitioner.h"

namespace rollcall {
namespace {

constexpr std::ptrdiff_t kFirstUsers = 3;

std::uint64_t hash_of(const UserId& user) {
  return std::visit([](const auto& id) { return hash_user(id); }, user);
}

class FileReader {
 public:
  FileReader(UserKind kind, const std::vector<std::string>& directories, SegmentCatalog& catalog,
             QuestionAccount& account)
      : kind_(kind), directories_(directories), catalog_(catalog), account_(account) {}

  Status read(const Segment& segment) {
    if (segment.kind == Segment::Kind::kFile && !catalog_.files.contains(segment.name)) {
      account_.check();
      ROLLCALL_ASSIGN_OR_RETURN(std::vector<UserId> users,
                                read_user_file_beneath(directories_, segment.name, kind_));
      account_.check();
      auto list = std::make_shared<const UserList>(std::move(users));
      account_.take(list->memory_bytes(), QuestionNeed::kSegments);
      catalog_.files.emplace(segment.name, std::move(list));
    }
    if (segment.kind == Segment::Kind::kSaved) {
      const auto saved = catalog_.saved.find(segment.name);
      // One that is not there, or names itself, is reported when it is resolved.
      if (saved == catalog_.saved.end() || !seen_.insert(segment.name).second) return {};
      return saved->second.users ? Status() : read(saved->second.expression);
    }
    for (const Segment& part : segment.parts) ROLLCALL_RETURN_IF_ERROR(read(part));
    return {};
  }

 private:
  UserKind kind_;
  const std::vector<std::string>& directories_;
  SegmentCatalog& catalog_;
  QuestionAccount& account_;
  std::set<std::string, std::less<>> seen_;  // saved segments
};

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

Status read_listed_files(const Query& query, UserKind kind,
                         const std::vector<std::string>& directories, SegmentCatalog& catalog,
                         QuestionAccount& account) {
  FileReader reader(kind, directories, catalog, account);
  if (query.common.among) ROLLCALL_RETURN_IF_ERROR(reader.read(*query.common.among));
  if (const auto* ask = std::get_if<SegmentQuery>(&query.ask)) return reader.read(ask->segment);
  return {};
}

}  // namespace rollcall
