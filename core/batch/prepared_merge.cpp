#include "core/batch/prepared_merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/users/user_hash.h"

namespace rollcall {
namespace {

using Numbers = std::vector<std::uint32_t>;  // by number in a batch: the one in the merged batch

// Numbers names in the order of their first appearance. Holds views of the batches' names.
class NameMerger {
 public:
  Numbers add(const std::vector<std::string>& names, std::vector<std::string>& merged) {
    Numbers numbers;
    for (const std::string& name : names) {
      const auto [found, made] = numbers_.emplace(name, static_cast<std::uint32_t>(merged.size()));
      if (made) merged.push_back(name);
      numbers.push_back(found->second);
    }
    return numbers;
  }

 private:
  std::unordered_map<std::string_view, std::uint32_t> numbers_;
};

// Numbers elements that are known by two numbers each, in the order of their first appearance.
template <class Element>
class ElementMerger {
 public:
  std::uint32_t add(std::uint32_t a, std::uint32_t b, const Element& element,
                    std::vector<Element>& merged) {
    const auto [found, made] =
        numbers_.emplace(std::uint64_t{a} << 32 | b, static_cast<std::uint32_t>(merged.size()));
    if (made) merged.push_back(element);
    return found->second;
  }

 private:
  struct Hash {
    std::size_t operator()(std::uint64_t key) const { return hash_user(key); }
  };
  std::unordered_map<std::uint64_t, std::uint32_t, Hash> numbers_;
};

class Merge {
 public:
  explicit Merge(std::vector<std::unique_ptr<PreparedRows>> batches)
      : batches_(std::move(batches)), merged_(std::make_unique<PreparedRows>()) {}

  std::unique_ptr<PreparedRows> run() {
    PreparedRows& first = *batches_.front();
    merged_->settings = first.settings;
    merged_->pool = first.pool;
    merge_names();
    merge_series();
    merge_pairs();
    for (const std::unique_ptr<PreparedRows>& batch : batches_) {
      if (batch->row_count == 0) continue;
      const bool none_yet = merged_->row_count == 0;
      DayRange& days = merged_->day_range;
      days.first = none_yet ? batch->day_range.first : std::min(days.first, batch->day_range.first);
      days.last = none_yet ? batch->day_range.last : std::max(days.last, batch->day_range.last);
      merged_->known_until =
          none_yet ? batch->known_until : std::max(merged_->known_until, batch->known_until);
      merged_->row_count += batch->row_count;
      std::move(batch->blocks.begin(), batch->blocks.end(), std::back_inserter(merged_->blocks));
      batch->blocks.clear();
    }
    return std::move(merged_);
  }

 private:
  void merge_names() {
    const std::size_t dimension_count = merged_->settings.dimensions.size();
    merged_->dimension_values.resize(dimension_count);
    NameMerger events;
    std::vector<NameMerger> values(dimension_count);
    for (const std::unique_ptr<PreparedRows>& batch : batches_) {
      events_.push_back(events.add(batch->event_names, merged_->event_names));
      values_.emplace_back();
      for (std::size_t i = 0; i < dimension_count; ++i) {
        values_.back().push_back(
            values[i].add(batch->dimension_values[i], merged_->dimension_values[i]));
      }
    }
  }

  void merge_series() {
    for (std::uint32_t event = 0; event < merged_->event_names.size(); ++event) {
      merged_->series.push_back({event, 0, 0});
    }
    std::vector<ElementMerger<LocalSeries>> dimensions(merged_->settings.dimensions.size());
    for (std::size_t b = 0; b < batches_.size(); ++b) {
      const PreparedRows& batch = *batches_[b];
      Numbers& numbers = series_.emplace_back(events_[b]);
      for (std::size_t i = batch.event_names.size(); i < batch.series.size(); ++i) {
        LocalSeries series = batch.series[i];
        series.event = events_[b][series.event];
        series.value = values_[b][series.dimension][series.value];
        numbers.push_back(
            dimensions[series.dimension].add(series.event, series.value, series, merged_->series));
      }
    }
  }

  void merge_pairs() {
    merged_->pairs.resize(1 + merged_->settings.dimensions.size());
    for (std::size_t column = 0; column < merged_->pairs.size(); ++column) {
      ElementMerger<PreparedRows::Pair> merger;
      for (std::size_t b = 0; b < batches_.size(); ++b) {
        Numbers numbers;
        for (PreparedRows::Pair pair : batches_[b]->pairs[column]) {
          pair.series = series_[b][pair.series];
          numbers.push_back(merger.add(pair.series, static_cast<std::uint32_t>(pair.day.value),
                                       pair, merged_->pairs[column]));
        }
        for (const std::unique_ptr<PreparedBlock>& block : batches_[b]->blocks) {
          PairHour* const pair_hours = block->pair_hours[column].data();
          const std::size_t row_count = block->partition_begin.back();
          for (std::size_t i = 0; i < row_count; ++i) {
            pair_hours[i] = numbers[pair_hours[i] >> kHourBits] << kHourBits |
                            (pair_hours[i] & (kHourStride - 1));
          }
        }
      }
    }
  }

  std::vector<std::unique_ptr<PreparedRows>> batches_;
  std::unique_ptr<PreparedRows> merged_;
  std::vector<Numbers> events_;               // by batch
  std::vector<std::vector<Numbers>> values_;  // by batch, then dimension
  std::vector<Numbers> series_;               // by batch
};

}  // namespace

Result<std::unique_ptr<PreparedRows>> merge_prepared(
    std::vector<std::unique_ptr<PreparedRows>> batches) {
  if (batches.size() == 1) return std::move(batches.front());
  std::size_t row_count = 0;
  for (const std::unique_ptr<PreparedRows>& batch : batches) {
    if (batch->settings != batches.front()->settings) {
      return Status::invalid_argument("engine: the batches were prepared for different settings");
    }
    row_count += batch->row_count;
  }
  if (row_count > std::numeric_limits<std::uint32_t>::max()) {
    return Status::invalid_argument(fmt::format("batch: {} rows (allowed: below 2^32)", row_count));
  }
  return Merge(std::move(batches)).run();
}

}  // namespace rollcall
