#include "core/source/ingest/parquet_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "core/source/ingest/arrow_column.h"
#include "core/source/ingest/arrow_number.h"
#include "core/time/calendar.h"
#include "core/time/time_zone.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

constexpr TextTypes kParquetTexts{.integers = true, .booleans = true, .bytes = true};
// No field that is taken is as long.
constexpr std::size_t kFieldBytesMax = 65'600;

char* write_two_digits(char* out, unsigned number) {
  *out++ = static_cast<char>('0' + number / 10);
  *out++ = static_cast<char>('0' + number % 10);
  return out;
}

// Writes the times of a column. Rows of one day often stand together.
class TimeTexts {
 public:
  explicit TimeTexts(std::string_view format)
      : unit_(format.size() > 2 ? format[2] : 's'), is_zoned_(format.size() > 4) {}

  // Libraries for data frames write a time that is none as the smallest number.
  static bool is_none(std::int64_t number) {
    return number == std::numeric_limits<std::int64_t>::min();
  }

  void append_date(std::int64_t days, std::string& out) {
    if (!set_day(days)) return append_number(days, "days", out);
    out.append(date_.data(), date_.size());
  }

  void append_timestamp(std::int64_t number, std::string& out) {
    if (is_none(number)) return out.append("NaT"), void();
    std::int64_t time = number;
    if (unit_ == 'n') time = floor_of(number, 1000);
    const std::int64_t factor = unit_ == 's' ? kUsPerSecond : unit_ == 'm' ? 1000 : 1;
    if (__builtin_mul_overflow(time, factor, &time)) return append_number(number, "", out);
    const std::int64_t days = floor_of(time, kUsPerDay);
    if (!set_day(days)) return append_number(number, "", out);
    const auto of_day = static_cast<std::uint64_t>(time - days * kUsPerDay);
    const auto second = static_cast<unsigned>(of_day / 1'000'000);
    auto fraction = static_cast<unsigned>(of_day % 1'000'000);
    std::array<char, 32> text;
    char* end = std::copy(date_.begin(), date_.end(), text.data());
    *end++ = 'T';
    end = write_two_digits(end, second / 3600);
    *end++ = ':';
    end = write_two_digits(end, second / 60 % 60);
    *end++ = ':';
    end = write_two_digits(end, second % 60);
    if (fraction != 0) {
      *end++ = '.';
      for (int i = 5; i >= 0; --i, fraction /= 10) end[i] = static_cast<char>('0' + fraction % 10);
      end += 6;
    }
    if (is_zoned_) *end++ = 'Z';
    out.append(text.data(), end);
  }

 private:
  static std::int64_t floor_of(std::int64_t number, std::int64_t by) {
    return number / by - (number % by < 0 ? 1 : 0);
  }

  // A number beyond all dates is no time, and the text tells it as it stands.
  static void append_number(std::int64_t number, std::string_view unit, std::string& out) {
    fmt::format_to(std::back_inserter(out), "beyond all dates: {} {}", number, unit);
  }

  bool set_day(std::int64_t days) {
    if (days < kDayMin.value || days > kDayMax.value) return false;
    if (std::exchange(days_, days) == days) return true;
    const CivilDate date = civil_from_day({static_cast<std::int32_t>(days)});
    const auto year = static_cast<unsigned>(date.year);
    char* out = write_two_digits(date_.data(), year / 100);
    out = write_two_digits(out, year % 100);
    *out++ = '-';
    out = write_two_digits(out, date.month);
    *out++ = '-';
    write_two_digits(out, date.day);
    return true;
  }

  char unit_;
  bool is_zoned_;
  std::int64_t days_ = std::numeric_limits<std::int64_t>::min();
  std::array<char, 10> date_;
};

// Is a column whose values can be written as texts.
class FieldTexts {
 public:
  static Result<FieldTexts> make(const ArrowSchema& schema, const ArrowColumn& column,
                                 TextArena& arena) {
    FieldTexts fields(column, parquet_type(schema));
    if (fields.is_text()) {
      ROLLCALL_RETURN_IF_ERROR(read_texts(column, kParquetTexts, arena, fields.texts_));
    } else if (fields.type_ == ParquetType::kOther) {
      return column.wrong_type("strings, numbers, booleans and times");
    }
    return fields;
  }

  void append(std::size_t row, std::string& out) {
    if (is_text()) return append_field(texts_.of(row).substr(0, kFieldBytesMax), out);
    if (column_.is_null(row)) return;
    const std::string_view format = column_.format();
    if (type_ == ParquetType::kDecimal) {
      const char* const numbers = static_cast<const char*>(column_.buffer(1));
      const std::size_t place = static_cast<std::size_t>(column_.offset()) + row;
      fmt::format_to(std::back_inserter(out), "{}e{}",
                     wide_integer_text(numbers + place * decimal_.bytes, decimal_.bytes),
                     -std::int64_t{decimal_.scale});
    } else if (type_ == ParquetType::kFloat && format == "f") {
      fmt::format_to(std::back_inserter(out), "{}", column_.values<float>()[row]);
    } else if (type_ == ParquetType::kFloat) {
      fmt::format_to(std::back_inserter(out), "{}", column_.values<double>()[row]);
    } else if (format == "tdD") {
      times_.append_date(column_.values<std::int32_t>()[row], out);
    } else if (format == "tdm") {
      append_milliseconds_of_date(column_.values<std::int64_t>()[row], out);
    } else {
      times_.append_timestamp(column_.values<std::int64_t>()[row], out);
    }
  }

 private:
  FieldTexts(ArrowColumn column, ParquetType type)
      : column_(std::move(column)), type_(type), times_(column_.format()) {
    if (type == ParquetType::kDecimal) decimal_ = *decimal_type(column_.format());
  }

  bool is_text() const {
    return type_ == ParquetType::kText || type_ == ParquetType::kInteger ||
           type_ == ParquetType::kBoolean;
  }

  void append_milliseconds_of_date(std::int64_t number, std::string& out) {
    constexpr std::int64_t kMsPerDay = 86'400'000;
    if (TimeTexts::is_none(number)) {
      out += "NaT";
    } else if (number % kMsPerDay != 0) {
      fmt::format_to(std::back_inserter(out), "no whole day: {} ms", number);
    } else {
      times_.append_date(number / kMsPerDay, out);
    }
  }

  ArrowColumn column_;
  ParquetType type_;
  TimeTexts times_;
  DecimalType decimal_;
  ArrowTexts texts_;
};

// A schema of a stream that is none of columns has none.
std::int64_t place_of(const ArrowSchema& schema, const std::string& column) {
  for (std::int64_t i = 0; i < schema.n_children; ++i) {
    const char* const name = schema.children[i]->name;
    if (name != nullptr && column == name) return i;
  }
  return -1;
}

Status check_batch(const ParquetRows& rows) {
  const ArrowSchema& schema = *rows.schema->get();
  const ArrowArray& batch = *rows.batch->get();
  ROLLCALL_RETURN_IF_ERROR(check_complete(schema, batch));
  const bool is_struct = std::string_view(schema.format) == "+s" &&
                         schema.n_children == batch.n_children && batch.offset >= 0 &&
                         rows.begin >= 0 && rows.size >= 0 &&
                         rows.begin <= batch.length - rows.size &&
                         (batch.null_count == 0 || batch.n_buffers == 0 || !batch.buffers[0]);
  if (is_struct) return {};
  return Status::invalid_argument("its reader gave no batch of columns");
}

Result<ArrowColumn> find_column(const ParquetRows& rows, const std::string& name,
                                std::int64_t& place) {
  const ArrowSchema& schema = *rows.schema->get();
  const ArrowArray& batch = *rows.batch->get();
  place = place_of(schema, name);
  if (place < 0) {
    return Status::invalid_argument(
        fmt::format("its reader gave no column {}", quoted_excerpt(name)));
  }
  return ArrowColumn::make(name, schema.children[place], batch.children[place],
                           batch.offset + rows.begin, rows.size, rows.first_row);
}

}  // namespace

ParquetType parquet_type(const ArrowSchema& column) {
  if (column.format == nullptr) return ParquetType::kOther;
  const std::string_view format = column.format;
  if (column.dictionary != nullptr) {
    const ParquetType values = parquet_type(*column.dictionary);
    return values == ParquetType::kText || values == ParquetType::kInteger ? values
                                                                           : ParquetType::kOther;
  }
  for (const std::string_view text : {"u", "U", "vu", "z", "Z", "vz"}) {
    if (format == text) return ParquetType::kText;
  }
  if (is_integer(format)) return ParquetType::kInteger;
  if (format == "b") return ParquetType::kBoolean;
  if (format == "tdD" || format == "tdm" || is_timestamp(format)) return ParquetType::kTime;
  if (decimal_type(format)) return ParquetType::kDecimal;
  return format == "f" || format == "g" ? ParquetType::kFloat : ParquetType::kOther;
}

void append_field(std::string_view text, std::string& out) {
  if (text.find_first_of("\",\r\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

Result<std::size_t> longest_text(const ParquetRows& rows, const std::vector<std::string>& columns) {
  ROLLCALL_RETURN_IF_ERROR(check_batch(rows));
  constexpr std::size_t kNumberBytes = 90;  // of a decimal of 256 bits
  std::size_t bytes = 0;
  TextArena arena;
  for (const std::string& name : columns) {
    std::int64_t place = 0;
    ROLLCALL_ASSIGN_OR_RETURN(const ArrowColumn column, find_column(rows, name, place));
    std::size_t longest = kNumberBytes;
    if (parquet_type(*(*rows.schema)->children[place]) == ParquetType::kText) {
      ArrowTexts texts;
      ROLLCALL_RETURN_IF_ERROR(read_texts(column, kParquetTexts, arena, texts));
      for (const std::string_view text : texts.values) longest = std::max(longest, text.size());
    }
    bytes += std::min(longest, kFieldBytesMax);
  }
  return bytes;
}

Status ParquetText::write(const ParquetRows& rows) {
  ROLLCALL_RETURN_IF_ERROR(check_batch(rows));
  arena_.clear();
  text_.clear();
  begins_.clear();
  std::vector<FieldTexts> fields;
  for (const std::string& name : columns_) {
    std::int64_t place = 0;
    ROLLCALL_ASSIGN_OR_RETURN(const ArrowColumn column, find_column(rows, name, place));
    ROLLCALL_ASSIGN_OR_RETURN(FieldTexts texts,
                              FieldTexts::make(*(*rows.schema)->children[place], column, arena_));
    fields.push_back(std::move(texts));
  }
  begins_.reserve(static_cast<std::size_t>(rows.size));
  for (std::size_t row = 0; std::cmp_less(row, rows.size); ++row) {
    begins_.push_back(text_.size());
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (i > 0) text_ += ',';
      fields[i].append(row, text_);
    }
    text_ += '\n';
  }
  return {};
}

}  // namespace rollcall
