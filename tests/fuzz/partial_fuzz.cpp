// This fuzzes a partial answer to one of some questions, which the first byte chooses: the rest of
// the input is taken as it is, and between a head and a checksum that fit.

#include <xxhash.h>

#include <array>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/catalog/audience_table.h"
#include "core/query/kinds/kind_table.h"
#include "core/query/plan/partial.h"
#include "core/query/plan/plan.h"
#include "rollcall/kinds.h"
#include "rollcall/query.h"
#include "tests/fuzz/fuzz_target.h"

namespace rollcall::fuzz {
namespace {

constexpr std::size_t kHeadBytes = 8 + 1 + 8;  // magic, version, digest

// A store has this audience, which questions about responses need.
std::shared_ptr<const AudienceCatalog> one_audience() {
  AudienceTable table;
  Audience& audience = table.add({"win back", "first"});
  audience.as_of = "1970-01-01";
  audience.classes = {{.name = "lost"}};
  return std::make_shared<AudienceCatalog>(
      AudienceCatalog{std::make_shared<const AudienceTable>(std::move(table)), {}});
}

// The plans are of every kind, over three days, and pages of users.
class Tasks {
 public:
  Tasks() {
    catalog_.event_series(catalog_.intern_event("login"));
    PlanContext context{
        settings_, zone_, catalog_, DayRange{Day{0}, Day{2}}, zone_.last_second_of(Day{2}),
        segments_};
    context.audiences = one_audience();
    for (const std::string_view question : kQuestions) add_plan(question, context);
    for (const Members& page : pages_) {
      for (const UserKind kind : {UserKind::kInteger, UserKind::kString}) {
        tasks_.push_back({*plans_.front(), &page, kind, cells_});
      }
    }
    // The corpus knows the tasks above by their numbers.
    for (const std::string_view question : kQuestionsOfHistory) add_plan(question, context);
    for (const QueryKind& kind : query_kinds()) {
      require(kinds_.contains(kind.name), "no plan is of the kind " + std::string(kind.name));
    }
  }
  Tasks(const Tasks&) = delete;
  Tasks& operator=(const Tasks&) = delete;

  const PlanTask& of(unsigned choice) const { return tasks_[choice % tasks_.size()]; }

 private:
  static constexpr std::string_view kQuestions[] = {
      R"({"kind": "active", "ratio_to_window": 2})",
      R"({"kind": "active", "event": "login"})",
      R"({"kind": "counts"})",
      R"({"kind": "counts", "period": "hour"})",
      R"q({"kind": "counts", "among": "did(login)"})q",
      R"({"kind": "retention", "periods": 2, "summary": "mean"})",
      R"({"kind": "retention", "periods": 2, "summary": "mean", "measure": "value"})",
      R"({"kind": "churn", "rule": {"gap_days": 1}})",
      R"({"kind": "idle"})",
      R"({"kind": "lifecycle"})",
      R"({"kind": "stickiness"})",
      R"({"kind": "stickiness", "window_days": 2, "per": "day"})",
      R"q({"kind": "segment", "segment": "did(login)"})q",
      R"({"kind": "rfm", "frequency": "days"})",
      R"({"kind": "rfm_users", "frequency": "days", "limit": 2, "scores": {"recency":
          [0, 1, 2, 3], "frequency": [1, 2, 3, 4], "monetary": [-1, 0, 1, 2]}})",
  };
  static constexpr std::string_view kQuestionsOfHistory[] = {
      R"({"kind": "funnel", "steps": ["login", "login"], "period": "day", "total_seconds": true})",
      R"({"kind": "clock", "then": "login"})",
      R"({"kind": "paths", "event": "login", "depth": 2})",
      R"({"kind": "at_risk", "period": "day"})",
      R"({"kind": "nps", "event": "login"})",
      R"({"kind": "adoption", "features": ["login"]})",
      R"({"kind": "aha", "cohort_event": "login", "within": "1d", "from_day": 2, "to_day": 2})",
      R"({"kind": "ltv", "horizons": [0, 1], "cost": {"per_user": "1.5"}})",
      R"q({"kind": "compare", "from": "1970-01-01", "variants": {"a": "did(login)",
           "b": "not did(login)"}, "metric": {"window": [0, 1]}})q",
      R"q({"kind": "compare", "from": "1970-01-01", "variants": {"a": "did(login)",
           "b": "not did(login)"}, "metric": {"value": "login", "within": "1d"}})q",
      R"({"kind": "profile", "user": "5", "rfm": true})",
      R"({"kind": "profile", "user": "5", "year": 1970})",
      R"({"kind": "streaks"})",
      R"({"kind": "milestones", "at": [1, 2]})",
      R"({"kind": "response", "campaign": "win back", "runs": {"first": "1970-01-01"},
          "horizons": [1, 2]})",
  };

  void add_plan(std::string_view question, const PlanContext& context) {
    const Result<Query> query = parse_query(question, settings_.time_zone);
    require(query.ok(), query.status().to_string());
    kinds_.insert(kind_of(*query));
    Result<std::unique_ptr<Plan>> plan = make_plan(*query, context);
    require(plan.ok(), plan.status().to_string());
    plans_.push_back(*std::move(plan));
    const Plan& added = *plans_.back();
    if (added.page() == nullptr) {
      tasks_.push_back({added});
      return;
    }
    for (const UserKind kind : {UserKind::kInteger, UserKind::kString}) {
      tasks_.push_back({added, added.page(), kind, cells_});
    }
  }

  const StoreSettings settings_;
  const TimeZone zone_;
  SeriesCatalog catalog_{settings_};
  const SegmentCatalog segments_;
  const std::array<Members, 2> pages_ = {Members{}, Members{{}, {}, 2, "5"}};
  const std::vector<std::size_t> cells_ = {0};
  std::vector<std::unique_ptr<Plan>> plans_;
  std::vector<PlanTask> tasks_;
  std::set<std::string_view> kinds_;
};

std::string sealed(const PlanTask& task, std::string_view body) {
  std::string bytes = Partial::of_nobody(task).serialize(task).substr(0, kHeadBytes);
  bytes += body;
  const std::uint64_t checksum = XXH3_64bits(bytes.data(), bytes.size());
  bytes.append(reinterpret_cast<const char*>(&checksum), sizeof checksum);
  return bytes;
}

// What is read merges and becomes a table, whatever its numbers are.
void check_use(Partial partial, const PlanTask& task) {
  const std::string bytes = partial.serialize(task);
  require(partial.validate(task).ok(), "what was read is not valid");
  require(partial.merge(Partial::of_nobody(task)).ok(), "nobody cannot be merged");
  require(partial.serialize(task) == bytes, "nobody changes an answer");
  const bool has_partitions = partial.partitions.any();
  Result<Partial> again = Partial::deserialize(bytes, task);
  require(again.ok(), again.status().to_string());
  require(partial.merge(*std::move(again)).ok() != has_partitions, "partitions count twice");
  if (task.members == nullptr) {
    try {
      (void)task.plan.next(partial);
      require(task.plan.finish(partial).kind == task.plan.heading().kind, "the table is another");
    } catch (const QuestionFailure& failure) {
      const StatusCode code = failure.status().code();
      require(code == StatusCode::kCorruption || code == StatusCode::kNotFound,
              failure.status().to_string());
    }
  } else {
    if (task.plan.page() != nullptr) (void)task.plan.finish(partial);
    const std::size_t rows = partial.users->list({}).rows.size();
    require(rows <= task.members->limit.value_or(rows), "the page is too long");
  }
}

void check(std::string_view bytes, const PlanTask& task) {
  QuestionBudget budget(std::size_t{1} << 20);
  const QueryLimits limits;
  QuestionAccount account(budget, limits);
  {
    Result<Partial> partial = Partial::deserialize(bytes, task, &account);
    if (partial.ok()) {
      require_stable(
          *partial, [&](const Partial& value) { return value.serialize(task); },
          [&](const std::string& text) { return Partial::deserialize(text, task); });
      check_use(*std::move(partial), task);
    } else {
      const StatusCode code = partial.status().code();
      require(code == StatusCode::kCorruption || code == StatusCode::kUnsupported ||
                  code == StatusCode::kInvalidArgument,
              partial.status().to_string());
      require(budget.taken() == 0, "what was not read keeps memory");
    }
  }
}

}  // namespace
}  // namespace rollcall::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rollcall;
  static const fuzz::Tasks tasks;
  std::string_view input = fuzz::as_text(data, size);
  const PlanTask& task = tasks.of(fuzz::take_choice(input));
  fuzz::check(input, task);
  fuzz::check(fuzz::sealed(task, input), task);
  return 0;
}
