#include "tools/event_text.h"

#include <charconv>
#include <cstddef>
#include <string_view>
#include <vector>

#include "rollcall/query.h"
#include "rollcall/types.h"
#include "tools/text.h"

namespace rollcall::tools {
namespace {

constexpr TimeUs kSecond = 1'000'000;
constexpr TimeUs kDayUs = 86'400 * kSecond;

void append_number(std::uint64_t number, std::string& out) {
  char digits[20];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
  out.append(digits, end);
}

void append_padded(std::uint64_t number, std::size_t width, std::string& out) {
  char digits[20];
  for (std::size_t i = width; i-- > 0; number /= 10) {
    digits[i] = static_cast<char>('0' + number % 10);
  }
  out.append(digits, width);
}

// Writes times; neighbours in a stream share their date.
class TimeWriter {
 public:
  void append(TimeUs time, std::string& out) {
    const TimeUs day = time / kDayUs - (time % kDayUs < 0 ? 1 : 0);
    if (day != day_ || date_.empty()) {
      day_ = day;
      date_ = to_string(Day{static_cast<std::int32_t>(day)});
    }
    const auto rest = static_cast<std::uint64_t>(time - day * kDayUs);
    constexpr auto kUnit = static_cast<std::uint64_t>(kSecond);
    out.append(date_).push_back('T');
    append_padded(rest / kUnit / 3600, 2, out);
    out.push_back(':');
    append_padded(rest / kUnit / 60 % 60, 2, out);
    out.push_back(':');
    append_padded(rest / kUnit % 60, 2, out);
    out.push_back('.');
    append_padded(rest % kUnit, 6, out);
    out.push_back('Z');
  }

 private:
  TimeUs day_ = 0;
  std::string date_;
};

// Writes the amount exactly, with no more digits than it needs, but at least two.
void append_amount(Amount amount, std::uint32_t decimals, std::string& out) {
  if (amount < 0) out.push_back('-');
  std::uint64_t scale = 1;
  for (std::uint32_t i = 0; i < decimals; ++i) scale *= 10;
  const auto magnitude = amount < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(amount)
                                    : static_cast<std::uint64_t>(amount);
  append_number(magnitude / scale, out);
  if (decimals == 0) return;
  out.push_back('.');
  append_padded(magnitude % scale, decimals, out);
  std::size_t droppable = decimals > 2 ? decimals - 2 : 0;
  for (; droppable > 0 && out.back() == '0'; --droppable) out.pop_back();
}

std::string quoted_json(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      constexpr std::string_view kHex = "0123456789abcdef";
      quoted += "\\u00";
      quoted += kHex[static_cast<unsigned char>(c) >> 4];
      quoted += kHex[static_cast<unsigned char>(c) & 15];
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

// Holds a dictionary column whose values have been made ready to be written.
struct ReadyColumn {
  template <class Make>
  ReadyColumn(const DictionaryColumn& column, const Make& make) : codes(column.codes) {
    for (const std::string_view value : column.values) texts.push_back(make(value));
  }
  const std::string& operator[](std::size_t row) const {
    return texts[codes.empty() ? 0 : codes[row]];
  }

  std::vector<std::string> texts;
  std::span<const std::uint32_t> codes;
};

}  // namespace

std::string csv_header(const EventBatch& batch) {
  std::string header = "user_id,event,time,value";
  for (const PropertyColumn& property : batch.properties) header += "," + csv_field(property.name);
  return header + "\n";
}

void append_csv(const EventBatch& batch, std::uint32_t value_decimals, std::string& out) {
  const ReadyColumn event(batch.event, csv_field);
  std::vector<ReadyColumn> properties;
  for (const auto& property : batch.properties) properties.emplace_back(property.column, csv_field);
  TimeWriter times;
  for (std::size_t row = 0; row < batch.time.size(); ++row) {
    if (batch.user_integers.empty()) {
      out += csv_field(batch.user_strings[row]);
    } else {
      append_number(batch.user_integers[row], out);
    }
    out.append(",").append(event[row]).append(",");
    times.append(batch.time[row], out);
    out.push_back(',');
    if (!batch.value.empty() && batch.value[row] != 0) {
      append_amount(batch.value[row], value_decimals, out);
    }
    for (const ReadyColumn& property : properties) out.append(",").append(property[row]);
    out.push_back('\n');
  }
}

void append_ndjson(const EventBatch& batch, std::uint32_t value_decimals, std::string& out) {
  const ReadyColumn event(batch.event, quoted_json);
  std::vector<ReadyColumn> properties;
  for (const auto& property : batch.properties) {
    // The name stands before each value.
    properties.emplace_back(property.column, [&property](std::string_view value) {
      return "," + quoted_json(property.name) + ":" + quoted_json(value);
    });
  }
  TimeWriter times;
  for (std::size_t row = 0; row < batch.time.size(); ++row) {
    out += "{\"user_id\":";
    if (batch.user_integers.empty()) {
      out += quoted_json(batch.user_strings[row]);
    } else {
      append_number(batch.user_integers[row], out);
    }
    out.append(",\"event\":").append(event[row]).append(",\"time\":\"");
    times.append(batch.time[row], out);
    out.push_back('"');
    if (!batch.value.empty() && batch.value[row] != 0) {
      out += ",\"value\":";
      append_amount(batch.value[row], value_decimals, out);
    }
    for (const ReadyColumn& property : properties) out += property[row];
    out += "}\n";
  }
}

}  // namespace rollcall::tools
