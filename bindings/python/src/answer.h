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

  const QueryResult& result() const { return *result_; }

  // Returns the cells of a column as plain values of Python; nulls are None.
  //   kDate, kInt, kCount  int, a date as days since 1970-01-01
  //   kTime                (microseconds since 1970, minutes ahead of UTC or None)
  //   kRatio, kBool        float, bool
  //   kString, kDecimal    str
  nanobind::list column(std::size_t number) const;
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
  std::shared_ptr<const QueryResult> result_;
};

void bind_answer(nanobind::module_& module);

}  // namespace rollcall::python
