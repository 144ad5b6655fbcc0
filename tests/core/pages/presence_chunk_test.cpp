#include "core/pages/presence_chunk.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <set>

namespace rollcall {
namespace {

using Words = std::array<std::uint64_t, kChunkWords>;

std::set<std::uint32_t> members(const PresenceChunk& chunk) {
  Words scratch;
  scratch.fill(0xdeadbeefdeadbeefu);  // expand must not rely on what it finds
  const BitSpan set = chunk.expand(scratch.data());
  std::set<std::uint32_t> out;
  for (std::size_t i = 0; i < set.word_count * 64; ++i) {
    if ((set.words[i / 64] >> (i % 64)) & 1) out.insert(static_cast<std::uint32_t>(i));
  }
  return out;
}

PresenceChunk chunk_of(const std::set<std::uint32_t>& ordinals) {
  PresenceChunk chunk;
  chunk.add(std::vector<std::uint32_t>(ordinals.begin(), ordinals.end()));
  return chunk;
}

// Every form, and the way between them, is compared with a std::set.
TEST(PresenceChunk, AgreesWithASetThroughEveryForm) {
  constexpr std::uint32_t kSeed = 7;
  std::mt19937 twister(kSeed);
  const auto random = [&] { return static_cast<std::uint32_t>(twister()); };
  for (int round = 0; round < 300; ++round) {
    SCOPED_TRACE(::testing::Message() << "seed " << kSeed << " round " << round);
    PresenceChunk chunk;
    std::set<std::uint32_t> expected;
    const std::uint32_t span = round % 3 == 0 ? kChunkOrdinals : 1 + random() % 3000;
    for (int step = 0; step < 12; ++step) {
      std::vector<std::uint32_t> added;
      const std::uint32_t first = random() % span;
      const std::uint32_t count = random() % 2 == 0 ? random() % 8 : random() % 900;
      const bool run = random() % 2 == 0;
      for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint32_t low = run ? (first + i) % span : random() % span;
        added.push_back(low + kChunkOrdinals * 3);  // of the partition's fourth chunk
        expected.insert(low);
      }
      chunk.add(added);
      if (random() % 3 == 0) chunk.compact();
      ASSERT_TRUE(chunk.validate().ok()) << chunk.validate().to_string();
      ASSERT_EQ(members(chunk), expected);
      ASSERT_EQ(chunk.cardinality(), expected.size());

      std::string bytes;
      chunk.serialize(bytes);
      const Result<PresenceChunk> read = PresenceChunk::deserialize(bytes);
      ASSERT_TRUE(read.ok()) << read.status().to_string();
      ASSERT_EQ(members(*read), expected);
    }
  }
}

TEST(PresenceChunk, CompactTakesTheFormToBeKept) {
  PresenceChunk sparse = chunk_of({1, 500, 60000});
  sparse.compact();
  EXPECT_EQ(sparse.form(), PresenceChunk::Form::kArray);

  std::set<std::uint32_t> run;
  for (std::uint32_t i = 100; i < 5000; ++i) run.insert(i);
  PresenceChunk dense_run = chunk_of(run);
  dense_run.compact();
  EXPECT_EQ(dense_run.form(), PresenceChunk::Form::kRuns);

  std::set<std::uint32_t> every_third;
  for (std::uint32_t i = 0; i < kChunkOrdinals; i += 3) every_third.insert(i);
  PresenceChunk scattered = chunk_of(every_third);
  scattered.compact();
  EXPECT_EQ(scattered.form(), PresenceChunk::Form::kBitset);
}

// With one user in twenty, an array has fewer bytes and is stored, and a bitset needs no expansion
// and is kept.
TEST(PresenceChunk, IsStoredSmallAndKeptReadyForUse) {
  std::set<std::uint32_t> every_twentieth;
  for (std::uint32_t i = 0; i < kChunkOrdinals; i += 20) every_twentieth.insert(i);
  PresenceChunk chunk = chunk_of(every_twentieth);
  chunk.compact();
  EXPECT_EQ(chunk.form(), PresenceChunk::Form::kBitset);
  std::string bytes;
  chunk.serialize(bytes);
  EXPECT_EQ(bytes[0], static_cast<char>(PresenceChunk::Form::kArray));
  EXPECT_LT(bytes.size(), kChunkWords * sizeof(std::uint64_t));
  const Result<PresenceChunk> read = PresenceChunk::deserialize(bytes);
  ASSERT_TRUE(read.ok()) << read.status().to_string();
  EXPECT_EQ(read->form(), PresenceChunk::Form::kBitset);
  EXPECT_EQ(members(*read), every_twentieth);
}

TEST(PresenceChunk, RunsMayEndAtTheLastOrdinal) {
  std::set<std::uint32_t> all;
  for (std::uint32_t i = 0; i < kChunkOrdinals; ++i) all.insert(i);
  PresenceChunk chunk = chunk_of(all);
  chunk.compact();
  EXPECT_EQ(chunk.form(), PresenceChunk::Form::kRuns);
  EXPECT_EQ(chunk.cardinality(), kChunkOrdinals);
  EXPECT_EQ(members(chunk), all);
}

TEST(PresenceChunk, AddsTheUsersOfAnother) {
  PresenceChunk chunk = chunk_of({1, 2, 3});
  Words scratch{};
  const PresenceChunk other = chunk_of({3, 4, 1000});
  chunk.add(other.expand(scratch.data()));
  EXPECT_EQ(members(chunk), (std::set<std::uint32_t>{1, 2, 3, 4, 1000}));
}

TEST(PresenceChunk, DeserializeRefusesDamage) {
  const auto refused = [](std::string bytes) {
    return PresenceChunk::deserialize(bytes).status().code() == StatusCode::kCorruption;
  };
  EXPECT_TRUE(refused("")) << "no form";
  EXPECT_TRUE(refused(std::string("\x04\x00", 2))) << "unknown form";
  EXPECT_TRUE(refused(std::string("\x01\x02\x05\x00\x05\x00", 6))) << "array that does not ascend";
  EXPECT_TRUE(refused(std::string("\x01\x02\x05\x00", 4))) << "array cut short";
  EXPECT_TRUE(refused(std::string("\x03\x01\x05\x00", 4))) << "half a run";
  EXPECT_TRUE(refused(std::string("\x03\x04\x01\x00\x02\x00\x03\x00\x04\x00", 10)))
      << "runs that touch";
  EXPECT_TRUE(refused(std::string("\x02\x01", 2) + std::string(8, '\1'))) << "bitset of one word";
  EXPECT_TRUE(refused(std::string("\x01\x00\x00", 3))) << "bytes left over";
}

// Bits set in place and ordinals added one by one make the same set.
TEST(PresenceChunk, ReservesWordsWhereManyAreToCome) {
  PresenceChunk chunk;
  EXPECT_EQ(chunk.reserve(10, 5000), nullptr);
  chunk.add(std::vector<std::uint32_t>{3, 4999});
  std::uint64_t* words = chunk.reserve(1000, 5000);
  ASSERT_NE(words, nullptr);
  EXPECT_EQ(chunk.form(), PresenceChunk::Form::kBitset);
  for (std::uint32_t i = 0; i < 1000; ++i) words[i * 5 / 64] |= std::uint64_t{1} << (i * 5 % 64);
  EXPECT_EQ(chunk.cardinality(), 1002u);
  words = chunk.reserve(1, kChunkOrdinals);  // more users have come, and one of them is to be added
  ASSERT_NE(words, nullptr);
  words[kChunkWords - 1] |= 1;
  EXPECT_EQ(chunk.cardinality(), 1003u);
}

TEST(PresenceChunk, RemovesFromEveryForm) {
  std::mt19937 random(11);
  for (int turn = 0; turn < 200; ++turn) {
    PresenceChunk chunk;
    std::set<std::uint32_t> expected;
    const std::uint32_t range = turn % 3 == 0 ? 300 : kChunkOrdinals;
    for (std::uint32_t i = 0; i < 200; ++i)
      expected.insert(static_cast<std::uint32_t>(random() % range));
    if (turn % 5 == 0) {
      for (std::uint32_t i = 100; i < 5000; ++i) expected.insert(i);
    }
    const std::vector<std::uint32_t> ordinals(expected.begin(), expected.end());
    chunk.add(ordinals);
    if (turn % 2 == 0) chunk.compact();
    for (int i = 0; i < 100; ++i) {
      const auto ordinal = static_cast<std::uint32_t>(random() % range);
      ASSERT_EQ(chunk.contains(ordinal), expected.contains(ordinal)) << "turn " << turn;
      if (i % 2 == 0) continue;
      chunk.remove(ordinal);
      expected.erase(ordinal);
      if (i % 10 == 1) chunk.compact();
    }
    ASSERT_EQ(chunk.cardinality(), expected.size());
    ASSERT_TRUE(chunk.validate().ok());
  }
}

}  // namespace
}  // namespace rollcall
