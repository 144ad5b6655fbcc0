#include "core/engine/query_executor.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <numeric>
#include <string>
#include <utility>

#include "core/base/assert.h"
#include "core/base/memory_policy.h"
#include "core/base/mutex.h"
#include "core/engine/history_reader.h"
#include "core/pages/audience_chunk.h"
#include "core/query/sets/user_sink.h"
#include "kernels/kernel_table.h"

namespace rollcall {
namespace {

class CountingSink : public CellSink {
 public:
  // The users of the chunk are at `first_place` and after it, as QueryExecutor::place_of has it.
  CountingSink(Partial& counts, std::uint64_t first_place, QuestionAccount& account)
      : counts_(counts),
        first_place_(first_place),
        account_(account),
        pace_(&account),
        memory_(&account) {}
  ~CountingSink() override {
    std::uint64_t users = 0;
    for (std::size_t cell = 0; cell < steps_.size(); ++cell) {
      users += steps_[cell];
      counts_.add(cell, users);
    }
  }
  CountingSink(const CountingSink&) = delete;
  CountingSink& operator=(const CountingSink&) = delete;

  void add(std::size_t cell, BitSpan users) override {
    pace_.step();
    counts_.add(cell, kernel_.count(users.words, users.word_count));
  }
  void add_and(std::size_t cell, BitSpan a, BitSpan b) override {
    pace_.step();
    counts_.add(cell, kernel_.and_count(a.words, b.words, std::min(a.word_count, b.word_count)));
  }
  void add_andnot(std::size_t cell, BitSpan a, BitSpan b) override {
    pace_.step();
    const std::size_t both = std::min(a.word_count, b.word_count);
    counts_.add(cell, kernel_.andnot_count(a.words, b.words, both) +
                          kernel_.count(a.words + both, a.word_count - both));
  }
  void add_user(std::size_t cell, std::uint32_t) override {
    pace_.step();
    counts_.add(cell, 1);
  }
  void add_user_to(std::size_t first_cell, std::uint64_t cells, std::uint32_t) override {
    pace_.step();
    for (; cells != 0; cells &= cells - 1) {
      counts_.add(first_cell + static_cast<unsigned>(std::countr_zero(cells)), 1);
    }
  }
  // However long a run is, it adds a step up and a step down. Steps down are negative, modulo 2^64.
  void add_user_run(std::size_t first_cell, std::size_t count, std::uint32_t) override {
    pace_.step();
    if (steps_.empty()) {
      memory_.take(counts_.cells.size() * sizeof(steps_[0]), QuestionNeed::kCells);
      steps_.resize(counts_.cells.size());
    }
    ++steps_[first_cell];
    if (first_cell + count < steps_.size()) --steps_[first_cell + count];
  }
  void add_sample(std::size_t list, std::int64_t number) override {
    counts_.add_sample(list, number);
  }
  void add_tally(std::size_t tally, std::uint64_t count) override {
    counts_.add_tally(tally, count);
  }
  void add_text(std::string_view text) override {
    pace_.step();
    counts_.add_text(text, 1);
  }
  void add_amount(std::size_t cell, AmountSum amount) override { counts_.add_amount(cell, amount); }
  void add_number(std::size_t distribution, AmountSum number, std::uint64_t of,
                  std::uint64_t user_count) override {
    pace_.step();
    counts_.add_number(distribution, {number, of}, user_count);
  }
  void add_outcome(std::size_t list, std::uint32_t place, AmountSum measured) override {
    pace_.step();
    counts_.add_outcome(list, first_place_ + place, measured);
  }
  // It works in parts that take a few milliseconds each.
  void add_and_band(const CellBand& band) override {
    constexpr std::size_t kWidthUnchecked = 256;
    for (std::size_t k = 0; k < band.width && k < band.columns.size(); k += kWidthUnchecked) {
      account_.check();
      kernel_.and_count_band(band.rows.data(), band.rows.size(), band.columns.data() + k,
                             band.columns.size() - k, std::min(kWidthUnchecked, band.width - k),
                             counts_.cells.data() + band.first_cell + k, band.cells_per_row);
    }
  }

 private:
  const kernels::KernelTable& kernel_ = *kernels::active_table();
  Partial& counts_;
  const std::uint64_t first_place_;
  QuestionAccount& account_;
  QuestionPace pace_;
  QuestionMemory memory_;
  // Holds, by cell, by how much the users of runs are more than those of the cell before.
  std::vector<std::uint64_t> steps_;
};

// Appends the ordinals of users of a chunk, whose first user has the ordinal `first`.
void append_ordinals(std::span<const std::uint64_t> words, std::uint32_t first,
                     std::vector<std::uint32_t>& ordinals, QuestionAccount& account) {
  take_for(account, ordinals, kernels::active_table()->count(words.data(), words.size()),
           QuestionNeed::kMembers);
  for (std::size_t i = 0; i < words.size(); ++i) {
    for (std::uint64_t rest = words[i]; rest != 0; rest &= rest - 1) {
      const auto bit =
          static_cast<std::uint32_t>(64 * i) + static_cast<std::uint32_t>(std::countr_zero(rest));
      ordinals.push_back(first + bit);
    }
  }
}

std::uint32_t chunk_count_of(const PinnedPartition& partition) {
  return (partition.user_count + kChunkOrdinals - 1) / kChunkOrdinals;
}

// Holds the pages of a partition, chunk by chunk.
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

  // Holds those of one chunk, by page id.
  std::span<PinnedPage<T>* const> of(std::uint32_t chunk) const {
    return std::span(pages_).subspan(ends_[chunk], ends_[chunk + 1] - ends_[chunk]);
  }

 private:
  std::vector<std::size_t> ends_;  // of each chunk's pages, after the end of the one before: 0
  std::vector<PinnedPage<T>*> pages_;
};

// Finds pages of one chunk by series and day. Plans mostly ask for them in the order of the days,
// so the answer lies at the last one, or next to it.
template <class T>
class PageFinder {
 public:
  explicit PageFinder(std::span<PinnedPage<T>* const> pages) : pages_(pages) {}

  // Returns null if there is none.
  PinnedPage<T>* find(std::int32_t day, SeriesId series) {
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
    return id.day == day && id.series == series ? pages_[next_] : nullptr;
  }

 private:
  std::span<PinnedPage<T>* const> pages_;
  std::size_t next_ = 0;  // the first page that is not before what was last asked for
};

// A walk shares this: where pages are read, and how much of them may stay.
struct Reading {
  const StoreView& view;
  QuestionAccount& account;
  const std::size_t kept_bytes_max;
  std::atomic<std::size_t>& kept_bytes;

  // Returns whether so many more may stay.
  bool keeps(std::size_t bytes) {
    if (kept_bytes.fetch_add(bytes, std::memory_order_relaxed) + bytes <= kept_bytes_max) {
      return true;
    }
    kept_bytes.fetch_sub(bytes, std::memory_order_relaxed);
    return false;
  }
};

// Is one chunk of a pinned partition. Only one thread uses it.
class PinnedChunk : public ChunkSource {
 public:
  PinnedChunk(const ReadSet& reads, const PinnedPartition& partition, std::uint32_t chunk,
              std::span<PinnedPage<PresenceChunk>* const> presence,
              std::span<PinnedPage<BoundsChunk>* const> bounds,
              std::span<PinnedPage<AmountChunk>* const> amounts, HistoryReader& history,
              Reading& reading)
      : reads_(reads),
        partition_(partition),
        reading_(reading),
        chunk_(chunk),
        first_ordinal_(chunk * kChunkOrdinals),
        word_count_(
            (std::min(kChunkOrdinals, partition.user_count - first_ordinal_) + std::size_t{511}) /
            512 * 8),
        presence_(presence),
        bounds_(bounds),
        amounts_(amounts),
        history_(history),
        memory_(&reading.account),
        pace_(&reading.account) {}
  ~PinnedChunk() override {
    for (auto* const pinned : presence_.passing) pinned->page = {};
    for (auto* const pinned : bounds_.passing) pinned->page = {};
    for (auto* const pinned : amounts_.passing) pinned->page = {};
    for (RunSets* const sets : passing_sets_) sets->drop(chunk_);
  }
  PinnedChunk(const PinnedChunk&) = delete;
  PinnedChunk& operator=(const PinnedChunk&) = delete;

  std::size_t word_count() const override { return word_count_; }

  BitSpan presence(SeriesId series, Day day, std::uint64_t* scratch) const override {
    PinnedPage<PresenceChunk>* const pinned = find(presence_, day.value, series);
    if (pinned == nullptr) return {};
    if (pinned->page) [[likely]]
      return expand(*pinned->page, scratch);
    PageRef<PresenceChunk> read;
    BitSpan set = expand(load(presence_, *pinned, read), scratch);
    if (read && set.words != scratch) {
      std::copy_n(set.words, set.word_count, scratch);
      set.words = scratch;
    }
    return set;
  }

  Union unite(SeriesId series, DayRange days) const override {
    pace_.step();
    const PinnedUnion wanted = {series, days, {}, {}};
    const auto pinned =
        std::lower_bound(partition_.pages.unions.begin(), partition_.pages.unions.end(), wanted);
    ROLLCALL_ASSERT(pinned != partition_.pages.unions.end() && !(wanted < *pinned));
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
    PinnedPage<BoundsChunk>* const pinned = find(bounds_, 0, series);
    if (pinned == nullptr) return {};
    const BoundsChunk& page = load(bounds_, *pinned, read_bounds_);
    return {page.first(), page.last(), std::min(page.size(), word_count_ * 64)};
  }

  std::span<const UserAmount> amounts(SeriesId series, Day day) const override {
    PinnedPage<AmountChunk>* const pinned = find(amounts_, day.value, series);
    if (pinned == nullptr) return {};
    return load(amounts_, *pinned, read_amounts_).entries();
  }

  UserCursor history(UserCursor::Opened opened) const override {
    // A plan goes through history more than once, but has one cursor at a time.
    if (!has_opened_history_) memory_.take(history_.open_bytes(), QuestionNeed::kHistory);
    has_opened_history_ = true;
    return {history_.runs(), std::move(opened)};
  }
  std::uint32_t first_ordinal() const override { return first_ordinal_; }

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

  BitSpan in_audience(const AudienceRead& read, std::uint64_t* scratch) const override {
    std::fill_n(scratch, word_count_, std::uint64_t{0});
    each_set(read, [scratch](std::size_t, BitSpan set) {
      kernels::active_table()->or_into(scratch, set.words, set.word_count);
    });
    return {scratch, word_count_};
  }

  void each_set(const AudienceRead& read, const VisitSet& visit) const override {
    const auto found = read.pages.find({partition_.partition, chunk_});
    if (found == read.pages.end()) return;
    const AudienceRead::Page& page = found->second;
    reading_.account.check();
    std::string stored;
    if (page.bytes == nullptr) {
      Result<std::string> bytes = reading_.view.read(page.address);
      if (!bytes.ok()) throw QuestionFailure(bytes.status());
      stored = *std::move(bytes);
    }
    const Result<AudienceChunk> chunk =
        AudienceChunk::deserialize(page.bytes == nullptr ? stored : *page.bytes, read.set_count);
    if (!chunk.ok()) throw QuestionFailure(chunk.status().within(to_string(page.address.id)));
    alignas(64) std::array<std::uint64_t, kChunkWords> expanded;
    for (const std::size_t number : read.sets) {
      const BitSpan set = expand(chunk->sets()[number], expanded.data());
      if (!set.empty()) visit(number, set);
    }
  }

 private:
  template <class T>
  struct Pages {
    explicit Pages(std::span<PinnedPage<T>* const> pages) : finder(pages) {}
    PageFinder<T> finder;
    std::vector<PinnedPage<T>*> passing;  // which were read, and go with the chunk
  };

  // Returns a page, which may not be in memory, or null if there is none.
  template <class T>
  PinnedPage<T>* find(Pages<T>& pages, std::int32_t day, SeriesId series) const {
    pace_.step();
    return pages.finder.find(day, series);
  }

  // Returns a page, which is read if it is not in memory. It stays for good, or as long as the
  // chunk does, or only in `read`.
  template <class T>
  const T& load(Pages<T>& pages, PinnedPage<T>& pinned, PageRef<T>& read) const {
    if (pinned.page) return *pinned.page;
    reading_.account.check();
    const Result<std::string> bytes = reading_.view.read(pinned.address);
    if (!bytes.ok()) throw QuestionFailure(bytes.status());
    Result<T> page = T::deserialize(*bytes);
    if (!page.ok()) {
      throw QuestionFailure(
          Status::corruption(to_string(pinned.address.id) + ": " + page.status().message()));
    }
    read = PageRef<T>(*std::move(page));
    const std::size_t page_bytes = read->memory_bytes();
    if (!reading_.keeps(page_bytes)) {
      if (!memory_.take_spare(page_bytes)) return *read;
      pages.passing.push_back(&pinned);
    }
    pinned.page = std::exchange(read, {});
    return *pinned.page;
  }

  BitSpan expand(const PresenceChunk& page, std::uint64_t* scratch) const {
    BitSpan set = page.expand(scratch);
    // A hot bitset may be longer than there are users.
    set.word_count = std::min(set.word_count, word_count_);
    return set;
  }

  void fill(SeriesId series, DayRange days, RunSets& sets) const {
    alignas(64) std::array<std::uint64_t, kChunkWords> united;
    alignas(64) std::array<std::uint64_t, kChunkWords> scratch;
    std::fill_n(united.data(), word_count_, std::uint64_t{0});
    for (Day day = days.first; day <= days.last; day = day + 1) {
      const BitSpan set = presence(series, day, scratch.data());
      kernels::active_table()->or_into(united.data(), set.words, set.word_count);
    }
    // The set is counted as kept once nothing can fail any more: only then does it stay.
    const std::size_t bytes = word_count_ * sizeof(std::uint64_t);
    if (!reading_.keeps(bytes)) {
      memory_.take(bytes, QuestionNeed::kSets);
      passing_sets_.push_back(&sets);
    }
    std::size_t end = word_count_;
    while (end > 0 && united[end - 1] == 0) --end;
    sets.fill(chunk_, {united.data(), united.data() + end});
  }

  const ReadSet& reads_;
  const PinnedPartition& partition_;
  Reading& reading_;
  std::uint32_t chunk_;
  std::uint32_t first_ordinal_;
  std::size_t word_count_;
  mutable Pages<PresenceChunk> presence_;
  mutable Pages<BoundsChunk> bounds_;
  mutable Pages<AmountChunk> amounts_;
  HistoryReader& history_;
  // Are the last pages that were read and are not in memory.
  mutable PageRef<BoundsChunk> read_bounds_;
  mutable PageRef<AmountChunk> read_amounts_;
  mutable std::vector<RunSets*> passing_sets_;
  mutable QuestionMemory memory_;  // of what goes with the chunk
  mutable bool has_opened_history_ = false;
  mutable QuestionPace pace_;
};

// Runs `task(i)` for each i below `count`, by the workers or in the caller's thread.
template <class Task>
void for_each(Workers& workers, bool alone, std::size_t count, const Task& task) {
  if (!alone && count > 1) {
    workers.for_each(count, task);
    return;
  }
  for (std::size_t i = 0; i < count; ++i) task(i);
}

// Returns whether the chunk has a user of one of the lists.
bool has_listed(const PinnedPartition& partition, std::uint32_t chunk) {
  return std::ranges::any_of(partition.lists, [&](const std::vector<std::uint32_t>& ordinals) {
    const auto first = std::ranges::lower_bound(ordinals, chunk * kChunkOrdinals);
    return first != ordinals.end() && *first / kChunkOrdinals == chunk;
  });
}

// Calls `visit(source, chunk)` for each chunk of a partition that the plan needs. Several threads
// do the chunks of a large one, if there are threads and it is not to be done `alone`.
template <class Visit>
void visit_partition(const Plan& plan, const ReadSet& reads, PinnedPartition& partition,
                     Workers& workers, bool alone, Reading& reading, const Visit& visit) {
  const bool only_of_lists = plan.reads().only_of_lists;
  if (only_of_lists && !partition.has_listed()) return;
  const std::uint32_t chunk_count = chunk_count_of(partition);
  const PagesByChunk presence(partition.pages.of<PresenceForm>(), chunk_count);
  const PagesByChunk bounds(partition.pages.of<BoundsForm>(), chunk_count);
  const PagesByChunk amounts(partition.pages.of<AmountsForm>(), chunk_count);
  HistoryReader history(partition.history, reading.view, reading.account,
                        [&](std::size_t bytes) { return reading.keeps(bytes); });
  for_each(workers, alone, chunk_count, [&](std::size_t i) {
    const auto chunk = static_cast<std::uint32_t>(i);
    if (only_of_lists && !has_listed(partition, chunk)) return;
    reading.account.check();
    const PinnedChunk source(reads, partition, chunk, presence.of(chunk), bounds.of(chunk),
                             amounts.of(chunk), history, reading);
    visit(source, chunk);
  });
}

// Returns whether a plan is done before other threads would have come to help: it is about a few
// users; or its sets take less than a few hundred KB, and none of them has to be read from the
// store.
bool is_small(const Plan& plan, std::span<const PinnedPartition> partitions) {
  constexpr std::size_t kSmallWords = std::size_t{1} << 16;
  constexpr std::size_t kCellsPerPage = 8;  // take as long: their sets are in a cache by then
  std::size_t words = 0;
  if (plan.reads().only_of_lists) return true;
  for (const PinnedPartition& partition : partitions) {
    if (partition.pages.any_absent()) return false;
    if (plan.reads().reads_history()) return false;
    const std::size_t users = partition.user_count;
    words += std::min<std::size_t>(users, kChunkOrdinals) / 64 *
                 (partition.pages.of<PresenceForm>().size() + 2 * partition.pages.unions.size()) +
             users / 2 * partition.pages.of<BoundsForm>().size() /
                 std::max(chunk_count_of(partition), 1u) +
             users / 64 * (plan.cell_count() / kCellsPerPage);
    if (words > kSmallWords) return false;
  }
  return true;
}

}  // namespace

Partial QueryExecutor::of_nobody(const PlanTask& task) const {
  Partial partial = Partial::of_nobody(task, &account_);
  for (const PinnedPartition& pinned : pinned_.partitions) partial.partitions.set(pinned.partition);
  return partial;
}

Partial QueryExecutor::count(const Plan& plan) {
  Partial counts = of_nobody({plan});
  if (plan.reads().reads_chunks()) {
    const std::size_t bytes = counts.cells.size() * sizeof(counts.cells[0]) +
                              counts.amounts.size() * sizeof(AmountSum) +
                              counts.tallies.size() * sizeof(counts.tallies[0]);
    const bool alone = is_small(plan, pinned_.partitions) ||
                       workers_.thread_count() * bytes > account_.left() * kThreadCountsShare;
    try {
      count_chunks(plan, alone, counts);
    } catch (const QuestionFailure& failure) {
      if (alone || failure.status().code() != StatusCode::kResourceExhausted) throw;
      plan.free_scratch();
      count_chunks(plan, /*alone=*/true, counts);
    }
  }
  add_totals(plan, counts);
  return counts;
}

void QueryExecutor::count_chunks(const Plan& plan, bool alone, Partial& counts) {
  Reading reading{view_, account_, kept_bytes_max_, kept_bytes_};
  Workers::PerThread<Partial> counted([&] { return Partial::cells_of_nobody(plan, &account_); });
  for_each(workers_, alone, pinned_.partitions.size(), [&](std::size_t i) {
    visit_partition(plan, pinned_.reads, pinned_.partitions[i], workers_, alone, reading,
                    [&](const ChunkSource& source, std::uint32_t) {
                      CountingSink sink(alone ? counts : counted.local(),
                                        place_of(i, source.first_ordinal()), account_);
                      plan.count(source, sink);
                    });
  });
  for (const Partial& part : counted) counts.add_cells(part);
}

void QueryExecutor::add_totals(const Plan& plan, Partial& counts) const {
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

std::vector<std::vector<std::uint32_t>> QueryExecutor::members(const Plan& plan,
                                                               std::span<const std::size_t> cells) {
  Reading reading{view_, account_, kept_bytes_max_, kept_bytes_};
  std::vector<std::size_t> wanted(cells.begin(), cells.end());
  std::sort(wanted.begin(), wanted.end());
  std::vector<std::vector<std::uint32_t>> ordinals(pinned_.partitions.size());
  std::vector<Mutex> mutexes(pinned_.partitions.size());
  for_each(workers_, /*alone=*/false, ordinals.size(), [&](std::size_t i) {
    visit_partition(plan, pinned_.reads, pinned_.partitions[i], workers_, /*alone=*/false, reading,
                    [&](const ChunkSource& source, std::uint32_t chunk) {
                      std::vector<std::uint64_t> words(kChunkWords);
                      UserSink sink(wanted, words);
                      plan.count(source, sink);
                      const MutexLock lock(mutexes[i]);
                      append_ordinals(words, chunk * kChunkOrdinals, ordinals[i], account_);
                    });
  });
  return ordinals;
}

void QueryExecutor::tell(const Plan& plan, MemberPage& page) {
  if (plan.numbers_per_user() == 0) return;
  const std::span<MemberPage::User> users = page.cut();
  QuestionMemory memory(&account_);
  memory.take(users.size() * sizeof(MemberPage::User*), QuestionNeed::kMembers);
  std::vector<MemberPage::User*> by_place;
  by_place.reserve(users.size());
  for (MemberPage::User& user : users) by_place.push_back(&user);
  std::ranges::sort(by_place, {}, &MemberPage::User::place);
  const auto first_from = [&](std::uint64_t place) {
    return std::ranges::lower_bound(by_place, place, {}, &MemberPage::User::place);
  };
  Reading reading{view_, account_, kept_bytes_max_, kept_bytes_};
  Mutex mutex;  // guards the page
  for_each(workers_, /*alone=*/false, pinned_.partitions.size(), [&](std::size_t i) {
    if (first_from(place_of(i, 0)) == first_from(place_of(i + 1, 0))) return;
    visit_partition(plan, pinned_.reads, pinned_.partitions[i], workers_, /*alone=*/false, reading,
                    [&](const ChunkSource& source, std::uint32_t) {
                      const std::uint64_t first_place = place_of(i, source.first_ordinal());
                      const auto begin = first_from(first_place);
                      const auto end = first_from(first_place + 64 * source.word_count());
                      if (begin == end) return;
                      std::vector<std::uint64_t> words(source.word_count());
                      for (auto user = begin; user != end; ++user) {
                        const std::uint64_t place = (*user)->place - first_place;
                        words[place / 64] |= std::uint64_t{1} << (place % 64);
                      }
                      plan.tell(source, {words.data(), words.size()},
                                [&](std::uint32_t place, std::span<const AmountSum> numbers) {
                                  const MutexLock lock(mutex);
                                  page.tell(**first_from(first_place + place), numbers);
                                });
                    });
  });
}

}  // namespace rollcall
