// Has a function of Python open Parquet files, which is rollcall._parquet.read.
#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>
#include <string>
#include <vector>

#include "rollcall/parquet.h"

namespace rollcall::python {

// Does what ReadParquet says. The caller has the GIL, and gets what the function raises as a
// nanobind::python_error.
Result<std::vector<std::uint64_t>> call_parquet_reader(const nanobind::object& read,
                                                       const std::string& path,
                                                       const ParquetRequest& request,
                                                       ArrowArrayStream* rows);

// Returns a reader for a command line, which has nobody to raise anything to: what `read` raises
// becomes the text of an error. `read` has to outlive it.
ReadParquet parquet_of_commands(const nanobind::object& read);

}  // namespace rollcall::python
