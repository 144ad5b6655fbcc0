// This measures the questions at 128 M users. Presence is synthetic: every user is active on every
// day with the same probability, without ingest. Plans run over pinned pages, as the engine runs
// them. The days that are read have the form in which checkpoints leave them, and are already in
// memory.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "bench/measures.h"
#include "bench/questions.h"
#include "core/base/workers.h"
#include "core/engine/query_executor.h"
#include "core/query/kinds/kind_table.h"
#include "core/time/time_zone.h"
#include "rollcall/memory_store.h"

namespace rollcall::bench {
namespace {

constexpr SeriesId kSeries = 1;  // of the only event name

// Makes words whose bits are set with a probability of `of_256` / 256: random words are combined by
// AND and OR, digit by digit of the probability from the lowest on.
class RandomWords {
 public:
  RandomWords(std::uint64_t seed, std::uint32_t of_256) : state_(seed), of_256_(of_256) {}

  std::uint64_t operator()() {
    std::uint64_t word = 0;
    const int lowest = std::countr_zero(of_256_);
    for (int digit = lowest; digit < 8; ++digit) {
      word = (of_256_ >> digit & 1) != 0 ? word | next() : word & next();
    }
    return word;
  }

 private:
  std::uint64_t next() { return WorkloadW::scattered_id(state_ += 0x9e3779b97f4a7c15u); }
  std::uint64_t state_;
  std::uint32_t of_256_;
};

// Holds the presence of one series in memory, and the true answers to questions about it.
class SyntheticPresence {
 public:
  SyntheticPresence(std::uint64_t users, std::int32_t days, std::uint32_t partition_count,
                    std::uint32_t of_256, const std::vector<Question>& questions)
      : partitions_(partition_count), truths_(questions.size()) {
    const std::uint32_t chunks = static_cast<std::uint32_t>(
        std::max<std::uint64_t>(1, users / partition_count / kChunkOrdinals));
    users_ = std::uint64_t{chunks} * kChunkOrdinals * partition_count;
    Workers().for_each(partition_count, [&](std::size_t number) {
      SyntheticPartition& partition = partitions_[number];
      partition.number = static_cast<std::uint32_t>(number);
      partition.user_count = chunks * kChunkOrdinals;
      for (std::uint32_t chunk = 0; chunk < chunks; ++chunk) {
        add_chunk(partition, chunk, days, of_256, questions);
      }
      std::sort(partition.pages.begin(), partition.pages.end(),
                [](const Page& a, const Page& b) { return a.page.address.id < b.page.address.id; });
    });
  }

  std::uint64_t users() const { return users_; }
  const Counts& truth(std::size_t question) const { return truths_[question]; }

  // A plan reads this: the pages of its days and, with `kept`, unions over them that the first
  // question fills in.
  std::vector<PinnedPartition> pin(const ReadSet& reads, bool kept) const {
    std::vector<PinnedPartition> pinned;
    for (const SyntheticPartition& partition : partitions_) {
      PinnedPartition& part = pinned.emplace_back();
      part.partition = partition.number;
      part.user_count = partition.user_count;
      for (const Page& page : partition.pages) {
        const Day day{page.page.address.id.day};
        if (reads_day(reads.presence, day) || reads_day(reads.unions, day)) {
          part.pages.of<PresenceForm>().push_back(page.page);
        }
      }
      for (const UnionRead& read : reads.unions) {
        PinnedUnion& pinned_union = part.pages.unions.emplace_back();
        pinned_union = {kSeries, read.days, {}, read.days};
        if (!kept) continue;
        pinned_union.rest = {read.days.last + 1, read.days.last};
        const RunsOfDays split(read.days);
        for (const DayRange run : split.runs()) {
          const std::size_t chunks = partition.user_count / kChunkOrdinals;
          pinned_union.runs.push_back({run, std::make_shared<RunSets>(chunks), true});
        }
      }
    }
    return pinned;
  }

  // Returns the bytes of the sets that are read when everything is in memory: as stored, and as
  // they are if they are kept.
  std::size_t bytes_read(const ReadSet& reads, bool kept) const {
    std::size_t bytes = 0;
    for (const SyntheticPartition& partition : partitions_) {
      for (const Page& page : partition.pages) {
        const Day day{page.page.address.id.day};
        if (reads_day(reads.presence, day) || (!kept && reads_day(reads.unions, day))) {
          bytes += page.bytes;
        }
      }
      for (const UnionRead& read : reads.unions) {
        if (kept) bytes += RunsOfDays(read.days).runs().size() * partition.user_count / 8;
      }
    }
    return bytes;
  }

 private:
  template <class Read>
  static bool reads_day(const std::vector<Read>& reads, Day day) {
    return std::any_of(reads.begin(), reads.end(),
                       [&](const Read& read) { return read.days.contains(day); });
  }

  struct Page {
    PinnedPage<PresenceChunk> page;
    std::size_t bytes = 0;  // as stored, in the smallest form
  };
  struct SyntheticPartition {
    std::uint32_t number = 0;
    std::uint32_t user_count = 0;
    std::vector<Page> pages;  // by id
  };

  void add_chunk(SyntheticPartition& partition, std::uint32_t chunk, std::int32_t days,
                 std::uint32_t of_256, const std::vector<Question>& questions) {
    DaySets sets(static_cast<std::size_t>(days), std::vector<std::uint64_t>(kChunkWords));
    RandomWords random((std::uint64_t{partition.number} << 32) + chunk, of_256);
    for (std::int32_t day = 0; day < days; ++day) {
      std::vector<std::uint64_t>& set = sets[static_cast<std::size_t>(day)];
      for (std::uint64_t& word : set) word = random();
      PresenceChunk page;
      page.add(BitSpan{set.data(), set.size()});
      page.compact();
      std::string stored;
      page.serialize(stored);
      const PageId id{PageKind::kPresence, partition.number, kSeries, day, chunk};
      partition.pages.push_back(
          {{PageRef<PresenceChunk>(std::move(page)), PageAddress{id, 1}}, stored.size()});
    }
    for (std::size_t i = 0; i < questions.size(); ++i) {
      const Counts counts = questions[i].truth(sets);
      const std::lock_guard lock(mutex_);
      truths_[i].resize(std::max(truths_[i].size(), counts.size()));
      for (std::size_t cell = 0; cell < counts.size(); ++cell) truths_[i][cell] += counts[cell];
    }
  }

  std::uint64_t users_ = 0;
  std::vector<SyntheticPartition> partitions_;
  std::mutex mutex_;
  std::vector<Counts> truths_;
};

void measure(Session& session, std::uint64_t users, std::uint32_t of_256) {
  constexpr std::int32_t kDays = 60;
  const std::string event(kEventNameList[0]);
  std::vector<Question> questions = make_questions(Day{0}, kDays, '"' + event + '"');
  // First and last days and the presence of any event are not made up here.
  std::erase_if(questions, [](const Question& question) { return !question.needs_sets_only; });

  const std::string density = fmt::format("{:.0f}%", of_256 / 2.56);
  session.report().now("large: making presence of " + density);
  const SyntheticPresence presence(users, kDays, session.options().partitions, of_256, questions);

  const StoreSettings settings = session.settings(IdKind::kDense);
  SeriesCatalog catalog(settings);
  catalog.event_series(catalog.intern_event(event));
  const TimeZone zone;
  const SegmentCatalog segments;
  const PlanContext context{settings,
                            zone,
                            catalog,
                            DayRange{Day{0}, Day{kDays - 1}},
                            zone.last_second_of(Day{kDays - 1}),
                            segments};
  const std::unique_ptr<Store> store = open_memory_store();
  const std::shared_ptr<const StoreView> view = must(store->view());
  QuestionBudget budget(~std::size_t{0});
  const QueryLimits limits;
  QuestionAccount account(budget, limits);

  for (std::size_t i = 0; i < questions.size(); ++i) {
    const Question& question = questions[i];
    const std::unique_ptr<Plan> plan = must(make_plan(must(parse_query(question.json)), context));
    const ReadSet& reads = plan->reads();
    for (const bool kept : {false, true}) {
      if (kept && reads.unions.empty()) continue;
      PinnedReads pinned{reads, presence.pin(reads, kept), {}};
      for (const unsigned threads : session.thread_counts()) {
        const std::string name = fmt::format("large/{}{}/{}/threads:{}", question.name,
                                             kept ? "_kept" : "", density, threads);
        session.report().now(name);
        Workers workers(threads);
        std::vector<double> times, rates;
        const std::size_t bytes = presence.bytes_read(reads, kept);
        for (int turn = 0; turn <= session.options().repeat; ++turn) {
          Partial counted;
          const double seconds = seconds_of([&] {
            counted = QueryExecutor(pinned, *view, workers, ~std::size_t{0}, account).count(*plan);
          });
          must_equal_counts(name, counts_of(plan->finish(counted), question.columns),
                            presence.truth(i));
          if (turn == 0) continue;  // fills the plan's buffers, and what is kept
          times.push_back(seconds * 1e3);
          rates.push_back(static_cast<double>(bytes) / seconds);
        }
        session.report().add(
            {name,
             "ms",
             Better::kLower,
             times,
             {{"users", std::to_string(presence.users())}, {"bytes read", std::to_string(bytes)}}});
        session.report().add({name + "/rate", "B/s", Better::kHigher, rates, {}});
      }
    }
  }
}

}  // namespace

void measure_large_queries(Session& session) {
  const std::uint64_t users = session.options().quick ? 1 << 20 : std::uint64_t{128} << 20;
  for (const std::uint32_t of_256 : {128U, 13U}) measure(session, users, of_256);
}

}  // namespace rollcall::bench
