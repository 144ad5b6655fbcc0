// Checks one partition's stored pages. Each page form compares its pages with the others, and this
// class has what they share. Whatever is derived must follow from what it is derived from, to the
// last bit.
//
// Only one thread uses it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/pages/page_forms.h"

namespace rollcall {

class PageCheck {
 public:
  // All that is referred to outlives the check.
  PageCheck(std::uint32_t partition, const StoreView& view, const SeriesCatalog& catalog)
      : partition_(partition), view_(view), catalog_(catalog) {}

  void fault(const PageId& id, std::string_view what);
  // Notes the error, if it is one. Returns whether all is well.
  bool note(const PageId& id, const Status& status);
  // Returns nullopt if nothing is stored, or if the page cannot be read, which is a fault.
  template <class Form>
  std::optional<PageOf<Form>> read(const SlotOf<Form>& slot, const PagePlace& place);
  template <class Form>
  PageId id_of(const PagePlace& place) const {
    return page_id<Form>(partition_, place);
  }
  PageId day_id(Day day) const { return {PageKind::kDay, partition_, 0, day.value, 0}; }
  PageId directory_id() const { return {PageKind::kPartition, partition_, 0, 0, 0}; }
  const SeriesCatalog& catalog() const { return catalog_; }

  std::uint64_t page_count = 0;  // pages that were read
  std::vector<std::string> faults;

  bool has_forgotten_users = false;  // as the directory says
  // Holds what the days add up to, as far as they have been checked: first and last days according
  // to presence, and the events of each of the events' own series.
  std::map<std::pair<SeriesId, std::uint32_t>, BoundsChunk> bounds;
  std::map<SeriesId, std::uint64_t> series_events;

 private:
  std::uint32_t partition_;
  const StoreView& view_;
  const SeriesCatalog& catalog_;
};

template <class Form>
std::optional<PageOf<Form>> PageCheck::read(const SlotOf<Form>& slot, const PagePlace& place) {
  if (slot.epoch == 0) return std::nullopt;
  ++page_count;
  const PageId id = id_of<Form>(place);
  const Result<std::string> bytes = view_.read({id, slot.epoch});
  if (!note(id, bytes.status())) return std::nullopt;
  Result<PageOf<Form>> page = PageOf<Form>::deserialize(*bytes);
  if (!note(id, page.status())) return std::nullopt;
  return *std::move(page);
}

}  // namespace rollcall
