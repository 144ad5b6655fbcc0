// The decoder turns blocks of a source into prepared batches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/source/formats/text_block_reader.h"
#include "core/source/ingest/batch_builder.h"
#include "core/source/ingest/parquet_file.h"
#include "core/source/ingest/source_limits.h"
#include "core/source/values/row.h"
#include "core/time/time_zone.h"
#include "rollcall/engine.h"
#include "rollcall/file_source.h"
#include "rollcall/status.h"

namespace rollcall {

// Is a row at fault, as seen from its block.
struct BlockReject {
  std::uint64_t line = 0;   // line ends between the block's beginning and the row
  std::string_view record;  // a view of the block
  RowFault fault;
};

// Is a decoded block. On a second reading, it has only rows that are decided anew: those it takes,
// and those that it finds at fault for the first time. All others were reported before.
struct DecodedBlock {
  std::optional<PreparedBatch> batch;  // unset: no row is good
  std::uint64_t rows = 0;              // good or not
  std::uint64_t good_rows = 0;
  std::uint64_t lines = 0;                    // line ends
  std::vector<BlockReject> rejects;           // the first `rejects_max` of them, in order
  std::vector<RejectCount> rejected_by_kind;  // of all rejects
  bool rejects_want_other_reading = false;    // as in FileReport, for any of them
  Refusals refused;                           // part of them (on a second reading: besides them)
  // Counts, on a second reading, rows that were refused before, and those of them that are in
  // `batch`.
  Refusals decided, admitted;
  std::vector<WordCount> null_users;  // as in IngestReport
  std::vector<WordCount> null_values;
  OddIds padded_users, rounded_users;
  std::vector<std::string> late_columns;  // those that were awaited
};

// Says how the blocks of one source are decoded. It does not change.
struct DecoderOptions {
  SourceOptions source;
  SourceSchema schema;
  std::string name;  // the source, for errors
  TimeZone zone;
  std::size_t rejects_max = 0;
  Admission admission;
  std::size_t cut_line_bytes = 0;                   // as RefusedRange::cut_line_bytes
  bool holds_unrounded = false;                     // as SourceReading::holds_unrounded
  std::vector<std::string> awaited;                 // see awaited_names
  std::shared_ptr<const ParquetFile> parquet = {};  // if it is one
};

// One thread may use it at a time; there may be any number of decoders at once.
class RowDecoder {
 public:
  static std::unique_ptr<RowDecoder> make(const Engine& engine, const DecoderOptions& options);
  virtual ~RowDecoder() = default;

  // The text of a block of a Parquet file is written into it. `continues_line` says that the block
  // goes on with a line whose beginning was ingested as a row.
  virtual Status decode(SourceBlock& block, bool continues_line, DecodedBlock& out) = 0;
};

}  // namespace rollcall
