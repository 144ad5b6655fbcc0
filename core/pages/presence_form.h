// Presence is a page form that says who was active in a series on a day.
#pragma once

#include <span>

#include "core/pages/page_form.h"
#include "core/pages/presence_chunk.h"

namespace rollcall {

struct PresenceForm : ChunkForm<PresenceChunk> {
  static constexpr PageKind kKind = PageKind::kPresence;
  static constexpr std::string_view kName = "presence page";
  static constexpr PagePer kPer = PagePer::kSeriesDayChunk;

  static constexpr PageWriter writer(SeriesRole role) {
    return role == SeriesRole::kAny ? PageWriter::kFold : PageWriter::kApply;
  }
  static std::size_t growth(const PageSlot<Page>* slot, const PageGrowth& added);

  // The slot stores the epoch and how many users are in the page, so that totals need not read it.
  static void write_slot(const PageSlot<Page>& slot, ByteWriter& writer) {
    writer.varint(slot.epoch);
    if (slot.epoch != 0) writer.varint(slot.users);
  }
  static void read_slot(ByteReader& reader, PageSlot<Page>& slot) {
    slot.epoch = reader.varint();
    if (slot.epoch != 0) slot.users = reader.varint_up_to(kChunkOrdinals);
  }
  static void settle(PageSlot<Page>& slot) {
    if (slot.is_counted) return;
    slot.users = slot.page->cardinality();
    slot.is_counted = true;
  }

  static std::span<const PresenceRead> reads(const ReadSet& reads) { return reads.presence; }
  static std::size_t read_bytes(std::size_t users) { return (users + 511) / 512 * 64; }

  static bool knows(const Page& page, std::uint32_t ordinal) { return page.contains(ordinal); }
  static AmountSum forget(Page& page, std::uint32_t ordinal) {
    page.remove(ordinal);
    return 0;
  }

  // Presence of any event is the union of that of the events, and presence of an event is, for each
  // dimension, the union of that of its values. What bounds have to say follows from it.
  static void check(PageCheck& check, Day date, const DayState& day);
};

}  // namespace rollcall
