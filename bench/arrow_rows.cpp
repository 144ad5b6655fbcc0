#include "bench/arrow_rows.h"

#include <algorithm>
#include <array>
#include <memory>
#include <numeric>
#include <random>
#include <string_view>
#include <utility>

namespace rollcall::bench {
namespace {

// Holds a record batch and all that it points to.
struct HeldBatch {
  std::array<const void*, 1> no_buffers = {nullptr};
  std::array<std::array<const void*, 2>, 3> buffers;
  std::array<const void*, 3> name_buffers;
  ArrowArray names;
  std::array<ArrowArray, 3> columns;
  std::array<ArrowArray*, 3> children;
};

void keep_array(ArrowArray* array) { array->release = nullptr; }
void keep_schema(ArrowSchema* schema) { schema->release = nullptr; }

void fill_batch(const ArrowRows& rows, std::size_t first, std::size_t count, ArrowArray* out) {
  auto held = std::make_unique<HeldBatch>();
  const auto length = static_cast<std::int64_t>(count);
  held->name_buffers = {nullptr, rows.name_ends.data(), rows.names.data()};
  held->names = {};
  held->names.length = static_cast<std::int64_t>(kEventNames);
  held->names.n_buffers = 3;
  held->names.buffers = held->name_buffers.data();
  held->names.release = keep_array;
  const std::array<const void*, 3> values = {rows.users.data() + first, rows.times.data() + first,
                                             rows.events.data() + first};
  for (std::size_t column = 0; column < values.size(); ++column) {
    held->buffers[column] = {nullptr, values[column]};
    ArrowArray& array = held->columns[column];
    array = {};
    array.length = length;
    array.n_buffers = 2;
    array.buffers = held->buffers[column].data();
    array.release = keep_array;
    held->children[column] = &array;
  }
  held->columns[2].dictionary = &held->names;
  *out = {};
  out->length = length;
  out->n_buffers = 1;
  out->buffers = held->no_buffers.data();
  out->n_children = 3;
  out->children = held->children.data();
  out->private_data = held.release();
  out->release = [](ArrowArray* batch) {
    delete static_cast<HeldBatch*>(batch->private_data);
    batch->release = nullptr;
  };
}

struct HeldSchema {
  std::array<ArrowSchema, 3> columns = {};
  ArrowSchema names = {};
  std::array<ArrowSchema*, 3> children = {&columns[0], &columns[1], &columns[2]};
};

void fill_schema(ArrowSchema* out) {
  auto held = std::make_unique<HeldSchema>();
  constexpr std::array<std::pair<const char*, const char*>, 3> kColumns = {
      {{"user", "L"}, {"time", "tsu:UTC"}, {"event", "I"}}};
  for (std::size_t column = 0; column < kColumns.size(); ++column) {
    held->columns[column].name = kColumns[column].first;
    held->columns[column].format = kColumns[column].second;
    held->columns[column].release = keep_schema;
  }
  held->names.format = "u";
  held->names.release = keep_schema;
  held->columns[2].dictionary = &held->names;
  *out = {};
  out->format = "+s";
  out->n_children = 3;
  out->children = held->children.data();
  out->private_data = held.release();
  out->release = [](ArrowSchema* schema) {
    delete static_cast<HeldSchema*>(schema->private_data);
    schema->release = nullptr;
  };
}

struct RowStream {
  const ArrowRows& rows;
  std::size_t batch_rows;
  std::size_t position = 0;
};

}  // namespace

ArrowRows arrow_rows(const WorkloadRows& rows, std::size_t rows_max, bool are_mixed) {
  std::vector<std::size_t> order(std::min(rows.size(), rows_max));
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (are_mixed) std::shuffle(order.begin(), order.end(), std::mt19937_64(1));
  ArrowRows made;
  for (const std::size_t row : order) {
    made.users.push_back(rows.users[row]);
    made.times.push_back(rows.times[row]);
    made.events.push_back(rows.events[row]);
  }
  for (const std::string_view name : kEventNameList) {
    made.names += name;
    made.name_ends.push_back(static_cast<std::int32_t>(made.names.size()));
  }
  return made;
}

ArrowArrayStream arrow_stream(const ArrowRows& rows, std::size_t batch_rows) {
  ArrowArrayStream stream = {};
  stream.private_data = new RowStream{rows, batch_rows};
  stream.get_schema = [](ArrowArrayStream*, ArrowSchema* out) {
    fill_schema(out);
    return 0;
  };
  stream.get_next = [](ArrowArrayStream* self, ArrowArray* out) {
    auto& held = *static_cast<RowStream*>(self->private_data);
    const std::size_t count = std::min(held.batch_rows, held.rows.users.size() - held.position);
    *out = {};
    if (count > 0) fill_batch(held.rows, held.position, count, out);
    held.position += count;
    return 0;
  };
  stream.get_last_error = [](ArrowArrayStream*) -> const char* { return nullptr; };
  stream.release = [](ArrowArrayStream* self) {
    delete static_cast<RowStream*>(self->private_data);
    self->release = nullptr;
  };
  return stream;
}

}  // namespace rollcall::bench
