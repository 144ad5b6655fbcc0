#include "core/engine/listed_files.h"

#include <functional>
#include <memory>
#include <set>
#include <utility>

#include "core/source/lists/question_files.h"
#include "rollcall/kinds.h"

namespace rollcall {
namespace {

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
      // A segment that is missing, or names itself, is reported when it is resolved.
      if (saved == catalog_.saved.end() || !seen_.insert(segment.name).second) return {};
      return saved->second.users ? Status() : read(saved->second.expression);
    }
    for (const Segment& part : segment.parts) ROLLCALL_RETURN_IF_ERROR(read(part));
    for (const Segment* const part : segments_of_question(segment)) {
      ROLLCALL_RETURN_IF_ERROR(read(*part));
    }
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

Status read_listed_files(const Query& query, UserKind kind,
                         const std::vector<std::string>& directories, SegmentCatalog& catalog,
                         QuestionAccount& account) {
  FileReader reader(kind, directories, catalog, account);
  if (query.common.among) ROLLCALL_RETURN_IF_ERROR(reader.read(*query.common.among));
  for (const Segment* const segment : segments_of(query)) {
    ROLLCALL_RETURN_IF_ERROR(reader.read(*segment));
  }
  return {};
}

}  // namespace rollcall
