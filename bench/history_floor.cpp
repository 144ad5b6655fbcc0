#include "bench/history_floor.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>
#include <thread>
#include <tuple>
#include <utility>

namespace rollcall::bench {
namespace {

constexpr TimeUs kNever = std::numeric_limits<TimeUs>::min();
constexpr TimeUs kLast = std::numeric_limits<TimeUs>::max();

struct Row {
  TimeUs time;
  std::uint8_t name;
};

}  // namespace

HistoryFloor::HistoryFloor(Session& session) {
  const std::size_t users = session.options().workload.users;
  begins_.assign(users + 1, 0);
  const auto for_each = [&](auto visit) {
    for (std::size_t number = 0; number < session.round_count(); ++number) {
      const WorkloadColumns& columns = session.round(IdKind::kDense, number);
      for (std::size_t i = 0; i < columns.size(); ++i) visit(columns, i);
    }
  };
  const auto user_of = [&](const WorkloadColumns& columns, std::size_t i) {
    const std::uint64_t user = columns.rows().users[i];
    if (user >= users) throw BenchError("a user of the workload is past its users");
    return static_cast<std::size_t>(user);
  };
  for_each(
      [&](const WorkloadColumns& columns, std::size_t i) { ++begins_[user_of(columns, i) + 1]; });
  std::partial_sum(begins_.begin(), begins_.end(), begins_.begin());
  std::vector<Row> rows(begins_.back());
  std::vector<std::uint64_t> next(begins_.begin(), begins_.end() - 1);
  for_each([&](const WorkloadColumns& columns, std::size_t i) {
    rows[next[user_of(columns, i)]++] = {columns.rows().times[i],
                                         static_cast<std::uint8_t>(columns.rows().events[i])};
  });
  times_.resize(rows.size());
  names_.resize(rows.size());
  for (std::size_t user = 0; user < users; ++user) {
    const auto first = rows.begin() + static_cast<std::ptrdiff_t>(begins_[user]);
    const auto last = rows.begin() + static_cast<std::ptrdiff_t>(begins_[user + 1]);
    std::sort(first, last, [](const Row& a, const Row& b) {
      return std::tie(a.time, a.name) < std::tie(b.time, b.name);
    });
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    times_[i] = rows[i].time;
    names_[i] = rows[i].name;
  }
}

HistoryFloor::UserEvents HistoryFloor::events_of(std::size_t user) const {
  const std::size_t begin = begins_[user], count = begins_[user + 1] - begin;
  return {std::span(times_).subspan(begin, count), std::span(names_).subspan(begin, count)};
}

bool HistoryFloor::has_ties() const {
  for (std::size_t user = 0; user < user_count(); ++user) {
    const std::span<const TimeUs> times = events_of(user).times;
    if (std::adjacent_find(times.begin(), times.end()) != times.end()) return true;
  }
  return false;
}

template <class CountUser>
std::vector<std::uint64_t> HistoryFloor::sum_users(std::size_t counts, unsigned threads,
                                                   CountUser count_user) const {
  const std::size_t users = user_count();
  std::vector<std::vector<std::uint64_t>> parts(threads, std::vector<std::uint64_t>(counts));
  const auto walk = [&](unsigned thread) {
    CountUser count = count_user;
    for (std::size_t user = users * thread / threads; user < users * (thread + 1) / threads;
         ++user) {
      count(begins_[user], begins_[user + 1], parts[thread].data());
    }
  };
  std::vector<std::thread> others;
  for (unsigned thread = 1; thread < threads; ++thread) others.emplace_back(walk, thread);
  walk(0);
  for (std::thread& other : others) other.join();
  for (unsigned thread = 1; thread < threads; ++thread) {
    for (std::size_t i = 0; i < counts; ++i) parts[0][i] += parts[thread][i];
  }
  return std::move(parts[0]);
}

std::vector<std::uint64_t> HistoryFloor::funnel(std::span<const std::uint32_t> steps,
                                                TimeUs window_us, unsigned threads) const {
  return sum_users(
      steps.size(), threads,
      [this, steps, window_us, starts = std::vector<TimeUs>(steps.size())](
          std::uint64_t begin, std::uint64_t end, std::uint64_t* counts) mutable {
        std::fill(starts.begin(), starts.end(), kNever);  // by steps made, less one
        std::size_t made = 0;
        for (std::uint64_t i = begin; i < end && made < steps.size(); ++i) {
          for (std::size_t step = steps.size(); step-- > 0;) {
            if (names_[i] != steps[step]) continue;
            if (step == 0) {
              starts[0] = times_[i];
            } else if (starts[step - 1] != kNever && times_[i] - starts[step - 1] <= window_us) {
              starts[step] = std::max(starts[step], starts[step - 1]);
            } else {
              continue;
            }
            made = std::max(made, step + 1);
          }
        }
        if (made != 0) ++counts[made - 1];
      });
}

std::vector<std::uint64_t> HistoryFloor::strict_funnel(std::span<const std::uint32_t> steps,
                                                       TimeUs window_us, unsigned threads) const {
  return sum_users(
      steps.size(), threads,
      [this, steps, window_us](std::uint64_t begin, std::uint64_t end, std::uint64_t* counts) {
        std::size_t made = 0;
        for (std::uint64_t i = begin; i < end && made < steps.size(); ++i) {
          if (names_[i] != steps[0]) continue;
          std::size_t step = 1;
          while (step < steps.size() && i + step < end && names_[i + step] == steps[step] &&
                 times_[i + step] - times_[i] <= window_us) {
            ++step;
          }
          made = std::max(made, step);
        }
        if (made != 0) ++counts[made - 1];
      });
}

// Between two events that exclude, attempts whose window ends before the later one count whatever
// they make, and others only if they make all steps.
std::vector<std::uint64_t> HistoryFloor::excluding_funnel(std::span<const std::uint32_t> steps,
                                                          TimeUs window_us, std::uint32_t exclusion,
                                                          unsigned threads) const {
  return sum_users(steps.size(), threads,
                   [this, steps, window_us, exclusion, sure = std::vector<TimeUs>(steps.size()),
                    any = std::vector<TimeUs>(steps.size())](std::uint64_t begin, std::uint64_t end,
                                                             std::uint64_t* counts) mutable {
                     std::size_t made = 0;
                     for (std::uint64_t from = begin; from < end && made < steps.size();) {
                       const auto stop = static_cast<std::uint64_t>(
                           std::find(names_.begin() + static_cast<std::ptrdiff_t>(from),
                                     names_.begin() + static_cast<std::ptrdiff_t>(end), exclusion) -
                           names_.begin());
                       const TimeUs sure_before = stop == end ? kLast : times_[stop] - window_us;
                       std::fill(sure.begin(), sure.end(), kNever);
                       std::fill(any.begin(), any.end(), kNever);
                       for (std::uint64_t i = from; i < stop && made < steps.size(); ++i) {
                         const TimeUs time = times_[i];
                         if (names_[i] == steps[0]) {
                           any[0] = time;
                           if (time >= sure_before) continue;
                           sure[0] = time;
                           made = std::max<std::size_t>(made, 1);
                           continue;
                         }
                         for (std::size_t step = 1; step < steps.size(); ++step) {
                           if (names_[i] != steps[step]) continue;
                           if (any[step - 1] != kNever && time - any[step - 1] <= window_us) {
                             any[step] = any[step - 1];
                             if (step + 1 == steps.size()) made = steps.size();
                           }
                           if (sure[step - 1] != kNever && time - sure[step - 1] <= window_us) {
                             sure[step] = sure[step - 1];
                             made = std::max(made, step + 1);
                           }
                         }
                       }
                       from = stop + 1;
                     }
                     if (made != 0) ++counts[made - 1];
                   });
}

std::vector<std::uint64_t> HistoryFloor::rolling_retention(TimeUs first, std::size_t cohorts,
                                                           std::size_t periods,
                                                           unsigned threads) const {
  constexpr TimeUs kDayUs = std::int64_t{86'400} * 1'000'000;
  return sum_users(cohorts * periods, threads,
                   [this, first, cohorts, periods](std::uint64_t begin, std::uint64_t end,
                                                   std::uint64_t* counts) {
                     if (begin == end) return;
                     const TimeUs start = times_[begin];
                     const auto cohort = static_cast<std::size_t>((start - first) / kDayUs);
                     if (cohort >= cohorts) return;
                     std::uint64_t seen = 0;  // bit k: in period k
                     for (std::uint64_t i = begin; i < end; ++i) {
                       const auto period = static_cast<std::uint64_t>(times_[i] - start) / kDayUs;
                       if (period >= periods) break;
                       seen |= std::uint64_t{1} << period;
                     }
                     for (; seen != 0; seen &= seen - 1) {
                       ++counts[cohort * periods + static_cast<unsigned>(std::countr_zero(seen))];
                     }
                   });
}

std::uint64_t HistoryFloor::users_with(std::uint32_t event, TimeUs since, std::size_t times,
                                       unsigned threads) const {
  return sum_users(1, threads,
                   [this, event, since, times](std::uint64_t begin, std::uint64_t end,
                                               std::uint64_t* counts) {
                     std::size_t found = 0;
                     for (std::uint64_t i = begin; i < end; ++i) {
                       found += names_[i] == event && times_[i] >= since ? 1U : 0U;
                     }
                     counts[0] += found >= times ? 1U : 0U;
                   })
      .front();
}

}  // namespace rollcall::bench
