#include "core/catalog/audience_table.h"

#include <cstddef>
#include <limits>
#include <set>
#include <utility>

#include "core/base/byte_codec.h"

namespace rollcall {

Audience& AudienceTable::add(const AudienceName& name) {
  Audience& audience = audiences_[name];
  audience.number = next_number_++;
  return audience;
}

void AudienceTable::serialize(std::string& out) const {
  ByteWriter writer(out);
  writer.varint(next_number_);
  writer.varint(audiences_.size());
  for (const auto& [name, audience] : audiences_) {
    writer.text(name.campaign);
    writer.text(name.run);
    writer.varint(audience.number);
    writer.text(audience.as_of);
    writer.varint(audience.classes.size());
    for (const AudienceInfo::Class& part : audience.classes) {
      writer.text(part.name);
      writer.varint(part.contacted);
      writer.varint(part.holdout);
    }
    writer.varint(audience.pages.size());
    for (const auto& [place, epoch] : audience.pages) {
      writer.varint(place.partition);
      writer.varint(place.chunk);
      writer.varint(epoch);
    }
  }
}

Result<AudienceTable> AudienceTable::deserialize(std::string_view bytes) {
  constexpr std::uint64_t kNumberMax = std::numeric_limits<std::uint32_t>::max();
  ByteReader reader(bytes);
  AudienceTable table;
  std::set<std::uint32_t> numbers;
  bool is_sound = true;
  table.next_number_ = reader.varint_up_to(kNumberMax);
  const std::size_t count = reader.count(6);
  for (std::size_t i = 0; i < count && reader.ok(); ++i) {
    AudienceName name;
    name.campaign = reader.text();
    name.run = reader.text();
    Audience audience;
    audience.number = reader.varint_up_to(kNumberMax);
    is_sound &= audience.number < table.next_number_ && numbers.insert(audience.number).second;
    audience.as_of = reader.text();
    audience.classes.resize(reader.count(3));
    is_sound &= !audience.classes.empty();
    for (AudienceInfo::Class& part : audience.classes) {
      part.name = reader.text();
      part.contacted = reader.varint();
      part.holdout = reader.varint();
    }
    const std::size_t pages = reader.count(3);
    for (std::size_t page = 0; page < pages && reader.ok(); ++page) {
      const auto partition = reader.varint_up_to(kNumberMax);
      const auto chunk = reader.varint_up_to(kNumberMax);
      audience.pages[{partition, chunk}] = reader.varint();
    }
    is_sound &= audience.pages.size() == pages;
    table.audiences_[std::move(name)] = std::move(audience);
  }
  if (!reader.done() || !is_sound || table.audiences_.size() != count) {
    return Status::corruption("audiences: their bytes do not add up");
  }
  return table;
}

}  // namespace rollcall
