#include "core/pages/counter_form.h"

#include <fmt/format.h>

#include "core/pages/page_check.h"

namespace rollcall {

void CounterForm::check(PageCheck& check, const SeriesChunks<Page>& counters) {
  for (const auto& [series, slots] : counters) {
    std::uint64_t events = 0;
    for (std::uint32_t chunk = 0; chunk < slots.size(); ++chunk) {
      const auto page = check.read<CounterForm>(slots[chunk], {series, Day(), chunk});
      if (!page) continue;
      for (std::uint32_t i = 0; i < page->size(); ++i) events += page->total(i).events;
    }
    const auto forgotten = check.forgotten_events.find(series);
    if (forgotten != check.forgotten_events.end()) events += forgotten->second;
    if (events == check.series_events[series]) continue;
    check.fault(check.directory_id(), fmt::format("users did series {} {} times, its days say {}",
                                                  series, events, check.series_events[series]));
  }
}

}  // namespace rollcall
