#include "core/query/sets/cell_sink.h"

namespace rollcall {

void CellSink::add_and_band(const CellBand& band) {
  for (std::size_t row = 0; row < band.rows.size(); ++row) {
    for (std::size_t k = 0; k < band.width && row + k < band.columns.size(); ++k) {
      add_and(band.first_cell + row * band.cells_per_row + k, band.rows[row],
              band.columns[row + k]);
    }
  }
}

}  // namespace rollcall
