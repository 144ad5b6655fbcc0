// This measures what keeping every event costs, and what questions that need it take: funnels
// beside the least that they could take, and reading the blocks alone.
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/history_floor.h"
#include "bench/history_scan.h"
#include "bench/history_truth.h"
#include "bench/measures.h"
#include "bench/questions.h"
#include "bench/scratch_store.h"
#include "rollcall/query.h"

namespace rollcall::bench {
namespace {

using FunnelTruth = std::function<Counts(const HistoryFloor&, const FunnelSteps&)>;

struct FunnelCase {
  const char* name;
  std::vector<std::uint32_t> steps;  // places in kEventNameList
  TimeUs window_us;
  const char* rest;  // further fields, as JSON; a funnel with some has no floor
  FunnelTruth truth;
  bool ties_matter = false;  // the truth is known only if no user has two events of one time
};

const std::vector<FunnelCase>& funnel_cases() {
  static const std::vector<FunnelCase> kCases = {
      {"3_steps_7d", {0, 3, 5}, 7 * kDayUs, "", funnel_truth},
      {"3_steps_1h", {0, 3, 5}, kHourUs, "", funnel_truth},
      {"5_steps_30d", {0, 1, 2, 3, 5}, 30 * kDayUs, "", funnel_truth},
      {"3_steps_any", {0, 3, 5}, 7 * kDayUs, R"(, "order": "any")", any_funnel_truth},
      {"3_steps_strict",
       {0, 3, 5},
       7 * kDayUs,
       R"(, "order": "strict")",
       strict_funnel_truth,
       true},
      {"3_steps_exclusion",
       {0, 3, 5},
       7 * kDayUs,
       R"(, "exclusions": [{"event": "refund", "from_step": 1, "to_step": 3}])",
       [](const HistoryFloor& history, const FunnelSteps& funnel) {
         return excluding_funnel_truth(history, funnel, kRefund);
       },
       true}};
  return kCases;
}

std::string question_of(const FunnelCase& funnel) {
  std::string steps;
  for (const std::uint32_t step : funnel.steps) {
    steps += fmt::format("{}\"{}\"", steps.empty() ? "" : ", ", kEventNameList[step]);
  }
  return fmt::format(R"({{"kind": "funnel", "steps": [{}], "window": "{}h"{}}})", steps,
                     funnel.window_us / kHourUs, funnel.rest);
}

// Is a question that has no floor.
struct HistoryQuestion {
  const char* name;
  std::string json;
  Counts truth;
  bool is_by_size = false;  // rows have an order of their own, and the truth ascends
};

// Asks which of 20 candidates go with staying: all names, and pairs of them.
HistoryQuestion aha_question(Session& session, const HistoryFloor& floor) {
  constexpr std::size_t kCandidates = 20;
  const WorkloadWOptions& workload = session.options().workload;
  const auto name_count = static_cast<std::uint32_t>(kEventNameList.size());
  std::vector<std::uint32_t> candidates;
  std::string json;
  for (std::uint32_t apart = 0; candidates.size() < kCandidates; ++apart) {
    for (std::uint32_t name = 0; name + apart < name_count && candidates.size() < kCandidates;
         ++name) {
      candidates.push_back(1U << name | 1U << (name + apart));
      json += json.empty() ? "" : ", ";
      json += apart == 0 ? fmt::format(R"("{}")", kEventNameList[name])
                         : fmt::format(R"(["{}", "{}"])", kEventNameList[name],
                                       kEventNameList[name + apart]);
    }
  }
  // The default days are known of those who came at least 30 days before the end.
  constexpr std::int32_t kToDay = 30;
  const std::int32_t to_day = std::clamp(workload.days - 1, 8, kToDay);
  const std::int32_t days = std::max(0, workload.days - to_day);
  constexpr std::int32_t kAtLeast[] = {1, 2, 3, 5, 10};
  return {.name = "aha/20_candidates",
          .json = fmt::format(R"({{"kind": "aha", "candidates": [{}], "to_day": {}, )"
                              R"("as_of": "{}"}})",
                              json, to_day, to_string(workload.first_day + workload.days - 1)),
          .truth = aha_truth(floor, workload.first_day.value * kDayUs, days, candidates, kAtLeast,
                             7 * kDayUs),
          .is_by_size = true};
}

std::vector<HistoryQuestion> history_questions(Session& session, const HistoryFloor& floor) {
  const WorkloadWOptions& workload = session.options().workload;
  const Day first_day = workload.first_day;
  const auto date = [&](std::int32_t day) { return to_string(first_day + day); };
  const auto begin = [&](std::int32_t day) { return (first_day.value + day) * kDayUs; };

  const FunnelCase& funnel = funnel_cases().front();
  FunnelCase by_week = funnel;
  by_week.rest = R"(, "period": "week")";
  std::vector<TimeUs> weeks;  // 1970-01-01 was a Thursday
  for (std::int32_t day = -((first_day.value + 3) % 7); day < workload.days + 7; day += 7) {
    weeks.push_back(begin(day));
  }

  const std::int32_t half = std::max(1, workload.days / 2);
  const std::int32_t since = std::max(0, workload.days - 30);
  const std::string last_days =
      fmt::format(R"("from": "{}", "to": "{}")", date(since), date(workload.days - 1));
  return {
      {"trend/week", question_of(by_week),
       funnel_trend_truth(floor, {funnel.steps, funnel.window_us}, weeks)},
      {"retention/rolling_24h",
       fmt::format(R"({{"kind": "retention", "windows": "rolling", "from": "{}", "to": "{}", )"
                   R"("periods": {}, "summary": "none"}})",
                   date(0), date(half - 1), half - 1),
       rolling_retention_truth(floor, begin(0), static_cast<std::size_t>(half),
                               static_cast<std::size_t>(half))},
      {"segment/times_3_30d",
       fmt::format(R"({{"kind": "segment", "segment": )"
                   R"({{"did": "purchase", {}, "times": {{"gte": 3}}}}}})",
                   last_days),
       times_truth(floor, kPurchase, begin(since), 3)},
      {"segment/amount_30d",
       fmt::format(R"({{"kind": "segment", "segment": {{"did": {{"event": "purchase", "where": )"
                   R"({{"value": {{"gte": "50", "lt": "100"}}}}}}, {}}}}})",
                   last_days),
       amount_truth(session, kPurchase, begin(since), 50'000'000, 100'000'000)},
      {"at_risk", fmt::format(R"({{"kind": "at_risk", "as_of": "{}"}})", date(workload.days - 1)),
       risk_truth(floor, begin(workload.days))},
      aha_question(session, floor),
      {"rfm", R"({"kind": "rfm", "by": "cell"})", rfm_truth(session)}};
}

EngineOptions with_history(Session& session, unsigned threads, bool history) {
  EngineOptions options = session.engine_options(IdKind::kDense, threads);
  options.settings->history = history;
  return options;
}

double disk_bytes_of(Session& session, bool history) {
  const ScratchStore store(session);
  const auto engine = store.open(with_history(session, 0, history));
  session.ingest(*engine, IdKind::kDense);
  must(engine->compact());
  session.check(*engine);
  must(engine->close());
  return static_cast<double>(store.disk_bytes());
}

void measure_cost(Session& session, unsigned threads) {
  const auto events = static_cast<double>(session.options().workload.events);
  std::vector<double> added, rates;
  for (int turn = 0; turn < session.options().repeat; ++turn) {
    double seconds[2];
    for (const bool history : {false, true}) {
      session.report().now(fmt::format("history: ingest with {} threads", threads));
      const ScratchStore store(session);
      const auto engine = store.open(with_history(session, threads, history));
      seconds[history ? 1 : 0] =
          session.ingest(*engine, IdKind::kDense) + seconds_of([&] { must(engine->checkpoint()); });
      must(engine->close());
    }
    added.push_back(1e9 * (seconds[1] - seconds[0]) / events);
    rates.push_back(events / seconds[1]);
  }
  session.report().add(
      {fmt::format("history/ingest/threads:{}", threads), "events/s", Better::kHigher, rates, {}});
  session.report().add(
      {fmt::format("history/ingest/added/threads:{}", threads), "ns", Better::kLower, added, {}});
}

void measure_funnels(Session& session, const Engine& engine, const HistoryFloor& floor,
                     unsigned threads) {
  const bool has_ties = floor.has_ties();
  for (const FunnelCase& funnel : funnel_cases()) {
    const bool has_floor = *funnel.rest == '\0';
    const std::string name = fmt::format("history/funnel/{}/threads:{}", funnel.name, threads);
    session.report().now(name);
    std::vector<double> ms, floor_ms, ratios;
    for (int turn = 0; turn <= session.options().repeat; ++turn) {
      QueryResult answer;
      const double seconds = seconds_of([&] { answer = must(engine.query(question_of(funnel))); });
      if (turn == 0) {
        if (!has_ties || !funnel.ties_matter) {
          must_equal_counts(name, counts_of(answer, {"users"}),
                            funnel.truth(floor, {funnel.steps, funnel.window_us}));
        }
        continue;
      }
      ms.push_back(1e3 * seconds);
      if (!has_floor) continue;
      floor_ms.push_back(
          1e3 * seconds_of([&] { floor.funnel(funnel.steps, funnel.window_us, threads); }));
      ratios.push_back(ms.back() / floor_ms.back());
    }
    session.report().add({name, "ms", Better::kLower, ms, {}});
    if (!has_floor) continue;
    session.report().add({name + "/floor", "ms", Better::kLower, floor_ms, {}});
    session.report().add({name + "/of_floor", "ratio", Better::kLower, ratios, {}});
  }
}

void measure_questions(Session& session, const Engine& engine,
                       const std::vector<HistoryQuestion>& questions, unsigned threads) {
  for (const HistoryQuestion& question : questions) {
    const std::string name = fmt::format("history/{}/threads:{}", question.name, threads);
    session.report().now(name);
    Counts found = counts_of(must(engine.query(question.json)), {"users"});
    if (question.is_by_size) std::ranges::sort(found);
    must_equal_counts(name, found, question.truth);
    std::vector<double> ms;
    for (int turn = 0; turn < session.options().repeat; ++turn) {
      ms.push_back(1e3 * seconds_of([&] { must(engine.query(question.json)); }));
    }
    session.report().add({name, "ms", Better::kLower, ms, {}});
  }
}

void measure_scans(Session& session, const HistoryFloor& floor) {
  session.report().now("history: scans");
  const auto events = static_cast<double>(session.options().workload.events);
  const std::vector<std::uint32_t>& names = funnel_cases().front().steps;
  std::uint64_t named = 0;
  for (const std::uint32_t name : names) named += session.truth().events(name);
  const std::uint64_t digest = HistoryScan::digest_of(floor);
  HistoryScan scan(floor);
  std::vector<double> name_rates, rates;
  for (int turn = 0; turn < session.options().repeat; ++turn) {
    std::uint64_t found = 0;
    name_rates.push_back(events / seconds_of([&] { found = scan.match_names(names); }));
    must_equal("history/scan/3_names", found, named);
    rates.push_back(events / seconds_of([&] { found = scan.read_names_and_times(); }));
    must_equal("history/scan/names_and_times", found, digest);
  }
  session.report().add({"history/scan/3_names", "events/s", Better::kHigher, name_rates, {}});
  session.report().add({"history/scan/names_and_times", "events/s", Better::kHigher, rates, {}});
}

}  // namespace

void measure_history(Session& session) {
  const auto events = static_cast<double>(session.options().workload.events);
  for (const unsigned threads : session.thread_counts()) measure_cost(session, threads);

  session.report().now("history: on disk");
  const double bytes = disk_bytes_of(session, true) - disk_bytes_of(session, false);
  session.report().add({"history/disk/per_event", "bytes", Better::kLower, {bytes / events}, {}});

  const HistoryFloor floor(session);
  measure_scans(session, floor);
  const std::vector<HistoryQuestion> questions = history_questions(session, floor);
  const ScratchStore store(session);
  {
    const auto engine = store.open(with_history(session, 0, true));
    session.ingest(*engine, IdKind::kDense);
    must(engine->close());
  }
  std::uint64_t resident = 0;
  for (const unsigned threads : session.thread_counts()) {
    const auto engine = store.open(with_history(session, threads, true));
    const std::uint64_t before = engine->info().resident_bytes;
    const std::string question = question_of(funnel_cases().front());
    must(engine->query(question));
    resident = engine->info().resident_bytes - before;
    measure_funnels(session, *engine, floor, threads);
    measure_questions(session, *engine, questions, threads);
  }
  session.report().add({"history/memory/per_event",
                        "bytes",
                        Better::kLower,
                        {static_cast<double>(resident) / events},
                        {}});
  std::vector<double> cold;
  for (int turn = 0; turn < session.options().repeat; ++turn) {
    const auto engine = store.open(with_history(session, 0, true));
    store.drop_from_page_cache();
    const std::string question = question_of(funnel_cases().front());
    cold.push_back(1e3 * seconds_of([&] { must(engine->query(question)); }));
  }
  session.report().add({"history/funnel/3_steps_7d/cold", "ms", Better::kLower, cold, {}});
}

}  // namespace rollcall::bench
