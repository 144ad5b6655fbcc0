// This tests what a campaign's users did after it: against a recount event by event, for random
// audiences of random streams, and in what it refuses.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "rollcall/audience.h"
#include "rollcall/query.h"
#include "tests/support/event_generator.h"
#include "tests/support/naive_members.h"
#include "tests/support/naive_scope.h"
#include "tests/support/naive_statistics.h"
#include "tests/support/naive_table.h"
#include "tests/support/query_generator.h"
#include "tests/support/random.h"
#include "tests/support/random_case.h"
#include "tests/support/result_text.h"
#include "tests/support/run_size.h"
#include "tests/support/test_engine.h"

namespace rollcall::testing {
namespace {

constexpr TimeUs kHorizonDay = TimeUs{86'400} * 1'000'000;
constexpr const char* kArmNames[] = {"contacted", "holdout"};

using UserSet = std::set<NaiveUser>;
// By class; the arms are those to be contacted, and those held out.
using ArmsByClass = std::map<std::string, std::array<UserSet, 2>>;

struct FrozenRun {
  std::string name;
  TimeUs at = 0;
  std::vector<std::string> classes;  // in the order of the audience
  ArmsByClass arms;
};

Cell number_cell(const std::optional<long double>& number) {
  return number ? Cell(static_cast<double>(*number)) : Cell();
}

// Recounts the answer.
class Recount {
 public:
  Recount(const ResponseQuery& ask, const NaiveScope& scope, std::vector<FrozenRun> runs)
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
        for (UserSet& users : arms) {
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
    UserSet seen;
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      if (run && *run != i) continue;
      if (!run && is_over(0, horizon) && !is_over(i, horizon)) continue;
      UserSet of_run;
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
      UserSet found;
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
    row.emplace_back(Cell(std::string(kArmNames[arm])));
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
    row.emplace_back(number_cell(estimate.value));
    row.emplace_back(number_cell(estimate.low));
    row.emplace_back(number_cell(estimate.high));
    row.emplace_back(number_cell(estimate.p));
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

// Returns who is in a part of a run, as the engine lists them.
UserSet listed(const TestEngine& engine, const NaiveData& data, const std::string& campaign,
               const std::string& run, const std::string& name, std::size_t arm) {
  Segment segment;
  segment.kind = Segment::Kind::kAudience;
  segment.name = campaign;
  segment.audience.run = run;
  segment.audience.class_name = name;
  segment.audience.arm =
      arm == 0 ? Segment::AudiencePart::Arm::kContacted : Segment::AudiencePart::Arm::kHoldout;
  Query query;
  query.ask = SegmentQuery{segment};
  query.common.members.emplace();
  const Result<QueryResult> answer = engine.query(query);
  EXPECT_TRUE(answer.ok()) << answer.status().to_string();
  UserSet users;
  if (!answer.ok()) return users;
  for (const std::vector<Cell>& row : answer->rows) {
    const UserId id = *read_id(cell_text(row[0]), data.settings.user_kind);
    users.insert(data.numbers.at(id));
  }
  return users;
}

struct RandomCampaign {
  ResponseQuery ask;
  std::vector<FrozenRun> runs;
};

// Freezes runs of a campaign at instants of the stream.
RandomCampaign freeze_some(Random& random, const Stream& stream, const NaiveData& data,
                           TestEngine& engine) {
  RandomCampaign campaign;
  campaign.ask.campaign = "campaign";
  const std::size_t run_count = 1 + random.below(3);
  for (std::size_t i = 0; i < run_count; ++i) {
    FrozenRun run;
    run.name = run_count == 1 && random.chance(50) ? "" : "run " + std::to_string(i);
    const NaiveEvent& some = random.pick(stream.events);
    run.at = some.time - (some.time % 1'000'000 + 1'000'000) % 1'000'000;
    if (random.chance(10)) run.at += 400 * kHorizonDay;
    AudienceRequest request;
    request.name = {"campaign", run.name};
    request.users = random_segment(random, stream, 2);
    if (random.chance(50)) request.classes.push_back({"b", random_segment(random, stream, 2)});
    if (random.chance(30)) request.classes.push_back({"a", random_segment(random, stream, 2)});
    request.holdout = random.chance(80) ? "0.4" : "0";
    request.draw = "draw";
    const Result<AudienceInfo> info = engine.engine().freeze(request);
    if (!info.ok()) continue;
    for (const AudienceInfo::Class& part : info->classes) {
      run.classes.push_back(part.name);
      for (std::size_t arm = 0; arm < 2; ++arm) {
        run.arms[part.name][arm] = listed(engine, data, "campaign", run.name, part.name, arm);
      }
    }
    campaign.ask.runs.push_back({run.name, AsOf(run.at)});
    campaign.runs.push_back(std::move(run));
  }
  campaign.ask.horizons = {random.between(1, 2)};
  while (random.chance(60)) {
    campaign.ask.horizons.push_back(campaign.ask.horizons.back() + random.between(1, 9));
  }
  const auto some_event = [&] {
    Selector selector;
    if (random.chance(30)) return selector;
    selector.match = Selector::Names::kAnyOf;
    selector.names = {random.pick(stream.events).event};
    return selector;
  };
  campaign.ask.returned = some_event();
  if (random.chance(60)) campaign.ask.converted = some_event();
  if (random.chance(50)) campaign.ask.contact = some_event();
  if (random.chance(70)) campaign.ask.cost_per_contact = "1.25";
  return campaign;
}

TEST(Response, EngineAndRecountAgree) {
  const std::uint64_t seed = run_size("ROLLCALL_SEED", 0xca11);
  const std::uint64_t rounds = run_size("ROLLCALL_RANDOM_PAIRS", 200);
  std::cout << "ROLLCALL_SEED=" << seed << " ROLLCALL_RANDOM_PAIRS=" << rounds << std::endl;
  Random random(seed);
  std::uint64_t with_uplift = 0, with_members = 0, with_runs = 0;
  for (std::uint64_t round = 0; round < rounds; ++round) {
    StreamKnobs knobs = random_knobs(random);
    knobs.users = 4 + random.below(40);
    knobs.settings.history = true;
    knobs.extreme_amounts = false;
    Stream stream = random_stream(random, knobs);
    stream.settings.history = true;
    if (stream.events.empty()) continue;
    const EngineSetup setup = random_setup(random);
    SCOPED_TRACE(::testing::Message() << "round " << round << ": " << to_string(setup));
    const auto engine = *TestEngine::open(stream.settings, setup);
    for (const auto& [name, segment] : stream.saved) {
      ASSERT_TRUE(engine->save_segment(name, segment).ok());
    }
    NaiveData data(stream.settings);
    for (const NaiveEvent& event : stream.events) data.add(event);
    ASSERT_TRUE(engine->ingest(stream.events).ok());
    const RandomCampaign campaign = freeze_some(random, stream, data, *engine);
    if (campaign.runs.empty()) continue;
    if (random.chance(30)) {
      ASSERT_TRUE(engine->reopen().ok());
    }
    Query query;
    query.ask = campaign.ask;
    if (random.chance(30)) query.common.as_of = random.pick(stream.events).time;
    SCOPED_TRACE(to_json(query));
    NaiveScope scope{
        .data = data, .now = *resolve_now(data, query.common.as_of), .where = {}, .among = {}};
    const NaiveTable expected = Recount(campaign.ask, scope, campaign.runs).table();
    const Result<QueryResult> found = engine->query(query);
    ASSERT_TRUE(found.ok()) << found.status().to_string();
    QueryResult counted_table = counted(expected);
    counted_table.kind = "response";
    counted_table.as_of = found->as_of;
    ASSERT_EQ(first_difference(*found, counted_table), "") << to_text(*found) << "expected:\n"
                                                           << to_text(counted_table);
    with_runs += campaign.runs.size() > 1;
    for (const std::vector<Cell>& row : found->rows) {
      with_uplift += row[row.size() - 4] != Cell();
    }
    if (found->rows.empty()) continue;
    const std::optional<CountCell> cell = random_cell(random, *found);
    if (!cell) continue;
    query.common.members = cell->members;
    const Result<QueryResult> users = engine->query(query);
    const Result<QueryResult> expected_users = members_of(expected, cell->members, data);
    ASSERT_TRUE(users.ok() && expected_users.ok()) << users.status().to_string();
    ASSERT_EQ(users->rows.size(), cell->count);
    EXPECT_EQ(users->rows, expected_users->rows);
    with_members += cell->count > 1;
  }
  EXPECT_GT(with_uplift, rounds / 4);
  EXPECT_GT(with_members, rounds / 10);
  EXPECT_GT(with_runs, rounds / 4);
}

}  // namespace
}  // namespace rollcall::testing
