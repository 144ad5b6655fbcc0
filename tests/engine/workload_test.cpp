// The generated workload is what its header promises, and the engine's answers about it are the
// truth that it was counted by.
#include "bench/workload.h"

#include <gtest/gtest.h>
#include <xxhash.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "rollcall/engine.h"
#include "rollcall/memory_store.h"
#include "tests/support/times.h"

namespace rollcall::testing {
namespace {

// Returns a digest of every column of every batch.
class Digest {
 public:
  Status add(const WorkloadBatch& batch) {
    add_all(batch.users);
    add_all(batch.events.user_integers);
    for (const std::string_view user : batch.events.user_strings) add_text(user);
    add_all(batch.events.event.codes);
    for (const std::string_view name : batch.events.event.values) add_text(name);
    add_all(batch.events.time);
    add_all(batch.events.value);
    for (const PropertyColumn& property : batch.events.properties) {
      add_text(property.name);
      for (const std::string_view value : property.column.values) add_text(value);
      add_all(property.column.codes);
    }
    return {};
  }
  std::uint64_t value() const { return value_; }

 private:
  template <class T>
  void add_all(std::span<const T> values) {
    value_ = XXH64(values.data(), values.size_bytes(), value_);
  }
  void add_text(std::string_view text) { value_ = XXH64(text.data(), text.size(), value_); }

  std::uint64_t value_ = 0;
};

std::uint64_t digest_of(const WorkloadOptions& options) {
  Digest digest;
  const Status status =
      generate_workload(options, [&](const WorkloadBatch& batch) { return digest.add(batch); });
  EXPECT_TRUE(status.ok()) << status.to_string();
  return digest.value();
}

WorkloadOptions small_workload() {
  WorkloadOptions options;
  options.events = 100'000;
  options.users = 5'000;
  return options;
}

// Numbers published with a seed stay true: a change of the generator must be meant.
TEST(Workload, SameSeedGivesTheSameBytesOnEveryMachine) {
  WorkloadOptions options = small_workload();
  EXPECT_EQ(digest_of(options), 12'703'325'893'253'806'318u);
  options.ids = WorkloadIds::kScattered;
  EXPECT_EQ(digest_of(options), 1'396'362'612'886'061'088u);
  options.ids = WorkloadIds::kString;
  EXPECT_EQ(digest_of(options), 6'719'707'716'788'926'834u);
}

TEST(Workload, AnotherSeedGivesAnotherStream) {
  WorkloadOptions options = small_workload();
  const std::uint64_t first = digest_of(options);
  options.seed = 2;
  EXPECT_NE(digest_of(options), first);
}

TEST(Workload, HoldsAsManyEventsAndUsersAsAskedFor) {
  for (const auto& [events, users, days] :
       std::vector<std::tuple<std::uint64_t, std::uint64_t, std::int32_t>>{
           {1, 1, 1}, {1, 1, 30}, {7, 7, 3}, {100, 1, 30}, {100, 99, 2}, {50'000, 1'000, 400}}) {
    WorkloadOptions options;
    options.events = events;
    options.users = users;
    options.days = days;
    options.batch_rows = 1000;
    WorkloadTruth truth(options);
    const Status status = generate_workload(options, [&](const WorkloadBatch& batch) {
      EXPECT_LE(batch.users.size(), options.batch_rows);
      truth.add(batch);
      return Status();
    });
    ASSERT_TRUE(status.ok()) << status.to_string();
    EXPECT_EQ(truth.events(), events);
    EXPECT_EQ(truth.users(), users);
  }
}

TEST(Workload, ComesInOrderButForLateEvents) {
  for (const std::uint32_t late_per_thousand : {0u, 10u}) {
    WorkloadOptions options = small_workload();
    options.late_per_thousand = late_per_thousand;
    const TimeUs begin = options.first_day.value * kDayUs;
    TimeUs latest = begin;
    std::uint64_t late = 0;
    const Status status = generate_workload(options, [&](const WorkloadBatch& batch) {
      for (const TimeUs time : batch.events.time) {
        EXPECT_GE(time, begin);
        EXPECT_LT(time, begin + options.days * kDayUs);
        late += time < latest;
        latest = std::max(latest, time);
      }
      return Status();
    });
    ASSERT_TRUE(status.ok());
    if (late_per_thousand == 0) {
      EXPECT_EQ(late, 0u);
    } else {
      EXPECT_GT(late, options.events * late_per_thousand / 2000);
    }
  }
}

TEST(Workload, LooksLikeAProduct) {
  WorkloadOptions options;
  options.events = 500'000;
  options.users = 20'000;
  WorkloadTruth truth(options);
  std::map<std::uint64_t, std::uint64_t> events_by_user;
  std::vector<std::uint64_t> events_by_name(options.event_names.size());
  std::uint64_t with_value = 0, bought = 0;
  const std::size_t purchase = 6;
  ASSERT_EQ(options.event_names[purchase], "purchase");
  const Status status = generate_workload(options, [&](const WorkloadBatch& batch) {
    truth.add(batch);
    for (std::size_t row = 0; row < batch.users.size(); ++row) {
      ++events_by_user[batch.users[row]];
      const std::uint32_t name = batch.events.event.codes[row];
      ++events_by_name[name];
      bought += name == purchase;
      with_value += batch.events.value[row] > 0;
    }
    return Status();
  });
  ASSERT_TRUE(status.ok());

  EXPECT_EQ(events_by_name[0], options.users) << "one signup each";
  EXPECT_EQ(with_value, bought);
  EXPECT_GT(bought, 0u);
  EXPECT_TRUE(std::is_sorted(events_by_name.rbegin(), events_by_name.rend() - 2)) << "rarer";

  const auto days = truth.days();
  EXPECT_GT(days.back().users, 3 * days.front().users) << "growth";
  EXPECT_FALSE(days.back().back_after_1.has_value());
  const auto rate = [](const auto& part, std::uint64_t whole) {
    return static_cast<double>(*part) / static_cast<double>(whole);
  };
  EXPECT_GT(rate(days[10].back_after_1, days[10].new_users), 0.15);
  EXPECT_LT(rate(days[10].back_after_1, days[10].new_users), 0.6);
  EXPECT_LT(rate(days[10].back_after_7, days[10].new_users),
            rate(days[10].back_after_1, days[10].new_users));

  std::vector<std::uint64_t> counts;
  for (const auto& [user, events] : events_by_user) counts.push_back(events);
  std::sort(counts.rbegin(), counts.rend());
  std::uint64_t of_busiest_tenth = 0;
  for (std::size_t i = 0; i < counts.size() / 10; ++i) of_busiest_tenth += counts[i];
  EXPECT_GT(of_busiest_tenth, options.events / 4) << "some come far more often";
}

TEST(Workload, IdsAreDistinctInEveryForm) {
  for (const WorkloadIds ids :
       {WorkloadIds::kDense, WorkloadIds::kScattered, WorkloadIds::kString}) {
    WorkloadOptions options = small_workload();
    options.ids = ids;
    std::map<std::string, std::uint64_t> user_by_id;
    const Status status = generate_workload(options, [&](const WorkloadBatch& batch) {
      for (std::size_t row = 0; row < batch.users.size(); ++row) {
        const std::string id = ids == WorkloadIds::kString
                                   ? std::string(batch.events.user_strings[row])
                                   : std::to_string(batch.events.user_integers[row]);
        const auto known = user_by_id.emplace(id, batch.users[row]).first;
        EXPECT_EQ(known->second, batch.users[row]) << id;
      }
      return Status();
    });
    ASSERT_TRUE(status.ok());
    EXPECT_EQ(user_by_id.size(), options.users);
  }
}

TEST(Workload, StopsWhereItsSinkFails) {
  WorkloadOptions options = small_workload();
  options.batch_rows = 1000;
  int calls = 0;
  const Status status = generate_workload(options, [&](const WorkloadBatch&) {
    return ++calls == 3 ? Status::io_error("disk full") : Status();
  });
  EXPECT_EQ(status.code(), StatusCode::kIoError);
  EXPECT_EQ(calls, 3);
}

TEST(Workload, ImpossibleOptionsAreRefused) {
  std::map<std::string, WorkloadOptions> bad;  // by the error
  bad["events: found 0, allowed: 1 to 4398046511104"].events = 0;
  bad["users: found 0, allowed: 1 to 10"].users = 0;
  bad["users: found 0, allowed: 1 to 10"].events = 10;
  bad["days: found 0, allowed: 1 to 36600"].days = 0;
  bad["first_day: allowed: so that all days lie between 0001-01-02 and 9999-12-30"].first_day =
      kDayMax;
  bad["event_names: found 0, allowed: 1 to 256"].event_names.clear();
  bad["session_events_mean: found 0, allowed: 1 to 1000"].session_events_mean = 0;
  bad["rank_power: found 9, allowed: 1 to 8"].rank_power = 9;
  bad["late_per_thousand: found 1001, allowed: 0 to 1000"].late_per_thousand = 1001;
  bad["value_decimals: found 1, allowed: 2 to 12"].value_decimals = 1;
  bad["batch_rows: found 0, allowed: 1 to 1073741824"].batch_rows = 0;
  for (const auto& [text, options] : bad) {
    const Status status = generate_workload(options, [](const WorkloadBatch&) { return Status(); });
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << text;
    EXPECT_EQ(status.message(), "workload: " + text);
  }
}

TEST(Workload, EngineAnswersWithTheTruth) {
  for (const WorkloadIds ids : {WorkloadIds::kScattered, WorkloadIds::kString}) {
    WorkloadOptions options;
    options.events = 400'000;
    options.users = 30'000;
    options.ids = ids;
    options.batch_rows = 10'000;
    EngineOptions engine_options;
    StoreSettings& settings = engine_options.settings.emplace();
    settings.user_kind = ids == WorkloadIds::kString ? UserKind::kString : UserKind::kInteger;
    settings.dimensions = {"country", "platform", "channel"};
    settings.partition_count = 4;
    engine_options.threads_max = 2;
    const auto engine = Engine::open(open_memory_store(), engine_options);
    ASSERT_TRUE(engine.ok()) << engine.status().to_string();
    WorkloadTruth truth(options);
    const Status status = generate_workload(options, [&](const WorkloadBatch& batch) {
      truth.add(batch);
      return (*engine)->ingest(batch.events).status();
    });
    ASSERT_TRUE(status.ok()) << status.to_string();
    EXPECT_EQ((*engine)->info().user_count, truth.users());
    EXPECT_EQ((*engine)->info().event_count, truth.events());

    const auto as_of = to_string(options.first_day + options.days - 1);
    const auto active = (*engine)->query(R"({"kind": "active", "as_of": ")" + as_of + "\"}");
    ASSERT_TRUE(active.ok()) << active.status().to_string();
    const auto retention = (*engine)->query(
        R"({"kind": "retention", "periods": 7, "summary": "none", "as_of": ")" + as_of + "\"}");
    ASSERT_TRUE(retention.ok()) << retention.status().to_string();
    const auto days = truth.days();
    ASSERT_EQ(active->rows.size(), days.size());
    for (std::size_t d = 0; d < days.size(); ++d) {
      EXPECT_EQ(active->rows[d][1], Cell(static_cast<std::int64_t>(days[d].users)));
    }
    std::size_t checked = 0;
    for (const auto& row : retention->rows) {
      const auto& counts =
          days[static_cast<std::size_t>(std::get<Day>(row[0]) - options.first_day)];
      const std::int64_t period = std::get<std::int64_t>(row[2]);
      EXPECT_EQ(row[1], Cell(static_cast<std::int64_t>(counts.new_users)));
      if (period != 1 && period != 7) continue;
      const auto& back = period == 1 ? counts.back_after_1 : counts.back_after_7;
      ASSERT_TRUE(back.has_value());
      EXPECT_EQ(row[3], Cell(static_cast<std::int64_t>(*back)));
      ++checked;
    }
    EXPECT_EQ(checked, 29u + 23u);
  }
}

}  // namespace
}  // namespace rollcall::testing
