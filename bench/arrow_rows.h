// Hands rows of the workload over as Arrow, as other libraries do: nothing is copied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/workload_w.h"
#include "rollcall/arrow_interface.h"

namespace rollcall::bench {

// Holds the rows that streams are made of, in columns "user", "time" and "event".
struct ArrowRows {
  std::vector<std::uint64_t> users;
  std::vector<std::int64_t> times;
  std::vector<std::uint32_t> events;
  std::string names;  // of events, one after the other
  std::vector<std::int32_t> name_ends = {0};
};

// Copies at most so many rows, in their order or in a random one.
ArrowRows arrow_rows(const WorkloadRows& rows, std::size_t rows_max, bool are_mixed);

// Makes a stream of record batches of so many rows each. The rows must outlive it.
ArrowArrayStream arrow_stream(const ArrowRows& rows, std::size_t batch_rows);

}  // namespace rollcall::bench
