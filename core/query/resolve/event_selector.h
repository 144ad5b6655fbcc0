// A selector whose names and values are those of the catalog.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "core/catalog/series_catalog.h"
#include "rollcall/segment.h"

namespace rollcall {

// Says which events of a history a selector means.
struct EventSelector {
  struct Values {
    std::uint32_t dimension = 0;
    std::vector<ValueCode> codes;  // ascending
    friend bool operator==(const Values&, const Values&) = default;
  };
  bool any_name = true;
  std::vector<EventCode> names;  // ascending; of `any_name` none
  std::vector<Values> where;     // each must hold of the same event
  // Is about a kept property, whose values have no codes.
  struct Texts {
    std::uint32_t property = 0;
    std::vector<PropertyCondition> conditions;  // all must hold
    friend bool operator==(const Texts&, const Texts&) = default;
  };
  std::vector<Texts> kept;  // each must hold of the same event
  // Is the least and the most amount of a matching event, which has one that is not 0. If it is
  // unset, the amount does not matter.
  struct Amounts {
    Amount least = std::numeric_limits<Amount>::min();
    Amount most = std::numeric_limits<Amount>::max();
    friend bool operator==(const Amounts&, const Amounts&) = default;
  };
  std::optional<Amounts> amounts;

  std::vector<std::string> notes;  // as SeriesUnion::notes

  // Returns whether they mean the same events.
  friend bool operator==(const EventSelector& a, const EventSelector& b) {
    return a.any_name == b.any_name && a.names == b.names && a.where == b.where &&
           a.kept == b.kept && a.amounts == b.amounts;
  }
};

}  // namespace rollcall
