#include "core/engine/journal_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <span>
#include <utility>

#include "core/base/assert.h"
#include "core/base/byte_codec.h"
#include "core/time/time_zone.h"
#include "core/users/user_hash.h"
#include "rollcall/partitioner.h"

namespace rollcall {
namespace {

constexpr std::uint8_t kHasPosition = 1;
constexpr std::uint8_t kHasToken = 2;
constexpr std::uint8_t kHasPositions = 4;  // several, and how many; versions up to 0.1 refuse it
constexpr std::uint8_t kHasTimes = 8;      // of every row; in stores that keep history
constexpr std::uint8_t kHasTexts = 16;     // of kept properties, and how many there are

}  // namespace

void JournalRecordWriter::begin(const PreparedRows& rows, const Delivery& delivery,
                                std::size_t partition_count) {
  parts_.resize(partition_count);
  record_.clear();
  ByteWriter writer(record_);
  const std::size_t position_count = delivery.positions.size();
  const int flags =
      (position_count == 1 ? kHasPosition : 0) | (position_count > 1 ? kHasPositions : 0) |
      (delivery.token != nullptr ? kHasToken : 0) | (rows.settings.history ? kHasTimes : 0) |
      (rows.settings.kept_properties.empty() ? 0 : kHasTexts);
  writer.byte(static_cast<std::uint8_t>(flags));
  if (position_count > 1) writer.varint(position_count);
  for (const SourcePosition& position : delivery.positions) {
    writer.text(position.id);
    writer.text(position.position);
  }
  if (delivery.token != nullptr) {
    writer.text(delivery.token->source);
    writer.text(delivery.token->token);
  }
  writer.varint(rows.row_count);
  writer.zigzag(rows.known_until);
  writer.varint(rows.event_names.size());
  for (const std::string& name : rows.event_names) writer.text(name);
  writer.varint(rows.dimension_values.size());
  for (const std::vector<std::string>& values : rows.dimension_values) {
    writer.varint(values.size());
    for (const std::string& value : values) writer.text(value);
  }
  writer.varint(rows.series.size() - rows.event_names.size());
  for (std::size_t i = rows.event_names.size(); i < rows.series.size(); ++i) {
    writer.varint(rows.series[i].event);
    writer.varint(rows.series[i].dimension);
    writer.varint(rows.series[i].value);
  }
  writer.varint(rows.pairs.size());
  for (const std::vector<PreparedRows::Pair>& pairs : rows.pairs) {
    writer.varint(pairs.size());
    for (const PreparedRows::Pair& pair : pairs) {
      writer.varint(pair.series);
      writer.zigzag(pair.day.value);
    }
  }
  if ((flags & kHasTexts) != 0) writer.varint(rows.settings.kept_properties.size());
}

// Only texts that rows have are written, as others may be those of forgotten users.
void JournalRecordWriter::encode_texts(const PreparedRows& rows, std::size_t property,
                                       std::uint32_t partition, Part& part) const {
  part.texts.clear();
  part.text_codes.clear();
  const auto place_of = [&](std::string_view text, std::uint32_t& place) {
    if (place == 0) {
      part.texts.push_back(text);
      place = static_cast<std::uint32_t>(part.texts.size());
    }
    part.text_codes.push_back(place - 1);
  };
  std::uint32_t place_of_none = 0;
  for (const auto& block : rows.blocks) {
    const PreparedBlock::Texts& texts = block->kept[property];
    // All places are 0 between blocks.
    if (part.text_places.size() < texts.ends.size()) part.text_places.resize(texts.ends.size());
    const std::uint32_t end = block->partition_begin[partition + std::size_t{1}];
    for (std::uint32_t row = block->partition_begin[partition]; row < end; ++row) {
      if (texts.codes.empty()) {
        place_of({}, place_of_none);
      } else {
        place_of(texts.of_row(row), part.text_places[texts.codes[row]]);
      }
    }
    if (texts.codes.empty()) continue;
    for (std::uint32_t row = block->partition_begin[partition]; row < end; ++row) {
      part.text_places[texts.codes[row]] = 0;
    }
  }
  ByteWriter writer(part.bytes);
  const bool has_none = part.texts.size() == 1 && part.texts.front().empty();
  writer.varint(has_none ? 0 : part.texts.size());
  if (has_none) return;
  for (const std::string_view text : part.texts) writer.text(text);
  ColumnWriter<std::uint32_t>(part.bytes, static_cast<std::uint32_t>(part.texts.size() - 1),
                              part.text_codes.size())
      .add(part.text_codes.size(),
           [codes = part.text_codes.data()](std::size_t i) { return codes[i]; });
}

void JournalRecordWriter::Part::list_users(std::span<const std::uint32_t> ordinals,
                                           std::uint32_t base_users) {
  listed.clear();
  codes.resize(ordinals.size());
  for (std::size_t i = 0; i < ordinals.size(); ++i) {
    codes[i] = ordinals[i];
    if (ordinals[i] < base_users) continue;
    std::uint32_t& place = places[ordinals[i] - base_users];
    if (place == 0) {
      listed.push_back(ordinals[i]);
      place = static_cast<std::uint32_t>(listed.size());
    }
    codes[i] = base_users + place - 1;
  }
  for (const std::uint32_t ordinal : listed) places[ordinal - base_users] = 0;
}

namespace {

// Writes which series and day each row of the partition is of, and the hour, column by column.
void write_pair_hours(const PreparedRows& rows, std::uint32_t partition, std::size_t row_count,
                      std::string& bytes) {
  for (std::size_t column = 0; column < rows.pairs.size(); ++column) {
    const auto pair_hour_max =
        static_cast<std::uint32_t>((rows.pairs[column].size() << kHourBits) - 1);
    ColumnWriter<std::uint32_t> pair_hours(bytes, pair_hour_max, row_count);
    for (const auto& block : rows.blocks) {
      const std::span<const PairHour> added = block->pair_hours_of(column, partition);
      pair_hours.add(added.size(), [added](std::size_t i) { return added[i]; });
    }
  }
}

// Writes the amounts of the rows that have one, each with its row.
void write_values(const PreparedRows& rows, std::uint32_t partition, ByteWriter& writer) {
  std::size_t value_count = 0;
  for (const auto& block : rows.blocks) value_count += block->values_of(partition).size();
  writer.varint(value_count);
  std::uint32_t first_row = 0;
  std::uint32_t row_before = 0;
  for (const auto& block : rows.blocks) {
    const std::uint32_t begin = block->partition_begin[partition];
    for (const PreparedBlock::Value& value : block->values_of(partition)) {
      const std::uint32_t row = first_row + value.row - begin;
      writer.varint(row - row_before);
      writer.zigzag(value.value);
      row_before = row;
    }
    first_row += static_cast<std::uint32_t>(block->row_count(partition));
  }
}

}  // namespace

void JournalRecordWriter::encode_rows(const PreparedRows& rows, const Partition& partition,
                                      std::uint32_t base_users) {
  const std::uint32_t number = partition.number();
  Part& part = parts_[number];
  part.bytes.clear();
  const std::span<const std::uint32_t> ordinals = partition.staged_ordinals();
  if (ordinals.empty()) return;
  const UserIndex& users = partition.users();
  if (part.places.size() < users.size() - base_users) part.places.resize(users.size() - base_users);
  part.list_users(ordinals, base_users);

  ByteWriter writer(part.bytes);
  writer.varint(number);
  writer.varint(ordinals.size());
  writer.varint(base_users);
  writer.varint(part.listed.size());
  for (const std::uint32_t ordinal : part.listed) users.serialize_user(ordinal, part.bytes);
  const auto code_max = static_cast<std::uint32_t>(base_users + part.listed.size() - 1);
  ColumnWriter<std::uint32_t>(part.bytes, code_max, ordinals.size())
      .add(ordinals.size(), [codes = part.codes.data()](std::size_t i) { return codes[i]; });
  write_pair_hours(rows, number, ordinals.size(), part.bytes);
  if (rows.settings.history) {
    part.times.clear();
    for (const auto& block : rows.blocks) {
      const std::span<const TimeUs> added = block->times_of(number);
      part.times.insert(part.times.end(), added.begin(), added.end());
    }
    writer.amounts(part.times);
  }
  for (std::size_t property = 0; property < rows.settings.kept_properties.size(); ++property) {
    encode_texts(rows, property, number, part);
  }
  write_values(rows, number, writer);
}

std::string_view JournalRecordWriter::finish() {
  const auto count = std::count_if(parts_.begin(), parts_.end(),
                                   [](const Part& part) { return !part.bytes.empty(); });
  ByteWriter(record_).varint(static_cast<std::uint64_t>(count));
  for (const Part& part : parts_) record_ += part.bytes;
  return record_;
}

std::size_t JournalRecordWriter::memory_bytes() const {
  std::size_t bytes = record_.capacity();
  for (const Part& part : parts_) {
    bytes += part.bytes.capacity() +
             (part.places.capacity() + part.listed.capacity() + part.codes.capacity() +
              part.text_places.capacity() + part.text_codes.capacity()) *
                 sizeof(std::uint32_t) +
             part.texts.capacity() * sizeof(std::string_view) +
             part.times.capacity() * sizeof(TimeUs);
  }
  return bytes;
}

namespace {

class Decoder {
 public:
  Decoder(std::string_view bytes, const StoreSettings& settings,
          const std::shared_ptr<BlockPool>& pool, const std::vector<Partition>& partitions,
          const std::function<Status(std::uint32_t)>& load_users)
      : reader_(bytes),
        partitions_(partitions),
        load_users_(load_users),
        partition_of_(settings.partition_count) {
    batch_.rows = std::make_unique<PreparedRows>();
    batch_.rows->settings = settings;
    batch_.rows->pool = pool;
  }

  Result<JournalledBatch> run() {
    decode_head();
    if (reader_.ok()) ROLLCALL_RETURN_IF_ERROR(check_head());
    const std::size_t part_count = reader_.count(1);
    std::optional<std::uint32_t> number_before;
    for (std::size_t i = 0; i < part_count && reader_.ok(); ++i) {
      const auto number = reader_.varint_up_to<std::uint32_t>(partitions_.size() - 1);
      if (number_before && number <= *number_before) return wrong("its partitions do not ascend");
      number_before = number;
      ROLLCALL_RETURN_IF_ERROR(load_users_(number));
      if (Status status = decode_part(number); !status.ok()) {
        return Status::corruption(fmt::format("partition {}: {}", number, status.message()));
      }
    }
    if (!reader_.done() || rows_found_ != batch_.rows->row_count) {
      return wrong("its bytes do not add up");
    }
    end_block();
    if (batch_.rows->row_count != 0) batch_.rows->day_range = days_of(*batch_.rows);
    return std::move(batch_);
  }

 private:
  static Status wrong(std::string_view what) {
    return Status::corruption(fmt::format("journal record: {}", what));
  }

  void decode_head() {
    PreparedRows& rows = *batch_.rows;
    const auto flags = reader_.varint_up_to<std::uint8_t>(kHasPosition | kHasToken | kHasPositions |
                                                          kHasTimes | kHasTexts);
    has_times_ = (flags & kHasTimes) != 0;
    if ((flags & kHasPosition) != 0) batch_.positions.resize(1);
    if ((flags & kHasPositions) != 0) batch_.positions.resize(reader_.count(2));
    for (SourcePosition& position : batch_.positions) {
      position.id = reader_.text();
      position.position = reader_.text();
    }
    if ((flags & kHasToken) != 0) {
      BatchToken& token = batch_.token.emplace();
      token.source = reader_.text();
      token.token = reader_.text();
    }
    rows.row_count = reader_.varint_up_to<std::uint32_t>(~std::uint32_t{0});
    rows.known_until = reader_.zigzag();
    const auto names = [&](std::vector<std::string>& list) {
      list.resize(reader_.count(1));
      for (std::string& name : list) name = reader_.text();
    };
    names(rows.event_names);
    rows.dimension_values.resize(reader_.count(1));
    for (std::vector<std::string>& values : rows.dimension_values) names(values);
    for (std::uint32_t event = 0; event < rows.event_names.size(); ++event) {
      rows.series.push_back({event, 0, 0});
    }
    const std::size_t series_count = reader_.count(3);
    for (std::size_t i = 0; i < series_count && reader_.ok(); ++i) {
      LocalSeries series;
      series.event = number();
      series.dimension = number();
      series.value = number();
      rows.series.push_back(series);
    }
    rows.pairs.resize(reader_.count(1));
    for (std::vector<PreparedRows::Pair>& pairs : rows.pairs) {
      pairs.resize(reader_.count(2));
      for (PreparedRows::Pair& pair : pairs) {
        pair.series = number();
        pair.day.value = static_cast<std::int32_t>(std::clamp<std::int64_t>(
            reader_.zigzag(), std::int64_t{kDayMin.value} - 1, std::int64_t{kDayMax.value} + 1));
      }
    }
    if ((flags & kHasTexts) != 0) text_column_count_ = number();
  }

  std::uint32_t number() { return reader_.varint_up_to<std::uint32_t>(~std::uint32_t{0}); }

  // Checks that every number names something that exists.
  Status check_head() {
    PreparedRows& rows = *batch_.rows;
    if (has_times_ != rows.settings.history) {
      return wrong(has_times_ ? "it has times, and the store keeps no history"
                              : "it has no times, and the store keeps history");
    }
    const std::size_t dimension_count = rows.settings.dimensions.size();
    if (rows.dimension_values.size() != dimension_count ||
        rows.pairs.size() != 1 + dimension_count) {
      return wrong("it has other dimensions than the store");
    }
    if (text_column_count_ > rows.settings.kept_properties.size()) {
      return wrong("it has more kept properties than the store");
    }
    for (std::size_t i = rows.event_names.size(); i < rows.series.size(); ++i) {
      const LocalSeries& series = rows.series[i];
      if (series.event >= rows.event_names.size() || series.dimension >= dimension_count ||
          series.value >= rows.dimension_values[series.dimension].size()) {
        return wrong("a series is made of names that it does not have");
      }
    }
    for (std::size_t column = 0; column < rows.pairs.size(); ++column) {
      for (const PreparedRows::Pair& pair : rows.pairs[column]) {
        const bool of_event = pair.series < rows.event_names.size();
        if (pair.series >= rows.series.size() || of_event != (column == 0) ||
            (column != 0 && rows.series[pair.series].dimension != column - 1) ||
            pair.day < kDayMin || pair.day > kDayMax) {
          return wrong("a pair of series and day that cannot be");
        }
      }
    }
    if (rows.row_count == 0) return {};
    if (rows.pairs.front().empty()) return wrong("rows without a day");
    if (rows.known_until < kDayMin.value * kUsPerDay ||
        rows.known_until > kDayMax.value * kUsPerDay) {
      return wrong("known until a time out of range");
    }
    return {};
  }

  Status decode_part(std::uint32_t partition) {
    const std::size_t count = reader_.count(2);
    if (count == 0) return wrong("it has no rows");
    const std::uint32_t base_users = number();
    ROLLCALL_RETURN_IF_ERROR(decode_listed(partition, base_users));
    const std::vector<std::uint32_t> users = reader_.column<std::uint32_t>(count);
    if (users.size() != count) return wrong("its users are cut short");
    const std::uint64_t user_bound = base_users + std::uint64_t{listed_count_};
    if (std::any_of(users.begin(), users.end(), [&](auto user) { return user >= user_bound; })) {
      return wrong("a user is neither in the store nor in the record");
    }
    const UserIndex& known = partitions_[partition].users();
    if (known.erased_count() != 0 && std::any_of(users.begin(), users.end(), [&](auto user) {
          return user < base_users && known.is_erased(user);
        })) {
      return wrong("a user was forgotten");
    }
    const PreparedRows& rows = *batch_.rows;
    std::vector<std::vector<std::uint32_t>> pair_hours(rows.pairs.size());
    for (std::size_t column = 0; column < pair_hours.size(); ++column) {
      pair_hours[column] = reader_.column<std::uint32_t>(count);
      if (pair_hours[column].size() != count) return wrong("its rows are cut short");
      for (const PairHour pair_hour : pair_hours[column]) {
        if (pair_hour >> kHourBits >= rows.pairs[column].size() ||
            pair_hour % kHourStride >= kDayHoursMax) {
          return wrong("a row of no series, day and hour");
        }
      }
    }
    std::vector<TimeUs> times;
    if (has_times_) {
      times = reader_.amounts(count);
      if (times.size() != count) return wrong("its times are cut short");
    }
    ROLLCALL_RETURN_IF_ERROR(decode_texts(count));
    const std::size_t value_count = reader_.count(2);
    std::vector<PreparedBlock::Value> values;
    std::uint64_t row = 0;
    for (std::size_t i = 0; i < value_count && reader_.ok(); ++i) {
      row += number();
      const Amount value = reader_.zigzag();
      if (row >= count) return wrong("a value of no row");
      values.push_back({static_cast<std::uint32_t>(row), value});
    }
    if (!reader_.ok()) return wrong("its values are cut short");
    add_rows(partition, base_users, users, pair_hours, times, values);
    rows_found_ += count;
    return {};
  }

  // Reads the list of users whom the commit does not have.
  Status decode_listed(std::uint32_t partition, std::uint32_t base_users) {
    if (base_users > partitions_[partition].users().size()) {
      return wrong("it counts on users whom the store does not have");
    }
    const bool integers = batch_.rows->settings.user_kind == UserKind::kInteger;
    listed_count_ = reader_.count(integers ? sizeof(std::uint64_t) : 1);
    listed_hashes_.clear();
    listed_strings_.clear();
    if (integers) {
      for (const std::uint64_t user : reader_.elements<std::uint64_t>(listed_count_)) {
        listed_hashes_.push_back(hash_user(user));
      }
    } else {
      for (std::size_t i = 0; i < listed_count_ && reader_.ok(); ++i) {
        listed_strings_.push_back(reader_.text());
        listed_hashes_.push_back(hash_user(listed_strings_.back()));
      }
    }
    if (!reader_.ok()) return wrong("its list of users is cut short");
    for (const std::uint64_t hash : listed_hashes_) {
      if (partition_of_(hash) != partition) return wrong("a user of another partition");
    }
    return {};
  }

  // Properties that the store has kept since the record was written have no texts in it.
  Status decode_texts(std::size_t count) {
    texts_.assign(batch_.rows->settings.kept_properties.size(), {});
    for (std::uint32_t property = 0; property < text_column_count_; ++property) {
      TextColumn& column = texts_[property];
      column.texts.resize(reader_.count(1));
      for (std::string_view& text : column.texts) text = reader_.text();
      if (column.texts.empty()) continue;
      column.codes = reader_.column<std::uint32_t>(count);
      if (column.codes.size() != count) return wrong("its texts are cut short");
      for (const std::uint32_t code : column.codes) {
        if (code >= column.texts.size()) return wrong("a row has a text that is not there");
      }
      column.numbers.assign(column.texts.size(), 0);
    }
    return {};
  }

  void add_texts(std::uint32_t partition, std::size_t row) {
    for (std::size_t property = 0; property < texts_.size(); ++property) {
      TextColumn& column = texts_[property];
      PreparedBlock::Texts& to = block_->kept[property];
      std::uint32_t number = 0;
      if (!column.codes.empty()) {
        const std::string_view text = column.texts[column.codes[row]];
        std::uint32_t& known = column.numbers[column.codes[row]];
        if (known == 0 && !text.empty()) {
          known = static_cast<std::uint32_t>(to.ends.size());
          to.add(text);
        }
        number = known;
        block_->kept_bytes[partition] += text.size();
      }
      to.codes.push_back(number);
    }
  }

  void add_rows(std::uint32_t partition, std::uint32_t base_users,
                const std::vector<std::uint32_t>& users,
                const std::vector<std::vector<std::uint32_t>>& pair_hours,
                const std::vector<TimeUs>& times, const std::vector<PreparedBlock::Value>& values) {
    const UserIndex& index = partitions_[partition].users();
    const bool integers = batch_.rows->settings.user_kind == UserKind::kInteger;
    auto value = values.begin();
    for (std::uint32_t row = 0; row < users.size(); ++row) {
      if (block_ == nullptr || block_->hashes.size() == kBlockRows) begin_block();
      const auto place = static_cast<std::uint32_t>(block_->hashes.size());
      ++block_->partition_begin[partition + std::size_t{1}];
      const std::uint32_t user = users[row];
      block_->hashes.push_back(user < base_users ? index.hash_of(user)
                                                 : listed_hashes_[user - base_users]);
      if (!integers) {
        block_->string_bytes +=
            user < base_users ? index.string(user) : listed_strings_[user - base_users];
        block_->string_ends.push_back(static_cast<std::uint32_t>(block_->string_bytes.size()));
      }
      for (std::size_t column = 0; column < pair_hours.size(); ++column) {
        block_->pair_hours[column].push_back(pair_hours[column][row]);
      }
      if (has_times_) block_->times.push_back(times[row]);
      add_texts(partition, row);
      for (; value != values.end() && value->row == row; ++value) {
        block_->values.push_back({place, value->value});
        ++block_->value_begin[partition + std::size_t{1}];
      }
    }
  }

  void begin_block() {
    end_block();
    PreparedRows& rows = *batch_.rows;
    rows.blocks.push_back(rows.pool->take());
    block_ = rows.blocks.back().get();
    block_->partition_begin.assign(partitions_.size() + 1, 0);
    block_->value_begin.assign(partitions_.size() + 1, 0);
    block_->hashes.clear();
    block_->pair_hours.resize(rows.pairs.size());
    for (std::vector<PairHour>& column : block_->pair_hours) column.clear();
    block_->times.clear();
    block_->kept.resize(rows.settings.kept_properties.size());
    block_->kept_bytes.assign(partitions_.size(), 0);
    for (PreparedBlock::Texts& texts : block_->kept) {
      texts.clear();
      texts.add({});  // number 0
    }
    for (TextColumn& column : texts_) std::ranges::fill(column.numbers, 0);
    block_->values.clear();
    block_->string_bytes.clear();
    block_->string_ends.clear();
  }

  // Makes counts by partition the places where these begin.
  void end_block() {
    if (block_ == nullptr) return;
    for (std::vector<std::uint32_t>* begin : {&block_->partition_begin, &block_->value_begin}) {
      std::partial_sum(begin->begin(), begin->end(), begin->begin());
    }
  }

  ByteReader reader_;
  const std::vector<Partition>& partitions_;
  const std::function<Status(std::uint32_t)>& load_users_;
  const Partitioner partition_of_;
  JournalledBatch batch_;
  bool has_times_ = false;
  std::uint32_t text_column_count_ = 0;  // kept properties that the record has
  PreparedBlock* block_ = nullptr;       // that rows are added to
  std::size_t rows_found_ = 0;
  // These are about the partition at hand.
  std::size_t listed_count_ = 0;
  std::vector<std::uint64_t> listed_hashes_;
  std::vector<std::string_view> listed_strings_;
  struct TextColumn {
    std::vector<std::string_view> texts;
    std::vector<std::uint32_t> codes;    // by row; none: every row has the empty text
    std::vector<std::uint32_t> numbers;  // by code: its number in the block at hand; 0: none yet
  };
  std::vector<TextColumn> texts_;  // by kept property
};

}  // namespace

Result<JournalledBatch> decode_journal_record(
    std::string_view bytes, const StoreSettings& settings, const std::shared_ptr<BlockPool>& pool,
    const std::vector<Partition>& partitions,
    const std::function<Status(std::uint32_t)>& load_users) {
  return Decoder(bytes, settings, pool, partitions, load_users).run();
}

}  // namespace rollcall
