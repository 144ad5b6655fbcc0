// This measures what keeping every event costs, and what questions that need it take, beside the
// least that they could take; and reading the blocks alone.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bench/history_floor.h"
#include "bench/history_scan.h"
#include "bench/history_truth.h"
#include "bench/measures.h"
#include "bench/questions.h"
#include "bench/scratch_store.h"
#include "bench/workload_properties.h"
#include "rollcall/query.h"

namespace rollcall::bench {
namespace {

using FunnelTruth = std::function<Counts(const HistoryFloor&, const FunnelSteps&)>;
// Counts users by the most steps that they make, beginning with one step.
using FunnelFloor =
    std::function<Counts(const HistoryFloor&, const FunnelSteps&, unsigned threads)>;

struct FunnelCase {
  const char* name;
  std::vector<std::uint32_t> steps;  // places in kEventNameList
  TimeUs window_us;
  const char* rest;  // further fields, as JSON
  FunnelTruth truth;
  FunnelFloor floor;         // may be empty
  bool ties_matter = false;  // the truth is known only if no user has two events of one time
};

const std::vector<FunnelCase>& funnel_cases() {
  const FunnelFloor in_order = [](const HistoryFloor& history, const FunnelSteps& funnel,
                                  unsigned threads) {
    return history.funnel(funnel.steps, funnel.window_us, threads);
  };
  static const std::vector<FunnelCase> kCases = {
      {"3_steps_7d", {0, 3, 5}, 7 * kDayUs, "", funnel_truth, in_order},
      {"3_steps_1h", {0, 3, 5}, kHourUs, "", funnel_truth, in_order},
      {"5_steps_30d", {0, 1, 2, 3, 5}, 30 * kDayUs, "", funnel_truth, in_order},
      {"3_steps_any", {0, 3, 5}, 7 * kDayUs, R"(, "order": "any")", any_funnel_truth, {}},
      {"3_steps_strict",
       {0, 3, 5},
       7 * kDayUs,
       R"(, "order": "strict")",
       strict_funnel_truth,
       [](const HistoryFloor& history, const FunnelSteps& funnel, unsigned threads) {
         return history.strict_funnel(funnel.steps, funnel.window_us, threads);
       },
       true},
      {"3_steps_exclusion",
       {0, 3, 5},
       7 * kDayUs,
       R"(, "exclusions": [{"event": "refund", "from_step": 1, "to_step": 3}])",
       [](const HistoryFloor& history, const FunnelSteps& funnel) {
         return excluding_funnel_truth(history, funnel, kRefund);
       },
       [](const HistoryFloor& history, const FunnelSteps& funnel, unsigned threads) {
         return history.excluding_funnel(funnel.steps, funnel.window_us, kRefund, threads);
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

struct HistoryQuestion {
  const char* name;
  std::string json;
  Counts truth;
  std::function<Counts(unsigned threads)> floor = {};  // may be empty
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

// They refer to `floor`.
std::vector<HistoryQuestion> history_questions(Session& session, const HistoryFloor& floor) {
  const WorkloadWOptions& workload = session.options().workload;
  const Day first_day = workload.first_day;
  const auto date = [first_day](std::int32_t day) { return to_string(first_day + day); };
  const auto begin = [first_day](std::int32_t day) { return (first_day.value + day) * kDayUs; };

  const FunnelCase& funnel = funnel_cases().front();
  FunnelCase by_week = funnel;
  by_week.rest = R"(, "period": "week")";
  std::vector<TimeUs> weeks;  // 1970-01-01 was a Thursday
  for (std::int32_t day = -((first_day.value + 3) % 7); day < workload.days + 7; day += 7) {
    weeks.push_back(begin(day));
  }

  // All of them are complete, and a cohort has at most 31 columns.
  const std::int32_t cohorts = std::max(1, workload.days / 2 - 1);
  const std::int32_t columns = std::clamp(workload.days - cohorts, 1, 31);
  const auto rolling = [begin, cohorts, columns](const auto& count) {
    return count(begin(0), static_cast<std::size_t>(cohorts), static_cast<std::size_t>(columns));
  };
  const std::int32_t since = std::max(0, workload.days - 30);
  const std::string last_days =
      fmt::format(R"("from": "{}", "to": "{}")", date(since), date(workload.days - 1));
  return {
      {"trend/week", question_of(by_week),
       funnel_trend_truth(floor, {funnel.steps, funnel.window_us}, weeks)},
      {"retention/rolling_24h",
       fmt::format(R"({{"kind": "retention", "windows": "rolling", "from": "{}", "to": "{}", )"
                   R"("periods": {}, "summary": "none"}})",
                   date(0), date(cohorts - 1), columns - 1),
       rolling([&](TimeUs first, std::size_t rows, std::size_t periods) {
         return rolling_retention_truth(floor, first, rows, periods);
       }),
       [&floor, rolling](unsigned threads) {
         return rolling([&](TimeUs first, std::size_t rows, std::size_t periods) {
           return floor.rolling_retention(first, rows, periods, threads);
         });
       }},
      {"segment/times_3_30d",
       fmt::format(R"({{"kind": "segment", "segment": )"
                   R"({{"did": "purchase", {}, "times": {{"gte": 3}}}}}})",
                   last_days),
       times_truth(floor, kPurchase, begin(since), 3),
       [&floor, from = begin(since)](unsigned threads) {
         return Counts{floor.users_with(kPurchase, from, 3, threads)};
       }},
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

// Measures the profile of a user with as many events as users have on average, with or without the
// scores among all users.
void measure_profile(Session& session, const Engine& engine, const HistoryFloor& floor, bool scores,
                     unsigned threads) {
  const std::string name =
      fmt::format("history/profile{}/threads:{}", scores ? "" : "/without_scores", threads);
  session.report().now(name);
  const std::uint64_t mean = session.options().workload.events / floor.user_count();
  std::size_t user = 0;
  while (floor.events_of(user).size() != mean) ++user;
  const std::string question =
      fmt::format(R"({{"kind": "profile", "user": "{}", "rfm": {}}})", user, scores);
  Counts by_name(kEventNames);
  for (const std::uint8_t event : floor.events_of(user).names) ++by_name[event];
  Counts found(kEventNames);
  for (const std::vector<Cell>& row : must(engine.query(question)).rows) {
    if (std::get<std::string>(row[0]) != "events") continue;
    const auto event = std::ranges::find(kEventNameList, std::get<std::string>(row[1]));
    found[static_cast<std::size_t>(event - kEventNameList.begin())] =
        std::stoull(std::get<std::string>(row[2]));
  }
  must_equal_counts(name, found, by_name);
  std::vector<double> ms;
  for (int turn = 0; turn < session.options().repeat; ++turn) {
    ms.push_back(1e3 * seconds_of([&] { must(engine.query(question)); }));
  }
  session.report().add(
      {name, "ms", Better::kLower, ms, {{"events", std::to_string(floor.events_of(user).size())}}});
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

// Reports what the history of a workload takes beside its aggregates.
void measure_disk(Session& session, Session& workload, const std::string& name) {
  session.report().now("history: on disk");
  const double bytes = disk_bytes_of(workload, true) - disk_bytes_of(workload, false);
  const auto events = static_cast<double>(workload.options().workload.events);
  session.report().add({name, "bytes", Better::kLower, {bytes / events}, {}});
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

// Measures a question and its floor in turns. The answer is the one that is expected, unless that
// is not known.
void measure_beside_floor(Session& session, const Engine& engine, const std::string& name,
                          const std::string& question, const std::optional<Counts>& expected,
                          const std::function<Counts()>& floor, bool floor_is_by_steps) {
  session.report().now(name);
  const Counts found = counts_of(must(engine.query(question)), {"users"});
  if (expected) must_equal_counts(name, found, *expected);
  if (floor && expected) {
    Counts of_floor = floor();
    if (floor_is_by_steps) {
      for (std::size_t i = of_floor.size(); i-- > 1;) of_floor[i - 1] += of_floor[i];
    }
    must_equal_counts(name + "/floor", of_floor, found);
  }
  std::vector<double> ms, floor_ms, ratios;
  for (int turn = 0; turn < session.options().repeat; ++turn) {
    ms.push_back(1e3 * seconds_of([&] { must(engine.query(question)); }));
    if (!floor) continue;
    floor_ms.push_back(1e3 * seconds_of([&] { floor(); }));
    ratios.push_back(ms.back() / floor_ms.back());
  }
  const Explanation reads = must(engine.explain(must(parse_query(question))));
  session.report().add({name,
                        "ms",
                        Better::kLower,
                        ms,
                        {{"bytes read", std::to_string(reads.bytes)},
                         {"history events", std::to_string(reads.history_events.value_or(0))}}});
  if (!floor) return;
  session.report().add({name + "/floor", "ms", Better::kLower, floor_ms, {}});
  session.report().add({name + "/of_floor", "ratio", Better::kLower, ratios, {}});
}

void measure_funnels(Session& session, const Engine& engine, const HistoryFloor& floor,
                     unsigned threads) {
  const bool has_ties = floor.has_ties();
  for (const FunnelCase& funnel : funnel_cases()) {
    const FunnelSteps steps{funnel.steps, funnel.window_us};
    std::optional<Counts> expected;
    if (!has_ties || !funnel.ties_matter) expected = funnel.truth(floor, steps);
    std::function<Counts()> floor_of;
    if (funnel.floor) floor_of = [&] { return funnel.floor(floor, steps, threads); };
    measure_beside_floor(session, engine,
                         fmt::format("history/funnel/{}/threads:{}", funnel.name, threads),
                         question_of(funnel), expected, floor_of, /*floor_is_by_steps=*/true);
  }
}

void measure_questions(Session& session, const Engine& engine,
                       const std::vector<HistoryQuestion>& questions, unsigned threads) {
  for (const HistoryQuestion& question : questions) {
    const std::string name = fmt::format("history/{}/threads:{}", question.name, threads);
    std::function<Counts()> floor;
    if (question.floor) floor = [&] { return question.floor(threads); };
    std::optional<Counts> expected = question.truth;
    if (question.is_by_size) {
      Counts found = counts_of(must(engine.query(question.json)), {"users"});
      std::ranges::sort(found);
      must_equal_counts(name, found, question.truth);
      expected.reset();
    }
    measure_beside_floor(session, engine, name, question.json, expected, floor,
                         /*floor_is_by_steps=*/false);
  }
}

// Measures purchases with two properties, which the store keeps and does not count, and a
// comparison of two groups, which are made from the user.
class PropertyQuestions {
 public:
  PropertyQuestions(Session& session, const HistoryFloor& history)
      : session_(session), history_(history), store_(session) {
    session.report().now("history: events with properties");
    const auto engine = store_.open(options(0));
    for (std::size_t number = 0; number < session.round_count(); ++number) {
      const WorkloadColumns& columns = session.round(IdKind::kDense, number);
      for (std::size_t begin = 0; begin < columns.size(); begin += session.options().batch_rows) {
        ingest(*engine, columns.batch(begin, session.options().batch_rows));
      }
    }
    must(engine->close());
  }

  void measure() {
    constexpr PropertyPair kWanted = {.channel = 2, .product = 17};
    const Counts two_properties = properties_truth(history_, kPurchase, kWanted);
    const Counts exposed = exposed_users();
    for (const unsigned threads : session_.thread_counts()) {
      const auto engine = store_.open(options(threads));
      measure_beside_floor(
          session_, *engine, name("segment/two_properties", threads),
          fmt::format(R"({{"kind": "segment", "segment": {{"did": )"
                      R"({{"event": "purchase", "where": )"
                      R"({{"channel": "{}", "product": "{}"}}}}}}}})",
                      kChannelList[kWanted.channel], product_name(kWanted.product)),
          two_properties, {}, /*floor_is_by_steps=*/false);
      measure_comparison(*engine, name("compare", threads), "", exposed);
      measure_comparison(*engine, name("compare/aa_1000", threads), R"(, "aa": 1000)", exposed);
    }
  }

 private:
  static constexpr std::array<std::string_view, 2> kGroups = {"a", "b"};
  static constexpr std::int32_t kReturnDay = 7;

  static std::uint32_t group_of(std::uint64_t user) { return static_cast<std::uint32_t>(user % 2); }
  static std::string name(const char* question, unsigned threads) {
    return fmt::format("history/{}/threads:{}", question, threads);
  }

  EngineOptions options(unsigned threads) {
    EngineOptions with_properties = with_history(session_, threads, true);
    with_properties.settings->dimensions = {"group"};
    with_properties.settings->kept_properties = {"channel", "product"};
    return with_properties;
  }

  void ingest(Engine& engine, EventBatch batch) {
    std::vector<std::uint32_t> groups;
    for (const std::uint64_t user : batch.user_integers) groups.push_back(group_of(user));
    properties_.add_to(batch);
    std::vector<PropertyColumn> columns(batch.properties.begin(), batch.properties.end());
    columns.push_back({"group", {kGroups, groups}});
    batch.properties = columns;
    must(engine.ingest(batch));
  }

  // Counts, of each group, the users who viewed something at least kReturnDay days before the last
  // one, those of them who came on that day, and those who viewed something later.
  Counts exposed_users() const {
    constexpr std::size_t kColumns = 3;
    const WorkloadWOptions& workload = session_.options().workload;
    const Day last = workload.first_day + workload.days - 1;
    Counts counts(kColumns * kGroups.size());
    for (std::size_t user = 0; user < history_.user_count(); ++user) {
      const HistoryFloor::UserEvents events = history_.events_of(user);
      const auto view = std::ranges::find(events.names, std::uint8_t{0});
      if (view == events.names.end()) continue;
      const auto day_of = [](TimeUs time) { return static_cast<std::int32_t>(time / kDayUs); };
      const std::int32_t day =
          day_of(events.times[static_cast<std::size_t>(view - events.names.begin())]) + kReturnDay;
      std::uint64_t* const group = &counts[kColumns * group_of(user)];
      if (day > last.value) {
        ++group[2];
        continue;
      }
      ++group[0];
      group[1] +=
          std::ranges::any_of(events.times, [&](TimeUs time) { return day_of(time) == day; });
    }
    return counts;
  }

  void measure_comparison(const Engine& engine, const std::string& name, const char* rest,
                          const Counts& expected) {
    const WorkloadWOptions& workload = session_.options().workload;
    const std::string question =
        fmt::format(R"({{"kind": "compare", "exposure": "view", "variant": "group", )"
                    R"("metric": {{"retention_day": {}}}, "as_of": "{}"{}}})",
                    kReturnDay, to_string(workload.first_day + workload.days - 1), rest);
    const QueryResult answer = must(engine.query(question));
    const Counts users = counts_of(answer, {"users", "immature"});
    const std::size_t rate = column_of(answer, "rate");
    Counts found;
    for (std::size_t group = 0; group < kGroups.size(); ++group) {
      const std::uint64_t all = users[2 * group];
      const double came = std::get<double>(answer.rows[group][rate]) * static_cast<double>(all);
      found.insert(found.end(),
                   {all, static_cast<std::uint64_t>(std::llround(came)), users[2 * group + 1]});
    }
    must_equal_counts(name, found, expected);
    measure_beside_floor(session_, engine, name, question, {}, {}, /*floor_is_by_steps=*/false);
  }

  Session& session_;
  const HistoryFloor& history_;
  const ScratchStore store_;
  WorkloadProperties properties_;
};

void measure_scans(Session& session, const HistoryFloor& floor) {
  session.report().now("history: scans");
  const WorkloadWOptions& workload = session.options().workload;
  const auto events = static_cast<double>(workload.events);
  const std::vector<std::uint32_t>& names = funnel_cases().front().steps;
  std::uint64_t named = 0;
  for (const std::uint32_t name : names) named += session.truth().events(name);
  const std::uint64_t digest = HistoryScan::digest_of(floor);
  const TimeUs first_time = WorkloadW(workload).first_time();
  HistoryScan scan(floor, first_time);

  struct Scan {
    const char* name;
    std::uint64_t expected;
    std::function<std::uint64_t()> run, floor;
  };
  const std::vector<Scan> scans = {
      {"3_names", named, [&] { return scan.match_names(names); },
       [&] { return scan.floor().list_names(names); }},
      {"names_and_times", digest, [&] { return scan.read_names_and_times(); },
       [&] { return scan.floor().read_names_and_times(first_time); }},
      {"selector", named, [&] { return scan.match_selector(names); },
       [&] { return scan.floor().count_names(names); }},
      {"cursor", digest, [&] { return scan.read_with_cursor(); },
       [&] { return scan.floor().read_names_and_times(first_time); }}};
  for (const Scan& one : scans) {
    const std::string name = fmt::format("history/scan/{}", one.name);
    std::vector<double> rates, floor_rates, shares;
    for (int turn = 0; turn < session.options().repeat; ++turn) {
      std::uint64_t found = 0;
      rates.push_back(events / seconds_of([&] { found = one.run(); }));
      must_equal(name, found, one.expected);
      floor_rates.push_back(events / seconds_of([&] { found = one.floor(); }));
      must_equal(name + "/floor", found, one.expected);
      shares.push_back(rates.back() / floor_rates.back());
    }
    session.report().add({name, "events/s", Better::kHigher, rates, {}});
    session.report().add({name + "/floor", "events/s", Better::kHigher, floor_rates, {}});
    session.report().add({name + "/of_floor", "ratio", Better::kHigher, shares, {}});
  }
}

}  // namespace

void measure_history(Session& session) {
  const auto events = static_cast<double>(session.options().workload.events);
  for (const unsigned threads : session.thread_counts()) measure_cost(session, threads);

  measure_history_writes(session);
  measure_disk(session, session, "history/disk/per_event");
  {
    SessionOptions options = session.options();
    options.workload.whole_seconds = true;
    Session of_seconds(options, /*progress=*/false);
    measure_disk(session, of_seconds, "history/disk/per_event/whole_seconds");
  }

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
    for (const bool scores : {true, false}) {
      measure_profile(session, *engine, floor, scores, threads);
    }
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
  PropertyQuestions(session, floor).measure();
}

}  // namespace rollcall::bench
