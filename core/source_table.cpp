#include "core/source_table.h"

#include "core/byte_codec.h"

namespace rollcall {

void SourceTable::set(const SourcePosition& position) {
  const auto [place, made] = places_.emplace(position.id, positions_.size());
  if (made) {
    positions_.push_back(position);
  } else {
    positions_[place->second].position = position.position;
  }
}

void SourceTable::serialize(std::string& out) const {
  ByteWriter writer(out);
  writer.varint(positions_.size());
  for (const SourcePosition& position : positions_) {
    writer.text(position.id);
    writer.text(position.position);
  }
}

Status SourceTable::deserialize(std::string_view bytes) {
  ByteReader reader(bytes);
  positions_.clear();
  places_.clear();
  const std::size_t count = reader.count(2);
  for (std::size_t i = 0; i < count && reader.ok(); ++i) {
    SourcePosition position;
    position.id = reader.text();
    position.position = reader.text();
    set(position);
  }
  if (!reader.done() || positions_.size() != count) {
    return Status::corruption("source positions: their bytes do not add up");
  }
  return {};
}

}  // namespace rollcall
