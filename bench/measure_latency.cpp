// This measures waiting: of a small question while events come at full speed, of ingest while
// questions are asked, and of an event until questions see it while events come at half of full
// speed.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bench/asker.h"
#include "bench/measures.h"
#include "bench/questions.h"
#include "rollcall/memory_store.h"

namespace rollcall::bench {
namespace {

constexpr std::size_t kBatchRows = 65'536;

std::unique_ptr<Engine> open_engine(Session& session) {
  EngineOptions options = session.engine_options(IdKind::kDense, 0);
  options.checkpoint_dirty_bytes_max = std::numeric_limits<std::size_t>::max() / 2;
  return must(Engine::open(open_memory_store(), options));
}

double sum_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}

// Returns the events/s of ingest that nobody disturbs.
double measure_disturbance(Session& session) {
  const double events = static_cast<double>(session.options().workload.events);
  std::vector<double> alone_rates, disturbed_rates, stalls, alone_stalls, waits;
  for (int turn = 1; turn <= session.options().repeat; ++turn) {
    session.report().now(fmt::format("latency: ingest alone, turn {}", turn));
    {
      const auto engine = open_engine(session);
      const std::vector<double> ms = session.ingest_ms(*engine, kBatchRows);
      alone_rates.push_back(events / sum_of(ms) * 1e3);
      alone_stalls.insert(alone_stalls.end(), ms.begin(), ms.end());
    }
    session.report().now(fmt::format("latency: ingest and questions, turn {}", turn));
    const auto engine = open_engine(session);
    // The first batch makes the store one that can be asked.
    Asker asker(*engine);
    const std::vector<double> ms = session.ingest_ms(*engine, kBatchRows);
    const std::vector<double> turn_waits = asker.stop();
    session.check(*engine);
    disturbed_rates.push_back(events / sum_of(ms) * 1e3);
    stalls.insert(stalls.end(), ms.begin(), ms.end());
    waits.insert(waits.end(), turn_waits.begin(), turn_waits.end());
  }
  const Measurement alone{"latency/ingest/alone", "events/s", Better::kHigher, alone_rates, {}};
  const Measurement disturbed{
      "latency/ingest/while_asked", "events/s", Better::kHigher, disturbed_rates, {}};
  session.report().add(alone);
  session.report().add(disturbed);
  session.report().add({"latency/ingest/while_asked/of_alone",
                        "",
                        Better::kHigher,
                        {disturbed.best() / alone.best()},
                        {}});
  add_quantiles(session, "latency/ingest/batch_alone", alone_stalls);
  add_quantiles(session, "latency/ingest/batch_while_asked", stalls);
  add_quantiles(session, "latency/question_during_ingest", waits);
  return alone.best();
}

// Events come evenly at `rate` a second and are gathered for a few milliseconds. The age of the
// first event of a batch is taken when `ingest` returns, because from then on every question sees
// it.
void measure_visibility(Session& session, double rate) {
  using Clock = std::chrono::steady_clock;
  constexpr double kGatherSeconds = 2e-3;
  const double seconds_max = session.options().quick ? 0.2 : 5;
  session.report().now("latency: events until they are seen");
  const auto engine = open_engine(session);
  const WorkloadColumns& columns = session.round(IdKind::kDense, 0);
  const auto rows_by = [&](Clock::duration since) {
    const double rows = std::chrono::duration<double>(since).count() * rate;
    return std::min(columns.size(), static_cast<std::size_t>(rows));
  };
  const auto due_of = [&](std::size_t row) { return static_cast<double>(row) / rate; };

  std::vector<double> ms;
  const Clock::time_point begin = Clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - begin).count(); };
  for (std::size_t sent = 0; sent < columns.size() && elapsed() < seconds_max;) {
    const double wait = due_of(sent) + kGatherSeconds - elapsed();
    if (wait > 0) std::this_thread::sleep_for(std::chrono::duration<double>(wait));
    const std::size_t end = std::max(sent + 1, rows_by(Clock::now() - begin));
    must(engine->ingest(columns.batch(sent, end - sent)));
    ms.push_back((elapsed() - due_of(sent)) * 1e3);
    sent = end;
  }
  add_quantiles(session, "latency/event_until_seen", ms);
}

}  // namespace

void measure_latency(Session& session) {
  const double rate = measure_disturbance(session);
  measure_visibility(session, rate / 2);
}

}  // namespace rollcall::bench
