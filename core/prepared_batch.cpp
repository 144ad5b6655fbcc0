#include "core/prepared_batch.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "core/assert.h"
#include "core/partitioner.h"

namespace rollcall {
namespace {

constexpr std::uint32_t kUnused = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kNameBytesMax = 1024;
constexpr std::size_t kUserBytesMax = 65'536;
// Time zones move a date by less than a day, so these leave every local date within
// kDayMin..kDayMax.
constexpr TimeUs kTimeMin = (std::int64_t{kDayMin.value} + 1) * kUsPerDay;
constexpr TimeUs kTimeMax = std::int64_t{kDayMax.value} * kUsPerDay - 1;

bool valid_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

Status check_lengths(const EventBatch& batch, std::size_t row_count) {
  const auto differs = [&](std::string_view column, std::size_t length) {
    return Status::invalid_argument(
        fmt::format("batch: column {} has {} rows, column time has {} (allowed: the same)", column,
                    length, row_count));
  };
  if (!batch.value.empty() && batch.value.size() != row_count) {
    return differs("value", batch.value.size());
  }
  const auto check = [&](std::string_view name, const DictionaryColumn& column) -> Status {
    if (!column.codes.empty() && column.codes.size() != row_count) {
      return differs(name, column.codes.size());
    }
    if (column.codes.empty() && column.values.empty() && row_count != 0) {
      return Status::invalid_argument(fmt::format("batch: column {} has no values", name));
    }
    return {};
  };
  ROLLCALL_RETURN_IF_ERROR(check("event", batch.event));
  for (const PropertyColumn& property : batch.properties) {
    ROLLCALL_RETURN_IF_ERROR(check(property.name, property.column));
  }
  return {};
}

Status check_times(const EventBatch& batch, TimeUs time_max) {
  const TimeUs max = std::min(time_max, kTimeMax);
  if (batch.known_until && (*batch.known_until < kTimeMin || *batch.known_until > max)) {
    return Status::invalid_argument(fmt::format("batch: known_until is {} us (allowed: {} to {})",
                                                *batch.known_until, kTimeMin, max));
  }
  const auto [least, greatest] = std::minmax_element(batch.time.begin(), batch.time.end());
  const bool late = *greatest > max;
  if (*least >= kTimeMin && !late) return {};
  const auto wrong = late ? greatest : least;
  return Status::invalid_argument(fmt::format("batch: time of row {} is {} us (allowed: {} to {})",
                                              wrong - batch.time.begin(), *wrong, kTimeMin, max));
}

// Renumbers the values that rows use, in the order of their first use. `renumbered[code]` is
// kUnused for the others; `used` receives the strings.
Status use_values(std::string_view name, const DictionaryColumn& column, std::size_t row_count,
                  bool may_be_empty, std::vector<std::uint32_t>& renumbered,
                  std::vector<std::string>& used) {
  renumbered.assign(column.values.size(), kUnused);
  const auto use = [&](std::uint32_t code) -> Status {
    const std::string_view value = column.values[code];
    if ((value.empty() && !may_be_empty) || value.size() > kNameBytesMax || !valid_utf8(value)) {
      return Status::invalid_argument(
          fmt::format("batch: column {}: value {} is {} (allowed: UTF-8 of {} to {} bytes)", name,
                      code, value.empty() ? "empty" : fmt::format("{} bytes", value.size()),
                      may_be_empty ? 0 : 1, kNameBytesMax));
    }
    renumbered[code] = static_cast<std::uint32_t>(used.size());
    used.emplace_back(value);
    return {};
  };
  if (column.codes.empty()) return row_count == 0 ? Status() : use(0);
  for (std::size_t row = 0; row < row_count; ++row) {
    const std::uint32_t code = column.codes[row];
    if (code >= column.values.size()) {
      return Status::invalid_argument(
          fmt::format("batch: column {}: row {} has code {} (allowed: below {})", name, row, code,
                      column.values.size()));
    }
    if (renumbered[code] == kUnused) ROLLCALL_RETURN_IF_ERROR(use(code));
  }
  return {};
}

// Numbers pairs of (event, value) of one dimension as they are met.
class PairNumbers {
 public:
  PairNumbers(std::size_t event_count, std::size_t value_count) : value_count_(value_count) {
    constexpr std::size_t kTableCellsMax = 1 << 20;
    if (event_count * value_count <= kTableCellsMax)
      table_.assign(event_count * value_count, kUnused);
  }

  std::uint32_t& operator()(std::uint32_t event, std::uint32_t value) {
    const std::size_t pair = event * value_count_ + value;
    if (!table_.empty()) return table_[pair];
    return sparse_.try_emplace(pair, kUnused).first->second;
  }

 private:
  std::size_t value_count_;
  std::vector<std::uint32_t> table_;
  std::unordered_map<std::size_t, std::uint32_t> sparse_;
};

// Where each row goes: places[i] is the position of batch row i in the order of partitions.
std::vector<std::uint32_t> place_rows(const std::vector<std::uint64_t>& hashes,
                                      std::uint32_t partition_count,
                                      std::vector<std::size_t>& partition_begin) {
  partition_begin.assign(partition_count + std::size_t{1}, 0);
  for (const std::uint64_t hash : hashes) {
    ++partition_begin[partition_of(hash, partition_count) + std::size_t{1}];
  }
  for (std::size_t p = 0; p < partition_count; ++p) partition_begin[p + 1] += partition_begin[p];
  std::vector<std::size_t> next(partition_begin.begin(), partition_begin.end() - 1);
  std::vector<std::uint32_t> places(hashes.size());
  for (std::size_t row = 0; row < hashes.size(); ++row) {
    places[row] = static_cast<std::uint32_t>(next[partition_of(hashes[row], partition_count)]++);
  }
  return places;
}

template <class T>
std::vector<T> placed(const std::vector<T>& column, const std::vector<std::uint32_t>& places) {
  std::vector<T> out(column.size());
  for (std::size_t row = 0; row < column.size(); ++row) out[places[row]] = column[row];
  return out;
}

Status copy_user_strings(const EventBatch& batch, PreparedRows& rows,
                         std::vector<std::string_view>& users) {
  std::size_t bytes = 0;
  for (std::size_t row = 0; row < batch.user_strings.size(); ++row) {
    const std::string_view user = batch.user_strings[row];
    if (user.empty() || user.size() > kUserBytesMax) {
      return Status::invalid_argument(
          fmt::format("batch: user of row {} has {} bytes (allowed: 1 to {})", row, user.size(),
                      kUserBytesMax));
    }
    bytes += user.size();
  }
  rows.string_bytes.reserve(bytes);
  for (const std::string_view user : batch.user_strings) {
    users.emplace_back(rows.string_bytes.data() + rows.string_bytes.size(), user.size());
    rows.string_bytes.append(user);
  }
  // Together they are valid exactly when each is, provided that none begins inside a character.
  const auto begins_inside = [](std::string_view user) { return (user[0] & 0xc0) == 0x80; };
  if (valid_utf8(rows.string_bytes) && std::none_of(users.begin(), users.end(), begins_inside)) {
    return {};
  }
  const auto wrong = std::find_if_not(users.begin(), users.end(), valid_utf8);
  return Status::invalid_argument(
      fmt::format("batch: user of row {} is not UTF-8", wrong - users.begin()));
}

}  // namespace

Result<std::unique_ptr<PreparedRows>> prepare_rows(const EventBatch& batch,
                                                   const StoreSettings& settings,
                                                   const TimeZone& zone, TimeUs time_max) {
  auto rows = std::make_unique<PreparedRows>();
  rows->settings = settings;
  const std::size_t row_count = batch.time.size();
  if (row_count > std::numeric_limits<std::uint32_t>::max()) {
    return Status::invalid_argument(fmt::format("batch: {} rows (allowed: below 2^32)", row_count));
  }
  const bool integers = settings.user_kind == UserKind::kInteger;
  if (integers ? !batch.user_strings.empty() : !batch.user_integers.empty()) {
    return Status::invalid_argument(
        fmt::format("batch: user ids are {}s (allowed: the store's users are {}s)",
                    integers ? "string" : "integer", integers ? "integer" : "string"));
  }
  const std::size_t user_count = integers ? batch.user_integers.size() : batch.user_strings.size();
  if (user_count != row_count) {
    return Status::invalid_argument(
        fmt::format("batch: column user has {} rows, column time has {} (allowed: the same)",
                    user_count, row_count));
  }
  ROLLCALL_RETURN_IF_ERROR(check_lengths(batch, row_count));
  rows->dimension_values.resize(settings.dimensions.size());
  rows->dimension_series.resize(settings.dimensions.size());

  std::vector<const DictionaryColumn*> dimension_columns(settings.dimensions.size());
  for (const PropertyColumn& property : batch.properties) {
    const auto found =
        std::find(settings.dimensions.begin(), settings.dimensions.end(), property.name);
    if (found == settings.dimensions.end()) {
      return Status::invalid_argument(fmt::format(
          "batch: property \"{}\" is not a dimension of the store (declared: {})", property.name,
          settings.dimensions.empty() ? "none"
                                      : fmt::format("{}", fmt::join(settings.dimensions, ", "))));
    }
    const DictionaryColumn*& column =
        dimension_columns[static_cast<std::size_t>(found - settings.dimensions.begin())];
    if (column != nullptr) {
      return Status::invalid_argument(
          fmt::format("batch: property \"{}\" stands in it twice", property.name));
    }
    column = &property.column;
  }
  if (row_count == 0) {
    rows->partition_begin.assign(settings.partition_count + std::size_t{1}, 0);
    return rows;
  }
  ROLLCALL_RETURN_IF_ERROR(check_times(batch, time_max));
  rows->known_until = *std::max_element(batch.time.begin(), batch.time.end());
  if (batch.known_until) rows->known_until = std::max(rows->known_until, *batch.known_until);

  // Users, and with them the place of every row.
  std::vector<std::uint64_t> hashes(row_count);
  std::vector<std::string_view> strings;
  if (integers) {
    for (std::size_t row = 0; row < row_count; ++row)
      hashes[row] = hash_user(batch.user_integers[row]);
  } else {
    ROLLCALL_RETURN_IF_ERROR(copy_user_strings(batch, *rows, strings));
    for (std::size_t row = 0; row < row_count; ++row) hashes[row] = hash_user(strings[row]);
  }
  const std::vector<std::uint32_t> places =
      place_rows(hashes, settings.partition_count, rows->partition_begin);
  rows->hashes = placed(hashes, places);
  if (integers) {
    rows->user_integers.resize(row_count);
    for (std::size_t row = 0; row < row_count; ++row) {
      rows->user_integers[places[row]] = batch.user_integers[row];
    }
  } else {
    rows->user_strings = placed(strings, places);
  }

  // Events and the values of dimensions, renumbered to those in use.
  std::vector<std::uint32_t> renumbered;
  ROLLCALL_RETURN_IF_ERROR(
      use_values("event", batch.event, row_count, false, renumbered, rows->event_names));
  std::vector<std::uint32_t> events(row_count, 0);
  if (!batch.event.codes.empty()) {
    for (std::size_t row = 0; row < row_count; ++row)
      events[row] = renumbered[batch.event.codes[row]];
  }
  for (std::uint32_t event = 0; event < rows->event_names.size(); ++event) {
    rows->series.push_back({event, 0, 0});
  }
  static constexpr std::string_view kAbsent[] = {""};
  static constexpr DictionaryColumn kAbsentColumn{kAbsent, {}};
  for (std::uint32_t dimension = 0; dimension < settings.dimensions.size(); ++dimension) {
    const DictionaryColumn& column =
        dimension_columns[dimension] != nullptr ? *dimension_columns[dimension] : kAbsentColumn;
    std::vector<std::string>& values = rows->dimension_values[dimension];
    ROLLCALL_RETURN_IF_ERROR(
        use_values(settings.dimensions[dimension], column, row_count, true, renumbered, values));
    PairNumbers pairs(rows->event_names.size(), values.size());
    std::vector<std::uint32_t>& series = rows->dimension_series[dimension];
    series.resize(row_count);
    for (std::size_t row = 0; row < row_count; ++row) {
      const std::uint32_t value = renumbered[column.codes.empty() ? 0 : column.codes[row]];
      std::uint32_t& pair = pairs(events[row], value);
      if (pair == kUnused) {
        pair = static_cast<std::uint32_t>(rows->series.size());
        rows->series.push_back({events[row], dimension, value});
      }
      series[places[row]] = pair;
    }
  }
  rows->events = placed(events, places);

  std::vector<std::int32_t> days(row_count);
  zone.days_of(batch.time, days.data());
  std::vector<std::uint8_t> hours(row_count);
  zone.hours_of(batch.time, days.data(), hours.data());
  const auto [first, last] = std::minmax_element(days.begin(), days.end());
  rows->day_range = {Day{*first}, Day{*last}};
  rows->days = placed(days, places);
  rows->hours = placed(hours, places);
  if (!batch.value.empty()) {
    rows->values.resize(row_count);
    for (std::size_t row = 0; row < row_count; ++row) rows->values[places[row]] = batch.value[row];
  }
  return rows;
}

}  // namespace rollcall
