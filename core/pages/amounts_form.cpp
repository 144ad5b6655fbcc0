#include "core/pages/amounts_form.h"

#include <fmt/format.h>

#include "core/pages/day_state.h"
#include "core/pages/page_check.h"

namespace rollcall {

void AmountsForm::check(PageCheck& check, Day date, const DayState& day) {
  for (const auto& [series, series_day] : day.series) {
    AmountSum expected = 0;
    for (const HourTotal& hour : series_day.hours) expected += hour.value;
    AmountSum found = series_day.forgotten_value;
    bool all_read = true;
    const SlotsOf<AmountsForm>& slots = series_day.slots<AmountsForm>();
    for (std::uint32_t chunk = 0; chunk < slots.size(); ++chunk) {
      if (!slots[chunk].exists()) continue;
      const auto page = check.read<AmountsForm>(slots[chunk], {series, date, chunk});
      all_read = all_read && page;
      if (page) found += page->sum();
    }
    if (!all_read || found == expected) continue;
    check.fault(
        check.day_id(date),
        fmt::format("the amounts of the users of series {} do not add up to the day's", series));
  }
}

}  // namespace rollcall
