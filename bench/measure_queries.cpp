// This asks every kind of question of the workload in a store on disk.
//
//   cold  the first question of a newly opened engine, the store's files not in memory
//   hot   the same question again and again
#include <fmt/format.h>

#include <string>
#include <vector>

#include "bench/machine.h"
#include "bench/measures.h"
#include "bench/questions.h"
#include "bench/scratch_store.h"

namespace rollcall::bench {
namespace {

// Asks until `seconds_min` have passed, and at least three times; returns milliseconds.
std::vector<double> ask_hot(const Engine& engine, const Question& question, double seconds_min) {
  const Query query = must(parse_query(question.json));
  std::vector<double> runs;
  for (double sum = 0; sum < seconds_min || runs.size() < 3;) {
    const double seconds = seconds_of([&] { must(engine.query(query)); });
    sum += seconds;
    runs.push_back(seconds * 1e3);
  }
  return runs;
}

}  // namespace

void measure_queries(Session& session) {
  const WorkloadWOptions& workload = session.options().workload;
  const ScratchStore store(session);
  {
    session.report().now("queries: making the store");
    const auto engine = store.open(session.engine_options(IdKind::kDense, 0));
    session.ingest(*engine, IdKind::kDense);
    must(engine->close());
  }
  const DaySets sets = any_event_sets(session.truth());
  // Is for one thread: an answer that reads everything once from memory could come near to this.
  const double bandwidth = memory_read_bandwidth();
  session.report().add({"query/memory_read", "B/s", Better::kHigher, {bandwidth}, {}});
  for (const Question& question : make_questions(workload.first_day, workload.days, R"("*")")) {
    const Counts expected = question.truth(sets);
    for (const unsigned threads : session.thread_counts()) {
      const std::string name = fmt::format("query/{}/threads:{}/", question.name, threads);
      session.report().now(name);
      std::vector<double> cold;
      std::unique_ptr<Engine> engine;
      for (int turn = 0; turn < session.options().repeat; ++turn) {
        engine.reset();
        store.drop_from_page_cache();
        engine = store.open(session.engine_options(IdKind::kDense, threads));
        cold.push_back(1e3 * seconds_of([&] { must(engine->query(question.json)); }));
      }
      must_equal_counts(name, counts_of(must(engine->query(question.json)), question.columns),
                        expected);
      session.report().add({name + "cold", "ms", Better::kLower, cold, {}});
      const double seconds_min = session.options().quick ? 0.0 : 0.3;
      const std::vector<double> hot = ask_hot(*engine, question, seconds_min);
      const Explanation reads = must(engine->explain(must(parse_query(question.json))));
      session.report().add(
          {name + "hot", "ms", Better::kLower, hot, {{"bytes read", std::to_string(reads.bytes)}}});
      std::vector<double> shares;
      for (const double ms : hot) {
        shares.push_back(static_cast<double>(reads.bytes) / (ms / 1e3) / bandwidth);
      }
      session.report().add({name + "of_memory", "ratio", Better::kHigher, shares, {}});
    }
  }
}

}  // namespace rollcall::bench
