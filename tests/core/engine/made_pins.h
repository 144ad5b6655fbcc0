// This helps to test the executor by itself. Pins are made by hand from random rows, a plan asks
// their chunks in every way, and what it should count comes from sets and maps of the rows.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "core/base/mutex.h"
#include "core/engine/query_executor.h"
#include "tests/support/random.h"
#include "tests/support/run_size.h"

namespace rollcall::testing {

inline constexpr SeriesId kSeries = 3;
inline constexpr std::int32_t kDays = 10;
inline constexpr std::size_t kListCount = 2;
inline constexpr std::uint32_t kChunkOfUsers = 65'536;
inline constexpr std::size_t kLarge = std::size_t{1} << 30;
inline constexpr int kDayHours = 26;  // as the totals of a day are laid out, hour by hour

// The partitions have three chunks, one that is full, a part of one, and nobody.
struct PartitionSize {
  std::uint32_t number = 0;
  std::uint32_t user_count = 0;
};
inline const std::vector<PartitionSize> kPartitions = {
    {2, 131'772}, {5, 65'536}, {11, 901}, {30, 0}};
inline const std::vector<DayRange> kUnionDays = {
    {Day{0}, Day{7}}, {Day{3}, Day{9}}, {Day{2}, Day{3}}};

using User = std::pair<std::size_t, std::uint32_t>;  // place of the partition, ordinal
using Users = std::set<User>;

// Names the users of a cell, or one of the two sets that it is made of.
struct SetSpec {
  enum class How { kPresence, kUnion, kFirst, kLast, kList };
  How how = How::kPresence;
  SeriesId series = 0;
  DayRange days = {};    // of a union; of others its first day counts
  std::size_t list = 0;  // of kList
};
inline constexpr int kHowCount = 5;

struct CellSpec {
  enum class Op { kAlone, kAnd, kAndNot };
  Op op = Op::kAlone;
  SetSpec a, b = {};
  bool has_amount = false;  // of the users of `a`, in the series of `a` on its first day
};

// Row i is the presence of series 0 on day i, column i that of series 1.
struct BandSpec {
  std::size_t first_cell = 0;
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::size_t width = 0;
};

struct Total {
  std::uint64_t events = 0;
  std::int64_t value = 0;
  std::uint64_t users = 0;

  friend bool operator==(const Total&, const Total&) = default;
};

// This holds what the rows say.
struct Oracle {
  std::map<std::pair<SeriesId, std::int32_t>, std::map<User, std::int64_t>> days;  // with amounts
  std::vector<Users> lists{kListCount};
  std::map<std::tuple<std::size_t, SeriesId, std::int32_t, int>, Total> totals;  // by hour

  Users on(SeriesId series, DayRange range) const {
    Users users;
    for (const auto& [key, of_day] : days) {
      if (key.first != series || !range.contains(Day{key.second})) continue;
      for (const auto& [user, amount] : of_day) users.insert(user);
    }
    return users;
  }

  Users users_of(const SetSpec& spec) const {
    const Day day = spec.days.first;
    switch (spec.how) {
      case SetSpec::How::kPresence:
        return on(spec.series, {day, day});
      case SetSpec::How::kUnion:
        return on(spec.series, spec.days);
      case SetSpec::How::kFirst:
        return without(on(spec.series, {day, day}), on(spec.series, {Day{0}, day - 1}));
      case SetSpec::How::kLast:
        return without(on(spec.series, {day, day}), on(spec.series, {day + 1, Day{kDays}}));
      case SetSpec::How::kList:
        return lists[spec.list];
    }
    return {};
  }

  Users users_of(const CellSpec& cell) const {
    const Users a = users_of(cell.a);
    if (cell.op == CellSpec::Op::kAlone) return a;
    const Users b = users_of(cell.b);
    return cell.op == CellSpec::Op::kAndNot ? without(a, b) : without(a, without(a, b));
  }

  std::int64_t amount_of(const CellSpec& cell) const {
    if (!cell.has_amount) return 0;
    const auto of_day = days.find({cell.a.series, cell.a.days.first.value});
    std::int64_t sum = 0;
    for (const User& user : users_of(cell.a)) {
      if (of_day == days.end()) continue;
      const auto found = of_day->second.find(user);
      if (found != of_day->second.end()) sum += found->second;
    }
    return sum;
  }

  static Users without(Users a, const Users& b) {
    std::erase_if(a, [&](const User& user) { return b.contains(user); });
    return a;
  }
};

// Its pages can be damaged, or refused from some read on.
class PageView : public StoreView {
 public:
  Result<std::string> read(const PageAddress& address) const override {
    if (reads++ >= refused_from) return refusal;
    const auto found = pages.find(address);
    if (found == pages.end()) return Status::corruption("missing: " + to_string(address.id));
    return found->second;
  }

  std::map<PageAddress, std::string> pages;
  mutable std::atomic<std::size_t> reads = 0;
  std::size_t refused_from = kLarge;
  Status refusal;
};

// Does with each chunk what it is told to.
class ScriptPlan : public Plan {
 public:
  using Script = std::function<void(const ChunkSource&, CellSink&)>;
  ScriptPlan(ReadSet reads, std::size_t cell_count, Script script)
      : reads_(std::move(reads)), cell_count_(cell_count), script_(std::move(script)) {}

  const ReadSet& reads() const override { return reads_; }
  std::size_t cell_count() const override { return cell_count_; }
  bool has_amounts() const override { return true; }
  void count(const ChunkSource& chunk, CellSink& sink) const override {
    {
      const MutexLock lock(mutex_);
      threads_.insert(std::this_thread::get_id());
    }
    script_(chunk, sink);
  }
  void free_scratch() const override { ++freed; }
  std::uint64_t digest() const override { return 1; }
  const QueryResult& heading() const override { return heading_; }
  QueryResult finish(const Partial& /*counts*/) const override { return {}; }
  std::vector<std::size_t> cells_of(std::size_t /*row*/,
                                    std::string_view /*column*/) const override {
    return {};
  }

  // Returns those that have counted.
  std::set<std::thread::id> threads() const {
    const MutexLock lock(mutex_);
    return threads_;
  }

  mutable std::atomic<int> freed = 0;

 private:
  const ReadSet reads_;
  const std::size_t cell_count_;
  const Script script_;
  const QueryResult heading_;
  mutable Mutex mutex_;
  mutable std::set<std::thread::id> threads_ ROLLCALL_GUARDED_BY(mutex_);
};

// Gives memory to a chunk to fill in. What lies behind it has to stay as it is.
class Scratch {
 public:
  explicit Scratch(const ChunkSource& chunk) : words_(chunk.word_count() + kBehind, kUntouched) {}
  ~Scratch() {
    const std::vector<std::uint64_t> behind(words_.end() - kBehind, words_.end());
    EXPECT_EQ(behind, std::vector<std::uint64_t>(kBehind, kUntouched));
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::uint64_t* words() { return words_.data(); }
  BitSpan all() const { return {words_.data(), words_.size() - kBehind}; }
  void clear() { std::fill(words_.begin(), words_.end() - kBehind, 0); }
  void add(BitSpan users) {
    for (std::size_t i = 0; i < users.word_count; ++i) words_[i] |= users.words[i];
  }

 private:
  static constexpr std::ptrdiff_t kBehind = 8;
  static constexpr std::uint64_t kUntouched = 0x5ca1ab1e'5ca1ab1e;
  std::vector<std::uint64_t> words_;
};

inline BitSpan presence_of(const ChunkSource& chunk, SeriesId series, Day day, Scratch& scratch) {
  const BitSpan users = chunk.presence(series, day, scratch.words());
  EXPECT_LE(users.word_count, chunk.word_count());
  return users;
}

// Asks a chunk for a set, which may be in the scratch.
inline BitSpan ask(const ChunkSource& chunk, const SetSpec& spec,
                   const std::vector<std::shared_ptr<const UserList>>& lists, Scratch& scratch) {
  const Day day = spec.days.first;
  switch (spec.how) {
    case SetSpec::How::kPresence:
      return presence_of(chunk, spec.series, day, scratch);
    case SetSpec::How::kList:
      return chunk.listed(*lists[spec.list], scratch.words());
    case SetSpec::How::kUnion: {
      scratch.clear();
      const ChunkSource::Union found = chunk.unite(spec.series, spec.days);
      for (const BitSpan& set : found.sets) scratch.add(set);
      for (Day on = found.rest.first; on <= found.rest.last; on = on + 1) {
        Scratch of_day(chunk);
        scratch.add(presence_of(chunk, spec.series, on, of_day));
      }
      return scratch.all();
    }
    case SetSpec::How::kFirst:
    case SetSpec::How::kLast: {
      scratch.clear();
      const ChunkSource::Bounds bounds = chunk.bounds(spec.series);
      const std::int32_t* const days =
          spec.how == SetSpec::How::kFirst ? bounds.first : bounds.last;
      for (std::size_t i = 0; i < bounds.size; ++i) {
        if (days[i] == day.value) scratch.words()[i / 64] |= std::uint64_t{1} << (i % 64);
      }
      return scratch.all();
    }
  }
  return {};
}

inline void ask_band(const ChunkSource& chunk, CellSink& sink, const BandSpec& band) {
  std::vector<std::unique_ptr<Scratch>> scratch;
  const auto of_series = [&](SeriesId series, std::size_t count) {
    std::vector<BitSpan> days;
    for (std::size_t i = 0; i < count; ++i) {
      scratch.push_back(std::make_unique<Scratch>(chunk));
      days.push_back(
          presence_of(chunk, series, Day{static_cast<std::int32_t>(i)}, *scratch.back()));
    }
    return days;
  };
  const std::vector<BitSpan> rows = of_series(0, band.rows), columns = of_series(1, band.columns);
  sink.add_and_band({band.first_cell, band.width, band.width, rows, columns});
}

// Has the rows, and makes whatever tests need of them.
class MadePinsTest : public ::testing::Test {
 protected:
  MadePinsTest() {
    for (std::size_t i = 0; i < kListCount; ++i) {
      reads_.lists.push_back(std::make_shared<UserList>(std::vector<UserId>{}));
    }
    const DayRange all = {Day{0}, Day{kDays - 1}};
    // Some that come first begin too late for what plans read, or end too early.
    reads_.totals = {{{1}, {Day{5}, Day{9}}, false},
                     {{1}, {Day{0}, Day{3}}, true},
                     {{0, 1}, {Day{1}, Day{6}}, true},
                     {{0, 1, 2}, all, false}};
    for (std::size_t place = 0; place < kPartitions.size(); ++place) add_rows(place);
    for (std::size_t place = 0; place < kPartitions.size(); ++place) make_pages(place);
  }

  // Pins some partitions, with so many of a hundred pages in memory.
  PinnedReads pins(int in_memory_percent, const std::vector<std::size_t>& places = {0, 1, 2, 3}) {
    PinnedReads pinned;
    pinned.reads = reads_;
    pinned.totals.resize(reads_.totals.size());
    for (const std::size_t place : places) {
      PinnedPartition partition = {
          kPartitions[place].number, kPartitions[place].user_count, 0, in_memory_[place], {}, {}};
      partition.pages.pages.for_each([&](auto /*form*/, auto& pages) {
        for (auto& page : pages) {
          if (!random_.chance(in_memory_percent)) page.page = {};
        }
      });
      for (SeriesId series = 0; series < kSeries; ++series) {
        for (const DayRange& days : kUnionDays) {
          partition.pages.unions.push_back(pinned_union(place, series, days));
        }
      }
      std::sort(partition.pages.unions.begin(), partition.pages.unions.end());
      for (const Users& list : oracle_.lists) {
        std::vector<std::uint32_t>& ordinals = partition.lists.emplace_back();
        for (const User& user : list) {
          if (user.first == place) ordinals.push_back(user.second);
        }
      }
      pinned.partitions.push_back(std::move(partition));
      for (std::size_t i = 0; i < reads_.totals.size(); ++i) {
        pin_totals(place, reads_.totals[i], pinned.totals[i]);
      }
    }
    return pinned;
  }

  ReadSet plan_reads() const {
    ReadSet reads;
    reads.presence = {{{0, 1, 2}, {Day{0}, Day{kDays - 1}}}};
    reads.lists = reads_.lists;
    return reads;
  }

  // This is what a plan asks for, and what the rows say that it counts.
  struct Asked {
    std::vector<CellSpec> cells;
    BandSpec band;
    std::vector<Users> users;
    std::vector<std::int64_t> amounts;
  };

  Asked everything() {
    Asked asked{cells_of_all_ways(), {}, {}, {}};
    asked.band = {asked.cells.size(), 4, 6, 3};
    for (const CellSpec& cell : asked.cells) {
      asked.users.push_back(oracle_.users_of(cell));
      asked.amounts.push_back(oracle_.amount_of(cell));
    }
    for (std::size_t row = 0; row < asked.band.rows; ++row) {
      for (std::size_t k = 0; k < asked.band.width; ++k) {
        const auto on = [](SeriesId series, std::size_t at) {
          const Day day{static_cast<std::int32_t>(at)};
          return SetSpec{SetSpec::How::kPresence, series, {day, day}};
        };
        const bool has_column = row + k < asked.band.columns;
        asked.users.push_back(
            has_column ? oracle_.users_of({CellSpec::Op::kAnd, on(0, row), on(1, row + k)})
                       : Users());
        asked.amounts.push_back(0);
      }
    }
    return asked;
  }

  ScriptPlan::Script script_of(const Asked& asked) const {
    return [&asked, lists = reads_.lists](const ChunkSource& chunk, CellSink& sink) {
      Scratch a(chunk), b(chunk);
      for (std::size_t i = 0; i < asked.cells.size(); ++i) {
        const CellSpec& cell = asked.cells[i];
        const BitSpan users = ask(chunk, cell.a, lists, a);
        if (cell.has_amount) {
          sink.add_amount(i, sum_of(chunk.amounts(cell.a.series, cell.a.days.first), users));
        }
        if (cell.op == CellSpec::Op::kAlone) sink.add(i, users);
        if (cell.op == CellSpec::Op::kAnd) sink.add_and(i, users, ask(chunk, cell.b, lists, b));
        if (cell.op == CellSpec::Op::kAndNot) {
          sink.add_andnot(i, users, ask(chunk, cell.b, lists, b));
        }
      }
      ask_band(chunk, sink, asked.band);
    };
  }

  ScriptPlan plan_of(const Asked& asked) const {
    return {plan_reads(), asked.users.size(), script_of(asked)};
  }

  Random random_{run_seed()};
  Oracle oracle_;
  PageView view_;

 private:
  // Returns ordinals below `count`: a list, a run, a good part of a chunk, or none.
  std::set<std::uint32_t> random_ordinals(std::uint32_t count) {
    std::set<std::uint32_t> ordinals;
    const std::uint32_t first = static_cast<std::uint32_t>(random_.below(count));
    const std::size_t shape = random_.below(10);
    if (shape == 0) return ordinals;
    if (shape < 7) {
      for (int i = 0; i < 150; ++i) {
        ordinals.insert(static_cast<std::uint32_t>(random_.below(count)));
      }
    } else if (shape < 9) {
      for (std::uint32_t i = first; i < std::min(count, first + 2000); ++i) ordinals.insert(i);
    } else {
      const std::uint32_t chunk = first / kChunkOrdinals * kChunkOrdinals;
      for (std::uint32_t i = chunk; i < std::min(count, chunk + kChunkOrdinals); ++i) {
        if (random_.chance(15)) ordinals.insert(i);
      }
    }
    for (const std::uint32_t edge : {0u, 65'535u, 65'536u, count - 1}) {
      if (edge < count && random_.chance(20)) ordinals.insert(edge);
    }
    return ordinals;
  }

  void add_rows(std::size_t place) {
    const std::uint32_t count = kPartitions[place].user_count;
    if (count == 0) return;
    for (SeriesId series = 0; series < kSeries; ++series) {
      for (std::int32_t day = 0; day < kDays; ++day) {
        for (const std::uint32_t ordinal : random_ordinals(count)) {
          oracle_.days[{series, day}][{place, ordinal}] =
              random_.chance(30) ? random_.between(-1000, 1000) : 0;
        }
        for (int hour = 0; hour < kDayHours; ++hour) {
          if (random_.chance(70)) continue;
          oracle_.totals[{place, series, day, hour}] = {random_.below(90), random_.between(-90, 90),
                                                        random_.below(50)};
        }
      }
    }
    for (Users& list : oracle_.lists) {
      for (const std::uint32_t ordinal : random_ordinals(count)) list.insert({place, ordinal});
    }
  }

  template <class Form>
  void store(std::size_t place, const PagePlace& page_place, PageOf<Form> page) {
    const PageAddress address = {page_id<Form>(kPartitions[place].number, page_place), Epoch{3}};
    page.serialize(view_.pages[address]);
    in_memory_[place].of<Form>().push_back({PageRef<PageOf<Form>>(std::move(page)), address});
  }

  void make_pages(std::size_t place) {
    const std::uint32_t count = kPartitions[place].user_count;
    for (SeriesId series = 0; series < kSeries; ++series) {
      std::map<std::uint32_t, BoundsChunk> bounds;
      for (std::int32_t day = 0; day < kDays; ++day) {
        std::map<std::uint32_t, PresenceChunk> presence;
        std::map<std::uint32_t, AmountChunk> amounts;
        for (const auto& [user, amount] : oracle_.days[{series, day}]) {
          if (user.first != place) continue;
          const std::uint32_t chunk = user.second / kChunkOrdinals;
          const bool is_new = !presence.contains(chunk);
          PresenceChunk& page = presence[chunk];
          // A page that is written to may have room for more users than there are.
          if (is_new && day % 3 == 0) page.reserve(kChunkOrdinals, kChunkOrdinals);
          page.add(std::span(&user.second, 1));
          if (amount != 0) amounts[chunk].add(user.second, amount);
        }
        for (auto& [chunk, page] : presence) {
          if (day % 3 == 1) page.compact();
          std::vector<std::uint64_t> scratch(kChunkWords);
          BitSpan set = page.expand(scratch.data());
          // Bounds are as long as there are users at most.
          const std::uint32_t users = std::min(count - chunk * kChunkOrdinals, kChunkOrdinals);
          set.word_count = std::min<std::size_t>(set.word_count, (users + 511) / 512 * 8);
          bounds[chunk].fold(set, Day{day});
          store<PresenceForm>(place, {series, Day{day}, chunk}, std::move(page));
        }
        for (auto& [chunk, page] : amounts) {
          store<AmountsForm>(place, {series, Day{day}, chunk}, std::move(page));
        }
      }
      for (auto& [chunk, page] : bounds) {
        store<BoundsForm>(place, {series, Day{}, chunk}, std::move(page));
      }
    }
  }

  // The days are those of two runs that overlap, or one, or none; and those that are left.
  PinnedUnion pinned_union(std::size_t place, SeriesId series, DayRange days) {
    PinnedUnion made = {series, days, {}, days};
    const std::size_t chunks = (kPartitions[place].user_count + kChunkOrdinals - 1) / kChunkOfUsers;
    const auto add_run = [&](Day first, Day last) {
      made.runs.push_back({{first, last}, std::make_shared<RunSets>(chunks), true});
      made.rest.first = last + 1;
    };
    if (days.size() < 4 || random_.chance(20)) return made;
    add_run(days.first, days.first + 3);
    if (random_.chance(60)) add_run(days.first + 2, days.last - random_.between(0, 1));
    return made;
  }

  void pin_totals(std::size_t place, const TotalsRead& read, std::vector<PinnedTotal>& pinned) {
    std::map<std::tuple<std::int32_t, SeriesId, int>, EventTotal> totals;
    for (const auto& [key, total] : oracle_.totals) {
      const auto& [of_place, series, day, hour] = key;
      if (of_place != place || !read.days.contains(Day{day}) ||
          std::ranges::find(read.series, series) == read.series.end()) {
        continue;
      }
      totals[{day, series, read.by_hour ? hour : 0}].add({total.events, total.value, total.users});
    }
    for (const auto& [key, total] : totals) {
      const auto& [day, series, hour] = key;
      pinned.push_back({series, Day{day}, static_cast<std::uint8_t>(hour), total});
    }
  }

  SetSpec random_set(SetSpec::How how) {
    const Day day{random_.between(0, kDays - 1)};
    const auto series = static_cast<SeriesId>(random_.below(kSeries));
    const DayRange days =
        how == SetSpec::How::kUnion ? random_.pick(kUnionDays) : DayRange{day, day};
    return {how, series, days, random_.below(kListCount)};
  }

  // Returns a cell for each way to ask, for each pair of them, and for every page.
  std::vector<CellSpec> cells_of_all_ways() {
    std::vector<CellSpec> cells;
    for (int a = 0; a < kHowCount; ++a) {
      cells.push_back({CellSpec::Op::kAlone, random_set(SetSpec::How{a})});
      for (int b = 0; b < kHowCount; ++b) {
        for (const CellSpec::Op op : {CellSpec::Op::kAnd, CellSpec::Op::kAndNot}) {
          cells.push_back({op, random_set(SetSpec::How{a}), random_set(SetSpec::How{b})});
        }
      }
    }
    for (SeriesId series = 0; series < kSeries; ++series) {
      for (std::int32_t day = 0; day < kDays; ++day) {
        cells.push_back({CellSpec::Op::kAlone,
                         {SetSpec::How::kPresence, series, {Day{day}, Day{day}}},
                         {},
                         /*has_amount=*/true});
      }
      cells.push_back({CellSpec::Op::kAlone, {SetSpec::How::kFirst, series, {Day{4}, Day{4}}}});
      for (const DayRange& days : kUnionDays) {
        cells.push_back({CellSpec::Op::kAlone, {SetSpec::How::kUnion, series, days}});
      }
    }
    return cells;
  }

  ReadSet reads_;
  std::vector<PinnedPages> in_memory_{kPartitions.size()};
};

}  // namespace rollcall::testing
