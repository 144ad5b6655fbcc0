#include "core/catalog/object_table.h"

#include <cstddef>
#include <cstdint>

#include "core/base/byte_codec.h"

namespace rollcall {

void ObjectTable::serialize(std::string& out) const {
  ByteWriter writer(out);
  writer.varint(saved_.size());
  for (const auto& [key, definition] : saved_) {
    writer.byte(static_cast<std::uint8_t>(key.first));
    writer.text(key.second);
    writer.text(definition);
  }
}

Status ObjectTable::deserialize(std::string_view bytes) {
  ByteReader reader(bytes);
  saved_.clear();
  const std::size_t count = reader.count(3);
  for (std::size_t i = 0; i < count && reader.ok(); ++i) {
    const auto kind =
        reader.varint_up_to<std::uint8_t>(static_cast<std::uint8_t>(ObjectKind::kAlert));
    // Segments have a table of their own.
    if (kind <= static_cast<std::uint8_t>(ObjectKind::kSegment)) break;
    std::string name(reader.text());
    saved_[{static_cast<ObjectKind>(kind), std::move(name)}] = reader.text();
  }
  if (!reader.done() || saved_.size() != count) {
    return Status::corruption("objects: their bytes do not add up");
  }
  return {};
}

}  // namespace rollcall
