// These are the groups of measurements, one file each. Every one checks its answers before its
// times count, and throws BenchError if they are wrong.
#pragma once

#include <string>
#include <vector>

#include "bench/session.h"

namespace rollcall::bench {

void measure_ingest(Session& session);
void measure_files(Session& session);
void measure_store(Session& session);
void measure_queries(Session& session);
void measure_large_queries(Session& session);
void measure_latency(Session& session);
void measure_history(Session& session);
void measure_history_writes(Session& session);  // a part of it
void measure_operations(Session& session);
void measure_pushed(Session& session);
void measure_arrow(Session& session);
void measure_c(Session& session);

// Reports the times that a half, all but one in a hundred, and all of them do not exceed.
void add_quantiles(Session& session, const std::string& name, const std::vector<double>& ms);

}  // namespace rollcall::bench
