// A batch checked, dated and split by partition: all of the work on a batch that needs no other.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/time_zone.h"
#include "rollcall/engine.h"
#include "rollcall/event.h"
#include "rollcall/options.h"

namespace rollcall {

// A series as a batch knows it, before the catalog has numbered it.
struct LocalSeries {
  std::uint32_t event = 0;      // index into `event_names`
  std::uint32_t dimension = 0;  // meaningless for the events' own series
  std::uint32_t value = 0;      // index into `dimension_values[dimension]`
};

// Rows in columns, ordered by partition; within a partition in the order of the batch.
struct PreparedRows {
  StoreSettings settings;                                  // that they were prepared for
  std::vector<std::string> event_names;                    // used ones
  std::vector<std::vector<std::string>> dimension_values;  // used ones, by dimension
  // The events' series first (index = event), then those of the dimensions.
  std::vector<LocalSeries> series;

  std::vector<std::size_t> partition_begin;  // partition p: rows [begin[p], begin[p + 1])
  std::vector<std::uint64_t> hashes;
  std::vector<std::uint64_t> user_integers;    // one of the two
  std::vector<std::string_view> user_strings;  // into string_bytes
  std::string string_bytes;
  std::vector<std::uint32_t> events;                         // local series of the event
  std::vector<std::vector<std::uint32_t>> dimension_series;  // by dimension: local series
  std::vector<std::int32_t> days;
  std::vector<std::uint8_t> hours;  // since the start of the day
  std::vector<Amount> values;       // empty: none

  DayRange day_range;
  TimeUs known_until = 0;  // meaningless in an empty batch

  std::size_t row_count() const { return days.size(); }
};

//   kInvalidArgument  see Engine::ingest
Result<std::unique_ptr<PreparedRows>> prepare_rows(const EventBatch& batch,
                                                   const StoreSettings& settings,
                                                   const TimeZone& zone, TimeUs time_max);

}  // namespace rollcall
