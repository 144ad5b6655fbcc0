#include "core/query_executor.h"

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/enumerable_thread_specific.h>
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <atomic>

#include "kernels/kernel_table.h"

namespace rollcall {
namespace {

class CountingSink : public CellSink {
 public:
  explicit CountingSink(std::vector<std::uint64_t>& cells) : cells_(cells) {}

  void add(std::size_t cell, BitSpan users) override {
    cells_[cell] += kernel_.count(users.words, users.word_count);
  }
  void add_and(std::size_t cell, BitSpan a, BitSpan b) override {
    cells_[cell] += kernel_.and_count(a.words, b.words, std::min(a.word_count, b.word_count));
  }
  void add_andnot(std::size_t cell, BitSpan a, BitSpan b) override {
    const std::size_t both = std::min(a.word_count, b.word_count);
    cells_[cell] += kernel_.andnot_count(a.words, b.words, both) +
                    kernel_.count(a.words + both, a.word_count - both);
  }

 private:
  const kernels::KernelTable& kernel_ = *kernels::active_table();
  std::vector<std::uint64_t>& cells_;
};

// One chunk of a pinned partition, all of whose pages are in memory.
class PinnedChunk : public ChunkSource {
 public:
  PinnedChunk(const PinnedPartition& partition, std::uint32_t chunk)
      : partition_(partition), chunk_(chunk) {
    const std::uint32_t users =
        std::min(kChunkOrdinals, partition.user_count - chunk * kChunkOrdinals);
    word_count_ = (users + std::size_t{511}) / 512 * 8;
  }

  std::size_t word_count() const override { return word_count_; }

  BitSpan presence(SeriesId series, Day day, std::uint64_t* scratch) const override {
    const auto* pinned = find(partition_.presence, {PageKind::kPresence, partition_.partition,
                                                    day.value, series, chunk_});
    if (pinned == nullptr) return {};
    BitSpan set = pinned->page->expand(scratch);
    // A hot bitset may be longer than there are users.
    set.word_count = std::min(set.word_count, word_count_);
    return set;
  }

  Bounds bounds(SeriesId series) const override {
    const auto* pinned =
        find(partition_.bounds, {PageKind::kBounds, partition_.partition, 0, series, chunk_});
    if (pinned == nullptr) return {};
    const BoundsChunk& page = *pinned->page;
    return {page.first(), page.last(), std::min(page.size(), word_count_ * 64)};
  }

 private:
  template <class T>
  static const PinnedPage<T>* find(const std::vector<PinnedPage<T>>& pages, const PageId& id) {
    const auto found = std::lower_bound(
        pages.begin(), pages.end(), id,
        [](const PinnedPage<T>& page, const PageId& wanted) { return page.address.id < wanted; });
    return found == pages.end() || found->address.id != id ? nullptr : &*found;
  }

  const PinnedPartition& partition_;
  std::uint32_t chunk_;
  std::size_t word_count_;
};

template <class T>
Status read_pages(std::vector<PinnedPage<T>>& pages, const StoreView& view,
                  std::atomic<std::size_t>& bytes_read) {
  for (PinnedPage<T>& pinned : pages) {
    if (pinned.page) continue;
    ROLLCALL_ASSIGN_OR_RETURN(const std::string bytes, view.read(pinned.address));
    Result<T> page = T::deserialize(bytes);
    if (!page.ok()) {
      return Status::corruption(to_string(pinned.address.id) + ": " + page.status().message());
    }
    pinned.page = PageRef<T>(*std::move(page));
    bytes_read.fetch_add(pinned.page->memory_bytes(), std::memory_order_relaxed);
  }
  return {};
}

Status count_partition(const Plan& plan, PinnedPartition& partition, const StoreView& view,
                       CellSink& sink, std::atomic<std::size_t>& bytes_read) {
  ROLLCALL_RETURN_IF_ERROR(read_pages(partition.presence, view, bytes_read));
  ROLLCALL_RETURN_IF_ERROR(read_pages(partition.bounds, view, bytes_read));
  const std::uint32_t chunk_count = (partition.user_count + kChunkOrdinals - 1) / kChunkOrdinals;
  for (std::uint32_t chunk = 0; chunk < chunk_count; ++chunk) {
    plan.count(PinnedChunk(partition, chunk), sink);
  }
  return {};
}

}  // namespace

Result<PlanCounts> execute_plan(const Plan& plan, std::span<PinnedPartition> partitions,
                                const StoreView& view, tbb::task_arena& arena,
                                std::size_t kept_bytes_max) {
  std::atomic<std::size_t> bytes_read{0};
  std::vector<Status> statuses(partitions.size());
  using Cells = std::vector<std::uint64_t>;
  tbb::enumerable_thread_specific<Cells> counted([&] { return Cells(plan.cell_count()); });
  arena.execute([&] {
    tbb::parallel_for(std::size_t{0}, partitions.size(), [&](std::size_t i) {
      CountingSink sink(counted.local());
      statuses[i] = count_partition(plan, partitions[i], view, sink, bytes_read);
      if (bytes_read.load(std::memory_order_relaxed) > kept_bytes_max) {
        partitions[i].presence = {};
        partitions[i].bounds = {};
      }
    });
  });
  for (Status& status : statuses) ROLLCALL_RETURN_IF_ERROR(std::move(status));
  Cells cells(plan.cell_count());
  for (const Cells& part : counted) {
    for (std::size_t cell = 0; cell < cells.size(); ++cell) cells[cell] += part[cell];
  }
  return PlanCounts{std::move(cells), bytes_read.load(std::memory_order_relaxed)};
}

}  // namespace rollcall
