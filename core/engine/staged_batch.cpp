#include "core/engine/staged_batch.h"

#include <algorithm>

namespace rollcall {

std::vector<NumberedSeries> number_series(const PreparedRows& rows, SeriesCatalog& catalog) {
  std::vector<EventCode> events;
  for (const std::string& name : rows.event_names) events.push_back(catalog.intern_event(name));
  std::vector<std::vector<ValueCode>> values(rows.dimension_values.size());
  for (std::size_t dimension = 0; dimension < values.size(); ++dimension) {
    for (const std::string& value : rows.dimension_values[dimension]) {
      values[dimension].push_back(catalog.intern_value(dimension, value));
    }
  }
  std::vector<NumberedSeries> series;
  for (std::size_t i = 0; i < rows.series.size(); ++i) {
    const LocalSeries& local = rows.series[i];
    const EventCode event = events[local.event];
    if (i < rows.event_names.size()) {
      series.push_back({catalog.event_series(event), event});
      continue;
    }
    const ValueCode value = values[local.dimension][local.value];
    series.push_back({catalog.value_series(event, local.dimension, value), value});
  }
  return series;
}

bool count_batch(const PreparedRows& rows, const Delivery& delivery,
                 std::optional<std::uint64_t> record, Epoch durable_by, Manifest& manifest,
                 SourceTable& sources) {
  if (rows.row_count != 0) {
    manifest.event_count += rows.row_count;
    if (manifest.days.empty()) manifest.days = rows.day_range;
    manifest.days.first = std::min(manifest.days.first, rows.day_range.first);
    manifest.days.last = std::max(manifest.days.last, rows.day_range.last);
    manifest.known_until =
        std::max(manifest.known_until.value_or(rows.known_until), rows.known_until);
  }
  if (record) manifest.journal_next = *record + 1;
  for (const SourcePosition& position : delivery.positions) sources.set(position, durable_by);
  if (delivery.token != nullptr) sources.add(*delivery.token, durable_by);
  return !delivery.positions.empty() || delivery.token != nullptr;
}

}  // namespace rollcall
