#include "core/pages/kept_unions.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace rollcall {

bool RunSets::is_complete() const {
  return std::all_of(chunks_.begin(), chunks_.end(),
                     [](const Chunk& chunk) { return chunk.is_filled; });
}

std::size_t RunSets::memory_bytes() const {
  std::size_t bytes = sizeof(*this) + chunks_.capacity() * sizeof(Chunk);
  for (const Chunk& chunk : chunks_) bytes += chunk.words.capacity() * sizeof(std::uint64_t);
  return bytes;
}

RunsOfDays::RunsOfDays(DayRange days) {
  if (days.size() < kRunDaysMin) return;
  const auto length =
      static_cast<std::int32_t>(std::bit_floor(static_cast<std::uint32_t>(days.size())));
  runs_[count_++] = {days.first, days.first + length - 1};
  if (days.size() > length) runs_[count_++] = {days.last - length + 1, days.last};
}

std::shared_ptr<RunSets> KeptUnions::find(SeriesId series, DayRange run) const {
  const auto of_series = runs_.find(series);
  if (of_series == runs_.end()) return nullptr;
  const auto found = std::find_if(of_series->second.begin(), of_series->second.end(),
                                  [&](const Run& kept) { return kept.days == run; });
  return found == of_series->second.end() ? nullptr : found->sets;
}

void KeptUnions::keep(SeriesId series, DayRange run, std::shared_ptr<RunSets> sets) {
  if (find(series, run)) return;
  std::vector<Run>& runs = runs_[series];
  if (runs.size() == kRunsMax) {
    bytes_ -= runs.front().sets->memory_bytes();
    runs.erase(runs.begin());
  }
  bytes_ += sets->memory_bytes();
  runs.push_back({run, std::move(sets)});
}

void KeptUnions::forget(SeriesId series, Day day) {
  const auto of_series = runs_.find(series);
  if (of_series == runs_.end()) return;
  std::erase_if(of_series->second, [&](const Run& run) {
    if (!run.days.contains(day)) return false;
    bytes_ -= run.sets->memory_bytes();
    return true;
  });
  if (of_series->second.empty()) runs_.erase(of_series);
}

void KeptUnions::clear() {
  runs_.clear();
  bytes_ = 0;
}

}  // namespace rollcall
