#include "core/engine/history_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "core/base/sort_unique.h"

namespace rollcall {

void HistoryCheck::read(const EventLog& log) {
  for (const std::vector<PinnedBlock>& run : log.pin().runs) {
    std::uint32_t ordinal_before = 0;
    for (const PinnedBlock& pinned : run) {
      ++check_.page_count;
      const Result<std::shared_ptr<const LogBlock>> read = read_block(pinned.address, view_);
      if (!check_.note(pinned.address.id, read.status())) continue;
      const LogBlock& block = **read;
      if (block.event_count() != pinned.event_count) {
        check_.fault(pinned.address.id, fmt::format("{} events, the directory says {}",
                                                    block.event_count(), pinned.event_count));
      }
      add(block, ordinal_before, pinned.address.id);
      ordinal_before = block.last_ordinal();
    }
  }
}

void HistoryCheck::add(const LogBlock& block, std::uint32_t ordinal_before, const PageId& id) {
  if (block.first_ordinal() < ordinal_before) {
    check_.fault(id, "its users come before those of the block before");
  }
  const EventColumns events = unpack(block, block.property_count());
  HourSpan hour;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (events.times[i] < hour.begin || events.times[i] >= hour.end) {
      hour = zone_.hour_at(events.times[i]);
    }
    Recount& recount = recounts_[hour.day][events.names[i]];
    ++recount.events;
    recount.value += events.values[i];
    const bool is_again = !recount.users.empty() && recount.users.back() == events.ordinals[i];
    if (!is_again) recount.users.push_back(events.ordinals[i]);
  }
}

void HistoryCheck::compare(Day date, Partition& partition) {
  if (date < first_day_) return;
  std::map<std::uint32_t, Recount>& recounts = recounts_[date];
  const SeriesCatalog& catalog = check_.catalog();
  const auto& series_of_day = partition.days().at(date).series;
  for (const auto& [series, series_day] : series_of_day) {
    if (series == kAnySeries || !catalog.series(series).is_event()) continue;
    Recount recount = std::move(recounts[catalog.series(series).event]);
    recounts.erase(catalog.series(series).event);
    sort_unique(recount.users);
    const EventTotal total = partition.day_total(series, date);
    const bool is_alike = check_.has_forgotten_users
                              ? recount.events <= total.events
                              : recount.events == total.events && recount.value == total.value;
    if (!is_alike || recount.users.size() != total.users) {
      check_.fault(
          check_.day_id(date),
          fmt::format("series {} has {} events of {} users, its history has {} of {}", series,
                      total.events, total.users, recount.events, recount.users.size()));
    }
  }
  for (const auto& [event, recount] : recounts) {
    if (recount.events == 0) continue;
    check_.fault(check_.day_id(date),
                 fmt::format("event {} has {} events in the history and none in the aggregates",
                             event, recount.events));
  }
}

}  // namespace rollcall
