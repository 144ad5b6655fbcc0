#include "storage/key_codec.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <random>
#include <tuple>

namespace rollcall {
namespace {

class RandomAddresses {
 public:
  explicit RandomAddresses(std::uint64_t seed) : random_(seed) {}

  PageAddress next() {
    PageAddress address;
    address.id.kind = static_cast<PageKind>(1 + random_() % 8);
    address.id.partition = field();
    address.id.day = static_cast<std::int32_t>(field());
    address.id.series = field();
    address.id.chunk = field();
    address.epoch = (std::uint64_t{field()} << 32) | field();
    return address;
  }

 private:
  // Returns a number that is often equal to another one, and often at an edge, so that later fields
  // decide as well.
  std::uint32_t field() {
    constexpr std::array<std::uint32_t, 8> kEdges = {
        0, 1, 255, 256, 0xffffu, 0x7fffffffu, 0x80000000u, 0xffffffffu};
    return random_() % 4 == 0 ? static_cast<std::uint32_t>(random_())
                              : kEdges[random_() % kEdges.size()];
  }

  std::mt19937_64 random_;
};

auto as_tuple(const PageAddress& address) {
  return std::tuple(static_cast<int>(address.id.kind), address.id.partition, address.id.series,
                    address.id.day, address.id.chunk, address.epoch);
}

int sign(int value) { return (value > 0) - (value < 0); }

TEST(KeyCodec, ByteOrderIsTheOrderOfAddresses) {
  constexpr std::uint64_t kSeed = 20260105;
  RandomAddresses addresses(kSeed);
  for (int i = 0; i < 200'000; ++i) {
    const PageAddress a = addresses.next();
    PageAddress b = addresses.next();
    if (i % 2 == 0) b.id.kind = a.id.kind;
    if (i % 4 == 0) b.id.partition = a.id.partition;
    if (i % 8 == 0) b.id.series = a.id.series;
    if (i % 16 == 0) b.id.day = a.id.day;
    if (i % 32 == 0) b.id.chunk = a.id.chunk;
    const int expected = as_tuple(a) < as_tuple(b) ? -1 : as_tuple(b) < as_tuple(a) ? 1 : 0;
    ASSERT_EQ(sign(encode_page_key(a).compare(encode_page_key(b))), expected)
        << "seed=" << kSeed << " pair " << i << ": " << to_string(a.id) << " epoch " << a.epoch
        << " and " << to_string(b.id) << " epoch " << b.epoch;
  }
}

TEST(KeyCodec, DecodingUndoesEncoding) {
  constexpr std::uint64_t kSeed = 20260106;
  RandomAddresses addresses(kSeed);
  for (int i = 0; i < 20'000; ++i) {
    const PageAddress address = addresses.next();
    const std::string key = encode_page_key(address);
    ASSERT_EQ(key.size(), kPageKeyBytes);
    const std::optional<PageAddress> decoded = decode_page_key(key);
    ASSERT_TRUE(decoded.has_value()) << "seed=" << kSeed << " address " << i;
    ASSERT_EQ(as_tuple(*decoded), as_tuple(address)) << "seed=" << kSeed << " address " << i;
  }
}

TEST(KeyCodec, BytesAreThoseOfTheFormat) {
  const PageAddress address{{PageKind::kPresence, 0x01020304, 0x05060708, -1, 0x090a0b0c},
                            0x1112131415161718};
  EXPECT_EQ(encode_page_key(address),
            std::string("\x06\x01\x02\x03\x04\x05\x06\x07\x08\x7f\xff\xff\xff\x09\x0a\x0b\x0c"
                        "\x11\x12\x13\x14\x15\x16\x17\x18",
                        25));
}

TEST(KeyCodec, DecodingRefusesWrongLengths) {
  const std::string key = encode_page_key({{PageKind::kUsers, 1, 0, 0, 2}, 3});
  for (std::size_t size = 0; size < key.size(); ++size) {
    EXPECT_FALSE(decode_page_key(key.substr(0, size)).has_value()) << size;
  }
  EXPECT_FALSE(decode_page_key(key + "x").has_value());
}

TEST(KeyCodec, DecodingRefusesUnknownKinds) {
  std::string key = encode_page_key({{PageKind::kUsers, 1, 0, 0, 2}, 3});
  for (int kind = 0; kind < 256; ++kind) {
    key[0] = static_cast<char>(kind);
    EXPECT_EQ(decode_page_key(key).has_value(), kind >= 1 && kind <= 17) << kind;
  }
}

TEST(KeyCodec, OtherKeysComeBeforePagesAndAreNone) {
  const std::string first_page = encode_page_key(
      {{PageKind::kDictionary, 0, 0, std::numeric_limits<std::int32_t>::min(), 0}, 0});
  EXPECT_LT(kCommitRecordKey, first_page);
  EXPECT_LT(written_list_key(std::numeric_limits<Epoch>::max(), ~0u), first_page);
  EXPECT_FALSE(decode_page_key(kCommitRecordKey).has_value());
  EXPECT_FALSE(decode_page_key(written_list_key(0, 0)).has_value());
  EXPECT_LT(written_list_key(255, 1), written_list_key(256, 0));
}

}  // namespace
}  // namespace rollcall
