#include "tests/support/random_case.h"

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "tests/support/result_text.h"

namespace rollcall::testing {

EngineSetup random_setup(Random& random) {
  EngineSetup setup;
  setup.store = random.chance(20) ? StoreKind::kRocks : StoreKind::kMemory;
  setup.partition_count = random.pick(std::vector<std::uint32_t>{1, 2, 4, 8, 64});
  setup.batch_rows =
      random.chance(50) ? random.pick(std::vector<std::size_t>{0, 1, 3, 50}) : random.below(60);
  setup.threads = random.pick(std::vector<std::uint32_t>{1, 2, 4});
  // With next to no memory, every batch is written out, and every page and block is read back, so
  // this is not for batches of few rows.
  if ((setup.batch_rows == 0 || setup.batch_rows >= 30) && random.chance(50)) {
    setup.memory_bytes_max = random.chance(50) ? 1 : 100'000;
    setup.checkpoint_dirty_bytes_max = random.chance(50) ? 1 : 10'000;
  }
  return setup;
}

std::optional<CountCell> random_cell(Random& random, const QueryResult& answer) {
  if (answer.rows.empty()) return {};
  const std::vector<Cell>& row = random.pick(answer.rows);
  CountCell cell;
  std::vector<std::size_t> counts;
  for (std::size_t c = 0; c < row.size(); ++c) {
    const Column& column = answer.columns[c];
    switch (column.type) {
      case ColumnType::kDate:
      case ColumnType::kTime:
      case ColumnType::kString:
      case ColumnType::kInt:
        if (column.name == "cohort" && row[c] == Cell()) return {};  // a summary
        if (column.name == "payback_day") break;                     // no key
        cell.members.where.emplace_back(column.name, cell_text(row[c]));
        break;
      case ColumnType::kCount:
        // Nobody asks for the users behind a number of events.
        if (column.name != "events" && column.name != "invalid" && row[c] != Cell()) {
          counts.push_back(c);
        }
        break;
      default:
        break;
    }
  }
  if (counts.empty()) return {};
  const std::size_t chosen = random.pick(counts);
  cell.members.of = answer.columns[chosen].name;
  cell.count = static_cast<std::size_t>(std::get<std::int64_t>(row[chosen]));
  return cell;
}

bool is_too_large(const Result<QueryResult>& found, const Result<QueryResult>& expected) {
  constexpr std::size_t kRowsThatFit = 32'768;
  return found.status().code() == StatusCode::kResourceExhausted && expected.ok() &&
         expected->rows.size() > kRowsThatFit;
}

}  // namespace rollcall::testing
