#include "storage/page_codec.h"

#include <gtest/gtest.h>

#include <string>

#include "storage/key_codec.h"
#include "tests/support/error_text.h"

namespace rollcall {
namespace {

const PageAddress kAddress{{PageKind::kPresence, 3, 7, 20458, 0}, 42};
const std::string kDirectory = "/data/retail.db";

std::string encode_page(const PageAddress& address, const std::string& payload) {
  return encode_page_header(page_checksum(encode_page_key(address), payload)) + payload;
}

void expect_damage(const PageAddress& address, const std::string& value) {
  const Result<std::string_view> payload = decode_page(address, value, kDirectory);
  ASSERT_FALSE(payload.ok());
  EXPECT_EQ(payload.status().code(), StatusCode::kCorruption);
  for (const std::string& part :
       {kDirectory, to_string(address.id), "epoch " + std::to_string(address.epoch)}) {
    EXPECT_TRUE(repeats(payload.status(), part))
        << part << " is not in " << payload.status().message();
  }
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
      expect_damage(kAddress, damaged);
    }
  }
}

TEST(PageCodec, EveryMissingTailIsNoticed) {
  const std::string value = encode_page(kAddress, "a small page");
  for (std::size_t size = 0; size < value.size(); ++size) {
    SCOPED_TRACE(size);
    expect_damage(kAddress, value.substr(0, size));
  }
  expect_damage(kAddress, value + '\0');
}

TEST(PageCodec, PageOfAnotherAddressIsNoticed) {
  const std::string value = encode_page(kAddress, "a small page");
  PageAddress other = kAddress;
  other.epoch = 43;
  expect_damage(other, value);
  other = kAddress;
  other.id.day = 20459;
  expect_damage(other, value);
}

}  // namespace
}  // namespace rollcall
