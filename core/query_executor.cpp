#include "core/query_executor.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <mutex>
#include <numeric>
#include <string>
#include <utility>

#include "core/assert.h"
#include "kernels/kernel_table.h"

namespace rollcall {
namespace {

class CountingSink : public CellSink {
 public:
  explicit CountingSink(PlanCounts& counts) : cells_(counts.cells), amounts_(counts.amounts) {}

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
  void add_amount(std::size_t cell, AmountSum amount) override { amounts_[cell] += amount; }
  void add_and_band(const CellBand& band) override {
    kernel_.and_count_band(band.rows.data(), band.rows.size(), band.columns.data(),
                           band.columns.size(), band.width, cells_.data() + band.first_cell,
                           band.cells_per_row);
  }

 private:
  const kernels::KernelTable& kernel_ = *kernels::active_table();
  std::vector<std::uint64_t>& cells_;
  std::vector<AmountSum>& amounts_;
};

// Collects who is in some of the cells of one chunk.
class MemberSink : public CellSink {
 public:
  explicit MemberSink(std::span<const std::size_t> cells) : cells_(cells), words_(kChunkWords) {}

  void add(std::size_t cell, BitSpan users) override {
    if (!is_wanted(cell)) return;
    kernels::active_table()->or_into(words_.data(), users.words, users.word_count);
  }
  void add_and(std::size_t cell, BitSpan a, BitSpan b) override {
    if (!is_wanted(cell)) return;
    const std::size_t both = std::min(a.word_count, b.word_count);
    for (std::size_t i = 0; i < both; ++i) words_[i] |= a.words[i] & b.words[i];
  }
  void add_andnot(std::size_t cell, BitSpan a, BitSpan b) override {
    if (!is_wanted(cell)) return;
    for (std::size_t i = 0; i < a.word_count; ++i) {
      words_[i] |= a.words[i] & ~(i < b.word_count ? b.words[i] : 0);
    }
  }

  // Their ordinals, the chunk's first being `first`.
  void append_to(std::vector<std::uint32_t>& ordinals, std::uint32_t first) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      for (std::uint64_t rest = words_[i]; rest != 0; rest &= rest - 1) {
        const auto bit =
            static_cast<std::uint32_t>(64 * i) + static_cast<std::uint32_t>(std::countr_zero(rest));
        ordinals.push_back(first + bit);
      }
    }
  }

 private:
  bool is_wanted(std::size_t cell) const {
    return std::find(cells_.begin(), cells_.end(), cell) != cells_.end();
  }

  std::span<const std::size_t> cells_;
  std::vector<std::uint64_t> words_;
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
      return id.series != series ? id.series < series : id.day < day;
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
  PinnedChunk(const ReadSet& reads, const PinnedPartition& partition, std::uint32_t chunk,
              std::span<PinnedPage<PresenceChunk>* const> presence,
              std::span<PinnedPage<BoundsChunk>* const> bounds,
              std::span<PinnedPage<AmountChunk>* const> amounts,
              std::atomic<std::size_t>& bytes_made)
      : reads_(reads),
        partition_(partition),
        bytes_made_(bytes_made),
        chunk_(chunk),
        first_ordinal_(chunk * kChunkOrdinals),
        word_count_(
            (std::min(kChunkOrdinals, partition.user_count - first_ordinal_) + std::size_t{511}) /
            512 * 8),
        presence_(presence),
        bounds_(bounds),
        amounts_(amounts) {}

  std::size_t word_count() const override { return word_count_; }

  BitSpan presence(SeriesId series, Day day, std::uint64_t* scratch) const override {
    const PresenceChunk* const page = presence_.find(day.value, series);
    if (page == nullptr) return {};
    BitSpan set = page->expand(scratch);
    // A hot bitset may be longer than there are users.
    set.word_count = std::min(set.word_count, word_count_);
    return set;
  }

  Union unite(SeriesId series, DayRange days) const override {
    const PinnedUnion wanted = {series, days, {}, {}};
    const auto pinned =
        std::lower_bound(partition_.unions.begin(), partition_.unions.end(), wanted);
    ROLLCALL_ASSERT(pinned != partition_.unions.end() && !(wanted < *pinned));
    Union result = {{}, pinned->rest};
    for (std::size_t i = 0; i < pinned->runs.size(); ++i) {
      RunSets& sets = *pinned->runs[i].sets;
      if (chunk_ >= sets.chunk_count()) continue;  // its users came after those days
      if (!sets.is_filled(chunk_)) fill(series, pinned->runs[i].days, sets);
      const std::vector<std::uint64_t>& words = sets.words(chunk_);
      result.sets[i] = {words.data(), std::min(words.size(), word_count_)};
    }
    return result;
  }

  Bounds bounds(SeriesId series) const override {
    const BoundsChunk* const page = bounds_.find(0, series);
    if (page == nullptr) return {};
    return {page->first(), page->last(), std::min(page->size(), word_count_ * 64)};
  }

  AmountSum amount(SeriesId series, Day day, BitSpan users) const override {
    const AmountChunk* const page = amounts_.find(day.value, series);
    return page == nullptr ? 0 : page->sum_of(users);
  }

  BitSpan listed(const UserList& list, std::uint64_t* scratch) const override {
    std::fill_n(scratch, word_count_, std::uint64_t{0});
    const auto found = std::find_if(reads_.lists.begin(), reads_.lists.end(),
                                    [&](const auto& pinned) { return pinned.get() == &list; });
    const std::vector<std::uint32_t>& ordinals =
        partition_.lists[static_cast<std::size_t>(found - reads_.lists.begin())];
    const auto begin = std::lower_bound(ordinals.begin(), ordinals.end(), first_ordinal_);
    const auto end = std::lower_bound(begin, ordinals.end(), first_ordinal_ + word_count_ * 64);
    kernels::active_table()->set_bits(scratch, ordinals.data() + (begin - ordinals.begin()),
                                      static_cast<std::size_t>(end - begin));
    return {scratch, word_count_};
  }

 private:
  void fill(SeriesId series, DayRange days, RunSets& sets) const {
    alignas(64) std::array<std::uint64_t, kChunkWords> scratch;
    std::vector<std::uint64_t> words(word_count_);
    for (Day day = days.first; day <= days.last; day = day + 1) {
      const BitSpan set = presence(series, day, scratch.data());
      kernels::active_table()->or_into(words.data(), set.words, set.word_count);
    }
    while (!words.empty() && words.back() == 0) words.pop_back();
    words.shrink_to_fit();
    bytes_made_.fetch_add(words.size() * sizeof(words[0]), std::memory_order_relaxed);
    sets.fill(chunk_, std::move(words));
  }

  const ReadSet& reads_;
  const PinnedPartition& partition_;
  std::atomic<std::size_t>& bytes_made_;
  std::uint32_t chunk_;
  std::uint32_t first_ordinal_;
  std::size_t word_count_;
  mutable PageFinder<PresenceChunk> presence_;
  mutable PageFinder<BoundsChunk> bounds_;
  mutable PageFinder<AmountChunk> amounts_;
};

// A walk over all pinned chunks, by any number of threads. `visit(source, partition, chunk)` is
// called once for each, its pages in memory.
class Walk {
 public:
  Walk(PinnedReads& pinned, const StoreView& view, Workers& workers, std::size_t kept_bytes_max)
      : pinned_(pinned), view_(view), workers_(workers), kept_bytes_max_(kept_bytes_max) {}

  // One partition's chunks; those of a large one by several threads, where there are.
  template <class Visit>
  Status visit_partition(PinnedPartition& partition, const Visit& visit) {
    const std::uint32_t chunk_count = chunk_count_of(partition);
    const PagesByChunk presence(partition.presence, chunk_count);
    const PagesByChunk bounds(partition.bounds, chunk_count);
    const PagesByChunk amounts(partition.amounts, chunk_count);
    const auto visit_one = [&](std::uint32_t chunk) {
      return visit_chunk(partition, chunk, presence.of(chunk), bounds.of(chunk), amounts.of(chunk),
                         visit);
    };
    if (chunk_count == 1) return visit_one(0);
    std::vector<Status> statuses(chunk_count);
    workers_.for_each(chunk_count, [&](std::size_t chunk) {
      statuses[chunk] = visit_one(static_cast<std::uint32_t>(chunk));
    });
    for (Status& status : statuses) ROLLCALL_RETURN_IF_ERROR(std::move(status));
    return {};
  }

  std::size_t bytes_read() const { return bytes_read_.load(std::memory_order_relaxed); }

 private:
  template <class Visit>
  Status visit_chunk(const PinnedPartition& partition, std::uint32_t chunk,
                     std::span<PinnedPage<PresenceChunk>* const> presence,
                     std::span<PinnedPage<BoundsChunk>* const> bounds,
                     std::span<PinnedPage<AmountChunk>* const> amounts, const Visit& visit) {
    PagesRead<PresenceChunk> presence_read;
    PagesRead<BoundsChunk> bounds_read;
    PagesRead<AmountChunk> amounts_read;
    ROLLCALL_RETURN_IF_ERROR(read_pages(presence, presence_read));
    ROLLCALL_RETURN_IF_ERROR(read_pages(bounds, bounds_read));
    ROLLCALL_RETURN_IF_ERROR(read_pages(amounts, amounts_read));
    visit(PinnedChunk(pinned_.reads, partition, chunk, presence, bounds, amounts, bytes_read_),
          partition, chunk);
    if (bytes_read() > kept_bytes_max_) {
      const auto drop = [](const auto& pages) {
        for (auto* const pinned : pages) pinned->page = {};
      };
      drop(presence_read);
      drop(bounds_read);
      drop(amounts_read);
      for (const PinnedUnion& made : partition.unions) {
        for (const PinnedUnion::Run& run : made.runs) {
          if (run.is_new) run.sets->drop(chunk);
        }
      }
    }
    return {};
  }

  // Those that were not in memory.
  template <class T>
  using PagesRead = std::vector<PinnedPage<T>*>;

  template <class T>
  Status read_pages(std::span<PinnedPage<T>* const> pages, PagesRead<T>& read) {
    for (PinnedPage<T>* const pinned : pages) {
      if (pinned->page) continue;
      ROLLCALL_ASSIGN_OR_RETURN(const std::string bytes, view_.read(pinned->address));
      Result<T> page = T::deserialize(bytes);
      if (!page.ok()) {
        return Status::corruption(to_string(pinned->address.id) + ": " + page.status().message());
      }
      pinned->page = PageRef<T>(*std::move(page));
      read.push_back(pinned);
      bytes_read_.fetch_add(pinned->page->memory_bytes(), std::memory_order_relaxed);
    }
    return {};
  }

  PinnedReads& pinned_;
  const StoreView& view_;
  Workers& workers_;
  const std::size_t kept_bytes_max_;
  std::atomic<std::size_t> bytes_read_{0};
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
        std::any_of(partition.bounds.begin(), partition.bounds.end(), is_absent) ||
        std::any_of(partition.amounts.begin(), partition.amounts.end(), is_absent)) {
      return false;
    }
    const std::size_t users = partition.user_count;
    words += std::min<std::size_t>(users, kChunkOrdinals) / 64 *
                 (partition.presence.size() + 2 * partition.unions.size()) +
             users / 2 * partition.bounds.size() / std::max(chunk_count_of(partition), 1u) +
             users / 64 * (plan.cell_count() / kCellsPerPage);
    if (words > kSmallWords) return false;
  }
  return true;
}

}  // namespace

Result<PlanCounts> QueryExecutor::count(const Plan& plan) {
  if (!plan.reads().reads_chunks()) {
    PlanCounts counts = PlanCounts::of_nobody(plan);
    add_totals(plan, counts);
    return counts;
  }
  Walk walk(pinned_, view_, workers_, kept_bytes_max_ - std::min(kept_bytes_max_, bytes_read_));
  Workers::PerThread<PlanCounts> counted([&plan] { return PlanCounts::of_nobody(plan); });
  const auto count_chunk = [&](const ChunkSource& chunk, const PinnedPartition&, std::uint32_t) {
    CountingSink sink(counted.local());
    plan.count(chunk, sink);
  };
  std::vector<Status> statuses(pinned_.partitions.size());
  const auto count_one = [&](std::size_t i) {
    statuses[i] = walk.visit_partition(pinned_.partitions[i], count_chunk);
  };
  if (is_small(plan, pinned_.partitions)) {
    for (std::size_t i = 0; i < statuses.size(); ++i) count_one(i);
  } else {
    workers_.for_each(statuses.size(), count_one);
  }
  bytes_read_ += walk.bytes_read();
  for (Status& status : statuses) ROLLCALL_RETURN_IF_ERROR(std::move(status));
  PlanCounts counts = PlanCounts::of_nobody(plan);
  for (const PlanCounts& part : counted) {
    for (std::size_t cell = 0; cell < part.cells.size(); ++cell) {
      counts.cells[cell] += part.cells[cell];
    }
    for (std::size_t cell = 0; cell < part.amounts.size(); ++cell) {
      counts.amounts[cell] += part.amounts[cell];
    }
  }
  add_totals(plan, counts);
  return counts;
}

void QueryExecutor::add_totals(const Plan& plan, PlanCounts& counts) const {
  const std::vector<TotalsRead>& pinned_reads = pinned_.reads.totals;
  for (std::size_t i = 0; i < counts.totals.size(); ++i) {
    const TotalsRead& read = plan.reads().totals[i];
    const auto covers = [&](const TotalsRead& pinned) {
      return pinned.by_hour == read.by_hour && pinned.days.first <= read.days.first &&
             read.days.last <= pinned.days.last &&
             std::includes(pinned.series.begin(), pinned.series.end(), read.series.begin(),
                           read.series.end());
    };
    const auto found = std::find_if(pinned_reads.begin(), pinned_reads.end(), covers);
    ROLLCALL_ASSERT(found != pinned_reads.end());
    const auto index = static_cast<std::size_t>(found - pinned_reads.begin());
    for (const PinnedTotal& pinned : pinned_.totals[index]) {
      if (!read.days.contains(pinned.day) ||
          !std::binary_search(read.series.begin(), read.series.end(), pinned.series)) {
        continue;
      }
      const auto day = static_cast<std::size_t>(pinned.day - read.days.first);
      counts.totals[i][read.by_hour ? day * kDayHoursMax + pinned.hour : day].add(pinned.total);
    }
  }
}

Result<std::vector<std::vector<std::uint32_t>>> QueryExecutor::members(
    const Plan& plan, std::span<const std::size_t> cells) {
  Walk walk(pinned_, view_, workers_, kept_bytes_max_ - std::min(kept_bytes_max_, bytes_read_));
  std::vector<std::vector<std::uint32_t>> ordinals(pinned_.partitions.size());
  std::vector<std::mutex> mutexes(pinned_.partitions.size());
  std::vector<Status> statuses(pinned_.partitions.size());
  const auto collect_one = [&](std::size_t i) {
    statuses[i] = walk.visit_partition(
        pinned_.partitions[i],
        [&](const ChunkSource& source, const PinnedPartition&, std::uint32_t chunk) {
          MemberSink sink(cells);
          plan.count(source, sink);
          const std::lock_guard lock(mutexes[i]);
          sink.append_to(ordinals[i], chunk * kChunkOrdinals);
        });
  };
  workers_.for_each(statuses.size(), collect_one);
  bytes_read_ += walk.bytes_read();
  for (Status& status : statuses) ROLLCALL_RETURN_IF_ERROR(std::move(status));
  return ordinals;
}

}  // namespace rollcall
