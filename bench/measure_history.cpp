// This measures what keeping every event costs, and what funnels take, beside the least that they
// could take.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "bench/history_floor.h"
#include "bench/measures.h"
#include "bench/scratch_store.h"
#include "rollcall/query.h"

namespace rollcall::bench {
namespace {

constexpr TimeUs kHour = std::int64_t{3600} * 1'000'000;

struct FunnelCase {
  const char* name;
  std::vector<std::uint32_t> steps;  // places in kEventNameList
  TimeUs window_us;
  const char* rest;  // further fields, as JSON; a funnel with some has no floor
};

const std::vector<FunnelCase>& funnel_cases() {
  static const std::vector<FunnelCase> kCases = {
      {"3_steps_7d", {0, 3, 5}, 7 * 24 * kHour, ""},
      {"3_steps_1h", {0, 3, 5}, kHour, ""},
      {"5_steps_30d", {0, 1, 2, 3, 5}, 30 * 24 * kHour, ""},
      {"3_steps_strict", {0, 3, 5}, 7 * 24 * kHour, R"(, "order": "strict")"},
      {"3_steps_exclusion",
       {0, 3, 5},
       7 * 24 * kHour,
       R"(, "exclusions": [{"event": "refund", "from_step": 1, "to_step": 3}])"}};
  return kCases;
}

std::string question_of(const FunnelCase& funnel) {
  std::string steps;
  for (const std::uint32_t step : funnel.steps) {
    steps += fmt::format("{}\"{}\"", steps.empty() ? "" : ", ", kEventNameList[step]);
  }
  return fmt::format(R"({{"kind": "funnel", "steps": [{}], "window": "{}h"{}}})", steps,
                     funnel.window_us / kHour, funnel.rest);
}

std::vector<std::uint64_t> users_of(const QueryResult& answer) {
  std::vector<std::uint64_t> users;
  for (const std::vector<Cell>& row : answer.rows) {
    users.push_back(static_cast<std::uint64_t>(std::get<std::int64_t>(row[2])));
  }
  return users;
}

// Turns the numbers of users who made so many steps into those who made as many or more.
std::vector<std::uint64_t> at_least(std::vector<std::uint64_t> users) {
  for (std::size_t i = users.size(); i-- > 1;) users[i - 1] += users[i];
  return users;
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
  std::vector<double> added;
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
  }
  session.report().add(
      {fmt::format("history/ingest/added/threads:{}", threads), "ns", Better::kLower, added, {}});
}

void measure_funnels(Session& session, const Engine& engine, const HistoryFloor& floor,
                     unsigned threads) {
  for (const FunnelCase& funnel : funnel_cases()) {
    const bool has_floor = *funnel.rest == '\0';
    const std::string name = fmt::format("history/funnel/{}/threads:{}", funnel.name, threads);
    session.report().now(name);
    std::vector<double> ms, floor_ms, ratios;
    for (int turn = 0; turn <= session.options().repeat; ++turn) {
      QueryResult answer;
      const double seconds = seconds_of([&] { answer = must(engine.query(question_of(funnel))); });
      if (turn == 0) {
        if (has_floor) {
          const auto expected = at_least(floor.funnel(funnel.steps, funnel.window_us, threads));
          if (users_of(answer) != expected) throw BenchError("wrong answer: " + name);
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

}  // namespace

void measure_history(Session& session) {
  const auto events = static_cast<double>(session.options().workload.events);
  for (const unsigned threads : session.thread_counts()) measure_cost(session, threads);

  session.report().now("history: on disk");
  const double bytes = disk_bytes_of(session, true) - disk_bytes_of(session, false);
  session.report().add({"history/disk/per_event", "bytes", Better::kLower, {bytes / events}, {}});

  const HistoryFloor floor(session);
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
