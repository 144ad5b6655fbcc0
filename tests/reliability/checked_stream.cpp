#include "tests/reliability/checked_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <string_view>

#include "tests/support/event_columns.h"
#include "tests/support/random.h"
#include "tests/support/result_text.h"
#include "tests/support/times.h"

namespace rollcall::testing {

namespace {

constexpr std::string_view kSource = "stream";
constexpr Day kStreamBegin{20'450};  // 2025-12-28: weeks, a month, a quarter and a year end in it
constexpr std::size_t kBatchEvents = 90;
constexpr std::size_t kUsers = 60;
constexpr std::size_t kLongUsers = 70;
constexpr std::size_t kLongNameBytes = 62'000;

// Questions that read every kind of page: presence of names, of values and of any event, amounts,
// first and last days, hours, users and saved segments.
constexpr std::string_view kQuestions[] = {
    R"({"kind": "active"})",
    R"({"kind": "active", "event": "login", "period": "week"})",
    R"({"kind": "active", "window_days": 7, "ratio_to_window": 30})",
    R"({"kind": "active", "where": {"channel": "ads"}})",
    R"({"kind": "counts", "event": "purchase"})",
    R"({"kind": "active", "breakdown": "channel"})",
    R"({"kind": "counts", "period": "hour", "last": "20d", "event": "view"})",
    R"({"kind": "retention"})",
    R"({"kind": "retention", "return_event": "purchase", "periods": 4, "measure": "value"})",
    R"({"kind": "churn", "rule": {"gap_days": 3}})",
    R"({"kind": "lifecycle"})",
    R"({"kind": "stickiness", "window_days": 5})",
    R"({"kind": "idle"})",
    R"({"kind": "funnel", "steps": ["view", "login", "purchase"], "total_seconds": true})",
    R"({"kind": "funnel", "steps": ["login", "view"], "order": "strict", "period": "day"})",
    R"({"kind": "clock", "event": "login", "then": "purchase"})",
    R"({"kind": "paths", "window": "2d", "depth": 3})",
    R"({"kind": "rfm", "by": "cell", "monetary": "mean"})",
    R"({"kind": "rfm_users", "limit": 10, "event": "purchase"})",
    R"({"kind": "adoption", "features": ["login", {"event": "view", "where": {"session": "7"}}]})",
    R"({"kind": "aha", "cohort_event": "login", "within": "1d", "from_day": 2, "to_day": 6})",
    R"({"kind": "ltv", "horizons": [0, 3], "cost": {"per_user": "1"}})",
    R"({"kind": "counts", "event": "purchase", "payers": true, "period": "week"})",
    R"({"kind": "compare", "variant": "channel", "metric": {"count": "view", "within": "2d"}})",
    R"({"kind": "active", "event": {"where": {"session": {"contains": "7"}, "channel": "ads"}}})",
    R"({"kind": "active", "period": "week", "breakdown": "session"})",
    R"({"kind": "segment", "segment": {"did": "purchase"}, "members": {"of": "users"}})",
};

}  // namespace

CheckedStream::CheckedStream(std::uint64_t seed, std::size_t batch_count) {
  settings_.partition_count = 4;
  settings_.time_zone = "Europe/London";
  settings_.dimensions = {"channel"};
  settings_.kept_properties = {"session"};
  Random random(seed);
  const std::vector<std::string> names = {"login", "login", "view", "purchase"};
  const std::vector<std::string> channels = {"", "ads", "seo"};
  NaiveEngine oracle(settings_);
  for (std::size_t number = 0; number <= batch_count; ++number) {
    Recount& recount = recounts_.emplace_back();
    for (const std::vector<NaiveEvent>& batch : batches_) recount.events += batch.size();
    for (const std::string_view question : kQuestions) {
      Result<QueryResult> answer = oracle.query(question);
      // In an empty store, names are not known yet.
      EXPECT_TRUE(answer.ok() || number == 0) << question << ": " << answer.status().to_string();
      recount.answers.push_back(answer.ok() ? *std::move(answer) : QueryResult());
    }
    if (number == batch_count) break;

    std::vector<NaiveEvent>& batch = batches_.emplace_back();
    const auto add = [&](std::string user, std::size_t name) {
      NaiveEvent event;
      event.user = std::move(user);
      event.event = names[name];
      // Events are late by up to four days.
      const auto day = static_cast<TimeUs>(number * 2 + random.below(4));
      event.time =
          (kStreamBegin.value + day) * kDayUs + static_cast<TimeUs>(random.bits() % kDayUs);
      if (event.event == "purchase") event.value = random.between(-1'000'000, 9'000'000);
      event.properties["channel"] = random.pick(channels);
      if (random.chance(80)) event.properties["session"] = std::to_string(random.below(100));
      batch.push_back(std::move(event));
    };
    // Every name is in the first batch, so that every question has an answer after it.
    for (std::size_t i = 0; i < kBatchEvents; ++i) {
      add("user" + std::to_string(random.below(kUsers)),
          i < names.size() ? i : random.below(names.size()));
    }
    for (std::size_t i = 0; number == kLargeBatch && i < kLongUsers; ++i) {
      add(std::to_string(i) + std::string(kLongNameBytes, 'x'), random.below(names.size()));
    }
    oracle.ingest(batch);
  }
}

Status CheckedStream::ingest(Engine& engine, std::size_t number, Ack ack) const {
  const EventColumns columns(batches_[number], settings_);
  const SourcePosition position{std::string(kSource), std::to_string(number + 1)};
  return engine.ingest(columns.batch(), {.positions = {&position, 1}, .ack = ack}).status();
}

Result<std::size_t> CheckedStream::position(const Engine& engine) const {
  const std::vector<SourcePosition> sources = engine.sources();
  if (sources.empty()) return std::size_t{0};
  for (std::size_t number = 1; number <= batches_.size(); ++number) {
    if (sources.size() == 1 && sources[0].id == kSource &&
        sources[0].position == std::to_string(number)) {
      return number;
    }
  }
  return Status::corruption("the position is none of the stream's: " + sources[0].id + " at " +
                            sources[0].position);
}

CheckedStream::Comparison CheckedStream::compare(const Engine& engine, std::size_t batches) const {
  const Recount& recount = recounts_[batches];
  Comparison comparison;
  const Result<std::size_t> found = position(engine);
  if (!found.ok() || *found != batches) {
    comparison.wrong = found.ok() ? "the position is " + std::to_string(*found) + ", not " +
                                        std::to_string(batches)
                                  : found.status().message();
    return comparison;
  }
  if (const std::uint64_t events = engine.info().event_count; events != recount.events) {
    comparison.wrong = std::to_string(events) + " events, not " + std::to_string(recount.events);
    return comparison;
  }
  for (std::size_t i = 0; batches > 0 && i < std::size(kQuestions); ++i) {
    const Result<QueryResult> answer = engine.query(kQuestions[i]);
    if (!answer.ok()) {
      if (comparison.first_error.ok()) comparison.first_error = answer.status();
      continue;
    }
    const std::string difference = first_difference(*answer, recount.answers[i]);
    if (difference.empty()) continue;
    comparison.wrong = std::string(kQuestions[i]) + ": " + difference;
    return comparison;
  }
  return comparison;
}

}  // namespace rollcall::testing
