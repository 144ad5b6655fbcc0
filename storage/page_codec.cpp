#include "storage/page_codec.h"

#include <xxhash.h>

#include "storage/key_codec.h"
#include "storage/little_endian.h"

namespace rollcall {

namespace {

constexpr char kPageVersion = 1;

}  // namespace

std::uint64_t page_checksum(std::string_view key, std::string_view payload) {
  return XXH3_64bits_withSeed(payload.data(), payload.size(), XXH3_64bits(key.data(), key.size()));
}

std::string encode_page_header(std::uint64_t checksum) {
  std::string header(1, kPageVersion);
  append_u64(header, checksum);
  return header;
}

Result<std::string_view> decode_page(const PageAddress& address, std::string_view value,
                                     const std::string& directory) {
  if (value.size() < kPageHeaderBytes) {
    return page_corruption(address, directory,
                           "it has " + std::to_string(value.size()) +
                               " bytes, fewer than the header's " +
                               std::to_string(kPageHeaderBytes));
  }
  if (value[0] != kPageVersion) {
    return page_corruption(
        address, directory,
        "its version is " + std::to_string(static_cast<unsigned char>(value[0])) + ", not 1");
  }
  const std::string_view payload = value.substr(kPageHeaderBytes);
  if (page_checksum(encode_page_key(address), payload) != load_u64(value.data() + 1)) {
    return page_corruption(address, directory, "its bytes do not match their checksum");
  }
  return payload;
}

Status page_corruption(const PageAddress& address, const std::string& directory,
                       std::string_view reason) {
  return Status::corruption(directory + ": " + to_string(address.id) + ", epoch " +
                            std::to_string(address.epoch) + ": " + std::string(reason));
}

}  // namespace rollcall
