// Writes rows of Arrow columns as delimited text, so that they are decoded as rows of other files
// are: by the same checks, limits and faults.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/text_arena.h"
#include "core/source/formats/text_block_reader.h"
#include "core/source/ingest/owned_arrow.h"
#include "rollcall/arrow_interface.h"
#include "rollcall/status.h"

namespace rollcall {

// Are rows of a batch, which several blocks may share.
struct ParquetRows {
  std::shared_ptr<const Owned<ArrowSchema>> schema;
  std::shared_ptr<const Owned<ArrowArray>> batch;
  std::int64_t begin = 0, size = 0;  // within the batch
  std::uint64_t first_row = 0;       // of the file
};

// Says which texts the values of a column become.
enum class ParquetType : std::uint8_t {
  kText,
  kInteger,
  kBoolean,
  kTime,  // timestamps and dates
  kDecimal,
  kFloat,
  kOther,  // none, such as lists
};
ParquetType parquet_type(const ArrowSchema& column);

// Returns a field as the delimited text has it: in quotes where it has to be.
void append_field(std::string_view text, std::string& out);

// Returns an upper bound of the longest text in these columns of the rows.
//   kInvalidArgument  an array is not what its type needs
Result<std::size_t> longest_text(const ParquetRows& rows, const std::vector<std::string>& columns);

// One thread may use it at a time.
class ParquetText {
 public:
  explicit ParquetText(std::vector<std::string> columns) : columns_(std::move(columns)) {}

  // Writes the rows, each with a line end, without a header.
  //   kInvalidArgument  an array is not what its type needs
  Status write(const ParquetRows& rows);

  const std::string& text() const { return text_; }
  // Returns where each row begins in the text.
  const std::vector<std::size_t>& begins() const { return begins_; }

 private:
  std::vector<std::string> columns_;
  TextArena arena_;
  std::string text_;
  std::vector<std::size_t> begins_;
};

}  // namespace rollcall
