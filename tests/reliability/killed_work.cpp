#include "tests/reliability/killed_work.h"

#include <string>

#include "tests/support/event_columns.h"
#include "tests/support/random.h"
#include "tests/support/times.h"

namespace rollcall::testing {

namespace {

constexpr std::int32_t kDays = 6;
constexpr std::size_t kUsersOfCall = 2;

std::string source_name(std::size_t source) { return "source " + std::to_string(source); }

std::string user_name(std::size_t number) { return "user " + std::to_string(number); }

// This event is of a user who is never forgotten.
NaiveEvent event_of_keeper(const std::string& event, TimeUs time, const std::string& country) {
  return {.user = "keeper",
          .event = event,
          .time = time,
          .value = {},
          .properties = {{"country", country}}};
}

}  // namespace

StoreSettings killed_settings() {
  StoreSettings settings;
  settings.partition_count = 8;
  settings.dimensions = {"country"};
  settings.kept_properties = {"session"};
  return settings;
}

std::vector<NaiveEvent> killed_events(std::size_t source, std::size_t number) {
  Random random(source * 1'000'003 + number);
  std::vector<NaiveEvent> events = {
      event_of_keeper("login", kFirstDayUs, "DE"),
      event_of_keeper("buy", kFirstDayUs, "FR"),
      event_of_keeper("login", kFirstDayUs + kDays * kDayUs - kSecondUs, "FR"),
  };
  for (std::size_t i = 2 + random.below(8); i > 0; --i) {
    NaiveEvent& event = events.emplace_back();
    event.user = user_name(random.below(40 + 2 * number));
    event.event = random.chance(70) ? "login" : "buy";
    event.time = kFirstDayUs + random.between(0, kDays * 86'400 - 1) * kSecondUs;
    if (event.event == "buy") event.value = random.between(-50, 500);
    if (random.chance(50)) event.properties["country"] = random.chance(50) ? "DE" : "FR";
    if (random.chance(70)) event.properties["session"] = std::to_string(random.below(20));
  }
  return events;
}

Ack killed_ack(std::size_t source, std::size_t number) {
  const bool in_memory = source == 2 || (source == 1 && number % 4 == 3);
  return in_memory ? Ack::kMemory : Ack::kDurable;
}

Result<IngestOutcome> ingest_killed(Engine& engine, std::size_t source, std::size_t number) {
  const std::vector<NaiveEvent> events = killed_events(source, number);
  const EventColumns columns(events, engine.settings());
  const SourcePosition position{source_name(source), std::to_string(number + 1)};
  const BatchToken token{source_name(source), std::to_string(number)};
  return engine.ingest(columns.batch(), {.positions = {&position, 1},
                                         .token = source == 2 ? nullptr : &token,
                                         .ack = killed_ack(source, number)});
}

std::vector<UserId> users_to_forget(std::size_t number) {
  std::vector<UserId> users;
  for (std::size_t i = 0; i < kUsersOfCall; ++i) {
    users.emplace_back(user_name(number * kUsersOfCall + i));
  }
  return users;
}

Result<Standing> standing_of(const Engine& engine) {
  Standing standing;
  for (const SourcePosition& position : engine.sources()) {
    for (std::size_t source = 0; source < kKilledSources; ++source) {
      if (position.id == source_name(source)) {
        standing.batches[source] = std::stoull(position.position);
      }
    }
  }
  const std::uint64_t forgotten = engine.info().forgotten_count;
  if (forgotten % kUsersOfCall != 0) {
    return Status::corruption(std::to_string(forgotten) + " users are forgotten, in calls of " +
                              std::to_string(kUsersOfCall));
  }
  standing.forgets = forgotten / kUsersOfCall;
  return standing;
}

}  // namespace rollcall::testing
