// This fuzzes a block of history, and what readers do with one that they accept. The first byte
// chooses what the rest is: the bytes of a block; or rows, of which a block is made, and damage to
// that block.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/history/log_block.h"
#include "core/history/log_merge.h"
#include "core/history/user_cursor.h"
#include "tests/fuzz/fuzz_target.h"

namespace rollcall::fuzz {
namespace {

// Takes bytes off the input, and zeros once there are none.
class Bytes {
 public:
  explicit Bytes(std::string_view& input) : input_(input) {}
  unsigned next() { return take_choice(input_); }

 private:
  std::string_view& input_;
};

EventColumns rows_from(std::string_view input) {
  constexpr std::string_view kTexts = "0123456789abcdefghijklmnopqrstuvwxyz";
  EventColumns rows;
  rows.dimensions.resize(1);
  rows.properties.resize(1);
  std::uint32_t ordinal = 0;
  TimeUs time = -(TimeUs{1} << 40);
  while (!input.empty()) {
    Bytes bytes(input);
    const unsigned head = bytes.next();
    const std::uint32_t gap = head >> 4;
    if (gap != 0) time = -(TimeUs{1} << 40);
    ordinal += gap * gap * gap;
    time += TimeUs{bytes.next()} << (2 * (head & 15));
    rows.ordinals.push_back(ordinal);
    rows.times.push_back(time);
    rows.names.push_back(bytes.next());
    const auto amount = static_cast<std::int8_t>(bytes.next());
    rows.values.push_back(Amount{amount} * (Amount{1} << (bytes.next() % 56)));
    const unsigned codes = bytes.next();
    rows.dimensions[0].push_back(codes % 16 == 15 ? 1'000'000 : codes % 16);
    rows.properties[0].push_back(kTexts.substr(0, codes / 16 * 2));
  }
  return rows;
}

bool are_equal(const EventColumns& a, const EventColumns& b) {
  return a.ordinals == b.ordinals && a.times == b.times && a.names == b.names &&
         a.values == b.values && a.dimensions == b.dimensions && a.properties == b.properties;
}

// Every way to find users finds the same ones, with the same times.
void check_users(const LogBlock& block, const EventColumns& events) {
  LogBlock::Walk walk(block);
  std::uint32_t users = 0, begin = 0;
  TimeUs first = block.last_time(), last = block.first_time();
  std::vector<TimeUs> times;
  while (walk.next()) {
    const LogBlock::User user = walk.user();
    require(user.begin == begin && user.count > 0, "users have gaps between their events");
    begin += user.count;
    require(begin <= block.event_count(), "users have more events than there are");
    require(users++ > 0 || user.ordinal == block.first_ordinal(), "the first user is another");
    times.resize(user.count);
    LogBlock::Times(walk).read(walk.user().count, times.data());
    require(std::ranges::is_sorted(times), "times go back");
    require(std::ranges::equal(times, std::span(events.times).subspan(user.begin, user.count)),
            "times differ");
    first = std::min(first, times.front());
    last = std::max(last, times.back());
    LogBlock::Walk seeking(block);
    require(seeking.seek(user.ordinal) && seeking.user().ordinal == user.ordinal &&
                seeking.user().begin == user.begin && seeking.user().count == user.count,
            "a user is not found");
    std::vector<TimeUs> again(user.count);
    LogBlock::Times(seeking).read(seeking.user().count, again.data());
    require(times == again, "a user who is looked for has other times");
    if (user.ordinal == block.last_ordinal()) break;
    require(seeking.seek(user.ordinal + 1) && seeking.user().ordinal > user.ordinal,
            "the next user is not found");
  }
  require(users == block.user_count() && begin == block.event_count(), "users are missing");
  require(!walk.next(), "there are users after the last");
  require(first >= block.first_time() && last <= block.last_time(), "times are out of range");
}

void check_column(const LogBlock& block, const CodePlanes& planes, std::size_t meanings) {
  std::vector<std::uint32_t> codes(block.event_count());
  for (std::size_t event = 0; event < codes.size(); ++event) {
    codes[event] = planes.code_of(event);
    require(codes[event] < meanings, "a code stands for nothing");
  }
  std::vector<std::uint64_t> found((codes.size() + 63) / 64);
  for (const std::uint32_t step : {1u, 2u, 7u}) {
    std::vector<std::uint32_t> wanted;
    for (std::uint32_t code = step - 1; code < meanings; code += step) wanted.push_back(code);
    std::ranges::fill(found, ~std::uint64_t{0});
    block.match(planes, wanted, found.data());
    for (std::size_t event = 0; event < 64 * found.size(); ++event) {
      const bool is_found = (found[event / 64] >> (event % 64) & 1) != 0;
      const bool is_one = event < codes.size() && codes[event] % step == step - 1;
      require(is_found == is_one, "an event is matched by the wrong codes");
    }
  }
}

// What blocks are made into has the same events.
void check_use(const LogBlock& block, const EventColumns& events) {
  const LogBlock packed = LogBlock::pack(events, 0, events.size());
  require(are_equal(unpack(packed, block.property_count()), events), "packing changes events");
  Result<LogBlock> again = LogBlock::deserialize(packed.bytes());
  require(again.ok(), again.status().to_string());
  require(again->bytes() == packed.bytes(), "a block is written otherwise than read");
  require(again->first_time() == packed.first_time() && again->last_time() == packed.last_time() &&
              again->last_ordinal() == packed.last_ordinal(),
          "a block that is read has another range");

  const TimeUs middle = events.times[events.size() / 2];
  const auto is_late = [&](TimeUs time) { return time >= middle; };
  const auto late = static_cast<std::size_t>(std::ranges::count_if(events.times, is_late));
  const std::optional<LogBlock> rest =
      events_where(block, [&](const EventColumns& columns, std::size_t event) {
        return is_late(columns.times[event]);
      });
  require((rest ? rest->event_count() : 0) == late, "events that are kept are too few or many");
  const std::vector<LogRun> runs(2, {std::make_shared<const LogBlock>(packed)});
  const LogRun merged = merge(runs, block.dimension_count(), block.property_count());
  const LogRun cut = merge(runs, block.dimension_count(), block.property_count(), middle);
  const auto count_of = [](const LogRun& run) {
    std::size_t count = 0;
    for (const auto& part : run) count += part->event_count();
    return count;
  };
  require(count_of(merged) == 2 * events.size() && count_of(cut) == 2 * late,
          "merging loses events");
  UserCursor cursor({RunSource::of(merged)}, [](std::size_t, const LogBlock&) {});
  std::size_t seen = 0;
  while (cursor.next()) {
    cursor.read_parts([&](std::size_t, const LogBlock&, const LogBlock::Walk& walk) {
      seen += walk.user().count;
    });
  }
  require(seen == 2 * events.size(), "a cursor passes over events");
}

void check(std::string_view bytes) {
  const Result<LogBlock> read = LogBlock::deserialize(bytes);
  if (!read.ok()) {
    require(read.status().code() == StatusCode::kCorruption, read.status().to_string());
    return;
  }
  const LogBlock& block = *read;
  require(block.bytes() == bytes, "a block is not the bytes that were read");
  require(block.event_count() > 0 && block.event_count() <= kBlockEvents, "too many events");
  const EventColumns events = unpack(block, block.property_count());
  check_users(block, events);
  check_column(block, block.name_planes(), block.names().size());
  for (std::uint32_t i = 0; i < block.dimension_count(); ++i) {
    check_column(block, block.dimension_planes(i), block.dimension_values(i).size());
  }
  for (std::uint32_t i = 0; i < block.property_count(); ++i) {
    check_column(block, block.property_planes(i), block.property_values(i).size());
  }
  check_use(block, events);
}

// Makes a block of rows that follow some damage: where it is, and the bits that change.
void check_rows(std::string_view input) {
  std::vector<std::pair<std::size_t, char>> damage(take_choice(input) % 8);
  for (auto& [place, bits] : damage) {
    Bytes bytes(input);
    place = 256 * bytes.next();
    place += bytes.next();
    bits = static_cast<char>(bytes.next());
  }
  const EventColumns rows = rows_from(input);
  if (rows.size() == 0) return;
  const LogBlock block = LogBlock::pack(rows, 0, rows.size());
  require(are_equal(unpack(block, 1), rows), "a block has other events than it was made of");
  std::string bytes(block.bytes());
  check(bytes);
  for (const auto& [place, bits] : damage) {
    char& byte = bytes[place % bytes.size()];
    byte = static_cast<char>(byte ^ bits);
  }
  check(bytes);
}

}  // namespace
}  // namespace rollcall::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rollcall;
  std::string_view input = fuzz::as_text(data, size);
  if (fuzz::take_choice(input) % 2 == 0) {
    fuzz::check(input);
  } else {
    fuzz::check_rows(input);
  }
  return 0;
}
