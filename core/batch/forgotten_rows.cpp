#include "core/batch/forgotten_rows.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall {
namespace {

std::string_view string_of(const PreparedBlock& block, std::size_t row) {
  const std::uint32_t begin = row == 0 ? 0 : block.string_ends[row - 1];
  return std::string_view(block.string_bytes).substr(begin, block.string_ends[row] - begin);
}

// Returns the rows that stay, in ascending order.
std::vector<std::uint32_t> rows_to_keep(const PreparedBlock& block,
                                        const ForgottenUsers& forgotten) {
  std::vector<std::uint32_t> kept;
  const std::uint32_t count = block.partition_begin.back();
  kept.reserve(count);
  for (std::uint32_t row = 0; row < count; ++row) {
    const bool is_forgotten = block.string_ends.empty() ? forgotten.contains(block.hashes[row])
                                                        : forgotten.contains(string_of(block, row));
    if (!is_forgotten) kept.push_back(row);
  }
  return kept;
}

void keep_rows(PreparedBlock& block, const std::vector<std::uint32_t>& kept) {
  const auto new_row = [&](std::uint32_t row) {
    return static_cast<std::uint32_t>(std::lower_bound(kept.begin(), kept.end(), row) -
                                      kept.begin());
  };
  std::vector<PreparedBlock::Value> values;
  std::vector<std::uint32_t> value_begin;
  for (std::size_t partition = 0; partition + 1 < block.partition_begin.size(); ++partition) {
    value_begin.push_back(static_cast<std::uint32_t>(values.size()));
    for (const PreparedBlock::Value& value :
         block.values_of(static_cast<std::uint32_t>(partition))) {
      if (std::binary_search(kept.begin(), kept.end(), value.row)) {
        values.push_back({new_row(value.row), value.value});
      }
    }
  }
  value_begin.push_back(static_cast<std::uint32_t>(values.size()));
  block.values = std::move(values);
  block.value_begin = std::move(value_begin);

  if (!block.string_ends.empty()) {
    std::string bytes;
    std::vector<std::uint32_t> ends;
    for (const std::uint32_t row : kept) {
      bytes.append(string_of(block, row));
      ends.push_back(static_cast<std::uint32_t>(bytes.size()));
    }
    block.string_bytes = std::move(bytes);
    block.string_ends = std::move(ends);
  }
  for (std::uint32_t& begin : block.partition_begin) begin = new_row(begin);
  for (std::size_t row = 0; row < kept.size(); ++row) {
    block.hashes[row] = block.hashes[kept[row]];
    for (std::vector<PairHour>& column : block.pair_hours) column[row] = column[kept[row]];
    if (!block.times.empty()) block.times[row] = block.times[kept[row]];
    for (PreparedBlock::Texts& texts : block.kept) {
      if (!texts.codes.empty()) texts.codes[row] = texts.codes[kept[row]];
    }
  }
}

}  // namespace

void drop_forgotten_rows(PreparedRows& rows, const ForgottenUsers& forgotten, Workers& workers) {
  if (rows.row_count == 0) return;
  workers.for_each(rows.blocks.size(), [&](std::size_t i) {
    PreparedBlock& block = *rows.blocks[i];
    const std::vector<std::uint32_t> kept = rows_to_keep(block, forgotten);
    if (kept.size() < block.partition_begin.back()) keep_rows(block, kept);
  });
  std::size_t row_count = 0;
  for (const auto& block : rows.blocks) row_count += block->partition_begin.back();
  if (row_count == rows.row_count) return;
  rows.row_count = row_count;
  rows.day_range = days_of(rows);
  if (row_count > 0) return;
  rows.event_names.clear();
  for (std::vector<std::string>& values : rows.dimension_values) values.clear();
  rows.series.clear();
  for (std::vector<PreparedRows::Pair>& pairs : rows.pairs) pairs.clear();
}

}  // namespace rollcall
