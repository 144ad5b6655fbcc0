// A checkpoint writes all that changed since the last commit to the store, while ingest and queries
// go on.
#include <algorithm>
#include <deque>
#include <iterator>
#include <utility>

#include "core/base/memory_policy.h"
#include "core/base/return_memory.h"
#include "core/engine/engine_state.h"

namespace rollcall {
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
    if (!schedule.has_changes()) return {};
    ROLLCALL_RETURN_IF_ERROR(fold(FoldDepth::kBounds));
    write_out.begin();
    schedule.begin_commit();
    next = epoch + 1;
    last = view;
    add_tables(tables, next, manifest, pages.dirty, pages.superseded);
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

  if (Status finished = finish_pages(pages, *last); !finished.ok()) {
    write_out.fail(finished);
    return finished;
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
  write_out.succeed();
  schedule.finish_commit();
  epoch = next;
  committed_users = std::move(user_counts);
  view = *std::move(committed);
  evict_for(0);
  return {};
}

void Engine::State::collect_partitions(Epoch next, CollectedPages& pages) {
  std::vector<CollectedPages> parts(partitions.size());
  workers.for_each(partitions.size(), [&](std::size_t i) {
    gate.assert_passed();
    partitions[i].collect_dirty(next, merged_bytes_max(), parts[i]);
  });
  const auto move_all = [](auto& from, auto& to) {
    std::move(from.begin(), from.end(), std::back_inserter(to));
  };
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    manifest.partition_epochs[i] = partitions[i].epoch();
    move_all(parts[i].dirty, pages.dirty);
    move_all(parts[i].superseded, pages.superseded);
    move_all(parts[i].work, pages.work);
  }
}

Status Engine::State::finish_pages(const CollectedPages& pages, const StoreView& last) {
  std::vector<Status> statuses(pages.work.size());
  workers.for_each(pages.work.size(), [&](std::size_t i) { statuses[i] = pages.work[i](last); });
  for (Status& status : statuses) ROLLCALL_RETURN_IF_ERROR(std::move(status));
  // The rows that were packed lay between others.
  if (!pages.work.empty()) return_free_memory();
  return {};
}

std::size_t Engine::State::merged_bytes_max() const {
  return state_bytes_max() * kMergedHistoryShare / std::max<std::size_t>(workers.thread_count(), 1);
}

}  // namespace rollcall
