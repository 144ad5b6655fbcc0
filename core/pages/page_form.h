// This header defines what a page form is: one kind of page that a partition keeps about its users,
// chunk by chunk.
//
// A form is a struct of constants and static functions. It says in one place where its pages hang,
// who writes to them, how they grow, what their slots store, which questions read them, what they
// must agree with, and how a user is forgotten in them. ResidentPages does the rest, in the same
// way for every form. page_forms.h lists the forms. The compiler resolves all of this, so forms
// cost no call on the path of an event.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/byte_codec.h"
#include "core/catalog/series_catalog.h"
#include "core/pages/page_ref.h"
#include "core/pages/reads.h"
#include "rollcall/status.h"
#include "rollcall/store.h"
#include "rollcall/types.h"

namespace rollcall {

class PageCheck;
struct DayState;

// Says what a series stands for. It decides which pages the series has.
enum class SeriesRole : std::uint8_t { kEvent, kDimensionValue, kAny };

// Says what each page of a form is for.
enum class PagePer : std::uint8_t { kSeriesDayChunk, kSeriesChunk };

// Says what writes to the pages of a series.
enum class PageWriter : std::uint8_t {
  kNobody,  // the series has no such pages
  kApply,   // applying the rows of a batch, to pages of a day
  kFold,    // folding, which derives from what rows have written
};

// Says where a page hangs. Forms that have one page for all days ignore the day.
struct PagePlace {
  SeriesId series = 0;
  Day day;
  std::uint32_t chunk = 0;
};

// Says what is about to be added to a page.
struct PageGrowth {
  PageWriter writer = PageWriter::kApply;
  std::uint32_t events = 0;  // rows that add to it; 0 for kFold
  std::uint32_t users = 0;   // users of the chunk, including new ones
  bool has_values = false;   // whether any row of the batch has an amount
};

// Returns how much a page of `bytes` may grow until it holds `needed` bytes: its columns may
// double.
constexpr std::size_t growth_to(std::size_t bytes, std::size_t needed) {
  return bytes >= needed ? 0 : 2 * needed - bytes;
}

// These defaults are shared by most forms. A form redeclares what differs.
template <class T>
struct ChunkForm {
  using Page = T;

  // Pages in memory are about this many times as long as their bytes in the store.
  static constexpr std::size_t kEncodedShare = 1;
  // A row's amount may add this many bytes to a page.
  static constexpr std::size_t kValueBytes = 0;
  // Says whether only rows with an amount write to the pages.
  static constexpr bool kOnlyValues = false;

  // Write and read what the day page, or the directory page, says about a page.
  static void write_slot(const PageSlot<T>& slot, ByteWriter& writer) { writer.varint(slot.epoch); }
  static void read_slot(ByteReader& reader, PageSlot<T>& slot) { slot.epoch = reader.varint(); }
  // Updates what write_slot() writes. If the page has changed, it is in memory.
  static void settle(PageSlot<T>& /*slot*/) {}
};

template <class F>
concept PageForm = requires(typename F::Page& page, const typename F::Page& read,
                            PageSlot<typename F::Page>& slot, ByteWriter& writer,
                            ByteReader& reader, std::string& out) {
  // The page itself is stored in these bytes, and every byte that is read is checked.
  read.serialize(out);
  { F::Page::deserialize(std::string_view()) } -> std::same_as<Result<typename F::Page>>;
  { read.memory_bytes() } -> std::same_as<std::size_t>;
  // These say where the page hangs, and its name in errors.
  { F::kKind } -> std::convertible_to<PageKind>;
  { F::kName } -> std::convertible_to<std::string_view>;
  { F::kPer } -> std::convertible_to<PagePer>;
  { F::kEncodedShare } -> std::convertible_to<std::size_t>;
  F::write_slot(slot, writer);
  F::read_slot(reader, slot);
  F::settle(slot);
  // These say how it grows. `slot` is null if there is no such page yet.
  { F::writer(SeriesRole{}) } -> std::same_as<PageWriter>;
  { F::growth(&slot, PageGrowth()) } -> std::same_as<std::size_t>;
  { F::kValueBytes } -> std::convertible_to<std::size_t>;
  { F::kOnlyValues } -> std::convertible_to<bool>;
  // These say which reads of a question name it, and about how many bytes it takes for `users`.
  F::reads(ReadSet());
  { F::read_bytes(std::size_t{}) } -> std::same_as<std::size_t>;
  // These say whether it knows an ordinal, and forget one that it knows, and return the amount that
  // was theirs. Forms with a page for each day are only asked about users who have presence there.
  { F::knows(read, std::uint32_t{}) } -> std::same_as<bool>;
  { F::forget(page, std::uint32_t{}) } -> std::same_as<AmountSum>;
};

// A form also has a check of what its pages must agree with:
//
//   static void check(PageCheck& check, Day date, const DayState& day);      kSeriesDayChunk
//   static void check(PageCheck& check, const SeriesChunks<Page>& series);   kSeriesChunk
//
// It is called once for every day in their order, or once after all days.

// Holds the slots of each series, by chunk.
template <class T>
using SeriesChunks = std::unordered_map<SeriesId, std::vector<PageSlot<T>>>;

}  // namespace rollcall
