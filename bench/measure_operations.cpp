// This measures what people do with a store whose users they know: the report of a campaign, and a
// check of many alerts.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "bench/history_floor.h"
#include "bench/history_truth.h"
#include "bench/measures.h"
#include "bench/questions.h"
#include "bench/scratch_store.h"
#include "rollcall/alert_check.h"
#include "rollcall/campaign.h"
#include "rollcall/query.h"

namespace rollcall::bench {
namespace {

constexpr std::array<std::int32_t, 5> kHorizons = {1, 3, 7, 14, 30};
constexpr const char* kCampaign = "win back";

// Returns whom a campaign is for: every so many-th of the users who were seen, but not in the week
// before `end`.
std::vector<UserId> users_to_contact(const HistoryFloor& history, TimeUs end) {
  constexpr std::size_t kUsers = 100'000;
  std::vector<UserId> silent;
  for (std::size_t user = 0; user < history.user_count(); ++user) {
    const std::span<const TimeUs> times = history.events_of(user).times;
    const auto after = std::ranges::lower_bound(times, end);
    if (after != times.begin() && *std::prev(after) < end - 7 * kDayUs) {
      silent.emplace_back(std::uint64_t{user});
    }
  }
  const std::size_t apart = std::max<std::size_t>(1, silent.size() / kUsers);
  std::vector<UserId> users;
  for (std::size_t i = 0; i < silent.size() && users.size() < kUsers; i += apart) {
    users.push_back(silent[i]);
  }
  return users;
}

// Counts, for each horizon, the users, those who came and those who bought.
Counts response_truth(const HistoryFloor& history, const std::vector<UserId>& users, TimeUs begin) {
  constexpr std::size_t kColumns = 3;
  Counts counts(kColumns * kHorizons.size());
  for (const UserId& user : users) {
    const auto events = history.events_of(std::get<std::uint64_t>(user));
    for (std::size_t horizon = 0; horizon < kHorizons.size(); ++horizon) {
      bool came = false, bought = false;
      for (std::size_t i = 0; i < events.size(); ++i) {
        const bool is_within =
            events.times[i] >= begin && events.times[i] < begin + kHorizons[horizon] * kDayUs;
        came = came || is_within;
        bought = bought || (is_within && events.names[i] == kPurchase);
      }
      std::uint64_t* const row = &counts[kColumns * horizon];
      ++row[0];
      row[1] += came ? 1U : 0U;
      row[2] += bought ? 1U : 0U;
    }
  }
  return counts;
}

// Sums up the two arms of a report, whose rows are those of one arm and then those of the other.
Counts both_arms(const QueryResult& report) {
  const Counts by_arm = counts_of(report, {"users", "returned", "converted"});
  const std::size_t half = by_arm.size() / 2;
  Counts counts(by_arm.begin(), by_arm.begin() + static_cast<std::ptrdiff_t>(half));
  for (std::size_t i = 0; i < half; ++i) counts[i] += by_arm[half + i];
  return counts;
}

void add_times(Session& session, const std::string& name, const std::function<void()>& work,
               std::vector<std::pair<std::string, std::string>> facts) {
  std::vector<double> ms;
  for (int turn = 0; turn < session.options().repeat; ++turn) {
    ms.push_back(1e3 * seconds_of(work));
  }
  session.report().add({name, "ms", Better::kLower, ms, std::move(facts)});
}

void start_campaign(Session& session, Engine& engine, const std::vector<UserId>& users,
                    std::int32_t contact_day) {
  must(engine.save_segment("chosen", users));
  const Campaign campaign = must(parse_campaign(
      kCampaign, fmt::format(R"({{"audience": {{"segment": "chosen"}}, "at": "{}", )"
                             R"("converted": "purchase", "cost_per_contact": "0.05"}})",
                             to_string(session.options().workload.first_day + contact_day))));
  must(create_campaigns(engine, {&campaign, 1}));
}

// Keeps 100 alerts, on every event name: active users and totals of each day, active users of a
// week, churn and stages of life.
void keep_alerts(Engine& engine, const std::string& directory) {
  constexpr std::array<const char*, 5> kQuestions = {
      R"({{"kind": "active", "event": "{}", "last": "30d"}}|users)",
      R"({{"kind": "counts", "event": "{}", "last": "30d"}}|events)",
      R"({{"kind": "active", "event": "{}", "window_days": 7, "last": "30d"}}|users)",
      R"({{"kind": "churn", "event": "{}", "rule": {{"gap_days": 7}}, "last": "30d"}}|churned)",
      R"({{"kind": "lifecycle", "event": "{}", "last": "30d"}}|resurrecting)"};
  constexpr std::size_t kAlerts = 100;
  for (std::size_t i = 0; i < kAlerts; ++i) {
    const std::string text = fmt::format(fmt::runtime(kQuestions[i % kQuestions.size()]),
                                         kEventNameList[i % kEventNames]);
    const std::size_t bar = text.find('|');
    must(
        create_alert(engine, directory, fmt::format("alert {}", i),
                     fmt::format(R"({{"query": {}, "column": "{}", "condition": {{"below": {}}}}})",
                                 text.substr(0, bar), text.substr(bar + 1), i),
                     OnSameName::kRefuse));
  }
}

}  // namespace

void measure_operations(Session& session) {
  session.report().now("operations: making the store");
  const WorkloadWOptions& workload = session.options().workload;
  const std::int32_t contact_day = workload.days / 2 - 1;
  const TimeUs begin = (std::int64_t{workload.first_day.value} + contact_day + 1) * kDayUs;
  const HistoryFloor history(session);
  const std::vector<UserId> users = users_to_contact(history, begin);
  const Counts expected = response_truth(history, users, begin);

  const auto options = [&](unsigned threads) {
    EngineOptions with_history = session.engine_options(IdKind::kDense, threads);
    with_history.settings->history = true;
    return with_history;
  };
  const ScratchStore store(session);
  const std::string log = session.options().directory + "/alerts";
  std::filesystem::create_directory(log);
  {
    const auto engine = store.open(options(0));
    session.ingest(*engine, IdKind::kDense);
    start_campaign(session, *engine, users, contact_day);
    keep_alerts(*engine, log);
    must(engine->close());
  }
  for (const unsigned threads : session.thread_counts()) {
    const auto engine = store.open(options(threads));
    std::string name = fmt::format("operations/campaign_report/threads:{}", threads);
    session.report().now(name);
    const auto report = [&] {
      return must(engine->query(must(report_question(*engine, kCampaign))));
    };
    must_equal_counts(name, both_arms(report()), expected);
    add_times(session, name, [&] { report(); }, {{"users", std::to_string(users.size())}});

    name = fmt::format("operations/alert_check/threads:{}", threads);
    session.report().now(name);
    const auto check = [&] {
      const std::vector<CheckedAlert> checked = must(check_alerts(*engine, log, {}));
      for (const CheckedAlert& alert : checked) must(alert.question);
      return checked.size();
    };
    must_equal(name, check(), std::uint64_t{100});
    add_times(session, name, [&] { check(); }, {});
  }
  std::filesystem::remove_all(log);
}

}  // namespace rollcall::bench
