// These are unions of the users of a series over runs of days, within one partition. They are kept
// for later questions until one of the days changes.
//
// The users of many days are those of two runs, which may overlap and whose lengths are powers of
// two: one begins where the days begin, and the other ends where they end. The windows of later
// days thus share runs with those of today.
//
// The rules for threads are those of Partition.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "core/catalog/series_catalog.h"
#include "rollcall/types.h"

namespace rollcall {

// Holds the users of a run of days, by chunk, as bitsets that may end early. The question that made
// it fills it in, each chunk by one thread; it does not change afterwards.
class RunSets {
 public:
  explicit RunSets(std::size_t chunk_count) : chunks_(chunk_count) {}

  bool is_filled(std::size_t chunk) const { return chunks_[chunk].is_filled; }
  bool is_complete() const;
  const std::vector<std::uint64_t>& words(std::size_t chunk) const { return chunks_[chunk].words; }
  void fill(std::size_t chunk, std::vector<std::uint64_t> words) {
    chunks_[chunk] = {std::move(words), true};
  }
  void drop(std::size_t chunk) { chunks_[chunk] = {}; }
  std::size_t chunk_count() const { return chunks_.size(); }
  std::size_t memory_bytes() const;

 private:
  struct Chunk {
    std::vector<std::uint64_t> words;
    bool is_filled = false;
  };

 public:
  static constexpr std::size_t kChunkBytes = sizeof(Chunk);  // for a chunk that is not filled

 private:
  std::vector<Chunk> chunks_;
};

// Fewer days than this are united anew just as fast.
inline constexpr std::int32_t kRunDaysMin = 4;

// Returns the one or two runs that make up `days`, and none if there are fewer than kRunDaysMin.
class RunsOfDays {
 public:
  explicit RunsOfDays(DayRange days);
  std::span<const DayRange> runs() const { return {runs_.data(), count_}; }

 private:
  std::array<DayRange, 2> runs_{};
  std::size_t count_ = 0;
};

class KeptUnions {
 public:
  // Returns null if the run is not kept.
  std::shared_ptr<RunSets> find(SeriesId series, DayRange run) const;
  // Does nothing if the run is kept already. If a series has too many runs, the oldest goes.
  void keep(SeriesId series, DayRange run, std::shared_ptr<RunSets> sets);
  // Drops what a change of the day invalidates.
  void forget(SeriesId series, Day day);
  void clear();
  std::size_t memory_bytes() const { return bytes_; }

 private:
  static constexpr std::size_t kRunsMax = 512;  // per series, as they are searched one by one

  struct Run {
    DayRange days;
    std::shared_ptr<RunSets> sets;
  };
  std::unordered_map<SeriesId, std::vector<Run>> runs_;
  std::size_t bytes_ = 0;
};

}  // namespace rollcall
