// Freezes the runs of campaigns, and finds what there is to ask about them.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "operations/campaign_periods.h"
#include "operations/campaign_text.h"
#include "rollcall/campaign.h"
#include "rollcall/message_text.h"
#include "rollcall/query.h"

namespace rollcall {
namespace {

std::string campaign_label(const std::string& campaign) {
  return "campaign " + quoted_excerpt(campaign);
}

std::string time_zone_of(const Engine& engine) { return engine.settings().time_zone; }

// Returns the question how many users a segment has.
Query users_of_segment(Segment users) {
  Query query;
  query.ask = SegmentQuery{std::move(users)};
  return query;
}

// Is a moment up to which events are known, to the second.
struct Moment {
  TimeUs time = 0;
  Day day;  // in the store's time zone
};

// Reads the instant of an answer.
Result<Moment> read_moment(const std::string& as_of) {
  const std::string question =
      fmt::format(R"({{"kind": "segment", "segment": {{"did": "*"}}, "as_of": "{}"}})", as_of);
  ROLLCALL_ASSIGN_OR_RETURN(const Query query, parse_query(question));
  const std::optional<Day> day = date_of(as_of);
  if (!day || !std::holds_alternative<TimeUs>(*query.common.as_of)) {
    return Status::invalid_argument(fmt::format(
        "as_of: must be an instant of years 0001 to 9999, found {}", quoted_excerpt(as_of)));
  }
  return Moment{std::get<TimeUs>(*query.common.as_of), *day};
}

// Resolves an instant, or the latest one that the store knows.
Result<Moment> resolve_moment(const Engine& engine, const std::optional<AsOf>& as_of) {
  // Only the first day there is is asked about, as other days would be read to answer: event by
  // event, if the instant lies within one.
  Segment long_ago;
  long_ago.range.from = long_ago.range.to = kDayMin;
  Query question = users_of_segment(std::move(long_ago));
  question.common.as_of = as_of;
  ROLLCALL_ASSIGN_OR_RETURN(const QueryResult answer, engine.query(question));
  if (answer.as_of.empty()) {
    return Status(StatusCode::kFailedPrecondition,
                  "the store has no events yet (allowed: once it has some)");
  }
  return read_moment(answer.as_of);
}

// Is a run that is to be frozen.
struct PlannedRun {
  const Campaign* campaign;
  std::string run;
  AsOf as_of;  // of its audience
  Moment at;
};

// Knows which runs there are.
class Runs {
 public:
  explicit Runs(const Engine& engine) : engine_(engine), all_(engine.audiences()) {}

  const std::vector<AudienceInfo>& all() const { return all_; }
  bool has(const std::string& campaign, const std::string& run) const {
    return std::ranges::any_of(all_, [&](const AudienceInfo& info) {
      return info.name.campaign == campaign && info.name.run == run;
    });
  }

  // Adds the runs of a campaign that are due.
  Status add_due(const Campaign& campaign, std::vector<PlannedRun>& due) const {
    if (campaign.has_ended) return {};
    if (campaign.every) return add_due_periods(campaign, due);
    if (has(campaign.name, "")) return {};
    ROLLCALL_ASSIGN_OR_RETURN(const Moment now, resolve_moment(engine_, {}));
    ROLLCALL_ASSIGN_OR_RETURN(const Moment at, resolve_moment(engine_, campaign.at));
    // Events after the contact must not decide who is in the audience.
    due.push_back({&campaign, "", std::min(at.time, now.time), at});
    return {};
  }

 private:
  Status add_due_periods(const Campaign& campaign, std::vector<PlannedRun>& due) const {
    ROLLCALL_ASSIGN_OR_RETURN(const Moment now, resolve_moment(engine_, {}));
    ROLLCALL_ASSIGN_OR_RETURN(const Moment first, resolve_moment(engine_, campaign.at));
    const WeekStart week_start = engine_.settings().week_start;
    for (Day day = first_day_of(first.day, *campaign.every, week_start); day <= now.day;
         day = first_day_after(day, *campaign.every, week_start)) {
      const std::string run = to_string(day);
      if (has(campaign.name, run)) continue;
      ROLLCALL_ASSIGN_OR_RETURN(const Moment at, resolve_moment(engine_, AsOf(day - 1)));
      due.push_back({&campaign, run, AsOf(day - 1), at});
    }
    return {};
  }

  const Engine& engine_;
  const std::vector<AudienceInfo> all_;
};

// Returns the instant after which the time of a run begins: that of the campaign or, where it has
// many, of the run's audience.
Result<Moment> moment_of(const Engine& engine, const AudienceInfo& run, const Campaign* campaign) {
  const bool has_own = campaign != nullptr && !campaign->every && campaign->at;
  return has_own ? resolve_moment(engine, campaign->at) : read_moment(run.as_of);
}

// Returns users of the audience whom no other campaign has contacted or held out lately.
Result<Segment> rested_users(const Engine& engine, const PlannedRun& planned,
                             const std::map<std::string, Campaign>& campaigns) {
  if (planned.campaign->rest_days == 0) return planned.campaign->audience;
  Segment others;
  others.kind = Segment::Kind::kAny;
  for (const AudienceInfo& run : engine.audiences()) {
    if (run.name.campaign == planned.campaign->name) continue;
    const auto of_run = campaigns.find(run.name.campaign);
    ROLLCALL_ASSIGN_OR_RETURN(
        const Moment at,
        moment_of(engine, run, of_run == campaigns.end() ? nullptr : &of_run->second));
    const bool is_recent =
        at.time <= planned.at.time && planned.at.day - at.day <= planned.campaign->rest_days;
    if (!is_recent) continue;
    Segment& other = others.parts.emplace_back();
    other.kind = Segment::Kind::kAudience;
    other.name = run.name.campaign;
    other.audience.run = run.name.run;
  }
  if (others.parts.empty()) return planned.campaign->audience;
  Segment rested;
  rested.kind = Segment::Kind::kNot;
  rested.parts.push_back(std::move(others));
  Segment users;
  users.kind = Segment::Kind::kAll;
  users.parts = {planned.campaign->audience, std::move(rested)};
  return users;
}

// Returns a class for each of the values that most users have in such events, as far as they can
// name one.
Result<std::vector<AudienceClass>> classes_of(const Engine& engine, const PlannedRun& planned,
                                              const QueryLimits& limits) {
  const Campaign& campaign = *planned.campaign;
  if (!campaign.by_favourite) return campaign.classes;
  const auto end_of = [](const std::optional<DateText>& date) -> std::optional<RangeEnd> {
    if (!date) return {};
    return std::visit([](auto day) { return RangeEnd(day); }, *date);
  };
  Query question;
  ActiveQuery active;
  active.event = campaign.by_favourite->event;
  active.period = Period::kQuarter;  // as few rows as can be
  question.ask = std::move(active);
  question.common.from = end_of(campaign.by_favourite->range.from);
  question.common.to = end_of(campaign.by_favourite->range.to);
  question.common.last = campaign.by_favourite->range.last;
  question.common.as_of = planned.as_of;
  question.common.breakdown = campaign.by_favourite->favourite.property;
  question.common.breakdown_limit = kFavouriteClassesMax;
  const Result<QueryResult> answer = engine.query(question, limits);
  if (!answer.ok()) return answer.status().within("classes: by");
  std::set<std::string> seen = {"", "$other", AudienceRequest::kRest};
  std::vector<AudienceClass> classes;
  for (const std::vector<Cell>& row : answer->rows) {
    const auto& value = std::get<std::string>(row.front());
    if (value.size() > AudienceName::kBytesMax || !seen.insert(value).second) continue;
    AudienceClass& added = classes.emplace_back(AudienceClass{value, *campaign.by_favourite});
    added.users.favourite.value = value;
  }
  return classes;
}

Result<AudienceInfo> freeze_run(Engine& engine, const PlannedRun& planned,
                                const std::map<std::string, Campaign>& campaigns,
                                const QueryLimits& limits) {
  const Campaign& campaign = *planned.campaign;
  AudienceRequest request;
  request.name = {campaign.name, planned.run};
  ROLLCALL_ASSIGN_OR_RETURN(request.users, rested_users(engine, planned, campaigns));
  ROLLCALL_ASSIGN_OR_RETURN(request.classes, classes_of(engine, planned, limits));
  request.as_of = planned.as_of;
  request.holdout = campaign.holdout;
  request.draw = campaign.holdout_group.empty() ? campaign.name : campaign.holdout_group;
  return engine.freeze(request, limits);
}

Status save_campaigns(Engine& engine, std::span<const Campaign> campaigns,
                      OnSameName on_same_name) {
  std::vector<SavedObject> objects;
  for (const Campaign& campaign : campaigns) {
    objects.push_back({ObjectKind::kCampaign, campaign.name, to_json(campaign)});
  }
  ROLLCALL_RETURN_IF_ERROR(check_campaigns(objects, time_zone_of(engine)));
  return engine.save_objects(objects, on_same_name);
}

// Sets the time of a campaign that has none: the latest that is known.
Status set_time(const Engine& engine, Campaign& campaign) {
  if (campaign.at && std::holds_alternative<TimeUs>(*campaign.at)) return {};
  ROLLCALL_ASSIGN_OR_RETURN(const Moment at, resolve_moment(engine, campaign.at));
  campaign.at = at.time;
  return {};
}

// Returns the campaigns that are asked for.
Result<std::vector<Campaign>> chosen_campaigns(const Engine& engine,
                                               const std::optional<std::string>& campaign) {
  if (!campaign) return campaigns_of(engine);
  ROLLCALL_ASSIGN_OR_RETURN(Campaign found, find_campaign(engine, *campaign));
  return std::vector<Campaign>{std::move(found)};
}

// Returns what is due of these campaigns, which outlive it, in the order of their times.
Result<std::vector<PlannedRun>> planned_runs(const Engine& engine,
                                             const std::vector<Campaign>& campaigns) {
  const Runs runs(engine);
  std::vector<PlannedRun> due;
  for (const Campaign& campaign : campaigns) {
    const Status status = runs.add_due(campaign, due);
    if (!status.ok()) return status.within(campaign_label(campaign.name));
  }
  std::ranges::stable_sort(due, [](const PlannedRun& a, const PlannedRun& b) {
    return std::pair(a.at.time, std::string_view(a.campaign->name)) <
           std::pair(b.at.time, std::string_view(b.campaign->name));
  });
  return due;
}

// Freezes what is due of these campaigns.
Result<std::vector<AudienceInfo>> freeze_due(Engine& engine, const std::vector<Campaign>& campaigns,
                                             const QueryLimits& limits) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<PlannedRun> planned, planned_runs(engine, campaigns));
  std::map<std::string, Campaign> by_name;
  if (!planned.empty()) {
    ROLLCALL_ASSIGN_OR_RETURN(const std::vector<Campaign> all, campaigns_of(engine));
    for (const Campaign& one : all) by_name.emplace(one.name, one);
  }
  std::vector<AudienceInfo> frozen;
  for (const PlannedRun& run : planned) {
    Result<AudienceInfo> made = freeze_run(engine, run, by_name, limits);
    // Another thread has frozen it meanwhile.
    if (made.status().code() == StatusCode::kAlreadyExists) continue;
    ROLLCALL_RETURN_IF_ERROR(made.status());
    // Another thread has dropped the campaign meanwhile, and may not have seen this run.
    if (!find_campaign(engine, run.campaign->name).ok()) {
      const Status status = engine.drop_audience(made->name);
      if (!status.ok() && status.code() != StatusCode::kNotFound) return status;
      continue;
    }
    frozen.push_back(*std::move(made));
  }
  return frozen;
}

}  // namespace

Result<std::vector<Campaign>> campaigns_of(const Engine& engine) {
  std::vector<Campaign> campaigns;
  for (const SavedObject& object : engine.objects(ObjectKind::kCampaign)) {
    ROLLCALL_ASSIGN_OR_RETURN(campaigns.emplace_back(),
                              parse_campaign(object.name, object.definition, time_zone_of(engine)));
  }
  return campaigns;
}

Result<Campaign> find_campaign(const Engine& engine, const std::string& name) {
  std::vector<std::string> names;
  for (const SavedObject& object : engine.objects(ObjectKind::kCampaign)) {
    if (object.name == name) {
      return parse_campaign(name, object.definition, time_zone_of(engine));
    }
    names.push_back(object.name);
  }
  return Status::not_found(unknown_name("campaign", name, names));
}

Result<std::vector<AudienceInfo>> create_campaigns(Engine& engine,
                                                   std::span<const Campaign> campaigns,
                                                   const QueryLimits& limits) {
  std::vector<Campaign> created(campaigns.begin(), campaigns.end());
  for (Campaign& campaign : created) {
    const Status status = set_time(engine, campaign);
    if (!status.ok()) return status.within(campaign_label(campaign.name));
    // A later campaign of the name would go on with what another one has frozen.
    if (!runs_of(engine, campaign.name).empty()) {
      return Status::already_exists(fmt::format(
          "{}: the store has runs of one of that name (allowed: another name, or to drop it)",
          campaign_label(campaign.name)));
    }
  }
  ROLLCALL_RETURN_IF_ERROR(save_campaigns(engine, created, OnSameName::kRefuse));
  Result<std::vector<AudienceInfo>> frozen = freeze_due(engine, created, limits);
  if (frozen.ok()) {
    // Another thread may have frozen some of them.
    for (const Campaign& campaign : created) {
      for (AudienceInfo& run : runs_of(engine, campaign.name)) {
        const bool is_there = std::any_of(frozen->begin(), frozen->end(), [&](const auto& known) {
          return known.name == run.name;
        });
        if (!is_there) frozen->push_back(std::move(run));
      }
    }
    return frozen;
  }
  for (const Campaign& campaign : created) {
    ROLLCALL_RETURN_IF_ERROR(drop_campaign(engine, campaign.name));
  }
  return frozen;
}

Result<std::vector<DueRun>> due_runs(const Engine& engine,
                                     const std::optional<std::string>& campaign) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<Campaign> campaigns,
                            chosen_campaigns(engine, campaign));
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<PlannedRun> planned, planned_runs(engine, campaigns));
  std::vector<DueRun> due;
  for (const PlannedRun& run : planned) due.push_back({run.campaign->name, run.run});
  return due;
}

Result<std::vector<AudienceInfo>> run_campaigns(Engine& engine,
                                                const std::optional<std::string>& campaign,
                                                const QueryLimits& limits) {
  ROLLCALL_ASSIGN_OR_RETURN(std::vector<Campaign> campaigns, chosen_campaigns(engine, campaign));
  for (Campaign& one : campaigns) {
    if (one.has_ended || one.at) continue;
    const Status status = set_time(engine, one);
    if (!status.ok()) return status.within(campaign_label(one.name));
    ROLLCALL_RETURN_IF_ERROR(save_campaigns(engine, {&one, 1}, OnSameName::kReplace));
  }
  return freeze_due(engine, campaigns, limits);
}

std::vector<AudienceInfo> runs_of(const Engine& engine, const std::string& campaign) {
  std::vector<AudienceInfo> runs = engine.audiences();
  std::erase_if(runs, [&](const AudienceInfo& run) { return run.name.campaign != campaign; });
  return runs;
}

Result<Query> report_question(const Engine& engine, const std::string& campaign) {
  ROLLCALL_ASSIGN_OR_RETURN(const Campaign found, find_campaign(engine, campaign));
  ResponseQuery ask = report_without_runs(found);
  for (const AudienceInfo& run : runs_of(engine, campaign)) {
    ROLLCALL_ASSIGN_OR_RETURN(const Moment at, moment_of(engine, run, &found));
    ask.runs.push_back({run.name.run, at.time});
  }
  if (ask.runs.empty()) {
    return Status(StatusCode::kFailedPrecondition,
                  campaign_label(campaign) + ": has no run yet (allowed: once one is frozen)");
  }
  Query query;
  query.ask = std::move(ask);
  return query;
}

Query users_question(const std::string& campaign, const Segment::AudiencePart& part,
                     std::optional<std::uint64_t> limit, std::string after) {
  Segment users;
  users.kind = Segment::Kind::kAudience;
  users.name = campaign;
  users.audience = part;
  Query question = users_of_segment(std::move(users));
  Members& members = question.common.members.emplace();
  members.of = "users";
  members.limit = limit;
  members.after = std::move(after);
  return question;
}

Status end_campaign(Engine& engine, const std::string& campaign) {
  ROLLCALL_ASSIGN_OR_RETURN(Campaign found, find_campaign(engine, campaign));
  found.has_ended = true;
  return save_campaigns(engine, {&found, 1}, OnSameName::kReplace);
}

Status drop_campaign(Engine& engine, const std::string& campaign) {
  ROLLCALL_RETURN_IF_ERROR(engine.drop_object(ObjectKind::kCampaign, campaign));
  for (const AudienceInfo& run : runs_of(engine, campaign)) {
    ROLLCALL_RETURN_IF_ERROR(engine.drop_audience(run.name));
  }
  return {};
}

}  // namespace rollcall
