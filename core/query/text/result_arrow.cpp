// Writes results as Arrow streams. Whatever is handed out owns what it points to, as consumers may
// move children out of their parents and release each when they like.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/guard.h"
#include "core/query/text/query_json.h"
#include "rollcall/arrow_result.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

constexpr std::size_t kArrowRowsMax = 65'536;
constexpr std::size_t kArrowTextBytesMax = std::size_t{16} << 20;  // offsets have 31 bits
constexpr std::size_t kDecimalDigitsMax = 38;

using Metadata = std::vector<std::pair<std::string_view, std::string>>;

// Returns the pairs as the interface asks for them: each text is preceded by its size.
std::string encode_metadata(const Metadata& pairs) {
  std::string bytes;
  const auto append_size = [&](std::size_t size) {
    const auto number = static_cast<std::int32_t>(size);
    bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
  };
  append_size(pairs.size());
  for (const auto& [name, value] : pairs) {
    append_size(name.size());
    bytes.append(name);
    append_size(value.size());
    bytes.append(value);
  }
  return bytes;
}

// --- Schemas. ---

struct SchemaParts {
  std::string format, name, metadata;
  std::vector<ArrowSchema> children;
  std::vector<ArrowSchema*> pointers;
};

template <class T>
void release_children(std::vector<T>& children) {
  for (T& child : children) {
    if (child.release != nullptr) child.release(&child);
  }
}

void release_schema(ArrowSchema* schema) {
  const std::unique_ptr<SchemaParts> parts(static_cast<SchemaParts*>(schema->private_data));
  release_children(parts->children);
  schema->release = nullptr;
}

// Hands `parts` out. Nothing here takes memory.
void hand_out(std::unique_ptr<SchemaParts> parts, ArrowSchema* out) {
  *out = {};
  out->format = parts->format.c_str();
  out->name = parts->name.c_str();
  out->metadata = parts->metadata.data();
  out->flags = ARROW_FLAG_NULLABLE;
  out->n_children = static_cast<std::int64_t>(parts->children.size());
  out->children = parts->pointers.data();
  out->release = &release_schema;
  out->private_data = parts.release();
}

// --- Arrays. ---

struct ArrayParts {
  std::vector<std::uint8_t> validity, values;
  std::string text;
  std::shared_ptr<const void> owner;  // of what is not copied
  std::array<const void*, 3> buffers{};
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> pointers;
  std::int64_t length = 0, null_count = 0, buffer_count = 1;
};

void release_array(ArrowArray* array) {
  const std::unique_ptr<ArrayParts> parts(static_cast<ArrayParts*>(array->private_data));
  release_children(parts->children);
  array->release = nullptr;
}

void hand_out(std::unique_ptr<ArrayParts> parts, ArrowArray* out) {
  *out = {};
  if (parts->null_count > 0) parts->buffers[0] = parts->validity.data();
  out->length = parts->length;
  out->null_count = parts->null_count;
  out->n_buffers = parts->buffer_count;
  out->buffers = parts->buffers.data();
  out->n_children = static_cast<std::int64_t>(parts->children.size());
  out->children = parts->pointers.data();
  out->release = &release_array;
  out->private_data = parts.release();
}

// Releases children that were made, if what they are for is not.
template <class Parts>
struct WithChildren {
  explicit WithChildren(std::size_t count) : parts(std::make_unique<Parts>()) {
    parts->children.resize(count);
    for (auto& child : parts->children) parts->pointers.push_back(&child);
  }
  WithChildren(const WithChildren&) = delete;
  WithChildren& operator=(const WithChildren&) = delete;
  ~WithChildren() {
    if (parts) release_children(parts->children);
  }
  std::unique_ptr<Parts> parts;
};

// Writes the schema of an answer; `format_of` returns the format of a column, by its number.
template <class FormatOf>
void write_schema_of(const QueryResult& result, const FormatOf& format_of, ArrowSchema* out) {
  WithChildren<SchemaParts> made(result.columns.size());
  SchemaParts& parts = *made.parts;
  parts.format = "+s";
  Metadata metadata = {{"rollcall.kind", result.kind},
                       {"rollcall.definition", to_object(result.definition)},
                       {"rollcall.as_of", result.as_of}};
  std::string notes;
  for (const std::string& note : result.notes) {
    notes.append(notes.empty() ? "" : ", ").append(quote(note));
  }
  metadata.emplace_back("rollcall.notes", "[" + notes + "]");
  if (result.next) metadata.emplace_back("rollcall.next", *result.next);
  parts.metadata = encode_metadata(metadata);
  for (std::size_t i = 0; i < result.columns.size(); ++i) {
    const Column& column = result.columns[i];
    auto child = std::make_unique<SchemaParts>();
    child->format = format_of(i);
    child->name = column.name;
    child->metadata = encode_metadata({{"rollcall.type", std::string(to_string(column.type))}});
    hand_out(std::move(child), &parts.children[i]);
  }
  hand_out(std::move(made.parts), out);
}

// --- Decimals. ---

__extension__ using Int128 = __int128;

std::size_t fraction_digits(std::string_view decimal) {
  const std::size_t point = decimal.find('.');
  return point == std::string_view::npos ? 0 : decimal.size() - point - 1;
}

// Returns the decimal times 10^scale; false if it does not fit.
bool scale_decimal(std::string_view decimal, std::size_t scale, Int128& out) {
  const bool negative = decimal.starts_with('-');
  std::size_t digits = 0;
  Int128 number = 0;
  const auto add_digit = [&](char digit) {
    number = number * 10 + (digit - '0');
    digits += digits > 0 || digit != '0';
    return digits <= kDecimalDigitsMax;
  };
  for (const char c : decimal.substr(negative ? 1 : 0)) {
    if (c != '.' && !add_digit(c)) return false;
  }
  for (std::size_t i = fraction_digits(decimal); i < scale; ++i) {
    if (!add_digit('0')) return false;
  }
  out = negative ? -number : number;
  return true;
}

// --- The stream. ---

class ResultStream {
 public:
  explicit ResultStream(QueryResult result) : result_(std::move(result)) {}

  // Determines how many decimals each column has: those of the store, so that answers can be put
  // together, or more if a cell has them.
  Status prepare() {
    scales_.resize(result_.columns.size());
    for (std::size_t column = 0; column < scales_.size(); ++column) {
      if (result_.columns[column].type != ColumnType::kDecimal) continue;
      scales_[column] = result_.value_decimals;
      for (const std::vector<Cell>& row : result_.rows) {
        if (const auto* const decimal = std::get_if<std::string>(&row[column])) {
          scales_[column] = std::max(scales_[column], fraction_digits(*decimal));
        }
      }
      for (const std::vector<Cell>& row : result_.rows) {
        const auto* const decimal = std::get_if<std::string>(&row[column]);
        Int128 number = 0;
        if (decimal == nullptr || scale_decimal(*decimal, scales_[column], number)) continue;
        return Status::unsupported(
            fmt::format("arrow: column {}: {} has too many digits (allowed: {}, with the {} "
                        "decimals of the column)",
                        quoted_excerpt(result_.columns[column].name), quoted_excerpt(*decimal),
                        kDecimalDigitsMax, scales_[column]));
      }
    }
    return {};
  }

  void write_schema(ArrowSchema* out) const {
    write_schema_of(
        result_, [this](std::size_t column) { return format_of(column); }, out);
  }

  // Writes the next rows; after the last, an array that is released.
  void write_next(ArrowArray* out) {
    *out = {};
    const std::size_t end = end_of_batch();
    if (end == next_row_) return;
    WithChildren<ArrayParts> made(result_.columns.size());
    for (std::size_t i = 0; i < result_.columns.size(); ++i) {
      auto child = std::make_unique<ArrayParts>();
      fill(i, end, *child);
      hand_out(std::move(child), &made.parts->children[i]);
    }
    made.parts->length = static_cast<std::int64_t>(end - next_row_);
    hand_out(std::move(made.parts), out);
    next_row_ = end;
  }

  const char* last_error = nullptr;

 private:
  std::string format_of(std::size_t column) const {
    switch (result_.columns[column].type) {
      case ColumnType::kDate:
        return "tdD";
      case ColumnType::kTime:
        return "tsu:" + time_zone();
      case ColumnType::kString:
        return "u";
      case ColumnType::kInt:
      case ColumnType::kCount:
        return "l";
      case ColumnType::kRatio:
        return "g";
      case ColumnType::kDecimal:
        return fmt::format("d:{},{}", kDecimalDigitsMax, scales_[column]);
      case ColumnType::kBool:
        break;
    }
    return "b";
  }

  // The definition has the name of the zone as JSON, and no name has an escape.
  std::string time_zone() const {
    for (const auto& [name, value] : result_.definition) {
      if (name == "timezone" && value.size() > 2) return value.substr(1, value.size() - 2);
    }
    return "UTC";
  }

  std::size_t end_of_batch() const {
    const std::size_t end = std::min(result_.rows.size(), next_row_ + kArrowRowsMax);
    std::size_t text_bytes = 0;
    for (std::size_t row = next_row_; row < end; ++row) {
      for (const Cell& cell : result_.rows[row]) {
        if (const auto* const text = std::get_if<std::string>(&cell)) text_bytes += text->size();
      }
      if (text_bytes > kArrowTextBytesMax && row > next_row_) return row;
    }
    return end;
  }

  void fill(std::size_t column, std::size_t end, ArrayParts& out) const {
    switch (result_.columns[column].type) {
      case ColumnType::kDate:
        return fill_numbers<std::int32_t, Day>(column, end, out, [](Day day) { return day.value; });
      case ColumnType::kTime:
        return fill_numbers<std::int64_t, ZonedTime>(
            column, end, out, [](const ZonedTime& time) { return time.time; });
      case ColumnType::kString:
        return fill_texts(column, end, out);
      case ColumnType::kInt:
      case ColumnType::kCount:
        return fill_numbers<std::int64_t, std::int64_t>(column, end, out,
                                                        [](std::int64_t number) { return number; });
      case ColumnType::kRatio:
        return fill_numbers<double, double>(column, end, out, [](double ratio) { return ratio; });
      case ColumnType::kDecimal:
        return fill_numbers<Int128, std::string>(column, end, out, [&](const std::string& decimal) {
          Int128 number = 0;
          scale_decimal(decimal, scales_[column], number);
          return number;
        });
      case ColumnType::kBool:
        return fill_bits(column, end, out);
    }
  }

  // Calls `add(row, value)` for the cells that are no nulls, and marks the others.
  template <class Value, class Add>
  void visit_cells(std::size_t column, std::size_t end, ArrayParts& out, const Add& add) const {
    const std::size_t rows = end - next_row_;
    out.length = static_cast<std::int64_t>(rows);
    out.validity.resize((rows + 7) / 8);
    for (std::size_t row = 0; row < rows; ++row) {
      const auto* const value = std::get_if<Value>(&result_.rows[next_row_ + row][column]);
      if (value == nullptr) {
        ++out.null_count;
      } else {
        set_bit(out.validity, row);
      }
      add(row, value);
    }
  }

  static void set_bit(std::vector<std::uint8_t>& bits, std::size_t row) {
    bits[row / 8] = static_cast<std::uint8_t>(bits[row / 8] | 1u << (row % 8));
  }

  template <class Number, class Value, class Convert>
  void fill_numbers(std::size_t column, std::size_t end, ArrayParts& out,
                    const Convert& convert) const {
    out.values.resize((end - next_row_) * sizeof(Number));
    visit_cells<Value>(column, end, out, [&](std::size_t row, const Value* value) {
      if (value == nullptr) return;
      const Number number = convert(*value);
      std::memcpy(out.values.data() + row * sizeof number, &number, sizeof number);
    });
    out.buffers[1] = out.values.data();
    out.buffer_count = 2;
  }

  void fill_bits(std::size_t column, std::size_t end, ArrayParts& out) const {
    out.values.resize((end - next_row_ + 7) / 8);
    visit_cells<bool>(column, end, out, [&](std::size_t row, const bool* value) {
      if (value != nullptr && *value) set_bit(out.values, row);
    });
    out.buffers[1] = out.values.data();
    out.buffer_count = 2;
  }

  void fill_texts(std::size_t column, std::size_t end, ArrayParts& out) const {
    out.values.resize((end - next_row_ + 1) * sizeof(std::int32_t));
    visit_cells<std::string>(column, end, out, [&](std::size_t row, const std::string* value) {
      if (value != nullptr) out.text += *value;
      const auto offset = static_cast<std::int32_t>(out.text.size());
      std::memcpy(out.values.data() + (row + 1) * sizeof offset, &offset, sizeof offset);
    });
    out.buffers[1] = out.values.data();
    out.buffers[2] = out.text.data();
    out.buffer_count = 3;
  }

  const QueryResult result_;
  std::vector<std::size_t> scales_;  // of the columns that are decimals
  std::size_t next_row_ = 0;
};

// Hands out the ids of members where they are. The batches own them together.
class MemberStream {
 public:
  explicit MemberStream(std::shared_ptr<const MemberIds> ids)
      : ids_(std::move(ids)), heading_(ids_->answer) {
    if (is_of_numbers()) heading_.columns.front().type = ColumnType::kInt;
  }

  void write_schema(ArrowSchema* out) const {
    write_schema_of(
        heading_, [this](std::size_t) { return is_of_numbers() ? "L" : "u"; }, out);
  }

  // Writes the next ids; after the last, an array that is released.
  void write_next(ArrowArray* out) {
    *out = {};
    const std::size_t end = end_of_batch();
    if (end == next_) return;
    WithChildren<ArrayParts> made(1);
    auto child = std::make_unique<ArrayParts>();
    child->owner = ids_;
    child->length = static_cast<std::int64_t>(end - next_);
    if (is_of_numbers()) {
      child->buffers[1] = ids_->numbers.data() + next_;
      child->buffer_count = 2;
    } else {
      fill_texts(end, *child);
    }
    hand_out(std::move(child), &made.parts->children.front());
    made.parts->length = static_cast<std::int64_t>(end - next_);
    hand_out(std::move(made.parts), out);
    next_ = end;
  }

  const char* last_error = nullptr;

 private:
  bool is_of_numbers() const { return ids_->kind == UserKind::kInteger; }
  std::size_t begin_of_text(std::size_t number) const {
    return number == 0 ? 0 : ids_->ends[number - 1];
  }

  std::size_t end_of_batch() const {
    std::size_t end = std::min(ids_->count(), next_ + kArrowRowsMax);
    if (is_of_numbers()) return end;
    const std::size_t bytes_end = begin_of_text(next_) + kArrowTextBytesMax;
    while (end > next_ + 1 && ids_->ends[end - 1] > bytes_end) --end;
    return end;
  }

  void fill_texts(std::size_t end, ArrayParts& out) const {
    const std::size_t begin = begin_of_text(next_);
    out.values.resize((end - next_ + 1) * sizeof(std::int32_t));
    for (std::size_t i = next_; i < end; ++i) {
      const auto offset = static_cast<std::int32_t>(ids_->ends[i] - begin);
      std::memcpy(out.values.data() + (i - next_ + 1) * sizeof offset, &offset, sizeof offset);
    }
    out.buffers[1] = out.values.data();
    out.buffers[2] = ids_->bytes.data() + begin;
    out.buffer_count = 3;
  }

  const std::shared_ptr<const MemberIds> ids_;
  QueryResult heading_;
  std::size_t next_ = 0;
};

// Runs a call of the consumer, which no exception may pass.
template <class Stream, class Call>
int answer_consumer(ArrowArrayStream* stream, const Call& call) noexcept {
  auto* const self = static_cast<Stream*>(stream->private_data);
  try {
    call(*self);
    self->last_error = nullptr;
    return 0;
  } catch (const std::bad_alloc&) {
    self->last_error = "out of memory";
    return ENOMEM;
  } catch (...) {
    self->last_error = "the answer cannot be written";
    return EIO;
  }
}

template <class Stream>
void hand_out_stream(std::unique_ptr<Stream> stream, ArrowArrayStream* out) {
  *out = {};
  out->get_schema = [](ArrowArrayStream* self, ArrowSchema* schema) {
    return answer_consumer<Stream>(self, [&](const Stream& rows) { rows.write_schema(schema); });
  };
  out->get_next = [](ArrowArrayStream* self, ArrowArray* array) {
    return answer_consumer<Stream>(self, [&](Stream& rows) { rows.write_next(array); });
  };
  out->get_last_error = [](ArrowArrayStream* self) {
    return static_cast<const Stream*>(self->private_data)->last_error;
  };
  out->release = [](ArrowArrayStream* self) {
    delete static_cast<Stream*>(self->private_data);
    self->release = nullptr;
  };
  out->private_data = stream.release();
}

}  // namespace

Status export_arrow_stream(QueryResult result, ArrowArrayStream* out) {
  return guarded("arrow", [&]() -> Status {
    auto stream = std::make_unique<ResultStream>(std::move(result));
    ROLLCALL_RETURN_IF_ERROR(stream->prepare());
    hand_out_stream(std::move(stream), out);
    return {};
  });
}

Status export_arrow_stream(std::shared_ptr<const MemberIds> ids, ArrowArrayStream* out) {
  return guarded("arrow", [&]() -> Status {
    hand_out_stream(std::make_unique<MemberStream>(std::move(ids)), out);
    return {};
  });
}

}  // namespace rollcall
