// Reads every page of the last checkpoint and holds each against the others: what is derived must
// follow from what it is derived from, to the last bit. The form of a page says what it must agree
// with.
#include <fmt/format.h>

#include <array>
#include <atomic>
#include <bit>
#include <map>
#include <span>

#include "core/base/memory_policy.h"
#include "core/base/mutex.h"
#include "core/engine/engine_state.h"
#include "core/engine/history_check.h"
#include "core/pages/audience_chunk.h"
#include "core/pages/page_check.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

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

// Is one partition as it is stored, read page by page.
class PartitionVerifier {
 public:
  PartitionVerifier(std::uint32_t number, const StoreView& view, const VerifiedTables& tables,
                    const StoreSettings& settings, const TimeZone& zone)
      : view_(view),
        catalog_(*tables.catalog),
        partition_(number, settings),
        check_(number, view, catalog_),
        history_(zone, view, check_, tables.history_limit.from.value_or(kDayMin)),
        users_id_{PageKind::kUsers, number, 0, 0, 0} {}

  void run(Epoch epoch, MemoryTurnstile& turnstile) {
    if (!check_.note(check_.directory_id(), partition_.open(view_, epoch, catalog_.series_count())))
      return;
    const MemoryTurnstile::Stay stay(turnstile, memory_bytes());
    check_.page_count += 1 + partition_.days().size();
    check_.has_forgotten_users = partition_.has_forgotten_users();
    check_.note(users_id_, partition_.load_users(view_));
    check_.page_count += (partition_.ordinal_count() + kChunkOrdinals - 1) / kChunkOrdinals;
    if (partition_.history() != nullptr) history_.read(*partition_.history());
    for (const auto& entry : partition_.days()) {
      const Day date = entry.first;
      if (!check_.note(check_.directory_id(), partition_.load_days({date, date}, view_))) return;
      verify_hours(date, entry.second);
      if (partition_.history() != nullptr) history_.compare(date, partition_);
      EachForm<DayForms>::visit(
          [&]<class Form>(std::type_identity<Form>) { Form::check(check_, date, entry.second); });
      if (partition_.memory_use().resident_bytes > kDirectoryBytesMax) {
        partition_.evict_directory(0, epoch);
      }
    }
    if (partition_.events() != check_.series_events) {
      check_.fault(check_.directory_id(), "its events of each series are not those of its days");
    }
    EachForm<SeriesForms>::visit([&]<class Form>(std::type_identity<Form>) {
      Form::check(check_, partition_.pages().series<Form>());
    });
  }

  std::uint64_t page_count() const { return check_.page_count; }
  std::uint64_t event_count() const { return event_count_; }
  std::uint32_t user_count() const { return partition_.ordinal_count(); }
  std::vector<std::string> take_faults() { return std::move(check_.faults); }

 private:
  // The days that were looked at and not yet let go of may take this much.
  static constexpr std::size_t kDirectoryBytesMax = std::size_t{1} << 20;

  // Returns about how much it takes: the users' ids, then their bounds and the sets of a day,
  // twice.
  std::size_t memory_bytes() const {
    constexpr std::size_t kUserBytes = 64;
    constexpr std::size_t kSetBytes = kChunkWords * sizeof(std::uint64_t);
    const std::size_t users = partition_.ordinal_count();
    const std::size_t chunks = (users + kChunkOrdinals - 1) / kChunkOrdinals;
    return kDirectoryBytesMax + users * kUserBytes +
           BoundsForm::read_bytes(users) * partition_.pages().series<BoundsForm>().size() +
           2 * chunks * kSetBytes * catalog_.series_count() + history_bytes();
  }

  // Counts a block in columns, and a user for each event.
  std::size_t history_bytes() const {
    if (partition_.history() == nullptr) return 0;
    constexpr std::size_t kBlockBytes = std::size_t{4} << 20;
    return kBlockBytes +
           static_cast<std::size_t>(partition_.history()->event_count()) * sizeof(std::uint32_t);
  }

  // The events' totals are those of each dimension.
  void verify_hours(Day date, const DayState& day) {
    const auto events_of = [](const SeriesDay& series_day) {
      std::uint64_t events = 0;
      for (const HourTotal& hour : series_day.hours) events += hour.events;
      return events;
    };
    std::map<std::pair<SeriesId, std::uint32_t>, std::uint64_t> of_values;
    for (const auto& [series, series_day] : day.series) {
      if (series == kAnySeries) continue;
      const SeriesCatalog::Series& meaning = catalog_.series(series);
      const std::uint64_t events = events_of(series_day);
      if (meaning.is_event()) {
        event_count_ += events;
        check_.series_events[series] += events;
      } else {
        of_values[{catalog_.find_event_series(meaning.event).value_or(kAnySeries),
                   meaning.dimension}] += events;
      }
      if (events == 0) {
        check_.fault(check_.day_id(date), fmt::format("series {} has users and no events", series));
      }
    }
    for (const auto& [whole, events] : of_values) {
      const auto found = day.series.find(whole.first);
      const std::uint64_t expected = found == day.series.end() ? 0 : events_of(found->second);
      if (events == expected) continue;
      check_.fault(check_.day_id(date),
                   fmt::format("series {} has {} events, its values in one dimension have {}",
                               whole.first, expected, events));
    }
  }

  const StoreView& view_;
  const SeriesCatalog& catalog_;
  Partition partition_;
  PageCheck check_;
  HistoryCheck history_;
  const PageId users_id_;
  std::uint64_t event_count_ = 0;
};

// Checks that an audience has as many users as its table says, and none whom the store has not.
void verify_audience(const AudienceName& name, const Audience& audience, const StoreView& view,
                     std::span<const std::uint32_t> user_counts, VerifyReport& report) {
  std::vector<AudienceInfo::Class> found(audience.classes.size());
  for (const auto& [place, epoch] : audience.pages) {
    ++report.page_count;
    const PageId id = audience.page_id(place);
    const Result<std::string> bytes = view.read({id, epoch});
    if (!bytes.ok()) {
      report.faults.push_back(bytes.status().message());
      return;
    }
    const Result<AudienceChunk> chunk = AudienceChunk::deserialize(*bytes, audience.set_count());
    if (!chunk.ok()) {
      report.faults.push_back(chunk.status().within(to_string(id)).message());
      return;
    }
    alignas(64) std::array<std::uint64_t, kChunkWords> scratch;
    for (std::size_t set = 0; set < audience.set_count(); ++set) {
      const PresenceChunk& users = chunk->sets()[set];
      AudienceInfo::Class& part = found[set / 2];
      (set % 2 == 0 ? part.contacted : part.holdout) += users.cardinality();
      const BitSpan span = users.expand(scratch.data());
      const std::uint64_t known =
          place.partition < user_counts.size() ? user_counts[place.partition] : 0;
      for (std::size_t word = 0; word < span.word_count; ++word) {
        const std::uint64_t first = std::uint64_t{place.chunk} * kChunkOrdinals + 64 * word;
        const std::uint64_t end = first + std::bit_width(span.words[word]);
        if (span.words[word] == 0 || end <= known) continue;
        report.faults.push_back(to_string(id) + ": it has users whom the partition has not");
        return;
      }
    }
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    found[i].name = audience.classes[i].name;
    if (found[i] == audience.classes[i]) continue;
    report.faults.push_back(fmt::format(
        "audience {}: class {} has {} users, its pages have {}", quoted_excerpt(name.campaign),
        quoted_excerpt(found[i].name), audience.classes[i].contacted + audience.classes[i].holdout,
        found[i].contacted + found[i].holdout));
  }
}

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
    // No checkpoint is made meanwhile, so the view is of this very commit.
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
  std::vector<std::uint32_t> user_counts(parts.size());
  workers.for_each(parts.size(), [&](std::size_t i) {
    if (stored.partition_epochs[i] == 0) return;
    PartitionVerifier verifier(static_cast<std::uint32_t>(i), *now, tables_stored, stored.settings,
                               zone);
    verifier.run(stored.partition_epochs[i], turnstile);
    parts[i] = {verifier.page_count(), verifier.take_faults()};
    event_counts[i] = verifier.event_count();
    user_counts[i] = verifier.user_count();
  });
  for (const auto& [name, audience] : tables_stored.audiences->all()) {
    verify_audience(name, audience, *now, user_counts, report);
  }
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
