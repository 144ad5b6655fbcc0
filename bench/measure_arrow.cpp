// This measures ingest of Arrow streams into a store in memory, by the number of rows in a record
// batch. Small batches are gathered, so that they cost little (rollcall/arrow.h). The rows are of
// the workload in the order of time, and in a random one, in which every batch has all days.
//
//   ordered, mixed    events/s
//   of_large          share of what batches of a million rows reach
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/arrow_rows.h"
#include "bench/measures.h"
#include "rollcall/arrow.h"
#include "rollcall/memory_store.h"

namespace rollcall::bench {
namespace {

constexpr std::array<std::size_t, 3> kArrowBatchRows = {std::size_t{1} << 20, 100'000, 10'000};
constexpr std::size_t kArrowRowsMax = std::size_t{16} << 20;

void measure(Session& session, const std::string& order, const ArrowRows& rows) {
  std::array<std::vector<double>, kArrowBatchRows.size()> rates;
  for (int turn = 1; turn <= session.options().repeat; ++turn) {
    for (std::size_t size = 0; size < kArrowBatchRows.size(); ++size) {
      session.report().now(fmt::format("arrow/{}/{}, turn {}", order, kArrowBatchRows[size], turn));
      EngineOptions options = session.engine_options(IdKind::kDense, 0);
      options.checkpoint_dirty_bytes_max = std::numeric_limits<std::size_t>::max() / 2;
      const std::unique_ptr<Engine> engine = must(Engine::open(open_memory_store(), options));
      ArrowArrayStream stream = arrow_stream(rows, kArrowBatchRows[size]);
      std::uint64_t taken = 0;
      const double seconds =
          seconds_of([&] { taken = must(ingest_arrow_stream(*engine, &stream, {})); });
      must_equal("rows", taken, rows.users.size());
      must_equal("events", engine->info().event_count, rows.users.size());
      rates[size].push_back(static_cast<double>(taken) / seconds);
    }
  }
  double large = 0;
  for (std::size_t size = 0; size < kArrowBatchRows.size(); ++size) {
    const std::string name = fmt::format("arrow/{}/{}", order, kArrowBatchRows[size]);
    const Measurement rate{name, "events/s", Better::kHigher, rates[size], {}};
    session.report().add(rate);
    if (size == 0) large = rate.best();
    session.report().add({name + "/of_large", "", Better::kHigher, {rate.best() / large}, {}});
  }
}

}  // namespace

void measure_arrow(Session& session) {
  const WorkloadRows& rows = session.round(IdKind::kDense, 0).rows();
  for (const bool are_mixed : {false, true}) {
    measure(session, are_mixed ? "mixed" : "ordered", arrow_rows(rows, kArrowRowsMax, are_mixed));
  }
}

}  // namespace rollcall::bench
