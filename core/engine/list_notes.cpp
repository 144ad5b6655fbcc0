#include "core/engine/list_notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>
#include <variant>

#include "core/source/files/byte_source.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

std::string text_of(const UserId& user) {
  const auto* number = std::get_if<std::uint64_t>(&user);
  return number != nullptr ? fmt::format("{}", *number)
                           : quoted_excerpt(std::get<std::string>(user));
}

std::string named(Segment::Kind kind, const std::string& name) {
  Segment segment;
  segment.kind = kind;
  segment.name = name;
  return to_string(segment);
}

// Returns "in_file(lost.csv)", as a segment names it.
std::string place_of(const UserList& list, const SegmentCatalog& sets) {
  for (const auto& [path, listed] : sets.files) {
    if (listed.get() == &list) return named(Segment::Kind::kFile, path);
  }
  for (const auto& [name, saved] : sets.saved) {
    if (saved.users.get() == &list) return named(Segment::Kind::kSaved, name);
  }
  return "a list";
}

bool is_unchecked(const UserList& list, const SegmentCatalog& sets) {
  return std::any_of(sets.unchecked.begin(), sets.unchecked.end(),
                     [&](const std::string& path) { return sets.files.at(path).get() == &list; });
}

// Returns how many of its ids the store knows.
std::size_t count_known(const UserList& list, const ReadSet& all,
                        std::span<const PinnedPartition> pinned) {
  const auto found = std::find_if(all.lists.begin(), all.lists.end(),
                                  [&](const auto& read) { return read.get() == &list; });
  if (found == all.lists.end()) return list.entries().size();
  const auto number = static_cast<std::size_t>(found - all.lists.begin());
  std::size_t known = 0;
  for (const PinnedPartition& partition : pinned) known += partition.lists[number].size();
  return known;
}

// Says that `known` of its ids are known; the text is "" if that is all of them.
std::string note_of(const UserList& list, std::size_t known) {
  const std::size_t count = list.entries().size();
  if (count == 0) return "it lists nobody";
  if (known == count) return {};
  if (known != 0) {
    return fmt::format("the store does not know {} of its {} ids", count - known, count);
  }
  std::string ids;
  for (const UserId& user : list.first()) ids += (ids.empty() ? "" : ", ") + text_of(user);
  if (count > list.first().size()) ids += ", ...";
  return fmt::format("the store knows none of its {} id{}: {}", count, count == 1 ? "" : "s", ids);
}

}  // namespace

std::vector<std::string> notes_of_lists(const ReadSet& question, const ReadSet& all,
                                        std::span<const PinnedPartition> pinned,
                                        const SegmentCatalog& sets) {
  std::vector<std::string> notes;
  std::set<const UserList*> seen;
  for (const std::shared_ptr<const UserList>& list : question.lists) {
    if (!seen.insert(list.get()).second) continue;
    const std::string place = place_of(*list, sets);
    if (is_unchecked(*list, sets)) notes.push_back(note_of_unchecked(place));
    const std::string note = note_of(*list, count_known(*list, all, pinned));
    if (!note.empty()) notes.push_back(place + ": " + note);
  }
  return notes;
}

}  // namespace rollcall
