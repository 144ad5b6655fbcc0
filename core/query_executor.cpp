#include "core/query_executor.h"

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/enumerable_thread_specific.h>
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <string>
#include <utility>

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
  void add_and_band(const CellBand& band) override {
    kernel_.and_count_band(band.rows.data(), band.rows.size(), band.columns.data(),
                           band.columns.size(), band.width, cells_.data() + band.first_cell,
                           band.cells_per_row);
  }

 private:
  const kernels::KernelTable& kernel_ = *kernels::active_table();
  std::vector<std::uint64_t>& cells_;
};

std::uint32_t chunk_count_of(const PinnedPartition& partition) {
  return (partition.user_count + kChunkOrdinals - 1) / kChunkOrdinals;
}

// The pages of a partition, chunk by chunk.
template <class T>
class PagesByChunk {
 public:
  PagesByChunk(std::vector<PinnedPage<T>>& pages, std::uint32_t chunk_count)
      : ends_(chunk_count + 1), pages_(pages.size()) {
    for (const PinnedPage<T>& page : pages) ++ends_[page.address.id.chunk + 1];
    std::partial_sum(ends_.begin(), ends_.end(), ends_.begin());
    std::vector<std::size_t> next(ends_.begin(), ends_.end() - 1);
    for (PinnedPage<T>& page : pages) pages_[next[page.address.id.chunk]++] = &page;
  }

  // Those of one chunk, by page id.
  std::span<PinnedPage<T>* const> of(std::uint32_t chunk) const {
    return std::span(pages_).subspan(ends_[chunk], ends_[chunk + 1] - ends_[chunk]);
  }

 private:
  std::vector<std::size_t> ends_;  // of each chunk's pages, after the end of the one before: 0
  std::vector<PinnedPage<T>*> pages_;
};

// Finds pages of one chunk by series and day. Plans ask for them mostly in the order of the days,
// so that the answer lies where the last one was, or next to it.
template <class T>
class PageFinder {
 public:
  explicit PageFinder(std::span<PinnedPage<T>* const> pages) : pages_(pages) {}

  const T* find(std::int32_t day, SeriesId series) {
    const auto is_before = [&](const PinnedPage<T>* page) {
      const PageId& id = page->address.id;
      return id.day != day ? id.day < day : id.series < series;
    };
    if (next_ < pages_.size() && is_before(pages_[next_])) ++next_;
    const bool in_place = (next_ == 0 || is_before(pages_[next_ - 1])) &&
                          (next_ == pages_.size() || !is_before(pages_[next_]));
    if (!in_place) {
      const auto found = std::partition_point(pages_.begin(), pages_.end(), is_before);
      next_ = static_cast<std::size_t>(found - pages_.begin());
    }
    if (next_ == pages_.size()) return nullptr;
    const PageId& id = pages_[next_]->address.id;
    return id.day == day && id.series == series ? &*pages_[next_]->page : nullptr;
  }

 private:
  std::span<PinnedPage<T>* const> pages_;
  std::size_t next_ = 0;  // the first page that is not before what was last asked for
};

// One chunk of a pinned partition, all of whose pages are in memory. Threads: one.
class PinnedChunk : public ChunkSource {
 public:
  PinnedChunk(std::uint32_t user_count, std::span<PinnedPage<PresenceChunk>* const> presence,
              std::span<PinnedPage<BoundsChunk>* const> bounds)
      : word_count_((user_count + std::size_t{511}) / 512 * 8),
        presence_(presence),
        bounds_(bounds) {}

  std::size_t word_count() const override { return word_count_; }

  BitSpan presence(SeriesId series, Day day, std::uint64_t* scratch) const override {
    const PresenceChunk* const page = presence_.find(day.value, series);
    if (page == nullptr) return {};
    BitSpan set = page->expand(scratch);
    // A hot bitset may be longer than there are users.
    set.word_count = std::min(set.word_count, word_count_);
    return set;
  }

  Bounds bounds(SeriesId series) const override {
    const BoundsChunk* const page = bounds_.find(0, series);
    if (page == nullptr) return {};
    return {page->first(), page->last(), std::min(page->size(), word_count_ * 64)};
  }

 private:
  std::size_t word_count_;
  mutable PageFinder<PresenceChunk> presence_;
  mutable PageFinder<BoundsChunk> bounds_;
};

using Cells = std::vector<std::uint64_t>;

// A run of a plan, by any number of threads.
class Execution {
 public:
  Execution(const Plan& plan, const StoreView& view, std::size_t kept_bytes_max)
      : plan_(plan), view_(view), kept_bytes_max_(kept_bytes_max) {}

  // One partition's chunks; those of a large one by several threads, where there are.
  Status count(PinnedPartition& partition) {
    const std::uint32_t chunk_count = chunk_count_of(partition);
    const PagesByChunk presence(partition.presence, chunk_count);
    const PagesByChunk bounds(partition.bounds, chunk_count);
    const auto count_one = [&](std::uint32_t chunk) {
      const std::uint32_t users =
          std::min(kChunkOrdinals, partition.user_count - chunk * kChunkOrdinals);
      return count_chunk(users, presence.of(chunk), bounds.of(chunk));
    };
    if (chunk_count == 1) return count_one(0);
    std::vector<Status> statuses(chunk_count);
    tbb::parallel_for(std::uint32_t{0}, chunk_count,
                      [&](std::uint32_t chunk) { statuses[chunk] = count_one(chunk); });
    for (Status& status : statuses) ROLLCALL_RETURN_IF_ERROR(std::move(status));
    return {};
  }

  PlanCounts counts() const {
    Cells cells(plan_.cell_count());
    for (const Cells& part : counted_) {
      for (std::size_t cell = 0; cell < cells.size(); ++cell) cells[cell] += part[cell];
    }
    return {std::move(cells), bytes_read_.load(std::memory_order_relaxed)};
  }

 private:
  Status count_chunk(std::uint32_t user_count, std::span<PinnedPage<PresenceChunk>* const> presence,
                     std::span<PinnedPage<BoundsChunk>* const> bounds) {
    ROLLCALL_RETURN_IF_ERROR(read_pages(presence));
    ROLLCALL_RETURN_IF_ERROR(read_pages(bounds));
    CountingSink sink(counted_.local());
    plan_.count(PinnedChunk(user_count, presence, bounds), sink);
    if (bytes_read_.load(std::memory_order_relaxed) > kept_bytes_max_) {
      for (PinnedPage<PresenceChunk>* const pinned : presence) pinned->page = {};
      for (PinnedPage<BoundsChunk>* const pinned : bounds) pinned->page = {};
    }
    return {};
  }

  template <class T>
  Status read_pages(std::span<PinnedPage<T>* const> pages) {
    for (PinnedPage<T>* const pinned : pages) {
      if (pinned->page) continue;
      ROLLCALL_ASSIGN_OR_RETURN(const std::string bytes, view_.read(pinned->address));
      Result<T> page = T::deserialize(bytes);
      if (!page.ok()) {
        return Status::corruption(to_string(pinned->address.id) + ": " + page.status().message());
      }
      pinned->page = PageRef<T>(*std::move(page));
      bytes_read_.fetch_add(pinned->page->memory_bytes(), std::memory_order_relaxed);
    }
    return {};
  }

  const Plan& plan_;
  const StoreView& view_;
  const std::size_t kept_bytes_max_;
  std::atomic<std::size_t> bytes_read_{0};
  tbb::enumerable_thread_specific<Cells> counted_{[this] { return Cells(plan_.cell_count()); }};
};

// Whether a plan is done before other threads would have come to help: when its sets take less than
// a few hundred KB, and none of them has to be read from the store.
bool is_small(const Plan& plan, std::span<const PinnedPartition> partitions) {
  constexpr std::size_t kSmallWords = std::size_t{1} << 16;
  constexpr std::size_t kCellsPerPage = 8;  // take as long: their sets are in a cache by then
  std::size_t words = 0;
  for (const PinnedPartition& partition : partitions) {
    const auto is_absent = [](const auto& page) { return !page.page; };
    if (std::any_of(partition.presence.begin(), partition.presence.end(), is_absent) ||
        std::any_of(partition.bounds.begin(), partition.bounds.end(), is_absent)) {
      return false;
    }
    const std::size_t users = partition.user_count;
    words += std::min<std::size_t>(users, kChunkOrdinals) / 64 * partition.presence.size() +
             users / 2 * partition.bounds.size() / std::max(chunk_count_of(partition), 1u) +
             users / 64 * (plan.cell_count() / kCellsPerPage);
    if (words > kSmallWords) return false;
  }
  return true;
}

}  // namespace

Result<PlanCounts> execute_plan(const Plan& plan, std::span<PinnedPartition> partitions,
                                const StoreView& view, tbb::task_arena& arena,
                                std::size_t kept_bytes_max) {
  Execution execution(plan, view, kept_bytes_max);
  std::vector<Status> statuses(partitions.size());
  const auto count_one = [&](std::size_t i) { statuses[i] = execution.count(partitions[i]); };
  if (is_small(plan, partitions)) {
    for (std::size_t i = 0; i < partitions.size(); ++i) count_one(i);
  } else {
    arena.execute([&] { tbb::parallel_for(std::size_t{0}, partitions.size(), count_one); });
  }
  for (Status& status : statuses) ROLLCALL_RETURN_IF_ERROR(std::move(status));
  return execution.counts();
}

}  // namespace rollcall
