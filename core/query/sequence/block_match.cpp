#include "core/query/sequence/block_match.h"

#include <algorithm>
#include <bit>
#include <span>

#include "core/history/bit_stream.h"

namespace rollcall {
namespace {

// Finds the places in `known` of those of `wanted` that are there. Both ascend.
void find_codes(std::span<const std::uint32_t> known, std::span<const std::uint32_t> wanted,
                std::vector<std::uint32_t>& codes) {
  codes.clear();
  auto next = wanted.begin();
  for (std::size_t code = 0; code < known.size(); ++code) {
    next = std::lower_bound(next, wanted.end(), known[code]);
    if (next == wanted.end()) return;
    if (*next == known[code]) codes.push_back(static_cast<std::uint32_t>(code));
  }
}

// Finds the codes of those texts that pass. The texts ascend.
void find_texts(std::span<const std::string_view> texts, const ValueTest& test,
                std::vector<std::uint32_t>& codes) {
  codes.clear();
  // Few values are looked up, and otherwise all texts are tested.
  constexpr std::size_t kTextsPerValue = 16;
  const auto* const named = test.named();
  if (named != nullptr && named->size() * kTextsPerValue < texts.size()) {
    for (const std::string_view value : *named) {
      const auto found = std::ranges::lower_bound(texts, value);
      if (found == texts.end() || *found != value || !test.holds(value)) continue;
      codes.push_back(static_cast<std::uint32_t>(found - texts.begin()));
    }
    std::ranges::sort(codes);
    return;
  }
  for (std::uint32_t code = 0; code < texts.size(); ++code) {
    if (test.holds(texts[code])) codes.push_back(code);
  }
}

}  // namespace

void BlockMatch::keep_texts(const LogBlock& block, std::size_t number,
                            std::vector<std::uint64_t>& events) {
  const std::uint32_t property = selector_->kept[number].property;
  if (property >= block.property_count()) {  // it was made before the property was kept
    if (!tests_[number].holds({})) std::ranges::fill(events, 0);
    return;
  }
  const std::span<const std::string_view> texts = block.property_values(property);
  const CodePlanes planes = block.property_planes(property);
  find_texts(texts, tests_[number], codes_);
  if (codes_.size() == texts.size()) return;
  // Planes are searched for one code after the other.
  constexpr std::size_t kFewCodes = 16;
  if (codes_.size() <= kFewCodes) {
    matches_.resize(events.size());
    block.match(planes, codes_, matches_.data());
    for (std::size_t word = 0; word < events.size(); ++word) events[word] &= matches_[word];
    return;
  }
  wanted_.assign(texts.size(), false);
  for (const std::uint32_t code : codes_) wanted_[code] = true;
  for (std::size_t word = 0; word < events.size(); ++word) {
    for (std::uint64_t rest = events[word]; rest != 0; rest &= rest - 1) {
      const std::size_t event = 64 * word + static_cast<std::size_t>(std::countr_zero(rest));
      if (!wanted_[planes.code_of(event)]) events[word] &= ~(rest & (~rest + 1));
    }
  }
}

void BlockMatch::find(const LogBlock& block, std::vector<std::uint64_t>& events) {
  const std::size_t words = words_of(block.event_count());
  events.resize(words);
  if (selector_->any_name) {
    std::fill(events.begin(), events.end(), ~std::uint64_t{0});
    if (const unsigned rest = block.event_count() % 64; rest != 0) {
      events.back() = ~std::uint64_t{0} >> (64 - rest);
    }
  } else {
    find_codes(block.names(), selector_->names, codes_);
    block.match(block.name_planes(), codes_, events.data());
  }
  for (const EventSelector::Values& values : selector_->where) {
    find_codes(block.dimension_values(values.dimension), values.codes, codes_);
    matches_.resize(words);
    block.match(block.dimension_planes(values.dimension), codes_, matches_.data());
    for (std::size_t word = 0; word < words; ++word) events[word] &= matches_[word];
  }
  for (std::size_t i = 0; i < tests_.size(); ++i) keep_texts(block, i, events);
  if (selector_->amounts) keep_amounts(block, events);
}

void BlockMatch::keep_amounts(const LogBlock& block, std::vector<std::uint64_t>& events) {
  const auto [least, most] = *selector_->amounts;
  if (!block.has_values() || least > most) {
    std::ranges::fill(events, 0);
    return;
  }
  amounts_.resize(block.event_count());
  block.values(amounts_);
  for (std::size_t word = 0; word < events.size(); ++word) {
    for (std::uint64_t rest = events[word]; rest != 0; rest &= rest - 1) {
      const Amount amount = amounts_[64 * word + static_cast<unsigned>(std::countr_zero(rest))];
      const bool passes = amount != 0 && least <= amount && amount <= most;
      if (!passes) events[word] &= ~(rest & (~rest + 1));
    }
  }
}

}  // namespace rollcall
