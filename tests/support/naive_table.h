// A table of the oracle, whose counts of users still know who they are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "rollcall/query.h"
#include "rollcall/types.h"
#include "tests/support/naive_data.h"

namespace rollcall::testing {

using Users = std::vector<NaiveUser>;  // each once
using NaiveCell = std::variant<Cell, Users>;

struct NaiveTable {
  std::vector<Column> columns;
  std::vector<std::vector<NaiveCell>> rows;
  std::vector<std::string> keys;           // columns that tell the rows apart
  std::vector<std::string> optional_keys;  // columns that follow from those
  std::optional<std::string> next = {};    // where the next page of rows starts

  template <class... Cells>
  void add_row(Cells&&... cells) {
    std::vector<NaiveCell>& row = rows.emplace_back();
    (row.emplace_back(std::forward<Cells>(cells)), ...);
  }
};

// Holds the columns and rows, with users counted.
QueryResult counted(const NaiveTable& table);

inline std::int64_t count(const Users& users) { return static_cast<std::int64_t>(users.size()); }

// The cell is null over nobody, and while it is not yet known.
Cell ratio(std::int64_t part, std::int64_t whole, bool complete = true);

// Returns an event as segments write it.
std::string event_text(const Selector& selector);

// Returns the sum as a decimal number, exactly: "12.5", "3", "-0.25".
std::string decimal_text(AmountSum sum, std::uint32_t decimals);
// Returns the same over a number of users, rounded. The cell is null over nobody, and while it is
// not yet known.
Cell amount_per_user(AmountSum sum, std::uint32_t decimals, std::int64_t users,
                     bool complete = true);

}  // namespace rollcall::testing
