// What a page form is: one kind of page that a partition keeps of its users, chunk by chunk.
//
// A form is a struct of constants and static functions that says once where its pages hang, who
// writes to them, how they grow, what their slots store, which questions read them, what they must
// agree with, and how a user is forgotten in them. ResidentPages does the rest for every form
// alike. The forms are listed in page_forms.h. All of it is resolved by the compiler: forms cost no
// call on the path of an event.
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

// What a series stands for. It decides which pages the series has.
enum class SeriesRole : std::uint8_t { kEvent, kDimensionValue, kAny };

// What a form has a page for.
enum class PagePer : std::uint8_t { kSeriesDayChunk, kSeriesChunk };

// Who writes to the pages of a series.
enum class PageWriter : std::uint8_t {
  kNobody,  // the series has no such pages
  kApply,   // the rows of a batch
  kFold,    // folding, from what rows have written
};

// Where a page hangs. Forms that have one page for all days ignore the day.
struct PagePlace {
  SeriesId series = 0;
  Day day;
  std::uint32_t chunk = 0;
};

// What is about to be added to a page.
struct PageGrowth {
  PageWriter writer = PageWriter::kApply;
  std::uint32_t events = 0;  // rows that add to it; 0 for kFold
  std::uint32_t users = 0;   // of the chunk, those who are new included
  bool has_values = false;   // whether any row of the batch has an amount
};

// What pages knew of users who are forgotten.
struct ForgottenTotals {
  std::uint64_t events = 0;
  AmountSum value = 0;
};

// How much a page of `bytes` may grow until it holds `needed` bytes: its columns may double.
constexpr std::size_t growth_to(std::size_t bytes, std::size_t needed) {
  return bytes >= needed ? 0 : 2 * needed - bytes;
}

// What most forms have in common. A form declares again what it does otherwise.
template <class T>
struct ChunkForm {
  using Page = T;

  // Pages in memory are about this many times as long as their bytes in the store.
  static constexpr std::size_t kEncodedShare = 1;
  // How much a row's amount may add, to whichever page it goes.
  static constexpr std::size_t kValueBytes = 0;
  // Whether only rows with an amount write to the pages.
  static constexpr bool kOnlyValues = false;

  // What the day page, or the directory page, says of a page.
  static void write_slot(const PageSlot<T>& slot, ByteWriter& writer) { writer.varint(slot.epoch); }
  static void read_slot(ByteReader& reader, PageSlot<T>& slot) { slot.epoch = reader.varint(); }
  // Brings up to date what write_slot() writes. The page is in memory if it has changed.
  static void settle(PageSlot<T>& /*slot*/) {}
};

template <class F>
concept PageForm = requires(typename F::Page& page, const typename F::Page& read,
                            PageSlot<typename F::Page>& slot, ByteWriter& writer,
                            ByteReader& reader, std::string& out, ForgottenTotals& totals) {
  // The page itself: how it is stored, with a check of every byte that is read.
  read.serialize(out);
  { F::Page::deserialize(std::string_view()) } -> std::same_as<Result<typename F::Page>>;
  { read.memory_bytes() } -> std::same_as<std::size_t>;
  // Where it hangs, and its name in errors.
  { F::kKind } -> std::convertible_to<PageKind>;
  { F::kName } -> std::convertible_to<std::string_view>;
  { F::kPer } -> std::convertible_to<PagePer>;
  { F::kEncodedShare } -> std::convertible_to<std::size_t>;
  F::write_slot(slot, writer);
  F::read_slot(reader, slot);
  F::settle(slot);
  // How it grows. `slot` is null while the page is not in memory, as then there is none.
  { F::writer(SeriesRole{}) } -> std::same_as<PageWriter>;
  { F::growth(&slot, PageGrowth()) } -> std::same_as<std::size_t>;
  { F::kValueBytes } -> std::convertible_to<std::size_t>;
  { F::kOnlyValues } -> std::convertible_to<bool>;
  // Which reads of a question name it, and about how many bytes one of `users` is read as.
  F::reads(ReadSet());
  { F::read_bytes(std::size_t{}) } -> std::same_as<std::size_t>;
  // Whether it knows of an ordinal; and how it forgets one that it knows. Forms with a page a
  // day are only asked about users who have presence there.
  { F::knows(read, std::uint32_t{}) } -> std::same_as<bool>;
  F::forget(page, std::uint32_t{}, totals);
};

// Besides, a form has a check of what its pages must agree with:
//
//   static void check(PageCheck& check, Day date, const DayState& day);      kSeriesDayChunk
//   static void check(PageCheck& check, const SeriesChunks<Page>& series);   kSeriesChunk
//
// It is called once for every day in their order, or once after all days.

// Per series, by chunk.
template <class T>
using SeriesChunks = std::unordered_map<SeriesId, std::vector<PageSlot<T>>>;

}  // namespace rollcall
