// A checkpoint writes all that changed since the last commit to the store, while ingest and queries
// go on.
#include <algorithm>
#include <atomic>
#include <deque>
#include <functional>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

#include "core/base/memory_policy.h"
#include "core/base/return_memory.h"
#include "core/engine/engine_state.h"

namespace rollcall {
namespace {

template <class T>
void move_all(std::vector<T>& from, std::vector<T>& to) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
}

}  // namespace

// Exists from the moment that pages count as stored to the moment that they are. Whatever ends it
// early, an error or an exception, ends writing, because the engine no longer knows which pages the
// store has.
class Engine::State::WriteOut {
 public:
  explicit WriteOut(State& state)
      : state_(state),
        failure_(Status::resource_exhausted(
            "engine: a checkpoint was interrupted; open the store again")) {}
  ~WriteOut() {
    if (!begun_) return;
    const Gate::Pass pass(state_.gate);
    state_.written_out_bytes = 0;
    state_.write_failure.replace(std::move(failure_));
  }
  WriteOut(const WriteOut&) = delete;
  WriteOut& operator=(const WriteOut&) = delete;

  void begin() { begun_ = true; }
  void fail(const Status& failure) { failure_ = failure; }
  void succeed() { begun_ = false; }

 private:
  State& state_;
  Status failure_;
  bool begun_ = false;
};

Status Engine::State::checkpoint() {
  ROLLCALL_RETURN_IF_ERROR(check_writable());
  const MutexLock one_at_a_time(checkpointer.mutex());
  ROLLCALL_RETURN_IF_ERROR(checkpoint_alone());
  return store->check_place();
}

// The gate is held only long enough to fold what is due and to pin what is dirty; encoding and
// writing come after. The pages handed over count as stored from then on, but none of them may
// leave memory before the commit has succeeded. If it fails, writing ends for good, and they stay.
Status Engine::State::checkpoint_alone() {
  WriteOut write_out(*this);
  CollectedPages pages;
  std::shared_ptr<const StoreView> last;
  Epoch next = 0;
  std::string manifest_bytes;
  std::vector<std::uint32_t> user_counts;
  // The journal goes on in another file, so that what is covered can be removed.
  if (Journal* const journal = store->journal()) ROLLCALL_RETURN_IF_ERROR(journal->rotate());
  {
    const Gate::Pass pass(gate);
    ROLLCALL_RETURN_IF_ERROR(check_failures());
    if (!schedule.has_changes() && !history_is_due) return {};
    ROLLCALL_RETURN_IF_ERROR(fold(FoldDepth::kBounds));
    ROLLCALL_RETURN_IF_ERROR(move_history_begin());
    write_out.begin();
    schedule.begin_commit();
    next = epoch + 1;
    last = view;
    add_tables(tables, next, manifest, pages.dirty, pages.superseded);
    for (const auto& [id, bytes] : audience_pages) {
      pages.dirty.push_back({id, LateBytes{[bytes = bytes] { return std::string_view(*bytes); }}});
    }
    move_all(audience_pages_superseded, pages.superseded);
    audience_pages_superseded.clear();
    collect_partitions(next, pages);
    if (!superseded_ahead.empty()) {
      pages.superseded.reserve(pages.superseded.size() + superseded_ahead.size());
      pages.superseded.insert(pages.superseded.end(), superseded_ahead.begin(),
                              superseded_ahead.end());
      std::deque<PageAddress>().swap(superseded_ahead);
    }
    // Until it is encoded, a page that the writer changes meanwhile is held twice.
    for (const DirtyPage& page : pages.dirty) written_out_bytes += memory_bytes(page);
    for (const Partition& partition : partitions) user_counts.push_back(partition.ordinal_count());
    manifest_bytes = manifest.serialize();
    schedule.take_changes();
    tables.changed.clear();
  }

  const std::size_t counted = pages.dirty.size();
  if (Status finished = finish_pages(pages, *last); !finished.ok()) {
    write_out.fail(finished);
    return finished;
  }
  for (std::size_t i = counted; i < pages.dirty.size(); ++i) {
    written_out_bytes += memory_bytes(pages.dirty[i]);
  }
  last.reset();
  Commit commit = commit_of(next, pages.dirty, static_cast<unsigned>(workers.thread_count()));
  commit.superseded = std::move(pages.superseded);
  commit.manifest = [&] { return manifest_bytes; };
  commit.encode = [&, encode = std::move(commit.encode)](std::size_t number, std::string& bytes) {
    written_out_bytes -= memory_bytes(pages.dirty[number]);
    return encode(number, bytes);
  };
  Status status = store->commit(commit);
  Result<std::shared_ptr<const StoreView>> committed = view_of(*store);
  if (status.ok() && !committed.ok()) status = committed.status();
  if (!status.ok()) {
    write_out.fail(status);
    return status;
  }

  const Gate::Pass pass(gate);
  // A partition lets go of nothing that it took in before `epoch` says that it is stored.
  for (Partition& partition : partitions) partition.finish_commit();
  audience_pages.clear();
  write_out.succeed();
  schedule.finish_commit();
  history_is_due = has_old_events();
  epoch = next;
  committed_users = std::move(user_counts);
  view = *std::move(committed);
  evict_for(0);
  return {};
}

void Engine::State::collect_partitions(Epoch next, CollectedPages& pages) {
  std::vector<CollectedPages> parts(partitions.size());
  const SealLimits limits = seal_limits();
  workers.for_each(partitions.size(), [&](std::size_t i) {
    gate.assert_passed();
    partitions[i].collect_dirty(next, limits, parts[i]);
  });
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    manifest.partition_epochs[i] = partitions[i].epoch();
    move_all(parts[i].dirty, pages.dirty);
    move_all(parts[i].superseded, pages.superseded);
    move_all(parts[i].work, pages.work);
  }
}

Status Engine::State::finish_pages(CollectedPages& pages, const StoreView& last) {
  std::vector<Status> statuses(pages.work.size());
  std::vector<CollectedPages> more(pages.work.size());
  workers.for_each(pages.work.size(),
                   [&](std::size_t i) { statuses[i] = pages.work[i](last, more[i]); });
  for (Status& status : statuses) ROLLCALL_RETURN_IF_ERROR(std::move(status));
  for (CollectedPages& part : more) {
    move_all(part.dirty, pages.dirty);
    move_all(part.superseded, pages.superseded);
  }
  // The rows that were packed lay between others.
  if (!pages.work.empty()) return_free_memory();
  return {};
}

SealLimits Engine::State::seal_limits() const {
  SealLimits limits;
  limits.merged_bytes_max =
      state_bytes_max() * kMergedHistoryShare / std::max<std::size_t>(workers.thread_count(), 1);
  if (tables.history_limit.from) limits.history_begin = zone.start_of(*tables.history_limit.from);
  return limits;
}

bool Engine::State::has_old_events() const {
  const TimeUs history_begin = seal_limits().history_begin;
  return std::ranges::any_of(partitions, [&](const Partition& partition) {
    return partition.has_old_events(history_begin);
  });
}

// Looks only at days that would move the beginning, so that few of them are read.
Status Engine::State::move_history_begin() {
  HistoryLimit& limit = tables.history_limit;
  if (!settings.history || limit.days == 0) return {};
  std::set<Day, std::greater<>> days;
  for (const Partition& partition : partitions) {
    for (auto day = partition.days().rbegin(); day != partition.days().rend(); ++day) {
      if (limit.from && begin_of_history(day->first, limit.days) <= *limit.from) break;
      days.insert(day->first);
    }
  }
  for (const Day day : days) {
    std::atomic<std::uint64_t> users{0};
    Status read = read_partitions([&](Partition& partition) -> Status {
      gate.assert_passed();
      if (!partition.days().contains(day)) return {};
      ROLLCALL_RETURN_IF_ERROR(partition.load_days({day, day}, *view));
      users += partition.day_total(kAnySeries, day).users;
      return {};
    });
    if (!read.ok()) return read;
    if (users < kUsersOfLatestDay) continue;
    limit.from = begin_of_history(day, limit.days);
    tables.changed.add(PageKind::kHistoryLimit);
    return {};
  }
  return {};
}

}  // namespace rollcall
