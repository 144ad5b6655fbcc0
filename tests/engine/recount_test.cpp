// A large stream is answered under a memory budget that it does not fit, and compared with a
// recount by plain arrays: a set of days per user, and loops. ROLLCALL_RECOUNT_EVENTS=50000000 is
// the size at which it was last run by hand; the default is short.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <vector>

#include "bench/workload.h"
#include "rollcall/engine.h"
#include "rollcall/rocks_store.h"
#include "tests/support/times.h"

namespace rollcall::testing {
namespace {

constexpr std::int32_t kDays = 60;
constexpr std::uint64_t kEventsPerUser = 25;

std::uint64_t event_count() {
  const char* text = std::getenv("ROLLCALL_RECOUNT_EVENTS");
  return text == nullptr ? 400'000 : std::strtoull(text, nullptr, 10);
}

using Masks = std::vector<std::uint64_t>;  // by user: bit d is set when active on day d

std::uint64_t days_between(std::int32_t first, std::int32_t last) {
  last = std::min(last, kDays - 1);
  if (first > last) return 0;
  return (~std::uint64_t{0} >> (63 - last)) & (~std::uint64_t{0} << first);
}

std::int64_t integer(const Cell& cell) { return std::get<std::int64_t>(cell); }

class Recount : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ =
        std::filesystem::temp_directory_path() / ("rollcall-recount-" + std::to_string(::getpid()));
    workload_.events = event_count();
    workload_.users = std::max<std::uint64_t>(1, workload_.events / kEventsPerUser);
    workload_.days = kDays;
    workload_.ids = WorkloadIds::kScattered;
    first_day_ = workload_.first_day.value;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  QueryResult ask(const std::string& json) {
    Result<QueryResult> result = engine_->query(json);
    EXPECT_TRUE(result.ok()) << json << ": " << result.status().to_string();
    return result.ok() ? *std::move(result) : QueryResult{};
  }
  std::int32_t day_of(const Cell& cell) const { return std::get<Day>(cell).value - first_day_; }

  // Counts users whose mask has a bit in each of the two.
  std::int64_t count(const Masks& masks, std::uint64_t first, std::uint64_t second) const {
    return std::count_if(masks.begin(), masks.end(), [&](std::uint64_t mask) {
      return (mask & first) != 0 && (mask & second) != 0;
    });
  }

  void check(const Masks& any, const Masks& logins);

  std::filesystem::path directory_;
  WorkloadOptions workload_;
  std::int32_t first_day_ = 0;
  std::unique_ptr<Engine> engine_;
};

void Recount::check(const Masks& any, const Masks& logins) {
  for (const auto& [event, masks] : {std::pair("*", &any), std::pair("login", &logins)}) {
    SCOPED_TRACE(event);
    const std::string selector = std::string(R"("event": ")") + event + '"';
    const QueryResult active = ask(R"({"kind": "active", )" + selector + "}");
    ASSERT_FALSE(active.rows.empty());
    for (const auto& row : active.rows) {
      const std::uint64_t day = days_between(day_of(row[0]), day_of(row[0]));
      ASSERT_EQ(integer(row[1]), count(*masks, day, day));
    }
    const QueryResult window = ask(R"({"kind": "active", "window_days": 30, )" + selector + "}");
    for (const auto& row : window.rows) {
      const std::uint64_t days = days_between(std::max(0, day_of(row[0]) - 29), day_of(row[0]));
      ASSERT_EQ(integer(row[1]), count(*masks, days, days));
    }
    const QueryResult churn =
        ask(R"({"kind": "churn", "rule": {"gap_days": 7}, )" + selector + "}");
    for (const auto& row : churn.rows) {
      const std::int32_t day = day_of(row[0]);
      ASSERT_EQ(integer(row[1]), count(*masks, days_between(day, day), days_between(day, day)));
      ASSERT_EQ(integer(row[2]),
                count(*masks, days_between(day, day), days_between(day + 1, day + 7)));
    }
  }

  // The cohorts are by first login, and users come back with anything.
  std::vector<std::int64_t> sizes(kDays);
  std::vector<std::vector<std::int64_t>> back(kDays, std::vector<std::int64_t>(kDays));
  std::vector<std::int64_t> idle(kDays);
  for (std::size_t user = 0; user < any.size(); ++user) {
    if (any[user] != 0) ++idle[static_cast<std::size_t>(63 - std::countl_zero(any[user]))];
    if (logins[user] == 0) continue;
    const auto first = static_cast<std::size_t>(std::countr_zero(logins[user]));
    ++sizes[first];
    for (std::size_t k = 0; first + k < kDays; ++k)
      back[first][k] += static_cast<std::int64_t>((any[user] >> (first + k)) & 1);
  }
  const QueryResult retention =
      ask(R"({"kind": "retention", "cohort_event": "login", "periods": 30, "summary": "none"})");
  ASSERT_GT(retention.rows.size(), 1000u);
  for (const auto& row : retention.rows) {
    const auto day = static_cast<std::size_t>(day_of(row[0]));
    const auto period = static_cast<std::size_t>(integer(row[2]));
    ASSERT_EQ(integer(row[1]), sizes[day]);
    ASSERT_EQ(integer(row[3]), back[day][period]) << day << " + " << period;
  }
  const QueryResult ages = ask(R"({"kind": "idle", "edges": "each"})");
  const std::int32_t last_day = day_of(ask(R"({"kind": "active"})").rows.back()[0]);
  for (const auto& row : ages.rows) {
    ASSERT_EQ(integer(row[2]), idle[static_cast<std::size_t>(last_day - integer(row[0]))]);
  }
}

TEST_F(Recount, AnswersAreThoseOfPlainArrays) {
  const auto open = [&] {
    EngineOptions options;
    // About a third of what the aggregates would take; the user index alone takes a part of it.
    options.memory_bytes_max = std::max<std::size_t>(workload_.users * 100, std::size_t{8} << 20);
    options.checkpoint_dirty_bytes_max = options.memory_bytes_max / 2;
    options.settings.emplace();
    options.settings->user_kind = UserKind::kInteger;
    Result<std::unique_ptr<Store>> store = open_rocks_store(directory_.string());
    ASSERT_TRUE(store.ok()) << store.status().to_string();
    Result<std::unique_ptr<Engine>> engine = Engine::open(*std::move(store), options);
    ASSERT_TRUE(engine.ok()) << engine.status().to_string();
    engine_ = *std::move(engine);
  };
  open();
  workload_.batch_rows = std::size_t{1} << 18;
  Masks any(workload_.users);
  Masks logins(workload_.users);
  std::uint64_t resident_max = 0;
  const Status generated = generate_workload(workload_, [&](const WorkloadBatch& batch) {
    EventBatch events = batch.events;
    events.properties = {};
    for (std::size_t row = 0; row < events.time.size(); ++row) {
      const auto day = events.time[row] / kDayUs - first_day_;
      const std::uint64_t bit = std::uint64_t{1} << day;
      any[batch.users[row]] |= bit;
      if (events.event.values[events.event.codes[row]] == "login") logins[batch.users[row]] |= bit;
    }
    Status status = engine_->ingest(events).status();
    resident_max = std::max(resident_max, engine_->info().resident_bytes);
    return status;
  });
  ASSERT_TRUE(generated.ok()) << generated.to_string();
  check(any, logins);
  const EngineInfo info = engine_->info();
  EXPECT_EQ(info.event_count, workload_.events);
  ASSERT_TRUE(engine_->close().ok());
  open();
  check(any, logins);
  std::cout << "ROLLCALL_RECOUNT_EVENTS=" << workload_.events << ": " << info.user_count
            << " users, budget " << workload_.users * 100 / 1'000'000 << " MB, resident at most "
            << resident_max / 1'000'000 << " MB" << std::endl;
}

}  // namespace
}  // namespace rollcall::testing
