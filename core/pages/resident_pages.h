// Owns the pages of one partition: it knows where each of them is, what they take in memory, and
// which of them a checkpoint has to write. It knows users by their ordinals only.
//
// It has the days with their hours and the slots of their pages, the slots of the pages that belong
// to no single day, the unions that questions have made, and the memory account of all of these. It
// treats every page form (page_forms.h) alike; the row of a form has what is different about it.
//
// These invariants hold between any two calls from outside:
//  1. memory_use().resident_bytes = memory_bytes() of the pages in slots + directory bytes of the
//     loaded days + bytes of the kept unions. dirty_bytes = memory_bytes() of the pages whose slots
//     are dirty.
//  2. A dirty page is in memory; so is its day, which is dirty, too.
//  3. A slot exists if it is stored (epoch != 0) or in memory. What is clean and in memory equals
//     what is stored at its epoch.
//  4. A day that is not loaded has no series and no page in memory, and has a stored day page.
//  5. A user who is in another page of a series on a day is also in its presence page.
//  6. PageSlot::users is the cardinality of a presence page whose slot `is_counted`. A slot that is
//     not counted is in memory.
//  7. A kept union is the union of the current presence of its days.
//  8. A page that pin() has handed out does not change; the writer copies it first.
// That bounds follow from presence is the partition's invariant, not one of this class, because
// folding may be late. PageCheck (page_check.h) compares stored pages with each other.
//
// A non-const method needs one writer at a time and no readers meanwhile; otherwise there may be
// any number of readers. Any thread may read pages and unions in PinnedPages at any time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/base/question_account.h"
#include "core/pages/day_state.h"
#include "core/pages/dirty_page.h"
#include "core/pages/kept_unions.h"
#include "core/pages/page_forms.h"
#include "core/pages/pinned_pages.h"
#include "core/pages/reads.h"
#include "rollcall/store.h"

namespace rollcall {

struct MemoryUse {
  std::size_t resident_bytes = 0;  // pages and what leads to them
  std::size_t dirty_bytes = 0;     // pages not stored yet
};

class ResidentPages {
 public:
  explicit ResidentPages(std::uint32_t partition) : partition_(partition) {}

  // Sets the number of the batches and questions from here on; pages that they touch leave memory
  // later than others.
  void set_batch_number(BatchNumber number) { batch_number_ = number; }
  BatchNumber batch_number() const { return batch_number_; }
  // Day pages may name series below `count`; it never goes down.
  void expect_series(std::size_t count) { series_count_ = std::max(series_count_, count); }
  std::size_t series_count() const { return series_count_; }

  // Write and read the pages' part of the directory page. What was read counts as changed in
  // `opened_in`, so that questions pinned before that batch find all days changed.
  //   kCorruption  the days do not ascend within the calendar, or retired pages not by series
  void write_directory(ByteWriter& writer) const;
  Status read_directory(ByteReader& reader, BatchNumber opened_in);

  // Returns whether the directory named pages of a kind that is kept no more. They are not read,
  // and the next collect() lets go of them.
  bool has_retired_pages() const { return !retired_.empty(); }

  const std::map<Day, DayState>& days() const { return days_; }  // whether loaded or not
  template <class Form>
  const SeriesOf<Form>& series() const {
    return series_.of<Form>();
  }
  // Returns the memory of pages of all forms, the days, and the unions.
  MemoryUse memory_use() const;
  // Returns the memory of pages and days, which loading adds to.
  std::size_t loaded_bytes() const { return memory_.resident_bytes + directory_bytes_; }

  // Loading: these read what is stored and not in memory, and skip what does not exist.
  //   kCorruption  what is stored is not what was written
  Status load_days(DayRange days, const StoreView& view);
  Status load_for(const ReadSet& reads, const StoreView& view);  // the days that the reads name
  template <class Form>
  Status load(SlotOf<Form>& slot, const PagePlace& place, const StoreView& view);
  // Loads the day and the pages that rows of the series write to.
  Status load_for_rows(const PagePlace& place, SeriesRole role, bool has_values,
                       const StoreView& view);
  // Loads every page that may know about the ordinals, which ascend.
  Status load_for_users(std::span<const std::uint32_t> ordinals, const StoreView& view);

  // Returns how many bytes an amount adds, to whichever pages it goes.
  static constexpr std::size_t kValueBytes = [] {
    std::size_t bytes = 0;
    EachForm<PageForms>::visit(
        [&]<class Form>(std::type_identity<Form>) { bytes += Form::kValueBytes; });
    return bytes;
  }();
  // Return an upper bound of how many bytes `added` adds to the pages of a series, which are
  // loaded: to those of the day, or to those that belong to no single day.
  std::size_t day_growth(const PagePlace& place, SeriesRole role, const PageGrowth& added) const;
  std::size_t series_growth(const PagePlace& place, SeriesRole role, const PageGrowth& added) const;

  // These write to pages that are loaded or do not exist: take the slot, write to its page, and
  // then report that it has changed. Slots stay where they are until another one of the same series
  // is taken.
  //
  // Counts rows in the hours of a series on a day, which is made if it does not exist, and is dirty
  // from now on. Both spans are by hour; `values` may be empty. `day` must have been loaded.
  SeriesDay& add_rows(const PagePlace& place, std::span<const std::uint32_t> hour_events,
                      std::span<const AmountSum> hour_values);
  // Returns the series of a loaded day, and makes it if it does not exist.
  SeriesDay& series_day(SeriesId series, Day day);
  template <class Form>
  SlotOf<Form>& day_slot(SeriesDay& series_day, std::uint32_t chunk);
  template <class Form>
  SlotOf<Form>& series_slot(SeriesId series, std::uint32_t chunk);
  template <class Form>
  static PageOf<Form>& writable(SlotOf<Form>& slot);
  template <class Form>
  void changed(SlotOf<Form>& slot, const PagePlace& place);

  // Forgets users by their ordinals, ascending; their pages are loaded.
  void forget(std::span<const std::uint32_t> ordinals);

  // Return totals of loaded days; presence of any event must be folded.
  EventTotal day_total(SeriesId series, Day day);
  std::vector<PinnedTotal> totals(const TotalsRead& read, QuestionAccount& account);

  // Pins the pages of reads that are loaded. Days that changed in a batch after `quiet_since` are
  // expected to change again, so unions that include them are not kept. The names of pages take
  // memory of the account.
  PinnedPages pin(const ReadSet& reads, std::uint32_t user_count, BatchNumber quiet_since,
                  QuestionAccount& account) const;
  // Keep pages that a question had to read, unless they have changed or come back since, and unions
  // that it made, if nobody was forgotten since.
  void install(const PinnedPages& pinned, BatchNumber batch_number);
  void install_unions(const PinnedPages& pinned);

  // Changes days to which nothing was added since the last checkpoint to their smallest form.
  void compact_quiet_days();
  // Hands over all that differs from the store, as of `epoch`, and counts it as stored.
  // `superseded` receives the versions that are replaced.
  void collect(Epoch epoch, std::vector<DirtyPage>& dirty, std::vector<PageAddress>& superseded);

  // Evict what commits up to `durable` have stored, until `excess` bytes are free or nothing is
  // left. The first evicts pages, the least recently used first; the second evicts days without
  // pages in memory. Unions can be dropped at any time, because they can be made again.
  void evict_pages(std::size_t excess, Epoch durable);
  void evict_days(std::size_t excess, Epoch durable);
  void drop_unions() { kept_unions_.clear(); }

 private:
  template <class Form>
  PageId id_of(const PagePlace& place) const {
    return page_id<Form>(partition_, place);
  }
  const SeriesDay* find_series_day(const PagePlace& place) const;
  Status load_day(Day date, DayState& day, const StoreView& view);
  void unload_day(DayState& day);
  static bool may_leave(const DayState& day, Epoch durable);
  template <class Page>
  void account(PageSlot<Page>& slot);
  template <class Visit>
  void for_each_slot(Visit visit);
  template <class Form>
  bool forget_in(SlotsOf<Form>& slots, const PagePlace& place, std::uint32_t ordinal,
                 AmountSum& forgotten_value);
  template <class Form>
  void collect_slots(SlotsOf<Form>& slots, PagePlace place, Epoch epoch,
                     std::vector<DirtyPage>& dirty, std::vector<PageAddress>& superseded);
  template <class Form>
  void pin_slots(const SlotsOf<Form>& slots, PagePlace place, PinnedPages& pinned,
                 QuestionAccount& account) const;
  template <class Form>
  void pin_days(SeriesId series, DayRange days, PinnedPages& pinned,
                QuestionAccount& account) const;
  PinnedUnion pin_union(SeriesId series, DayRange days, std::uint32_t user_count,
                        BatchNumber quiet_since, PinnedPages& pinned,
                        QuestionAccount& account) const;

  static EventTotal total_of(SeriesDay& series_day);
  static std::size_t directory_bytes(const SeriesDay& series_day);
  static std::string serialize_day(const DayState& day);
  Status read_retired(ByteReader& reader);
  static Status deserialize_day(std::string_view bytes, std::size_t series_count, DayState& day);

  std::uint32_t partition_;
  std::size_t series_count_ = 0;
  BatchNumber batch_number_ = 0;  // the last batch or question that touched a page

  std::map<Day, DayState> days_;
  PerForm<SeriesOf, SeriesForms> series_;
  std::vector<PageAddress> retired_;
  KeptUnions kept_unions_;

  MemoryUse memory_;  // of the pages only
  std::size_t directory_bytes_ = 0;
};

// Updates the memory account for a page that was made, read or written to.
template <class Page>
void ResidentPages::account(PageSlot<Page>& slot) {
  const std::size_t bytes = slot.page ? slot.page->memory_bytes() : 0;
  memory_.resident_bytes += bytes - slot.bytes;
  if (slot.dirty) memory_.dirty_bytes += bytes - slot.bytes;
  slot.bytes = static_cast<std::uint32_t>(bytes);
}

template <class Form>
Status ResidentPages::load(SlotOf<Form>& slot, const PagePlace& place, const StoreView& view) {
  if (slot.page || slot.epoch == 0) return {};
  const PageId id = id_of<Form>(place);
  ROLLCALL_ASSIGN_OR_RETURN(const std::string bytes, view.read({id, slot.epoch}));
  Result<PageOf<Form>> page = PageOf<Form>::deserialize(bytes);
  if (!page.ok()) {
    return Status::corruption(to_string(id) + ": " + page.status().message());
  }
  slot.page = PageRef<PageOf<Form>>(*std::move(page));
  slot.last_used = static_cast<std::uint32_t>(batch_number_);
  account(slot);
  return {};
}

template <class Form>
SlotOf<Form>& ResidentPages::day_slot(SeriesDay& series_day, std::uint32_t chunk) {
  SlotsOf<Form>& slots = series_day.slots<Form>();
  if (slots.size() <= chunk) {
    const std::size_t bytes_before = directory_bytes(series_day);
    slots.resize(chunk + std::size_t{1});
    directory_bytes_ += directory_bytes(series_day) - bytes_before;
  }
  return slots[chunk];
}

template <class Form>
SlotOf<Form>& ResidentPages::series_slot(SeriesId series, std::uint32_t chunk) {
  SlotsOf<Form>& slots = series_.of<Form>()[series];
  if (slots.size() <= chunk) slots.resize(chunk + std::size_t{1});
  return slots[chunk];
}

// Returns the page of a slot, which is new if there is none, and a copy if somebody has pinned it.
template <class Form>
PageOf<Form>& ResidentPages::writable(SlotOf<Form>& slot) {
  if (!slot.page) slot.page = PageRef<PageOf<Form>>(PageOf<Form>());
  return slot.page.writable();
}

template <class Form>
void ResidentPages::changed(SlotOf<Form>& slot, const PagePlace& place) {
  if constexpr (std::is_same_v<Form, PresenceForm>) {
    slot.is_counted = false;
    kept_unions_.forget(place.series, place.day);
  }
  if (!slot.dirty) {
    slot.dirty = true;
    memory_.dirty_bytes += slot.bytes;
  }
  slot.last_used = static_cast<std::uint32_t>(batch_number_);
  account(slot);
}

}  // namespace rollcall
