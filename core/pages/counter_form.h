// Counters are a page form that says how often, and with what amounts, each user did an event.
#pragma once

#include <span>

#include "core/pages/counter_chunk.h"
#include "core/pages/page_form.h"

namespace rollcall {

struct CounterForm : ChunkForm<CounterChunk> {
  static constexpr PageKind kKind = PageKind::kCounters;
  static constexpr std::string_view kName = "counter page";
  static constexpr PagePer kPer = PagePer::kSeriesChunk;
  static constexpr std::size_t kEncodedShare = 4;

  static constexpr PageWriter writer(SeriesRole role) {
    return role == SeriesRole::kEvent ? PageWriter::kApply : PageWriter::kNobody;
  }
  static std::size_t growth(const PageSlot<Page>* slot, const PageGrowth& added) {
    const std::size_t user_bytes = sizeof(std::uint32_t) + (added.has_values ? sizeof(Amount) : 0);
    return growth_to(slot == nullptr ? 0 : slot->bytes, added.users * user_bytes);
  }

  // No question reads counters.
  static std::span<const BoundsRead> reads(const ReadSet& /*reads*/) { return {}; }
  static std::size_t read_bytes(std::size_t users) {
    return users * (sizeof(std::uint32_t) + sizeof(Amount));
  }

  static bool knows(const Page& page, std::uint32_t ordinal) {
    return page.total(ordinal % kChunkOrdinals).events != 0;
  }
  static void forget(Page& page, std::uint32_t ordinal, ForgottenTotals& totals) {
    const CounterChunk::Total taken = page.take(ordinal % kChunkOrdinals);
    totals.events += taken.events;
    totals.value += taken.value;
  }

  // Together with what was forgotten, the users' counters add up to the totals of the days.
  static void check(PageCheck& check, const SeriesChunks<Page>& counters);
};

}  // namespace rollcall
