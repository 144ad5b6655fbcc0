// This measures what a store of the workload takes: bytes on disk, memory, and time to open.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <memory>

#include "bench/machine.h"
#include "bench/measures.h"
#include "bench/scratch_store.h"
#include "rollcall/memory_store.h"

namespace rollcall::bench {
namespace {

// Measures what the process holds for an engine with all of the workload in memory, beyond what it
// held before; it held the workload itself already. The peak is that of ingest.
void measure_memory(Session& session) {
  session.report().now("store: memory");
  EngineOptions options = session.engine_options(IdKind::kDense, 0);
  options.checkpoint_dirty_bytes_max = std::numeric_limits<std::size_t>::max() / 2;
  session.round(IdKind::kDense, 0);
  reset_peak_resident();
  const std::uint64_t before = resident_bytes();
  const auto engine = must(Engine::open(open_memory_store(), options));
  session.ingest(*engine, IdKind::kDense);
  const std::uint64_t peak = peak_resident_bytes(), after = resident_bytes();
  session.check(*engine);
  const auto add = [&](const char* name, std::uint64_t bytes) {
    session.report().add({name, "bytes", Better::kLower, {static_cast<double>(bytes)}, {}});
  };
  const auto beyond = [before](std::uint64_t bytes) { return bytes - std::min(bytes, before); };
  add("store/memory/peak_of_ingest", beyond(peak));
  add("store/memory/after_ingest", beyond(after));
  add("store/memory/as_the_engine_says", engine->info().resident_bytes);
}

}  // namespace

void measure_store(Session& session) {
  measure_memory(session);

  const ScratchStore store(session);
  const EngineOptions options = session.engine_options(IdKind::kDense, 0);
  session.report().now("store: making it");
  {
    const auto engine = store.open(options);
    session.ingest(*engine, IdKind::kDense);
    must(engine->close());
  }
  const double bytes = static_cast<double>(store.disk_bytes());
  const double events = static_cast<double>(session.options().workload.events);
  session.report().add({"store/disk", "bytes", Better::kLower, {bytes}, {}});
  session.report().add({"store/disk/per_event", "bytes", Better::kLower, {bytes / events}, {}});

  std::vector<double> cold, warm;
  for (int turn = 0; turn < session.options().repeat; ++turn) {
    session.report().now("store: opening");
    store.drop_from_page_cache();
    cold.push_back(1e3 * seconds_of([&] { store.open(options); }));
    warm.push_back(1e3 * seconds_of([&] { store.open(options); }));
  }
  session.check(*store.open(options));
  session.report().add({"store/open/cold", "ms", Better::kLower, cold, {}});
  session.report().add({"store/open/warm", "ms", Better::kLower, warm, {}});
}

}  // namespace rollcall::bench
