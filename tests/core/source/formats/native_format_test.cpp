#include "core/source/formats/native_format.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "tests/core/source/source_files.h"
#include "tests/support/error_text.h"

namespace rollcall {
namespace {

// Holds a batch and what it points to.
struct Sample {
  std::vector<std::uint64_t> integers{7, 8, 7};
  std::vector<std::string_view> strings{"ann", "", "bob"};
  std::vector<std::string_view> events{"login", "buy"};
  std::vector<std::uint32_t> codes{1, 0, 1};
  std::vector<TimeUs> times{-5, 1'000'000, 3};
  std::vector<Amount> values{1, -2, 3};
  std::vector<std::string_view> channels{"ads"};
  std::vector<PropertyColumn> properties{{"channel", {channels, {}}}, {"event", {events, codes}}};

  EventBatch batch(UserKind kind, bool rich) const {
    EventBatch batch;
    if (kind == UserKind::kInteger) {
      batch.user_integers = integers;
    } else {
      batch.user_strings = strings;
    }
    batch.event = {events, codes};
    batch.time = times;
    if (rich) {
      batch.value = values;
      batch.properties = properties;
      batch.known_until = 99;
    }
    return batch;
  }
};

std::string block_of(UserKind kind, bool rich) {
  std::string bytes;
  EXPECT_TRUE(append_native_block(Sample().batch(kind, rich), 4, bytes).ok());
  return bytes;
}

TEST(NativeFormat, ReadsWhatWasWritten) {
  const Sample sample;
  for (const UserKind kind : {UserKind::kInteger, UserKind::kString}) {
    for (const bool rich : {false, true}) {
      const std::string bytes = block_of(kind, rich);
      const Result<NativeBatch> read = decode_native_block("f", bytes);
      ASSERT_TRUE(read.ok()) << read.status().to_string();
      EXPECT_EQ(read->layout.row_count, 3u);
      EXPECT_EQ(read->layout.user_kind, kind);
      EXPECT_EQ(read->layout.value_decimals, 4u);
      EXPECT_EQ(read->user_integers,
                kind == UserKind::kInteger ? sample.integers : std::vector<std::uint64_t>{});
      EXPECT_EQ(read->user_strings,
                kind == UserKind::kString ? sample.strings : std::vector<std::string_view>{});
      EXPECT_EQ(read->event.values, sample.events);
      EXPECT_EQ(read->event.codes, sample.codes);
      EXPECT_EQ(read->time, sample.times);
      EXPECT_EQ(read->value, rich ? sample.values : std::vector<Amount>{});
      EXPECT_EQ(read->layout.known_until, rich ? std::optional<TimeUs>(99) : std::nullopt);
      ASSERT_EQ(read->properties.size(), rich ? 2u : 0u);
      if (!rich) continue;
      EXPECT_EQ(read->layout.properties, (std::vector<std::string>{"channel", "event"}));
      EXPECT_EQ(read->properties[0].values, sample.channels);
      EXPECT_TRUE(read->properties[0].codes.empty());
      EXPECT_EQ(read->properties[1].codes, sample.codes);
    }
  }
}

TEST(NativeFormat, RefusesBatchesThatDoNotHold) {
  const Sample sample;
  std::string bytes = "before";
  EventBatch batch = sample.batch(UserKind::kInteger, true);
  batch.time = batch.time.first(2);
  EXPECT_EQ(append_native_block(batch, 6, bytes).code(), StatusCode::kInvalidArgument);
  batch = sample.batch(UserKind::kInteger, true);
  batch.event.values = batch.event.values.first(1);
  EXPECT_EQ(append_native_block(batch, 6, bytes).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(bytes, "before");
}

TEST(NativeFormat, DamageIsFound) {
  const std::string whole = block_of(UserKind::kString, true);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x41);
    EXPECT_FALSE(decode_native_block("f", damaged).ok()) << i;
  }
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(decode_native_block("f", whole.substr(0, size)).ok()) << size;
  }
}

// Whoever writes a checksum can write anything: columns of any shape are survived.
TEST(NativeFormat, AnyPayloadIsSurvived) {
  for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
    std::mt19937_64 random(seed);
    std::string bytes = block_of(seed % 2 == 0 ? UserKind::kInteger : UserKind::kString, true);
    for (std::size_t i = random() % 4; i > 0; --i) {
      bytes[32 + random() % (bytes.size() - 32)] = static_cast<char>(random());
    }
    bytes.resize(bytes.size() - random() % 3);
    const std::uint64_t size = bytes.size() - 32;
    const std::uint64_t checksum = XXH3_64bits(bytes.data() + 32, size);
    std::memcpy(bytes.data() + 16, &size, 8);
    std::memcpy(bytes.data() + 24, &checksum, 8);
    static_cast<void>(decode_native_block("f", bytes));
    static_cast<void>(read_native_layout("f", bytes));
  }
}

TEST(NativeBlockReader, ReadsBlockByBlock) {
  const TestDirectory directory;
  const std::string one = block_of(UserKind::kInteger, true);
  const std::string two = block_of(UserKind::kInteger, false);
  ContentReader content = *ContentReader::open(directory.write("a", zstd(one + two)));
  NativeBlockReader reader("a", content);
  SourceBlock block;
  ASSERT_TRUE(*reader.next(block));
  EXPECT_EQ(block.text(), one);
  EXPECT_TRUE(block.first);
  EXPECT_EQ(block.end.offset, one.size());
  ASSERT_TRUE(*reader.next(block));
  EXPECT_EQ(block.text(), two);
  EXPECT_FALSE(block.first);
  ASSERT_FALSE(*reader.next(block));
}

TEST(NativeBlockReader, CutOffIsAnError) {
  const TestDirectory directory;
  const std::string one = block_of(UserKind::kInteger, true);
  for (const std::size_t size : {1u, 20u, 31u, 32u, 40u}) {
    const std::string path = directory.write("a", one + one.substr(0, size));
    ContentReader content = *ContentReader::open(path);
    const std::string name = "a.rollcall";
    NativeBlockReader reader(name, content);
    SourceBlock block;
    ASSERT_TRUE(*reader.next(block));
    const Result<bool> next = reader.next(block);
    EXPECT_EQ(next.status().code(), StatusCode::kCorruption);
    EXPECT_TRUE(repeats(next.status(), name));
  }
}

TEST(NativeBlockReader, LaterVersionsAreRefused) {
  const TestDirectory directory;
  std::string bytes = block_of(UserKind::kInteger, true);
  bytes[8] = 2;
  ContentReader content = *ContentReader::open(directory.write("a", bytes));
  NativeBlockReader reader("a", content);
  SourceBlock block;
  EXPECT_EQ(reader.next(block).status().code(), StatusCode::kUnsupported);
}

}  // namespace
}  // namespace rollcall
