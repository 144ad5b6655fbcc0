// This fuzzes the source positions, the saved segments of stores of both kinds of users, the other
// saved objects, the audiences, and how far back history reaches.

#include <type_traits>

#include "core/catalog/audience_table.h"
#include "core/catalog/history_limit.h"
#include "core/catalog/object_table.h"
#include "core/catalog/segment_table.h"
#include "core/catalog/source_table.h"
#include "tests/fuzz/fuzz_target.h"

namespace rollcall::fuzz {
namespace {

template <class Table>
std::string written(const Table& table) {
  std::string out;
  table.serialize(out);
  return out;
}

template <class Table, class... Kind>
Result<Table> read(std::string_view bytes, Kind... kind) {
  if constexpr (std::is_same_v<Table, HistoryLimit> || std::is_same_v<Table, AudienceTable>) {
    return Table::deserialize(bytes);
  } else {
    Table table;
    ROLLCALL_RETURN_IF_ERROR(table.deserialize(bytes, kind...));
    return table;
  }
}

template <class Table, class... Kind>
void check(std::string_view bytes, Kind... kind) {
  const Result<Table> table = read<Table>(bytes, kind...);
  if (!table.ok()) {
    require(table.status().code() == StatusCode::kCorruption, table.status().to_string());
    return;
  }
  require_stable(*table, written<Table>,
                 [&](const std::string& once) { return read<Table>(once, kind...); });
}

}  // namespace
}  // namespace rollcall::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rollcall;
  std::string_view input = fuzz::as_text(data, size);
  switch (fuzz::take_choice(input) % 6) {
    case 0:
      fuzz::check<SourceTable>(input);
      break;
    case 3:
      fuzz::check<HistoryLimit>(input);
      break;
    case 5:
      fuzz::check<AudienceTable>(input);
      break;
    case 4:
      fuzz::check<ObjectTable>(input);
      break;
    case 1:
      fuzz::check<SegmentTable>(input, UserKind::kInteger);
      break;
    default:
      fuzz::check<SegmentTable>(input, UserKind::kString);
  }
  return 0;
}
