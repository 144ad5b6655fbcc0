// The partitions of a store answer in groups, as machines would that hold some of them each, and
// the answers come together as bytes: in any split, order and grouping they make the engine's
// answer. The engine's own answers are compared with the oracle's by random_queries_test.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "rollcall/kinds.h"
#include "rollcall/memory_store.h"
#include "tests/core/query/split_store.h"
#include "tests/support/event_columns.h"
#include "tests/support/event_generator.h"
#include "tests/support/history_generator.h"
#include "tests/support/query_generator.h"
#include "tests/support/result_text.h"
#include "tests/support/rich_questions.h"
#include "tests/support/run_size.h"
#include "tests/support/test_engine.h"

namespace rollcall::testing {
namespace {

// Holds a question, and what the engine said.
struct Answered {
  Query query;
  QueryResult result;
};

// Returns the same question for the users of a random cell of its answer, which may count none.
std::optional<Query> ask_for_members(const Query& query, const QueryResult& answer,
                                     Random& random) {
  if (answer.rows.empty()) return {};
  const std::vector<Cell>& row = random.pick(answer.rows);
  Members members;
  std::vector<std::string> counts;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const Column& column = answer.columns[i];
    const bool is_key = column.type == ColumnType::kDate || column.type == ColumnType::kString ||
                        column.type == ColumnType::kInt;
    if (is_key && column.name != "to_days" && column.name != "payback_day") {
      members.where.emplace_back(column.name, cell_text(row[i]));
    } else if (column.type == ColumnType::kCount) {
      counts.push_back(column.name);
    }
  }
  if (counts.empty()) return {};
  members.of = random.pick(counts);
  if (random.chance(70)) members.limit = static_cast<std::uint64_t>(random.between(1, 5));
  Query wanted = query;
  wanted.common.members = std::move(members);
  return wanted;
}

TEST(SplitStore, AnswersAsOneStore) {
  const std::uint64_t seed = run_seed();
  Random random(seed);
  std::array<int, std::variant_size_v<AnyAsk>> by_kind{}, members_by_kind{};
  int with_breakdown = 0, later_pages = 0;
  for (int round = 0; round < 240; ++round) {
    const Stream stream = random_stream(random, random_knobs(random));
    EngineSetup setup;
    setup.partition_count = random.pick(std::vector<std::uint32_t>{1, 2, 8, 64});
    const auto engine = TestEngine::open(stream.settings, setup);
    ASSERT_TRUE(engine.ok()) << engine.status().to_string();
    for (const auto& [name, segment] : stream.saved) {
      ASSERT_TRUE((*engine)->save_segment(name, segment).ok());
    }
    ASSERT_TRUE((*engine)->ingest(stream.events).ok());
    std::vector<Answered> answered;
    const auto ask = [&](const Query& query) {
      Result<QueryResult> result = (*engine)->query(query);
      if (result.ok()) answered.push_back({query, *std::move(result)});
      return result.ok();
    };
    for (int i = 0; i < 12; ++i) {
      const bool of_history =
          stream.settings.history && !stream.events.empty() && random.chance(40);
      const Query query =
          of_history ? random_history_question(random, stream) : random_query(random, stream);
      if (!ask(query)) continue;
      ++by_kind[query.ask.index()];
      with_breakdown += !query.common.breakdown.empty();
      std::optional<Query> page = ask_for_members(query, answered.back().result, random);
      if (!page || !ask(*page)) continue;
      ++members_by_kind[query.ask.index()];
      if (const std::optional<std::string> next = answered.back().result.next) {
        page->common.members->after = *next;
        later_pages += ask(*page);
      }
    }
    auto store = (*engine)->close();
    ASSERT_TRUE(store.ok()) << store.status().to_string();
    const auto split = SplitStore::open(*std::move(store));
    ASSERT_TRUE(split.ok()) << split.status().to_string();
    for (const Answered& expected : answered) {
      SCOPED_TRACE(::testing::Message() << "ROLLCALL_SEED=" << seed << " " << to_string(setup)
                                        << " " << to_json(expected.query));
      const Result<QueryResult> found = (*split)->query(expected.query, random);
      ASSERT_TRUE(found.ok()) << found.status().to_string();
      ASSERT_EQ(to_text(*found), to_text(expected.result));
      ASSERT_EQ(found->definition, expected.result.definition);
      if (HasFailure()) return;
    }
  }
  for (std::size_t kind = 0; kind < members_by_kind.size(); ++kind) {
    const std::string_view name = query_kinds()[kind].name;
    // AnswersAboutAudiences asks these, as the stores above have none.
    if (name == "response") continue;
    EXPECT_GT(by_kind[kind], 10) << name;
    // A profile is of one user and has no counts of users, and each row of rfm_users is a user.
    const bool has_counts = name != "profile" && name != "rfm_users";
    EXPECT_EQ(members_by_kind[kind] > 2, has_counts) << name;
  }
  EXPECT_GT(with_breakdown, 50);
  EXPECT_GT(later_pages, 20);
}

TEST(SplitStore, AnswersAboutAudiences) {
  constexpr Day kLast{20'460};
  const std::uint64_t seed = run_seed();
  Random random(seed);
  const std::shared_ptr<MemoryDisk> disk = make_memory_disk();
  EngineOptions options;
  options.settings = rich_settings(UserKind::kInteger);
  options.settings->partition_count = 8;
  const auto engine = Engine::open(open_memory_store(disk), options);
  ASSERT_TRUE(engine.ok()) << engine.status().to_string();
  const std::vector<NaiveEvent> events = rich_events(UserKind::kInteger, 300, 20, kLast);
  ASSERT_TRUE((*engine)->ingest(EventColumns(events, *options.settings).batch()).ok());
  ASSERT_TRUE(freeze_rich_audiences(**engine).ok());
  std::vector<Answered> answered;
  for (const RichQuestion& question : rich_questions(UserKind::kInteger, kLast)) {
    if (question.kind != "response") continue;
    const Query query = *parse_query(question.json);
    for (int i = 0; i < 20; ++i) {
      const Result<QueryResult> result = (*engine)->query(query);
      ASSERT_TRUE(result.ok()) << result.status().to_string();
      answered.push_back({query, *result});
      const std::optional<Query> page = ask_for_members(query, *result, random);
      if (!page) continue;
      Result<QueryResult> members = (*engine)->query(*page);
      if (members.ok()) answered.push_back({*page, *std::move(members)});
    }
  }
  ASSERT_GT(answered.size(), 50u);
  ASSERT_TRUE((*engine)->close().ok());
  const auto split = SplitStore::open(open_memory_store(disk));
  ASSERT_TRUE(split.ok()) << split.status().to_string();
  for (const Answered& expected : answered) {
    SCOPED_TRACE(::testing::Message()
                 << "ROLLCALL_SEED=" << seed << " " << to_json(expected.query));
    const Result<QueryResult> found = (*split)->query(expected.query, random);
    ASSERT_TRUE(found.ok()) << found.status().to_string();
    ASSERT_EQ(to_text(*found), to_text(expected.result));
    ASSERT_EQ(found->definition, expected.result.definition);
  }
}

}  // namespace
}  // namespace rollcall::testing
