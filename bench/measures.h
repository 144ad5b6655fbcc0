// The groups of measurements, one file each. Every one checks its answers before its times count,
// and throws BenchError when they are wrong.
#pragma once

#include <span>
#include <string_view>

#include "bench/session.h"

namespace rollcall::bench {

void measure_ingest(Session& session);  // events in memory to aggregates, beside the floor

struct MeasureGroup {
  std::string_view name;
  std::string_view what;
  void (*run)(Session& session);
};
std::span<const MeasureGroup> measure_groups();

}  // namespace rollcall::bench
