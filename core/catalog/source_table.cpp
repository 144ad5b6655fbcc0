#include "core/catalog/source_table.h"

#include "core/base/byte_codec.h"

namespace rollcall {

void SourceTable::set(const SourcePosition& position, Epoch durable_by) {
  if (durable_by != 0) durable_by_[position.id] = durable_by;
  const auto [place, made] = places_.emplace(position.id, positions_.size());
  if (made) {
    positions_.push_back(position);
  } else {
    positions_[place->second].position = position.position;
  }
}

bool SourceTable::has(const BatchToken& token) const {
  const auto window = tokens_.find(token.source);
  return window != tokens_.end() && window->second.has(token.token);
}

void SourceTable::add(const BatchToken& token, Epoch durable_by) {
  if (durable_by != 0) durable_by_[token.source] = durable_by;
  tokens_[token.source].add(token.token);
}

Epoch SourceTable::durable_by(const std::string& source) const {
  const auto found = durable_by_.find(source);
  return found == durable_by_.end() ? 0 : found->second;
}

void SourceTable::serialize(std::string& out) const {
  ByteWriter writer(out);
  writer.varint(positions_.size());
  for (const SourcePosition& position : positions_) {
    writer.text(position.id);
    writer.text(position.position);
  }
  writer.varint(tokens_.size());
  for (const auto& [source, window] : tokens_) {
    writer.text(source);
    writer.varint(window.in_order().size());
    for (const std::string* token : window.in_order()) writer.text(*token);
  }
}

Status SourceTable::deserialize(std::string_view bytes) {
  ByteReader reader(bytes);
  positions_.clear();
  places_.clear();
  tokens_.clear();
  const std::size_t count = reader.count(2);
  for (std::size_t i = 0; i < count && reader.ok(); ++i) {
    SourcePosition position;
    position.id = reader.text();
    position.position = reader.text();
    set(position, 0);
  }
  bool distinct = positions_.size() == count;
  const std::size_t window_count = reader.count(2);
  for (std::size_t i = 0; i < window_count && reader.ok(); ++i) {
    BatchToken token;
    token.source = reader.text();
    distinct = distinct && !tokens_.contains(token.source);
    const std::size_t token_count = reader.count(1);
    for (std::size_t j = 0; j < token_count && reader.ok() && distinct; ++j) {
      token.token = reader.text();
      distinct = !has(token);
      if (distinct) add(token, 0);
    }
  }
  if (!reader.done() || !distinct) {
    return Status::corruption("sources: their bytes do not add up");
  }
  return {};
}

}  // namespace rollcall
