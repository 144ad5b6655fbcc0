#include "tests/support/exported_arrow.h"

#include <fmt/format.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace rollcall {
namespace {

std::atomic<int> live_schemas{0}, live_arrays{0}, live_streams{0};

struct ArrayMemory {
  std::vector<std::uint8_t> validity;
  std::vector<const void*> buffers;
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> child_pointers;
  ArrowArray dictionary{};
};

void fill(const Exported& column, ArrowArray& out);

void fill_memory(const Exported& column, ArrayMemory& memory) {
  if (!column.valid.empty()) {
    memory.validity.resize((column.valid.size() + 7) / 8);
    for (std::size_t i = 0; i < column.valid.size(); ++i) {
      if (column.valid[i]) {
        memory.validity[i / 8] = static_cast<std::uint8_t>(memory.validity[i / 8] | 1u << (i % 8));
      }
    }
  }
  memory.buffers.push_back(column.valid.empty() ? nullptr : memory.validity.data());
  for (const auto& buffer : column.buffers) memory.buffers.push_back(buffer.data());
  memory.children.resize(column.children.size());
  for (std::size_t i = 0; i < column.children.size(); ++i) {
    fill(column.children[i], memory.children[i]);
    memory.child_pointers.push_back(&memory.children[i]);
  }
  if (column.dictionary) fill(*column.dictionary, memory.dictionary);
}

void release_array(ArrowArray* array) {
  auto* memory = static_cast<ArrayMemory*>(array->private_data);
  for (ArrowArray& child : memory->children) child.release(&child);
  if (memory->dictionary.release != nullptr) memory->dictionary.release(&memory->dictionary);
  delete memory;
  array->release = nullptr;
  --live_arrays;
}

void fill(const Exported& column, ArrowArray& out) {
  auto* memory = new ArrayMemory;
  fill_memory(column, *memory);
  out = {};
  out.length = column.length;
  out.null_count = column.null_count != 0 ? column.null_count : column.valid.empty() ? 0 : -1;
  out.offset = column.offset;
  out.n_buffers = static_cast<std::int64_t>(memory->buffers.size());
  out.n_children = static_cast<std::int64_t>(memory->children.size());
  out.buffers = memory->buffers.data();
  out.children = memory->child_pointers.data();
  out.dictionary = column.dictionary ? &memory->dictionary : nullptr;
  out.release = &release_array;
  out.private_data = memory;
  ++live_arrays;
}

struct SchemaMemory {
  std::string format, name;
  std::vector<ArrowSchema> children;
  std::vector<ArrowSchema*> child_pointers;
  ArrowSchema dictionary{};
};

void release_schema(ArrowSchema* schema) {
  auto* memory = static_cast<SchemaMemory*>(schema->private_data);
  for (ArrowSchema& child : memory->children) child.release(&child);
  if (memory->dictionary.release != nullptr) memory->dictionary.release(&memory->dictionary);
  delete memory;
  schema->release = nullptr;
  --live_schemas;
}

void fill(const Exported& column, ArrowSchema& out) {
  auto* memory = new SchemaMemory;
  memory->format = column.format;
  memory->name = column.name;
  memory->children.resize(column.children.size());
  for (std::size_t i = 0; i < column.children.size(); ++i) {
    fill(column.children[i], memory->children[i]);
    memory->child_pointers.push_back(&memory->children[i]);
  }
  if (column.dictionary) fill(*column.dictionary, memory->dictionary);
  out = {};
  out.format = memory->format.c_str();
  out.name = memory->name.c_str();
  out.n_children = static_cast<std::int64_t>(memory->children.size());
  out.children = memory->child_pointers.data();
  out.dictionary = column.dictionary ? &memory->dictionary : nullptr;
  out.release = &release_schema;
  out.private_data = memory;
  ++live_schemas;
}

struct StreamMemory {
  std::vector<Exported> batches;
  std::size_t next = 0;
  bool fails = false;
  std::function<void(std::size_t)> before_next;
};

std::map<std::string, std::string> metadata_of(const char* bytes) {
  const auto take_number = [&bytes] {
    std::int32_t number = 0;
    std::memcpy(&number, bytes, sizeof number);
    bytes += sizeof number;
    return number;
  };
  const auto take_text = [&] {
    const auto size = static_cast<std::size_t>(take_number());
    std::string taken(bytes, size);
    bytes += size;
    return taken;
  };
  std::map<std::string, std::string> metadata;
  if (bytes == nullptr) return metadata;
  for (std::int32_t left = take_number(); left > 0; --left) {
    std::string name = take_text();
    metadata[std::move(name)] = take_text();
  }
  return metadata;
}

template <class T>
T number_at(const ArrowArray& array, std::int64_t row) {
  T number;
  std::memcpy(&number, static_cast<const char*>(array.buffers[1]) + row * std::int64_t{sizeof(T)},
              sizeof number);
  return number;
}

bool bit_at(const void* bits, std::int64_t row) {
  return (static_cast<const std::uint8_t*>(bits)[row / 8] >> (row % 8) & 1) != 0;
}

std::string decimal_text(const std::string& format, const ArrowArray& array, std::int64_t row) {
  __extension__ using Int128 = __int128;
  const auto scale = static_cast<std::size_t>(std::stoi(format.substr(format.find(',') + 1)));
  Int128 number = number_at<Int128>(array, row);
  const bool negative = number < 0;
  std::string digits;
  for (; number != 0; number /= 10) {
    const auto digit = static_cast<int>(number % 10);
    digits.insert(digits.begin(), static_cast<char>('0' + (digit < 0 ? -digit : digit)));
  }
  if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
  if (scale > 0) digits.insert(digits.size() - scale, ".");
  return (negative ? "-" : "") + digits;
}

std::string cell_text(const std::string& format, const ArrowArray& array, std::int64_t row) {
  if (array.null_count != 0 && array.buffers[0] != nullptr && !bit_at(array.buffers[0], row)) {
    return "null";
  }
  if (format == "tdD") return std::to_string(number_at<std::int32_t>(array, row));
  if (format == "l" || format.starts_with("tsu:")) {
    return std::to_string(number_at<std::int64_t>(array, row));
  }
  if (format == "L") return std::to_string(number_at<std::uint64_t>(array, row));
  if (format == "g") return fmt::format("{}", number_at<double>(array, row));
  if (format == "b") return bit_at(array.buffers[1], row) ? "true" : "false";
  if (format.starts_with("d:38,")) return decimal_text(format, array, row);
  if (format != "u") std::abort();
  const auto begin = number_at<std::int32_t>(array, row);
  const auto end = number_at<std::int32_t>(array, row + 1);
  return std::string(static_cast<const char*>(array.buffers[2]) + begin,
                     static_cast<std::size_t>(end - begin));
}

}  // namespace

Exported text(std::string name, const std::vector<std::string>& values, std::vector<bool> valid) {
  return strings<std::int32_t>("u", std::move(name), values, std::move(valid));
}

Exported batch_of(std::vector<Exported> columns) {
  Exported batch;
  batch.format = "+s";
  batch.length = columns.front().length;
  batch.children = std::move(columns);
  return batch;
}

Exported sliced(Exported column, std::int64_t rows) {
  column.offset += rows;
  column.length -= rows;
  return column;
}

LiveArrow live_arrow() { return {live_schemas, live_arrays, live_streams}; }

ArrowArrayStream stream_of(std::vector<Exported> batches, bool fails,
                           std::function<void(std::size_t)> before_next) {
  ArrowArrayStream stream{};
  stream.private_data = new StreamMemory{std::move(batches), 0, fails, std::move(before_next)};
  stream.get_schema = [](ArrowArrayStream* self, ArrowSchema* out) {
    fill(static_cast<StreamMemory*>(self->private_data)->batches.front(), *out);
    return 0;
  };
  stream.get_next = [](ArrowArrayStream* self, ArrowArray* out) {
    auto& memory = *static_cast<StreamMemory*>(self->private_data);
    *out = {};
    if (memory.before_next) memory.before_next(memory.next);
    if (memory.next < memory.batches.size()) {
      fill(memory.batches[memory.next++], *out);
      return 0;
    }
    return memory.fails ? 5 : 0;
  };
  stream.get_last_error = [](ArrowArrayStream*) { return kStreamError; };
  stream.release = [](ArrowArrayStream* self) {
    delete static_cast<StreamMemory*>(self->private_data);
    self->release = nullptr;
    --live_streams;
  };
  ++live_streams;
  return stream;
}

ReadArrow read_arrow(ArrowArrayStream stream) {
  ReadArrow read;
  ArrowSchema schema{};
  if (stream.get_schema(&stream, &schema) != 0) std::abort();
  read.metadata = metadata_of(schema.metadata);
  for (std::int64_t i = 0; i < schema.n_children; ++i) {
    const ArrowSchema& column = *schema.children[i];
    read.names.emplace_back(column.name);
    read.formats.emplace_back(column.format);
    read.column_types.push_back(metadata_of(column.metadata)["rollcall.type"]);
  }
  for (;; ++read.batches) {
    ArrowArray array{};
    if (stream.get_next(&stream, &array) != 0) std::abort();
    if (array.release == nullptr) break;
    for (std::int64_t row = 0; row < array.length; ++row) {
      std::vector<std::string>& cells = read.rows.emplace_back();
      for (std::size_t i = 0; i < read.formats.size(); ++i) {
        cells.push_back(cell_text(read.formats[i], *array.children[i], row));
      }
    }
    // A consumer may take a child out of its parent and keep it longer.
    if (array.n_children > 0) {
      ArrowArray moved = *array.children[0];
      array.children[0]->release = nullptr;
      array.release(&array);
      moved.release(&moved);
    } else {
      array.release(&array);
    }
  }
  schema.release(&schema);
  stream.release(&stream);
  return read;
}

}  // namespace rollcall
