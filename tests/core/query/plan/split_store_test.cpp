// The partitions of a store answer in groups, as machines would that hold some of them each, and
// the answers come together as bytes: in any split, order and grouping they make the engine's
// answer. The engine's own answers are compared with the oracle's by random_queries_test.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/workers.h"
#include "core/catalog/manifest.h"
#include "core/catalog/segment_table.h"
#include "core/engine/query_executor.h"
#include "core/partition/partition.h"
#include "core/query/question/question.h"
#include "core/time/time_zone.h"
#include "tests/core/query/random_merge.h"
#include "tests/support/event_generator.h"
#include "tests/support/history_generator.h"
#include "tests/support/result_text.h"
#include "tests/support/run_size.h"
#include "tests/support/test_engine.h"

namespace rollcall::testing {
namespace {

Result<std::string> read_page(const StoreView& view, PageKind kind, Epoch epoch) {
  return view.read({{kind, 0, 0, 0, 0}, epoch});
}

// Holds what a closed engine left in its store: partitions, and what questions are planned against.
class SplitStore {
 public:
  static Result<std::unique_ptr<SplitStore>> open(std::unique_ptr<Store> store) {
    std::unique_ptr<SplitStore> split(new SplitStore(std::move(store)));
    ROLLCALL_RETURN_IF_ERROR(split->load());
    return split;
  }

  // Asks groups of partitions, drawn by `random`, and merges what they say.
  Result<QueryResult> query(const Query& query, Random& random) {
    QuestionAccount account(budget_, limits_);
    const PlanContext context{manifest_.settings,    zone_,     *catalog_, manifest_.days,
                              manifest_.known_until, segments_, nullptr,   &account};
    ROLLCALL_ASSIGN_OR_RETURN(const Question question, Question::make(query, context));
    GroupRunner runner(*this, question.reads(), account, random);
    return question.answer(runner);
  }

 private:
  // Holds the partitions of one machine.
  using Group = std::vector<Partition*>;

  class GroupRunner : public PlanRunner {
   public:
    GroupRunner(SplitStore& store, const ReadSet& reads, QuestionAccount& account, Random& random)
        : store_(store), reads_(reads), account_(account), random_(random) {
      reads_.merge();
      std::vector<Partition*> all;
      for (Partition& partition : store.partitions_) all.push_back(&partition);
      random.shuffle(all);
      const std::size_t count = 1 + random.below(std::min<std::size_t>(all.size(), 5));
      groups_.resize(count);
      for (Partition* partition : all) groups_[random.below(count)].push_back(partition);
    }

    Result<Partial> run(const PlanTask& task) override {
      std::vector<std::string> answers;
      for (const Group& group : groups_) {
        ROLLCALL_ASSIGN_OR_RETURN(const Partial partial, answer_of(group, task));
        answers.push_back(partial.serialize(task));
      }
      Partial merged = merge_at_random(answers, task, random_);
      EXPECT_EQ(merged.partitions.count(), store_.partitions_.size());
      return merged;
    }

   private:
    Result<PinnedReads> pin(const Group& group) {
      PinnedReads pinned{reads_, {}, std::vector<std::vector<PinnedTotal>>(reads_.totals.size())};
      for (Partition* const partition : group) {
        ROLLCALL_RETURN_IF_ERROR(partition->fold(*store_.view_, FoldDepth::kBounds));
        ROLLCALL_RETURN_IF_ERROR(partition->load_for(reads_, *store_.view_));
        for (std::size_t i = 0; i < reads_.totals.size(); ++i) {
          ROLLCALL_RETURN_IF_ERROR(partition->load_days(reads_.totals[i].days, *store_.view_));
          const std::vector<PinnedTotal> totals = partition->totals(reads_.totals[i], account_);
          pinned.totals[i].insert(pinned.totals[i].end(), totals.begin(), totals.end());
        }
        pinned.partitions.push_back(partition->pin(
            reads_, static_cast<std::uint32_t>(store_.partitions_.size()), 0, account_));
      }
      return pinned;
    }

    Result<Partial> answer_of(const Group& group, const PlanTask& task) {
      ROLLCALL_ASSIGN_OR_RETURN(PinnedReads pinned, pin(group));
      QueryExecutor executor(pinned, *store_.view_, store_.workers_, /*kept_bytes_max=*/1 << 20,
                             account_);
      if (task.members == nullptr) return executor.count(task.plan);
      Partial partial = executor.of_nobody(task);
      const std::vector<std::vector<std::uint32_t>> ordinals =
          executor.members(task.plan, task.cells);
      for (std::size_t i = 0; i < group.size(); ++i) {
        ROLLCALL_RETURN_IF_ERROR(group[i]->load_users(*store_.view_));
        for (const std::uint32_t ordinal : ordinals[i]) {
          partial.users->add(group[i]->users().user(ordinal));
        }
      }
      return partial;
    }

    SplitStore& store_;
    ReadSet reads_;
    QuestionAccount& account_;
    Random& random_;
    std::vector<Group> groups_;
  };

  explicit SplitStore(std::unique_ptr<Store> store) : store_(std::move(store)) {}

  Status load() {
    ROLLCALL_ASSIGN_OR_RETURN(const std::optional<LastCommit> last, store_->last_commit());
    if (!last) return Status::not_found("the engine left no commit");
    ROLLCALL_ASSIGN_OR_RETURN(manifest_, Manifest::deserialize(last->manifest));
    ROLLCALL_ASSIGN_OR_RETURN(zone_, TimeZone::find(manifest_.settings.time_zone));
    ROLLCALL_ASSIGN_OR_RETURN(view_, store_->view());
    catalog_.emplace(manifest_.settings);
    if (const Epoch epoch = manifest_.table_epochs[PageKind::kDictionary]; epoch != 0) {
      ROLLCALL_ASSIGN_OR_RETURN(const std::string bytes,
                                read_page(*view_, PageKind::kDictionary, epoch));
      ROLLCALL_RETURN_IF_ERROR(catalog_->deserialize(bytes));
    }
    if (const Epoch epoch = manifest_.table_epochs[PageKind::kSegments]; epoch != 0) {
      ROLLCALL_ASSIGN_OR_RETURN(const std::string bytes,
                                read_page(*view_, PageKind::kSegments, epoch));
      SegmentTable table;
      ROLLCALL_RETURN_IF_ERROR(table.deserialize(bytes, manifest_.settings.user_kind));
      segments_.saved = table.saved();
    }
    for (std::uint32_t i = 0; i < manifest_.settings.partition_count; ++i) {
      Partition& partition = partitions_.emplace_back(i, manifest_.settings);
      if (const Epoch epoch = manifest_.partition_epochs[i]; epoch != 0) {
        ROLLCALL_RETURN_IF_ERROR(partition.open(*view_, epoch, catalog_->series_count()));
      }
    }
    return {};
  }

  std::unique_ptr<Store> store_;
  std::shared_ptr<const StoreView> view_;
  Manifest manifest_;
  TimeZone zone_;
  std::optional<SeriesCatalog> catalog_;
  SegmentCatalog segments_;
  std::vector<Partition> partitions_;
  Workers workers_{2};
  QuestionBudget budget_{std::size_t{1} << 30};
  const QueryLimits limits_;
};

// Holds a question, and what the engine said.
struct Answered {
  Query query;
  QueryResult result;
};

// Returns the same question for the users of a random cell of its answer, which may count none.
std::optional<Query> ask_for_members(const Query& query, const QueryResult& answer,
                                     Random& random) {
  if (answer.rows.empty()) return {};
  const std::vector<Cell>& row = random.pick(answer.rows);
  Members members;
  std::vector<std::string> counts;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const Column& column = answer.columns[i];
    const bool is_key = column.type == ColumnType::kDate || column.type == ColumnType::kString ||
                        column.type == ColumnType::kInt;
    if (is_key && column.name != "to_days") {
      members.where.emplace_back(column.name, cell_text(row[i]));
    } else if (column.type == ColumnType::kCount) {
      counts.push_back(column.name);
    }
  }
  if (counts.empty()) return {};
  members.of = random.pick(counts);
  if (random.chance(70)) members.limit = static_cast<std::uint64_t>(random.between(1, 5));
  Query wanted = query;
  wanted.common.members = std::move(members);
  return wanted;
}

TEST(SplitStore, AnswersAsOneStore) {
  const std::uint64_t seed = run_seed();
  Random random(seed);
  std::array<int, std::variant_size_v<decltype(Query::ask)>> by_kind{}, members_by_kind{};
  int with_breakdown = 0, later_pages = 0;
  for (int round = 0; round < 120; ++round) {
    const Stream stream = random_stream(random, random_knobs(random));
    EngineSetup setup;
    setup.partition_count = random.pick(std::vector<std::uint32_t>{1, 2, 8, 64});
    const auto engine = TestEngine::open(stream.settings, setup);
    ASSERT_TRUE(engine.ok()) << engine.status().to_string();
    for (const auto& [name, segment] : stream.saved) {
      ASSERT_TRUE((*engine)->save_segment(name, segment).ok());
    }
    ASSERT_TRUE((*engine)->ingest(stream.events).ok());
    std::vector<Answered> answered;
    const auto ask = [&](const Query& query) {
      Result<QueryResult> result = (*engine)->query(query);
      if (result.ok()) answered.push_back({query, *std::move(result)});
      return result.ok();
    };
    for (int i = 0; i < 12; ++i) {
      const bool of_history =
          stream.settings.history && !stream.events.empty() && random.chance(40);
      const Query query =
          of_history ? random_history_question(random, stream) : random_query(random, stream);
      if (!ask(query)) continue;
      ++by_kind[query.ask.index()];
      with_breakdown += !query.common.breakdown.empty();
      std::optional<Query> page = ask_for_members(query, answered.back().result, random);
      if (!page || !ask(*page)) continue;
      ++members_by_kind[query.ask.index()];
      if (const std::optional<std::string> next = answered.back().result.next) {
        page->common.members->after = *next;
        later_pages += ask(*page);
      }
    }
    auto store = (*engine)->close();
    ASSERT_TRUE(store.ok()) << store.status().to_string();
    const auto split = SplitStore::open(*std::move(store));
    ASSERT_TRUE(split.ok()) << split.status().to_string();
    for (const Answered& expected : answered) {
      SCOPED_TRACE(::testing::Message() << "ROLLCALL_SEED=" << seed << " " << to_string(setup)
                                        << " " << to_json(expected.query));
      const Result<QueryResult> found = (*split)->query(expected.query, random);
      ASSERT_TRUE(found.ok()) << found.status().to_string();
      ASSERT_EQ(to_text(*found), to_text(expected.result));
      ASSERT_EQ(found->definition, expected.result.definition);
      if (HasFailure()) return;
    }
  }
  for (const int count : by_kind) EXPECT_GT(count, 20);
  for (const int count : members_by_kind) EXPECT_GT(count, 5);
  EXPECT_GT(with_breakdown, 50);
  EXPECT_GT(later_pages, 20);
}

}  // namespace
}  // namespace rollcall::testing
