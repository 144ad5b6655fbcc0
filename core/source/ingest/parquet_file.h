// Reads Parquet files, whose rows a reader hands out as Arrow columns.
//
// A Parquet file is known by all of its bytes: it is written once and never grows. Its positions
// are numbers of rows, where those of text are numbers of bytes.
#pragma once

#include <xxhash.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/source/files/stored_file.h"
#include "core/source/formats/text_block_reader.h"
#include "core/source/ingest/owned_arrow.h"
#include "core/source/ingest/parquet_rows.h"
#include "core/source/ingest/source_reading.h"
#include "core/time/time_zone.h"
#include "rollcall/file_source.h"
#include "rollcall/parquet.h"
#include "rollcall/status.h"

namespace rollcall {

// Pages may take as much before there is an engine, whose memory says how much it may be.
inline constexpr std::uint64_t kInspectedPageBytesMax = std::uint64_t{64} << 20;

// Returns whether the file at `path` is Parquet, or pretends to be by its name.
bool is_parquet(const std::string& path, const SourceOptions& options);

// Holds what is known of a file before its rows are read. It does not change.
class ParquetFile {
 public:
  // Opens the file, and reads its first rows. Pages may take `page_bytes_max`.
  //   kNotFound, kIoError  it cannot be opened     kCorruption  it is damaged
  //   kUnsupported         there is no reader      kCancelled   stopped
  static Result<std::shared_ptr<const ParquetFile>> open(const std::string& path,
                                                         const SourceOptions& options,
                                                         std::uint64_t page_bytes_max,
                                                         const SourceWait& wait);

  const std::string& path() const { return path_; }
  XXH128_hash_t digest() const { return digest_; }
  std::uint64_t size() const { return size_; }
  std::uint64_t rows() const { return rows_; }

  // Determines how the file is read, as plan_reading does for text.
  //   kInvalidArgument  also: a column is of a type that its role does not have
  Result<ReadingPlan> plan(const SourceOptions& options, const StoreSettings& settings,
                           const TimeZone& zone, const SourceReading* known) const;
  // Does the same without a store, as inspect_head does for text.
  Result<SourceSchema> inspect(const SourceOptions& options,
                               const std::vector<std::string>& properties) const;
  // As reading_if_new does for text.
  std::optional<SourceReading> reading_if_new(const SourceOptions& options,
                                              const StoreSettings& settings,
                                              const SourceReading& known) const;

  // Returns the row group of a row, and the number of the row in it, both from 0.
  std::pair<std::uint64_t, std::uint64_t> place_of(std::uint64_t row) const;
  // Returns the number of a column at the top, from 1.
  std::uint32_t number_of(const std::string& column) const;

  // Begins to read at that row group.
  Status begin(const std::vector<std::string>& columns, std::uint64_t first_row_group,
               std::size_t batch_rows, Owned<ArrowArrayStream>& stream) const;
  std::uint64_t first_row_of(std::uint64_t row_group) const {
    return row_group == 0 ? 0 : group_ends_[row_group - 1];
  }

  // Returns the error for what makes the file unreadable.
  Status damaged(std::string_view what) const;

 private:
  struct Column {
    std::string name;
    std::string format;
    ParquetType type = ParquetType::kOther;
  };

  Status look_at(const SourceWait& wait);
  Status read_head();
  Result<std::vector<std::uint64_t>> open_stream(const ParquetRequest& request,
                                                 Owned<ArrowArrayStream>& stream) const;
  SourceOptions text_options(const SourceOptions& options, const SourceSchema* schema) const;
  Status check_names(const SourceOptions& options,
                     const std::vector<std::string>& properties) const;
  Status check_types(const SourceSchema& schema, const std::vector<std::string>& properties) const;
  Status check_type(std::string_view role, const std::string& column) const;
  const Column* find(const std::string& name) const;

  std::string path_;
  ReadParquet read_;
  std::array<std::int64_t, 5> facts_{};  // of what the path names
  std::uint64_t page_bytes_max_ = 0;
  XXH128_hash_t digest_{};
  std::uint64_t size_ = 0;
  std::uint64_t rows_ = 0;
  std::vector<std::uint64_t> group_ends_;  // in rows
  std::vector<Column> columns_;
  std::string head_;  // the first rows as delimited text, with a header
  bool head_is_all_ = false;
};

// Reads rows [begin, end) of a file in blocks. One thread may use it at a time.
class ParquetBlockReader {
 public:
  // Blocks have about `block_bytes` of text.
  ParquetBlockReader(std::shared_ptr<const ParquetFile> file, std::vector<std::string> columns,
                     std::uint64_t begin, std::uint64_t end, std::size_t block_bytes);

  // Fills `block`, whose text is yet to be written. Returns false after the last one.
  //   kCorruption  the file is damaged
  Result<bool> next(SourceBlock& block);

  std::uint64_t row() const { return row_; }

 private:
  Status begin();
  Result<bool> next_batch();

  std::shared_ptr<const ParquetFile> file_;
  std::vector<std::string> columns_;
  std::uint64_t row_;
  std::uint64_t end_;
  std::size_t block_bytes_;
  bool has_begun_ = false;
  Owned<ArrowArrayStream> stream_;
  std::shared_ptr<const Owned<ArrowSchema>> schema_;
  ParquetRows rest_;           // of the batch: what is yet to be handed out
  std::int64_t step_ = 0;      // rows of a block
  std::uint64_t read_to_ = 0;  // what the stream has given
};

// Reads a file to its end, and returns whether it is whole.
//   kCorruption  it is not      kCancelled  stopped
Status check_to_the_end(const std::shared_ptr<const ParquetFile>& file,
                        const std::vector<std::string>& columns, std::size_t block_bytes,
                        const SourceWait& wait);

// Returns the columns that are read of a file with this schema.
std::vector<std::string> parquet_columns(const SourceSchema& schema,
                                         const std::vector<std::string>& properties);

}  // namespace rollcall
