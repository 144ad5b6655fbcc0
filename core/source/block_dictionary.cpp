#include "core/source/block_dictionary.h"

#include <xxhash.h>

#include <cstddef>

namespace rollcall {
namespace {

constexpr std::size_t kPlacesMin = 256;

std::uint64_t hash_of(std::string_view text) { return XXH3_64bits(text.data(), text.size()); }

}  // namespace

BlockDictionary::BlockDictionary() : places_(kPlacesMin) {}

std::size_t BlockDictionary::place_of(std::uint64_t hash, std::string_view text) const {
  const std::size_t mask = places_.size() - 1;
  std::size_t place = hash & mask;
  for (; places_[place].code != kNew; place = (place + 1) & mask) {
    if (places_[place].hash == hash && values_[places_[place].code] == text) break;
  }
  return place;
}

std::uint32_t BlockDictionary::find(std::string_view text) const {
  return places_[place_of(hash_of(text), text)].code;
}

std::uint32_t BlockDictionary::insert(std::string_view text) {
  if (2 * (values_.size() + 1) > places_.size()) {
    std::vector<Place> old(2 * places_.size());
    old.swap(places_);
    for (const Place& place : old) {
      if (place.code != kNew) places_[place_of(place.hash, values_[place.code])] = place;
    }
  }
  const std::uint64_t hash = hash_of(text);
  const std::uint32_t code = static_cast<std::uint32_t>(values_.size());
  places_[place_of(hash, text)] = {hash, code};
  values_.push_back(text);
  return code;
}

void BlockDictionary::clear() {
  if (places_.size() > kPlacesMin) places_.resize(kPlacesMin);
  places_.assign(places_.size(), Place{});
  values_.clear();
}

}  // namespace rollcall
