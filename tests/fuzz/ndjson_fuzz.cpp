// NDJSON: a line means the same whatever is around it.

#include <string>
#include <vector>

#include "core/source/formats/ndjson_reader.h"
#include "core/source/formats/text_block_reader.h"
#include "tests/fuzz/fuzz_target.h"

namespace rollcall::fuzz {
namespace {

std::string rows_of(NdjsonReader& reader, std::string text) {
  const std::size_t size = text.size();
  text.append(kBlockPadding, '\0');
  reader.start({text.data(), size});
  std::string rows;
  for (Row row; reader.next(row);) {
    rows.append(row.record)
        .append(row.fault ? " fault " + std::string(to_string(row.fault->kind)) : "");
    if (!row.fault) {
      for (const Field& field : row.fields) rows.append("|").append(field.text);
    }
    rows.append("\n");
  }
  return rows;
}

}  // namespace
}  // namespace rollcall::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rollcall;
  std::string text(fuzz::as_text(data, size));
  if (!text.empty() && text.back() != '\n') text += '\n';
  NdjsonReader reader(512, "#", {"user", "ts", "event", "amount", "properties.channel", "plan"},
                      NestedValues::kText);
  const std::string whole = fuzz::rows_of(reader, text);
  std::string by_line;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin) + 1;
    by_line += fuzz::rows_of(reader, text.substr(begin, end - begin));
    begin = end;
  }
  fuzz::require(whole == by_line, "a line depends on those around it");
  for (const NdjsonValue& value : [&] {
         text.append(kBlockPadding, '\0');
         return ndjson_values({text.data(), text.size() - kBlockPadding});
       }()) {
    fuzz::require(value.path.size() + value.text.size() <= 6 * text.size(), "it grows");
  }
  return 0;
}
