#include "core/batch/prepared_batch.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "core/base/assert.h"
#include "core/base/mutex.h"
#include "core/users/user_hash.h"
#include "kernels/kernel_table.h"
#include "rollcall/message_text.h"
#include "rollcall/partitioner.h"

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

Status check_name(std::string_view column, std::size_t code, std::string_view value,
                  bool may_be_empty) {
  if ((!value.empty() || may_be_empty) && value.size() <= kNameBytesMax && valid_utf8(value)) {
    return {};
  }
  return Status::invalid_argument(
      fmt::format("batch: column {}: value {} is {} (allowed: UTF-8 of {} to {} bytes)", column,
                  code, value.empty() ? "empty" : fmt::format("{} bytes", value.size()),
                  may_be_empty ? 0 : 1, kNameBytesMax));
}

Status check_code(std::string_view name, const DictionaryColumn& column, std::uint32_t code,
                  std::size_t row) {
  if (code < column.values.size()) return {};
  return Status::invalid_argument(
      fmt::format("batch: column {}: row {} has code {} (allowed: below {})", name, row, code,
                  column.values.size()));
}

// A pair is made of these, in a batch's own codes: event | value << 32, where the value is 0 in the
// column of events, and a day.
struct RawPair {
  std::uint64_t codes;
  std::int32_t day;
  friend bool operator==(const RawPair&, const RawPair&) = default;

  std::uint32_t event() const { return static_cast<std::uint32_t>(codes); }
  std::uint32_t value() const { return static_cast<std::uint32_t>(codes >> 32); }
};

struct HashOfPair {
  std::size_t operator()(const RawPair& pair) const {
    return hash_user(pair.codes ^ hash_user(static_cast<std::uint32_t>(pair.day)));
  }
};
using PairNumbers = std::unordered_map<RawPair, std::uint32_t, HashOfPair>;

// Numbers the pairs of one column for all blocks of a batch. Any thread may use it.
class ColumnPairs {
 public:
  struct Pair {
    RawPair codes;
    std::size_t first_row;  // that it was seen in
  };

  std::uint32_t number(const RawPair& codes, std::size_t row) {
    const MutexLock lock(mutex_);
    const auto [found, made] =
        numbers_.try_emplace(codes, static_cast<std::uint32_t>(pairs_.size()));
    if (made) pairs_.push_back({codes, row});
    std::size_t& first_row = pairs_[found->second].first_row;
    first_row = std::min(first_row, row);
    return found->second;
  }
  // Returns the pairs by number, once no thread numbers any more.
  const std::vector<Pair>& pairs() const ROLLCALL_NO_THREAD_SAFETY_ANALYSIS { return pairs_; }

 private:
  Mutex mutex_;
  PairNumbers numbers_ ROLLCALL_GUARDED_BY(mutex_);
  std::vector<Pair> pairs_ ROLLCALL_GUARDED_BY(mutex_);
};

// Events mostly come in the order of time, so the next pairs are likely to be among those met
// lately. These are remembered here, at the price of a comparison.
class RecentPairs {
 public:
  struct Entry {
    std::uint64_t codes;
    std::int32_t day;
    std::uint32_t number;

    bool holds(const RawPair& pair) const { return codes == pair.codes && day == pair.day; }
  };
  RecentPairs() { forget(); }
  void forget() { entries_.fill({0, std::numeric_limits<std::int32_t>::max(), 0}); }
  // Returns the entry that a pair would be in.
  Entry& operator[](const RawPair& pair) {
    return entries_[(pair.event() + pair.value() * 31 +
                     static_cast<std::uint32_t>(pair.day) * kDayStep) %
                    kEntries];
  }

 private:
  static constexpr std::size_t kEntries = 1024;
  static constexpr std::uint32_t kDayStep = 16;
  std::array<Entry, kEntries> entries_;
};

// Makes room for `size` elements, whose values do not matter.
template <class T>
T* grow(std::vector<T>& elements, std::size_t size) {
  if (elements.size() < size) elements.resize(size);
  return elements.data();
}

// A thread needs this while it fills a block.
struct Scratch {
  std::vector<std::uint64_t> hashes;  // by row of the batch
  std::vector<std::uint32_t> places;  // where each of these rows goes
  std::vector<std::uint32_t> next;    // by partition: the next place
  std::vector<std::uint32_t> valued;  // rows with values
  // These are about the kept property at hand: by code of the batch, which number the text has in
  // the block; the codes that have one; and by number, in which partition it was last met, from 1.
  std::vector<std::uint32_t> text_numbers;
  std::vector<std::uint32_t> numbered_codes;
  std::vector<std::uint32_t> met_in;
  // Both are about the column and block at hand.
  RecentPairs recent_pairs;
  PairNumbers pair_numbers;
};

// Makes PreparedRows of a batch whose columns have been seen to fit together.
class Preparation {
 public:
  Preparation(const EventBatch& batch, const PrepareContext& context)
      : batch_(batch),
        context_(context),
        row_count_(batch.time.size()),
        time_max_(std::min(context.time_max, kTimeMax)),
        rows_(std::make_unique<PreparedRows>()),
        column_pairs_(1 + context.settings.dimensions.size()) {}

  Result<std::unique_ptr<PreparedRows>> run();

 private:
  // Filling a block tells this besides the block.
  struct BlockSummary {
    Status status;
    TimeUs greatest_time;
  };

  std::size_t block_count() const { return (row_count_ + kBlockRows - 1) / kBlockRows; }
  std::size_t block_rows(std::size_t block) const {
    return std::min(kBlockRows, row_count_ - block * kBlockRows);
  }
  template <class T>
  std::span<const T> slice(std::span<const T> column, std::size_t block) const {
    return column.subspan(block * kBlockRows, block_rows(block));
  }

  Status resolve_properties();
  Status fill(std::size_t number, BlockSummary& summary);
  Status check_time(std::size_t row) const;
  void place_times(std::size_t number, const Scratch& scratch, PreparedBlock& block) const;
  Status place_texts(std::size_t number, Scratch& scratch, PreparedBlock& block) const;
  Status place_texts(std::size_t number, std::string_view name, const DictionaryColumn& column,
                     Scratch& scratch, PreparedBlock::Texts& texts) const;
  void place_users(std::size_t number, Scratch& scratch, PreparedBlock& block) const;
  template <class CodesOf>
  Status number_pairs(std::size_t number, std::size_t column, CodesOf codes_of, Scratch& scratch,
                      PreparedBlock& block, BlockSummary& summary);
  Status check_codes(const RawPair& pair, std::size_t column, std::size_t row) const;
  void collect_values(std::size_t number, Scratch& scratch, PreparedBlock& block) const;
  Status copy_strings(std::size_t number, const Scratch& scratch, PreparedBlock& block) const;
  Status name_pairs();
  Result<std::uint32_t> number_event(std::uint32_t code);
  Result<std::uint32_t> number_value(std::size_t dimension, std::uint32_t code);

  const EventBatch& batch_;
  const PrepareContext& context_;
  const std::size_t row_count_;
  const TimeUs time_max_;
  std::unique_ptr<PreparedRows> rows_;
  std::vector<const DictionaryColumn*> dimensions_;
  std::vector<const DictionaryColumn*> kept_;  // null: the batch does not have the property
  std::vector<ColumnPairs> column_pairs_;
  Workers::PerThread<Scratch> scratch_;
  // Says by code which place the code has among the used ones.
  std::vector<std::uint32_t> event_numbers_;
  std::vector<std::vector<std::uint32_t>> value_numbers_;  // by dimension
};

Status Preparation::resolve_properties() {
  static constexpr std::string_view kAbsent[] = {""};
  static constexpr DictionaryColumn kAbsentColumn{kAbsent, {}};
  const std::vector<std::string>& names = context_.settings.dimensions;
  const std::vector<std::string>& kept_names = context_.settings.kept_properties;
  dimensions_.assign(names.size(), nullptr);
  kept_.assign(kept_names.size(), nullptr);
  for (const PropertyColumn& property : batch_.properties) {
    const auto found = std::find(names.begin(), names.end(), property.name);
    const auto kept = std::find(kept_names.begin(), kept_names.end(), property.name);
    if (found == names.end() && kept == kept_names.end()) {
      return Status::invalid_argument(
          fmt::format("batch: property {} is not a dimension of the store (declared: {}{})",
                      quoted_excerpt(property.name), names.empty() ? "none" : excerpts(names),
                      kept_names.empty() ? "" : fmt::format("; kept: {}", excerpts(kept_names))));
    }
    const DictionaryColumn*& column =
        found != names.end() ? dimensions_[static_cast<std::size_t>(found - names.begin())]
                             : kept_[static_cast<std::size_t>(kept - kept_names.begin())];
    if (column != nullptr) {
      return Status::invalid_argument(
          fmt::format("batch: property {} stands in it twice", quoted_excerpt(property.name)));
    }
    column = &property.column;
  }
  std::replace(dimensions_.begin(), dimensions_.end(),
               static_cast<const DictionaryColumn*>(nullptr), &kAbsentColumn);
  return {};
}

Status Preparation::check_time(std::size_t row) const {
  const TimeUs time = batch_.time[row];
  if (kTimeMin <= time && time <= time_max_) return {};
  return Status::invalid_argument(fmt::format("batch: time of row {} is {} us (allowed: {} to {})",
                                              row, time, kTimeMin, time_max_));
}

void Preparation::place_users(std::size_t number, Scratch& scratch, PreparedBlock& block) const {
  const std::size_t count = block_rows(number);
  const Partitioner partition_of(context_.settings.partition_count);
  std::uint64_t* const hashes = grow(scratch.hashes, count);
  block.partition_begin.assign(context_.settings.partition_count + std::size_t{1}, 0);
  std::uint32_t* const counts = block.partition_begin.data() + 1;
  if (batch_.user_strings.empty()) {
    kernels::active_table()->mix(slice(batch_.user_integers, number).data(), hashes, count);
  } else {
    const std::span<const std::string_view> users = slice(batch_.user_strings, number);
    std::transform(users.begin(), users.end(), hashes,
                   [](std::string_view user) { return hash_user(user); });
  }
  for (std::size_t i = 0; i < count; ++i) ++counts[partition_of(hashes[i])];
  std::partial_sum(block.partition_begin.begin(), block.partition_begin.end(),
                   block.partition_begin.begin());
  scratch.next.assign(block.partition_begin.begin(), block.partition_begin.end() - 1);
  std::uint32_t* const next = scratch.next.data();
  std::uint32_t* __restrict const places = grow(scratch.places, count);
  std::uint64_t* __restrict const placed = grow(block.hashes, count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t place = next[partition_of(hashes[i])]++;
    places[i] = place;
    placed[place] = hashes[i];
    // This asks for the line after this one, long before it is written to.
    __builtin_prefetch(placed + place + 8, 1);
  }
}

void Preparation::place_times(std::size_t number, const Scratch& scratch,
                              PreparedBlock& block) const {
  block.times.resize(context_.settings.history ? block_rows(number) : 0);
  if (block.times.empty()) return;
  const std::span<const TimeUs> times = slice(batch_.time, number);
  const std::uint32_t* __restrict const places = scratch.places.data();
  TimeUs* __restrict const placed = block.times.data();
  for (std::size_t i = 0; i < times.size(); ++i) {
    placed[places[i]] = times[i];
    __builtin_prefetch(placed + places[i] + 8, 1);
  }
}

// Bounds what texts take in the history: a piece of its open events (open_events.h) holds each text
// once or, if its rows are far between, as often as they come.
std::size_t bytes_in_history(std::span<const std::uint32_t> codes,
                             const PreparedBlock::Texts& texts, std::uint32_t partition,
                             std::vector<std::uint32_t>& met_in) {
  constexpr std::size_t kPieceRows = 256;
  std::size_t all = 0, distinct = 0;
  for (const std::uint32_t code : codes) {
    const std::size_t size = texts.text(code).size();
    all += size;
    if (std::exchange(met_in[code], partition + 1) != partition + 1) distinct += size;
  }
  return std::min(all, distinct * (codes.size() / kPieceRows + 2));
}

// Gives the texts of a block numbers of its own, so that it holds those of its rows and no others.
Status Preparation::place_texts(std::size_t number, Scratch& scratch, PreparedBlock& block) const {
  block.kept.resize(kept_.size());
  block.kept_bytes.assign(context_.settings.partition_count, 0);
  for (std::size_t i = 0; i < kept_.size(); ++i) {
    PreparedBlock::Texts& texts = block.kept[i];
    texts.clear();
    if (kept_[i] == nullptr) continue;
    ROLLCALL_RETURN_IF_ERROR(
        place_texts(number, context_.settings.kept_properties[i], *kept_[i], scratch, texts));
    if (texts.bytes.empty()) {
      texts.clear();
      continue;
    }
    scratch.met_in.assign(texts.ends.size(), 0);
    for (std::uint32_t partition = 0; partition < block.kept_bytes.size(); ++partition) {
      const std::span<const std::uint32_t> codes(
          texts.codes.data() + block.partition_begin[partition], block.row_count(partition));
      block.kept_bytes[partition] += bytes_in_history(codes, texts, partition, scratch.met_in);
    }
  }
  return {};
}

Status Preparation::place_texts(std::size_t number, std::string_view name,
                                const DictionaryColumn& column, Scratch& scratch,
                                PreparedBlock::Texts& texts) const {
  const std::size_t first_row = number * kBlockRows;
  const std::size_t count = block_rows(number);
  texts.codes.resize(count);
  std::vector<std::uint32_t>& numbers = scratch.text_numbers;
  if (numbers.size() < column.values.size()) numbers.resize(column.values.size(), kUnused);
  Status status;
  for (std::size_t i = 0; i < count && status.ok(); ++i) {
    const std::uint32_t code = column.codes.empty() ? 0 : column.codes[first_row + i];
    status = check_code(name, column, code, first_row + i);
    if (!status.ok()) break;
    std::uint32_t& text = numbers[code];
    if (text == kUnused) {
      status = check_name(name, code, column.values[code], /*may_be_empty=*/true);
      text = static_cast<std::uint32_t>(texts.ends.size());
      texts.add(column.values[code]);
      scratch.numbered_codes.push_back(code);
    }
    texts.codes[scratch.places[i]] = text;
  }
  for (const std::uint32_t code : scratch.numbered_codes) numbers[code] = kUnused;
  scratch.numbered_codes.clear();
  return status;
}

Status Preparation::check_codes(const RawPair& pair, std::size_t column, std::size_t row) const {
  ROLLCALL_RETURN_IF_ERROR(check_code("event", batch_.event, pair.event(), row));
  if (column == 0) return {};
  return check_code(context_.settings.dimensions[column - 1], *dimensions_[column - 1],
                    pair.value(), row);
}

// Writes the pairs and hours of the rows from `row` on, as long as their times lie in `hour` and
// their pairs are remembered, and returns the first row that is not so. It is separate from what
// happens then, so that all of it stays in registers.
template <class CodesOf>
std::size_t write_remembered(std::size_t row, std::span<const TimeUs> times, CodesOf codes_of,
                             const HourSpan& hour, RecentPairs& recent,
                             const std::uint32_t* __restrict places, PairHour* __restrict out,
                             TimeUs& greatest_time) {
  const HourSpan in = hour;
  TimeUs greatest = greatest_time;
  for (; row < times.size(); ++row) {
    const TimeUs time = times[row];
    if (time < in.begin || time >= in.end) break;
    const RawPair pair{codes_of(row), in.day.value};
    const RecentPairs::Entry& entry = recent[pair];
    if (!entry.holds(pair)) break;
    greatest = std::max(greatest, time);
    PairHour* const place = out + places[row];
    *place = entry.number << kHourBits | in.hour;
    __builtin_prefetch(place + 64 / sizeof(PairHour), 1);
  }
  greatest_time = greatest;
  return row;
}

// `codes_of(i)` are those of row i, as in RawPair. Times and codes are checked when their hour or
// their pair is met, and not again while it is remembered.
template <class CodesOf>
Status Preparation::number_pairs(std::size_t number, std::size_t column, CodesOf codes_of,
                                 Scratch& scratch, PreparedBlock& block, BlockSummary& summary) {
  const std::size_t first_row = number * kBlockRows;
  const std::span<const TimeUs> times = slice(batch_.time, number);
  PairHour* const out = grow(block.pair_hours[column], times.size());
  RecentPairs& recent = scratch.recent_pairs;
  recent.forget();
  scratch.pair_numbers.clear();
  summary.greatest_time = times[0];
  HourSpan hour;
  for (std::size_t i = 0;;) {
    i = write_remembered(i, times, codes_of, hour, recent, scratch.places.data(), out,
                         summary.greatest_time);
    if (i == times.size()) return {};
    if (times[i] < hour.begin || times[i] >= hour.end) {
      ROLLCALL_RETURN_IF_ERROR(check_time(first_row + i));
      hour = context_.zone.hour_at(times[i]);
      hour.begin = std::max(hour.begin, kTimeMin);
      hour.end = std::min(hour.end, time_max_ + 1);
    }
    const RawPair pair{codes_of(i), hour.day.value};
    const auto [found, made] = scratch.pair_numbers.try_emplace(pair, 0);
    if (made) {
      ROLLCALL_RETURN_IF_ERROR(check_codes(pair, column, first_row + i));
      found->second = column_pairs_[column].number(pair, first_row + i);
    }
    recent[pair] = {pair.codes, pair.day, found->second};
  }
}

void Preparation::collect_values(std::size_t number, Scratch& scratch, PreparedBlock& block) const {
  block.value_begin.assign(context_.settings.partition_count + std::size_t{1}, 0);
  if (batch_.value.empty()) return;
  const std::span<const Amount> values = slice(batch_.value, number);
  std::uint32_t* __restrict const valued = grow(scratch.valued, values.size() + 1);
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < values.size(); ++i) {
    valued[count] = i;
    count += values[i] != 0 ? 1u : 0u;
  }
  const Partitioner partition_of(context_.settings.partition_count);
  for (std::uint32_t i = 0; i < count; ++i) {
    ++block.value_begin[partition_of(scratch.hashes[valued[i]]) + std::size_t{1}];
  }
  std::partial_sum(block.value_begin.begin(), block.value_begin.end(), block.value_begin.begin());
  scratch.next.assign(block.value_begin.begin(), block.value_begin.end() - 1);
  PreparedBlock::Value* const out = grow(block.values, count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t row = valued[i];
    out[scratch.next[partition_of(scratch.hashes[row])]++] = {scratch.places[row], values[row]};
  }
}

// Copies the users' bytes partition by partition, each to its place.
Status Preparation::copy_strings(std::size_t number, const Scratch& scratch,
                                 PreparedBlock& block) const {
  const std::size_t first_row = number * kBlockRows;
  const std::span<const std::string_view> users = slice(batch_.user_strings, number);
  std::vector<std::uint32_t>& ends = block.string_ends;
  ends.resize(users.size());
  for (std::size_t i = 0; i < users.size(); ++i) {
    if (users[i].empty() || users[i].size() > kUserBytesMax) {
      return Status::invalid_argument(
          fmt::format("batch: user of row {} has {} bytes (allowed: 1 to {})", first_row + i,
                      users[i].size(), kUserBytesMax));
    }
    ends[scratch.places[i]] = static_cast<std::uint32_t>(users[i].size());
  }
  static_assert(kBlockRows * kUserBytesMax <= std::numeric_limits<std::uint32_t>::max());
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  block.string_bytes.resize(ends.back());
  for (std::size_t i = 0; i < users.size(); ++i) {
    const std::size_t begin = ends[scratch.places[i]] - users[i].size();
    std::memcpy(block.string_bytes.data() + begin, users[i].data(), users[i].size());
  }
  // Together they are valid exactly if each is, provided that none begins inside a character.
  const auto begins_inside = [](std::string_view user) { return (user[0] & 0xc0) == 0x80; };
  if (valid_utf8(block.string_bytes) && std::none_of(users.begin(), users.end(), begins_inside)) {
    return {};
  }
  const auto wrong = std::find_if_not(users.begin(), users.end(), valid_utf8);
  return Status::invalid_argument(
      fmt::format("batch: user of row {} is not UTF-8",
                  first_row + static_cast<std::size_t>(wrong - users.begin())));
}

Status Preparation::fill(std::size_t number, BlockSummary& summary) {
  PreparedBlock& block = *rows_->blocks[number];
  Scratch& scratch = scratch_.local();
  place_users(number, scratch, block);
  place_times(number, scratch, block);
  ROLLCALL_RETURN_IF_ERROR(place_texts(number, scratch, block));

  block.pair_hours.resize(1 + dimensions_.size());
  const std::size_t first_row = number * kBlockRows;
  const auto event_codes = [&](auto visit) -> Status {
    const std::uint32_t* const codes = batch_.event.codes.data();
    if (codes == nullptr) return visit([](std::size_t) { return std::uint64_t{0}; });
    return visit([codes = codes + first_row](std::size_t i) { return std::uint64_t{codes[i]}; });
  };
  ROLLCALL_RETURN_IF_ERROR(event_codes(
      [&](auto event) { return number_pairs(number, 0, event, scratch, block, summary); }));
  for (std::size_t i = 0; i < dimensions_.size(); ++i) {
    const std::uint32_t* const codes = dimensions_[i]->codes.data();
    ROLLCALL_RETURN_IF_ERROR(event_codes([&](auto event) {
      if (codes == nullptr) return number_pairs(number, i + 1, event, scratch, block, summary);
      return number_pairs(
          number, i + 1,
          [event, codes = codes + first_row](std::size_t row) {
            return event(row) | std::uint64_t{codes[row]} << 32;
          },
          scratch, block, summary);
    }));
  }
  collect_values(number, scratch, block);
  block.string_ends.clear();
  if (!batch_.user_strings.empty()) {
    ROLLCALL_RETURN_IF_ERROR(copy_strings(number, scratch, block));
  }
  return {};
}

Result<std::uint32_t> Preparation::number_event(std::uint32_t code) {
  std::uint32_t& number = event_numbers_[code];
  if (number == kUnused) {
    const std::string_view name = batch_.event.values[code];
    ROLLCALL_RETURN_IF_ERROR(check_name("event", code, name, /*may_be_empty=*/false));
    number = static_cast<std::uint32_t>(rows_->event_names.size());
    rows_->event_names.emplace_back(name);
  }
  return number;
}

Result<std::uint32_t> Preparation::number_value(std::size_t dimension, std::uint32_t code) {
  std::uint32_t& number = value_numbers_[dimension][code];
  if (number == kUnused) {
    const std::string_view value = dimensions_[dimension]->values[code];
    ROLLCALL_RETURN_IF_ERROR(
        check_name(context_.settings.dimensions[dimension], code, value, /*may_be_empty=*/true));
    number = static_cast<std::uint32_t>(rows_->dimension_values[dimension].size());
    rows_->dimension_values[dimension].emplace_back(value);
  }
  return number;
}

// Numbers the names and series that the pairs are made of in the order of their first rows, because
// which names come first may not depend on which thread saw them first.
Status Preparation::name_pairs() {
  event_numbers_.assign(batch_.event.values.size(), kUnused);
  for (const DictionaryColumn* column : dimensions_) {
    value_numbers_.emplace_back(column->values.size(), kUnused);
  }
  for (std::size_t column = 0; column < column_pairs_.size(); ++column) {
    const std::vector<ColumnPairs::Pair>& pairs = column_pairs_[column].pairs();
    std::vector<std::uint32_t> order(pairs.size());
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      return pairs[a].first_row < pairs[b].first_row;
    });
    rows_->pairs[column].resize(pairs.size());
    // A series of several days is one series.
    std::unordered_map<std::uint64_t, std::uint32_t> series;
    for (const std::uint32_t number : order) {
      const RawPair& pair = pairs[number].codes;
      ROLLCALL_ASSIGN_OR_RETURN(const std::uint32_t event, number_event(pair.event()));
      LocalSeries local{event, 0, 0};
      if (column != 0) {
        local.dimension = static_cast<std::uint32_t>(column - 1);
        ROLLCALL_ASSIGN_OR_RETURN(local.value, number_value(column - 1, pair.value()));
      }
      const std::uint64_t key = std::uint64_t{local.event} << 32 | local.value;
      const auto [found, made] =
          series.emplace(key, static_cast<std::uint32_t>(rows_->series.size()));
      if (made) rows_->series.push_back(local);
      rows_->pairs[column][number] = {found->second, Day{pair.day}};
    }
  }
  return {};
}

Result<std::unique_ptr<PreparedRows>> Preparation::run() {
  rows_->settings = context_.settings;
  rows_->row_count = row_count_;
  rows_->pool = context_.pool;
  ROLLCALL_RETURN_IF_ERROR(resolve_properties());
  rows_->dimension_values.resize(dimensions_.size());
  rows_->pairs.resize(1 + dimensions_.size());
  if (row_count_ == 0) return std::move(rows_);
  const TimeUs known_max = std::min(context_.zone.known_until_max(time_max_), kTimeMax);
  if (batch_.known_until && (*batch_.known_until < kTimeMin || *batch_.known_until > known_max)) {
    return Status::invalid_argument(fmt::format("batch: known_until is {} us (allowed: {} to {})",
                                                *batch_.known_until, kTimeMin, known_max));
  }

  for (std::size_t i = 0; i < block_count(); ++i) rows_->blocks.push_back(context_.pool->take());
  std::vector<BlockSummary> summaries(block_count());
  const auto fill_block = [&](std::size_t i) { summaries[i].status = fill(i, summaries[i]); };
  if (block_count() == 1) {
    fill_block(0);  // waking others for a single block costs more than it saves
  } else {
    context_.workers.for_each(block_count(), fill_block);
  }
  for (const BlockSummary& summary : summaries) ROLLCALL_RETURN_IF_ERROR(summary.status);
  ROLLCALL_RETURN_IF_ERROR(name_pairs());
  rows_->known_until = batch_.known_until.value_or(summaries[0].greatest_time);
  for (const BlockSummary& summary : summaries) {
    rows_->known_until = std::max(rows_->known_until, summary.greatest_time);
  }
  const std::vector<PreparedRows::Pair>& pairs = rows_->pairs.front();
  rows_->day_range = {pairs.front().day, pairs.front().day};
  for (const PreparedRows::Pair& pair : pairs) {
    rows_->day_range = {std::min(rows_->day_range.first, pair.day),
                        std::max(rows_->day_range.last, pair.day)};
  }
  return std::move(rows_);
}

}  // namespace

std::size_t PreparedBlock::memory_bytes() const {
  std::size_t bytes =
      sizeof(*this) + partition_begin.capacity() * sizeof(partition_begin[0]) +
      hashes.capacity() * sizeof(hashes[0]) + values.capacity() * sizeof(values[0]) +
      value_begin.capacity() * sizeof(value_begin[0]) + string_bytes.capacity() +
      string_ends.capacity() * sizeof(string_ends[0]) + times.capacity() * sizeof(times[0]);
  for (const std::vector<PairHour>& column : pair_hours) {
    bytes += column.capacity() * sizeof(column[0]);
  }
  for (const Texts& texts : kept) {
    bytes += sizeof(texts) + texts.bytes.capacity() +
             (texts.codes.capacity() + texts.ends.capacity()) * sizeof(std::uint32_t);
  }
  return bytes;
}

bool PreparedRows::has_values(std::uint32_t partition) const {
  return std::any_of(blocks.begin(), blocks.end(),
                     [&](const std::unique_ptr<PreparedBlock>& block) {
                       return !block->values_of(partition).empty();
                     });
}

PreparedRows::~PreparedRows() {
  for (std::unique_ptr<PreparedBlock>& block : blocks) pool->give_back(std::move(block));
}

DayRange days_of(const PreparedRows& rows) {
  std::vector<bool> used(rows.pairs[0].size());
  for (const auto& block : rows.blocks) {
    for (std::uint32_t row = 0; row < block->partition_begin.back(); ++row) {
      used[block->pair_hours[0][row] >> kHourBits] = true;
    }
  }
  DayRange days;
  for (std::size_t pair = 0; pair < used.size(); ++pair) {
    if (!used[pair]) continue;
    const Day day = rows.pairs[0][pair].day;
    const bool none = days.empty();
    days.first = none ? day : std::min(days.first, day);
    days.last = none ? day : std::max(days.last, day);
  }
  return days;
}

Result<std::unique_ptr<PreparedRows>> prepare_rows(const EventBatch& batch,
                                                   const PrepareContext& context) {
  const std::size_t row_count = batch.time.size();
  if (row_count > std::numeric_limits<std::uint32_t>::max()) {
    return Status::invalid_argument(fmt::format("batch: {} rows (allowed: below 2^32)", row_count));
  }
  const bool integers = context.settings.user_kind == UserKind::kInteger;
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
  return Preparation(batch, context).run();
}

}  // namespace rollcall
