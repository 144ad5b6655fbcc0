#include "core/source/ingest/arrow_batch.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <utility>

#include "core/base/digits.h"
#include "core/source/ingest/arrow_number.h"
#include "core/source/ingest/schema_inspector.h"
#include "core/source/values/amount_parser.h"
#include "core/source/values/block_dictionary.h"
#include "core/source/values/joined_value.h"
#include "core/source/values/row.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

constexpr std::string_view kTimesAllowed = "0001-01-02 to 9999-12-30";
constexpr TextTypes kUserTypes{.integers = true, .allowed = "strings or integers"};
constexpr TextTypes kIntegerUserTypes{.integers = true,
                                      .allowed = "integers, or strings of digits"};
constexpr TextTypes kTimeTypes{.integers = true,
                               .allowed = "timestamps, date32, date64, integers or strings"};
constexpr TextTypes kEventTypes{};
constexpr TextTypes kPropertyTypes{
    .integers = true, .booleans = true, .allowed = "strings, integers or booleans"};
constexpr TextTypes kAmountTypes{.integers = true,
                                 .allowed = "integers, decimals, floats or strings"};

Status out_of_range(const ArrowColumn& column, std::size_t row, std::int64_t number) {
  return column.fault(row, fmt::format("{} is out of range (allowed: {})", number, kTimesAllowed));
}

// Reads amounts by their texts, which is how files write them.
class AmountReader {
 public:
  AmountReader(const ArrowColumn& column, std::uint32_t decimals, std::vector<Amount>& out)
      : column_(column), decimals_(decimals), out_(out) {
    out.reserve(column.size());
  }

  Status read(TextArena& arena) {
    const std::string_view format = column_.format();
    if (!column_.is_coded() && format == "g") return read_floats<double>();
    if (!column_.is_coded() && format == "f") return read_floats<float>();
    if (const auto type = decimal_type(format); !column_.is_coded() && type) {
      return read_decimals(*type);
    }
    ArrowTexts texts;
    ROLLCALL_RETURN_IF_ERROR(read_texts(column_, kAmountTypes, arena, texts));
    for (std::size_t row = 0; row < column_.size(); ++row) {
      ROLLCALL_RETURN_IF_ERROR(add(row, texts.of(row)));
    }
    return {};
  }

 private:
  // A row without an amount has an empty text.
  Status add(std::size_t row, std::string_view text) {
    Amount amount = 0;
    const AmountFault fault =
        text.empty() ? AmountFault::kNone : parse_amount(text, decimals_, amount);
    if (fault != AmountFault::kNone) {
      return column_.fault(row, explain_amount_fault(fault, text, decimals_));
    }
    out_.push_back(amount);
    return {};
  }

  template <class Float>
  Status read_floats() {
    const Float* const numbers = column_.values<Float>();
    for (std::size_t row = 0; row < column_.size(); ++row) {
      if (!column_.is_null(row) && std::isnan(numbers[row])) {
        return column_.fault(row, "NaN (allowed: a number, or null for none)");
      }
      const std::string text = column_.is_null(row) ? "" : fmt::format("{}", numbers[row]);
      ROLLCALL_RETURN_IF_ERROR(add(row, text));
    }
    return {};
  }

  Status read_decimals(DecimalType type) {
    const auto* const numbers = static_cast<const char*>(column_.buffer(1)) +
                                static_cast<std::size_t>(column_.offset()) * type.bytes;
    for (std::size_t row = 0; row < column_.size(); ++row) {
      const std::string text =
          column_.is_null(row)
              ? ""
              : fmt::format("{}e{}", wide_integer_text(numbers + row * type.bytes, type.bytes),
                            -std::int64_t{type.scale});
      ROLLCALL_RETURN_IF_ERROR(add(row, text));
    }
    return {};
  }

  const ArrowColumn& column_;
  const std::uint32_t decimals_;
  std::vector<Amount>& out_;
};

Status read_integer_users(const ArrowColumn& column, TextArena& arena,
                          std::vector<std::uint64_t>& out) {
  out.reserve(column.size());
  if (!column.is_coded() && is_integer(column.format())) {
    Status status;
    visit_integer(column.format(), [&](auto type) {
      const auto* const users = column.values<decltype(type)>();
      for (std::size_t row = 0; row < column.size() && status.ok(); ++row) {
        if (column.is_null(row) || std::cmp_less(users[row], 0)) {
          status = column.fault(row, column.is_null(row) ? "null (allowed: a user)"
                                                         : "negative (allowed: 0 to 2^64 - 1)");
        }
        out.push_back(static_cast<std::uint64_t>(users[row]));
      }
    });
    return status;
  }
  ArrowTexts texts;
  ROLLCALL_RETURN_IF_ERROR(read_texts(column, kIntegerUserTypes, arena, texts));
  for (std::size_t row = 0; row < column.size(); ++row) {
    std::uint64_t user = 0;
    if (!parse_canonical_integer(texts.of(row), user)) {
      return column.fault(
          row, fmt::format("not an integer: {} (allowed: 0 to 2^64 - 1, in digits without sign, "
                           "blanks, fraction or leading zeros)",
                           quoted_excerpt(texts.of(row))));
    }
    out.push_back(user);
  }
  return {};
}

Status read_string_users(const ArrowColumn& column, TextArena& arena,
                         std::vector<std::string_view>& out) {
  ArrowTexts texts;
  ROLLCALL_RETURN_IF_ERROR(read_texts(column, kUserTypes, arena, texts));
  const auto check = [&](std::size_t row, std::string_view user) {
    return user.empty() ? column.fault(row, "null or empty (allowed: a user)") : Status();
  };
  if (texts.codes.empty()) {
    for (std::size_t row = 0; row < column.size(); ++row) {
      ROLLCALL_RETURN_IF_ERROR(check(row, texts.values[row]));
    }
    out = std::move(texts.values);
    return {};
  }
  out.reserve(column.size());
  for (std::size_t row = 0; row < column.size(); ++row) {
    out.push_back(texts.of(row));
    ROLLCALL_RETURN_IF_ERROR(check(row, out.back()));
  }
  return {};
}

}  // namespace

Result<EventBatch> ArrowBatch::read(TimeParser& time_parser) {
  ROLLCALL_RETURN_IF_ERROR(check_shape());
  EventBatch batch;
  ROLLCALL_RETURN_IF_ERROR(read_users(batch));
  ROLLCALL_RETURN_IF_ERROR(read_times(batch, time_parser));
  ROLLCALL_RETURN_IF_ERROR(read_events(batch));
  ROLLCALL_RETURN_IF_ERROR(read_amounts(batch));
  ROLLCALL_RETURN_IF_ERROR(read_properties());
  batch.properties = properties_;
  return batch;
}

Status ArrowBatch::check_shape() const {
  constexpr std::int64_t kRowsMax = std::numeric_limits<std::int64_t>::max() / 64;
  if (std::string_view(schema_->format) != "+s") {
    return Status::invalid_argument(
        fmt::format("arrow: the stream is of type {} (allowed: struct, which has columns)",
                    arrow_type_name(schema_->format)));
  }
  if (array_->n_children != schema_->n_children) {
    return Status::invalid_argument(
        fmt::format("arrow: the batch that begins at row {} has {} columns (allowed: the {} of the "
                    "stream)",
                    first_row_, array_->n_children, schema_->n_children));
  }
  for (const std::int64_t number : {array_->length, array_->offset}) {
    if (number >= 0 && number <= kRowsMax) continue;
    return Status::invalid_argument(
        fmt::format("arrow: the batch that begins at row {} has the length {} and the offset {} "
                    "(allowed: 0 to {})",
                    first_row_, array_->length, array_->offset, kRowsMax));
  }
  const bool may_have_nulls =
      array_->null_count != 0 && array_->n_buffers > 0 && array_->buffers[0] != nullptr;
  const auto* validity =
      may_have_nulls ? static_cast<const std::uint8_t*>(array_->buffers[0]) : nullptr;
  for (std::int64_t row = 0; may_have_nulls && row < array_->length; ++row) {
    const std::int64_t place = array_->offset + row;
    if ((validity[place / 8] >> (place % 8) & 1) != 0) continue;
    return Status::invalid_argument(fmt::format("arrow: row {} of the stream is null as a whole",
                                                first_row_ + static_cast<std::uint64_t>(row)));
  }
  return {};
}

std::vector<std::string> ArrowBatch::column_names() const {
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < schema_->n_children; ++i) {
    const char* const name = schema_->children[i]->name;
    names.emplace_back(name == nullptr ? "" : name);
  }
  return names;
}

Result<ArrowColumn> ArrowBatch::find(const std::string& name) const {
  const std::vector<std::string> names = column_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    return Status::invalid_argument(fmt::format("arrow: no column {}{}; there are: {}",
                                                quoted_excerpt(name), did_you_mean(name, names),
                                                excerpts(names)));
  }
  if (std::find(found + 1, names.end(), name) != names.end()) {
    return Status::invalid_argument(
        fmt::format("arrow: several columns are named {} (allowed: one)", quoted_excerpt(name)));
  }
  const auto i = found - names.begin();
  return ArrowColumn::make(name, schema_->children[i], array_->children[i], array_->offset,
                           array_->length, first_row_);
}

bool ArrowBatch::is_of_nulls(const std::string& name) const {
  const std::vector<std::string> names = column_names();
  const auto found = std::find(names.begin(), names.end(), name);
  return found != names.end() &&
         std::string_view(schema_->children[found - names.begin()]->format) == "n";
}

Status ArrowBatch::read_users(EventBatch& batch) {
  ROLLCALL_ASSIGN_OR_RETURN(const ArrowColumn user, find(names_.user));
  if (settings_.user_kind == UserKind::kInteger) {
    ROLLCALL_RETURN_IF_ERROR(read_integer_users(user, arena_, user_integers_));
    batch.user_integers = user_integers_;
  } else {
    ROLLCALL_RETURN_IF_ERROR(read_string_users(user, arena_, user_strings_));
    batch.user_strings = user_strings_;
  }
  return {};
}

Status ArrowBatch::read_timestamps(const ArrowColumn& column) {
  // Reads "ts" + unit + ":" + zone.
  const char unit = column.format()[2];
  const bool local = column.format().size() == 4;
  const std::int64_t us_per_unit = unit == 's' ? kUsPerSecond : unit == 'm' ? 1000 : 1;
  const std::int64_t units_per_us = unit == 'n' ? 1000 : 1;
  const auto* const numbers = column.values<std::int64_t>();
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (column.is_null(row)) return column.fault(row, "null (allowed: a time)");
    const std::int64_t number = numbers[row];
    // Libraries for data frames write a time that is none as the smallest number.
    if (number == std::numeric_limits<std::int64_t>::min()) {
      return column.fault(row, "NaT (allowed: a time)");
    }
    std::int64_t time = 0;
    if (__builtin_mul_overflow(number, us_per_unit, &time)) {
      return out_of_range(column, row, number);
    }
    if (units_per_us > 1) time = number / units_per_us - (number % units_per_us < 0 ? 1 : 0);
    if (local) {
      const std::int64_t day = time / kUsPerDay - (time % kUsPerDay < 0 ? 1 : 0);
      if (day < kDayMin.value || day > kDayMax.value) return out_of_range(column, row, number);
      time = zone_.from_local({static_cast<std::int32_t>(day)}, time - day * kUsPerDay);
    }
    times_.push_back(time);
  }
  return {};
}

template <class Number>
Status ArrowBatch::read_dates(const ArrowColumn& column) {
  constexpr std::int64_t kMsPerDay = 86'400'000;
  constexpr bool kInMs = sizeof(Number) == 8;
  const auto* const numbers = column.values<Number>();
  for (std::size_t row = 0; row < column.size(); ++row) {
    if (column.is_null(row)) return column.fault(row, "null (allowed: a date)");
    const std::int64_t number = numbers[row];
    if (kInMs && number == std::numeric_limits<std::int64_t>::min()) {
      return column.fault(row, "NaT (allowed: a date)");
    }
    if (kInMs && number % kMsPerDay != 0) {
      return column.fault(row, fmt::format("{} ms is no whole day (allowed: dates)", number));
    }
    const std::int64_t days = kInMs ? number / kMsPerDay : number;
    if (days < kDayMin.value || days > kDayMax.value) return out_of_range(column, row, number);
    const Day day{static_cast<std::int32_t>(days)};
    if (zone_.start_of(day) < kTimeMin || zone_.last_second_of(day) > kTimeMax) {
      return out_of_range(column, row, number);
    }
    times_.push_back(zone_.start_of(day));
    latest_whole_day_ = std::max(latest_whole_day_.value_or(day), day);
  }
  return {};
}

Status ArrowBatch::read_times(EventBatch& batch, TimeParser& parser) {
  ROLLCALL_ASSIGN_OR_RETURN(const ArrowColumn column, find(names_.time));
  times_.reserve(column.size());
  const bool plain = !column.is_coded();
  if (plain && is_timestamp(column.format())) {
    ROLLCALL_RETURN_IF_ERROR(read_timestamps(column));
  } else if (plain && column.format() == "tdD") {
    ROLLCALL_RETURN_IF_ERROR(read_dates<std::int32_t>(column));
  } else if (plain && column.format() == "tdm") {
    ROLLCALL_RETURN_IF_ERROR(read_dates<std::int64_t>(column));
  } else {
    ArrowTexts texts;
    ROLLCALL_RETURN_IF_ERROR(read_texts(column, kTimeTypes, arena_, texts));
    for (std::size_t row = 0; row < column.size(); ++row) {
      ParsedTime time;
      const TimeFault fault = parser.parse(texts.of(row), time);
      if (fault != TimeFault::kNone) {
        HintedText story = parser.explain(fault, texts.of(row));
        return column.fault(row, story.text).with_hint(std::move(story.hint));
      }
      times_.push_back(time.time);
      if (time.whole_day) {
        latest_whole_day_ = std::max(latest_whole_day_.value_or(time.date), time.date);
      }
    }
  }
  batch.time = times_;
  if (latest_whole_day_) {
    batch.known_until = zone_.last_second_of(*latest_whole_day_);
    for (const TimeUs time : times_) batch.known_until = std::max(*batch.known_until, time);
  }
  return {};
}

Status ArrowBatch::read_amounts(EventBatch& batch) {
  if (names_.value.empty() || is_of_nulls(names_.value)) return {};
  ROLLCALL_ASSIGN_OR_RETURN(const ArrowColumn value, find(names_.value));
  ROLLCALL_RETURN_IF_ERROR(AmountReader(value, settings_.value_decimals, amounts_).read(arena_));
  batch.value = amounts_;
  return {};
}

// Dictionary-encodes a column of texts, unless it is already.
Result<ArrowBatch::Coded> ArrowBatch::code(const ArrowColumn& column, const TextTypes& types,
                                           bool may_be_null) {
  constexpr std::string_view kNull = "null (allowed: an event name)";
  ArrowTexts texts;
  ROLLCALL_RETURN_IF_ERROR(read_texts(column, types, arena_, texts));
  Coded coded;
  if (texts.codes.empty()) {
    BlockDictionary dictionary;
    coded.codes.reserve(column.size());
    for (std::size_t row = 0; row < texts.values.size(); ++row) {
      if (!may_be_null && column.is_null(row)) return column.fault(row, kNull);
      const std::string_view text = texts.values[row];
      std::uint32_t number = dictionary.find(text);
      if (number == BlockDictionary::kNew) number = dictionary.insert(text);
      coded.codes.push_back(number);
    }
    coded.values.assign(dictionary.values().begin(), dictionary.values().end());
    return coded;
  }
  coded.values = std::move(texts.values);
  coded.codes = std::move(texts.codes);
  const auto absent = static_cast<std::uint32_t>(coded.values.size());
  coded.values.emplace_back();
  for (std::size_t row = 0; row < coded.codes.size(); ++row) {
    if (coded.codes[row] != ArrowTexts::kNull) continue;
    if (!may_be_null) return column.fault(row, kNull);
    coded.codes[row] = absent;
  }
  return coded;
}

Status ArrowBatch::read_events(EventBatch& batch) {
  if (!names_.event_name.empty()) {
    events_.values.emplace_back(names_.event_name);
  } else {
    ROLLCALL_ASSIGN_OR_RETURN(const ArrowColumn event, find(names_.event));
    ROLLCALL_ASSIGN_OR_RETURN(events_, code(event, kEventTypes, /*may_be_null=*/false));
  }
  batch.event = {events_.values, events_.codes};
  return {};
}

Status ArrowBatch::row_fault(const EventBatch& batch) const {
  std::size_t first = batch.time.size();
  Status status;
  const auto look = [&](std::string_view column, const ArrowTexts& texts, std::size_t bytes_min,
                        std::size_t bytes_max) {
    for (std::size_t row = 0; row < first; ++row) {
      const std::string_view text = texts.of(row);
      const bool has_size = bytes_min <= text.size() && text.size() <= bytes_max;
      if (has_size && simdjson::validate_utf8(text.data(), text.size())) continue;
      first = row;
      status = Status::invalid_argument(fmt::format(
          "arrow: column {}: row {}: {} (allowed: UTF-8 of {} to {} bytes)", quoted_excerpt(column),
          first_row_ + row,
          !has_size ? fmt::format("{} bytes", text.size()) : quoted_excerpt(text) + " is not UTF-8",
          bytes_min, bytes_max));
      return;
    }
  };
  const auto in_rows = [](const DictionaryColumn& column, std::size_t row_count) {
    ArrowTexts texts;
    texts.values.assign(column.values.begin(), column.values.end());
    texts.codes.assign(column.codes.begin(), column.codes.end());
    if (texts.codes.empty()) texts.codes.assign(row_count, 0);
    return texts;
  };
  ArrowTexts users;
  users.values.assign(batch.user_strings.begin(), batch.user_strings.end());
  if (!users.values.empty()) look(names_.user, users, 1, kUserBytesMax);
  look(names_.event_name.empty() ? names_.event : "event_name", in_rows(batch.event, first), 1,
       kNameBytesMax);
  for (const PropertyColumn& property : batch.properties) {
    look(property.name, in_rows(property.column, first), 0, kNameBytesMax);
  }
  return status;
}

Status ArrowBatch::read_properties() {
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
      if (is_of_nulls(part)) {
        coded.push_back({{std::string_view()}, std::vector<std::uint32_t>(times_.size())});
        continue;
      }
      ROLLCALL_ASSIGN_OR_RETURN(const ArrowColumn column, find(part));
      ROLLCALL_ASSIGN_OR_RETURN(coded.emplace_back(),
                                code(column, kPropertyTypes, /*may_be_null=*/true));
    }
    columns_[i] = coded.size() == 1 ? std::move(coded.front()) : join(coded);
    properties_.push_back({wanted_[i], {columns_[i].values, columns_[i].codes}});
  }
  return {};
}

ArrowBatch::Coded ArrowBatch::join(const std::vector<Coded>& parts) {
  Coded joined;
  BlockDictionary dictionary;
  JoinedValue value;
  for (std::size_t row = 0; row < times_.size(); ++row) {
    value.clear();
    for (const Coded& part : parts) value.add(part.values[part.codes[row]]);
    std::uint32_t number = dictionary.find(value.text());
    if (number == BlockDictionary::kNew) number = dictionary.insert(arena_.store(value.text()));
    joined.codes.push_back(number);
  }
  joined.values.assign(dictionary.values().begin(), dictionary.values().end());
  return joined;
}

}  // namespace rollcall
