// The class rollcall._core.Answer: an answer of the engine.
#pragma once

#include <nanobind/nanobind.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "rollcall/engine.h"

namespace rollcall::python {

class Answer {
 public:
  explicit Answer(QueryResult result);
  // Has a column of ids in place of rows.
  explicit Answer(MemberIds ids);

  // Returns the answer with its rows, which are made of the ids when they are first asked for. The
  // caller has the GIL.
  const QueryResult& result() const;
  // Returns all but the rows.
  const QueryResult& heading() const { return ids_ ? ids_->answer : *result_; }
  std::size_t row_count() const { return ids_ ? ids_->count() : result_->rows.size(); }

  // Returns the cells of a column as plain values of Python; nulls are None.
  //   kDate, kInt, kCount  int, a date as days since 1970-01-01
  //   kTime                (microseconds since 1970, minutes ahead of UTC or None)
  //   kRatio, kBool        float, bool
  //   kString, kDecimal    str
  // Ids of users that are integers are int.
  nanobind::list column(std::size_t number) const;
  // Returns the name and the type of each column.
  nanobind::list columns() const;
  nanobind::object stream() const;
  // Returns the users it lists as a set, or writes them to a file, as rollcall/roaring.h says.
  nanobind::bytes roaring(bool has_integer_users) const;
  void write_roaring(bool has_integer_users, const std::string& path) const;
  // Returns the answer as a matrix, as a table whose columns have one type each: a row that sums up
  // the others is only there if the cells are quotients as well, and keys beside its name are text.
  //   kInvalidArgument  as to_matrix
  std::unique_ptr<Answer> widen(const std::optional<std::string>& cells) const;
  // Returns what a heat map shows: the names of rows, those of columns, and the share of each cell
  // or None; None if the answer has no shares.
  nanobind::object shares() const;

 private:
  std::shared_ptr<const MemberIds> ids_;               // null: there are rows
  mutable std::shared_ptr<const QueryResult> result_;  // null: nobody has asked for the rows
};

void bind_answer(nanobind::module_& module);

}  // namespace rollcall::python
