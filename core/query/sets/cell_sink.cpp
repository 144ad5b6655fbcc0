#include "core/query/sets/cell_sink.h"

#include <bit>

namespace rollcall {

void CellSink::add_user_to(std::size_t first_cell, std::uint64_t cells, std::uint32_t place) {
  for (; cells != 0; cells &= cells - 1) {
    add_user(first_cell + static_cast<unsigned>(std::countr_zero(cells)), place);
  }
}

void CellSink::add_user_run(std::size_t first_cell, std::size_t count, std::uint32_t place) {
  for (std::size_t cell = first_cell; cell < first_cell + count; ++cell) add_user(cell, place);
}

void CellSink::add_and_band(const CellBand& band) {
  for (std::size_t row = 0; row < band.rows.size(); ++row) {
    for (std::size_t k = 0; k < band.width && row + k < band.columns.size(); ++k) {
      add_and(band.first_cell + row * band.cells_per_row + k, band.rows[row],
              band.columns[row + k]);
    }
  }
}

}  // namespace rollcall
