// These are events of whole days, which count from 2026-01-01.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "rollcall/types.h"
#include "tests/support/naive_data.h"
#include "tests/support/times.h"

namespace rollcall::testing {

inline NaiveEvent event(std::string user, std::int32_t day, std::string name) {
  NaiveEvent event;
  event.user = std::move(user);
  event.event = std::move(name);
  event.time = (kFirstDay + day).value * kDayUs;
  event.whole_day = true;
  return event;
}

}  // namespace rollcall::testing
