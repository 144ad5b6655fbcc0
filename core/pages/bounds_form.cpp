#include "core/pages/bounds_form.h"

#include <fmt/format.h>

#include "core/pages/page_check.h"

namespace rollcall {

void BoundsForm::check(PageCheck& check, const SeriesChunks<Page>& bounds) {
  for (const auto& [series, slots] : bounds) {
    for (std::uint32_t chunk = 0; chunk < slots.size(); ++chunk) {
      const PagePlace place = {series, Day(), chunk};
      const PageId id = check.id_of<BoundsForm>(place);
      const auto page = check.read<BoundsForm>(slots[chunk], place);
      const auto expected = check.bounds.find({series, chunk});
      if (!page || expected == check.bounds.end()) {
        if (page || expected != check.bounds.end()) {
          check.fault(id, "presence knows nothing of it");
        }
        continue;
      }
      for (std::size_t i = 0; i < expected->second.size(); ++i) {
        const std::int32_t first = i < page->size() ? page->first()[i] : kNeverFirst;
        const std::int32_t last = i < page->size() ? page->last()[i] : kNeverLast;
        if (first == expected->second.first()[i] && last == expected->second.last()[i]) continue;
        check.fault(
            id, fmt::format("ordinal {} has days {} to {}, presence says {} to {}", i, first, last,
                            expected->second.first()[i], expected->second.last()[i]));
        break;
      }
    }
  }
  for (const auto& [key, expected] : check.bounds) {
    const auto found = bounds.find(key.first);
    if (found == bounds.end() || key.second >= found->second.size()) {
      check.fault(check.id_of<BoundsForm>({key.first, Day(), key.second}), "it is missing");
    }
  }
}

}  // namespace rollcall
