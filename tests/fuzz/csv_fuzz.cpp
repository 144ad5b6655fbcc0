// Delimited text: rows are the same whether the text comes whole or in blocks of whole records.

#include <algorithm>
#include <string>
#include <vector>

#include "core/source/formats/delimited_reader.h"
#include "core/source/formats/record_cutter.h"
#include "tests/fuzz/fuzz_target.h"

namespace rollcall::fuzz {
namespace {

std::string rows_of(std::string_view text, const RecordSyntax& syntax, std::size_t columns) {
  using Columns = std::vector<std::uint32_t>;
  DelimitedReader reader(syntax, columns, columns == 0 ? Columns() : Columns{0, 1, kNoColumn, 2});
  reader.start(text);
  std::string rows;
  for (Row row; reader.next(row);) {
    require(row.record.data() >= text.data() &&
                row.record.data() + row.record.size() <= text.data() + text.size(),
            "a row outside its block");
    rows.append(row.record);
    if (row.fault) {
      rows.append(" fault ").append(to_string(row.fault->kind));
    } else {
      const auto& fields = columns == 0 ? reader.all_fields() : row.fields;
      for (const Field& field : fields) rows.append("|").append(field.text);
    }
    rows.append("\n");
  }
  return rows;
}

}  // namespace
}  // namespace rollcall::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rollcall;
  std::string_view input = fuzz::as_text(data, size);
  const unsigned choice = fuzz::take_choice(input);
  RecordSyntax syntax;
  constexpr std::string_view kDelimiters[] = {",", ";", "\t", " ", "|", "::", ",,"};
  syntax.delimiter = kDelimiters[choice % 7];
  constexpr QuoteRule kRules[] = {QuoteRule::kFields, QuoteRule::kFieldsOrText, QuoteRule::kText};
  if (syntax.delimiter == " ") {
    syntax.quotes = QuoteRule::kText;
  } else {
    syntax.quotes = kRules[choice / 7 % 3];
  }
  if (choice % 2 == 0) syntax.comment = "#";
  syntax.line_bytes_max = choice % 3 == 0 ? 20 : 1 << 20;
  const std::size_t columns = choice / 5 % 4 == 0 ? 0 : 3;
  std::string text(input);
  if (!text.empty() && text.back() != '\n') text += '\n';

  const std::string whole = fuzz::rows_of(text, syntax, columns);
  std::string in_blocks;
  for (std::string_view rest = text; !rest.empty();) {
    // Returns as much as a reader would have read, or all there is once no record ends in it.
    std::size_t cut = 0;
    for (std::size_t read = 1 + choice; cut == 0 && read < rest.size(); read *= 2) {
      cut = whole_records_size(rest.substr(0, read), syntax);
      fuzz::require(cut <= read && (cut == 0 || rest[cut - 1] == '\n'), "cut within a line");
    }
    if (cut == 0) cut = rest.size();
    in_blocks += fuzz::rows_of(rest.substr(0, cut), syntax, columns);
    rest.remove_prefix(cut);
  }
  fuzz::require(whole == in_blocks, "blocks change the rows");
  return 0;
}
