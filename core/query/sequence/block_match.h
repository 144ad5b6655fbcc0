// This finds which events of a block of history a selector means.
#pragma once

#include <cstdint>
#include <vector>

#include "core/history/log_block.h"
#include "core/query/resolve/selector_resolver.h"
#include "core/query/resolve/value_test.h"

namespace rollcall {

// Finds the events of `selector` in blocks. Threads: one at a time. `selector` outlives it.
class BlockMatch {
 public:
  explicit BlockMatch(const EventSelector& selector) : selector_(&selector) {
    for (const EventSelector::Texts& texts : selector.kept) tests_.emplace_back(texts.conditions);
  }

  // Sets bit i of `events` where event i of the block is one, and no other; `events` gets as many
  // words as that takes.
  void find(const LogBlock& block, std::vector<std::uint64_t>& events);

 private:
  // Takes those events out whose text of selector_->kept[number] is none that is wanted.
  void keep_texts(const LogBlock& block, std::size_t number, std::vector<std::uint64_t>& events);
  // Takes those events out whose amount is none that is wanted.
  void keep_amounts(const LogBlock& block, std::vector<std::uint64_t>& events);

  const EventSelector* selector_;
  std::vector<ValueTest> tests_;        // of selector_->kept
  std::vector<std::uint32_t> codes_;    // of the block
  std::vector<std::uint64_t> matches_;  // of one condition
  std::vector<bool> wanted_;            // by code of the block
  std::vector<Amount> amounts_;         // of all events, 0 for those without one
};

}  // namespace rollcall
