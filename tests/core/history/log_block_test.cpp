#include "core/history/log_block.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "core/history/bit_stream.h"

namespace rollcall {
namespace {

constexpr std::uint64_t kSeed = 0x106b10c;

struct Shape {
  std::size_t events = 1000;
  std::uint32_t users = 100;
  TimeUs unit = 1;
  TimeUs first = 1'767'225'600'000'000;
  TimeUs span = 60LL * 86'400'000'000;
  std::uint32_t names = 8;
  unsigned value_share = 5;  // one event in so many has one; 0: none
  bool values_by_name = false;
};

// Holds the texts of properties, which outlive the columns.
const std::vector<std::string>& texts() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> made = {""};
    for (int i = 0; i < 300; ++i) made.push_back("value " + std::to_string(i));
    return made;
  }();
  return all;
}

EventColumns random_events(const Shape& shape, std::mt19937_64& random) {
  struct Place {
    std::uint32_t ordinal;
    TimeUs time;
  };
  std::vector<Place> places(shape.events);
  for (Place& place : places) {
    const auto steps = static_cast<std::uint64_t>(shape.span / shape.unit);
    place = {static_cast<std::uint32_t>(7 + random() % shape.users * 3),
             shape.first + static_cast<TimeUs>(random() % (steps + 1)) * shape.unit};
  }
  std::ranges::sort(places, [](const Place& a, const Place& b) {
    return std::pair(a.ordinal, a.time) < std::pair(b.ordinal, b.time);
  });
  EventColumns events;
  events.dimensions.resize(2);
  events.properties.resize(1);
  events.resize(shape.events);
  for (std::size_t i = 0; i < shape.events; ++i) {
    events.ordinals[i] = places[i].ordinal;
    events.times[i] = places[i].time;
    events.names[i] = static_cast<std::uint32_t>(random() % shape.names * 5);
    const bool has_value = shape.values_by_name
                               ? events.names[i] == 0
                               : shape.value_share > 0 && random() % shape.value_share == 0;
    events.values[i] = has_value ? static_cast<Amount>(random() % 20'000) - 5'000 : 0;
    events.dimensions[0][i] = static_cast<std::uint32_t>(random() % 200);
    events.dimensions[1][i] = 4;
    events.properties[0][i] = texts()[random() % texts().size()];
  }
  return events;
}

// Returns what the block says, event by event.
EventColumns unpacked(const LogBlock& block) {
  EventColumns events;
  events.dimensions.resize(block.dimension_count());
  events.properties.resize(block.property_count());
  events.resize(block.event_count());
  block.values(events.values);
  LogBlock::Walk walk(block);
  while (walk.next()) {
    LogBlock::Times(walk).read(walk.user().count, &events.times[walk.user().begin]);
    std::fill_n(&events.ordinals[walk.user().begin], walk.user().count, walk.user().ordinal);
  }
  for (std::size_t i = 0; i < events.size(); ++i) {
    events.names[i] = block.names()[block.name_planes().code_of(i)];
    for (std::size_t d = 0; d < events.dimensions.size(); ++d) {
      events.dimensions[d][i] = block.dimension_values(d)[block.dimension_planes(d).code_of(i)];
    }
    for (std::size_t p = 0; p < events.properties.size(); ++p) {
      events.properties[p][i] = block.property_values(p)[block.property_planes(p).code_of(i)];
    }
  }
  return events;
}

void expect_equal(const EventColumns& found, const EventColumns& expected) {
  EXPECT_EQ(found.ordinals, expected.ordinals);
  EXPECT_EQ(found.times, expected.times);
  EXPECT_EQ(found.names, expected.names);
  EXPECT_EQ(found.values, expected.values);
  EXPECT_EQ(found.dimensions, expected.dimensions);
  EXPECT_EQ(found.properties, expected.properties);
}

std::vector<Shape> shapes() {
  return {
      {},
      {.events = 1, .users = 1},
      {.events = 64, .users = 1, .value_share = 0},
      {.events = 65, .users = 500, .unit = 60'000'000},
      {.events = 5000, .users = 30, .unit = 1'000'000, .values_by_name = true},
      {.events = 3000, .users = 3000, .unit = 1'000, .names = 1},
      {.events = 500, .span = 0, .value_share = 1},
      {.events = 700,
       .users = 9,
       .first = std::numeric_limits<TimeUs>::min() / 2,
       .span = std::numeric_limits<TimeUs>::max()},
  };
}

TEST(LogBlock, GivesBackWhatWasPacked) {
  std::mt19937_64 random(kSeed);
  for (const Shape& shape : shapes()) {
    SCOPED_TRACE(::testing::Message() << "seed=" << kSeed << " events=" << shape.events);
    const EventColumns events = random_events(shape, random);
    const LogBlock block = LogBlock::pack(events, 0, events.size());
    expect_equal(unpacked(block), events);
    EXPECT_EQ(block.first_ordinal(), events.ordinals.front());
    EXPECT_EQ(block.last_ordinal(), events.ordinals.back());
    EXPECT_EQ(block.first_time(), *std::ranges::min_element(events.times));
    EXPECT_EQ(block.last_time(), *std::ranges::max_element(events.times));
    const Result<LogBlock> read = LogBlock::deserialize(block.bytes());
    ASSERT_TRUE(read.ok()) << read.status().message();
    expect_equal(unpacked(*read), events);
    EXPECT_EQ(read->bytes(), block.bytes());
  }
}

TEST(LogBlock, HoldsAPartOfTheEvents) {
  std::mt19937_64 random(kSeed);
  const EventColumns events = random_events({}, random);
  const LogBlock block = LogBlock::pack(events, 100, 300);
  const EventColumns found = unpacked(block);
  EXPECT_EQ(found.times, std::vector(events.times.begin() + 100, events.times.begin() + 300));
  EXPECT_EQ(found.values, std::vector(events.values.begin() + 100, events.values.begin() + 300));
}

TEST(LogBlock, FindsUsersByTheirOrdinal) {
  std::mt19937_64 random(kSeed);
  const EventColumns events = random_events({.events = 4000, .users = 700}, random);
  const LogBlock block = LogBlock::pack(events, 0, events.size());
  for (std::uint32_t ordinal = 0; ordinal < 7 + 3 * 700; ++ordinal) {
    const auto first = std::ranges::lower_bound(events.ordinals, ordinal);
    LogBlock::Walk walk(block);
    ASSERT_EQ(walk.seek(ordinal), first != events.ordinals.end());
    if (first == events.ordinals.end()) continue;
    const auto begin = static_cast<std::size_t>(first - events.ordinals.begin());
    ASSERT_EQ(walk.user().ordinal, *first);
    ASSERT_EQ(walk.user().begin, begin);
    ASSERT_EQ(walk.user().count, std::ranges::count(events.ordinals, *first));
    std::vector<TimeUs> times(walk.user().count);
    LogBlock::Times(walk).read(walk.user().count, times.data());
    ASSERT_TRUE(
        std::ranges::equal(times, std::span(events.times).subspan(begin, walk.user().count)));
  }
}

// This walk looks for one user after the other, as a merge does.
TEST(LogBlock, SeeksOnFromWhereAWalkStands) {
  std::mt19937_64 random(kSeed);
  const EventColumns events = random_events({.events = 4000, .users = 700}, random);
  const LogBlock block = LogBlock::pack(events, 0, events.size());
  LogBlock::Walk walk(block);
  for (std::uint32_t ordinal = 0;; ordinal += static_cast<std::uint32_t>(random() % 300)) {
    const auto first = std::ranges::lower_bound(events.ordinals, ordinal);
    ASSERT_EQ(walk.seek(ordinal), first != events.ordinals.end()) << ordinal;
    if (first == events.ordinals.end()) break;
    ASSERT_EQ(walk.user().ordinal, *first);
    ASSERT_EQ(walk.user().begin, first - events.ordinals.begin());
    std::vector<TimeUs> times(walk.user().count);
    LogBlock::Times(walk).read(walk.user().count, times.data());
    ASSERT_EQ(times.front(), events.times[walk.user().begin]);
    ASSERT_EQ(times.back(), events.times[walk.user().begin + walk.user().count - 1]);
  }
}

TEST(LogBlock, MatchesSetsOfNames) {
  std::mt19937_64 random(kSeed);
  const EventColumns events = random_events({.events = 999}, random);
  const LogBlock block = LogBlock::pack(events, 0, events.size());
  const std::vector<std::uint32_t> codes = {1, 6};
  std::vector<std::uint64_t> bits(words_of(events.size()), ~std::uint64_t{0});
  block.match(block.name_planes(), codes, bits.data());
  for (std::size_t i = 0; i < 64 * bits.size(); ++i) {
    const bool expected = i < events.size() && (events.names[i] == block.names()[1] ||
                                                events.names[i] == block.names()[6]);
    ASSERT_EQ(bits[i / 64] >> (i % 64) & 1, expected ? 1u : 0u) << i;
  }
}

// Whole seconds cost nothing for their microseconds, and names that tell who has a value no bits.
TEST(LogBlock, TakesAFewBytesAnEvent) {
  std::mt19937_64 random(kSeed);
  Shape shape = {.events = 25 * 1300, .users = 1300, .values_by_name = true};
  const auto bytes_an_event = [&] {
    EventColumns events = random_events(shape, random);
    events.dimensions.clear();
    events.properties.clear();
    const LogBlock block = LogBlock::pack(events, 0, events.size());
    return static_cast<double>(block.bytes().size()) / static_cast<double>(events.size());
  };
  EXPECT_LT(bytes_an_event(), 6.0);
  shape.unit = 1'000'000;
  EXPECT_LT(bytes_an_event(), 3.5);
}

// Whatever happens to its bytes, a block is refused or can be read to its end.
TEST(LogBlock, DamagedBytesAreNeverOverrun) {
  std::mt19937_64 random(kSeed);
  const EventColumns events = random_events({.events = 300, .users = 40}, random);
  const LogBlock block = LogBlock::pack(events, 0, events.size());
  const std::string bytes(block.bytes());
  std::size_t refused = 0;
  constexpr int kTrials = 20'000;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::string damaged = bytes;
    for (std::size_t i = 0; i <= random() % 3; ++i) {
      // Most of what can go wrong is in the header.
      const std::size_t at = random() % (random() % 2 == 0 ? 64 : damaged.size());
      damaged[at] = static_cast<char>(random());
    }
    if (random() % 8 == 0) damaged.resize(random() % (bytes.size() + 1));
    const Result<LogBlock> read = LogBlock::deserialize(damaged);
    if (!read.ok()) {
      ++refused;
      EXPECT_EQ(read.status().code(), StatusCode::kCorruption);
      continue;
    }
    const EventColumns found = unpacked(*read);
    EXPECT_EQ(found.size(), read->event_count());
  }
  EXPECT_GT(refused, kTrials / 4u) << "seed=" << kSeed;
}

// Each code of each event is tried, so that none is compared with part of its bits alone.
TEST(LogBlock, CodesThatStandForNothingAreRefused) {
  std::mt19937_64 random(kSeed);
  for (const std::uint32_t names : {3u, 5u, 6u, 7u, 8u}) {
    SCOPED_TRACE(names);
    const EventColumns events =
        random_events({.events = 130, .names = names, .value_share = 0}, random);
    const LogBlock block = LogBlock::pack(events, 0, events.size());
    const std::string bytes(block.bytes());
    const CodePlanes planes = block.name_planes();
    ASSERT_EQ(block.names().size(), names);
    const auto offset = static_cast<std::size_t>(reinterpret_cast<const char*>(planes.words) -
                                                 block.bytes().data());
    for (std::size_t event = 0; event < events.size(); ++event) {
      for (std::uint32_t code = 0; code < 1u << planes.width; ++code) {
        std::string changed = bytes;
        for (unsigned plane = 0; plane < planes.width; ++plane) {
          char& byte = changed[offset + 8 * planes.plane_words * plane + event / 8];
          const int bit = 1 << (event % 8);
          byte = static_cast<char>((code >> plane & 1) != 0 ? byte | bit : byte & ~bit);
        }
        const Result<LogBlock> read = LogBlock::deserialize(changed);
        ASSERT_EQ(read.ok(), code < names) << "code " << code << " of event " << event;
      }
    }
  }
}

TEST(BitStream, GivesBackNumbersOfEveryWidth) {
  std::mt19937_64 random(kSeed);
  std::vector<std::uint64_t> words;
  std::vector<std::pair<std::uint64_t, unsigned>> numbers;
  {
    BitWriter writer(words);
    for (int i = 0; i < 5000; ++i) {
      const auto width = static_cast<unsigned>(random() % 65);
      const std::uint64_t number = width == 0 ? 0 : random() >> (64 - width);
      numbers.emplace_back(number, width);
      writer.add(number, width);
    }
    writer.end();
  }
  words.push_back(0);
  std::uint64_t at = 0;
  for (const auto& [number, width] : numbers) {
    ASSERT_EQ(read_bits(words.data(), at, width), number) << width;
    at += width;
  }
  EXPECT_EQ(words.size(), words_of(at) + 1);
}

}  // namespace
}  // namespace rollcall
