// The partitions of a closed store, which answer in groups, as machines would that hold some of
// them each.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/workers.h"
#include "core/catalog/audience_table.h"
#include "core/catalog/manifest.h"
#include "core/catalog/store_tables.h"
#include "core/engine/query_executor.h"
#include "core/partition/partition.h"
#include "core/query/kinds/kind_table.h"
#include "core/query/question/question.h"
#include "core/time/time_zone.h"
#include "rollcall/store.h"
#include "tests/core/query/random_merge.h"
#include "tests/support/random.h"

namespace rollcall::testing {

// What a closed engine left in its store: partitions, and what questions are planned against.
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
    ROLLCALL_ASSIGN_OR_RETURN(const Question question, Question::make(query, context(account)));
    GroupRunner runner(*this, question.reads(), account, random);
    return question.answer(runner);
  }
  // The same with the plan that `make_plan` makes of a question without a breakdown.
  template <class MakePlan>
  Result<QueryResult> query(const Query& query, MakePlan make_plan, Random& random) {
    QuestionAccount account(budget_, limits_);
    ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Plan> plan,
                              make_plan(query, planning_context(query, context(account))));
    GroupRunner runner(*this, plan->reads(), account, random);
    ROLLCALL_ASSIGN_OR_RETURN(const Partial counts, runner.run({*plan}));
    return plan->finish(counts);
  }

 private:
  // The partitions of one machine.
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
        ROLLCALL_RETURN_IF_ERROR(
            partition->load_for(reads_, store_.manifest_.settings.partition_count, *store_.view_));
        for (std::size_t i = 0; i < reads_.totals.size(); ++i) {
          ROLLCALL_RETURN_IF_ERROR(partition->load_days(reads_.totals[i].days, *store_.view_));
          const std::vector<PinnedTotal> totals = partition->totals(reads_.totals[i], account_);
          pinned.totals[i].insert(pinned.totals[i].end(), totals.begin(), totals.end());
        }
        pinned.partitions.push_back(
            partition->pin(reads_, store_.manifest_.settings.partition_count, 0, account_));
      }
      return pinned;
    }

    Result<Partial> answer_of(const Group& group, const PlanTask& task) {
      ROLLCALL_ASSIGN_OR_RETURN(PinnedReads pinned, pin(group));
      QueryExecutor executor(pinned, *store_.view_, store_.workers_, /*kept_bytes_max=*/1 << 20,
                             account_);
      if (task.members == nullptr) {
        Partial counts = executor.count(task.plan);
        for (UserOutcomes& outcomes : counts.outcomes) {
          ROLLCALL_RETURN_IF_ERROR(hash_users(group, outcomes.without));
          ROLLCALL_RETURN_IF_ERROR(hash_users(group, outcomes.with));
        }
        return counts;
      }
      Partial partial = executor.of_nobody(task);
      const std::vector<std::vector<std::uint32_t>> ordinals =
          executor.members(task.plan, task.cells);
      for (std::size_t i = 0; i < group.size(); ++i) {
        ROLLCALL_RETURN_IF_ERROR(group[i]->load_users(*store_.view_));
        for (const std::uint32_t ordinal : ordinals[i]) {
          partial.users->add(group[i]->users().user(ordinal), QueryExecutor::place_of(i, ordinal));
        }
      }
      executor.tell(task.plan, *partial.users);
      return partial;
    }

    // Replaces where users are by the hashes of their ids, as an engine does.
    Status hash_users(const Group& group, std::vector<std::uint64_t>& users) {
      for (std::uint64_t& user : users) {
        Partition& partition = *group[static_cast<std::size_t>(user >> 32)];
        ROLLCALL_RETURN_IF_ERROR(partition.load_users(*store_.view_));
        user = partition.users().hash_of(static_cast<std::uint32_t>(user));
      }
      return {};
    }

    SplitStore& store_;
    ReadSet reads_;
    QuestionAccount& account_;
    Random& random_;
    std::vector<Group> groups_;
  };

  explicit SplitStore(std::unique_ptr<Store> store) : store_(std::move(store)) {}

  PlanContext context(QuestionAccount& account) const {
    PlanContext context{manifest_.settings,    zone_,     *catalog_, manifest_.days,
                        manifest_.known_until, segments_, nullptr,   &account};
    context.audiences = audiences_;
    return context;
  }

  Status load() {
    ROLLCALL_ASSIGN_OR_RETURN(const std::optional<LastCommit> last, store_->last_commit());
    if (!last) return Status::not_found("the engine left no commit");
    ROLLCALL_ASSIGN_OR_RETURN(manifest_, Manifest::deserialize(last->manifest));
    ROLLCALL_ASSIGN_OR_RETURN(zone_, TimeZone::find(manifest_.settings.time_zone));
    ROLLCALL_ASSIGN_OR_RETURN(view_, store_->view());
    ROLLCALL_ASSIGN_OR_RETURN(const StoreTables tables, read_tables(*view_, manifest_));
    catalog_ = tables.catalog;
    manifest_.settings.kept_properties = catalog_->kept_properties();
    segments_.saved = tables.segments.saved();
    audiences_ = std::make_shared<const AudienceCatalog>(AudienceCatalog{tables.audiences, {}});
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
  std::shared_ptr<const SeriesCatalog> catalog_;
  SegmentCatalog segments_;
  std::shared_ptr<const AudienceCatalog> audiences_;
  std::vector<Partition> partitions_;
  Workers workers_{2};
  QuestionBudget budget_{std::size_t{1} << 30};
  const QueryLimits limits_;
};

}  // namespace rollcall::testing
