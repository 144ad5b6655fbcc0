#include "answer.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <variant>
#include <vector>

#include "capsules.h"
#include "errors.h"
#include "gil.h"
#include "rollcall/arrow_result.h"
#include "rollcall/cell_text.h"
#include "rollcall/figure.h"
#include "rollcall/matrix.h"
#include "rollcall/roaring.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace rollcall::python {
namespace {

nb::object python_cell(const Cell& cell) {
  if (const auto* const flag = std::get_if<bool>(&cell)) return nb::bool_(*flag);
  if (const auto* const number = std::get_if<std::int64_t>(&cell)) return nb::int_(*number);
  if (const auto* const ratio = std::get_if<double>(&cell)) return nb::float_(*ratio);
  if (const auto* const day = std::get_if<Day>(&cell)) return nb::int_(day->value);
  if (const auto* const text = std::get_if<std::string>(&cell)) {
    return nb::str(text->data(), text->size());
  }
  if (const auto* const time = std::get_if<ZonedTime>(&cell)) {
    nb::object offset = nb::none();
    if (time->offset_minutes) offset = nb::int_(*time->offset_minutes);
    return nb::make_tuple(time->time, offset);
  }
  return nb::none();
}

// Returns the definition as one JSON object.
std::string definition_json(const QueryResult& result) {
  std::string text = "{";
  for (const auto& [name, value] : result.definition) {
    if (text.size() > 1) text += ',';
    text += '"' + name + "\":" + value;
  }
  return text + '}';
}

// Makes the columns of a matrix have one type each. `shown` is the column that its cells show.
QueryResult table_of(Matrix matrix, const QueryResult& answer, const std::string& shown) {
  QueryResult table = std::move(matrix.result);
  table.notes = answer.notes;
  std::vector<std::vector<Cell>> rows;
  for (std::size_t y = 0; y < table.rows.size(); ++y) {
    if (matrix.measures[y] == shown) rows.push_back(std::move(table.rows[y]));
  }
  table.rows = std::move(rows);
  for (std::size_t key = 0; key < matrix.first_cell; ++key) {
    Column& column = table.columns[key];
    const auto own = std::find_if(answer.columns.begin(), answer.columns.end(),
                                  [&](const Column& one) { return one.name == column.name; });
    if (own == answer.columns.end() || own->type == column.type) continue;
    const auto is_text = [&](const std::vector<Cell>& row) {
      return std::holds_alternative<std::string>(row[key]);
    };
    if (std::none_of(table.rows.begin(), table.rows.end(), is_text)) {
      column.type = own->type;
      continue;
    }
    for (std::vector<Cell>& row : table.rows) {
      if (!is_text(row)) row[key] = plain_text(row[key]);
    }
  }
  return table;
}

nb::list columns_of(const Answer& answer) {
  nb::list columns;
  for (const Column& column : answer.result().columns) {
    columns.append(nb::make_tuple(column.name, std::string(to_string(column.type))));
  }
  return columns;
}

}  // namespace

Answer::Answer(QueryResult result)
    : result_(std::make_shared<const QueryResult>(std::move(result))) {}

nb::list Answer::column(std::size_t number) const {
  if (number >= result_->columns.size()) throw std::out_of_range("column");
  nb::list cells;
  for (const std::vector<Cell>& row : result_->rows) cells.append(python_cell(row[number]));
  return cells;
}

nb::object Answer::stream() const {
  OwnedStream stream(new ArrowArrayStream{});
  Status exported;
  {
    const GilRelease release;
    exported = export_arrow_stream(*result_, stream.get());
  }
  raise_unless_ok(exported);
  return stream_capsule(std::move(stream));
}

nb::bytes Answer::roaring(bool has_integer_users) const {
  const UserKind kind = has_integer_users ? UserKind::kInteger : UserKind::kString;
  Result<std::string> bytes = Status();
  {
    const GilRelease release;
    bytes = to_roaring(*result_, kind);
  }
  const std::string set = value_or_raise(std::move(bytes));
  return nb::bytes(set.data(), set.size());
}

void Answer::write_roaring(bool has_integer_users, const std::string& path) const {
  const UserKind kind = has_integer_users ? UserKind::kInteger : UserKind::kString;
  Status written;
  {
    const GilRelease release;
    written = write_roaring_file(*result_, kind, path);
  }
  raise_unless_ok(written);
}

std::unique_ptr<Answer> Answer::widen(const std::optional<std::string>& cells) const {
  Result<Matrix> matrix = to_matrix(*result_, cells);
  if (!matrix.ok()) raise(matrix.status().within("pivot"));
  const std::string shown = cells.value_or(result_->pivot->cells);
  return std::make_unique<Answer>(table_of(*std::move(matrix), *result_, shown));
}

nb::object Answer::shares() const {
  const Result<Matrix> matrix = to_matrix(*result_, std::nullopt);
  if (!matrix.ok()) return nb::none();
  bool has_shares = false;
  nb::list names, titles, shares;
  for (std::size_t y = 0; y < matrix->shares.size(); ++y) {
    const Cell& name = matrix->result.rows[y].front();
    const bool is_null = std::holds_alternative<std::monostate>(name);
    names.append(nb::cast(is_null ? "all" : plain_text(name)));
    nb::list of_row;
    for (const std::optional<double>& share : matrix->shares[y]) {
      has_shares |= share.has_value();
      of_row.append(nb::cast(share));
    }
    shares.append(of_row);
  }
  for (std::size_t x = matrix->first_cell; x < matrix->result.columns.size(); ++x) {
    titles.append(nb::cast(matrix->result.columns[x].name));
  }
  if (!has_shares) return nb::none();
  return nb::make_tuple(names, titles, shares);
}

void bind_answer(nb::module_& module) {
  nb::class_<Answer>(module, "Answer")
      .def_prop_ro("kind", [](const Answer& answer) { return answer.result().kind; })
      .def_prop_ro("as_of", [](const Answer& answer) { return answer.result().as_of; })
      .def_prop_ro("definition_json",
                   [](const Answer& answer) { return definition_json(answer.result()); })
      .def_prop_ro("notes", [](const Answer& answer) { return answer.result().notes; })
      .def_prop_ro("next", [](const Answer& answer) { return answer.result().next; })
      .def_prop_ro("elapsed_us",
                   [](const Answer& answer) { return answer.result().stats.elapsed_us; })
      .def_prop_ro("columns", &columns_of)
      .def_prop_ro("row_count", [](const Answer& answer) { return answer.result().rows.size(); })
      .def("json", [](const Answer& answer) { return to_json(answer.result()); })
      .def("column", &Answer::column, "number"_a)
      .def("stream", &Answer::stream)
      .def("figure",
           [](const Answer& answer) {
             const QueryResult& result = answer.result();
             const std::string as_of = result.as_of.empty() ? "" : ", as of " + result.as_of;
             return figure_html(result, result.kind + as_of, "");
           })
      .def("roaring", &Answer::roaring, "has_integer_users"_a)
      .def("write_roaring", &Answer::write_roaring, "has_integer_users"_a, "path"_a)
      .def("widen", &Answer::widen, "cells"_a.none())
      .def("shares", &Answer::shares);
}

}  // namespace rollcall::python
