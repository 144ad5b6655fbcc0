// Bounds are a page form that has the first and last day of each user in an event, and in any
// event.
#pragma once

#include <span>

#include "core/pages/bounds_chunk.h"
#include "core/pages/page_form.h"

namespace rollcall {

struct BoundsForm : ChunkForm<BoundsChunk> {
  static constexpr PageKind kKind = PageKind::kBounds;
  static constexpr std::string_view kName = "bounds page";
  static constexpr PagePer kPer = PagePer::kSeriesChunk;
  static constexpr std::size_t kEncodedShare = 4;

  static constexpr PageWriter writer(SeriesRole role) {
    return role == SeriesRole::kDimensionValue ? PageWriter::kNobody : PageWriter::kFold;
  }
  static std::size_t growth(const PageSlot<Page>* slot, const PageGrowth& added) {
    return growth_to(slot == nullptr ? 0 : slot->bytes, read_bytes(added.users));
  }

  static std::span<const BoundsRead> reads(const ReadSet& reads) { return reads.bounds; }
  static std::size_t read_bytes(std::size_t users) { return users * 2 * sizeof(std::int32_t); }

  static bool knows(const Page& page, std::uint32_t ordinal) {
    return page.contains(ordinal % kChunkOrdinals);
  }
  static AmountSum forget(Page& page, std::uint32_t ordinal) {
    page.remove(ordinal % kChunkOrdinals);
    return 0;
  }

  // First and last days are those of presence.
  static void check(PageCheck& check, const SeriesChunks<Page>& bounds);
};

}  // namespace rollcall
