// rollcall and its rivals are asked these questions, which have their true answers. Those that are
// answered from sets of days are about users of any event. Those that need the events in their
// order are about names, as bench/measure_history.cpp asks them, or about names and properties. The
// data are of 60 days, numbered from 0.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bench/history_truth.h"
#include "bench/session.h"
#include "bench/truth.h"
#include "rollcall/query.h"
#include "rollcall/types.h"

namespace rollcall::bench {

inline constexpr std::int32_t kRivalDays = 60;
inline constexpr std::int32_t kWindowDays = 30;  // the last ones
inline constexpr std::int32_t kCohorts = 30;     // the first days, followed for as many
inline constexpr std::int32_t kWeekDays = 7;
inline constexpr std::int32_t kWeekFirst = 53;  // the last calendar week, Monday to Sunday
inline constexpr std::int32_t kChurnDay = 52;   // and seen in the next kWeekDays, or not
inline constexpr std::int32_t kActiveWindow = 28;
inline constexpr std::int32_t kActiveFirst = kRivalDays - kActiveWindow;

// Are the questions about sets of days.
enum class Ask : std::uint8_t {
  kDaily,               // users of each day
  kMonthly,             // users of the last 30 days
  kRetention,           // 30 x 30: of those first seen on day c, who came on day c + k
  kRetentionRecurring,  // 30 x 30: of those seen on day c, who came on day c + k
  kLifecycle,           // of the last week: new, returning, resurrecting, dormant users
  kChurn,               // of a day: users, retained and churned ones
  kActiveDays,          // of the last 28 days: users seen on exactly 1, 2, ... 28 of them
};

// Is the workload in the forms that true answers are counted from.
struct TrueEvents {
  explicit TrueEvents(Session& of) : session(of), days(any_event_sets(of.truth())), history(of) {}

  Session& session;
  DaySets days;
  HistoryFloor history;
};

// Says what has to be kept to answer a question.
enum class Kept : std::uint8_t {
  kDays,        // who came on which day
  kOrder,       // every event
  kProperties,  // every event with its properties
};

struct RivalQuestion {
  Kept kept = Kept::kDays;
  std::optional<Ask> ask;            // set if it is about days
  std::string name;                  // "retention_30x30"
  std::string json;                  // as Engine::query takes it
  std::vector<std::string> columns;  // of its answer: the counts that rivals give, in this order
  std::function<Counts(const TrueEvents& events)> truth;
  // Reads the counts where they are not columns of whole numbers; it may be empty.
  std::function<Counts(const QueryResult& answer)> read = {};
};

std::vector<RivalQuestion> rival_questions(Day first_day);

}  // namespace rollcall::bench
