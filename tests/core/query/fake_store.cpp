#include "tests/core/query/fake_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <list>
#include <span>

#include "core/query/kinds/kind_table.h"
#include "core/query/question/question.h"
#include "tests/core/query/random_merge.h"

namespace rollcall::testing {

// Holds the pages of one chunk that a plan announced. It lives for one call of Plan::count.
class FakeChunk : public ChunkSource {
 public:
  FakeChunk(const FakeStore::Chunk& chunk, const ReadSet& reads, Random& random)
      : chunk_(chunk), random_(random) {
    for (const PresenceRead& read : reads.presence) {
      EXPECT_FALSE(read.days.empty());
      for (const SeriesId series : read.series) presence_.insert({series, read.days});
    }
    for (const UnionRead& read : reads.unions) {
      EXPECT_FALSE(read.days.empty());
      for (const SeriesId series : read.series) unions_.insert({series, read.days});
    }
    for (const BoundsRead& read : reads.bounds) {
      bounds_.insert(read.series.begin(), read.series.end());
    }
    for (const AmountRead& read : reads.amounts) {
      for (const SeriesId series : read.series) amounts_.insert({series, read.days});
    }
  }

  std::size_t word_count() const override { return chunk_.word_count; }
  UserCursor history(UserCursor::Opened opened) const override { return {{}, std::move(opened)}; }
  std::uint32_t first_ordinal() const override { return 0; }

  BitSpan presence(SeriesId series, Day day, std::uint64_t* scratch) const override {
    expect_announced(presence_, series, day);
    const auto found = chunk_.presence.find({series, day});
    if (found == chunk_.presence.end()) return {};
    const std::size_t needed = *found->second.rbegin() / 64 + 1;
    const std::size_t size = random_.chance(50) ? chunk_.word_count : needed;
    std::uint64_t* words = scratch;
    if (random_.chance(50)) {
      own_sets_.emplace_back(size);
      words = own_sets_.back().data();
    }
    // What lies past the end of a set is nobody's business.
    if (words == scratch) std::fill_n(words, chunk_.word_count, ~std::uint64_t{0});
    std::fill_n(words, size, std::uint64_t{0});
    for (const std::uint32_t ordinal : found->second) {
      words[ordinal / 64] |= std::uint64_t{1} << (ordinal % 64);
    }
    return {words, size};
  }

  Union unite(SeriesId series, DayRange days) const override {
    const auto [begin, end] = unions_.equal_range(series);
    EXPECT_TRUE(std::any_of(begin, end, [&](const auto& read) { return read.second == days; }))
        << "series " << series << " from " << to_string(days.first);
    // Some of the days are in one set, the other, or both; the rest are given by themselves.
    const std::int32_t rest = random_.between(0, days.size());
    Union result = {{}, {days.last - rest + 1, days.last}};
    if (rest > 0) presence_.insert({series, result.rest});
    std::array<std::vector<std::uint64_t>, 2> sets;
    for (Day day = days.first; day < result.rest.first; day = day + 1) {
      const std::int32_t where = random_.between(1, 3);
      if ((where & 1) != 0) add(series, day, sets[0]);
      if ((where & 2) != 0) add(series, day, sets[1]);
    }
    for (std::size_t i = 0; i < sets.size(); ++i) {
      own_sets_.push_back(std::move(sets[i]));
      result.sets[i] = {own_sets_.back().data(), own_sets_.back().size()};
    }
    return result;
  }

  Bounds bounds(SeriesId series) const override {
    EXPECT_TRUE(bounds_.contains(series)) << "series " << series;
    std::vector<std::int32_t> first(chunk_.word_count * 64, kNeverFirst);
    std::vector<std::int32_t> last(chunk_.word_count * 64, kNeverLast);
    std::size_t size = 0;
    for (const auto& [key, ordinals] : chunk_.presence) {
      if (key.first != series) continue;
      for (const std::uint32_t ordinal : ordinals) {
        first[ordinal] = std::min(first[ordinal], key.second.value);
        last[ordinal] = std::max(last[ordinal], key.second.value);
        size = std::max<std::size_t>(size, (ordinal / 64 + 1) * 64);
      }
    }
    own_columns_.push_back(std::move(first));
    own_columns_.push_back(std::move(last));
    return {std::prev(own_columns_.end(), 2)->data(), own_columns_.back().data(), size};
  }

  // Some users have their amount in two parts, and none have it in order.
  std::span<const UserAmount> amounts(SeriesId series, Day day) const override {
    expect_announced(amounts_, series, day);
    own_amounts_.clear();
    const auto found = chunk_.amounts.find({series, day});
    if (found == chunk_.amounts.end()) return {};
    const auto add = [&](std::uint32_t ordinal, AmountSum amount) {
      constexpr AmountSum kMax = std::numeric_limits<Amount>::max();
      while (amount != 0) {
        const AmountSum part = std::clamp(amount, -kMax, kMax);
        own_amounts_.push_back({static_cast<std::uint16_t>(ordinal), static_cast<Amount>(part)});
        amount -= part;
      }
    };
    for (const auto& [ordinal, amount] : found->second) {
      const AmountSum first = random_.chance(30) ? random_.between(-1'000'000, 1'000'000) : 0;
      add(ordinal, first);
      add(ordinal, amount - first);
    }
    random_.shuffle(own_amounts_);
    return own_amounts_;
  }

  // No test has lists of users or audiences here, because partitions find them.
  BitSpan listed(const UserList&, std::uint64_t*) const override { return {}; }
  BitSpan in_audience(const AudienceRead&, std::uint64_t*) const override { return {}; }

 private:
  using Announced = std::multimap<SeriesId, DayRange>;

  static void expect_announced(const Announced& reads, SeriesId series, Day day) {
    const auto [begin, end] = reads.equal_range(series);
    const bool announced =
        std::any_of(begin, end, [&](const auto& read) { return read.second.contains(day); });
    EXPECT_TRUE(announced) << "series " << series << " on " << to_string(day);
  }

  void add(SeriesId series, Day day, std::vector<std::uint64_t>& words) const {
    const auto found = chunk_.presence.find({series, day});
    if (found == chunk_.presence.end()) return;
    for (const std::uint32_t ordinal : found->second) {
      if (words.size() <= ordinal / 64) words.resize(ordinal / 64 + 1);
      words[ordinal / 64] |= std::uint64_t{1} << (ordinal % 64);
    }
  }

  const FakeStore::Chunk& chunk_;
  Random& random_;
  mutable Announced presence_;  // and the rests of unions, once these were asked for
  Announced unions_;
  Announced amounts_;
  std::set<SeriesId> bounds_;
  mutable std::list<std::vector<std::uint64_t>> own_sets_;
  mutable std::list<std::vector<std::int32_t>> own_columns_;
  mutable std::vector<UserAmount> own_amounts_;  // valid until the next call
};

namespace {

class FakeSink : public CellSink {
 public:
  explicit FakeSink(Partial& counts) : counts_(counts) {}

  void add(std::size_t cell, BitSpan users) override {
    for (std::size_t i = 0; i < users.word_count; ++i) count(cell, users.words[i]);
  }
  void add_amount(std::size_t cell, AmountSum amount) override {
    counts_.amounts.at(cell) += amount;
  }
  void add_user(std::size_t cell, std::uint32_t) override { ++counts_.cells.at(cell); }
  void add_tally(std::size_t tally, std::uint64_t count) override {
    counts_.tallies.at(tally) += count;
  }
  void add_sample(std::size_t list, std::int64_t number) override {
    counts_.samples.at(list).push_back(number);
  }
  void add_number(std::size_t distribution, AmountSum number, std::uint64_t of,
                  std::uint64_t user_count) override {
    counts_.distributions.at(distribution).add({number, of}, user_count);
  }
  void add_and(std::size_t cell, BitSpan a, BitSpan b) override {
    for (std::size_t i = 0; i < std::min(a.word_count, b.word_count); ++i) {
      count(cell, a.words[i] & b.words[i]);
    }
  }
  void add_andnot(std::size_t cell, BitSpan a, BitSpan b) override {
    for (std::size_t i = 0; i < a.word_count; ++i) {
      count(cell, i < b.word_count ? a.words[i] & ~b.words[i] : a.words[i]);
    }
  }

 private:
  void count(std::size_t cell, std::uint64_t word) {
    counts_.cells.at(cell) += static_cast<std::uint64_t>(std::popcount(word));
  }
  Partial& counts_;
};

// Notes which users are in some cells.
class FakeMemberSink : public CellSink {
 public:
  FakeMemberSink(std::span<const std::size_t> cells, std::set<std::uint32_t>& ordinals)
      : cells_(cells), ordinals_(ordinals) {}

  void add(std::size_t cell, BitSpan users) override { add_andnot(cell, users, {}); }
  void add_user(std::size_t cell, std::uint32_t place) override {
    collect(cell, place / 64, std::uint64_t{1} << (place % 64));
  }
  void add_and(std::size_t cell, BitSpan a, BitSpan b) override {
    for (std::size_t i = 0; i < std::min(a.word_count, b.word_count); ++i) {
      collect(cell, i, a.words[i] & b.words[i]);
    }
  }
  void add_andnot(std::size_t cell, BitSpan a, BitSpan b) override {
    for (std::size_t i = 0; i < a.word_count; ++i) {
      collect(cell, i, i < b.word_count ? a.words[i] & ~b.words[i] : a.words[i]);
    }
  }

 private:
  void collect(std::size_t cell, std::size_t word, std::uint64_t bits) {
    if (std::find(cells_.begin(), cells_.end(), cell) == cells_.end()) return;
    for (std::uint32_t bit = 0; bit < 64; ++bit) {
      if ((bits >> bit & 1) != 0) ordinals_.insert(static_cast<std::uint32_t>(64 * word) + bit);
    }
  }
  std::span<const std::size_t> cells_;
  std::set<std::uint32_t>& ordinals_;
};

}  // namespace

FakeStore::FakeStore(StoreSettings settings, const std::vector<NaiveEvent>& events,
                     std::uint64_t seed)
    : settings_(std::move(settings)),
      zone_(*TimeZone::find(settings_.time_zone)),
      catalog_(settings_),
      chunks_(kChunks),
      random_(seed) {
  for (Chunk& chunk : chunks_) chunk.word_count = 8 * (1 + random_.below(3));
  std::map<UserId, std::pair<std::size_t, std::uint32_t>> places;
  std::vector<std::set<std::uint32_t>> taken(kChunks);
  for (const NaiveEvent& event : events) {
    if (!places.contains(event.user)) {
      std::size_t chunk;
      std::uint32_t ordinal;
      do {
        chunk = random_.below(kChunks);
        ordinal = static_cast<std::uint32_t>(random_.below(chunks_[chunk].word_count * 64));
      } while (!taken[chunk].insert(ordinal).second);
      places[event.user] = {chunk, ordinal};
      chunks_[chunk].users[ordinal] = event.user;
    }
    const auto [chunk, ordinal] = places[event.user];
    add(event, chunk, ordinal);
  }
}

void FakeStore::add(const NaiveEvent& event, std::size_t chunk, std::uint32_t ordinal) {
  const Day day = zone_.day_of(event.time);
  const TimeUs known = event.whole_day ? zone_.last_second_of(day) : event.time;
  known_until_ = std::max(known_until_.value_or(known), known);
  days_ = days_.empty() ? DayRange{day, day}
                        : DayRange{std::min(days_.first, day), std::max(days_.last, day)};

  const EventCode code = catalog_.intern_event(event.event);
  std::vector<SeriesId> series = {kAnySeries, catalog_.event_series(code)};
  for (std::uint32_t d = 0; d < settings_.dimensions.size(); ++d) {
    const auto value = event.properties.find(settings_.dimensions[d]);
    const ValueCode value_code =
        catalog_.intern_value(d, value == event.properties.end() ? "" : value->second);
    series.push_back(catalog_.value_series(code, d, value_code));
  }
  const TimeUs hour_us = 3600 * kUsPerSecond;
  const auto hour = static_cast<std::size_t>((event.time - zone_.start_of(day)) / hour_us);
  for (const SeriesId id : series) {
    chunks_[chunk].presence[{id, day}].insert(ordinal);
    EventTotal& total = chunks_[chunk].totals[{id, day}][hour];
    if (id == kAnySeries) continue;  // has no totals but its users
    ++total.events;
    total.value += event.value.value_or(0);
    if (event.value) chunks_[chunk].amounts[{id, day}][ordinal] += *event.value;
  }
}

PlanContext FakeStore::context() const {
  return {settings_, zone_, catalog_, days_, known_until_, segments_};
}

Result<std::unique_ptr<Plan>> FakeStore::plan(const Query& query) const {
  return make_plan(query, context());
}

class FakeStore::Runner : public PlanRunner {
 public:
  Runner(const FakeStore& store, const ReadSet& reads) : store_(store), reads_(reads) {}

  Result<Partial> run(const PlanTask& task) override {
    // Is some answer for several partitions.
    std::vector<Partial> parts;
    for (std::size_t i = 0; i < kChunks; ++i) {
      if (parts.empty() || store_.random_.chance(70)) parts.push_back(Partial::of_nobody(task));
      parts.back().partitions.set(i);
      if (task.members == nullptr) {
        count(task.plan, store_.chunks_[i], parts.back());
      } else {
        list_members(task, store_.chunks_[i], parts.back());
      }
    }
    std::vector<std::string> answers;
    for (const Partial& part : parts) answers.push_back(part.serialize(task));
    return merge_at_random(answers, task, store_.random_);
  }

 private:
  void count(const Plan& plan, const Chunk& chunk, Partial& counts) const {
    FakeSink sink(counts);
    plan.count(FakeChunk(chunk, reads_, store_.random_), sink);
    for (std::size_t i = 0; i < counts.totals.size(); ++i) {
      add_totals(plan.reads().totals[i], chunk, counts.totals[i]);
    }
  }

  void list_members(const PlanTask& task, const Chunk& chunk, Partial& listed) const {
    std::set<std::uint32_t> ordinals;
    FakeMemberSink sink(task.cells, ordinals);
    task.plan.count(FakeChunk(chunk, reads_, store_.random_), sink);
    if (task.plan.numbers_per_user() > 0) return tell(task.plan, chunk, ordinals, listed);
    for (const std::uint32_t ordinal : ordinals) listed.users->add(chunk.users.at(ordinal));
  }

  void tell(const Plan& plan, const Chunk& chunk, const std::set<std::uint32_t>& ordinals,
            Partial& listed) const {
    for (const std::uint32_t ordinal : ordinals) {
      std::vector<std::uint64_t> words(chunk.word_count);
      words[ordinal / 64] |= std::uint64_t{1} << (ordinal % 64);
      const auto add = [&](std::uint32_t place, std::span<const AmountSum> numbers) {
        EXPECT_EQ(place, ordinal);
        MemberPage one({},
                       std::get_if<std::uint64_t>(&chunk.users.at(ordinal)) != nullptr
                           ? UserKind::kInteger
                           : UserKind::kString,
                       nullptr, plan.numbers_per_user());
        one.add(chunk.users.at(ordinal));
        one.tell(one.cut().front(), numbers);
        listed.users->merge(std::move(one));
      };
      plan.tell(FakeChunk(chunk, reads_, store_.random_), {words.data(), words.size()}, add);
    }
  }

  static void add_totals(const TotalsRead& read, const Chunk& chunk,
                         std::vector<EventTotal>& totals) {
    for (const auto& [key, hours] : chunk.totals) {
      const auto& [series, day] = key;
      if (!read.days.contains(day)) continue;
      if (std::find(read.series.begin(), read.series.end(), series) == read.series.end()) continue;
      const auto index = static_cast<std::size_t>(day - read.days.first);
      const auto users = chunk.presence.find(key);
      if (!read.by_hour && users != chunk.presence.end()) {
        totals.at(index).users += users->second.size();
      }
      for (const auto& [hour, total] : hours) {
        totals.at(read.by_hour ? index * kDayHoursMax + hour : index).add(total);
      }
    }
  }

  const FakeStore& store_;
  const ReadSet& reads_;
};

Result<QueryResult> FakeStore::query(const Query& query) const {
  ROLLCALL_ASSIGN_OR_RETURN(const Question question, Question::make(query, context()));
  Runner runner(*this, question.reads());
  return question.answer(runner);
}

Result<QueryResult> FakeStore::query(std::string_view json) const {
  ROLLCALL_ASSIGN_OR_RETURN(const Query parsed, parse_query(json, settings_.time_zone));
  return query(parsed);
}

}  // namespace rollcall::testing
