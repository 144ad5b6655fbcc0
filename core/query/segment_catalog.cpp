#include "core/query/segment_catalog.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <utility>
#include <variant>

#include "core/partitioner.h"
#include "core/question_files.h"

namespace rollcall {
namespace {

constexpr std::size_t kFirstUsers = 3;

class FileReader {
 public:
  FileReader(UserKind kind, const std::vector<std::string>& directories, SegmentCatalog& catalog,
             QuestionAccount& account)
      : kind_(kind), directories_(directories), catalog_(catalog), account_(account) {}

  Status read(const Segment& segment) {
    if (segment.kind == Segment::Kind::kFile && !catalog_.files.contains(segment.name)) {
      ListEntries entries(account_);
      ROLLCALL_ASSIGN_OR_RETURN(
          const bool is_unchecked,
          read_user_file_beneath(directories_, segment.name, kind_, account_, entries));
      if (is_unchecked) catalog_.unchecked.insert(segment.name);
      auto list = std::make_shared<const UserList>(std::move(entries));
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
  std::optional<QuestionPace> pace;
  if (account != nullptr) pace.emplace(*account);
  const auto before = [&](const Entry& a, const Entry& b) {
    if (pace) pace->step();
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

Status read_listed_files(const Query& query, UserKind kind,
                         const std::vector<std::string>& directories, SegmentCatalog& catalog,
                         QuestionAccount& account) {
  FileReader reader(kind, directories, catalog, account);
  if (query.common.among) ROLLCALL_RETURN_IF_ERROR(reader.read(*query.common.among));
  if (const auto* ask = std::get_if<SegmentQuery>(&query.ask)) return reader.read(ask->segment);
  return {};
}

}  // namespace rollcall
