// This file has how an engine answers: what the questions read is pinned in one moment, and counted
// while events go on arriving.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <set>
#include <string_view>
#include <utility>

#include "core/base/memory_policy.h"
#include "core/base/mutex.h"
#include "core/engine/engine_state.h"
#include "core/engine/list_notes.h"
#include "core/engine/listed_files.h"
#include "core/engine/query_executor.h"
#include "core/engine/value_notes.h"
#include "core/query/kinds/kind_table.h"
#include "core/query/question/question.h"
#include "core/query/text/explanation.h"
#include "rollcall/kinds.h"

namespace rollcall {

// These bytes count in a total while they are held.
class HeldBytes {
 public:
  HeldBytes() = default;
  HeldBytes(std::atomic<std::size_t>& total, std::size_t bytes) : total_(&total), bytes_(bytes) {
    total += bytes;
  }
  HeldBytes(HeldBytes&& other) noexcept { *this = std::move(other); }
  HeldBytes& operator=(HeldBytes&& other) noexcept {
    std::swap(total_, other.total_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~HeldBytes() {
    if (total_ != nullptr) *total_ -= bytes_;
  }

  std::size_t count() const { return bytes_; }

 private:
  std::atomic<std::size_t>* total_ = nullptr;
  std::size_t bytes_ = 0;
};

namespace {

bool names_segments(const Query& query) {
  return query.common.among || !segments_of(query).empty();
}

// Returns the error of a question, with its number if there are several.
Status numbered(const Status& status, std::size_t number, std::size_t count) {
  if (count == 1) return status;
  return status.within(fmt::format("[{}]", number));
}

// Returns the error of a question that is not to be answered, with its kind, or what the store
// said, as it is.
Status named(const Status& status, std::string_view kind) {
  const bool is_of_question = status.code() == StatusCode::kResourceExhausted ||
                              status.code() == StatusCode::kDeadlineExceeded ||
                              status.code() == StatusCode::kCancelled;
  if (!is_of_question) return status;
  return status.within(kind);
}

// Lets go of names where ingest looks whether anybody else holds them.
class ReleaseWithinGate {
 public:
  ReleaseWithinGate(Gate& gate, std::shared_ptr<const SeriesCatalog>& names)
      : gate_(gate), names_(names) {}
  ~ReleaseWithinGate() {
    if (!names_) return;
    const Gate::Pass pass(gate_);
    names_.reset();
  }
  ReleaseWithinGate(const ReleaseWithinGate&) = delete;
  ReleaseWithinGate& operator=(const ReleaseWithinGate&) = delete;

 private:
  Gate& gate_;
  std::shared_ptr<const SeriesCatalog>& names_;
};

// Returns whether a question has to read pages, or to unite them.
bool reads_something(const PinnedPartition& partition) {
  const std::vector<PinnedUnion>& unions = partition.pages.unions;
  return partition.pages.any_absent() || partition.history.any_absent() ||
         std::any_of(unions.begin(), unions.end(), [](const auto& pinned) {
           return std::any_of(pinned.runs.begin(), pinned.runs.end(),
                              [](const auto& run) { return run.is_new; });
         });
}

// Returns the totals of both, which ascend; those of the same series and hour become one.
std::vector<PinnedTotal> added(const std::vector<PinnedTotal>& a, const std::vector<PinnedTotal>& b,
                               QuestionAccount& account) {
  std::vector<PinnedTotal> sums;
  take_for(account, sums, a.size() + b.size(), QuestionNeed::kTotals);
  auto of_b = b.begin();
  for (const PinnedTotal& of_a : a) {
    for (; of_b != b.end() && *of_b < of_a; ++of_b) sums.push_back(*of_b);
    sums.push_back(of_a);
    if (of_b != b.end() && !(of_a < *of_b)) sums.back().total.add((of_b++)->total);
  }
  sums.insert(sums.end(), of_b, b.end());
  account.give_back((a.capacity() + b.capacity()) * sizeof(PinnedTotal));
  return sums;
}

std::uint64_t microseconds(std::chrono::steady_clock::duration duration) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(duration).count());
}

}  // namespace

// Holds the state of one moment, as far as some questions read it.
class Engine::State::Snapshot : public PlanRunner {
 public:
  Snapshot(State& state, PinnedReads pinned, std::shared_ptr<const StoreView> view,
           std::size_t kept_bytes_max, QuestionAccount& account)
      : state_(state),
        pinned_(std::move(pinned)),
        view_(std::move(view)),
        kept_bytes_max_(kept_bytes_max),
        account_(account),
        executor_(pinned_, *view_, state.workers, kept_bytes_max, account) {}
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  Result<Partial> run(const PlanTask& task) override {
    if (task.members != nullptr && collected_ != nullptr) {
      *collected_ = executor_.members(task.plan, task.cells);
      return executor_.of_nobody(task);
    }
    if (task.members != nullptr) return list_members(task);
    Partial counts = executor_.count(task.plan);
    ROLLCALL_RETURN_IF_ERROR(hash_users(counts.outcomes));
    return counts;
  }

  // From here on, members are not listed: `ordinals` receives them, by partition.
  void collect_into(OrdinalsByPartition& ordinals) { collected_ = &ordinals; }

  // Leaves the pages that had to be read for the next question to find.
  void keep_pages() {
    if (executor_.kept_bytes() == 0) return;
    // Others may have filled the room meanwhile, so what is least recently used makes way.
    const Gate::Pass pass(state_.gate);
    state_.evict_for(std::min(executor_.kept_bytes(), kept_bytes_max_));
    for (const PinnedPartition& partition : pinned_.partitions) {
      if (state_.memory_use().resident_bytes > state_.state_bytes_max()) break;
      state_.partitions[partition.partition].install(partition, state_.batch_number);
    }
  }

 private:
  // Replaces where the users of outcomes are by the hashes of their ids. A user who was forgotten
  // meanwhile has the hash of no id, as whoever is asked about afterwards has none either.
  Status hash_users(std::span<UserOutcomes> outcomes) {
    struct Run {
      std::size_t partition;  // of those pinned
      std::span<std::uint64_t> users;
      bool operator<(const Run& other) const { return partition < other.partition; }
    };
    std::vector<Run> runs;  // a chunk that was counted is one of them
    const auto add_runs = [&](std::span<std::uint64_t> users) {
      const auto partition_of = [](std::uint64_t place) {
        return static_cast<std::size_t>(place >> 32);
      };
      while (!users.empty()) {
        const std::size_t partition = partition_of(users.front());
        const auto end = std::ranges::find_if(
            users, [&](std::uint64_t place) { return partition_of(place) != partition; });
        const auto count = static_cast<std::size_t>(end - users.begin());
        runs.push_back({partition, users.first(count)});
        users = users.subspan(count);
      }
    };
    for (UserOutcomes& list : outcomes) {
      add_runs(list.without);
      add_runs(list.with);
    }
    std::sort(runs.begin(), runs.end());
    for (auto run = runs.begin(); run != runs.end();) {
      // An ordinal belongs to the same user for ever, so batches may come between the partitions.
      const Gate::Pass pass(state_.gate, [&] { account_.check(); });
      account_.check();
      const std::size_t number = run->partition;
      Partition& partition = state_.partitions[pinned_.partitions[number].partition];
      ROLLCALL_RETURN_IF_ERROR(partition.load_users(*state_.view));
      for (; run != runs.end() && run->partition == number; ++run) {
        for (std::uint64_t& user : run->users) {
          user = partition.users().hash_of(static_cast<std::uint32_t>(user));
        }
      }
      state_.evict_for(0);
    }
    return {};
  }

  Result<Partial> list_members(const PlanTask& task) {
    Partial partial = executor_.of_nobody(task);
    const std::vector<std::vector<std::uint32_t>> ordinals =
        executor_.members(task.plan, task.cells);
    for (std::size_t i = 0; i < ordinals.size(); ++i) {
      if (ordinals[i].empty()) continue;
      // An ordinal belongs to the same user for ever, so batches may come between the partitions.
      const Gate::Pass pass(state_.gate, [&] { account_.check(); });
      account_.check();
      Partition& partition = state_.partitions[pinned_.partitions[i].partition];
      ROLLCALL_RETURN_IF_ERROR(partition.load_users(*state_.view));
      for (const std::uint32_t ordinal : ordinals[i]) {
        if (partition.users().is_erased(ordinal)) continue;  // forgotten since
        partial.users->add(partition.users().user(ordinal), QueryExecutor::place_of(i, ordinal));
      }
      state_.evict_for(0);
    }
    executor_.tell(task.plan, *partial.users);
    return partial;
  }

  State& state_;
  PinnedReads pinned_;
  std::shared_ptr<const StoreView> view_;
  const std::size_t kept_bytes_max_;
  QuestionAccount& account_;
  QueryExecutor executor_;
  OrdinalsByPartition* collected_ = nullptr;
};

// Holds questions that are ready to run, and what they read.
struct Engine::State::Pinned {
  std::vector<Question> questions;
  std::vector<std::vector<std::string>> notes;  // by question: of values that no event has
  PinnedReads reads;
  std::shared_ptr<const StoreView> view;
  HeldBytes kept;                                   // of what is read, at most
  std::shared_ptr<const SeriesCatalog> held_names;  // that plans keep; null: none does
};

// Holds the sets of users that the questions may name.
Result<SegmentCatalog> Engine::State::named_sets(std::span<const Query> queries,
                                                 QuestionAccount& account) {
  SegmentCatalog sets;
  if (std::none_of(queries.begin(), queries.end(), names_segments)) return sets;
  {
    const Gate::Pass pass(gate, [&] { account.check(); });
    sets.saved = tables.segments.saved();
  }
  for (std::size_t i = 0; i < queries.size(); ++i) {
    const Status status = read_listed_files(queries[i], settings.user_kind,
                                            options.question_directories, sets, account);
    if (!status.ok()) return numbered(status, i, queries.size());
  }
  return sets;
}

// Everything must be folded.
Result<std::vector<PinnedTotal>> Engine::State::pin_totals(const TotalsRead& read,
                                                           QuestionAccount& account) {
  if (read.by_hour || !DayTotals::has_room_for(read)) {
    std::vector<PinnedTotal> totals;
    Mutex mutex;  // guards `totals`
    Status status = read_partitions([&](Partition& partition) -> Status {
      gate.assert_passed();
      account.check();
      ROLLCALL_RETURN_IF_ERROR(partition.load_days(read.days, *view));
      const std::vector<PinnedTotal> part = partition.totals(read, account);
      const MutexLock lock(mutex);
      totals = added(totals, part, account);
      return {};
    });
    if (!status.ok()) return status;
    return totals;
  }
  using Totals = std::vector<EventTotal>;
  return day_totals.find(read, [&](std::span<const DayTotals::Key> keys) -> Result<Totals> {
    gate.assert_passed();
    Totals totals(keys.size());
    Mutex mutex;  // guards `totals`
    Status status = read_partitions([&](Partition& partition) -> Status {
      gate.assert_passed();
      account.check();
      Totals part;
      part.reserve(keys.size());
      for (const DayTotals::Key& key : keys) {
        ROLLCALL_RETURN_IF_ERROR(partition.load_days({key.day, key.day}, *view));
        part.push_back(partition.day_total(key.series, key.day));
      }
      const MutexLock lock(mutex);
      for (std::size_t i = 0; i < totals.size(); ++i) totals[i].add(part[i]);
      return {};
    });
    if (!status.ok()) return status;
    return totals;
  });
}

// `queries` and `sets` outlive the result.
Result<Engine::State::Pinned> Engine::State::pin(std::span<const Query> queries,
                                                 const SegmentCatalog& sets,
                                                 QuestionAccount& account) {
  const Gate::Pass pass(gate, [&] { account.check(); });
  account.check();
  Pinned pinned;
  ReadSet& reads = pinned.reads.reads;
  ROLLCALL_RETURN_IF_ERROR(state_failure.status());
  PlanContext context{settings, zone,    *tables.catalog, manifest.days, manifest.known_until,
                      sets,     nullptr, &account};
  context.history_limit = tables.history_limit;
  context.kept_ranks = kept_ranks.now();
  if (!tables.audiences->all().empty()) {
    context.audiences =
        std::make_shared<const AudienceCatalog>(AudienceCatalog{tables.audiences, audience_pages});
  }
  // A question holds its plan, what its names were resolved to, and its answer without rows. No
  // question was seen to take half of this.
  constexpr std::size_t kPlanBytes = std::size_t{8} << 10;
  account.take(queries.size() * kPlanBytes, QuestionNeed::kPlans);
  pinned.questions.reserve(queries.size());
  for (std::size_t i = 0; i < queries.size(); ++i) {
    account.check();
    Result<Question> question = Question::make(queries[i], context);
    if (!question.ok()) return numbered(question.status(), i, queries.size());
    reads.add(question->reads());
    if (question->keeps_names()) pinned.held_names = tables.catalog;
    pinned.questions.push_back(*std::move(question));
    pinned.notes.push_back(notes_of_values(queries[i], sets, *tables.catalog));
  }
  reads.merge();
  account.check();
  ROLLCALL_RETURN_IF_ERROR(fold(reads.bounds.empty() ? FoldDepth::kPresence : FoldDepth::kBounds));
  for (const TotalsRead& read : reads.totals) {
    ROLLCALL_ASSIGN_OR_RETURN(std::vector<PinnedTotal> totals, pin_totals(read, account));
    pinned.reads.totals.push_back(std::move(totals));
  }
  pinned.reads.partitions.resize(partitions.size());
  Status status = read_partitions([&](Partition& partition) -> Status {
    gate.assert_passed();
    account.check();
    ROLLCALL_RETURN_IF_ERROR(partition.load_for(reads, settings.partition_count, *view));
    pinned.reads.partitions[partition.number()] =
        partition.pin(reads, settings.partition_count, quiet_since, account);
    return {};
  });
  if (!status.ok()) return status;
  if (!reads.unions.empty()) quiet_since = batch_number;
  pinned.view = view;
  if (std::any_of(pinned.reads.partitions.begin(), pinned.reads.partitions.end(),
                  reads_something)) {
    pinned.kept = {kept_bytes, std::min(room(), state_bytes_max() * kKeptPagesShare)};
  }
  return pinned;
}

Result<std::vector<QueryResult>> Engine::State::query(std::span<const Query> queries,
                                                      const QueryLimits& limits, MemberIds* ids) {
  QuestionAccount account(questions, limits);
  std::size_t at = queries.size() == 1 ? 0 : queries.size();  // of the questions; past them: of all
  try {
    account.check();
    return answer(queries, account, at, ids);
  } catch (const QuestionFailure& failure) {
    const bool of_all = at == queries.size();
    const Status status = named(failure.status(), of_all ? "queries" : kind_of(queries[at]));
    return of_all ? status : numbered(status, at, queries.size());
  }
}

Result<std::vector<QueryResult>> Engine::State::answer(std::span<const Query> queries,
                                                       QuestionAccount& account, std::size_t& at,
                                                       MemberIds* ids) {
  auto start = std::chrono::steady_clock::now();
  ROLLCALL_ASSIGN_OR_RETURN(const SegmentCatalog sets, named_sets(queries, account));
  ROLLCALL_ASSIGN_OR_RETURN(Pinned pinned, pin(queries, sets, account));
  const ReleaseWithinGate release(gate, pinned.held_names);
  std::vector<std::vector<std::string>> notes = std::move(pinned.notes);
  for (std::size_t i = 0; i < queries.size(); ++i) {
    const std::vector<std::string> of_lists = notes_of_lists(
        pinned.questions[i].reads(), pinned.reads.reads, pinned.reads.partitions, sets);
    notes[i].insert(notes[i].end(), of_lists.begin(), of_lists.end());
  }
  Snapshot snapshot(*this, std::move(pinned.reads), std::move(pinned.view), pinned.kept.count(),
                    account);
  std::vector<QueryResult> results;
  for (at = 0; at < queries.size(); ++at) {
    // When it is answered, its plans and what they took are released.
    const Question question = std::move(pinned.questions[at]);
    Result<QueryResult> result = question.answer(snapshot, ids);
    if (!result.ok()) return numbered(result.status(), at, queries.size());
    const auto end = std::chrono::steady_clock::now();
    result->stats = {.elapsed_us = microseconds(end - start),
                     .partitions = settings.partition_count};
    result->notes = std::move(notes[at]);
    start = end;
    results.push_back(*std::move(result));
  }
  snapshot.keep_pages();
  return results;
}

Result<OrdinalsOfQueries> Engine::State::users_of(std::span<const Query> queries,
                                                  QuestionAccount& account) {
  ROLLCALL_ASSIGN_OR_RETURN(const SegmentCatalog sets, named_sets(queries, account));
  ROLLCALL_ASSIGN_OR_RETURN(Pinned pinned, pin(queries, sets, account));
  const ReleaseWithinGate release(gate, pinned.held_names);
  Snapshot snapshot(*this, std::move(pinned.reads), std::move(pinned.view), pinned.kept.count(),
                    account);
  OrdinalsOfQueries users;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    const Question question = std::move(pinned.questions[i]);
    snapshot.collect_into(users.ordinals.emplace_back());
    ROLLCALL_ASSIGN_OR_RETURN(const QueryResult result, question.answer(snapshot));
    users.as_of = result.as_of;
  }
  snapshot.keep_pages();
  return users;
}

Result<Explanation> Engine::State::explain(const Query& query, const QueryLimits& limits) {
  QuestionAccount account(questions, limits);
  try {
    account.check();
    return explain(query, account);
  } catch (const QuestionFailure& failure) {
    return named(failure.status(), kind_of(query));
  }
}

namespace {

// Adds the days of the reads, if they have any, and their series.
void explain_reads(const ReadSet& reads, Explanation& explanation, std::set<SeriesId>& series) {
  const auto add = [&](const auto& named) {
    for (const auto& read : named) {
      series.insert(read.series.begin(), read.series.end());
      if constexpr (requires { read.days; }) {
        const bool none = explanation.days.empty();
        DayRange& days = explanation.days;
        days.first = none ? read.days.first : std::min(days.first, read.days.first);
        days.last = none ? read.days.last : std::max(days.last, read.days.last);
      }
    }
  };
  add(reads.presence);
  add(reads.unions);
  add(reads.totals);
  add(reads.amounts);
  add(reads.bounds);
}

// Adds what is read of the partition.
void explain_pages(const PinnedPartition& partition, Explanation& explanation) {
  const std::size_t users = std::min(partition.user_count, kChunkOrdinals);
  for (const PinnedUnion& pinned_union : partition.pages.unions) {
    for (const PinnedUnion::Run& run : pinned_union.runs) {
      if (run.is_new) continue;  // its days are among the pages
      explanation.chunks += run.sets->chunk_count();
      explanation.bytes += run.sets->chunk_count() * PresenceForm::read_bytes(users);
    }
  }
  partition.pages.pages.for_each(
      [&]<class Form>(std::type_identity<Form>, const PinnedOf<Form>& pages) {
        for (const PinnedPage<PageOf<Form>>& page : pages) {
          ++explanation.chunks;
          explanation.stored_chunks += !page.page;
          explanation.bytes += Form::read_bytes(users);
        }
      });
}

std::uint64_t events_of(const PinnedLog& history) {
  std::uint64_t events = history.row_count();
  for (const std::vector<PinnedBlock>& run : history.runs) {
    for (const PinnedBlock& block : run) events += block.event_count;
  }
  return events;
}

}  // namespace

Result<Explanation> Engine::State::explain(const Query& query, QuestionAccount& account) {
  ROLLCALL_ASSIGN_OR_RETURN(const SegmentCatalog sets, named_sets({&query, 1}, account));
  ROLLCALL_ASSIGN_OR_RETURN(Pinned pinned, pin({&query, 1}, sets, account));
  const ReleaseWithinGate release(gate, pinned.held_names);
  Explanation explanation;
  explanation.meaning = describe(query);
  explanation.answered_from = pinned.questions.front().answered_from();
  std::set<SeriesId> series;
  explain_reads(pinned.reads.reads, explanation, series);
  {
    const Gate::Pass pass(gate);
    for (const SeriesId id : series) explanation.series.push_back(describe(id, *tables.catalog));
    if (pinned.reads.reads.reads_history()) explanation.history_from = tables.history_limit.from;
  }
  for (const PinnedPartition& partition : pinned.reads.partitions) {
    if (pinned.reads.reads.reads_history()) {
      explanation.history_events =
          explanation.history_events.value_or(0) + events_of(partition.history);
    }
    explain_pages(partition, explanation);
  }
  return explanation;
}

}  // namespace rollcall
