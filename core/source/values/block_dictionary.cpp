#include "core/source/values/block_dictionary.h"

#include <xxhash.h>

#include <cstddef>

namespace rollcall {
namespace {

constexpr std::size_t kPlacesMin = 256;

}  // namespace

BlockDictionary::BlockDictionary() : places_(kPlacesMin) {}

std::uint64_t BlockDictionary::hash_of_long(std::string_view text) {
  return XXH3_64bits(text.data(), text.size());
}

std::uint32_t BlockDictionary::insert(std::string_view text) {
  if (2 * (values_.size() + 1) > places_.size()) {
    std::vector<Place> old(2 * places_.size());
    old.swap(places_);
    for (const Place& place : old) {
      if (place.code != kNew) places_[place_of(place.key, values_[place.code])] = place;
    }
  }
  const Key key = key_of(text);
  const std::uint32_t code = static_cast<std::uint32_t>(values_.size());
  places_[place_of(key, text)] = {key, code};
  values_.push_back(text);
  return code;
}

void BlockDictionary::clear() {
  if (places_.size() > kPlacesMin) places_.resize(kPlacesMin);
  places_.assign(places_.size(), Place{});
  values_.clear();
}

}  // namespace rollcall
