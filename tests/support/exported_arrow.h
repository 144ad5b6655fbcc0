// Makes Arrow streams as other libraries hand them over, and counts what of them is not released.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rollcall/arrow_interface.h"

namespace rollcall {

// Is a column as a producer keeps it: buffers, children and a dictionary that live until it is
// released.
struct Exported {
  std::string format, name;
  std::int64_t length = 0, offset = 0, null_count = 0;
  std::deque<std::vector<std::uint8_t>> buffers;
  std::vector<bool> valid;  // empty: all
  std::shared_ptr<Exported> dictionary;
  std::vector<Exported> children;
};

template <class T>
std::vector<std::uint8_t> bytes_of(const std::vector<T>& values) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(values.data());
  return {bytes, bytes + values.size() * sizeof(T)};
}

template <class T>
Exported numbers(std::string format, std::string name, const std::vector<T>& values,
                 std::vector<bool> valid = {}) {
  Exported column;
  column.format = std::move(format);
  column.name = std::move(name);
  column.length = static_cast<std::int64_t>(values.size());
  column.buffers.push_back(bytes_of(values));
  column.valid = std::move(valid);
  return column;
}

template <class Offset>
Exported strings(std::string format, std::string name, const std::vector<std::string>& values,
                 std::vector<bool> valid = {}) {
  Exported column;
  column.format = std::move(format);
  column.name = std::move(name);
  column.length = static_cast<std::int64_t>(values.size());
  std::vector<Offset> offsets = {0};
  std::vector<std::uint8_t> bytes;
  for (const std::string& value : values) {
    bytes.insert(bytes.end(), value.begin(), value.end());
    offsets.push_back(static_cast<Offset>(bytes.size()));
  }
  column.buffers.push_back(bytes_of(offsets));
  column.buffers.push_back(bytes);
  column.valid = std::move(valid);
  return column;
}

Exported text(std::string name, const std::vector<std::string>& values,
              std::vector<bool> valid = {});

// Makes a record batch of columns.
Exported batch_of(std::vector<Exported> columns);

// Cuts the first rows off by an offset, as slicing does.
Exported sliced(Exported column, std::int64_t rows);

// Counts what was made and is not released.
struct LiveArrow {
  int schemas = 0, arrays = 0, streams = 0;
  friend bool operator==(const LiveArrow&, const LiveArrow&) = default;
};
LiveArrow live_arrow();

inline constexpr const char* kStreamError = "the disk is on fire";

// Makes a stream of record batches; after the last it ends, or fails. `before_next` is called with
// the number of each batch before it is handed over, and once more before the end.
ArrowArrayStream stream_of(std::vector<Exported> batches, bool fails = false,
                           std::function<void(std::size_t)> before_next = {});

// Is what a consumer reads from a stream: names and formats of the columns, the metadata of the
// whole, and the rows with each cell as text. Null is "null", an instant or a date is its number,
// and a decimal has its point.
struct ReadArrow {
  std::vector<std::string> names, formats;
  std::map<std::string, std::string> metadata;
  std::vector<std::string> column_types;  // "rollcall.type" of each column
  std::vector<std::vector<std::string>> rows;
  std::size_t batches = 0;
};

// Reads a stream to its end and releases it. Ends the process if the stream fails, or a column has
// a type that no answer has.
ReadArrow read_arrow(ArrowArrayStream stream);

}  // namespace rollcall
