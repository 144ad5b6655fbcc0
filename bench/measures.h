// The groups of measurements, one file each. Every one checks its answers before its times count,
// and throws BenchError when they are wrong.
#pragma once

#include "bench/session.h"

namespace rollcall::bench {

void measure_ingest(Session& session);
void measure_files(Session& session);
void measure_store(Session& session);
void measure_queries(Session& session);
void measure_large_queries(Session& session);
void measure_latency(Session& session);

}  // namespace rollcall::bench
