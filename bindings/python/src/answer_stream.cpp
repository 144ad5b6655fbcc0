#include "answer_stream.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "arrow_stream.h"

namespace rollcall::python {
namespace {

__extension__ using Int128 = __int128;

constexpr std::size_t kDecimalDigits = 38;  // of decimal128

// Owns the buffers of a batch. Buffers hold 64-bit words, so that all of them are aligned.
using Buffer = std::vector<std::uint64_t>;
using Buffers = std::vector<std::shared_ptr<const void>>;

// Writes the cells of one column into buffers.
class ColumnWriter {
 public:
  ColumnWriter(const QueryResult& result, std::size_t column, Buffers& buffers)
      : rows_(result.rows), column_(column), buffers_(buffers) {
    written_.name = result.columns[column].name;
    write_validity();
  }

  ArrowColumn write(ColumnType type, const std::string& time_zone) {
    switch (type) {
      case ColumnType::kDate:
        return write_fixed<std::int32_t, Day>("tdD", [](Day day) { return day.value; });
      case ColumnType::kTime:
        return write_fixed<std::int64_t, ZonedTime>(
            "tsu:" + time_zone, [](const ZonedTime& time) { return time.time; });
      case ColumnType::kInt:
      case ColumnType::kCount:
        return write_fixed<std::int64_t, std::int64_t>("l", [](std::int64_t n) { return n; });
      case ColumnType::kRatio:
        return write_fixed<double, double>("g", [](double ratio) { return ratio; });
      case ColumnType::kBool:
        return write_bits();
      case ColumnType::kDecimal:
        return write_decimals();
      case ColumnType::kString:
        break;
    }
    return write_texts();
  }

 private:
  template <class T>
  const T* cell(std::size_t row) const {
    return std::get_if<T>(&rows_[row][column_]);
  }

  template <class T>
  T* add_buffer(std::size_t count) {
    auto buffer = std::make_shared<Buffer>(count * sizeof(T) / sizeof(std::uint64_t) + 1);
    written_.buffers.push_back(buffer->data());
    T* const data = reinterpret_cast<T*>(buffer->data());
    buffers_.push_back(std::move(buffer));
    return data;
  }

  static void set_bit(std::uint8_t* bits, std::size_t row) {
    bits[row / 8] = static_cast<std::uint8_t>(bits[row / 8] | (1U << (row % 8)));
  }

  void write_validity() {
    const auto is_null = [&](const std::vector<Cell>& row) {
      return std::holds_alternative<std::monostate>(row[column_]);
    };
    written_.null_count = std::count_if(rows_.begin(), rows_.end(), is_null);
    if (written_.null_count == 0) {
      written_.buffers.push_back(nullptr);
      return;
    }
    auto* const bits = add_buffer<std::uint8_t>(rows_.size() / 8 + 1);
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      if (!is_null(rows_[row])) set_bit(bits, row);
    }
  }

  template <class T, class Held, class Convert>
  ArrowColumn write_fixed(std::string format, Convert convert) {
    written_.format = std::move(format);
    T* const values = add_buffer<T>(rows_.size());
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      if (const Held* const held = cell<Held>(row)) values[row] = convert(*held);
    }
    return std::move(written_);
  }

  ArrowColumn write_bits() {
    written_.format = "b";
    auto* const bits = add_buffer<std::uint8_t>(rows_.size() / 8 + 1);
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      if (const bool* const held = cell<bool>(row); held != nullptr && *held) set_bit(bits, row);
    }
    return std::move(written_);
  }

  // Users of a store with integer ids are numbers in a column of strings.
  std::string text_of(std::size_t row) const {
    if (const auto* const text = cell<std::string>(row)) return *text;
    if (const auto* const number = cell<std::int64_t>(row)) return std::to_string(*number);
    return {};
  }

  template <class Offset>
  void write_bytes(std::string format, std::size_t bytes) {
    written_.format = std::move(format);
    auto* const offsets = add_buffer<Offset>(rows_.size() + 1);
    auto* const text = add_buffer<char>(bytes);
    std::size_t end = 0;
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      const std::string value = text_of(row);
      std::memcpy(text + end, value.data(), value.size());
      end += value.size();
      offsets[row + 1] = static_cast<Offset>(end);
    }
  }

  ArrowColumn write_texts() {
    std::size_t bytes = 0;
    for (std::size_t row = 0; row < rows_.size(); ++row) bytes += text_of(row).size();
    if (bytes > std::numeric_limits<std::int32_t>::max()) {
      write_bytes<std::int64_t>("U", bytes);
    } else {
      write_bytes<std::int32_t>("u", bytes);
    }
    return std::move(written_);
  }

  // Reads "-12.50" as -1250 with two decimals. It is not set if there are too many digits.
  struct Number {
    Int128 digits = 0;
    std::size_t decimals = 0;
    std::size_t digit_count = 0;
  };
  static std::optional<Number> number_of(std::string_view text) {
    Number number;
    const bool is_negative = text.starts_with('-');
    bool is_fraction = false;
    for (const char c : text.substr(is_negative ? 1 : 0)) {
      if (c == '.') {
        is_fraction = true;
        continue;
      }
      if (c < '0' || '9' < c || ++number.digit_count > kDecimalDigits) return std::nullopt;
      number.digits = number.digits * 10 + (c - '0');
      if (is_fraction) ++number.decimals;
    }
    if (is_negative) number.digits = -number.digits;
    return number;
  }

  ArrowColumn write_decimals() {
    std::vector<Number> numbers(rows_.size());
    std::size_t decimals = 0;
    std::size_t whole = 0;
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      const auto* const text = cell<std::string>(row);
      if (text == nullptr) continue;
      const std::optional<Number> number = number_of(*text);
      if (!number) return write_texts();
      numbers[row] = *number;
      decimals = std::max(decimals, number->decimals);
      whole = std::max(whole, number->digit_count - number->decimals);
    }
    if (whole + decimals > kDecimalDigits) return write_texts();
    written_.format = "d:38," + std::to_string(decimals);
    auto* const values = add_buffer<Int128>(rows_.size());
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      Int128 digits = numbers[row].digits;
      for (std::size_t i = numbers[row].decimals; i < decimals; ++i) digits *= 10;
      std::memcpy(values + row, &digits, sizeof digits);
    }
    return std::move(written_);
  }

  const std::vector<std::vector<Cell>>& rows_;
  const std::size_t column_;
  Buffers& buffers_;
  ArrowColumn written_;
};

}  // namespace

std::string definition_json(const QueryResult& result) {
  std::string text = "{";
  for (const auto& [name, value] : result.definition) {
    if (text.size() > 1) text += ',';
    text += '"' + name + "\":" + value;
  }
  return text + '}';
}

void make_answer_stream(std::shared_ptr<const QueryResult> result, const std::string& time_zone,
                        ArrowArrayStream* out) {
  auto batch = std::make_shared<ArrowBatch>();
  auto buffers = std::make_shared<Buffers>();
  batch->length = static_cast<std::int64_t>(result->rows.size());
  for (std::size_t i = 0; i < result->columns.size(); ++i) {
    batch->columns.push_back(
        ColumnWriter(*result, i, *buffers).write(result->columns[i].type, time_zone));
  }
  batch->metadata = {{"rollcall.kind", result->kind},
                     {"rollcall.definition", definition_json(*result)},
                     {"rollcall.as_of", result->as_of}};
  batch->owner = buffers;
  make_stream(std::move(batch), out);
}

}  // namespace rollcall::python
