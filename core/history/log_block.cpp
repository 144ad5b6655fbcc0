#include "core/history/log_block.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/base/assert.h"
#include "core/base/byte_codec.h"
#include "core/history/bit_stream.h"
#include "kernels/kernel_table.h"

namespace rollcall {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr unsigned kStepWidthBits = 7;  // of the width of a user's steps, which is up to 64
constexpr std::uint32_t kUsersPerStop = 64;

// Times are multiples of one of these numbers of microseconds, the first that fits all times of a
// block.
constexpr std::array<TimeUs, 4> kUnits = {60'000'000, 1'000'000, 1'000, 1};

// Returns the first of kUnits, from `from` on, that divides the distance of each time from `base`.
std::size_t unit_of(std::span<const TimeUs> times, TimeUs base) {
  std::size_t unit = 0;
  const auto all_fit = [&](auto divisor) {
    return std::ranges::all_of(times, [&](TimeUs time) {
      return (static_cast<std::uint64_t>(time) - static_cast<std::uint64_t>(base)) % divisor == 0;
    });
  };
  // Dividing by a constant is many times as fast as dividing by a variable.
  if (all_fit(std::integral_constant<std::uint64_t, kUnits[0]>())) return unit;
  if (++unit; all_fit(std::integral_constant<std::uint64_t, kUnits[1]>())) return unit;
  if (++unit; all_fit(std::integral_constant<std::uint64_t, kUnits[2]>())) return unit;
  return ++unit;
}

std::uint64_t distance(std::int64_t from, std::int64_t to) {
  return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
}

unsigned code_width(std::size_t size) {
  return size < 2 ? 0 : bits_of(static_cast<std::uint64_t>(size) - 1);
}

// Turns numbers into codes, which are the places among those that occur.
class NumberCodes {
 public:
  explicit NumberCodes(std::span<const std::uint32_t> column)
      : column_(column), codes_(std::size_t{std::ranges::max(column)} + 1, kAbsent) {
    for (const std::uint32_t number : column) codes_[number] = 0;
    for (std::uint32_t number = 0; number < codes_.size(); ++number) {
      if (codes_[number] == kAbsent) continue;
      codes_[number] = static_cast<std::uint32_t>(numbers_.size());
      numbers_.push_back(number);
    }
  }
  std::span<const std::uint32_t> numbers() const { return numbers_; }
  std::uint32_t code_at(std::size_t i) const { return codes_[column_[i]]; }

 private:
  static constexpr std::uint32_t kAbsent = ~std::uint32_t{0};
  std::span<const std::uint32_t> column_;
  std::vector<std::uint32_t> codes_, numbers_;
};

// Does the same for texts.
class TextCodes {
 public:
  explicit TextCodes(std::span<const std::string_view> column) : codes_(column.size()) {
    std::unordered_map<std::string_view, std::uint32_t> places;
    std::vector<std::uint32_t> by_place;
    for (std::size_t i = 0; i < column.size(); ++i) {
      codes_[i] =
          places.try_emplace(column[i], static_cast<std::uint32_t>(places.size())).first->second;
    }
    std::vector<std::pair<std::string_view, std::uint32_t>> sorted(places.begin(), places.end());
    std::ranges::sort(sorted);
    by_place.resize(sorted.size());
    for (std::uint32_t code = 0; code < sorted.size(); ++code) {
      by_place[sorted[code].second] = code;
      texts_.push_back(sorted[code].first);
    }
    for (std::uint32_t& code : codes_) code = by_place[code];
  }
  std::span<const std::string_view> texts() const { return texts_; }
  std::uint32_t code_at(std::size_t i) const { return codes_[i]; }

 private:
  std::vector<std::string_view> texts_;
  std::vector<std::uint32_t> codes_;
};

template <class Codes>
void add_planes(const Codes& codes, std::size_t size, std::size_t event_count,
                std::vector<std::uint64_t>& words) {
  const unsigned width = code_width(size);
  const std::size_t plane_words = words_of(event_count);
  const std::size_t begin = words.size();
  words.resize(begin + width * plane_words);
  for (std::size_t word = 0; word < plane_words; ++word) {
    const std::size_t events = std::min<std::size_t>(64, event_count - 64 * word);
    std::array<std::uint64_t, 32> bits{};
    for (std::size_t i = 0; i < events; ++i) {
      const std::uint64_t code = codes.code_at(64 * word + i);
      for (unsigned plane = 0; plane < width; ++plane) bits[plane] |= (code >> plane & 1) << i;
    }
    for (unsigned plane = 0; plane < width; ++plane) {
      words[begin + plane * plane_words + word] = bits[plane];
    }
  }
}

void write_numbers(ByteWriter& writer, std::span<const std::uint32_t> ascending) {
  writer.varint(ascending.size());
  std::uint32_t next = 0;
  for (const std::uint32_t number : ascending) {
    writer.varint(number - next);
    next = number + 1;
  }
}

Status damaged(std::string_view what) {
  return Status::corruption(fmt::format("history block: {}", what));
}

}  // namespace

void EventColumns::resize(std::size_t size) {
  ordinals.resize(size);
  times.resize(size);
  names.resize(size);
  values.resize(size);
  for (auto& column : dimensions) column.resize(size);
  for (auto& column : properties) column.resize(size);
}

namespace {

// Holds the users of a block, and how wide the columns are that hold a number of each.
struct UserColumns {
  std::vector<std::uint32_t> begins;  // of their events; then the end of the last
  std::vector<std::uint8_t> step_widths;
  unsigned gap_width = 0, count_width = 0, first_width = 0;
  std::uint64_t step_bits = 0;

  std::size_t size() const { return step_widths.size(); }
};

// Says which events have a value, and how wide those are.
struct ValueColumn {
  std::size_t count = 0;
  Amount min = 0;
  unsigned width = 0;
  bool by_name = true;               // all events of a name have one, or none
  std::vector<std::uint32_t> names;  // that have some
};

}  // namespace

// Packs some events in three steps: measures the columns, writes the header, writes the columns.
class LogBlock::Packer {
 public:
  Packer(const EventColumns& events, std::size_t begin, std::size_t end)
      : count_(end - begin),
        ordinals_(events.ordinals.data() + begin, count_),
        times_(events.times.data() + begin, count_),
        values_(events.values.data() + begin, count_),
        names_({events.names.data() + begin, count_}),
        base_(std::ranges::min(times_)),
        unit_number_(unit_of(times_, base_)),
        unit_(static_cast<std::uint64_t>(kUnits[unit_number_])) {
    for (const auto& column : events.dimensions) {
      dimensions_.emplace_back(std::span(column.data() + begin, count_));
    }
    for (const auto& column : events.properties) {
      properties_.emplace_back(std::span(column.data() + begin, count_));
    }
    measure_users();
    measure_values();
  }

  std::vector<std::uint64_t> words() const {
    const std::string head = header();
    std::vector<std::uint64_t> words((head.size() + 7) / 8);
    std::memcpy(words.data(), head.data(), head.size());
    add_planes(names_, names_.numbers().size(), count_, words);
    for (const NumberCodes& codes : dimensions_) {
      add_planes(codes, codes.numbers().size(), count_, words);
    }
    for (const TextCodes& codes : properties_) {
      add_planes(codes, codes.texts().size(), count_, words);
    }
    BitWriter bits(words);
    if (value_.count > 0 && !value_.by_name) {
      for (const Amount value : values_) bits.add(value != 0 ? 1 : 0, 1);
      bits.end();
    }
    add_users(bits);
    for (const Amount value : values_) {
      if (value != 0) bits.add(distance(value_.min, value), value_.width);
    }
    bits.end();
    words.push_back(0);
    words.shrink_to_fit();
    return words;
  }

 private:
  std::uint64_t in_units(std::uint64_t distance) const {
    return unit_ == 1 ? distance : distance / unit_;
  }

  void measure_users() {
    for (std::size_t i = 0; i < count_; ++i) {
      if (i == 0 || ordinals_[i] != ordinals_[i - 1]) {
        users_.begins.push_back(static_cast<std::uint32_t>(i));
      }
    }
    users_.step_widths.resize(users_.begins.size());
    users_.begins.push_back(static_cast<std::uint32_t>(count_));
    std::uint32_t gap_max = 0, count_max = 0;
    std::uint64_t first_max = 0;
    for (std::size_t user = 0; user < users_.size(); ++user) {
      const std::size_t first = users_.begins[user], after = users_.begins[user + 1];
      if (user > 0) gap_max = std::max(gap_max, ordinals_[first] - ordinals_[first - 1] - 1);
      count_max = std::max(count_max, static_cast<std::uint32_t>(after - first - 1));
      first_max = std::max(first_max, in_units(distance(base_, times_[first])));
      std::uint64_t step_max = 0;
      for (std::size_t i = first + 1; i < after; ++i) {
        step_max = std::max(step_max, distance(times_[i - 1], times_[i]));
      }
      users_.step_widths[user] = static_cast<std::uint8_t>(bits_of(in_units(step_max)));
      users_.step_bits += std::uint64_t{users_.step_widths[user]} * (after - first - 1);
    }
    users_.gap_width = bits_of(gap_max);
    users_.count_width = bits_of(count_max);
    users_.first_width = bits_of(first_max);
  }

  void measure_values() {
    Amount max = 0;
    std::vector<std::uint32_t> by_name(names_.numbers().size()), valued_by_name(by_name.size());
    for (std::size_t i = 0; i < count_; ++i) {
      const std::uint32_t name = names_.code_at(i);
      ++by_name[name];
      if (values_[i] == 0) continue;
      ++valued_by_name[name];
      value_.min = value_.count == 0 ? values_[i] : std::min(value_.min, values_[i]);
      max = value_.count == 0 ? values_[i] : std::max(max, values_[i]);
      ++value_.count;
    }
    for (std::uint32_t name = 0; name < by_name.size(); ++name) {
      const std::uint32_t valued = valued_by_name[name];
      value_.by_name = value_.by_name && (valued == 0 || valued == by_name[name]);
      if (valued > 0) value_.names.push_back(name);
    }
    value_.width = bits_of(distance(value_.min, max));
  }

  std::string header() const {
    std::string header;
    ByteWriter writer(header);
    writer.byte(kVersion);
    writer.varint(count_);
    writer.varint(users_.size());
    writer.varint(ordinals_.front());
    writer.zigzag(base_);
    writer.byte(static_cast<std::uint8_t>(unit_number_));
    writer.byte(static_cast<std::uint8_t>(users_.gap_width));
    writer.byte(static_cast<std::uint8_t>(users_.count_width));
    writer.byte(static_cast<std::uint8_t>(users_.first_width));
    writer.varint(users_.step_bits);
    write_numbers(writer, names_.numbers());
    writer.varint(dimensions_.size());
    for (const NumberCodes& codes : dimensions_) write_numbers(writer, codes.numbers());
    writer.varint(properties_.size());
    for (const TextCodes& codes : properties_) {
      writer.varint(codes.texts().size());
      for (const std::string_view text : codes.texts()) writer.text(text);
    }
    writer.varint(value_.count);
    if (value_.count > 0) {
      writer.zigzag(value_.min);
      writer.byte(static_cast<std::uint8_t>(value_.width));
      writer.byte(value_.by_name ? 1 : 0);
      if (value_.by_name) write_numbers(writer, value_.names);
    }
    return header;
  }

  void add_users(BitWriter& bits) const {
    const std::vector<std::uint32_t>& begins = users_.begins;
    const auto add = [&](unsigned width, auto number_of) {
      for (std::size_t user = 0; user < users_.size(); ++user) bits.add(number_of(user), width);
      bits.end();
    };
    add(users_.gap_width, [&](std::size_t user) -> std::uint64_t {
      const std::size_t first = begins[user];
      return user == 0 ? 0 : ordinals_[first] - ordinals_[first - 1] - 1;
    });
    add(users_.count_width, [&](std::size_t user) { return begins[user + 1] - begins[user] - 1; });
    add(users_.first_width,
        [&](std::size_t user) { return in_units(distance(base_, times_[begins[user]])); });
    add(kStepWidthBits, [&](std::size_t user) { return users_.step_widths[user]; });
    for (std::size_t user = 0; user < users_.size(); ++user) {
      for (std::size_t i = begins[user] + std::size_t{1}; i < begins[user + 1]; ++i) {
        bits.add(in_units(distance(times_[i - 1], times_[i])), users_.step_widths[user]);
      }
    }
    bits.end();
  }

  const std::size_t count_;
  const std::span<const std::uint32_t> ordinals_;
  const std::span<const TimeUs> times_;
  const std::span<const Amount> values_;
  const NumberCodes names_;
  std::vector<NumberCodes> dimensions_;
  std::vector<TextCodes> properties_;
  const TimeUs base_;
  const std::size_t unit_number_;
  const std::uint64_t unit_;
  UserColumns users_;
  ValueColumn value_;
};

LogBlock LogBlock::pack(const EventColumns& events, std::size_t begin, std::size_t end) {
  LogBlock block;
  block.words_ = Packer(events, begin, end).words();
  const Status status = block.read();
  ROLLCALL_ASSERT(status.ok());
  return block;
}

Result<LogBlock> LogBlock::deserialize(std::string_view bytes) {
  if (bytes.empty() || bytes.size() % 8 != 0) return damaged("its bytes are not whole words");
  LogBlock block;
  block.words_.resize(bytes.size() / 8);
  std::memcpy(block.words_.data(), bytes.data(), bytes.size());
  ROLLCALL_RETURN_IF_ERROR(block.read());
  return block;
}

namespace {

// Reads ascending numbers, as write_numbers wrote them.
std::vector<std::uint32_t> read_numbers(ByteReader& reader) {
  std::vector<std::uint32_t> numbers(reader.count(1));
  std::uint64_t next = 0;
  for (std::uint32_t& number : numbers) {
    next += reader.varint_up_to<std::uint64_t>(std::numeric_limits<std::uint32_t>::max());
    if (next > std::numeric_limits<std::uint32_t>::max()) return {};
    number = static_cast<std::uint32_t>(next++);
  }
  return numbers;
}

}  // namespace

Status LogBlock::read_header(std::size_t& header_bytes) {
  constexpr std::uint64_t kCountMax = std::uint64_t{1} << 31;
  const std::string_view all = bytes();
  ByteReader reader(all);
  if (reader.byte() != kVersion) return damaged("it has another version");
  event_count_ = reader.varint_up_to(kCountMax);
  user_count_ = reader.varint_up_to(event_count_);
  first_ordinal_ = reader.varint_up_to(std::numeric_limits<std::uint32_t>::max());
  first_time_ = reader.zigzag();
  const std::uint8_t unit_number = reader.byte();
  gap_width_ = reader.byte();
  count_width_ = reader.byte();
  first_width_ = reader.byte();
  step_bits_ = reader.varint();
  if (!reader.ok() || event_count_ == 0 || user_count_ == 0 || unit_number >= kUnits.size() ||
      gap_width_ > 32 || count_width_ > 32 || first_width_ > 64 ||
      step_bits_ > 64 * std::uint64_t{event_count_}) {
    return damaged("its header does not add up");
  }
  unit_ = kUnits[unit_number];
  const auto set_width = [](Column& column) { column.width = code_width(column.size()); };
  names_.numbers = read_numbers(reader);
  set_width(names_);
  dimensions_.resize(reader.count(1));
  for (Column& column : dimensions_) {
    column.numbers = read_numbers(reader);
    set_width(column);
  }
  properties_.resize(reader.count(1));
  bool ascend = true;
  for (Column& column : properties_) {
    column.texts.resize(reader.count(1));
    for (std::string_view& text : column.texts) text = reader.text();
    set_width(column);
    ascend = ascend &&
             std::ranges::adjacent_find(column.texts, std::greater_equal<>()) == column.texts.end();
  }
  value_count_ = reader.varint_up_to(event_count_);
  if (value_count_ > 0) {
    value_base_ = reader.zigzag();
    value_width_ = reader.byte();
    const std::uint8_t by_name = reader.byte();
    values_by_name_ = by_name == 1;
    if (by_name > 1 || value_width_ > 64) return damaged("its header does not add up");
    if (values_by_name_) valued_names_ = read_numbers(reader);
  }
  const auto is_empty = [](const Column& column) { return column.size() == 0; };
  if (!reader.ok() || !ascend || is_empty(names_) || std::ranges::any_of(dimensions_, is_empty) ||
      std::ranges::any_of(properties_, is_empty) ||
      (!valued_names_.empty() && valued_names_.back() >= names_.size())) {
    return damaged("its dictionaries do not add up");
  }
  header_bytes = all.size() - reader.remaining();
  return {};
}

Status LogBlock::read() {
  std::size_t header_bytes = 0;
  ROLLCALL_RETURN_IF_ERROR(read_header(header_bytes));
  std::uint64_t at = (header_bytes + 7) / 8;
  const auto take = [&](std::uint64_t words) {
    const std::uint64_t begin = at;
    at += words;
    return static_cast<std::size_t>(begin);
  };
  const auto take_planes = [&](Column& column) {
    column.words = take(column.width * std::uint64_t{plane_words()});
  };
  take_planes(names_);
  for (Column& column : dimensions_) take_planes(column);
  for (Column& column : properties_) take_planes(column);
  has_value_ = take(value_count_ > 0 && !values_by_name_ ? plane_words() : 0);
  const auto take_bits = [&](std::uint64_t count, std::uint64_t width) {
    return take(words_of(count * width));
  };
  gaps_ = take_bits(user_count_, gap_width_);
  counts_ = take_bits(user_count_, count_width_);
  firsts_ = take_bits(user_count_, first_width_);
  step_widths_ = take_bits(user_count_, kStepWidthBits);
  steps_ = take_bits(step_bits_, 1);
  values_ = take_bits(value_count_, value_width_);
  take(1);
  if (at != words_.size() || words_.back() != 0) return damaged("its size is not what it says");
  ROLLCALL_RETURN_IF_ERROR(check_codes());
  return check_users();
}

namespace {

// Returns whether some code is larger than `last`. It compares the codes of 64 events at a time,
// from their highest bits down.
bool has_code_above(const CodePlanes& planes, std::size_t last) {
  for (std::size_t word = 0; word < planes.plane_words; ++word) {
    std::uint64_t above = 0, equal = ~std::uint64_t{0};
    for (unsigned plane = planes.width; plane-- > 0;) {
      const std::uint64_t bits = planes.words[plane * planes.plane_words + word];
      if ((last >> plane & 1) != 0) {
        equal &= bits;
      } else {
        above |= equal & bits;
        equal &= ~bits;
      }
    }
    if (above != 0) return true;
  }
  return false;
}

}  // namespace

// Checks that no code stands for nothing, and that no bit is set past the last event.
Status LogBlock::check_codes() const {
  const std::uint64_t rest = event_count_ % 64 == 0 ? 0 : ~std::uint64_t{0} << (event_count_ % 64);
  const auto check = [&](const Column& column) -> Status {
    const CodePlanes planes = planes_of(column);
    for (unsigned plane = 0; plane < planes.width; ++plane) {
      if ((planes.words[(plane + 1) * planes.plane_words - 1] & rest) != 0) {
        return damaged("it has codes past its last event");
      }
    }
    if (has_code_above(planes, column.size() - 1)) return damaged("a code stands for nothing");
    return {};
  };
  ROLLCALL_RETURN_IF_ERROR(check(names_));
  for (const Column& column : dimensions_) ROLLCALL_RETURN_IF_ERROR(check(column));
  for (const Column& column : properties_) ROLLCALL_RETURN_IF_ERROR(check(column));
  if (value_count_ == 0) return {};
  std::vector<std::uint64_t> bits(plane_words());
  have_value(bits.data());
  if (kernels::active_table()->count(bits.data(), bits.size()) != value_count_ ||
      (bits.back() & rest) != 0) {
    return damaged("its values are not as many as it says");
  }
  return {};
}

Status LogBlock::check_users() {
  // The bits behind the last number of a column are zeros, or the block is damaged.
  const std::array<std::pair<std::size_t, std::uint64_t>, 6> columns = {{
      {gaps_, std::uint64_t{user_count_} * gap_width_},
      {counts_, std::uint64_t{user_count_} * count_width_},
      {firsts_, std::uint64_t{user_count_} * first_width_},
      {step_widths_, std::uint64_t{user_count_} * kStepWidthBits},
      {steps_, step_bits_},
      {values_, std::uint64_t{value_count_} * value_width_},
  }};
  for (const auto& [begin, bits] : columns) {
    if (bits % 64 != 0 && words_[begin + bits / 64] >> (bits % 64) != 0) {
      return damaged("it has bits past the end of a column");
    }
  }
  std::uint64_t ordinal = first_ordinal_, events = 0, step = 0;
  __extension__ using Wide = __int128;
  Wide last_time = first_time_;
  for (std::uint32_t user = 0; user < user_count_; ++user) {
    const std::uint64_t gap =
        read_bits(&words_[gaps_], std::uint64_t{user} * gap_width_, gap_width_);
    const std::uint64_t count =
        read_bits(&words_[counts_], std::uint64_t{user} * count_width_, count_width_) + 1;
    const std::uint64_t first =
        read_bits(&words_[firsts_], std::uint64_t{user} * first_width_, first_width_);
    const auto width = static_cast<unsigned>(
        read_bits(&words_[step_widths_], std::uint64_t{user} * kStepWidthBits, kStepWidthBits));
    ordinal += user == 0 ? gap : gap + 1;
    if (width > 64 || (user == 0 && gap != 0) || events + count > event_count_ ||
        step + width * (count - 1) > step_bits_ ||
        ordinal > std::numeric_limits<std::uint32_t>::max()) {
      return damaged("its users do not add up");
    }
    if (user % kUsersPerStop == 0) {
      stops_.push_back(
          {static_cast<std::uint32_t>(ordinal), static_cast<std::uint32_t>(events), step});
    }
    Wide since_base = first;
    for (std::uint64_t i = 1; i < count; ++i, step += width) {
      const std::uint64_t number = read_bits(&words_[steps_], step, width);
      if (number == 0) ties_.push_back(static_cast<std::uint32_t>(events + i));
      since_base += number;
    }
    last_time = std::max(last_time, Wide{first_time_} + since_base * unit_);
    events += count;
  }
  if (events != event_count_ || step != step_bits_ ||
      last_time > std::numeric_limits<TimeUs>::max()) {
    return damaged("its users do not add up");
  }
  constexpr std::size_t kEventsPerTie = 32;  // at least, to be listed
  has_many_ties_ = ties_.size() * kEventsPerTie > event_count_;
  if (has_many_ties_) ties_.clear();
  ties_.shrink_to_fit();
  last_ordinal_ = static_cast<std::uint32_t>(ordinal);
  last_time_ = static_cast<TimeUs>(last_time);
  return {};
}

std::size_t LogBlock::memory_bytes() const {
  std::size_t bytes = sizeof *this + 8 * words_.capacity() + stops_.capacity() * sizeof(Stop) +
                      ties_.capacity() * sizeof(ties_[0]);
  const auto add = [&](const Column& column) {
    bytes += sizeof column + column.numbers.capacity() * sizeof(std::uint32_t) +
             column.texts.capacity() * sizeof(std::string_view);
  };
  add(names_);
  for (const Column& column : dimensions_) add(column);
  for (const Column& column : properties_) add(column);
  return bytes;
}

void LogBlock::match(const CodePlanes& planes, std::span<const std::uint32_t> codes,
                     std::uint64_t* out) const {
  kernels::active_table()->match_planes(planes.words, planes.width, plane_words(), codes.data(),
                                        codes.size(), out);
  if (event_count_ % 64 != 0) {
    out[plane_words() - 1] &= ~(~std::uint64_t{0} << (event_count_ % 64));
  }
}

void LogBlock::have_value(std::uint64_t* out) const {
  if (values_by_name_) {
    match(name_planes(), valued_names_, out);
  } else {
    std::copy_n(&words_[has_value_], plane_words(), out);
  }
}

void LogBlock::values(std::span<Amount> out) const {
  std::ranges::fill(out, 0);
  if (value_count_ == 0) return;
  std::vector<std::uint64_t> bits(plane_words());
  have_value(bits.data());
  std::uint64_t at = 0;
  for (std::size_t word = 0; word < bits.size(); ++word) {
    for (std::uint64_t left = bits[word]; left != 0; left &= left - 1, at += value_width_) {
      const std::uint64_t above = read_bits(&words_[values_], at, value_width_);
      out[64 * word + static_cast<std::size_t>(std::countr_zero(left))] =
          static_cast<Amount>(static_cast<std::uint64_t>(value_base_) + above);
    }
  }
}

bool LogBlock::Walk::next() {
  const LogBlock& block = *block_;
  if (next_user_ == block.user_count_) return false;
  const std::uint64_t number = next_user_++;
  const auto column = [&](std::size_t words, unsigned width) {
    return read_bits(&block.words_[words], number * width, width);
  };
  user_.ordinal =
      number == 0
          ? block.first_ordinal_
          : user_.ordinal + 1 + static_cast<std::uint32_t>(column(block.gaps_, block.gap_width_));
  user_.begin += user_.count;
  user_.count = static_cast<std::uint32_t>(column(block.counts_, block.count_width_)) + 1;
  step_width_ = static_cast<unsigned>(column(block.step_widths_, kStepWidthBits));
  first_step_ = next_step_;
  next_step_ += std::uint64_t{step_width_} * (user_.count - 1);
  return true;
}

bool LogBlock::Walk::seek(std::uint32_t ordinal) {
  const LogBlock& block = *block_;
  const auto after = std::ranges::upper_bound(block.stops_, ordinal, {}, &Stop::ordinal);
  if (after != block.stops_.begin()) {
    const auto stop = std::prev(after);
    const auto number = static_cast<std::uint32_t>(stop - block.stops_.begin()) * kUsersPerStop;
    if (number >= next_user_) {
      next_user_ = number;
      user_ = {stop->ordinal, stop->begin, 0};
      // This is the state in which next() leaves the walk before the user of that number.
      if (number > 0) {
        user_.ordinal -= 1 + static_cast<std::uint32_t>(read_bits(
                                 &block.words_[block.gaps_],
                                 std::uint64_t{number} * block.gap_width_, block.gap_width_));
      }
      next_step_ = stop->step;
    }
  }
  if (next_user_ > 0 && user_.count > 0 && user_.ordinal >= ordinal) return true;
  while (next()) {
    if (user_.ordinal >= ordinal) return true;
  }
  return false;
}

TimeUs LogBlock::Walk::first_time() const {
  const std::uint64_t number = next_user_ - 1;
  const std::uint64_t first = read_bits(&block_->words_[block_->firsts_],
                                        number * block_->first_width_, block_->first_width_);
  const std::uint64_t above = first * static_cast<std::uint64_t>(block_->unit_);
  return static_cast<TimeUs>(static_cast<std::uint64_t>(block_->first_time_) + above);
}

bool LogBlock::Walk::may_have_ties() const {
  if (block_->ties_.empty()) return block_->has_many_ties_;
  const auto tie = std::ranges::lower_bound(block_->ties_, user_.begin);
  return tie != block_->ties_.end() && *tie - user_.begin < user_.count;
}

LogBlock::Times::Times(const Walk& walk)
    : block_(walk.block_),
      step_(walk.first_step_),
      time_(static_cast<std::uint64_t>(walk.first_time())),
      width_(walk.step_width_),
      left_(walk.user_.count) {}

void LogBlock::Times::read(std::uint32_t count, TimeUs* out) {
  if (count == 0) return;
  left_ -= count;
  // The first event has no step to it.
  if (!std::exchange(has_begun_, true)) {
    *out++ = static_cast<TimeUs>(time_);
    --count;
  }
  const std::uint64_t* const steps = &block_->words_[block_->steps_];
  const auto unit = static_cast<std::uint64_t>(block_->unit_);
  if (width_ <= kernels::kUnpackWidthMax) {
    auto* const sums = reinterpret_cast<std::uint64_t*>(out);  // may alias what is signed
    kernels::active_table()->unpack_sums(steps, step_, width_, time_, unit, sums, count);
    if (count > 0) time_ = sums[count - 1];
    step_ += std::uint64_t{width_} * count;
    return;
  }
  for (std::uint32_t i = 0; i < count; ++i, step_ += width_) {
    time_ += read_bits(steps, step_, width_) * unit;
    out[i] = static_cast<TimeUs>(time_);
  }
}

}  // namespace rollcall
