// A prepared batch has been checked, dated and split by partition: this is all the work on a batch
// that needs no other state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/workers.h"
#include "core/batch/block_pool.h"
#include "core/time/time_zone.h"
#include "core/users/user_index.h"
#include "rollcall/event.h"
#include "rollcall/options.h"
#include "rollcall/status.h"

namespace rollcall {

// Describes a series as a batch knows it, before the catalog has numbered it.
struct LocalSeries {
  std::uint32_t event = 0;      // index into `event_names`
  std::uint32_t dimension = 0;  // ignored for the events' own series
  std::uint32_t value = 0;      // index into `dimension_values[dimension]`
};

// Says what a row adds to besides its user: 32 * (the number of its pair) + hours since the
// beginning of its day. A pair is a series and a day.
using PairHour = std::uint32_t;
inline constexpr std::uint32_t kHourBits = 5;
inline constexpr std::uint32_t kHourStride = 1u << kHourBits;

// A block has at most this many rows. What they are scattered to fits the second level of a core's
// cache.
inline constexpr std::size_t kBlockRows = 32'768;

// Holds consecutive rows of a batch, ordered by partition, and within a partition in the order of
// the batch. A block fits the cache of a core, in which its rows are put in their places.
//
// Blocks are reused: a column may be longer than there are rows, and hold anything past them.
struct PreparedBlock {
  std::vector<std::uint32_t> partition_begin;  // partition p: rows [begin[p], begin[p + 1])
  std::vector<std::uint64_t> hashes;           // hash_user of the users
  // They are by column (that of the events, then one for each dimension) and row.
  // PreparedRows::pairs of the same column has the pairs.
  std::vector<std::vector<PairHour>> pair_hours;
  std::vector<TimeUs> times;  // by row; none where the store keeps no history

  // Has the values of a kept property, each text once.
  struct Texts {
    std::vector<std::uint32_t> codes;  // by row; none: every row has the empty text
    std::string bytes;                 // of the texts, end to end
    std::vector<std::uint32_t> ends;   // the end of each in `bytes`

    std::string_view text(std::uint32_t code) const {
      const std::uint32_t begin = code == 0 ? 0 : ends[code - 1];
      return std::string_view(bytes).substr(begin, ends[code] - begin);
    }
    std::string_view of_row(std::size_t row) const {
      return codes.empty() ? std::string_view() : text(codes[row]);
    }
    void add(std::string_view text) {
      bytes += text;
      ends.push_back(static_cast<std::uint32_t>(bytes.size()));
    }
    void clear() {
      codes.clear();
      bytes.clear();
      ends.clear();
    }
  };
  std::vector<Texts> kept;  // by kept property
  // Bounds what the texts of the rows take in the history, by partition.
  std::vector<std::size_t> kept_bytes;

  // Lists the rows whose value is not zero, in the order of rows.
  struct Value {
    std::uint32_t row;
    Amount value;
  };
  std::vector<Value> values;
  std::vector<std::uint32_t> value_begin;  // by partition, as partition_begin

  // Holds, for string users only, the bytes of all ids, end to end, in the order of rows.
  std::string string_bytes;
  std::vector<std::uint32_t> string_ends;  // the end of each in string_bytes

  std::size_t memory_bytes() const;
  std::size_t row_count(std::uint32_t partition) const {
    return partition_begin[partition + std::size_t{1}] - partition_begin[partition];
  }
  std::span<const std::uint64_t> hashes_of(std::uint32_t partition) const {
    return {hashes.data() + partition_begin[partition], row_count(partition)};
  }
  std::span<const PairHour> pair_hours_of(std::size_t column, std::uint32_t partition) const {
    return {pair_hours[column].data() + partition_begin[partition], row_count(partition)};
  }
  std::span<const TimeUs> times_of(std::uint32_t partition) const {
    return {times.data() + partition_begin[partition], row_count(partition)};
  }
  std::span<const Value> values_of(std::uint32_t partition) const {
    const std::uint32_t first = value_begin[partition];
    return {values.data() + first, value_begin[partition + std::size_t{1}] - first};
  }
  std::size_t string_bytes_of(std::uint32_t partition) const {
    if (string_ends.empty() || row_count(partition) == 0) return 0;
    const std::uint32_t first = partition_begin[partition];
    return string_ends[partition_begin[partition + std::size_t{1}] - 1] -
           (first == 0 ? 0 : string_ends[first - 1]);
  }
  UserStrings strings_of(std::uint32_t partition) const {
    const std::uint32_t first = partition_begin[partition];
    return {string_bytes.data(), string_ends.data() + first,
            first == 0 ? 0 : string_ends[first - 1]};
  }
};

struct PreparedRows {
  StoreSettings settings;                                  // those they were prepared for
  std::vector<std::string> event_names;                    // only those in use
  std::vector<std::vector<std::string>> dimension_values;  // only those in use, by dimension
  // The events' series come first (index = event), then those of the dimensions.
  std::vector<LocalSeries> series;

  struct Pair {
    std::uint32_t series;  // local
    Day day;
  };
  std::vector<std::vector<Pair>> pairs;  // by column: those that the rows need, each once
  std::vector<std::unique_ptr<PreparedBlock>> blocks;
  std::shared_ptr<BlockPool> pool;  // the blocks go back to it
  std::size_t row_count = 0;
  DayRange day_range;  // ignored in an empty batch, as is the next member
  TimeUs known_until = 0;

  bool has_values(std::uint32_t partition) const;

  PreparedRows() = default;
  ~PreparedRows();
  PreparedRows(const PreparedRows&) = delete;
  PreparedRows& operator=(const PreparedRows&) = delete;
};

// Returns the days that have rows.
DayRange days_of(const PreparedRows& rows);

// Preparing batches needs this. All that it refers to outlives the call.
struct PrepareContext {
  const StoreSettings& settings;
  const TimeZone& zone;
  TimeUs time_max;
  const std::shared_ptr<BlockPool>& pool;
  Workers& workers;
};

// Checks, dates and splits a batch.
//   kInvalidArgument  see Engine::ingest
Result<std::unique_ptr<PreparedRows>> prepare_rows(const EventBatch& batch,
                                                   const PrepareContext& context);

}  // namespace rollcall
