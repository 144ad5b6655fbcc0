// This header has campaigns that win users back: who is contacted, who is held out to compare with,
// and what came of it.
//
// A campaign is an object that the store keeps by name (saved_object.h). Each run of it freezes an
// audience (audience.h) of the campaign's name; without `every`, the run has the empty name. Only
// the engine's public interface is used, so an engine that is open for writing belongs to the
// caller, and any of these functions may be called from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/audience.h"
#include "rollcall/dates.h"
#include "rollcall/engine.h"
#include "rollcall/question.h"
#include "rollcall/saved_object.h"
#include "rollcall/segment.h"
#include "rollcall/status.h"

namespace rollcall {

struct Campaign {
  std::string name;
  Segment audience;
  std::vector<AudienceClass> classes;
  // Makes a class of each value that users may favour, of the kFavourite segments that this one is
  // with that value; `classes` is empty then.
  std::optional<Segment> by_favourite;
  std::string holdout = "0.1";  // a share, as AudienceRequest::holdout
  std::string holdout_group;    // campaigns of one group hold out the same users; empty: the name
  // Is the time of contact, after which horizons begin. Unset: the latest event that is known when
  // the campaign starts, which sets it. With `every`, the first run is that of the period which
  // holds it.
  std::optional<AsOf> at;
  std::optional<Selector> contact;  // the event that says that a user was reached
  std::string cost_per_contact;     // a decimal number; empty: not known
  Selector returned;
  std::optional<Selector> converted;
  std::vector<std::int32_t> horizons = ResponseQuery().horizons;  // days of 24 hours
  std::int32_t rest_days = 0;   // nobody whom another campaign had within so many days before `at`
  std::optional<Period> every;  // a run for each such period: days or longer
  bool has_ended = false;       // it has no further runs

  friend bool operator==(const Campaign& a, const Campaign& b);
};

// By favourite, there are so many classes: those of the values with the most users.
inline constexpr std::int32_t kFavouriteClassesMax = 20;
// No campaign asks others to rest for longer.
inline constexpr std::int32_t kRestDaysMax = 36'600;

// Reads the definition of a campaign: a JSON object, whose fields `docs/campaigns.md` lists. `name`
// may be empty if the object has one. Instants without an offset are read in `time_zone`.
//   kInvalidArgument  it is no such object; the text names the campaign and the field
Result<Campaign> parse_campaign(std::string_view name, std::string_view json,
                                std::string_view time_zone = "UTC");
// Writes the object, with every field in force.
std::string to_json(const Campaign& campaign);

// Returns campaigns for the usual churn windows: next-day, 7-day, natural-week, natural-month and
// quarter. Those who were active in the latest period that can be known to have been followed by
// absence, and not since, are their audiences. They share one hold-out and rest for 3 days. `json`
// has the other fields, which all five have in common; it may be empty.
//   kInvalidArgument  as parse_campaign
Result<std::vector<Campaign>> standard_campaigns(std::string_view json,
                                                 std::string_view time_zone = "UTC");

// Checks the definitions of campaigns among objects that are to be saved, as `parse_campaign` does.
Status check_campaigns(std::span<const SavedObject> objects, std::string_view time_zone);

// Returns the campaigns that the store keeps, ordered by name, or one of them.
//   kInvalidArgument  a definition, which was saved without being checked, is not one
//   kNotFound         there is none of that name
Result<std::vector<Campaign>> campaigns_of(const Engine& engine);
Result<Campaign> find_campaign(const Engine& engine, const std::string& name);

// Keeps campaigns and starts them: freezes their runs that are due. Returns these runs. If a
// campaign without `every` cannot be frozen, none of the campaigns is kept.
//   kInvalidArgument, kAlreadyExists  as Engine::save_objects and Engine::freeze
//   kFailedPrecondition               the store has no events yet
Result<std::vector<AudienceInfo>> create_campaigns(Engine& engine,
                                                   std::span<const Campaign> campaigns,
                                                   const QueryLimits& limits = {});

// Names a run that is due.
struct DueRun {
  std::string campaign;
  std::string run;
};

// Returns the runs that have begun and are not frozen yet, in the order of their times: of a
// campaign, or of all. A period has begun when the store knows of anything that happened in it.
// Campaigns that have ended have none.
//   kNotFound  there is no campaign of that name
Result<std::vector<DueRun>> due_runs(const Engine& engine,
                                     const std::optional<std::string>& campaign = {});
// Freezes them, each as of the last second before its period, and returns those that it has frozen.
// What was frozen before an error stays.
Result<std::vector<AudienceInfo>> run_campaigns(Engine& engine,
                                                const std::optional<std::string>& campaign = {},
                                                const QueryLimits& limits = {});

// Returns the runs of a campaign, ordered by name.
std::vector<AudienceInfo> runs_of(const Engine& engine, const std::string& campaign);

// Returns the question for a campaign's report, which Engine::query answers.
//   kNotFound            there is no campaign of that name
//   kFailedPrecondition  it has no run yet
Result<Query> report_question(const Engine& engine, const std::string& campaign);

// Returns the question for the users of one arm, of one run or all, and of one class or all.
Query users_question(const std::string& campaign, const Segment::AudiencePart& part,
                     std::optional<std::uint64_t> limit = {}, std::string after = "");

// Ends a campaign: it has no further runs. Its runs stay, and so does its report.
Status end_campaign(Engine& engine, const std::string& campaign);
// Drops a campaign with its runs, durably with the next checkpoint.
Status drop_campaign(Engine& engine, const std::string& campaign);

}  // namespace rollcall
