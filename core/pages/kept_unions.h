// Unions of the users of a series over runs of days, kept for the questions to come until one of
// the days changes. Of one partition.
//
// The users of many days are those of two runs whose length is a power of two, and which may
// overlap: one begins where the days begin, the other ends where they end. So the windows of the
// days to come share runs with those of today.
//
// Threads: as Partition.
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

// The users of a run of days, by chunk: bitsets that may end early. Filled in by the question that
// made it, each chunk by one thread; unchanged from then on.
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
  static constexpr std::size_t kChunkBytes = sizeof(Chunk);  // of one that is not filled

 private:
  std::vector<Chunk> chunks_;
};

// Fewer days than this are as quickly united anew.
inline constexpr std::int32_t kRunDaysMin = 4;

// The one or two runs that make up `days`; none of less than kRunDaysMin.
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
  // Null: not kept.
  std::shared_ptr<RunSets> find(SeriesId series, DayRange run) const;
  // Does nothing where the run is kept already. Of a series with very many, the oldest goes.
  void keep(SeriesId series, DayRange run, std::shared_ptr<RunSets> sets);
  // Drops what a change of the day makes wrong.
  void forget(SeriesId series, Day day);
  void clear();
  std::size_t memory_bytes() const { return bytes_; }

 private:
  static constexpr std::size_t kRunsMax = 512;  // of a series: they are searched one by one

  struct Run {
    DayRange days;
    std::shared_ptr<RunSets> sets;
  };
  std::unordered_map<SeriesId, std::vector<Run>> runs_;
  std::size_t bytes_ = 0;
};

}  // namespace rollcall
