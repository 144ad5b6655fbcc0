#include "core/pages/presence_form.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "core/pages/day_state.h"
#include "core/pages/page_check.h"
#include "kernels/kernel_table.h"

namespace rollcall {

// Folding unites bitsets. Rows may also go to an array, which takes fewer bytes.
std::size_t PresenceForm::growth(const PageSlot<Page>* slot, const PageGrowth& added) {
  const std::size_t set_bytes = sizeof(Page) + read_bytes(added.users);
  if (added.writer == PageWriter::kFold) {
    return growth_to(slot == nullptr ? 0 : slot->bytes, set_bytes);
  }
  const std::size_t bytes = slot == nullptr ? sizeof(Page) : slot->bytes;
  const bool stays_array =
      slot == nullptr ? added.events <= Page::kHotArrayOrdinalsMax
                      : slot->page->form() == Page::Form::kArray &&
                            slot->page->cardinality() + added.events <= Page::kHotArrayOrdinalsMax;
  return stays_array ? bytes + 2 * added.events * sizeof(std::uint16_t)
                     : growth_to(bytes, set_bytes);
}

void PresenceForm::check(PageCheck& check, Day date, const DayState& day) {
  using Words = std::array<std::uint64_t, kChunkWords>;
  using Sets = std::map<std::uint32_t, Words>;  // by chunk
  const SeriesCatalog& catalog = check.catalog();
  // Holds, for each series and dimension that it has parts in, the union of these.
  std::map<std::pair<SeriesId, std::uint32_t>, Sets> unions;
  std::map<SeriesId, Sets> sets;
  for (const auto& [series, series_day] : day.series) {
    const SlotsOf<PresenceForm>& slots = series_day.slots<PresenceForm>();
    for (std::uint32_t chunk = 0; chunk < slots.size(); ++chunk) {
      const PagePlace place = {series, date, chunk};
      const auto page = check.read<PresenceForm>(slots[chunk], place);
      if (!page) continue;
      const PageId id = check.id_of<PresenceForm>(place);
      if (page->cardinality() == 0 && !check.has_forgotten_users) {
        check.fault(id, "nobody is in it");
      }
      if (page->cardinality() != slots[chunk].users) {
        check.fault(id, fmt::format("{} users are in it, its day says {}", page->cardinality(),
                                    slots[chunk].users));
      }
      Words scratch{};
      Words words{};
      const BitSpan users = page->expand(scratch.data());
      std::copy(users.words, users.words + users.word_count, words.begin());
      sets[series][chunk] = words;
      if (series == kAnySeries) continue;
      const SeriesCatalog::Series& meaning = catalog.series(series);
      const SeriesId whole = meaning.is_event()
                                 ? kAnySeries
                                 : catalog.find_event_series(meaning.event).value_or(kAnySeries);
      Words& into = unions[{whole, meaning.dimension}][chunk];
      kernels::active_table()->or_into(into.data(), words.data(), kChunkWords);
    }
  }
  for (const auto& [whole, chunks] : unions) {
    if (chunks == sets[whole.first]) continue;
    check.fault(check.day_id(date), fmt::format("presence of series {} is not the union of its "
                                                "parts",
                                                whole.first));
  }
  for (const auto& [series, chunks] : sets) {
    if (series != kAnySeries && !catalog.series(series).is_event()) continue;
    for (const auto& [chunk, words] : chunks) {
      check.bounds[{series, chunk}].fold({words.data(), kChunkWords}, date);
    }
  }
}

}  // namespace rollcall
