#include "rollcall/roaring.h"

#include <gtest/gtest.h>
#include <roaring/roaring64map.hh>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "rollcall/user_file.h"
#include "tests/core/source/source_files.h"
#include "tests/support/error_text.h"
#include "tests/support/random.h"
#include "tests/support/run_size.h"

namespace rollcall {
namespace {

using Ids = std::vector<std::uint64_t>;

Ids ids_of(const Roaring64Map& map) {
  Ids ids;
  map.iterate(
      [](std::uint64_t id, void* out) {
        static_cast<Ids*>(out)->push_back(id);
        return true;
      },
      &ids);
  return ids;
}

std::string bytes_of(const Roaring64Map& map) {
  std::string bytes(map.getSizeInBytes(), '\0');
  map.write(bytes.data());
  return bytes;
}

QueryResult listing(const std::vector<std::string>& users) {
  QueryResult list;
  list.columns = {{"share", ColumnType::kRatio}, {"user", ColumnType::kString}};
  for (const std::string& user : users) list.rows.push_back({0.5, user});
  return list;
}

// Makes sets with containers of every form, in one bitmap and in several.
Ids random_ids(testing::Random& random) {
  std::set<std::uint64_t> ids;
  const std::uint64_t areas = 1 + random.below(5);
  for (std::uint64_t area = 0; area < areas; ++area) {
    const std::uint64_t high = random.below(3) == 0 ? 0 : random.below(1 << 20);
    const std::uint64_t begin = high << 32 | random.below(1 << 18) << 14;
    const std::uint64_t form = random.below(4);
    const std::uint64_t count = form == 0 ? 1 + random.below(20) : random.below(20'000);
    const std::uint64_t spread = form == 1 ? count + 1 : form == 2 ? 40'000 : 300'000;
    for (std::uint64_t i = 0; i < count; ++i) {
      ids.insert(begin + (form == 1 ? i : random.below(spread)));
    }
  }
  return {ids.begin(), ids.end()};
}

class RoaringFile : public ::testing::Test {
 protected:
  Result<std::vector<UserId>> read(const std::string& bytes, UserKind kind = UserKind::kInteger,
                                   const std::string& name = "list") {
    path_ = directory_.write(name, bytes);
    return read_user_file(path_, kind);
  }
  Ids numbers(const std::string& bytes) {
    const auto users = read(bytes);
    EXPECT_TRUE(users.ok()) << users.status().to_string();
    Ids ids;
    if (!users.ok()) return ids;
    for (const UserId& user : *users) ids.push_back(std::get<std::uint64_t>(user));
    return ids;
  }
  // Returns the error, without the path in front.
  std::string fault(const std::string& bytes, UserKind kind = UserKind::kInteger) {
    const Status status = read(bytes, kind).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status.to_string();
    EXPECT_TRUE(repeats(status, path_)) << status.message();
    return status.ok() ? "" : status.message().substr(path_.size());
  }
  std::string content(const std::string& name) const {
    std::ifstream file(directory_.path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  TestDirectory directory_;
  std::string path_;
};

// The bytes of the format, worked out by hand.
const std::string kOneAndBillions(
    "\x02\0\0\0\0\0\0\0"
    "\0\0\0\0"
    "\x3a\x30\0\0\x01\0\0\0\0\0\0\0\x10\0\0\0\x01\0"
    "\x02\0\0\0"
    "\x3a\x30\0\0\x01\0\0\0\x07\0\0\0\x10\0\0\0\x05\0",
    52);

TEST_F(RoaringFile, IsThePortableFormatOf64Bits) {
  const Ids ids = {1, std::uint64_t{2} << 32 | 0x70005};
  EXPECT_EQ(to_roaring({ids[1], ids[0], ids[1]}), kOneAndBillions);
  EXPECT_EQ(numbers(kOneAndBillions), ids);
  EXPECT_EQ(to_roaring(Ids{}), std::string(8, '\0'));
  EXPECT_EQ(numbers(std::string(8, '\0')), Ids{});
}

TEST_F(RoaringFile, CRoaringReadsWhatIsWrittenAndWritesWhatIsRead) {
  testing::Random random(testing::run_seed());
  for (int round = 0; round < 40; ++round) {
    Ids ids = random_ids(random);
    if (round == 0) ids = {0, ~std::uint64_t{0}};
    const std::string bytes = to_roaring(ids);
    const Roaring64Map map = Roaring64Map::read(bytes.data());
    ASSERT_EQ(ids_of(map), ids);
    ASSERT_EQ(map.getSizeInBytes(), bytes.size());
    ASSERT_EQ(numbers(bytes), ids);
    Roaring64Map theirs(ids.size(), ids.data());
    ASSERT_EQ(numbers(bytes_of(theirs)), ids);
    theirs.runOptimize();
    ASSERT_EQ(numbers(bytes_of(theirs)), ids);
    ASSERT_EQ(bytes, bytes_of(theirs)) << "each container has its smallest form";
  }
}

TEST_F(RoaringFile, BitmapsOf32BitsAreRead) {
  for (const bool with_runs : {false, true}) {
    Roaring bitmap;
    EXPECT_EQ(numbers(std::string("\x3a\x30\0\0\0\0\0\0", 8)), Ids{});
    Ids ids;
    for (std::uint32_t id = 100'000; id < 400'000; id += id % 7 == 0 ? 20'000 : 1) {
      bitmap.add(id);
      ids.push_back(id);
    }
    if (with_runs) bitmap.runOptimize();
    std::string bytes(bitmap.getSizeInBytes(), '\0');
    bitmap.write(bytes.data());
    EXPECT_EQ(numbers(bytes), ids);
  }
}

// The number of bitmaps comes first. It may look like the first bytes of other formats.
TEST_F(RoaringFile, IsToldFromOtherFormatsByMoreThanItsFirstBytes) {
  for (const std::uint64_t count : {0x303aU, 0x303bU, 0x8b1fU}) {
    Ids ids;
    for (std::uint64_t high = 0; high < count; ++high) ids.push_back(high << 32);
    EXPECT_EQ(numbers(to_roaring(ids)), ids) << count;
  }
  // Text stays text, even if it begins like a set.
  EXPECT_EQ(*read(";0\n:0\n;012345\n", UserKind::kString),
            (std::vector<UserId>{";0", ":0", ";012345"}));
}

TEST_F(RoaringFile, MayBeCompressed) {
  EXPECT_EQ(numbers(gzip(kOneAndBillions)).size(), 2U);
  EXPECT_EQ(numbers(zstd(kOneAndBillions)).size(), 2U);
}

std::string changed(std::string bytes, std::size_t at, char to) {
  bytes[at] = to;
  return bytes;
}

TEST_F(RoaringFile, DamageIsToldWithItsPlace) {
  const std::string& good = kOneAndBillions;
  EXPECT_EQ(fault(good + "ab"), ": byte 52: 2 bytes follow the end of the set");
  EXPECT_EQ(fault(good.substr(0, 51)),
            ": byte 50: the set is cut off: 2 bytes were to follow, found 1");
  EXPECT_EQ(fault(changed(good, 30, '\0')),
            ": byte 30: the upper halves must rise, found 0 after 0");
  EXPECT_EQ(fault(changed(good, 12, 'x')),
            ": byte 12: a bitmap begins with 12346 or 12347, found 12408");
  EXPECT_EQ(fault(changed(good, 18, '\x02')),
            ": byte 16: a bitmap has at most 65536 containers, found 131073");
  EXPECT_EQ(fault(changed(good, 24, '\x12')),
            ": byte 24: a container is at 16 of its bitmap, found 18");

  const std::string two = to_roaring(Ids{1, 5, 65'536 + 3});
  EXPECT_EQ(fault(changed(two, 24, '\0')),
            ": byte 24: the keys of containers must rise, found 0 after 0");
  EXPECT_EQ(fault(changed(two, 38, '\x01')), ": byte 38: the numbers must rise, found 1 after 1");

  Ids run, bits;
  for (std::uint64_t id = 0; id < 65'536; ++id) {
    if (id < 100 || id > 60'000) run.push_back(id);
    if (id % 3 != 0) bits.push_back(id);
  }
  const std::string runs = to_roaring(run);  // 0 to 99 and 60001 to 65535, at byte 23
  EXPECT_EQ(fault(changed(runs, 25, '\x62')),
            ": byte 21: the container has 5635 numbers by its header, found 5634");
  EXPECT_EQ(
      fault(changed(runs, 29, '\xff')),
      ": byte 27: a run must begin after 99 and end at 65535 or before, found 60001 to 65632");
  const std::string bitset = to_roaring(bits);
  EXPECT_EQ(fault(changed(bitset, bitset.size() - 1, '\0')),
            ": byte 28: the container has 43690 numbers by its header, found 43685");
}

TEST_F(RoaringFile, NoBytesOfDamagedSetsAreReadAsASet) {
  Ids ids;
  for (std::uint64_t id = 0; id < 6000; ++id) {
    ids.push_back(id < 2500 ? id : id < 4000 ? id * 31 : std::uint64_t{5} << 32 | id * 7);
  }
  const std::string good = to_roaring(ids);
  for (std::size_t size = 8; size < good.size(); size += 1 + size / 50) {
    EXPECT_EQ(read(good.substr(0, size)).status().code(), StatusCode::kInvalidArgument) << size;
  }
  for (std::size_t at = 0; at < good.size(); at += 1 + at / 50) {
    const auto users = read(changed(good, at, static_cast<char>(good[at] ^ 0x10)));
    // A number that became another one between its neighbours cannot be told; nothing else can be
    // the set that it was.
    if (users.ok()) {
      EXPECT_EQ(users->size(), ids.size()) << at;
    } else {
      EXPECT_EQ(users.status().code(), StatusCode::kInvalidArgument) << at;
    }
  }
}

// A few bytes may stand for all numbers there are.
TEST_F(RoaringFile, HowManyUsersIsBounded) {
  std::string full("\x01\0\0\0\0\0\0\0\0\0\0\0", 12);
  constexpr std::uint32_t kContainers = 257;
  const auto put = [&](std::uint32_t number, std::size_t bytes) {
    full.append(reinterpret_cast<const char*>(&number), bytes);
  };
  put(12347 | (kContainers - 1) << 16, 4);
  full.append((kContainers + 7) / 8, '\xff');
  for (std::uint32_t key = 0; key < kContainers; ++key) put(key | 0xffff0000, 4);
  const std::size_t first = full.size() - 12 + 4 * kContainers;
  for (std::uint32_t key = 0; key < kContainers; ++key) {
    put(static_cast<std::uint32_t>(first) + 6 * key, 4);
  }
  for (std::uint32_t key = 0; key < kContainers; ++key) {
    put(1, 2);
    put(0xffff0000, 4);
  }
  EXPECT_EQ(fault(full), ": has more than 16777216 users, which are allowed");

  UserFileOptions options;
  options.memory_bytes_max = 1 << 20;
  Ids many(100'000);
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = i;
  const std::string path = directory_.write("many", to_roaring(many));
  EXPECT_EQ(read_user_file(path, UserKind::kInteger, options).status().code(),
            StatusCode::kResourceExhausted);
}

// --- Ids that are texts ---

TEST_F(RoaringFile, TextsHaveADictionaryBeside) {
  const std::string lost = directory_.path("lost.roaring"), won = directory_.path("won.roaring");
  ASSERT_TRUE(write_roaring_file(listing({"ann", "bob \"b\"\n"}), UserKind::kString, lost).ok());
  ASSERT_TRUE(write_roaring_file(listing({"cem", "ann"}), UserKind::kString, won).ok());
  EXPECT_EQ(content("dictionary.jsonl"),
            "{\"ordinal\":0,\"user\":\"ann\"}\n"
            "{\"ordinal\":1,\"user\":\"bob \\\"b\\\"\\n\"}\n"
            "{\"ordinal\":2,\"user\":\"cem\"}\n");
  EXPECT_EQ(content("lost.roaring"), to_roaring(Ids{0, 1}));
  EXPECT_EQ(content("won.roaring"), to_roaring(Ids{0, 2}));
  EXPECT_EQ(*read_user_file(lost, UserKind::kString), (std::vector<UserId>{"ann", "bob \"b\"\n"}));
  EXPECT_EQ(*read_user_file(won, UserKind::kString), (std::vector<UserId>{"ann", "cem"}));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_.path()), {}), 3);

  // The dictionary is a list of its own.
  EXPECT_EQ(read_user_file(directory_.path("dictionary.jsonl"), UserKind::kString)->size(), 3U);
}

TEST_F(RoaringFile, AHalfWrittenLineOfTheDictionaryIsReplaced) {
  directory_.write("dictionary.jsonl", "{\"ordinal\":0,\"user\":\"ann\"}\n{\"ordinal\":1,\"us");
  const std::string path = directory_.path("a");
  EXPECT_EQ(read(to_roaring(Ids{0}), UserKind::kString)->size(), 1U);
  ASSERT_TRUE(write_roaring_file(listing({"bob"}), UserKind::kString, path).ok());
  EXPECT_EQ(content("dictionary.jsonl"),
            "{\"ordinal\":0,\"user\":\"ann\"}\n{\"ordinal\":1,\"user\":\"bob\"}\n");
}

TEST_F(RoaringFile, ADamagedDictionaryIsTold) {
  const std::string set = to_roaring(Ids{0, 2});
  EXPECT_EQ(read(set, UserKind::kString).status().code(), StatusCode::kNotFound);
  const std::string ann = "{\"ordinal\":0,\"user\":\"ann\"}\n";
  const std::string dictionary = directory_.write("dictionary.jsonl", ann);
  EXPECT_EQ(fault(set, UserKind::kString),
            ": has the ordinal 2, which " + dictionary + " does not explain");
  const auto with = [&](const std::string& line) {
    directory_.write("dictionary.jsonl", ann + line + "\n");
    const std::string told = read(set, UserKind::kString).status().message();
    // Nothing is written beside a dictionary that may be wrong.
    const std::string path = directory_.path("other");
    EXPECT_EQ(write_roaring_file(listing({"dee"}), UserKind::kString, path).message(), told);
    EXPECT_FALSE(std::filesystem::exists(path));
    return told;
  };
  const std::string no_entry =
      dictionary + ":2: must be an object with an \"ordinal\" and a \"user\"";
  EXPECT_EQ(with("bob"), no_entry);
  EXPECT_EQ(with("{\"ordinal\":1,\"user\":\"\"}"), no_entry);
  EXPECT_EQ(with("{\"ordinal\":1,\"user\":7}"), no_entry);
  const std::string other =
      dictionary + ":2: must have the \"ordinal\" 1, as the lines before it are 1";
  EXPECT_EQ(with("{\"ordinal\":2,\"user\":\"bob\"}"), other);
  EXPECT_EQ(with("{\"ordinal\":\"1\",\"user\":\"bob\"}"), other);
}

// Each of them finds what the others have added.
TEST_F(RoaringFile, WritersShareADictionary) {
  constexpr int kWriters = 4, kSets = 10;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      for (int set = 0; set < kSets; ++set) {
        const std::string user = std::to_string(writer) + " " + std::to_string(set);
        const Status status =
            write_roaring_file(listing({"all", user}), UserKind::kString, directory_.path(user));
        EXPECT_TRUE(status.ok()) << status.to_string();
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  for (int writer = 0; writer < kWriters; ++writer) {
    for (int set = 0; set < kSets; ++set) {
      const std::string user = std::to_string(writer) + " " + std::to_string(set);
      auto users = *read_user_file(directory_.path(user), UserKind::kString);
      std::sort(users.begin(), users.end());
      EXPECT_EQ(users, (std::vector<UserId>{user, "all"}));
    }
  }
}

// The ordinals of the sets beside it would be of other users.
TEST_F(RoaringFile, ADictionaryDoesNotBeginAnewBesideSets) {
  const std::string ann = directory_.path("ann"), bob = directory_.path("bob");
  const std::string dictionary = directory_.path("dictionary.jsonl");
  ASSERT_TRUE(write_roaring_file(listing({}), UserKind::kString, bob).ok());  // of nobody
  ASSERT_TRUE(write_roaring_file(listing({"ann"}), UserKind::kString, ann).ok());
  const std::string told =
      dictionary + ": would begin anew, and " + ann +
      " holds a set, which it would explain wrongly (allowed: a directory with "
      "the dictionary of its sets, or without sets)";
  std::ofstream(dictionary).close();  // empty
  EXPECT_EQ(write_roaring_file(listing({"bob"}), UserKind::kString, bob).message(), told);
  std::filesystem::remove(dictionary);
  EXPECT_EQ(write_roaring_file(listing({"bob"}), UserKind::kString, bob).message(), told);
  EXPECT_FALSE(std::filesystem::exists(dictionary));
  std::filesystem::remove(ann);
  EXPECT_TRUE(write_roaring_file(listing({"bob"}), UserKind::kString, bob).ok());
}

TEST_F(RoaringFile, TheDictionaryIsNoPlaceForASet) {
  const std::string set = directory_.path("set"), dictionary = directory_.path("dictionary.jsonl");
  ASSERT_TRUE(write_roaring_file(listing({"ann"}), UserKind::kString, set).ok());
  for (const UserKind kind : {UserKind::kString, UserKind::kInteger}) {
    EXPECT_EQ(
        write_roaring_file(listing({"7"}), kind, dictionary).message(),
        dictionary + ": is the dictionary of the sets in its directory (allowed: another name)");
  }
  EXPECT_EQ(*read_user_file(set, UserKind::kString), std::vector<UserId>{"ann"});
}

TEST_F(RoaringFile, OnlyListsOfUsersAreSets) {
  QueryResult counts;
  counts.columns = {{"date", ColumnType::kDate}, {"users", ColumnType::kCount}};
  EXPECT_EQ(to_roaring(counts, UserKind::kInteger).status().message(),
            "Roaring: must be an answer that lists users in a column \"user\", such as the members "
            "of a cell, found one with date, users");
  EXPECT_EQ(to_roaring(listing({"ann"}), UserKind::kString).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(*to_roaring(listing({"7", "18446744073709551615", "7"}), UserKind::kInteger),
            to_roaring(Ids{7, ~std::uint64_t{0}}));
  const std::string nowhere = directory_.path("nowhere") + "/set";
  EXPECT_EQ(write_roaring_file(listing({"7"}), UserKind::kInteger, nowhere).code(),
            StatusCode::kIoError);
  EXPECT_EQ(write_roaring_file(listing({"7"}), UserKind::kString, nowhere).code(),
            StatusCode::kIoError);
}

}  // namespace
}  // namespace rollcall
