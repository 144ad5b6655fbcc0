// This dictionary maps texts to numbers within one block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/digits.h"

namespace rollcall {

// Numbers texts from 0 in the order of their first appearance. It holds views of them.
class BlockDictionary {
 public:
  static constexpr std::uint32_t kNew = ~std::uint32_t{0};

  BlockDictionary();

  // Returns the number of `text`, or kNew.
  std::uint32_t find(std::string_view text) const {
    return places_[place_of(key_of(text), text)].code;
  }
  // Returns the number of `text`, which must be new and live as long as the dictionary holds it.
  std::uint32_t insert(std::string_view text);

  std::span<const std::string_view> values() const { return values_; }
  void clear();

 private:
  // Is the key by which texts are compared. It distinguishes all texts of up to kKeyBytes.
  struct Key {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::size_t size = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  static constexpr std::size_t kKeyBytes = 16;
  struct Place {
    Key key;
    std::uint32_t code = kNew;
  };
  static Key key_of(std::string_view text) {
    const char* const begin = text.data();
    const char* const end = begin + text.size();
    if (text.size() > kKeyBytes) return {hash_of_long(text), 0, text.size()};
    // Two overlapping words hold every character.
    if (text.size() >= 8) {
      return {load_chars<std::uint64_t>(begin), load_chars<std::uint64_t>(end - 8), text.size()};
    }
    if (text.size() >= 4) {
      return {load_chars<std::uint32_t>(begin), load_chars<std::uint32_t>(end - 4), text.size()};
    }
    std::uint64_t chars = 0;
    for (const char c : text) chars = chars << 8 | static_cast<unsigned char>(c);
    return {chars, 0, text.size()};
  }
  static std::uint64_t hash_of_long(std::string_view text);

  // Returns where `text` is, or would be.
  std::size_t place_of(const Key& key, std::string_view text) const {
    const std::uint64_t hash = key.first * 0x9e3779b97f4a7c15u ^ key.last * 0xc2b2ae3d27d4eb4fu;
    const std::size_t mask = places_.size() - 1;
    std::size_t place = (hash ^ hash >> 32) & mask;
    for (; places_[place].code != kNew; place = (place + 1) & mask) {
      if (places_[place].key != key) continue;
      if (key.size <= kKeyBytes || values_[places_[place].code] == text) break;
    }
    return place;
  }

  std::vector<Place> places_;  // open addressing; a power of two, at most half full
  std::vector<std::string_view> values_;
};

}  // namespace rollcall
