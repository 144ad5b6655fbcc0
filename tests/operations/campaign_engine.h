// An engine that tests of campaigns share, with days of whole-day events.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "rollcall/campaign.h"
#include "rollcall/memory_store.h"
#include "tests/support/event_columns.h"
#include "tests/support/naive_data.h"
#include "tests/support/times.h"

namespace rollcall::testing {

class CampaignEngine : public ::testing::Test {
 protected:
  CampaignEngine() {
    options_.settings = StoreSettings{};
    options_.settings->partition_count = 4;
    options_.settings->kept_properties = {"genre"};
    options_.threads_max = 2;
    open();
  }
  void open() { engine_ = *Engine::open(open_memory_store(disk_), options_); }
  void reopen() {
    ASSERT_TRUE(engine_->close().ok());
    open();
  }

  // Each adds an event; `day` counts from 2026-01-01. Nothing is known before `ingest`.
  NaiveEvent& add(const std::string& user, std::int32_t day, const std::string& name) {
    NaiveEvent& event = events_.emplace_back();
    event.user = user;
    event.event = name;
    event.time = (kFirstDay + day).value * kDayUs;
    event.whole_day = true;
    return event;
  }
  void add_at(const std::string& user, TimeUs time, const std::string& name) {
    NaiveEvent& event = add(user, 0, name);
    event.time = time;
    event.whole_day = false;
  }
  void ingest() {
    const EventColumns columns(events_, engine_->settings());
    const auto ingested = engine_->ingest(columns.batch());
    ASSERT_TRUE(ingested.ok()) << ingested.status().to_string();
    events_.clear();
  }

  std::set<std::string> users_of(const Query& question) {
    const Result<QueryResult> result = engine_->query(question);
    EXPECT_TRUE(result.ok()) << result.status().to_string();
    std::set<std::string> users;
    if (!result.ok()) return users;
    for (const auto& row : result->rows) users.insert(std::get<std::string>(row.front()));
    return users;
  }
  std::set<std::string> members(const std::string& campaign, Segment::AudiencePart part = {}) {
    return users_of(users_question(campaign, part));
  }
  std::set<std::string> members_of_run(const std::string& campaign, const std::string& run) {
    Segment::AudiencePart part;
    part.run = run;
    return members(campaign, part);
  }
  std::set<std::string> arm(const std::string& campaign, Segment::AudiencePart::Arm of) {
    Segment::AudiencePart part;
    part.arm = of;
    return members(campaign, part);
  }
  static Campaign campaign(const std::string& name, const std::string& json) {
    const Result<Campaign> read = parse_campaign(name, json);
    EXPECT_TRUE(read.ok()) << read.status().to_string();
    return read.ok() ? *read : Campaign();
  }
  Result<std::vector<AudienceInfo>> create(const std::string& name, const std::string& json) {
    const Campaign one = campaign(name, json);
    return create_campaigns(*engine_, {&one, 1});
  }
  // Returns the names of the runs that are frozen now.
  std::vector<std::string> run(const std::optional<std::string>& name = {}) {
    const Result<std::vector<AudienceInfo>> runs = run_campaigns(*engine_, name);
    EXPECT_TRUE(runs.ok()) << runs.status().to_string();
    std::vector<std::string> names;
    if (!runs.ok()) return names;
    for (const AudienceInfo& info : *runs)
      names.push_back(info.name.campaign + " " + info.name.run);
    return names;
  }

  EngineOptions options_;
  std::shared_ptr<MemoryDisk> disk_ = make_memory_disk();
  std::unique_ptr<Engine> engine_;

 private:
  std::vector<NaiveEvent> events_;
};

}  // namespace rollcall::testing
