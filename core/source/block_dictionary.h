// Texts to numbers, within one block.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace rollcall {

// Numbers texts from 0 in the order of their first appearance. Holds views of them.
class BlockDictionary {
 public:
  static constexpr std::uint32_t kNew = ~std::uint32_t{0};

  BlockDictionary();

  // The number of `text`, or kNew.
  std::uint32_t find(std::string_view text) const;
  // The number of `text`, which is new and must live as long as the dictionary holds it.
  std::uint32_t insert(std::string_view text);

  std::span<const std::string_view> values() const { return values_; }
  void clear();

 private:
  struct Place {
    std::uint64_t hash = 0;
    std::uint32_t code = kNew;
  };
  std::size_t place_of(std::uint64_t hash, std::string_view text) const;

  std::vector<Place> places_;  // open addressing; a power of two, at most half full
  std::vector<std::string_view> values_;
};

}  // namespace rollcall
