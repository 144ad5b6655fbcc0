#include "storage/page_codec.h"

#include <gtest/gtest.h>

#include <string>

#include "storage/key_codec.h"

namespace rollcall {
namespace {

const PageAddress kAddress{{PageKind::kPresence, 3, 7, 20458, 0}, 42};
const std::string kDirectory = "/data/retail.db";

std::string encode_page(const PageAddress& address, const std::string& payload) {
  return encode_page_header(page_checksum(encode_page_key(address), payload)) + payload;
}

constexpr const char* kWrongChecksum = "its bytes do not match their checksum";

void expect_damage(const PageAddress& address, const std::string& value,
                   const std::string& reason) {
  const Result<std::string_view> payload = decode_page(address, value, kDirectory);
  ASSERT_FALSE(payload.ok());
  EXPECT_EQ(payload.status().code(), StatusCode::kCorruption);
  EXPECT_EQ(payload.status().message(), kDirectory + ": " + to_string(address.id) + ", epoch " +
                                            std::to_string(address.epoch) + ": " + reason);
}

TEST(PageCodec, DecodingUndoesEncoding) {
  for (const std::string& payload :
       {std::string(), std::string("x"), std::string("a\0b", 3), std::string(100'000, 'p')}) {
    const std::string value = encode_page(kAddress, payload);
    EXPECT_EQ(value.size(), kPageHeaderBytes + payload.size());
    const Result<std::string_view> decoded = decode_page(kAddress, value, kDirectory);
    ASSERT_TRUE(decoded.ok()) << decoded.status().to_string();
    EXPECT_EQ(*decoded, payload);
  }
}

TEST(PageCodec, EveryFlippedBitIsNoticed) {
  const std::string value = encode_page(kAddress, "a small page of some bytes");
  for (std::size_t i = 0; i < value.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      SCOPED_TRACE(testing::Message() << "byte " << i << " bit " << bit);
      std::string damaged = value;
      damaged[i] = static_cast<char>(static_cast<unsigned char>(damaged[i]) ^ (1u << bit));
      expect_damage(
          kAddress, damaged,
          i > 0 ? kWrongChecksum : "its version is " + std::to_string(1 ^ 1 << bit) + ", not 1");
    }
  }
}

TEST(PageCodec, EveryMissingTailIsNoticed) {
  const std::string value = encode_page(kAddress, "a small page");
  for (std::size_t size = 0; size < value.size(); ++size) {
    SCOPED_TRACE(size);
    expect_damage(kAddress, value.substr(0, size),
                  size >= kPageHeaderBytes
                      ? kWrongChecksum
                      : "it has " + std::to_string(size) + " bytes, fewer than the header's 9");
  }
  expect_damage(kAddress, value + '\0', kWrongChecksum);
}

TEST(PageCodec, PageOfAnotherAddressIsNoticed) {
  const std::string value = encode_page(kAddress, "a small page");
  PageAddress other = kAddress;
  other.epoch = 43;
  expect_damage(other, value, kWrongChecksum);
  other = kAddress;
  other.id.day = 20459;
  expect_damage(other, value, kWrongChecksum);
}

}  // namespace
}  // namespace rollcall
