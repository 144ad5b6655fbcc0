// Reads every page of the last checkpoint and holds each against the others: what is derived must
// follow from what it is derived from, to the last bit.
#include <fmt/format.h>

#include <array>
#include <atomic>
#include <map>
#include <set>

#include "core/base/memory_policy.h"
#include "core/base/mutex.h"
#include "core/engine/engine_state.h"
#include "kernels/kernel_table.h"

namespace rollcall {
namespace {

using Words = std::array<std::uint64_t, kChunkWords>;

// Lets in as many at a time as there is memory for, and one in any case.
class MemoryTurnstile {
 public:
  // What is inside counts in `taken`, too.
  MemoryTurnstile(std::size_t bytes_max, std::atomic<std::size_t>& taken)
      : bytes_max_(bytes_max), taken_(taken) {}

  class Stay {
   public:
    Stay(MemoryTurnstile& turnstile, std::size_t bytes) : turnstile_(turnstile), bytes_(bytes) {
      const MutexLock lock(turnstile_.mutex_);
      while (turnstile_.inside_ != 0 && turnstile_.inside_ + bytes > turnstile_.bytes_max_) {
        turnstile_.left_.wait(turnstile_.mutex_);
      }
      turnstile_.inside_ += bytes;
      turnstile_.taken_ += bytes;
    }
    ~Stay() {
      {
        const MutexLock lock(turnstile_.mutex_);
        turnstile_.inside_ -= bytes_;
        turnstile_.taken_ -= bytes_;
      }
      turnstile_.left_.notify_all();
    }
    Stay(const Stay&) = delete;
    Stay& operator=(const Stay&) = delete;

   private:
    MemoryTurnstile& turnstile_;
    const std::size_t bytes_;
  };

 private:
  const std::size_t bytes_max_;
  std::atomic<std::size_t>& taken_;
  Mutex mutex_;
  ConditionVariable left_;
  std::size_t inside_ ROLLCALL_GUARDED_BY(mutex_) = 0;
};

// One partition as it is stored, read page by page.
class PartitionVerifier {
 public:
  PartitionVerifier(std::uint32_t number, const StoreView& view, const SeriesCatalog& catalog,
                    const StoreSettings& settings)
      : number_(number), view_(view), catalog_(catalog), partition_(number, settings.user_kind) {}

  void run(Epoch epoch, MemoryTurnstile& turnstile) {
    if (!check(PageId{PageKind::kPartition, number_, 0, 0, 0},
               partition_.open(view_, epoch, catalog_.series_count())))
      return;
    const MemoryTurnstile::Stay stay(turnstile, memory_bytes());
    page_count_ += 1 + partition_.days().size();
    check(PageId{PageKind::kUsers, number_, 0, 0, 0}, partition_.load_users(view_));
    page_count_ += (partition_.ordinal_count() + kChunkOrdinals - 1) / kChunkOrdinals;
    for (const auto& [date, day] : partition_.days()) {
      if (!check(PageId{PageKind::kPartition, number_, 0, 0, 0},
                 partition_.load_days({date, date}, view_))) {
        return;
      }
      verify_day(date, day);
      if (partition_.memory_use().resident_bytes > kDirectoryBytesMax) {
        partition_.evict_directory(0, epoch);
      }
    }
    if (partition_.events() != series_events_) {
      fault({PageKind::kPartition, number_, 0, 0, 0},
            "its events of each series are not those of its days");
    }
    verify_counters();
    verify_bounds();
  }

  std::uint64_t page_count() const { return page_count_; }
  std::uint64_t event_count() const { return event_count_; }
  std::vector<std::string> take_faults() { return std::move(faults_); }

 private:
  // Of days that were looked at, before they are let go.
  static constexpr std::size_t kDirectoryBytesMax = std::size_t{1} << 20;

  // About how much it takes: the users' ids, then their bounds and the sets of a day, twice.
  std::size_t memory_bytes() const {
    constexpr std::size_t kUserBytes = 64;
    constexpr std::size_t kBoundsBytes = 2 * sizeof(std::int32_t);
    const std::size_t users = partition_.ordinal_count();
    const std::size_t chunks = (users + kChunkOrdinals - 1) / kChunkOrdinals;
    return kDirectoryBytesMax + users * (kUserBytes + kBoundsBytes * partition_.bounds().size()) +
           2 * chunks * sizeof(Words) * catalog_.series_count();
  }

  void fault(const PageId& id, std::string_view what) {
    faults_.push_back(fmt::format("{}: {}", to_string(id), what));
  }
  bool check(const PageId& id, const Status& status) {
    if (!status.ok()) fault(id, status.message());
    return status.ok();
  }

  template <class T>
  std::optional<T> read(const PageSlot<T>& slot, const PageId& id) {
    if (slot.epoch == 0) return std::nullopt;
    ++page_count_;
    const Result<std::string> bytes = view_.read({id, slot.epoch});
    if (!check(id, bytes.status())) return std::nullopt;
    Result<T> page = T::deserialize(*bytes);
    if (!check(id, page.status())) return std::nullopt;
    return *std::move(page);
  }

  PageId presence_id(SeriesId series, Day day, std::size_t chunk) const {
    return {PageKind::kPresence, number_, series, day.value, static_cast<std::uint32_t>(chunk)};
  }

  // Presence of any event is the union of the events; so is, for each event and dimension, the
  // event that of its values. The events' totals are those of each dimension.
  void verify_day(Day date, const DayState& day) {
    const PageId day_id{PageKind::kDay, number_, 0, date.value, 0};
    // By chunk: the union of what should make up a series.
    std::map<std::pair<SeriesId, std::uint32_t>, std::map<std::size_t, Words>> unions;
    std::map<std::pair<SeriesId, std::uint32_t>, std::uint64_t> event_totals;
    std::map<SeriesId, std::map<std::size_t, Words>> sets;
    for (const auto& [series, series_day] : day.series) {
      const SeriesCatalog::Series& meaning = catalog_.series(series);
      std::uint64_t events = 0;
      AmountSum value = 0;
      for (const HourTotal& hour : series_day.hours) {
        events += hour.events;
        value += hour.value;
      }
      verify_amounts(series, date, series_day, value);
      for (std::size_t chunk = 0; chunk < series_day.chunks.size(); ++chunk) {
        const auto page = read(series_day.chunks[chunk], presence_id(series, date, chunk));
        if (!page) continue;
        if (page->cardinality() == 0 && !partition_.has_forgotten_users())
          fault(presence_id(series, date, chunk), "nobody is in it");
        if (page->cardinality() != series_day.chunks[chunk].users) {
          fault(presence_id(series, date, chunk),
                fmt::format("{} users are in it, its day says {}", page->cardinality(),
                            series_day.chunks[chunk].users));
        }
        Words scratch{};
        Words words{};
        const BitSpan users = page->expand(scratch.data());
        std::copy(users.words, users.words + users.word_count, words.begin());
        sets[series][chunk] = words;
        if (series == kAnySeries) continue;
        // Which series this one is part of, and as what.
        const bool is_event = meaning.is_event();
        const SeriesId whole =
            is_event ? kAnySeries : catalog_.find_event_series(meaning.event).value_or(kAnySeries);
        Words& into = unions[{whole, meaning.dimension}][chunk];
        kernels::active_table()->or_into(into.data(), words.data(), kChunkWords);
      }
      if (series == kAnySeries) continue;
      if (meaning.is_event()) {
        event_count_ += events;
        series_events_[series] += events;
      } else {
        event_totals[{catalog_.find_event_series(meaning.event).value_or(kAnySeries),
                      meaning.dimension}] += events;
      }
      if (events == 0) fault(day_id, fmt::format("series {} has users and no events", series));
    }
    for (const auto& [whole, chunks] : unions) {
      if (chunks != sets[whole.first]) {
        fault(day_id,
              fmt::format("presence of series {} is not the union of its parts", whole.first));
      }
    }
    for (const auto& [whole, events] : event_totals) {
      std::uint64_t expected = 0;
      if (const auto found = day.series.find(whole.first); found != day.series.end()) {
        for (const HourTotal& hour : found->second.hours) expected += hour.events;
      }
      if (events != expected) {
        fault(day_id, fmt::format("series {} has {} events, its values in one dimension have {}",
                                  whole.first, expected, events));
      }
    }
    for (auto& [series, chunks] : sets) {
      if (series != kAnySeries && !catalog_.series(series).is_event()) continue;
      for (auto& [chunk, words] : chunks) {
        bounds_[{series, chunk}].fold({words.data(), kChunkWords}, date);
      }
    }
  }

  // The users' amounts add up to the day's.
  void verify_amounts(SeriesId series, Day date, const SeriesDay& series_day, AmountSum expected) {
    AmountSum found = series_day.forgotten_value;
    bool complete = true;
    for (std::size_t chunk = 0; chunk < series_day.amounts.size(); ++chunk) {
      if (!series_day.amounts[chunk].exists()) continue;
      const PageId id{PageKind::kAmounts, number_, series, date.value,
                      static_cast<std::uint32_t>(chunk)};
      const auto page = read(series_day.amounts[chunk], id);
      complete = complete && page;
      if (page) found += page->sum();
    }
    if (complete && found != expected) {
      fault(
          {PageKind::kDay, number_, 0, date.value, 0},
          fmt::format("the amounts of the users of series {} do not add up to the day's", series));
    }
  }

  // The users' counters add up to the days' totals.
  void verify_counters() {
    for (const auto& [series, slots] : partition_.counters()) {
      std::uint64_t events = 0;
      for (std::size_t chunk = 0; chunk < slots.size(); ++chunk) {
        const PageId id{PageKind::kCounters, number_, series, 0, static_cast<std::uint32_t>(chunk)};
        const auto page = read(slots[chunk], id);
        if (!page) continue;
        for (std::uint32_t i = 0; i < page->size(); ++i) events += page->total(i).events;
      }
      const auto forgotten = partition_.forgotten_events().find(series);
      if (forgotten != partition_.forgotten_events().end()) events += forgotten->second;
      if (events != series_events_[series]) {
        fault({PageKind::kPartition, number_, 0, 0, 0},
              fmt::format("users did series {} {} times, its days say {}", series, events,
                          series_events_[series]));
      }
    }
  }

  // First and last days follow from presence.
  void verify_bounds() {
    for (const auto& [series, slots] : partition_.bounds()) {
      for (std::size_t chunk = 0; chunk < slots.size(); ++chunk) {
        const PageId id{PageKind::kBounds, number_, series, 0, static_cast<std::uint32_t>(chunk)};
        const auto page = read(slots[chunk], id);
        const auto expected = bounds_.find({series, chunk});
        if (!page || expected == bounds_.end()) {
          if (page || expected != bounds_.end()) fault(id, "presence knows nothing of it");
          continue;
        }
        for (std::size_t i = 0; i < expected->second.size(); ++i) {
          const std::int32_t first = i < page->size() ? page->first()[i] : kNeverFirst;
          const std::int32_t last = i < page->size() ? page->last()[i] : kNeverLast;
          if (first == expected->second.first()[i] && last == expected->second.last()[i]) continue;
          fault(id, fmt::format("ordinal {} has days {} to {}, presence says {} to {}", i, first,
                                last, expected->second.first()[i], expected->second.last()[i]));
          break;
        }
      }
    }
    for (const auto& [key, expected] : bounds_) {
      const auto found = partition_.bounds().find(key.first);
      if (found == partition_.bounds().end() || key.second >= found->second.size()) {
        fault({PageKind::kBounds, number_, key.first, 0, static_cast<std::uint32_t>(key.second)},
              "it is missing");
      }
    }
  }

  std::uint32_t number_;
  const StoreView& view_;
  const SeriesCatalog& catalog_;
  Partition partition_;
  std::map<std::pair<SeriesId, std::size_t>, BoundsChunk> bounds_;  // as presence has them
  std::map<SeriesId, std::uint64_t> series_events_;                 // as the days have them
  std::uint64_t page_count_ = 0;
  std::uint64_t event_count_ = 0;
  std::vector<std::string> faults_;
};

}  // namespace

Result<VerifyReport> Engine::State::verify() {
  VerifyReport report;
  if (Status status = store->check_journal(); status.code() == StatusCode::kCorruption) {
    report.faults.push_back(status.message());
  } else {
    ROLLCALL_RETURN_IF_ERROR(std::move(status));
  }
  std::optional<LastCommit> last;
  std::shared_ptr<const StoreView> now;
  {
    // Between two checkpoints, so that the view is of this very commit.
    const MutexLock no_checkpoint(checkpointer.mutex());
    ROLLCALL_ASSIGN_OR_RETURN(last, store->last_commit());
    if (!last) return report;
    ROLLCALL_ASSIGN_OR_RETURN(now, view_of(*store));
  }
  ROLLCALL_ASSIGN_OR_RETURN(const Manifest stored, Manifest::deserialize(last->manifest));
  ROLLCALL_ASSIGN_OR_RETURN(const VerifiedTables tables_stored, verify_tables(*now, stored));
  report.page_count += tables_stored.page_count;
  const std::size_t bytes_max = [&] {
    const Gate::Pass pass(gate);
    evict_for(state_bytes_max() * kRoomMadeShare);
    return room();
  }();
  MemoryTurnstile turnstile(bytes_max, kept_bytes);
  std::vector<VerifyReport> parts(stored.partition_epochs.size());
  std::vector<std::uint64_t> event_counts(parts.size());
  workers.for_each(parts.size(), [&](std::size_t i) {
    if (stored.partition_epochs[i] == 0) return;
    PartitionVerifier verifier(static_cast<std::uint32_t>(i), *now, *tables_stored.catalog,
                               stored.settings);
    verifier.run(stored.partition_epochs[i], turnstile);
    parts[i] = {verifier.page_count(), verifier.take_faults()};
    event_counts[i] = verifier.event_count();
  });
  std::uint64_t event_count = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    report.page_count += parts[i].page_count;
    event_count += event_counts[i];
    report.faults.insert(report.faults.end(), parts[i].faults.begin(), parts[i].faults.end());
  }
  if (event_count != stored.event_count) {
    report.faults.push_back(fmt::format("manifest: {} events, the partitions have {}",
                                        stored.event_count, event_count));
  }
  return report;
}

}  // namespace rollcall
