#include "tests/support/naive_response.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "rollcall/engine.h"
#include "tests/support/naive_members.h"
#include "tests/support/naive_statistics.h"
#include "tests/support/result_text.h"

namespace rollcall::testing {
namespace {

constexpr TimeUs kHorizonDay = TimeUs{86'400} * 1'000'000;
constexpr const char* kArmsOfRuns[] = {"contacted", "holdout"};

using ArmsByClass = std::map<std::string, std::array<std::set<NaiveUser>, 2>>;

struct FrozenRun {
  std::string name;
  TimeUs at = 0;
  std::vector<std::string> classes;  // in the order of the audience
  ArmsByClass arms;
};

Cell number_or_null(const std::optional<long double>& number) {
  return number ? Cell(static_cast<double>(*number)) : Cell();
}

// Recounts the answer.
class ResponseRecount {
 public:
  ResponseRecount(const ResponseQuery& ask, const NaiveScope& scope, std::vector<FrozenRun> runs)
      : ask_(ask), scope_(scope), runs_(std::move(runs)) {
    const TimeUs known = scope.now.time;
    std::erase_if(runs_, [&](const FrozenRun& run) { return run.at > known; });
    for (const FrozenRun& run : runs_) {
      for (const std::string& name : run.classes) {
        const bool is_new = std::ranges::find(classes_, name) == classes_.end();
        if (is_new && name != "other") classes_.push_back(name);
      }
    }
    std::ranges::stable_sort(runs_, {}, &FrozenRun::at);
    for (FrozenRun& run : runs_) {
      for (auto& [name, arms] : run.arms) {
        for (std::set<NaiveUser>& users : arms) {
          std::erase_if(
              users, [&](NaiveUser user) { return scope.among && !scope.among->contains(user); });
        }
      }
    }
  }

  NaiveTable table() {
    NaiveTable table;
    const bool has_runs = ask_.runs.size() > 1 || !ask_.runs[0].name.empty();
    if (has_runs) table.columns.push_back({"run", ColumnType::kString});
    table.columns.push_back({"class", ColumnType::kString});
    table.columns.push_back({"arm", ColumnType::kString});
    table.columns.push_back({"horizon", ColumnType::kInt});
    for (const auto& [name, type] :
         std::vector<std::pair<std::string, ColumnType>>{{"users", ColumnType::kCount},
                                                         {"reached", ColumnType::kCount},
                                                         {"returned", ColumnType::kCount},
                                                         {"return_rate", ColumnType::kRatio},
                                                         {"converted", ColumnType::kCount},
                                                         {"conversion_rate", ColumnType::kRatio},
                                                         {"value", ColumnType::kDecimal},
                                                         {"value_per_user", ColumnType::kRatio},
                                                         {"cost", ColumnType::kDecimal},
                                                         {"cost_per_returned", ColumnType::kRatio},
                                                         {"uplift", ColumnType::kRatio},
                                                         {"low", ColumnType::kRatio},
                                                         {"high", ColumnType::kRatio},
                                                         {"p", ColumnType::kRatio},
                                                         {"cost_per_extra", ColumnType::kRatio},
                                                         {"complete", ColumnType::kBool}}) {
      table.columns.push_back({name, type});
    }
    table.keys = {"class", "arm", "horizon"};
    if (has_runs) table.keys.insert(table.keys.begin(), "run");
    if (runs_.empty()) return table;
    std::vector<std::optional<std::size_t>> shown;
    for (std::size_t run = 0; run < runs_.size(); ++run) shown.emplace_back(run);
    if (has_runs) shown.emplace_back(std::nullopt);
    std::vector<std::optional<std::string>> names(classes_.begin(), classes_.end());
    if (!names.empty()) names.emplace_back("other");
    names.emplace_back(std::nullopt);
    for (const std::optional<std::size_t>& run : shown) {
      for (const std::optional<std::string>& name : names) {
        for (std::size_t arm = 0; arm < 2; ++arm) {
          for (const std::int32_t horizon : ask_.horizons) {
            add_row(run, name, arm, horizon, has_runs, table);
          }
        }
      }
    }
    return table;
  }

 private:
  struct Counted {
    Users users, reached, returned, converted;
    AmountSum value = 0;
  };

  bool is_over(std::size_t run, std::int32_t horizon) const {
    return runs_[run].at + horizon * kHorizonDay <= scope_.now.time;
  }

  // The users of a row, each with the run whose time counts.
  std::map<NaiveUser, std::size_t> users_of_row(const std::optional<std::size_t>& run,
                                                const std::optional<std::string>& name,
                                                std::size_t arm, std::int32_t horizon) const {
    std::map<NaiveUser, std::size_t> users;
    std::set<NaiveUser> seen;
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      if (run && *run != i) continue;
      if (!run && is_over(0, horizon) && !is_over(i, horizon)) continue;
      std::set<NaiveUser> of_run;
      for (const auto& [class_name, arms] : runs_[i].arms) {
        for (std::size_t j = 0; j < 2; ++j) of_run.insert(arms[j].begin(), arms[j].end());
        if (name && *name != class_name) continue;
        for (const NaiveUser user : arms[arm]) {
          if (!seen.contains(user)) users.emplace(user, i);
        }
      }
      seen.insert(of_run.begin(), of_run.end());
    }
    return users;
  }

  Counted count(const std::map<NaiveUser, std::size_t>& users, std::int32_t horizon) const {
    Counted counted;
    for (const auto& [user, run] : users) counted.users.push_back(user);
    // The second of the contact itself is known when the audience is frozen.
    const auto counts = [&](std::size_t place) {
      const auto user = users.find(scope_.data.user_of[place]);
      if (user == users.end()) return false;
      const TimeUs begin = runs_[user->second].at + 1'000'000;
      const TimeUs time = scope_.data.events[place].time;
      return begin <= time && time < begin + horizon * kHorizonDay;
    };
    const auto who_did = [&](const Selector& selector) {
      std::set<NaiveUser> found;
      for (const std::size_t place : scope_.events(selector)) {
        if (counts(place)) found.insert(scope_.data.user_of[place]);
      }
      return Users(found.begin(), found.end());
    };
    counted.returned = who_did(ask_.returned);
    if (ask_.contact) counted.reached = who_did(*ask_.contact);
    if (ask_.converted) counted.converted = who_did(*ask_.converted);
    for (const std::size_t place : scope_.events({})) {
      if (counts(place)) counted.value += scope_.data.events[place].value.value_or(0);
    }
    return counted;
  }

  void add_row(const std::optional<std::size_t>& run, const std::optional<std::string>& name,
               std::size_t arm, std::int32_t horizon, bool has_runs, NaiveTable& table) const {
    const bool complete = is_over(run.value_or(0), horizon);
    const Counted own = count(users_of_row(run, name, arm, horizon), horizon);
    const Counted other = count(users_of_row(run, name, 1 - arm, horizon), horizon);
    const std::uint32_t decimals = scope_.data.settings.value_decimals;
    std::vector<NaiveCell> row;
    if (has_runs) row.emplace_back(run ? Cell(runs_[*run].name) : Cell());
    row.emplace_back(name ? Cell(*name) : Cell());
    row.emplace_back(Cell(std::string(kArmsOfRuns[arm])));
    row.emplace_back(Cell(std::int64_t{horizon}));
    row.emplace_back(own.users);
    row.push_back(ask_.contact ? NaiveCell(own.reached) : NaiveCell(Cell()));
    row.emplace_back(own.returned);
    row.emplace_back(ratio(rollcall::testing::count(own.returned),
                           rollcall::testing::count(own.users), complete));
    row.push_back(ask_.converted ? NaiveCell(own.converted) : NaiveCell(Cell()));
    row.emplace_back(ask_.converted ? ratio(rollcall::testing::count(own.converted),
                                            rollcall::testing::count(own.users), complete)
                                    : Cell());
    row.emplace_back(Cell(decimal_text(own.value, decimals)));
    row.emplace_back(
        amount_per_user(own.value, decimals, rollcall::testing::count(own.users), complete));
    // Costs are of two decimals at most here.
    const bool has_cost = !ask_.cost_per_contact.empty();
    const std::int64_t contacts = ask_.contact ? rollcall::testing::count(own.reached)
                                  : arm == 0   ? rollcall::testing::count(own.users)
                                               : 0;
    const auto cost = static_cast<AmountSum>(
        has_cost ? contacts * std::llround(std::stod(ask_.cost_per_contact) * 100) : 0);
    row.emplace_back(has_cost ? Cell(decimal_text(cost, 2)) : Cell());
    row.emplace_back(
        has_cost ? amount_per_user(cost, 2, rollcall::testing::count(own.returned), complete)
                 : Cell());
    NaiveEstimate estimate;
    if (arm == 0 && complete) {
      const auto rate = [&](const Counted& counted) {
        return NaiveRate{
            rollcall::testing::count(ask_.converted ? counted.converted : counted.returned),
            rollcall::testing::count(counted.users)};
      };
      estimate = rate_difference_estimate(rate(own), rate(other));
    }
    row.emplace_back(number_or_null(estimate.value));
    row.emplace_back(number_or_null(estimate.low));
    row.emplace_back(number_or_null(estimate.high));
    row.emplace_back(number_or_null(estimate.p));
    const bool has_extra = has_cost && estimate.value && *estimate.value > 0;
    row.emplace_back(has_extra
                         ? Cell(static_cast<double>(
                               static_cast<long double>(cost) / 100 /
                               (*estimate.value * static_cast<long double>(own.users.size()))))
                         : Cell());
    row.emplace_back(Cell(complete));
    table.rows.push_back(std::move(row));
  }

  const ResponseQuery ask_;
  const NaiveScope& scope_;
  std::vector<FrozenRun> runs_;
  std::vector<std::string> classes_;
};

}  // namespace

Result<NaiveAudience> listed_audience(const Engine& engine, const AudienceInfo& audience,
                                      UserKind kind) {
  using Arm = Segment::AudiencePart::Arm;
  NaiveAudience listed;
  for (const AudienceInfo::Class& part : audience.classes) {
    listed.classes.push_back(part.name);
    for (const Arm arm : {Arm::kContacted, Arm::kHoldout}) {
      Segment segment;
      segment.kind = Segment::Kind::kAudience;
      segment.name = audience.name.campaign;
      segment.audience = {.run = audience.name.run, .class_name = part.name, .arm = arm};
      Query query;
      query.ask = SegmentQuery{segment};
      query.common.members.emplace();
      ROLLCALL_ASSIGN_OR_RETURN(const QueryResult answer, engine.query(query));
      for (const std::vector<Cell>& row : answer.rows) {
        ROLLCALL_ASSIGN_OR_RETURN(UserId id, read_id(cell_text(row[0]), kind));
        listed.arms[part.name][static_cast<std::size_t>(arm)].insert(std::move(id));
      }
    }
  }
  return listed;
}

Result<NaiveTable> response_table(const ResponseQuery& ask, const NaiveScope& scope) {
  const NaiveAudiences& audiences = scope.data.audiences;
  std::vector<FrozenRun> runs;
  for (const ResponseQuery::Run& asked : ask.runs) {
    const auto found = audiences.find({ask.campaign, asked.name});
    if (found == audiences.end()) return Status::invalid_argument("no such run: " + asked.name);
    FrozenRun run;
    run.name = asked.name;
    ROLLCALL_ASSIGN_OR_RETURN(const NaiveNow at, resolve_now(scope.data, asked.at));
    run.at = at.time;
    run.classes = found->second.classes;
    for (const auto& [name, arms] : found->second.arms) {
      for (std::size_t arm = 0; arm < arms.size(); ++arm) {
        for (const UserId& id : arms[arm]) {
          run.arms[name][arm].insert(scope.data.numbers.at(id));
        }
      }
    }
    runs.push_back(std::move(run));
  }
  return ResponseRecount(ask, scope, std::move(runs)).table();
}

}  // namespace rollcall::testing
