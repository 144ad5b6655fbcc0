// A sink receives the users of the cells of a plan's table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/pages/bitset.h"
#include "rollcall/types.h"

namespace rollcall {

// Is a set of cells of a table whose rows meet the same columns, each row one column later than the
// one before. For every row i, and every k < width with i + k < columns.size(), the users in both
// rows[i] and columns[i + k] are those of cell first_cell + i * cells_per_row + k.
struct CellBand {
  std::size_t first_cell = 0;
  std::size_t cells_per_row = 0;
  std::size_t width = 0;  // at most cells_per_row
  std::span<const BitSpan> rows;
  std::span<const BitSpan> columns;
};

// Takes the users of a cell, chunk by chunk, and counts them or collects who they are.
class CellSink {
 public:
  virtual ~CellSink() = default;
  virtual void add(std::size_t cell, BitSpan users) = 0;
  virtual void add_and(std::size_t cell, BitSpan a, BitSpan b) = 0;
  virtual void add_andnot(std::size_t cell, BitSpan a, BitSpan b) = 0;  // in `a`, not in `b`
  // Adds one user, by place in the chunk, who is not in the cell yet.
  virtual void add_user(std::size_t cell, std::uint32_t place) = 0;
  // Adds one user, who is in none of them yet, to cell `first_cell` + i for each bit i of `cells`.
  virtual void add_user_to(std::size_t first_cell, std::uint64_t cells, std::uint32_t place);
  // Adds one user, who is in none of them yet, to `count` >= 1 cells from `first_cell` on.
  virtual void add_user_run(std::size_t first_cell, std::size_t count, std::uint32_t place);
  // Adds one of the numbers of Plan::sample_list_count. A sink that collects users takes no
  // samples.
  virtual void add_sample(std::size_t, std::int64_t) {}
  // Adds to a tally of Plan::tally_count. A sink that collects users takes no tallies.
  virtual void add_tally(std::size_t, std::uint64_t) {}
  // Adds a user to a text, if Plan::has_texts; the same user at most once to each. A sink that
  // collects users takes no texts.
  virtual void add_text(std::string_view) {}
  // Adds to an amount, if Plan::has_amounts. A sink that collects users takes no amounts.
  virtual void add_amount(std::size_t, AmountSum) {}
  // Adds users with a number to a distribution of Plan::distribution_count: `number` / `of`, which
  // is 1 or more. A sink that collects users takes none.
  virtual void add_number(std::size_t, AmountSum /*number*/, std::uint64_t /*of*/,
                          std::uint64_t /*user_count*/) {}
  // Adds what is measured of a user, by place in the chunk, to a list of Plan::outcome_list_count.
  // A sink that collects users takes none.
  virtual void add_outcome(std::size_t, std::uint32_t /*place*/, AmountSum) {}
  // Does add_and for each cell of the band, which a sink may do faster than one by one.
  virtual void add_and_band(const CellBand& band);
};

}  // namespace rollcall
