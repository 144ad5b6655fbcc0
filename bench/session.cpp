#include "bench/session.h"

#include <algorithm>
#include <limits>
#include <thread>

#include "bench/questions.h"
#include "bench/workload_properties.h"

namespace rollcall::bench {

void must_equal(const std::string& what, std::uint64_t found, std::uint64_t expected) {
  if (found == expected) return;
  throw BenchError("wrong answer: " + what + ": found " + std::to_string(found) + ", expected " +
                   std::to_string(expected));
}

Session::Session(SessionOptions options, bool progress)
    : options_(std::move(options)), report_(progress), workload_(options_.workload) {
  if (options_.threads == 0) options_.threads = std::max(1U, std::thread::hardware_concurrency());
  constexpr std::size_t kBlock = WorkloadW::kBlockRows;
  options_.round_rows = std::max(kBlock, options_.round_rows / kBlock * kBlock);
}

std::vector<unsigned> Session::thread_counts() const {
  if (options_.threads == 1) return {1};
  return {1, options_.threads};
}

std::size_t Session::round_count() const {
  return static_cast<std::size_t>((options_.workload.events + options_.round_rows - 1) /
                                  options_.round_rows);
}

const WorkloadColumns& Session::round(IdKind ids, std::size_t number) {
  if (columns_ && columns_->kind() == ids && round_ == number) return *columns_;
  WorkloadRows rows = columns_ ? columns_->release() : WorkloadRows();
  columns_.reset();
  workload_.generate(std::uint64_t{number} * options_.round_rows, options_.round_rows, rows);
  columns_ = std::make_unique<WorkloadColumns>(std::move(rows), ids);
  round_ = number;
  return *columns_;
}

const Recount& Session::truth() {
  if (truth_) return *truth_;
  truth_ = std::make_unique<Recount>(options_.workload);
  for (std::size_t number = 0; number < round_count(); ++number) {
    report_.now("recounting the workload");
    truth_->add(round(IdKind::kDense, number).rows());
  }
  return *truth_;
}

StoreSettings Session::settings(IdKind ids) const {
  StoreSettings settings;
  settings.history = false;
  settings.user_kind = ids == IdKind::kString ? UserKind::kString : UserKind::kInteger;
  settings.partition_count = options_.partitions;
  return settings;
}

EngineOptions Session::engine_options(IdKind ids, unsigned threads) const {
  EngineOptions options;
  options.settings = settings(ids);
  options.threads_max = threads;
  options.memory_bytes_max = std::numeric_limits<std::size_t>::max() / 2;
  return options;
}

double Session::ingest(Engine& engine, IdKind ids) {
  double seconds = 0;
  for (std::size_t number = 0; number < round_count(); ++number) {
    const WorkloadColumns& columns = round(ids, number);
    seconds += seconds_of([&] {
      for (std::size_t begin = 0; begin < columns.size(); begin += options_.batch_rows) {
        must(engine.ingest(columns.batch(begin, options_.batch_rows)));
      }
    });
  }
  return seconds;
}

double Session::ingest_with_properties(Engine& engine) {
  double seconds = 0;
  WorkloadProperties properties;
  for (std::size_t number = 0; number < round_count(); ++number) {
    const WorkloadColumns& columns = round(IdKind::kDense, number);
    for (std::size_t begin = 0; begin < columns.size(); begin += options_.batch_rows) {
      EventBatch batch = columns.batch(begin, options_.batch_rows);
      properties.add_to(batch);
      seconds += seconds_of([&] { must(engine.ingest(batch)); });
    }
  }
  return seconds;
}

std::vector<double> Session::ingest_ms(Engine& engine, std::size_t batch_rows) {
  std::vector<double> ms;
  for (std::size_t number = 0; number < round_count(); ++number) {
    const WorkloadColumns& columns = round(IdKind::kDense, number);
    for (std::size_t begin = 0; begin < columns.size(); begin += batch_rows) {
      ms.push_back(1e3 *
                   seconds_of([&] { must(engine.ingest(columns.batch(begin, batch_rows))); }));
    }
  }
  return ms;
}

void Session::check(const Engine& engine, const Recount& truth) {
  const EngineInfo info = engine.info();
  must_equal("events", info.event_count, truth.events());
  must_equal("users", info.user_count, truth.user_count());
  const DaySets sets = any_event_sets(truth);
  const Question daily = make_questions(truth.options().first_day, truth.days(), R"("*")").front();
  // Days after the last event have no row.
  Counts expected = daily.truth(sets);
  while (!expected.empty() && expected.back() == 0) expected.pop_back();
  must_equal_counts("users by day", counts_of(must(engine.query(daily.json)), daily.columns),
                    expected);
}

}  // namespace rollcall::bench
