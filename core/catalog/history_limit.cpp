#include "core/catalog/history_limit.h"

#include <algorithm>

#include "core/base/byte_codec.h"

namespace rollcall {

void HistoryLimit::serialize(std::string& bytes) const {
  ByteWriter writer(bytes);
  writer.varint(days);
  writer.byte(from ? 1 : 0);
  if (from) writer.zigzag(from->value);
}

Result<HistoryLimit> HistoryLimit::deserialize(std::string_view bytes) {
  ByteReader reader(bytes);
  HistoryLimit limit;
  limit.days = reader.varint_up_to(~std::uint32_t{0});
  if (reader.varint_up_to<std::uint8_t>(1) == 1) {
    const std::int64_t day = reader.zigzag();
    if (day < kDayMin.value || day > kDayMax.value) {
      return Status::corruption("history limit: its day does not exist");
    }
    limit.from = Day{static_cast<std::int32_t>(day)};
  }
  if (!reader.done()) return Status::corruption("history limit: its bytes do not add up");
  return limit;
}

Day begin_of_history(Day latest, std::uint32_t days) {
  const std::int64_t begin = std::int64_t{latest.value} - days;
  return Day{static_cast<std::int32_t>(std::max<std::int64_t>(begin, kDayMin.value))};
}

}  // namespace rollcall
