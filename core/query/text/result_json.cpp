#include <array>
#include <charconv>
#include <string>
#include <string_view>

#include "core/query/text/query_json.h"
#include "rollcall/answer.h"

namespace rollcall {
namespace {

// Returns the shortest text that reads back as the same number, and shows that it is no whole one:
// "1.0".
std::string number_json(double number) {
  std::array<char, 32> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  std::string text(digits.data(), end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

// Adds a cell to `text`.
struct CellWriter {
  std::string& text;
  void operator()(std::monostate) const { text += "null"; }
  void operator()(bool value) const { text += value ? "true" : "false"; }
  void operator()(std::int64_t value) const { text += std::to_string(value); }
  void operator()(double value) const { text += number_json(value); }
  void operator()(Day value) const { text += quote(to_string(value)); }
  void operator()(const ZonedTime& value) const { text += quote(to_string(value)); }
  void operator()(const std::string& value) const { text += quote(value); }
};

// Adds [1, 2] to `text`, in place: answers may be long.
template <class List, class Write>
void write_list(const List& list, std::string& text, Write write) {
  text += '[';
  bool is_first = true;
  for (const auto& element : list) {
    if (!is_first) text += ", ";
    is_first = false;
    write(element);
  }
  text += ']';
}

}  // namespace

std::string_view to_string(ColumnType type) {
  switch (type) {
    case ColumnType::kDate:
      return "date";
    case ColumnType::kTime:
      return "time";
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
  std::string text;
  const auto add_field = [&](std::string_view name, std::string_view value) {
    text.append(text.empty() ? "{" : ", ").append(quote(name)).append(": ").append(value);
  };
  add_field("kind", quote(result.kind));
  add_field("definition", to_object(result.definition));
  add_field("as_of", result.as_of.empty() ? "null" : quote(result.as_of));
  add_field("columns", "");
  write_list(result.columns, text, [&](const Column& column) {
    text += to_object({{"name", quote(column.name)}, {"type", quote(to_string(column.type))}});
  });
  add_field("rows", "");
  write_list(result.rows, text, [&](const std::vector<Cell>& row) {
    write_list(row, text, [&](const Cell& cell) { std::visit(CellWriter{text}, cell); });
  });
  if (result.next) add_field("next", quote(*result.next));
  if (!result.notes.empty()) {
    add_field("notes", "");
    write_list(result.notes, text, [&](const std::string& note) { text += quote(note); });
  }
  add_field("stats", to_object({{"elapsed_us", std::to_string(result.stats.elapsed_us)},
                                {"partitions", std::to_string(result.stats.partitions)}}));
  text += '}';
  return text;
}

}  // namespace rollcall
