#include "core/catalog/segment_table.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/byte_codec.h"

namespace rollcall {
namespace {

void add_named(const Segment& segment, std::vector<std::string_view>& names) {
  if (segment.kind == Segment::Kind::kSaved) names.push_back(segment.name);
  for (const Segment& part : segment.parts) add_named(part, names);
  for (const Segment* const part : segments_of_question(segment)) add_named(*part, names);
}

}  // namespace

bool SegmentTable::erase(std::string_view name) {
  const auto found = saved_.find(name);
  if (found == saved_.end()) return false;
  saved_.erase(found);
  return true;
}

bool SegmentTable::forget(const ForgottenUsers& forgotten) {
  bool changed = false;
  for (auto& [name, segment] : saved_) {
    if (!segment.users) continue;
    std::vector<UserId> users;
    for (const UserList::Entry& entry : segment.users->entries()) {
      if (!forgotten.contains(entry.user)) users.push_back(entry.user);
    }
    if (users.size() == segment.users->entries().size()) continue;
    segment.users = std::make_shared<const UserList>(std::move(users));
    changed = true;
  }
  return changed;
}

std::optional<std::vector<std::string>> SegmentTable::way_back(const std::string& name,
                                                               const Segment& expression) const {
  std::map<std::string_view, std::string_view> named_by;
  std::vector<std::string_view> to_visit;
  const auto visit = [&](std::string_view by, const Segment& segment) {
    std::vector<std::string_view> names;
    add_named(segment, names);
    for (const std::string_view named : names) {
      if (named_by.emplace(named, by).second) to_visit.push_back(named);
    }
  };
  visit(name, expression);
  while (!to_visit.empty() && !named_by.contains(name)) {
    const std::string_view next = to_visit.back();
    to_visit.pop_back();
    const auto saved = saved_.find(next);
    if (saved != saved_.end() && !saved->second.users) visit(next, saved->second.expression);
  }
  if (!named_by.contains(name)) return std::nullopt;
  std::vector<std::string> way;
  for (std::string_view step = named_by[name]; step != name; step = named_by[step]) {
    way.emplace_back(step);
  }
  std::reverse(way.begin(), way.end());
  return way;
}

void SegmentTable::serialize(std::string& out) const {
  ByteWriter writer(out);
  writer.varint(saved_.size());
  for (const auto& [name, segment] : saved_) {
    writer.text(name);
    writer.byte(segment.users ? 1 : 0);
    if (!segment.users) {
      writer.text(to_string(segment.expression));
      continue;
    }
    writer.varint(segment.users->entries().size());
    for (const UserList::Entry& entry : segment.users->entries()) {
      const auto* const number = std::get_if<std::uint64_t>(&entry.user);
      if (number != nullptr) {
        writer.varint(*number);
      } else {
        writer.text(std::get<std::string>(entry.user));
      }
    }
  }
}

Status SegmentTable::deserialize(std::string_view bytes, UserKind kind) {
  ByteReader reader(bytes);
  saved_.clear();
  const std::size_t count = reader.count(3);
  for (std::size_t i = 0; i < count && reader.ok(); ++i) {
    std::string name(reader.text());
    SavedSegment segment;
    if (reader.varint_up_to(1) == 0) {
      Result<Segment> expression = parse_segment(reader.text());
      if (!expression.ok()) {
        return Status::corruption("segments: " + name + ": " + expression.status().message());
      }
      segment.expression = *std::move(expression);
    } else {
      std::vector<UserId> users(reader.count(1));
      for (UserId& user : users) {
        if (kind == UserKind::kInteger) {
          user = reader.varint();
        } else {
          user = std::string(reader.text());
        }
      }
      segment.users = std::make_shared<const UserList>(std::move(users));
    }
    set(name, std::move(segment));
  }
  if (!reader.done() || saved_.size() != count) {
    return Status::corruption("segments: their bytes do not add up");
  }
  return {};
}

}  // namespace rollcall
