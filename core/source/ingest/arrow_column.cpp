#include "core/source/ingest/arrow_column.h"

#include <cstring>
#include <limits>
#include <utility>

#include "rollcall/message_text.h"

namespace rollcall {
namespace {

constexpr int kDictionaryDepthMax = 8;

// Is a string of a view column, as it lies in memory.
struct StringView {
  static constexpr std::int32_t kInlineBytesMax = 12;
  std::int32_t size;
  char bytes[kInlineBytesMax];  // or the first 4 of the string, its buffer, and its offset there

  std::int32_t number_at(std::size_t place) const {
    std::int32_t number = 0;
    std::memcpy(&number, bytes + place, sizeof number);
    return number;
  }
  std::int32_t buffer() const { return number_at(4); }
  std::int32_t offset() const { return number_at(8); }
};
static_assert(sizeof(StringView) == 16);

// Returns whether the type has as many buffers, validity included.
bool has_buffers(std::string_view format, std::int64_t count) {
  if (format == "vu" || format == "vz") return count >= 3;
  const bool has_offsets = format == "u" || format == "U" || format == "z" || format == "Z";
  return count == (has_offsets ? 3 : 2);
}

template <class OffsetType>
Status read_strings(const ArrowColumn& column, std::vector<std::string_view>& out) {
  const OffsetType* const offsets = column.values<OffsetType>();
  const char* const bytes = static_cast<const char*>(column.buffer(2));
  for (std::size_t row = 0; row < column.size(); ++row) {
    const OffsetType begin = offsets[row], end = offsets[row + 1];
    if (begin < 0 || end < begin) return column.fault(row, "its offsets are out of order");
    if (bytes == nullptr && begin != end) return column.fault(row, "its bytes are missing");
    const bool empty = begin == end || column.is_null(row);
    out.push_back(empty ? std::string_view()
                        : std::string_view(bytes + begin, static_cast<std::size_t>(end - begin)));
  }
  return {};
}

Status read_string_views(const ArrowColumn& column, std::vector<std::string_view>& out) {
  const auto* const views = column.values<StringView>();
  const std::int64_t last = column.buffer_count() - 1;  // has the sizes of the buffers before it
  const auto* const sizes = static_cast<const std::int64_t*>(column.buffer(last));
  for (std::size_t row = 0; row < column.size(); ++row) {
    const StringView& view = views[row];
    if (column.is_null(row)) {
      out.emplace_back();
      continue;
    }
    if (view.size < 0) return column.fault(row, "its size is below 0");
    if (view.size <= StringView::kInlineBytesMax) {
      out.emplace_back(view.bytes, static_cast<std::size_t>(view.size));
      continue;
    }
    const std::int32_t buffer = view.buffer(), offset = view.offset();
    const bool there = buffer >= 0 && buffer < last - 2 && offset >= 0 && sizes != nullptr &&
                       column.buffer(2 + buffer) != nullptr &&
                       std::int64_t{offset} + view.size <= sizes[buffer];
    if (!there) return column.fault(row, "its bytes lie outside the buffers");
    out.emplace_back(static_cast<const char*>(column.buffer(2 + buffer)) + offset,
                     static_cast<std::size_t>(view.size));
  }
  return {};
}

Status read_plain_texts(const ArrowColumn& column, const TextTypes& types, TextArena& arena,
                        std::vector<std::string_view>& out) {
  const std::string_view format = column.format();
  out.reserve(column.size());
  if (format == "u") return read_strings<std::int32_t>(column, out);
  if (format == "U") return read_strings<std::int64_t>(column, out);
  if (format == "vu") return read_string_views(column, out);
  if (types.bytes && format == "z") return read_strings<std::int32_t>(column, out);
  if (types.bytes && format == "Z") return read_strings<std::int64_t>(column, out);
  if (types.bytes && format == "vz") return read_string_views(column, out);
  if (types.booleans && format == "b") {
    for (std::size_t row = 0; row < column.size(); ++row) {
      out.push_back(column.is_null(row)                    ? std::string_view()
                    : column.bit_at(column.buffer(1), row) ? "true"
                                                           : "false");
    }
    return {};
  }
  if (!types.integers || !is_integer(format)) return column.wrong_type(types.allowed);
  visit_integer(format, [&](auto type) {
    const auto* const numbers = column.values<decltype(type)>();
    for (std::size_t row = 0; row < column.size(); ++row) {
      const fmt::format_int digits(numbers[row]);
      out.push_back(column.is_null(row) ? std::string_view()
                                        : arena.store({digits.data(), digits.size()}));
    }
  });
  return {};
}

// Returns the name of a type of which the format has parameters, or an empty one.
std::string parameterized_name(std::string_view format) {
  const auto parameters = [&](std::size_t begin) { return std::string(format.substr(begin)); };
  if (format.starts_with("ts") && format.size() >= 4 && format[3] == ':') {
    const std::string zone = parameters(4);
    return fmt::format("timestamp[{}{}{}]", format[2] == 's' ? "s" : fmt::format("{}s", format[2]),
                       zone.empty() ? "" : ", ", zone);
  }
  if (format.starts_with("d:")) return fmt::format("decimal({})", parameters(2));
  if (format.starts_with("w:")) return fmt::format("fixed_size_binary[{}]", parameters(2));
  if (format.starts_with("+w:")) return fmt::format("fixed_size_list[{}]", parameters(3));
  return {};
}

}  // namespace

std::string arrow_type_name(std::string_view format) {
  constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"b", "bool"},           {"c", "int8"},
      {"C", "uint8"},          {"s", "int16"},
      {"S", "uint16"},         {"i", "int32"},
      {"I", "uint32"},         {"l", "int64"},
      {"L", "uint64"},         {"e", "float16"},
      {"f", "float32"},        {"g", "float64"},
      {"u", "string"},         {"U", "large_string"},
      {"vu", "string_view"},   {"z", "binary"},
      {"Z", "large_binary"},   {"vz", "binary_view"},
      {"tdD", "date32"},       {"tdm", "date64"},
      {"tts", "time32[s]"},    {"ttm", "time32[ms]"},
      {"ttu", "time64[us]"},   {"ttn", "time64[ns]"},
      {"tDs", "duration[s]"},  {"tDm", "duration[ms]"},
      {"tDu", "duration[us]"}, {"tDn", "duration[ns]"},
      {"+l", "list"},          {"+L", "large_list"},
      {"+s", "struct"},        {"+m", "map"}};
  for (const auto& [code, name] : kNames) {
    if (code == format) return std::string(name);
  }
  const std::string name = parameterized_name(format);
  // Whatever stands in a format is the producer's.
  return name.empty() || quoted_excerpt(name).size() != name.size() + 2 ? quoted_excerpt(format)
                                                                        : name;
}

Result<ArrowColumn> ArrowColumn::make(std::string name, const ArrowSchema* schema,
                                      const ArrowArray* array, std::int64_t offset,
                                      std::int64_t size, std::uint64_t first_row) {
  if (std::string_view(schema->format) == "n") {
    return Status::invalid_argument(fmt::format(
        "arrow: column {}: of type null, as it has no values (allowed: a column that has "
        "some)",
        quoted_excerpt(name)));
  }
  constexpr std::int64_t kOffsetMax = std::numeric_limits<std::int64_t>::max() / 64;
  ArrowColumn column;
  column.name_ = std::move(name);
  column.schema_ = schema;
  column.array_ = array;
  column.first_row_ = first_row;
  bool whole = array->offset >= 0 && array->offset <= kOffsetMax && offset >= 0 &&
               offset <= kOffsetMax && size >= 0 && size <= kOffsetMax &&
               array->length >= offset + size && has_buffers(column.format(), array->n_buffers) &&
               (schema->dictionary == nullptr) == (array->dictionary == nullptr);
  // A null_count of -1 leaves the counting to the reader.
  whole = whole && array->null_count >= -1 && array->null_count <= array->length &&
          (array->null_count <= 0 || array->buffers[0] != nullptr);
  whole = whole && (size == 0 || array->buffers[1] != nullptr);
  if (!whole) {
    return Status::invalid_argument(
        fmt::format("arrow: column {}: it is not what its type {} needs",
                    quoted_excerpt(column.name_), arrow_type_name(column.format())));
  }
  column.offset_ = offset + array->offset;
  column.size_ = static_cast<std::size_t>(size);
  return column;
}

Result<ArrowColumn> ArrowColumn::dictionary() const {
  ROLLCALL_ASSIGN_OR_RETURN(ArrowColumn values, make(name_, schema_->dictionary, array_->dictionary,
                                                     0, array_->dictionary->length, 0));
  values.depth_ = depth_ + 1;
  if (values.depth_ <= kDictionaryDepthMax) return values;
  return Status::invalid_argument(
      fmt::format("arrow: column {}: dictionaries within more than {} others",
                  quoted_excerpt(name_), kDictionaryDepthMax));
}

Status ArrowColumn::fault(std::size_t row, std::string_view what) const {
  return Status::invalid_argument(fmt::format("arrow: column {}: {} {}: {}", quoted_excerpt(name_),
                                              depth_ > 0 ? "dictionary entry" : "row",
                                              first_row_ + row, what));
}

Status ArrowColumn::wrong_type(std::string_view allowed) const {
  return Status::invalid_argument(fmt::format("arrow: column {}: of type {} (allowed: {})",
                                              quoted_excerpt(name_), arrow_type_name(format()),
                                              allowed));
}

Status read_texts(const ArrowColumn& column, const TextTypes& types, TextArena& arena,
                  ArrowTexts& out) {
  if (!column.is_coded()) return read_plain_texts(column, types, arena, out.values);
  if (!is_integer(column.format())) return column.wrong_type(types.allowed);
  ROLLCALL_ASSIGN_OR_RETURN(const ArrowColumn dictionary, column.dictionary());
  if (dictionary.size() >= ArrowTexts::kNull) return column.wrong_type(types.allowed);
  ArrowTexts entries;
  ROLLCALL_RETURN_IF_ERROR(read_texts(dictionary, types, arena, entries));
  // An entry may be null, by its own column or by that of the dictionary beneath.
  const bool may_be_null = dictionary.may_have_nulls() || !entries.codes.empty();
  const auto code_of = [&](std::uint32_t entry) {
    if (may_be_null && dictionary.is_null(entry)) return ArrowTexts::kNull;
    return entries.codes.empty() ? entry : entries.codes[entry];
  };
  out.codes.reserve(column.size());
  Status status;
  visit_integer(column.format(), [&](auto type) {
    const auto* const indices = column.values<decltype(type)>();
    for (std::size_t row = 0; row < column.size() && status.ok(); ++row) {
      if (column.is_null(row)) {
        out.codes.push_back(ArrowTexts::kNull);
      } else if (std::cmp_less(indices[row], 0) ||
                 std::cmp_greater_equal(indices[row], dictionary.size())) {
        status = column.fault(
            row, fmt::format("index {} (allowed: below {})", indices[row], dictionary.size()));
      } else {
        out.codes.push_back(code_of(static_cast<std::uint32_t>(indices[row])));
      }
    }
  });
  out.values = std::move(entries.values);
  return status;
}

}  // namespace rollcall
