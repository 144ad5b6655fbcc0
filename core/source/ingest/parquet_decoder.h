// Decodes rows of Parquet files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/source/ingest/parquet_file.h"
#include "core/source/ingest/parquet_rows.h"
#include "core/source/ingest/row_decoder.h"

namespace rollcall {

// Has rows of a Parquet file written as text, and decoded as such. Whoever is told of a fault knows
// the row and the column of the file, but not the text.
class ParquetDecoder final : public RowDecoder {
 public:
  ParquetDecoder(std::shared_ptr<const ParquetFile> file, std::vector<std::string> columns,
                 std::unique_ptr<RowDecoder> text_decoder)
      : file_(std::move(file)),
        columns_(std::move(columns)),
        text_(columns_),
        text_decoder_(std::move(text_decoder)) {}

  Status decode(SourceBlock& block, bool continues_line, DecodedBlock& out) override;

 private:
  // Says where the row and the field at fault stand in the file.
  void place(const SourceBlock& block, std::uint64_t first_row, BlockReject& reject) const;
  // Returns the number of the field that holds a byte of the record.
  std::size_t field_at(std::string_view record, std::size_t byte) const;

  std::shared_ptr<const ParquetFile> file_;
  std::vector<std::string> columns_;
  ParquetText text_;
  std::unique_ptr<RowDecoder> text_decoder_;
};

}  // namespace rollcall
