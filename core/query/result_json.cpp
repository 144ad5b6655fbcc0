#include <array>
#include <charconv>
#include <string>
#include <string_view>

#include "core/query/query_json.h"
#include "rollcall/query.h"

namespace rollcall {
namespace {

// The shortest text that reads back as the same number, and shows that it is no whole one: "1.0".
std::string number_json(double number) {
  std::array<char, 32> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  std::string text(digits.data(), end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

struct CellJson {
  std::string operator()(std::monostate) const { return "null"; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return number_json(value); }
  std::string operator()(Day value) const { return quote(to_string(value)); }
  std::string operator()(const std::string& value) const { return quote(value); }
};

// [1, 2]
template <class List, class ToJson>
std::string list_json(const List& list, ToJson to_json_of) {
  std::string text = "[";
  for (const auto& element : list) {
    if (text.size() > 1) text += ", ";
    text += to_json_of(element);
  }
  return text + "]";
}

}  // namespace

std::string_view to_string(ColumnType type) {
  switch (type) {
    case ColumnType::kDate:
      return "date";
    case ColumnType::kString:
      return "string";
    case ColumnType::kInt:
      return "int";
    case ColumnType::kCount:
      return "count";
    case ColumnType::kRatio:
      return "ratio";
    case ColumnType::kDecimal:
      return "decimal";
    case ColumnType::kBool:
      break;
  }
  return "bool";
}

std::string to_json(const QueryResult& result) {
  const auto column_json = [](const Column& column) {
    return to_object({{"name", quote(column.name)}, {"type", quote(to_string(column.type))}});
  };
  const auto row_json = [](const std::vector<Cell>& row) {
    return list_json(row, [](const Cell& cell) { return std::visit(CellJson{}, cell); });
  };
  JsonFields fields = {{"kind", quote(result.kind)},
                       {"definition", to_object(result.definition)},
                       {"as_of", result.as_of.empty() ? "null" : quote(result.as_of)},
                       {"columns", list_json(result.columns, column_json)},
                       {"rows", list_json(result.rows, row_json)}};
  if (result.next) fields.emplace_back("next", quote(*result.next));
  if (!result.notes.empty()) fields.emplace_back("notes", list_json(result.notes, quote));
  fields.emplace_back("stats",
                      to_object({{"elapsed_us", std::to_string(result.stats.elapsed_us)},
                                 {"partitions", std::to_string(result.stats.partitions)}}));
  return to_object(fields);
}

}  // namespace rollcall
