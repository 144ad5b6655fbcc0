#include "bench/history_floor.h"

#include <algorithm>
#include <numeric>
#include <thread>
#include <tuple>
#include <utility>

namespace rollcall::bench {
namespace {

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

std::vector<std::uint64_t> HistoryFloor::funnel(std::span<const std::uint32_t> steps,
                                                TimeUs window_us, unsigned threads) const {
  const std::size_t users = user_count();
  std::vector<std::vector<std::uint64_t>> parts(threads, std::vector<std::uint64_t>(steps.size()));
  const auto walk = [&](unsigned thread) {
    constexpr TimeUs kNever = INT64_MIN;
    std::vector<TimeUs> starts(steps.size());  // by steps made, less one
    for (std::size_t user = users * thread / threads; user < users * (thread + 1) / threads;
         ++user) {
      std::fill(starts.begin(), starts.end(), kNever);
      std::size_t made = 0;
      for (std::uint64_t i = begins_[user]; i < begins_[user + 1] && made < steps.size(); ++i) {
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
      if (made != 0) ++parts[thread][made - 1];
    }
  };
  std::vector<std::thread> others;
  for (unsigned thread = 1; thread < threads; ++thread) others.emplace_back(walk, thread);
  walk(0);
  for (std::thread& other : others) other.join();
  for (unsigned thread = 1; thread < threads; ++thread) {
    for (std::size_t i = 0; i < steps.size(); ++i) parts[0][i] += parts[thread][i];
  }
  return std::move(parts[0]);
}

}  // namespace rollcall::bench
