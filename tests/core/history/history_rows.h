// These are events of history as plain rows, for tests to compare with.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/history/log_block.h"
#include "core/history/log_merge.h"
#include "core/history/open_events.h"

namespace rollcall {

struct HistoryRow {
  std::uint32_t ordinal = 0;
  TimeUs time = 0;
  std::uint32_t name = 0;
  Amount value = 0;
  std::uint32_t dimension = 0;
  std::string property;

  friend bool operator==(const HistoryRow&, const HistoryRow&) = default;
};

inline std::vector<HistoryRow> random_rows(std::size_t count, std::uint32_t users, TimeUs span,
                                           std::mt19937_64& random) {
  std::vector<HistoryRow> rows(count);
  for (HistoryRow& row : rows) {
    row.ordinal = static_cast<std::uint32_t>(random() % users);
    row.time = static_cast<TimeUs>(random() % static_cast<std::uint64_t>(span));
    row.name = static_cast<std::uint32_t>(random() % 6);
    row.value = random() % 4 == 0 ? static_cast<Amount>(random() % 1000) : 0;
    row.dimension = static_cast<std::uint32_t>(random() % 5);
    row.property = "p" + std::to_string(random() % 50);
  }
  return rows;
}

// Sorts by user and time; rows of one instant stay in their order.
inline void sort_rows(std::vector<HistoryRow>& rows) {
  std::ranges::stable_sort(rows, {},
                           [](const HistoryRow& row) { return std::pair(row.ordinal, row.time); });
}

inline void append(OpenEvents& open, const std::vector<HistoryRow>& rows) {
  std::vector<std::uint32_t> ordinals, names, dimension;
  std::vector<TimeUs> times;
  std::vector<Amount> values;
  std::vector<std::string_view> property;
  for (const HistoryRow& row : rows) {
    ordinals.push_back(row.ordinal);
    times.push_back(row.time);
    names.push_back(row.name);
    values.push_back(row.value);
    dimension.push_back(row.dimension);
    property.push_back(row.property);
  }
  const std::span<const std::uint32_t> dimensions[] = {dimension};
  const std::span<const std::string_view> properties[] = {property};
  open.append({ordinals, times, names, values, dimensions, properties});
}

inline std::vector<HistoryRow> rows_of(const EventColumns& events) {
  std::vector<HistoryRow> rows;
  for (std::size_t i = 0; i < events.size(); ++i) {
    rows.push_back({events.ordinals[i], events.times[i], events.names[i], events.values[i],
                    events.dimensions.at(0)[i], std::string(events.properties.at(0)[i])});
  }
  return rows;
}

inline LogRun run_of(const std::vector<HistoryRow>& rows) {
  OpenEvents open(1, 1);
  append(open, rows);
  const OpenEvents::Snapshot snapshot = open.snapshot();
  const EventColumns sorted = snapshot.sorted();
  RunWriter writer(1, 1);
  writer.add(sorted, 0, sorted.size());
  return writer.finish();
}

}  // namespace rollcall
