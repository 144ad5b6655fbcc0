#include "core/catalog/segment_table.h"

#include <cstdint>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/byte_codec.h"

namespace rollcall {

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
