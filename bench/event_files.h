// These are files of events in the forms that rollcall reads.
#pragma once

#include <cstdint>
#include <string>

#include "bench/workload_w.h"
#include "rollcall/file_source.h"

namespace rollcall::bench {

// Writes the rows to `path`: native blocks, or lines with user, event, time, value and platform, of
// which the last is only there to be ignored. Throws BenchError.
void write_event_file(const WorkloadColumns& columns, std::size_t rows, FileFormat format,
                      const std::string& path);

}  // namespace rollcall::bench
