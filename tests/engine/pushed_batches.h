// Batches that several sources push, each known from its source and its number, so that what a
// store must hold is known without asking whoever pushed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/options.h"
#include "tests/support/event_columns.h"
#include "tests/support/naive_engine.h"
#include "tests/support/random.h"
#include "tests/support/times.h"

namespace rollcall::testing {

inline constexpr std::size_t kPushSources = 2;

inline StoreSettings pushed_settings() {
  StoreSettings settings;
  settings.partition_count = 4;
  settings.dimensions = {"country"};
  settings.kept_properties = {"session"};
  return settings;
}

inline std::vector<NaiveEvent> pushed_events(std::size_t source, std::size_t number) {
  Random random(source * 1'000'003 + number);
  std::vector<NaiveEvent> events(5 + random.below(40));
  for (NaiveEvent& event : events) {
    event.user = "user " + std::to_string(random.below(50 + 10 * number));
    event.event = random.chance(70) ? "login" : "buy";
    event.time =
        (kFirstDay.value + random.between(0, 5)) * kDayUs + random.between(0, 86'399) * kSecondUs;
    if (event.event == "buy") event.value = random.between(-50, 500);
    if (random.chance(50)) event.properties["country"] = random.chance(50) ? "DE" : "FR";
    if (random.chance(70)) event.properties["session"] = std::to_string(random.below(30));
  }
  return events;
}

// Pushes a batch as durable, with its token.
inline Result<IngestOutcome> push(Engine& engine, std::size_t source, std::size_t number) {
  const std::vector<NaiveEvent> events = pushed_events(source, number);
  const EventColumns columns(events, engine.settings());
  const BatchToken token{"source " + std::to_string(source), std::to_string(number)};
  return engine.ingest(columns.batch(), {.token = &token, .ack = Ack::kDurable});
}

}  // namespace rollcall::testing
