// Amounts are a page form that says how much each user had in a series on a day, if there was
// anything.
#pragma once

#include <span>

#include "core/pages/amount_chunk.h"
#include "core/pages/page_form.h"

namespace rollcall {

struct AmountsForm : ChunkForm<AmountChunk> {
  static constexpr PageKind kKind = PageKind::kAmounts;
  static constexpr std::string_view kName = "amounts page";
  static constexpr PagePer kPer = PagePer::kSeriesDayChunk;
  static constexpr std::size_t kEncodedShare = 4;
  static constexpr std::size_t kValueBytes = 32;  // an entry, in a list that may double
  static constexpr bool kOnlyValues = true;

  static constexpr PageWriter writer(SeriesRole role) {
    return role == SeriesRole::kAny ? PageWriter::kNobody : PageWriter::kApply;
  }
  // The list may be moved to a longer one.
  static std::size_t growth(const PageSlot<Page>* slot, const PageGrowth& /*added*/) {
    return slot == nullptr ? 0 : slot->bytes;
  }

  static std::span<const AmountRead> reads(const ReadSet& reads) { return reads.amounts; }
  // The lengths of the lists are known once they are read.
  static std::size_t read_bytes(std::size_t /*users*/) { return 0; }

  // Looking for a user in the list takes as long as forgetting them.
  static bool knows(const Page& /*page*/, std::uint32_t /*ordinal*/) { return true; }
  static AmountSum forget(Page& page, std::uint32_t ordinal) { return page.take(ordinal); }

  // Together with what was forgotten, the amounts of the users add up to those of the hours.
  static void check(PageCheck& check, Day date, const DayState& day);
};

}  // namespace rollcall
