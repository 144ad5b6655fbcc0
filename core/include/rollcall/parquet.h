// Says how ingest_files gets the rows of Parquet files. The library has no reader of its own: the
// caller hands one over as SourceOptions::read_parquet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "rollcall/arrow_interface.h"
#include "rollcall/status.h"

namespace rollcall {

// Says which rows of a file are wanted, and in which portions.
struct ParquetRequest {
  std::vector<std::string> columns;   // those at the top; empty: all
  std::uint64_t first_row_group = 0;  // rows of earlier row groups are left out
  std::size_t batch_rows = 0;         // the most rows of a batch
  // No page may take more than this once it is decompressed, so that a small file cannot fill the
  // memory.
  std::uint64_t page_bytes_max = 0;
};

// Opens the file at `path`, sets `*rows` to a stream of its rows in their order, which the caller
// releases, and returns how many rows each of its row groups has, including those that were not
// asked for. The stream is used by one thread at a time, and streams of several files may be used
// at once. After an error, `*rows` is as it was.
using ReadParquet = std::function<Result<std::vector<std::uint64_t>>(
    const std::string& path, const ParquetRequest& request, ArrowArrayStream* rows)>;

}  // namespace rollcall
