#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/digits.h"
#include "core/base/guard.h"
#include "core/base/text_arena.h"
#include "core/source/ingest/batch_builder.h"
#include "core/source/ingest/schema_inspector.h"
#include "core/source/values/amount_parser.h"
#include "core/source/values/block_dictionary.h"
#include "core/source/values/joined_value.h"
#include "core/source/values/time_parser.h"
#include "core/time/time_zone.h"
#include "rollcall/arrow.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

// Owns something of the interface, and releases it once, at its own end.
template <class T>
class Owned {
 public:
  Owned() = default;
  explicit Owned(const T& taken) : value_(taken) {}
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  ~Owned() {
    if (value_.release == nullptr) return;
    try {
      value_.release(&value_);
    } catch (...) {
      // Whether it was released or not, nothing more can be done about it.
    }
  }
  T* get() { return &value_; }
  const T* operator->() const { return &value_; }

 private:
  T value_{};
};

bool is_null_bit(const std::uint8_t* validity, std::int64_t row) {
  return (validity[row / 8] >> (row % 8) & 1) == 0;
}

// Is one column of a record batch.
struct Column {
  std::string name;
  const ArrowSchema* schema = nullptr;
  const ArrowArray* array = nullptr;
  std::int64_t offset = 0;  // of row 0 in the buffers
  std::size_t size = 0;

  std::string_view format() const { return schema->format; }

  template <class T>
  const T* buffer(std::int64_t number) const {
    return static_cast<const T*>(array->buffers[number]) + offset;
  }
  bool is_null(std::size_t row) const {
    const auto* validity = static_cast<const std::uint8_t*>(array->buffers[0]);
    if (validity == nullptr || array->null_count == 0) return false;
    return is_null_bit(validity, offset + static_cast<std::int64_t>(row));
  }
  Status fault(std::size_t row, std::string_view what) const {
    return Status::invalid_argument(
        fmt::format("arrow: column {}: row {}: {}", quoted_excerpt(name), row, what));
  }
  Status wrong_type(std::string_view allowed) const {
    return Status::invalid_argument(fmt::format("arrow: column {}: of type {} (allowed: {})",
                                                quoted_excerpt(name), quoted_excerpt(format()),
                                                allowed));
  }
};

// Returns how many buffers the types that are read have, validity included.
std::int64_t buffers_of(std::string_view format) { return format == "u" || format == "U" ? 3 : 2; }

// Makes the column over rows [offset, offset + size) of `array`.
Result<Column> make_column(std::string name, const ArrowSchema* schema, const ArrowArray* array,
                           std::int64_t offset, std::int64_t size) {
  Column column;
  column.name = std::move(name);
  column.schema = schema;
  column.array = array;
  column.offset = offset + array->offset;
  column.size = static_cast<std::size_t>(size);
  bool whole = array->offset >= 0 && offset >= 0 && size >= 0 && array->length >= offset + size &&
               array->n_buffers >= buffers_of(column.format());
  for (std::int64_t i = 1; whole && size > 0 && i < buffers_of(column.format()); ++i) {
    // The bytes of strings may be missing when all of them are empty.
    whole = array->buffers[i] != nullptr || i == 2;
  }
  if (whole) return column;
  return Status::invalid_argument(fmt::format("arrow: column {}: it is not what its type {} needs",
                                              quoted_excerpt(column.name),
                                              quoted_excerpt(column.format())));
}

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

bool is_integer(std::string_view format) {
  return visit_integer(format, [](auto) {});
}

// Holds the texts of a column, by row or by code. They are views of the column's bytes.
struct Texts {
  static constexpr std::uint32_t kNull = ~std::uint32_t{0};
  std::vector<std::string_view> values;
  std::vector<std::uint32_t> codes;  // of rows; kNull: none. Empty: row i holds values[i]
};

template <class OffsetType>
Status read_strings(const Column& column, std::vector<std::string_view>& out) {
  const OffsetType* const offsets = column.buffer<OffsetType>(1);
  const char* const bytes = static_cast<const char*>(column.array->buffers[2]);
  out.reserve(column.size);
  for (std::size_t row = 0; row < column.size; ++row) {
    const OffsetType begin = offsets[row], end = offsets[row + 1];
    if (begin < 0 || end < begin) return column.fault(row, "its offsets are out of order");
    const bool empty = column.is_null(row) || begin == end || bytes == nullptr;
    out.push_back(empty ? std::string_view()
                        : std::string_view(bytes + begin, static_cast<std::size_t>(end - begin)));
  }
  return {};
}

Status read_plain_strings(const Column& column, std::string_view allowed,
                          std::vector<std::string_view>& out) {
  if (column.size == 0) return {};
  if (column.format() == "u") return read_strings<std::int32_t>(column, out);
  if (column.format() == "U") return read_strings<std::int64_t>(column, out);
  return column.wrong_type(allowed);
}

// Reads a column of strings, dictionary-encoded or not. Nulls are kNull or "", as it is encoded.
Status read_texts(const Column& column, std::string_view allowed, Texts& out) {
  if (column.schema->dictionary == nullptr) {
    return read_plain_strings(column, allowed, out.values);
  }
  if (column.array->dictionary == nullptr) return column.wrong_type(allowed);
  ROLLCALL_ASSIGN_OR_RETURN(
      const Column dictionary,
      make_column(column.name, column.schema->dictionary, column.array->dictionary, 0,
                  column.array->dictionary->length));
  ROLLCALL_RETURN_IF_ERROR(read_plain_strings(dictionary, allowed, out.values));
  out.codes.reserve(column.size);
  Status status;
  const bool integers = visit_integer(column.format(), [&](auto type) {
    const auto* const indices = column.buffer<decltype(type)>(1);
    for (std::size_t row = 0; row < column.size && status.ok(); ++row) {
      if (column.is_null(row)) {
        out.codes.push_back(Texts::kNull);
      } else if (std::cmp_less(indices[row], 0) ||
                 std::cmp_greater_equal(indices[row], out.values.size())) {
        status = column.fault(
            row, fmt::format("index {} (allowed: below {})", indices[row], out.values.size()));
      } else {
        const auto code = static_cast<std::uint32_t>(indices[row]);
        out.codes.push_back(dictionary.is_null(code) ? Texts::kNull : code);
      }
    }
  });
  return integers ? status : column.wrong_type(allowed);
}

std::string_view text_of(const Texts& texts, std::size_t row) {
  if (texts.codes.empty()) return texts.values[row];
  const std::uint32_t code = texts.codes[row];
  return code == Texts::kNull ? std::string_view() : texts.values[code];
}

// Calls `visit(row, text)` for every row of a column of integers or strings, as it would stand in a
// file ("" for null), until it returns an error. Texts live as long as the arena.
template <class Visit>
Status visit_texts(const Column& column, std::string_view allowed, TextArena& arena, Visit visit) {
  if (column.schema->dictionary == nullptr && is_integer(column.format())) {
    Status status;
    visit_integer(column.format(), [&](auto type) {
      const auto* const numbers = column.buffer<decltype(type)>(1);
      for (std::size_t row = 0; row < column.size && status.ok(); ++row) {
        const fmt::format_int digits(numbers[row]);
        status = visit(row, column.is_null(row) ? std::string_view()
                                                : arena.store({digits.data(), digits.size()}));
      }
    });
    return status;
  }
  Texts texts;
  ROLLCALL_RETURN_IF_ERROR(read_texts(column, allowed, texts));
  for (std::size_t row = 0; row < column.size; ++row) {
    ROLLCALL_RETURN_IF_ERROR(visit(row, text_of(texts, row)));
  }
  return {};
}

Status read_integer_users(const Column& column, std::vector<std::uint64_t>& out) {
  constexpr std::string_view kAllowed = "integers, or strings of digits";
  out.reserve(column.size);
  if (column.schema->dictionary == nullptr && is_integer(column.format())) {
    Status status;
    visit_integer(column.format(), [&](auto type) {
      const auto* const users = column.buffer<decltype(type)>(1);
      for (std::size_t row = 0; row < column.size && status.ok(); ++row) {
        if (column.is_null(row) || std::cmp_less(users[row], 0)) {
          status = column.fault(row, column.is_null(row) ? "null (allowed: a user)"
                                                         : "negative (allowed: 0 to 2^64 - 1)");
        }
        out.push_back(static_cast<std::uint64_t>(users[row]));
      }
    });
    return status;
  }
  Texts texts;
  ROLLCALL_RETURN_IF_ERROR(read_texts(column, kAllowed, texts));
  for (std::size_t row = 0; row < column.size; ++row) {
    std::uint64_t user = 0;
    if (!parse_canonical_integer(text_of(texts, row), user)) {
      return column.fault(
          row, fmt::format("not an integer: {} (allowed: 0 to 2^64 - 1, in digits without sign, "
                           "blanks, fraction or leading zeros)",
                           quoted_excerpt(text_of(texts, row))));
    }
    out.push_back(user);
  }
  return {};
}

Status read_string_users(const Column& column, TextArena& arena,
                         std::vector<std::string_view>& out) {
  out.reserve(column.size);
  return visit_texts(column, "strings or integers", arena,
                     [&](std::size_t row, std::string_view user) -> Status {
                       if (user.empty()) {
                         return column.fault(row, "null or empty (allowed: a user)");
                       }
                       out.push_back(user);
                       return {};
                     });
}

struct Times {
  std::vector<TimeUs> times;
  std::optional<Day> latest_whole_day;
};

Status read_timestamps(const Column& column, const TimeZone& zone, std::vector<TimeUs>& out) {
  // Reads "ts" + unit + ":" + zone.
  const char unit = column.format()[2];
  const bool local = column.format().size() == 4;
  const std::int64_t us_per_unit = unit == 's' ? kUsPerSecond : unit == 'm' ? 1000 : 1;
  const std::int64_t units_per_us = unit == 'n' ? 1000 : 1;
  const std::int64_t* const numbers = column.buffer<std::int64_t>(1);
  for (std::size_t row = 0; row < column.size; ++row) {
    if (column.is_null(row)) return column.fault(row, "null (allowed: a time)");
    const std::int64_t number = numbers[row];
    std::int64_t time = 0;
    if (__builtin_mul_overflow(number, us_per_unit, &time)) {
      return column.fault(
          row, fmt::format("{} is out of range (allowed: 0001-01-02 to 9999-12-30)", number));
    }
    if (units_per_us > 1) time = number / units_per_us - (number % units_per_us < 0 ? 1 : 0);
    if (local) {
      const std::int64_t day = time / kUsPerDay - (time % kUsPerDay < 0 ? 1 : 0);
      if (day < kDayMin.value || day > kDayMax.value) {
        return column.fault(
            row, fmt::format("{} is out of range (allowed: 0001-01-02 to 9999-12-30)", number));
      }
      time = zone.from_local({static_cast<std::int32_t>(day)}, time - day * kUsPerDay);
    }
    out.push_back(time);
  }
  return {};
}

Status read_dates(const Column& column, const TimeZone& zone, Times& out) {
  const std::int32_t* const days = column.buffer<std::int32_t>(1);
  for (std::size_t row = 0; row < column.size; ++row) {
    if (column.is_null(row)) return column.fault(row, "null (allowed: a date)");
    const Day day{days[row]};
    if (day < kDayMin || kDayMax < day || zone.start_of(day) < kTimeMin ||
        zone.last_second_of(day) > kTimeMax) {
      return column.fault(
          row, fmt::format("{} is out of range (allowed: 0001-01-02 to 9999-12-30)", day.value));
    }
    out.times.push_back(zone.start_of(day));
    out.latest_whole_day = std::max(out.latest_whole_day.value_or(day), day);
  }
  return {};
}

Status read_times(const Column& column, const TimeZone& zone, TimeParser& parser, Times& out) {
  const std::string_view format = column.format();
  out.times.reserve(column.size);
  const bool plain = column.schema->dictionary == nullptr;
  const bool timestamp = plain && format.size() >= 4 && format.starts_with("ts") &&
                         std::string_view("smun").find(format[2]) != std::string_view::npos &&
                         format[3] == ':';
  if (timestamp) return read_timestamps(column, zone, out.times);
  if (plain && format == "tdD") return read_dates(column, zone, out);
  TextArena arena;
  return visit_texts(column, "timestamps, date32, integers or strings", arena,
                     [&](std::size_t row, std::string_view text) -> Status {
                       ParsedTime time;
                       const TimeFault fault = parser.parse(text, time);
                       if (fault != TimeFault::kNone) {
                         HintedText story = parser.explain(fault, text);
                         return column.fault(row, story.text).with_hint(std::move(story.hint));
                       }
                       out.times.push_back(time.time);
                       if (time.whole_day) {
                         out.latest_whole_day =
                             std::max(out.latest_whole_day.value_or(time.date), time.date);
                       }
                       return {};
                     });
}

// Returns the decimals of "d:precision,scale" or "d:precision,scale,128".
std::optional<int> decimal128_scale(std::string_view format) {
  if (!format.starts_with("d:")) return {};
  const std::string text(format.substr(2));
  int precision = 0, scale = 0, bits = 128, read = 0;
  const int fields =
      std::sscanf(text.c_str(), "%d,%d%n,%d%n", &precision, &scale, &read, &bits, &read);
  const bool whole = fields >= 2 && static_cast<std::size_t>(read) == text.size();
  return whole && bits == 128 ? std::optional(scale) : std::nullopt;
}

Status read_amounts(const Column& column, std::uint32_t decimals, std::vector<Amount>& out) {
  out.reserve(column.size);
  const auto add = [&](std::size_t row, std::string_view text) -> Status {
    Amount amount = 0;
    const AmountFault fault =
        text.empty() ? AmountFault::kNone : parse_amount(text, decimals, amount);
    if (fault != AmountFault::kNone) {
      return column.fault(row, explain_amount_fault(fault, text, decimals));
    }
    out.push_back(amount);
    return {};
  };
  const bool plain = column.schema->dictionary == nullptr;
  const auto add_floats = [&](auto type) -> Status {
    const auto* const numbers = column.buffer<decltype(type)>(1);
    for (std::size_t row = 0; row < column.size; ++row) {
      const std::string text = column.is_null(row) ? "" : fmt::format("{}", numbers[row]);
      ROLLCALL_RETURN_IF_ERROR(add(row, text));
    }
    return {};
  };
  if (plain && column.format() == "g") return add_floats(double{});
  if (plain && column.format() == "f") return add_floats(float{});
  if (const auto scale = decimal128_scale(column.format()); plain && scale) {
    const char* const numbers = static_cast<const char*>(column.array->buffers[1]);
    for (std::size_t row = 0; row < column.size; ++row) {
      if (column.is_null(row)) {
        out.push_back(0);
        continue;
      }
      AmountSum number = 0;
      std::memcpy(&number, numbers + 16 * (static_cast<std::size_t>(column.offset) + row), 16);
      ROLLCALL_RETURN_IF_ERROR(add(row, fmt::format("{}e{}", number, -*scale)));
    }
    return {};
  }
  TextArena arena;
  return visit_texts(column, "integers, decimal128, floats or strings", arena, add);
}

// Owns the columns that it makes.
class ArrowBatch {
 public:
  ArrowBatch(const Engine& engine, const TimeZone& zone, const ArrowColumns& names,
             const ArrowSchema* schema, const ArrowArray* array)
      : settings_(engine.settings()),
        zone_(zone),
        names_(names),
        schema_(schema),
        array_(array),
        wanted_(settings_.properties()) {}

  Result<EventBatch> read(TimeParser& time_parser) {
    ROLLCALL_RETURN_IF_ERROR(check_shape());
    EventBatch batch;
    ROLLCALL_ASSIGN_OR_RETURN(const Column user, find(names_.user));
    if (settings_.user_kind == UserKind::kInteger) {
      ROLLCALL_RETURN_IF_ERROR(read_integer_users(user, user_integers_));
      batch.user_integers = user_integers_;
    } else {
      ROLLCALL_RETURN_IF_ERROR(read_string_users(user, arena_, user_strings_));
      batch.user_strings = user_strings_;
    }
    ROLLCALL_ASSIGN_OR_RETURN(const Column time, find(names_.time));
    ROLLCALL_RETURN_IF_ERROR(read_times(time, zone_, time_parser, times_));
    batch.time = times_.times;
    if (times_.latest_whole_day) {
      batch.known_until = zone_.last_second_of(*times_.latest_whole_day);
      for (const TimeUs t : times_.times) batch.known_until = std::max(*batch.known_until, t);
    }
    ROLLCALL_RETURN_IF_ERROR(read_events(batch));
    if (!names_.value.empty()) {
      ROLLCALL_ASSIGN_OR_RETURN(const Column value, find(names_.value));
      ROLLCALL_RETURN_IF_ERROR(read_amounts(value, settings_.value_decimals, amounts_));
      batch.value = amounts_;
    }
    ROLLCALL_RETURN_IF_ERROR(read_properties());
    batch.properties = properties_;
    return batch;
  }

 private:
  // Holds the texts of a column as a dictionary.
  struct Coded {
    std::vector<std::string_view> values;
    std::vector<std::uint32_t> codes;
  };

  Status check_shape() const {
    const bool is_struct = std::string_view(schema_->format) == "+s";
    if (!is_struct || array_->n_children != schema_->n_children || array_->length < 0) {
      return Status::invalid_argument(
          fmt::format("arrow: the stream's type is {} (allowed: a struct of columns, \"+s\")",
                      quoted_excerpt(schema_->format)));
    }
    // A null_count of -1 leaves the counting to the reader.
    const bool may_have_nulls =
        array_->null_count != 0 && array_->n_buffers > 0 && array_->buffers[0] != nullptr;
    const auto* validity =
        may_have_nulls ? static_cast<const std::uint8_t*>(array_->buffers[0]) : nullptr;
    for (std::int64_t row = 0; may_have_nulls && row < array_->length; ++row) {
      if (is_null_bit(validity, array_->offset + row)) {
        return Status::invalid_argument(
            fmt::format("arrow: row {} of the stream is null as a whole", row));
      }
    }
    return {};
  }

  std::vector<std::string> column_names() const {
    std::vector<std::string> names;
    for (std::int64_t i = 0; i < schema_->n_children; ++i) {
      const char* const name = schema_->children[i]->name;
      names.emplace_back(name == nullptr ? "" : name);
    }
    return names;
  }

  Result<Column> find(const std::string& name) const {
    const std::vector<std::string> names = column_names();
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      return Status::invalid_argument(fmt::format("arrow: no column {}{}; there are: {}",
                                                  quoted_excerpt(name), did_you_mean(name, names),
                                                  excerpts(names)));
    }
    const auto i = found - names.begin();
    return make_column(name, schema_->children[i], array_->children[i], array_->offset,
                       array_->length);
  }

  // Dictionary-encodes a column of strings, unless it is already.
  Result<Coded> code(const Column& column, bool may_be_null) {
    Texts texts;
    ROLLCALL_RETURN_IF_ERROR(read_texts(column, "strings", texts));
    Coded coded;
    if (texts.codes.empty()) {
      BlockDictionary dictionary;
      coded.codes.reserve(column.size);
      for (const std::string_view text : texts.values) {
        std::uint32_t number = dictionary.find(text);
        if (number == BlockDictionary::kNew) number = dictionary.insert(text);
        coded.codes.push_back(number);
      }
      coded.values.assign(dictionary.values().begin(), dictionary.values().end());
      if (may_be_null) return coded;
      for (std::size_t row = 0; row < column.size; ++row) {
        if (column.is_null(row)) return column.fault(row, "null (allowed: an event name)");
      }
      return coded;
    }
    coded.values = std::move(texts.values);
    coded.codes = std::move(texts.codes);
    const std::uint32_t absent = static_cast<std::uint32_t>(coded.values.size());
    coded.values.emplace_back();
    for (std::size_t row = 0; row < coded.codes.size(); ++row) {
      if (coded.codes[row] != Texts::kNull) continue;
      if (!may_be_null) return column.fault(row, "null (allowed: an event name)");
      coded.codes[row] = absent;
    }
    return coded;
  }

  Status read_events(EventBatch& batch) {
    if (!names_.event_name.empty()) {
      events_.values.emplace_back(names_.event_name);
    } else {
      ROLLCALL_ASSIGN_OR_RETURN(const Column event, find(names_.event));
      ROLLCALL_ASSIGN_OR_RETURN(events_, code(event, /*may_be_null=*/false));
    }
    batch.event = {events_.values, events_.codes};
    return {};
  }

  Status read_properties() {
    const std::vector<std::string> names = column_names();
    columns_.resize(wanted_.size());
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
      const std::vector<std::string> parts = property_parts(wanted_[i], names);
      const bool there = std::any_of(parts.begin(), parts.end(), [&](const std::string& part) {
        return std::find(names.begin(), names.end(), part) != names.end();
      });
      if (!there) continue;
      std::vector<Coded> coded;
      for (const std::string& part : parts) {
        ROLLCALL_ASSIGN_OR_RETURN(const Column column, find(part));
        ROLLCALL_ASSIGN_OR_RETURN(coded.emplace_back(), code(column, /*may_be_null=*/true));
      }
      columns_[i] = coded.size() == 1 ? std::move(coded.front()) : join(coded);
      properties_.push_back({wanted_[i], {columns_[i].values, columns_[i].codes}});
    }
    return {};
  }

  Coded join(const std::vector<Coded>& parts) {
    Coded joined;
    BlockDictionary dictionary;
    JoinedValue value;
    for (std::size_t row = 0; row < times_.times.size(); ++row) {
      value.clear();
      for (const Coded& part : parts) value.add(part.values[part.codes[row]]);
      std::uint32_t number = dictionary.find(value.text());
      if (number == BlockDictionary::kNew) number = dictionary.insert(arena_.store(value.text()));
      joined.codes.push_back(number);
    }
    joined.values.assign(dictionary.values().begin(), dictionary.values().end());
    return joined;
  }

  const StoreSettings& settings_;
  const TimeZone& zone_;
  const ArrowColumns& names_;
  const ArrowSchema* schema_;
  const ArrowArray* array_;
  TextArena arena_;
  std::vector<std::uint64_t> user_integers_;
  std::vector<std::string_view> user_strings_;
  Times times_;
  Coded events_;
  std::vector<Amount> amounts_;
  const std::vector<std::string> wanted_;  // properties
  std::vector<Coded> columns_;             // of these
  std::vector<PropertyColumn> properties_;
};

// Checks that `schema` and, if there are rows, `array` have all that is looked at.
bool is_complete(const ArrowSchema* schema, const ArrowArray* array) {
  if (schema == nullptr || schema->format == nullptr || array == nullptr) return false;
  if (array->n_buffers > 0 && array->buffers == nullptr) return false;
  if (schema->dictionary == nullptr) return true;
  return is_complete(schema->dictionary, array->dictionary);
}

Status check_complete(const ArrowSchema& schema, const ArrowArray& array) {
  bool complete = is_complete(&schema, &array);
  const bool same = complete && schema.n_children == array.n_children;  // otherwise told later
  if (same && schema.n_children > 0) {
    complete = schema.children != nullptr && array.children != nullptr;
    for (std::int64_t i = 0; complete && i < schema.n_children; ++i) {
      complete = is_complete(schema.children[i], array.children[i]);
    }
  }
  if (complete) return {};
  return Status::invalid_argument(
      "arrow: a pointer of the stream's schema or array is null (allowed: children, formats, "
      "buffers and dictionaries as the Arrow C data interface asks for them)");
}

Status stream_error(ArrowArrayStream* stream, int code) {
  const char* const text =
      stream->get_last_error == nullptr ? nullptr : stream->get_last_error(stream);
  return Status::io_error(fmt::format("arrow: the stream reported error {}: {}", code,
                                      text == nullptr ? "no reason given" : text));
}

Result<std::uint64_t> ingest_stream(Engine& engine, Owned<ArrowArrayStream>& taken,
                                    const ArrowColumns& columns) {
  if (taken->get_schema == nullptr || taken->get_next == nullptr) {
    return Status::invalid_argument("arrow: get_schema or get_next of the stream is null");
  }
  // If an engine takes no call, the stream's batches stay unread.
  ROLLCALL_RETURN_IF_ERROR(engine.prepare({}).status());
  ROLLCALL_ASSIGN_OR_RETURN(const TimeZone zone, TimeZone::find(engine.settings().time_zone));
  TimeParser time_parser(zone, TimeUnit::kGuess, std::nullopt);

  Owned<ArrowSchema> schema;
  if (const int code = taken->get_schema(taken.get(), schema.get()); code != 0) {
    return stream_error(taken.get(), code);
  }
  std::uint64_t event_count = 0;
  for (;;) {
    Owned<ArrowArray> array;
    if (const int code = taken->get_next(taken.get(), array.get()); code != 0) {
      return stream_error(taken.get(), code);
    }
    if (array->release == nullptr) return event_count;
    ROLLCALL_RETURN_IF_ERROR(check_complete(*schema.get(), *array.get()));
    ArrowBatch columns_of(engine, zone, columns, schema.get(), array.get());
    ROLLCALL_ASSIGN_OR_RETURN(const EventBatch batch, columns_of.read(time_parser));
    ROLLCALL_RETURN_IF_ERROR(engine.ingest(batch));
    event_count += batch.time.size();
  }
}

}  // namespace

Result<std::uint64_t> ingest_arrow_stream(Engine& engine, ArrowArrayStream* stream,
                                          const ArrowColumns& columns) {
  if (stream == nullptr || stream->release == nullptr) {
    return Status::invalid_argument("arrow: the stream is released (allowed: a live one)");
  }
  Owned<ArrowArrayStream> taken(*stream);
  stream->release = nullptr;
  return guarded("arrow", [&] { return ingest_stream(engine, taken, columns); });
}

}  // namespace rollcall
