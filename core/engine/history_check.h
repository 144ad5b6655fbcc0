// This check holds the stored history of a partition against its aggregates.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "core/history/event_log.h"
#include "core/pages/page_check.h"
#include "core/partition/partition.h"
#include "core/time/time_zone.h"
#include "rollcall/store.h"

namespace rollcall {

// Counts every stored event anew, by event and day. Only one thread uses it.
class HistoryCheck {
 public:
  // All that is referred to outlives the check.
  HistoryCheck(const TimeZone& zone, const StoreView& view, PageCheck& check, Day first_day)
      : zone_(zone), view_(view), check_(check), first_day_(first_day) {}

  // Reads the blocks of the log; anything wrong with one is a fault.
  void read(const EventLog& log);
  // Holds a loaded day of the partition against what was read. For forgotten users, the aggregates
  // still have what they did, but not who did it. Of days before the first one, history may hold
  // anything.
  void compare(Day date, Partition& partition);

 private:
  struct Recount {
    std::uint64_t events = 0;
    AmountSum value = 0;
    std::vector<std::uint32_t> users;  // ordinals, some of them twice
  };
  void add(const LogBlock& block, std::uint32_t ordinal_before, const PageId& id);

  const TimeZone& zone_;
  const StoreView& view_;
  PageCheck& check_;
  const Day first_day_;
  std::map<Day, std::map<std::uint32_t, Recount>> recounts_;  // by day, by code of the event
};

}  // namespace rollcall
