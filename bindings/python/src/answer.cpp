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

}  // namespace

Answer::Answer(QueryResult result)
    : result_(std::make_shared<const QueryResult>(std::move(result))) {}

Answer::Answer(MemberIds ids) : ids_(std::make_shared<const MemberIds>(std::move(ids))) {}

const QueryResult& Answer::result() const {
  if (!result_) result_ = std::make_shared<const QueryResult>(ids_->with_rows());
  return *result_;
}

nb::list Answer::columns() const {
  nb::list columns;
  for (const Column& column : heading().columns) {
    const bool is_number = ids_ && ids_->kind == UserKind::kInteger;
    const ColumnType type = is_number ? ColumnType::kInt : column.type;
    columns.append(nb::make_tuple(column.name, std::string(to_string(type))));
  }
  return columns;
}

nb::list Answer::column(std::size_t number) const {
  if (number >= heading().columns.size()) throw std::out_of_range("column");
  nb::list cells;
  if (!ids_) {
    for (const std::vector<Cell>& row : result_->rows) cells.append(python_cell(row[number]));
    return cells;
  }
  for (const std::uint64_t id : ids_->numbers) cells.append(nb::int_(id));
  for (std::size_t i = 0; i < ids_->ends.size(); ++i) {
    const std::string_view text = ids_->text(i);
    cells.append(nb::str(text.data(), text.size()));
  }
  return cells;
}

nb::object Answer::stream() const {
  OwnedStream stream(new ArrowArrayStream{});
  Status exported;
  {
    const GilRelease release;
    exported = ids_ ? export_arrow_stream(ids_, stream.get())
                    : export_arrow_stream(*result_, stream.get());
  }
  raise_unless_ok(exported);
  return stream_capsule(std::move(stream));
}

nb::bytes Answer::roaring(bool has_integer_users) const {
  const UserKind kind = has_integer_users ? UserKind::kInteger : UserKind::kString;
  const bool is_set = ids_ && has_integer_users;
  const QueryResult* const list = is_set ? nullptr : &result();
  Result<std::string> bytes = Status();
  {
    const GilRelease release;
    bytes = is_set ? Result<std::string>(to_roaring(ids_->numbers)) : to_roaring(*list, kind);
  }
  const std::string set = value_or_raise(std::move(bytes));
  return nb::bytes(set.data(), set.size());
}

void Answer::write_roaring(bool has_integer_users, const std::string& path) const {
  const UserKind kind = has_integer_users ? UserKind::kInteger : UserKind::kString;
  const QueryResult& list = result();
  Status written;
  {
    const GilRelease release;
    written = write_roaring_file(list, kind, path);
  }
  raise_unless_ok(written);
}

std::unique_ptr<Answer> Answer::widen(const std::optional<std::string>& cells) const {
  Result<Matrix> matrix = to_matrix(result(), cells);
  if (!matrix.ok()) raise(matrix.status().within("pivot"));
  const std::string shown = cells.value_or(result().pivot->cells);
  return std::make_unique<Answer>(table_of(*std::move(matrix), result(), shown));
}

nb::object Answer::shares() const {
  const Result<Matrix> matrix = to_matrix(result(), std::nullopt);
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
      .def_prop_ro("kind", [](const Answer& answer) { return answer.heading().kind; })
      .def_prop_ro("as_of", [](const Answer& answer) { return answer.heading().as_of; })
      .def_prop_ro("definition_json",
                   [](const Answer& answer) { return definition_json(answer.heading()); })
      .def_prop_ro("notes", [](const Answer& answer) { return answer.heading().notes; })
      .def_prop_ro("next", [](const Answer& answer) { return answer.heading().next; })
      .def_prop_ro("elapsed_us",
                   [](const Answer& answer) { return answer.heading().stats.elapsed_us; })
      .def_prop_ro("columns", &Answer::columns)
      .def_prop_ro("row_count", &Answer::row_count)
      .def("json",
           [](const Answer& answer) {
             const QueryResult& result = answer.result();
             const GilRelease release;
             return to_json(result);
           })
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
