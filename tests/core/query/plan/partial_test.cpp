// Partial answers: what merges, and what bytes are read.
#include "core/query/plan/partial.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <xxhash.h>

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/byte_codec.h"
#include "core/query/kinds/kind_table.h"
#include "core/query/plan/plan.h"
#include "core/query/question/breakdown.h"
#include "rollcall/query.h"
#include "tests/core/query/fake_store.h"
#include "tests/support/naive_time.h"

namespace rollcall::testing {
namespace {

constexpr std::size_t kChecksumBytes = 8;
constexpr std::size_t kHeadBytes = 8 + 1 + 8;  // magic, version, digest

// Returns the bytes with a checksum that fits, as somebody would send them who means ill.
std::string sealed(std::string bytes) {
  const std::uint64_t checksum = XXH3_64bits(bytes.data(), bytes.size());
  bytes.append(reinterpret_cast<const char*>(&checksum), sizeof checksum);
  return bytes;
}

std::string unsealed(const std::string& bytes) {
  return bytes.substr(0, bytes.size() - kChecksumBytes);
}

class PartialTest : public ::testing::Test {
 protected:
  PartialTest() : store_(settings(true), events()), without_history_(settings(false), events()) {}

  static StoreSettings settings(bool history) {
    StoreSettings settings;
    settings.dimensions = {"channel"};
    settings.history = history;
    return settings;
  }

  static std::vector<NaiveEvent> events() {
    std::vector<NaiveEvent> events;
    for (std::uint64_t user = 1; user <= 20; ++user) {
      for (const std::string_view date : {"2026-01-05", "2026-01-06", "2026-01-07"}) {
        const TimeUs time = read_date(date)->value * TimeUs{86'400'000'000};
        events.push_back({user, "login", time, Amount{7}, {{"channel", "ads"}}, true});
      }
    }
    return events;
  }

  std::unique_ptr<Plan> plan(std::string_view json) const { return plan(json, store_); }
  static std::unique_ptr<Plan> plan(std::string_view json, const FakeStore& store) {
    const Result<Query> query = parse_query(json, "UTC");
    EXPECT_TRUE(query.ok()) << query.status().to_string();
    Result<std::unique_ptr<Plan>> plan = store.plan(*query);
    EXPECT_TRUE(plan.ok()) << plan.status().to_string();
    return *std::move(plan);
  }

  // The answer of these partitions, whose every cell, amount and total is `number`.
  static Partial filled(const PlanTask& task, std::initializer_list<std::size_t> partitions,
                        std::uint64_t number) {
    Partial partial = Partial::of_nobody(task);
    for (const std::size_t partition : partitions) partial.partitions.set(partition);
    for (std::size_t cell = 0; cell < partial.cells.size(); ++cell) partial.add(cell, number);
    for (std::size_t cell = 0; cell < partial.amounts.size(); ++cell) {
      partial.add_amount(cell, -AmountSum{number});
    }
    for (std::vector<EventTotal>& totals : partial.totals) {
      for (EventTotal& total : totals) total.add({number, AmountSum{number}, number});
    }
    for (std::size_t i = 0; i < partial.tallies.size(); ++i) partial.add_tally(i, number);
    for (std::size_t i = 0; i < partial.distributions.size(); ++i) {
      if (number > 0) partial.add_number(i, {-7, 2}, number);
    }
    constexpr std::uint64_t kOutcomesMost = 20;
    for (std::size_t i = 0; i < partial.outcomes.size(); ++i) {
      for (std::uint64_t user = 0; user < std::min(number, kOutcomesMost); ++user) {
        partial.add_outcome(i, ~std::uint64_t{5}, -AmountSum{1} << 70);
        partial.add_outcome(i, 1'000, 0);
      }
    }
    return partial;
  }

  static StatusCode code_of(std::string_view bytes, const PlanTask& task) {
    return Partial::deserialize(bytes, task).status().code();
  }

  const FakeStore store_;
  const FakeStore without_history_;
  // The plans have cells; cells and amounts; totals; cells and tallies, or samples, too;
  // distributions.
  const std::unique_ptr<Plan> active_ = plan(R"({"kind": "active", "window_days": 2})");
  const std::unique_ptr<Plan> value_ = plan(R"({"kind": "retention", "measure": "value"})");
  const std::unique_ptr<Plan> ltv_ = plan(R"({"kind": "ltv", "cost": {"event": "login"}})");
  const std::unique_ptr<Plan> hours_ =
      plan(R"({"kind": "counts", "period": "hour"})", without_history_);
  const std::unique_ptr<Plan> week_ = plan(R"({"kind": "clock", "then": "login"})");
  const std::unique_ptr<Plan> profile_ =
      plan(R"({"kind": "profile", "user": 7, "events": 0, "rfm": false})");
  const std::unique_ptr<Plan> scored_ = plan(R"({"kind": "profile", "user": 7, "events": 0})");
  const std::unique_ptr<Plan> arms_ =
      plan(R"({"kind": "compare", "variant": "channel", "values": ["ads", "seo"],
               "metric": {"value": "*", "within": "1d"}})");
  // These have outcomes, too: of amounts, and of what users did or not.
  const std::unique_ptr<Plan> splits_ =
      plan(R"({"kind": "compare", "variant": "channel", "values": ["ads", "seo"], "aa": 10,
               "metric": {"value": "*", "within": "1d"}})");
  const std::unique_ptr<Plan> hits_ =
      plan(R"({"kind": "compare", "variant": "channel", "values": ["ads", "seo"], "aa": 10,
               "metric": {"retention_day": 1}})");
  // These have cells of a base and of rules, cells and tallies of windows, and distributions.
  const std::unique_ptr<Plan> risk_ = plan(R"({"kind": "at_risk", "period": "day"})");
  const std::unique_ptr<Plan> score_ = plan(R"({"kind": "nps"})");
  const std::unique_ptr<Plan> ranks_ = plan(R"({"kind": "rfm", "frequency": "days"})");
  const std::vector<const Plan*> all_ = {active_.get(), value_.get(),  hours_.get(), week_.get(),
                                         ltv_.get(),    risk_.get(),   score_.get(), ranks_.get(),
                                         arms_.get(),   splits_.get(), hits_.get()};
};

TEST_F(PartialTest, HasNumbersOfEachSort) {
  EXPECT_EQ(PartialShape::of({*active_}), (PartialShape{false, 3, 0, {}}));
  EXPECT_EQ(PartialShape::of({*hours_}), (PartialShape{false, 0, 0, {3 * kDayHoursMax}}));
  const PartialShape value = PartialShape::of({*value_});
  EXPECT_GT(value.cells, 3u);
  EXPECT_EQ(value.amounts, value.cells);
  // Three cohorts, of three, two and one days: sizes, horizons 0 and 1 and their costs, and days.
  EXPECT_EQ(PartialShape::of({*ltv_}), (PartialShape{false, 19, 19, {}}));
  PartialShape week{false, 168, 0, {}};
  week.tallies = 3 * 168;
  EXPECT_EQ(PartialShape::of({*week_}), week);
  EXPECT_EQ(PartialShape::of({*risk_}), (PartialShape{false, 3 * (1 + 2 * 2), 0, {}}));
  PartialShape score{false, 3 * 2 * 3, 0, {}};
  score.tallies = 3 * 2;
  EXPECT_EQ(PartialShape::of({*score_}), score);
  PartialShape ranks;
  ranks.distributions = 3;
  EXPECT_EQ(PartialShape::of({*ranks_}), ranks);
  EXPECT_EQ(PartialShape::of({*arms_}), (PartialShape{false, 10, 10, {}}));
  PartialShape splits{false, 10, 10, {}};
  splits.outcome_lists = 2;
  EXPECT_EQ(PartialShape::of({*splits_}), splits);
  splits.amounts = 0;
  EXPECT_EQ(PartialShape::of({*hits_}), splits);
  PartialShape user{false, 0, 0, {}};
  user.has_texts = true;
  EXPECT_EQ(PartialShape::of({*profile_}), user);
  EXPECT_EQ(PartialShape::of({*scored_}), ranks);  // before the texts
}

// The partition that has the user tells what there is to tell; if none has, the user is unknown.
TEST_F(PartialTest, OnePartitionHasTheProfile) {
  const PlanTask task{*profile_};
  const std::vector<std::vector<Cell>> rows = {{"active_days", "", "3"}, {"events", "login", "4"}};
  Partial with = filled(task, {1}, 0), without = filled(task, {2, 3}, 0);
  EXPECT_THROW((void)profile_->finish(without), QuestionFailure);
  for (const std::vector<Cell>& row : rows) {
    std::string text = fmt::format("{:08}", with.texts.size());
    ByteWriter writer(text);
    for (const Cell& cell : row) writer.text(std::get<std::string>(cell));
    with.add_text(text, 1);
  }
  Result<Partial> read = Partial::deserialize(with.serialize(task), task);
  ASSERT_TRUE(read.ok()) << read.status().to_string();
  ASSERT_TRUE(without.merge(*std::move(read)).ok());
  EXPECT_EQ(profile_->finish(without).rows, rows);
  without.add_text("00000099 and no row", 1);
  EXPECT_THROW((void)profile_->finish(without), QuestionFailure);
}

TEST_F(PartialTest, AddsUp) {
  for (const Plan* plan : all_) {
    const PlanTask task{*plan};
    Partial sum = filled(task, {0, 5}, 3);
    ASSERT_TRUE(sum.merge(filled(task, {4'095}, 4)).ok());
    ASSERT_TRUE(sum.merge(Partial::of_nobody(task)).ok());
    EXPECT_EQ(sum.serialize(task), filled(task, {0, 5, 4'095}, 7).serialize(task));
  }
}

// Users come in no order, and may be far apart.
TEST_F(PartialTest, OutcomesAreReadBack) {
  for (const Plan* plan : {splits_.get(), hits_.get()}) {
    const PlanTask task{*plan};
    const bool has_values = plan == splits_.get();
    Partial written = Partial::of_nobody(task), other = Partial::of_nobody(task);
    written.partitions.set(1);
    other.partitions.set(2);
    for (const std::uint64_t user : {~std::uint64_t{0}, std::uint64_t{0}, std::uint64_t{1} << 63}) {
      written.add_outcome(1, user, 0);
      written.add_outcome(1, user, has_values ? -AmountSum{3} : AmountSum{1});
      other.add_outcome(1, user, has_values ? AmountSum{9} : AmountSum{1});
    }
    Result<Partial> read = Partial::deserialize(written.serialize(task), task);
    ASSERT_TRUE(read.ok()) << read.status().to_string();
    const UserOutcomes& outcomes = read->outcomes[1];
    EXPECT_EQ(outcomes.without, (std::vector<std::uint64_t>{0, std::uint64_t{1} << 63, ~0ULL}));
    EXPECT_EQ(outcomes.with, outcomes.without);
    EXPECT_EQ(outcomes.values, std::vector<AmountSum>(has_values ? 3 : 0, -3));
    // They merge in any order.
    Result<Partial> again = Partial::deserialize(other.serialize(task), task);
    ASSERT_TRUE(again.ok()) << again.status().to_string();
    ASSERT_TRUE(again->merge(*std::move(read)).ok());
    ASSERT_TRUE(written.merge(std::move(other)).ok());
    EXPECT_EQ(again->serialize(task), written.serialize(task));
    EXPECT_EQ(again->outcomes[1].with.size(), 6u);
  }
}

TEST_F(PartialTest, PartitionsCountOnce) {
  const PlanTask task{*active_};
  Partial partial = filled(task, {1, 2}, 3);
  EXPECT_EQ(partial.merge(filled(task, {2, 3}, 3)).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(partial.serialize(task), filled(task, {1, 2}, 3).serialize(task));
}

TEST_F(PartialTest, OtherQuestionsDoNotMerge) {
  Partial partial = filled({*active_}, {1}, 3);
  EXPECT_EQ(partial.merge(filled({*value_}, {2}, 3)).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(partial.merge(filled({*hours_}, {2}, 3)).code(), StatusCode::kInvalidArgument);
  const Members members;
  const PlanTask listed{*active_, &members};
  EXPECT_EQ(partial.merge(filled(listed, {2}, 3)).code(), StatusCode::kInvalidArgument);
}

TEST_F(PartialTest, BytesOfOtherQuestionsAreRefused) {
  const std::vector<std::string> questions = {
      R"({"kind": "active", "window_days": 2})",
      R"({"kind": "active", "window_days": 3})",
      R"({"kind": "active", "window_days": 2, "event": "login"})",
      R"({"kind": "active", "window_days": 2, "where": {"channel": "ads"}})",
      R"q({"kind": "active", "window_days": 2, "among": "did(login)"})q",
      R"({"kind": "active", "window_days": 2, "from": "2026-01-04", "to": "2026-01-06"})",
      R"({"kind": "active", "window_days": 2, "from": "2026-01-05", "as_of": "2026-01-08"})",
      R"({"kind": "active", "window_days": 2, "breakdown": "channel"})"};
  std::vector<std::string> bytes;
  std::vector<std::unique_ptr<Plan>> plans;
  for (const std::string& question : questions) {
    plans.push_back(plan(question));
    bytes.push_back(filled({*plans.back()}, {1}, 3).serialize({*plans.back()}));
  }
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (std::size_t j = 0; j < plans.size(); ++j) {
      EXPECT_EQ(code_of(bytes[i], {*plans[j]}),
                i == j ? StatusCode::kOk : StatusCode::kInvalidArgument)
          << questions[i] << " read as " << questions[j];
    }
  }
}

// Each store finds for itself where its history begins, and so does a range that is left open.
TEST_F(PartialTest, BytesOfOtherHistoriesAreRefused) {
  const auto plan_from = [&](std::string_view json, std::string_view begin) {
    PlanContext context = store_.context();
    context.history_limit = {.days = 2, .from = read_date(begin)};
    Result<std::unique_ptr<Plan>> plan = make_plan(*parse_query(json, "UTC"), context);
    EXPECT_TRUE(plan.ok()) << json << plan.status().to_string();
    return *std::move(plan);
  };
  const std::pair<std::string_view, StatusCode> questions[] = {
      {R"({"kind": "clock"})", StatusCode::kInvalidArgument},
      {R"q({"kind": "segment", "segment": "times(login) >= 2"})q", StatusCode::kInvalidArgument},
      {R"q({"kind": "segment", "segment": "not (did(login, 1d) or sum(login) >= 2)"})q",
       StatusCode::kInvalidArgument},
      {R"q({"kind": "active", "among": "times(login) >= 2"})q", StatusCode::kInvalidArgument},
      {R"q({"kind": "active", "among": {"converted": {"kind": "funnel", "steps":
           ["login", "login"]}}})q",
       StatusCode::kInvalidArgument},
      {R"q({"kind": "active", "among": "times(login, 1d) >= 2"})q", StatusCode::kOk},
      {R"({"kind": "clock", "last": "1d"})", StatusCode::kOk},
      {R"q({"kind": "active", "among": "did(login)"})q", StatusCode::kOk}};
  for (const auto& [json, code] : questions) {
    const std::unique_ptr<Plan> one = plan_from(json, "2026-01-05");
    const std::unique_ptr<Plan> other = plan_from(json, "2026-01-06");
    EXPECT_EQ(code_of(filled({*one}, {1}, 3).serialize({*one}), {*other}), code) << json;
  }
}

// Plans of one question that differ in the values of the property alone, and the ranking of these.
TEST_F(PartialTest, BytesOfOtherValuesAreRefused) {
  const std::vector<PropertyCondition> values = {
      {"channel", PropertyCondition::Test::kAnyOf, {"ads"}},
      {"channel", PropertyCondition::Test::kNoneOf, {"ads"}},
      {"channel", PropertyCondition::Test::kAnyOf, {"seo"}}};
  const Result<Query> query =
      parse_query(R"({"kind": "active", "breakdown": "channel", "last": "1d"})", "UTC");
  ASSERT_TRUE(query.ok()) << query.status().to_string();
  std::vector<std::unique_ptr<Plan>> plans;
  for (const PropertyCondition& value : values) {
    PlanContext context = store_.context();
    context.value = &value;
    Result<std::unique_ptr<Plan>> plan = make_plan(*query, context);
    ASSERT_TRUE(plan.ok()) << plan.status().to_string();
    plans.push_back(*std::move(plan));
  }
  std::vector<const Plan*> all;
  for (const std::unique_ptr<Plan>& plan : plans) all.push_back(plan.get());
  PlanContext context = store_.context();
  context.value = &values[0];
  const Result<Breakdown> breakdown = Breakdown::make(*query, context);
  ASSERT_TRUE(breakdown.ok()) << breakdown.status().to_string();
  all.push_back(&breakdown->ranking());
  for (const Plan* written : all) {
    ASSERT_EQ(written->cell_count(), 1u);
    const std::string bytes = filled({*written}, {1}, 3).serialize({*written});
    for (const Plan* read : all) {
      EXPECT_EQ(code_of(bytes, {*read}),
                written == read ? StatusCode::kOk : StatusCode::kInvalidArgument);
    }
  }
}

TEST_F(PartialTest, BytesOfOtherPagesAreRefused) {
  const std::vector<Members> pages = {{}, {{}, {}, 3, {}}, {{}, {}, 3, "7"}};
  const std::vector<std::vector<std::size_t>> cells = {{0}, {1}, {0, 1}};
  std::vector<PlanTask> tasks = {{*active_}};
  for (const Members& page : pages) {
    for (const auto& of : cells) tasks.push_back({*active_, &page, UserKind::kInteger, of});
    tasks.push_back({*active_, &page, UserKind::kString, cells[0]});
  }
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const std::string bytes = filled(tasks[i], {1}, 3).serialize(tasks[i]);
    for (std::size_t j = 0; j < tasks.size(); ++j) {
      EXPECT_EQ(code_of(bytes, tasks[j]), i == j ? StatusCode::kOk : StatusCode::kInvalidArgument)
          << i << " read as " << j;
    }
  }
}

TEST_F(PartialTest, DamageIsSeen) {
  for (const Plan* plan : all_) {
    const PlanTask task{*plan};
    const std::string bytes = filled(task, {0, 5}, 300).serialize(task);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_EQ(code_of(std::string_view(bytes).substr(0, size), task), StatusCode::kCorruption);
      std::string changed = bytes;
      changed[size] = static_cast<char>(changed[size] ^ 0x20);
      EXPECT_EQ(code_of(changed, task),
                size == 8 ? StatusCode::kUnsupported : StatusCode::kCorruption);
    }
    EXPECT_EQ(code_of(bytes + '\0', task), StatusCode::kCorruption);
    // A checksum that fits mends nothing.
    const std::string open = unsealed(bytes);
    EXPECT_EQ(code_of(sealed(open), task), StatusCode::kOk);
    EXPECT_EQ(code_of(sealed(open + '\0'), task), StatusCode::kCorruption);
    for (std::size_t size = kHeadBytes; size < open.size(); ++size) {
      EXPECT_EQ(code_of(sealed(open.substr(0, size)), task), StatusCode::kCorruption) << size;
    }
  }
}

TEST_F(PartialTest, PartitionsCannotComeToAnyNumber) {
  const auto is_valid = [](const Partial& partial, const PlanTask& task) {
    const Status status = partial.validate(task);
    EXPECT_EQ(code_of(partial.serialize(task), task), status.code());
    return status.ok();
  };
  const std::uint64_t users_max = std::uint64_t{1} << 32;
  const PlanTask task{*active_};
  EXPECT_TRUE(is_valid(filled(task, {3}, users_max), task));
  EXPECT_FALSE(is_valid(filled(task, {3}, users_max + 1), task));
  EXPECT_TRUE(is_valid(filled(task, {3, 4}, users_max + 1), task));
  EXPECT_FALSE(is_valid(filled(task, {}, 1), task));
  EXPECT_FALSE(is_valid(filled({*hours_}, {3}, (std::uint64_t{1} << 51) + 1), {*hours_}));
  Partial tallies = filled({*week_}, {3}, 1);
  tallies.tallies[5] = std::uint64_t{1} << 51;
  EXPECT_TRUE(is_valid(tallies, {*week_}));
  ++tallies.tallies[5];
  EXPECT_FALSE(is_valid(tallies, {*week_}));
  Partial ranks = filled({*ranks_}, {3}, 0);
  ranks.add_number(1, {AmountSum{1} << 91}, 1);
  EXPECT_TRUE(is_valid(ranks, {*ranks_}));
  ranks.add_number(1, {1}, 1);
  EXPECT_FALSE(is_valid(ranks, {*ranks_}));
  for (const int sign : {1, -1}) {
    Partial amounts = filled({*value_}, {3}, 1);
    amounts.amounts[0] = sign * (AmountSum{1} << 91);
    EXPECT_TRUE(is_valid(amounts, {*value_}));
    amounts.amounts[0] += sign;
    EXPECT_FALSE(is_valid(amounts, {*value_}));
    amounts.amounts[0] = sign * ~(AmountSum{1} << 126);
    EXPECT_FALSE(is_valid(amounts, {*value_}));
  }
  EXPECT_FALSE(filled(task, {3}, 1).validate({*hours_}).ok());
}

// A head that says much is worth nothing without the bytes, nor beyond what the plan has.
TEST_F(PartialTest, CountsOfCountsTakeNoMemory) {
  QuestionBudget budget(100'000);
  const QueryLimits limits;
  QuestionAccount account(budget, limits);
  const PlanTask task{*active_};
  const std::string head = filled(task, {}, 0).serialize(task).substr(0, kHeadBytes);
  for (const std::uint64_t count : {std::uint64_t{4}, std::uint64_t{1} << 32, ~std::uint64_t{0}}) {
    for (int place = 0; place < 4; ++place) {  // partitions, cells, amounts, reads
      std::string bytes = head;
      ByteWriter writer(bytes);
      for (int i = 0; i < 4; ++i) writer.varint(i == place ? count : i == 1 ? 3 : 0);
      bytes += std::string(1'000, '\1');
      const Result<Partial> read = Partial::deserialize(sealed(bytes), task, &account);
      EXPECT_EQ(read.status().code(), StatusCode::kCorruption);
    }
  }
  const Members members;
  const PlanTask listed{*active_, &members};
  std::string bytes = filled(listed, {}, 0).serialize(listed).substr(0, kHeadBytes);
  ByteWriter writer(bytes);
  writer.varint(0);
  writer.varint(std::uint64_t{1} << 40);
  EXPECT_EQ(Partial::deserialize(sealed(bytes), listed, &account).status().code(),
            StatusCode::kCorruption);
  EXPECT_EQ(budget.taken(), 0u);
}

TEST_F(PartialTest, TakesMemoryOfTheQuestion) {
  QuestionBudget budget(1 << 20);
  const QueryLimits limits;
  QuestionAccount account(budget, limits);
  const PlanTask task{*hours_};
  const std::string bytes = filled(task, {1}, 3).serialize(task);
  {
    Result<Partial> partial = Partial::deserialize(bytes, task, &account);
    ASSERT_TRUE(partial.ok());
    EXPECT_EQ(budget.taken(), 3 * kDayHoursMax * sizeof(EventTotal));
  }
  EXPECT_EQ(budget.taken(), 0u);
  QuestionBudget small(3 * kDayHoursMax * sizeof(EventTotal) - 1);
  QuestionAccount poor(small, limits);
  EXPECT_THROW((void)Partial::deserialize(bytes, task, &poor), QuestionFailure);
  EXPECT_EQ(small.taken(), 0u);
}

// --- Pages of users ---

class PartialPageTest : public PartialTest {
 protected:
  PlanTask task() const { return {*active_, &members_, kind_, cells_}; }

  Partial page(std::size_t partition, const std::vector<UserId>& users,
               QuestionAccount* account = nullptr) const {
    Partial partial = Partial::of_nobody(task(), account);
    partial.partitions.set(partition);
    for (const UserId& user : users) partial.users->add(user);
    return partial;
  }

  std::vector<std::string> listed(Partial partial) const {
    const QueryResult table = partial.users->list({});
    std::vector<std::string> ids;
    for (const std::vector<Cell>& row : table.rows) ids.push_back(std::get<std::string>(row[0]));
    if (table.next) ids.push_back("next " + *table.next);
    return ids;
  }

  // Returns what `users` are when they come as bytes, which are as they should be but for the
  // users.
  StatusCode code_of_users(const std::vector<UserId>& users) const {
    std::string bytes = page(9, {}).serialize(task()).substr(0, kHeadBytes);
    ByteWriter writer(bytes);
    writer.varint(1);
    writer.varint(9);
    writer.varint(users.size());
    std::uint64_t before = 0;
    for (const UserId& user : users) {
      if (const auto* number = std::get_if<std::uint64_t>(&user)) {
        writer.varint(*number - std::exchange(before, *number));
      } else {
        writer.text(std::get<std::string>(user));
      }
    }
    return code_of(sealed(bytes), task());
  }

  using Ids = std::vector<UserId>;
  Members members_;
  UserKind kind_ = UserKind::kInteger;
  const std::vector<std::size_t> cells_ = {0};
};

TEST_F(PartialPageTest, MergesToTheFirstUsers) {
  members_.limit = 3;
  members_.after = "4";
  const auto merged = [&](std::size_t first, std::size_t second) {
    const std::vector<Ids> users = {{90ull, 5ull, 4ull, 60ull, 8ull}, {7ull, 1ull, 100ull}};
    Partial partial = page(first, users[first]);
    EXPECT_TRUE(partial.merge(page(second, users[second])).ok());
    return partial;
  };
  EXPECT_EQ(merged(0, 1).serialize(task()), merged(1, 0).serialize(task()));
  EXPECT_EQ(listed(merged(0, 1)), (std::vector<std::string>{"5", "7", "8", "next 8"}));
}

TEST_F(PartialPageTest, OtherPagesDoNotMerge) {
  Partial first = page(1, {5ull});
  members_.limit = 3;
  Partial limited = page(2, {6ull});
  EXPECT_EQ(first.merge(page(2, {6ull})).code(), StatusCode::kInvalidArgument);
  members_.after = "4";
  EXPECT_EQ(limited.merge(page(3, {7ull})).code(), StatusCode::kInvalidArgument);
  members_ = {};
  EXPECT_TRUE(first.merge(page(2, {6ull})).ok());
  kind_ = UserKind::kString;
  EXPECT_EQ(first.merge(page(3, {"7"})).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(listed(std::move(first)), (std::vector<std::string>{"5", "6"}));
}

TEST_F(PartialPageTest, BytesLeadFromPageToPage) {
  members_.limit = 2;
  for (const bool is_string : {false, true}) {
    kind_ = is_string ? UserKind::kString : UserKind::kInteger;
    const Ids users =
        is_string ? Ids{"b", std::string(100, 'a'), "c", ""} : Ids{~0ull, 0ull, 17ull, 1ull << 63};
    const Result<Partial> read = Partial::deserialize(page(4, users).serialize(task()), task());
    ASSERT_TRUE(read.ok()) << read.status().to_string();
    EXPECT_EQ(read->users->user_count(), 3u);  // the page, and who comes next
    EXPECT_EQ(read->serialize(task()), page(4, users).serialize(task()));
  }
}

// Users have their numbers wherever the page goes.
TEST_F(PartialPageTest, UsersHaveNumbers) {
  const auto users = plan(R"({"kind": "rfm_users", "frequency": "days", "limit": 2,
                              "scores": {"recency": [1, 2, 3, 4], "frequency": [1, 2, 3, 4],
                                         "monetary": [1, 2, 3, 4]}})");
  ASSERT_NE(users->page(), nullptr);
  const std::size_t count = users->numbers_per_user();
  ASSERT_GT(count, 0u);
  const PlanTask task{*users, users->page(), UserKind::kInteger, cells_};
  QuestionBudget budget(1 << 20);
  const QueryLimits limits;
  QuestionAccount account(budget, limits);
  const auto page = [&](std::size_t partition, const std::vector<std::uint64_t>& ids) {
    Partial partial = Partial::of_nobody(task, &account);
    partial.partitions.set(partition);
    for (const std::uint64_t id : ids) partial.users->add(id, id);
    for (MemberPage::User& user : partial.users->cut()) {
      partial.users->tell(user, std::vector<AmountSum>(count, -AmountSum{user.place}));
    }
    return partial;
  };
  {
    Partial merged = page(1, {9, 4, 7, 8});
    const Result<Partial> read = Partial::deserialize(page(2, {5, 30}).serialize(task), task);
    ASSERT_TRUE(read.ok()) << read.status().to_string();
    EXPECT_EQ(read->serialize(task), page(2, {5, 30}).serialize(task));
    ASSERT_TRUE(merged.merge(page(2, {5, 30})).ok());
    const std::vector<const MemberPage::User*> listed = merged.users->listed();
    ASSERT_EQ(listed.size(), 2u);
    EXPECT_EQ(listed[1]->id, UserId(std::uint64_t{5}));
    for (std::size_t i = 0; i < count; ++i) EXPECT_TRUE(listed[1]->numbers[i] == -5);
    EXPECT_EQ(merged.users->next(listed), "5");
    const std::string bytes = merged.serialize(task);
    const std::string open = unsealed(bytes);
    for (std::size_t size = kHeadBytes; size < open.size(); ++size) {
      EXPECT_EQ(code_of(sealed(open.substr(0, size)), task), StatusCode::kCorruption) << size;
    }
    const Members members;
    EXPECT_EQ(Partial::of_nobody({*active_, &members}).merge(std::move(merged)).code(),
              StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(budget.taken(), 0u);
  for (const int sign : {1, -1}) {
    for (const int beyond : {0, 1}) {
      Partial one = Partial::of_nobody(task);
      one.partitions.set(1);
      one.users->add(UserId(std::uint64_t{7}));
      const AmountSum number = sign * ((AmountSum{1} << 91) + beyond);
      one.users->tell(one.users->cut().front(), std::vector<AmountSum>(count, number));
      EXPECT_EQ(code_of(one.serialize(task), task),
                beyond == 0 ? StatusCode::kOk : StatusCode::kCorruption);
    }
  }
}

TEST_F(PartialPageTest, UsersOfAPageAscend) {
  members_.limit = 3;
  EXPECT_EQ(code_of_users({}), StatusCode::kOk);
  EXPECT_EQ(code_of_users({0ull, 5ull, ~0ull}), StatusCode::kOk);
  EXPECT_EQ(code_of_users({1ull, 2ull, 3ull, 4ull}), StatusCode::kOk);
  EXPECT_EQ(code_of_users({1ull, 2ull, 3ull, 4ull, 5ull}), StatusCode::kCorruption);
  EXPECT_EQ(code_of_users({5ull, 5ull}), StatusCode::kCorruption);
  EXPECT_EQ(code_of_users({5ull, 4ull}), StatusCode::kCorruption);
  members_.after = "5";
  EXPECT_EQ(code_of_users({5ull, 6ull}), StatusCode::kCorruption);
  EXPECT_EQ(code_of_users({6ull, 7ull}), StatusCode::kOk);
  kind_ = UserKind::kString;
  EXPECT_EQ(code_of_users({"6", "7"}), StatusCode::kOk);
  EXPECT_EQ(code_of_users({"6", "50"}), StatusCode::kCorruption);
  EXPECT_EQ(code_of_users({"6", "6"}), StatusCode::kCorruption);
}

TEST_F(PartialPageTest, GivesItsMemoryBack) {
  QuestionBudget budget(1 << 20);
  const QueryLimits limits;
  QuestionAccount account(budget, limits);
  kind_ = UserKind::kString;
  const Ids users = {std::string(1'000, 'a'), std::string(2'000, 'b')};
  const std::string bytes = page(1, users).serialize(task());
  {
    Result<Partial> read = Partial::deserialize(bytes, task(), &account);
    ASSERT_TRUE(read.ok());
    EXPECT_GE(budget.taken(), 3'000u);
    EXPECT_TRUE(read->merge(page(2, {std::string(4'000, 'c')}, &account)).ok());
    EXPECT_GE(budget.taken(), 7'000u);
    EXPECT_LT(budget.taken(), 8'000u);
  }
  EXPECT_EQ(budget.taken(), 0u);
  // What is in the answer belongs to the question until its end.
  EXPECT_EQ(listed(page(1, users, &account)).size(), 2u);
  EXPECT_GE(budget.taken(), 3'000u);
}

}  // namespace
}  // namespace rollcall::testing
