#include "bench/history_truth.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "bench/workload_properties.h"

namespace rollcall::bench {
namespace {

constexpr TimeUs kNoStart = std::numeric_limits<TimeUs>::min();

using UserEvents = HistoryFloor::UserEvents;

// Returns the number of the step that an event of this name is of, or that of all steps.
std::size_t step_of(const FunnelSteps& funnel, std::uint8_t name) {
  const auto found = std::find(funnel.steps.begin(), funnel.steps.end(), std::uint32_t{name});
  return static_cast<std::size_t>(found - funnel.steps.begin());
}

// Counts users by the steps that steps_made(events) returns.
template <class StepsMade>
Counts users_by_steps(const HistoryFloor& history, const FunnelSteps& funnel,
                      StepsMade steps_made) {
  Counts counts(funnel.steps.size());
  for (std::size_t user = 0; user < history.user_count(); ++user) {
    const std::size_t made = steps_made(history.events_of(user));
    for (std::size_t step = 0; step < made; ++step) ++counts[step];
  }
  return counts;
}

// Returns the most steps of an attempt that begins in [begin, end), at the first event `from` or
// later. Of each step it keeps the latest attempt that made it, which lasts longest.
std::size_t steps_from(const UserEvents& events, const FunnelSteps& funnel, std::size_t from,
                       TimeUs begin, TimeUs end) {
  std::vector<TimeUs> starts(funnel.steps.size(), kNoStart);
  std::size_t made = 0;
  for (std::size_t i = from; i < events.size() && made < starts.size(); ++i) {
    const TimeUs time = events.times[i];
    if (time >= end + funnel.window_us) break;
    const std::size_t step = step_of(funnel, events.names[i]);
    if (step == starts.size()) continue;
    if (step == 0) {
      if (time < begin || time >= end) continue;
      starts[0] = time;
    } else {
      if (starts[step - 1] == kNoStart || time - starts[step - 1] > funnel.window_us) continue;
      starts[step] = starts[step - 1];
    }
    made = std::max(made, step + 1);
  }
  return made;
}

void must_have_no_ties(const HistoryFloor& history) {
  if (history.has_ties()) {
    throw BenchError(
        "two events of a user have the same time, and what is asked is which was first");
  }
}

// Returns the scores of the users, 0 to 4, of whom those with a larger number are better.
std::vector<std::size_t> scores_of(const std::vector<std::int64_t>& numbers) {
  std::vector<std::int64_t> sorted = numbers;
  std::ranges::sort(sorted);
  std::vector<std::size_t> scores;
  for (const std::int64_t number : numbers) {
    const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), number);
    const auto worse = static_cast<std::size_t>(first - sorted.begin());
    const auto alike = static_cast<std::size_t>(last - first);
    scores.push_back(5 * (2 * worse + alike) / (2 * sorted.size()));
  }
  return scores;
}

}  // namespace

Counts funnel_truth(const HistoryFloor& history, const FunnelSteps& funnel) {
  Counts counts = history.funnel(funnel.steps, funnel.window_us, 1);
  for (std::size_t i = counts.size(); i-- > 1;) counts[i - 1] += counts[i];
  return counts;
}

Counts strict_funnel_truth(const HistoryFloor& history, const FunnelSteps& funnel) {
  must_have_no_ties(history);
  return users_by_steps(history, funnel, [&](const UserEvents& events) {
    std::size_t made = 0;
    for (std::size_t first = 0; first < events.size(); ++first) {
      std::size_t step = 0;
      while (step < funnel.steps.size() && first + step < events.size() &&
             events.names[first + step] == funnel.steps[step] &&
             events.times[first + step] - events.times[first] <= funnel.window_us) {
        ++step;
      }
      made = std::max(made, step);
    }
    return made;
  });
}

Counts any_funnel_truth(const HistoryFloor& history, const FunnelSteps& funnel) {
  return users_by_steps(history, funnel, [&](const UserEvents& events) {
    std::vector<TimeUs> latest(funnel.steps.size(), kNoStart);
    std::size_t made = 0;
    for (std::size_t i = 0; i < events.size(); ++i) {
      const std::size_t step = step_of(funnel, events.names[i]);
      if (step == latest.size()) continue;
      latest[step] = events.times[i];
      const auto within = std::count_if(latest.begin(), latest.end(), [&](TimeUs time) {
        return time != kNoStart && events.times[i] - time <= funnel.window_us;
      });
      made = std::max(made, static_cast<std::size_t>(within));
    }
    return made;
  });
}

Counts excluding_funnel_truth(const HistoryFloor& history, const FunnelSteps& funnel,
                              std::uint32_t exclusion) {
  must_have_no_ties(history);
  return users_by_steps(history, funnel, [&](const UserEvents& events) {
    std::size_t made = 0;
    for (std::size_t first = 0; first < events.size(); ++first) {
      if (events.names[first] != funnel.steps[0]) continue;
      std::size_t step = 1;
      for (std::size_t i = first + 1;
           i < events.size() && step < funnel.steps.size() && step != 0 &&
           events.times[i] - events.times[first] <= funnel.window_us;
           ++i) {
        if (events.names[i] == exclusion) {
          step = 0;
        } else if (events.names[i] == funnel.steps[step]) {
          ++step;
        }
      }
      made = std::max(made, step);
    }
    return made;
  });
}

Counts funnel_trend_truth(const HistoryFloor& history, const FunnelSteps& funnel,
                          std::span<const TimeUs> begins) {
  const std::size_t width = funnel.steps.size();
  Counts counts((begins.size() - 1) * width);
  for (std::size_t user = 0; user < history.user_count(); ++user) {
    const UserEvents events = history.events_of(user);
    for (std::size_t period = 0; period + 1 < begins.size(); ++period) {
      const auto from = std::lower_bound(events.times.begin(), events.times.end(), begins[period]);
      const std::size_t made =
          steps_from(events, funnel, static_cast<std::size_t>(from - events.times.begin()),
                     begins[period], begins[period + 1]);
      for (std::size_t step = 0; step < made; ++step) ++counts[period * width + step];
    }
  }
  return counts;
}

Counts rolling_retention_truth(const HistoryFloor& history, TimeUs first, std::size_t cohorts,
                               std::size_t periods) {
  Counts counts(cohorts * periods);
  std::vector<bool> seen;
  for (std::size_t user = 0; user < history.user_count(); ++user) {
    const UserEvents events = history.events_of(user);
    if (events.size() == 0) continue;
    const auto cohort = static_cast<std::size_t>((events.times[0] - first) / kDayUs);
    if (cohort >= cohorts) continue;
    seen.assign(periods, false);
    for (const TimeUs time : events.times) {
      const auto period = static_cast<std::size_t>((time - events.times[0]) / kDayUs);
      if (period < periods) seen[period] = true;
    }
    for (std::size_t period = 0; period < periods; ++period) {
      counts[cohort * periods + period] += seen[period];
    }
  }
  return counts;
}

namespace {

// Counts the users of aha_truth(), unsorted, and beside them those for whom is_retained(events).
template <class IsRetained>
std::vector<std::pair<std::uint64_t, std::uint64_t>> aha_users(
    const HistoryFloor& history, TimeUs first, std::int32_t days,
    std::span<const std::uint32_t> candidates, std::span<const std::int32_t> at_least,
    TimeUs within_us, IsRetained is_retained) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> counts(candidates.size() * at_least.size());
  for (std::size_t user = 0; user < history.user_count(); ++user) {
    const UserEvents events = history.events_of(user);
    if (events.size() == 0 || events.times[0] >= first + days * kDayUs) continue;
    const TimeUs start = events.times[0];
    const bool came_back = is_retained(events);
    for (std::size_t candidate = 0; candidate < candidates.size(); ++candidate) {
      std::int32_t times = 0;
      bool has_other_first = false;
      for (std::size_t i = 0; i < events.size() && events.times[i] - start <= within_us; ++i) {
        const bool is_one = (candidates[candidate] >> events.names[i] & 1) != 0;
        times += is_one ? 1 : 0;
        has_other_first = has_other_first || (events.times[i] == start && !is_one);
      }
      if (!has_other_first) --times;
      for (std::size_t level = 0; level < at_least.size(); ++level) {
        if (times < at_least[level]) continue;
        auto& [all, retained] = counts[candidate * at_least.size() + level];
        ++all;
        retained += came_back ? 1U : 0U;
      }
    }
  }
  std::ranges::sort(counts);
  return counts;
}

}  // namespace

Counts aha_truth(const HistoryFloor& history, TimeUs first, std::int32_t days,
                 std::span<const std::uint32_t> candidates, std::span<const std::int32_t> at_least,
                 TimeUs within_us) {
  Counts counts;
  const auto nobody = [](const UserEvents&) { return false; };
  for (const auto& [all, retained] :
       aha_users(history, first, days, candidates, at_least, within_us, nobody)) {
    counts.push_back(all);
  }
  return counts;
}

Counts aha_retained_truth(const HistoryFloor& history, TimeUs first, std::int32_t days,
                          std::span<const std::uint32_t> candidates,
                          std::span<const std::int32_t> at_least, TimeUs within_us,
                          std::int32_t from_day, std::int32_t to_day) {
  const auto came_back = [=](const UserEvents& events) {
    const TimeUs day = events.times[0] / kDayUs;
    return std::ranges::any_of(events.times, [=](TimeUs time) {
      const TimeUs since = time / kDayUs - day;
      return since >= from_day && since <= to_day;
    });
  };
  Counts counts;
  for (const auto& [all, retained] :
       aha_users(history, first, days, candidates, at_least, within_us, came_back)) {
    counts.insert(counts.end(), {all, retained});
  }
  return counts;
}

Counts ltv_truth(Session& session, std::int32_t days, std::span<const std::int32_t> horizons) {
  const WorkloadWOptions& workload = session.options().workload;
  struct Spent {
    std::int32_t day;
    Amount value;
  };
  constexpr std::int32_t kNever = std::numeric_limits<std::int32_t>::max();
  std::vector<std::int32_t> first_days(workload.users, kNever);
  std::vector<std::vector<Spent>> spent(workload.users);
  for (std::size_t number = 0; number < session.round_count(); ++number) {
    const WorkloadRows& rows = session.round(IdKind::kDense, number).rows();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::uint64_t user = rows.users[i];
      const auto day = static_cast<std::int32_t>(rows.times[i] / kDayUs) - workload.first_day.value;
      first_days[user] = std::min(first_days[user], day);
      if (rows.values[i] != 0) spent[user].push_back({day, rows.values[i]});
    }
  }
  constexpr std::size_t kColumns = 3;
  std::vector<std::vector<Counts>> cells(static_cast<std::size_t>(days));
  for (auto& of_day : cells) of_day.assign(horizons.size(), Counts(kColumns));
  for (std::size_t user = 0; user < first_days.size(); ++user) {
    if (first_days[user] == kNever) continue;
    for (std::size_t horizon = 0; horizon < horizons.size(); ++horizon) {
      Amount sum = 0;
      for (const Spent& one : spent[user]) {
        if (one.day <= first_days[user] + horizons[horizon]) sum += one.value;
      }
      Counts& cell = cells[static_cast<std::size_t>(first_days[user])][horizon];
      ++cell[0];
      cell[1] += sum > 0 ? 1U : 0U;
      cell[2] += static_cast<std::uint64_t>(sum);
    }
  }
  Counts counts;
  for (std::int32_t day = 0; day < days; ++day) {
    for (std::size_t horizon = 0; horizon < horizons.size(); ++horizon) {
      if (day + horizons[horizon] >= days) continue;
      const Counts& cell = cells[static_cast<std::size_t>(day)][horizon];
      counts.insert(counts.end(), cell.begin(), cell.end());
    }
  }
  return counts;
}

Counts times_truth(const HistoryFloor& history, std::uint32_t event, TimeUs since,
                   std::size_t times) {
  std::uint64_t users = 0;
  for (std::size_t user = 0; user < history.user_count(); ++user) {
    const UserEvents events = history.events_of(user);
    std::size_t count = 0;
    for (std::size_t i = 0; i < events.size(); ++i) {
      count += events.names[i] == event && events.times[i] >= since;
    }
    users += count >= times;
  }
  return {users};
}

Counts risk_truth(const HistoryFloor& history, TimeUs end) {
  constexpr TimeUs kWeekUs = 7 * kDayUs;
  constexpr std::size_t kEventsBefore = 4;
  std::uint64_t silent = 0, declining = 0;
  for (std::size_t user = 0; user < history.user_count(); ++user) {
    std::size_t in_base = 0, before = 0, since = 0;
    for (const TimeUs time : history.events_of(user).times) {
      if (time >= end) continue;
      in_base += time >= end - 30 * kDayUs;
      since += time >= end - kWeekUs;
      before += time >= end - 2 * kWeekUs && time < end - kWeekUs;
    }
    if (in_base == 0) continue;
    silent += since == 0;
    declining += since != 0 && before >= kEventsBefore && 2 * since <= before;
  }
  return {silent, declining};
}

Counts amount_truth(Session& session, std::uint32_t event, TimeUs since, Amount low, Amount high) {
  std::vector<bool> found(session.options().workload.users);
  for (std::size_t number = 0; number < session.round_count(); ++number) {
    const WorkloadRows& rows = session.round(IdKind::kDense, number).rows();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows.events[i] == event && rows.times[i] >= since && rows.values[i] >= low &&
          rows.values[i] < high) {
        found[rows.users[i]] = true;
      }
    }
  }
  return {static_cast<std::uint64_t>(std::count(found.begin(), found.end(), true))};
}

bool PropertyPair::is_of(TimeUs time) const {
  return channel_of(time) == channel && product_of(time) == product;
}

Counts properties_truth(const HistoryFloor& history, std::uint32_t event, PropertyPair wanted) {
  std::uint64_t users = 0;
  for (std::size_t user = 0; user < history.user_count(); ++user) {
    const UserEvents events = history.events_of(user);
    bool is_one = false;
    for (std::size_t i = 0; i < events.size(); ++i) {
      is_one = is_one || (events.names[i] == event && wanted.is_of(events.times[i]));
    }
    users += is_one;
  }
  return {users};
}

Counts properties_funnel_truth(const HistoryFloor& history, const FunnelSteps& funnel,
                               PropertyPair wanted) {
  std::vector<TimeUs> times;
  std::vector<std::uint8_t> names;
  return users_by_steps(history, funnel, [&](const UserEvents& events) {
    times.clear();
    names.clear();
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (events.names[i] == funnel.steps.back() && !wanted.is_of(events.times[i])) continue;
      times.push_back(events.times[i]);
      names.push_back(events.names[i]);
    }
    return steps_from({times, names}, funnel, 0, std::numeric_limits<TimeUs>::min(),
                      std::numeric_limits<TimeUs>::max() - funnel.window_us);
  });
}

Counts rfm_truth(Session& session) {
  struct User {
    std::int64_t last_day = 0, events = 0, value = 0;
  };
  std::vector<User> users(session.options().workload.users);
  for (std::size_t number = 0; number < session.round_count(); ++number) {
    const WorkloadRows& rows = session.round(IdKind::kDense, number).rows();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      User& user = users[rows.users[i]];
      user.last_day = std::max(user.last_day, rows.times[i] / kDayUs);
      ++user.events;
      user.value += rows.values[i];
    }
  }
  std::erase_if(users, [](const User& user) { return user.events == 0; });
  const auto scores_by = [&](std::int64_t User::*member) {
    std::vector<std::int64_t> numbers;
    for (const User& user : users) numbers.push_back(user.*member);
    return scores_of(numbers);
  };
  const std::vector<std::size_t> r = scores_by(&User::last_day), f = scores_by(&User::events),
                                 m = scores_by(&User::value);
  Counts cells(125);
  for (std::size_t user = 0; user < users.size(); ++user) {
    ++cells[(r[user] * 5 + f[user]) * 5 + m[user]];
  }
  return cells;
}

}  // namespace rollcall::bench
