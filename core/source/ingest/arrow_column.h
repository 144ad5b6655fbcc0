// Reads the columns of Arrow record batches. Whatever a producer gets wrong and a reader can see is
// an error. All that has to be believed is that a buffer is as long as its type and the array's
// length say.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/text_arena.h"
#include "rollcall/arrow_interface.h"
#include "rollcall/status.h"

namespace rollcall {

// Returns the name by which Arrow's libraries call a type, such as float64 for the format "g", or
// the format itself in quotes where it is none that is known here.
std::string arrow_type_name(std::string_view format);

// Is one column of a record batch, or the values of its dictionary. It is a view.
class ArrowColumn {
 public:
  // Makes the column over rows [offset, offset + size) of `array`. Errors count rows from
  // `first_row`, the number of rows of the stream before the batch.
  //   kInvalidArgument  the array is not what the type needs
  static Result<ArrowColumn> make(std::string name, const ArrowSchema* schema,
                                  const ArrowArray* array, std::int64_t offset, std::int64_t size,
                                  std::uint64_t first_row);

  // Returns the type as the interface spells it, which is that of the indices in a dictionary-
  // encoded column.
  std::string_view format() const { return schema_->format; }
  bool is_coded() const { return schema_->dictionary != nullptr; }
  std::size_t size() const { return size_; }

  // Returns row 0 of a buffer of values.
  template <class T>
  const T* values() const {
    return static_cast<const T*>(array_->buffers[1]) + offset_;
  }
  const void* buffer(std::int64_t number) const { return array_->buffers[number]; }
  std::int64_t buffer_count() const { return array_->n_buffers; }
  std::int64_t offset() const { return offset_; }
  bool may_have_nulls() const { return array_->null_count != 0 && array_->buffers[0] != nullptr; }
  bool is_null(std::size_t row) const {
    return may_have_nulls() && !bit_at(array_->buffers[0], row);
  }
  // Returns the bit of a row, in a buffer of bits.
  bool bit_at(const void* bits, std::size_t row) const {
    const auto place = static_cast<std::size_t>(offset_) + row;
    return (static_cast<const std::uint8_t*>(bits)[place / 8] >> (place % 8) & 1) != 0;
  }

  // Returns the values of the dictionary; the column is coded.
  Result<ArrowColumn> dictionary() const;

  // Return errors about one row, and about the type.
  Status fault(std::size_t row, std::string_view what) const;
  Status wrong_type(std::string_view allowed) const;

 private:
  std::string name_;
  const ArrowSchema* schema_ = nullptr;
  const ArrowArray* array_ = nullptr;
  std::int64_t offset_ = 0;  // of row 0 in the buffers
  std::size_t size_ = 0;
  std::uint64_t first_row_ = 0;
  int depth_ = 0;  // dictionaries that it is within
};

// Calls `visit(T{})` with the type of an integer column; returns false if it is none.
template <class Visit>
bool visit_integer(std::string_view format, Visit visit) {
  if (format.size() != 1) return false;
  switch (format[0]) {
    case 'c':
      visit(std::int8_t{});
      return true;
    case 'C':
      visit(std::uint8_t{});
      return true;
    case 's':
      visit(std::int16_t{});
      return true;
    case 'S':
      visit(std::uint16_t{});
      return true;
    case 'i':
      visit(std::int32_t{});
      return true;
    case 'I':
      visit(std::uint32_t{});
      return true;
    case 'l':
      visit(std::int64_t{});
      return true;
    case 'L':
      visit(std::uint64_t{});
      return true;
    default:
      return false;
  }
}

inline bool is_integer(std::string_view format) {
  return visit_integer(format, [](auto) {});
}

// Says which types besides strings a column of texts may have. They become the texts that would
// stand in a file.
struct TextTypes {
  bool integers = false;
  bool booleans = false;  // "true" and "false"
  bool bytes = false;     // binary, which need not be UTF-8
  std::string_view allowed = "strings";
};

// Holds the texts of a column, by row or by code. They are views of the column's bytes, or of the
// arena.
struct ArrowTexts {
  static constexpr std::uint32_t kNull = ~std::uint32_t{0};
  std::vector<std::string_view> values;  // where there are no codes, "" for null
  std::vector<std::uint32_t> codes;      // of rows; kNull: none. Empty: row i holds values[i]

  std::string_view of(std::size_t row) const {
    if (codes.empty()) return values[row];
    return codes[row] == kNull ? std::string_view() : values[codes[row]];
  }
};

// Reads a column of texts, dictionary-encoded or not.
//   kInvalidArgument  it is of another type, or not what its type needs
Status read_texts(const ArrowColumn& column, const TextTypes& types, TextArena& arena,
                  ArrowTexts& out);

}  // namespace rollcall
