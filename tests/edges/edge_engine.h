// A small engine with a few events, for tests of what is at its edges.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/memory_store.h"
#include "tests/support/event_columns.h"
#include "tests/support/naive_engine.h"
#include "tests/support/times.h"

namespace rollcall::testing {

// Holds events of 2026-01-01 and the days after it.
inline NaiveEvent edge_event(std::string user, std::int32_t day = 0, std::string name = "login") {
  NaiveEvent event;
  event.user = std::move(user);
  event.event = std::move(name);
  event.time = TimeUs{20'454 + day} * kDayUs;
  event.whole_day = true;
  return event;
}

inline Status ingest_events(Engine& engine, const std::vector<NaiveEvent>& events,
                            const Delivery& delivery = {}) {
  const EventColumns columns(events, engine.settings());
  return engine.ingest(columns.batch(), delivery).status();
}

inline Result<PreparedBatch> prepare_events(const Engine& engine,
                                            const std::vector<NaiveEvent>& events) {
  const EventColumns columns(events, engine.settings());
  return engine.prepare(columns.batch());
}

}  // namespace rollcall::testing
