// This tests what a campaign's users did after it: against a recount event by event, for random
// audiences of random streams, and in what it refuses.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "rollcall/audience.h"
#include "rollcall/query.h"
#include "tests/support/both_ways.h"
#include "tests/support/event_generator.h"
#include "tests/support/naive_members.h"
#include "tests/support/naive_response.h"
#include "tests/support/naive_scope.h"
#include "tests/support/naive_segments.h"
#include "tests/support/naive_table.h"
#include "tests/support/query_generator.h"
#include "tests/support/random.h"
#include "tests/support/random_case.h"
#include "tests/support/result_text.h"
#include "tests/support/run_size.h"
#include "tests/support/test_engine.h"
#include "tests/support/times.h"

namespace rollcall::testing {
namespace {

struct RandomCampaign {
  ResponseQuery ask;
  NaiveAudiences audiences;
};

// Freezes runs of a campaign at instants of the stream.
RandomCampaign freeze_some(Random& random, const Stream& stream, TestEngine& engine) {
  RandomCampaign campaign;
  campaign.ask.campaign = "campaign";
  const std::size_t run_count = 1 + random.below(3);
  const bool goes_by_days = random.chance(60);
  for (std::size_t i = 0; i < run_count; ++i) {
    ResponseQuery::Run run;
    run.name = run_count == 1 && random.chance(50) ? "" : "run " + std::to_string(i);
    const NaiveEvent& some = random.pick(stream.events);
    TimeUs at = some.time - (some.time % 1'000'000 + 1'000'000) % 1'000'000;
    if (random.chance(10)) at += 400 * kDayUs;
    run.at = AsOf(at);
    if (goes_by_days) run.at = AsOf(Day{static_cast<std::int32_t>(at / kDayUs)});
    AudienceRequest request;
    request.name = {"campaign", run.name};
    request.users = random_segment(random, stream, 2);
    if (random.chance(50)) request.classes.push_back({"b", random_segment(random, stream, 2)});
    if (random.chance(30)) request.classes.push_back({"a", random_segment(random, stream, 2)});
    request.holdout = random.chance(80) ? "0.4" : "0";
    request.draw = "draw";
    const Result<AudienceInfo> info = engine.engine().freeze(request);
    if (!info.ok()) continue;
    const auto listed = listed_audience(engine.engine(), *info, stream.settings.user_kind);
    EXPECT_TRUE(listed.ok()) << listed.status().to_string();
    if (!listed.ok()) continue;
    campaign.audiences[request.name] = *listed;
    campaign.ask.runs.push_back(std::move(run));
  }
  campaign.ask.horizons = {random.between(1, 2)};
  while (random.chance(60)) {
    campaign.ask.horizons.push_back(campaign.ask.horizons.back() + random.between(1, 9));
  }
  const auto some_event = [&] {
    Selector selector;
    if (random.chance(30)) return selector;
    selector.match = Selector::Names::kAnyOf;
    selector.names = {random.pick(stream.events).event};
    return selector;
  };
  campaign.ask.returned = some_event();
  if (random.chance(60)) campaign.ask.converted = some_event();
  if (random.chance(50)) campaign.ask.contact = some_event();
  if (random.chance(70)) campaign.ask.cost_per_contact = "1.25";
  return campaign;
}

// Returns a part of the campaign's audiences, or everybody who is in none of it.
Segment random_part(Random& random, const RandomCampaign& campaign) {
  auto audience = campaign.audiences.begin();
  std::advance(audience, random.below(campaign.audiences.size()));
  Segment part;
  part.kind = Segment::Kind::kAudience;
  part.name = audience->first.campaign;
  if (random.chance(60)) part.audience.run = audience->first.run;
  if (random.chance(50)) part.audience.class_name = random.pick(audience->second.classes);
  if (random.chance(60))
    part.audience.arm = static_cast<Segment::AudiencePart::Arm>(random.below(2));
  if (random.chance(70)) return part;
  Segment others;
  others.kind = Segment::Kind::kNot;
  others.parts.push_back(std::move(part));
  return others;
}

TEST(Response, EngineAndRecountAgree) {
  const std::uint64_t seed = run_size("ROLLCALL_SEED", 0xca11);
  const std::uint64_t rounds = run_size("ROLLCALL_RANDOM_PAIRS", 120);
  std::cout << "ROLLCALL_SEED=" << seed << " ROLLCALL_RANDOM_PAIRS=" << rounds << std::endl;
  Random random(seed);
  std::uint64_t with_uplift = 0, with_members = 0, with_runs = 0, with_parts = 0;
  std::uint64_t by_days = 0, by_history = 0;
  for (std::uint64_t round = 0; round < rounds; ++round) {
    StreamKnobs knobs = random_knobs(random);
    knobs.users = 4 + random.below(40);
    knobs.settings.history = true;
    knobs.extreme_amounts = false;
    Stream stream = random_stream(random, knobs);
    stream.settings.history = true;
    if (stream.events.empty()) continue;
    give_all_a_property(stream);
    const EngineSetup setup = random_setup(random);
    SCOPED_TRACE(::testing::Message() << "round " << round << ": " << to_string(setup));
    const auto engine = *TestEngine::open(stream.settings, setup);
    for (const auto& [name, segment] : stream.saved) {
      ASSERT_TRUE(engine->save_segment(name, segment).ok());
    }
    NaiveData data(stream.settings);
    for (const NaiveEvent& event : stream.events) data.add(event);
    ASSERT_TRUE(engine->ingest(stream.events).ok());
    const RandomCampaign campaign = freeze_some(random, stream, *engine);
    if (campaign.ask.runs.empty()) continue;
    data.audiences = campaign.audiences;
    if (random.chance(30)) {
      ASSERT_TRUE(engine->reopen().ok());
    }
    Query query;
    query.ask = campaign.ask;
    if (random.chance(30)) query.common.as_of = random.pick(stream.events).time;
    SCOPED_TRACE(to_json(query));
    NaiveScope scope{
        .data = data, .now = *resolve_now(data, query.common.as_of), .where = {}, .among = {}};
    const Result<NaiveTable> recount = response_table(campaign.ask, scope);
    ASSERT_TRUE(recount.ok()) << recount.status().to_string();
    const NaiveTable& expected = *recount;
    const Result<QueryResult> found = engine->query(query);
    ASSERT_TRUE(found.ok()) << found.status().to_string();
    QueryResult counted_table = counted(expected);
    counted_table.kind = "response";
    counted_table.as_of = found->as_of;
    ASSERT_EQ(first_difference(*found, counted_table), "") << to_text(*found) << "expected:\n"
                                                           << to_text(counted_table);
    const Result<Explanation> explained = engine->engine().explain(query);
    ASSERT_TRUE(explained.ok()) << explained.status().to_string();
    ++(explained->history_events ? by_history : by_days);
    const Result<QueryResult> other_way = engine->query(asked_of_history(query));
    ASSERT_TRUE(other_way.ok()) << other_way.status().to_string();
    ASSERT_EQ(first_difference(*found, *other_way), "");
    Query of_part;
    of_part.ask = SegmentQuery{random_part(random, campaign)};
    of_part.common.as_of = query.common.as_of;
    const Result<QueryResult> count = engine->query(of_part);
    const auto in_part = users_of(std::get<SegmentQuery>(of_part.ask).segment, scope);
    ASSERT_TRUE(count.ok() && in_part.ok()) << to_json(of_part) << count.status().to_string();
    ASSERT_EQ(count->rows, (std::vector<std::vector<Cell>>{{std::ssize(*in_part)}}))
        << to_json(of_part);
    with_parts += !in_part->empty();
    with_runs += campaign.ask.runs.size() > 1;
    for (const std::vector<Cell>& row : found->rows) {
      with_uplift += row[row.size() - 4] != Cell();
    }
    if (found->rows.empty()) continue;
    const std::optional<CountCell> cell = random_cell(random, *found);
    if (!cell) continue;
    query.common.members = cell->members;
    const Result<QueryResult> users = engine->query(query);
    const Result<QueryResult> expected_users = members_of(expected, cell->members, data);
    ASSERT_TRUE(users.ok() && expected_users.ok()) << users.status().to_string();
    ASSERT_EQ(users->rows.size(), cell->count);
    EXPECT_EQ(users->rows, expected_users->rows);
    with_members += cell->count > 1;
  }
  EXPECT_GT(with_uplift, rounds / 4);
  EXPECT_GT(with_members, rounds / 10);
  EXPECT_GT(with_runs, rounds / 4);
  EXPECT_GT(by_days, rounds / 4);
  EXPECT_GT(by_history, rounds / 4);
  EXPECT_GT(with_parts, rounds / 4);
}

}  // namespace
}  // namespace rollcall::testing
