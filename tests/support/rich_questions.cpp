#include "tests/support/rich_questions.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "rollcall/kinds.h"

namespace rollcall::testing {
namespace {

constexpr TimeUs kRichMinute = 60'000'000;
constexpr TimeUs kRichDay = 24 * 60 * kRichMinute;

// USER stands for a user, DAY for the day of the latest event, and BEGIN for the first of the nine
// that end with it.
constexpr std::string_view kRichQuestions[] = {
    R"q({"kind": "active", "event": "visit", "window_days": 3, "ratio_to_window": 5, "last": "4d",
         "breakdown": "channel", "among": "times(visit, 7d) >= 1"})q",
    R"q({"kind": "active", "period": "hour", "last": "2d", "breakdown": "session",
         "breakdown_limit": 2, "where": {"channel": {"ne": "mail"}, "value": {"lt": 1000}}})q",
    R"q({"kind": "active", "where": {"channel": "ads", "session": {"set": true}},
         "among": "sum(purchase, 9d) >= 0 and not declined(visit, 3d, 0.5, 4)",
         "members": {"where": {"date": "DAY"}}})q",
    R"q({"kind": "counts", "event": {"not_event": "purchase"}, "period": "hour", "last": "2d",
         "breakdown": "channel", "among": "did(visit, 9d)"})q",
    R"q({"kind": "counts", "where": [{"session": {"contains": "s"}}, {"session": {"ne": "s1"}}],
         "members": {"where": {"date": "DAY"}, "of": "users", "limit": 5}})q",
    R"q({"kind": "counts", "period": "week", "breakdown": "channel", "breakdown_limit": 1})q",
    R"q({"kind": "retention", "cohort_event": "visit", "return_event": {"event": "purchase"},
         "windows": "rolling", "cohort": "first_in_range", "mode": "on_or_before", "periods": 3,
         "measure": "value", "breakdown": "channel", "breakdown_match": "both", "last": "5d"})q",
    R"q({"kind": "retention", "cohort": "recurring", "mode": "streak", "brackets": [1, 2],
         "min_return_count": 1, "last": "6d", "among": "favourite(channel of visit, 9d) = ads"})q",
    R"q({"kind": "retention", "period": "hour", "periods": 4, "last": "2d", "cohort":
         "first_in_range", "min_return_count": 2, "summary": "mean"})q",
    R"q({"kind": "retention", "first_of": "name", "periods": 2, "last": "9d",
         "cohort_event": {"event": "visit", "where": {"channel": "ads", "session": {"set": true}}},
         "members": {"where": {"cohort": "BEGIN", "period": 0}, "of": "size"}})q",
    R"q({"kind": "churn", "event": {"event": "visit", "where": {"channel": "ads"}}, "last": "3d",
         "rule": {"gap_days": 1}, "members": {"where": {"date": "DAY"}, "of": "base"}})q",
    R"q({"kind": "churn", "base": "new", "rule": {"period": "week", "count": 2}, "breakdown":
         "session", "breakdown_limit": 2, "among": "favourite(channel of visit, 9d) = ads"})q",
    R"q({"kind": "idle", "edges": [0, 1, 2], "breakdown": "channel",
         "among": {"converted": {"kind": "funnel", "steps": ["visit", "purchase"]}}})q",
    R"q({"kind": "idle", "edges": "each", "event": {"event": "purchase", "where": {"value": {"gte":
         "1.5"}}}, "members": {"where": {"from_days": 0}, "of": "users"}})q",
    R"q({"kind": "lifecycle", "period": "hour", "last": "2d", "event": "visit"})q",
    R"q({"kind": "lifecycle", "last": "4d", "breakdown": "session", "breakdown_limit": 2,
         "where": {"channel": ["ads", "seo"]}})q",
    R"q({"kind": "lifecycle", "last": "4d", "among": "times(purchase) >= 1",
         "members": {"where": {"date": "DAY"}, "of": "active"}})q",
    R"q({"kind": "stickiness", "period": "hour", "last": "2d", "per_period": {"gte": 1},
         "breakdown": "channel"})q",
    R"q({"kind": "stickiness", "window_days": 4, "last": "3d", "per_period": {"lte": 3},
         "among": "times(visit, 9d) <= 100"})q",
    R"q({"kind": "stickiness", "period_step": 2, "last": "6d", "event": "purchase",
         "members": {"where": {"active_periods": 1}, "of": "users_at_least"}})q",
    R"q({"kind": "segment", "breakdown": "channel", "segment":
         "times(visit, 9d) >= 2 and sum(purchase, 9d) <= 1000 or favourite(session of visit) = s1"
         })q",
    R"q({"kind": "segment", "segment": {"all": [
           {"dropped": {"kind": "funnel", "steps": ["visit", "purchase", "purchase"], "hold":
           "session"}, "at": 3}, {"not": "declined(visit, 3d, 0.5, 4)"}, {"any":
           ["first(visit[channel=ads, session], 9d)", "days(visit[channel=seo, session], 9d) >= 2"]}
         ]}, "members": {"of": "users"}})q",
    R"q({"kind": "funnel", "steps": ["visit", "purchase", "visit"], "window": "3d",
         "hold": "session", "exclusions": [{"event": {"event": "purchase", "where": {"value": {"gt":
         "6"}}}, "from_step": 2, "to_step": 3}], "period": "day", "total_seconds": true})q",
    R"q({"kind": "funnel", "steps": ["visit", "purchase"], "order": "any", "breakdown": "session",
         "breakdown_limit": 2, "breakdown_step": 2, "steps_after_to": true, "last": "3d"})q",
    R"q({"kind": "funnel", "steps": ["visit", {"event": ["purchase", "visit"]}], "order": "strict",
         "collapse_repeats": true, "ties": "strictly_increasing", "breakdown": "channel",
         "among": "did(purchase)"})q",
    R"q({"kind": "funnel", "steps": ["visit", "purchase", "visit"], "stop_on_repeat": true,
         "members": {"where": {"step": 2}, "of": "users"}})q",
    R"q({"kind": "clock", "event": "visit", "then": "purchase", "within": "2h", "breakdown":
         "channel", "among": "sum(purchase) >= 1"})q",
    R"q({"kind": "clock", "event": {"event": "visit", "where": {"channel": {"ne": "mail"},
         "session": {"set": true}}},
         "members": {"where": {"weekday": 1, "hour": 9}, "of": "users"}})q",
    R"q({"kind": "paths", "event": "visit", "depth": 3, "limit": 2, "breakdown": "session",
         "breakdown_limit": 2, "window": "1d"})q",
    R"q({"kind": "paths", "event": "purchase", "direction": "before", "depth": 1, "window": "30m",
         "members": {"where": {"step": 1, "from": "visit", "to": "purchase"}, "of": "users"}})q",
    R"q({"kind": "at_risk", "period": "day", "last": "3d", "breakdown": "channel", "features":
         ["visit"], "where": {"channel": {"ne": "mail"}, "session": {"set": true}}})q",
    R"q({"kind": "at_risk", "rules": [{"name": "few", "segment": "times(visit, 9d) <= 100"}],
         "members": {"where": {"rule": "few"}, "of": "users"}})q",
    R"q({"kind": "nps", "event": "purchase", "window_days": [1, 4], "last": "3d", "breakdown":
         "session", "breakdown_limit": 2, "among": "times(visit, 9d) >= 1"})q",
    R"q({"kind": "nps", "event": {"event": "purchase", "where": {"value": {"gte": "1"}}},
         "members": {"where": {"date": "DAY", "window_days": 7}, "of": "answers"}})q",
    R"q({"kind": "rfm", "monetary": "mean", "by": "cell", "breakdown": "channel",
         "among": "times(visit, 9d) >= 1"})q",
    R"q({"kind": "rfm", "event": "visit", "frequency": "days", "segments": [{"name": "all"}],
         "members": {"where": {"segment": "all"}, "of": "users"}})q",
    R"q({"kind": "rfm_users", "breakdown": "session", "breakdown_limit": 2})q",
    R"q({"kind": "rfm_users", "frequency": "days", "limit": 3, "where": {"channel": "ads",
         "session": {"set": true}}})q",
    R"q({"kind": "adoption", "features": ["visit", {"event": "purchase", "where": {"session":
         {"set": true}, "channel": "ads"}}], "last": "4d", "breakdown": "channel",
         "among": "times(visit, 9d) >= 1"})q",
    R"q({"kind": "adoption", "features": ["visit"], "period": "week",
         "members": {"where": {"date": "null", "feature": "visit"}, "of": "users"}})q",
    R"q({"kind": "aha", "cohort_event": "visit", "within": "1d", "from_day": 2, "to_day": 3,
         "at_least": [1, 2], "breakdown": "session", "breakdown_limit": 2})q",
    R"q({"kind": "aha", "cohort_event": {"event": "visit", "where": {"session": {"set": true},
         "channel": {"ne": ""}}}, "within": "1h", "from_day": 2, "to_day": 2, "at_least": [1],
         "members": {"where": {"event": "purchase", "at_least": 1}, "of": "users"}})q",
    R"q({"kind": "ltv", "cohort_event": "visit", "horizons": [0, 3], "cost": {"per_user": "1.5"},
         "breakdown": "channel", "last": "5d", "among": "times(visit, 9d) >= 1"})q",
    R"q({"kind": "ltv", "cohort": "first_in_range", "value_event": {"event": "purchase", "where":
         {"session": {"set": true}, "channel": "ads"}}, "cost": {"event": "visit"}, "horizons": [1],
         "members": {"where": {"cohort": "BEGIN", "day": 1}, "of": "size"}})q",
    R"q({"kind": "compare", "exposure": "visit", "variant": "channel", "values": ["ads", "seo"],
         "metric": {"value": "purchase", "within": "1d"}, "last": "6d",
         "among": "times(visit, 9d) >= 1"})q",
    R"q({"kind": "compare", "from": "3 days ago", "variants": {"a": "did(purchase)",
         "b": "not did(purchase)"}, "metric": {"window": [0, 1]},
         "members": {"where": {"variant": "a"}, "of": "users"}})q",
    R"q({"kind": "streaks", "event": "visit", "last": "6d", "breakdown": "channel",
         "among": "times(visit, 9d) >= 1"})q",
    R"q({"kind": "streaks", "event": {"event": "visit", "where": {"channel": "ads", "session":
         {"set": true}}}, "members": {"where": {"days": 2}, "of": "users_longest"}})q",
    R"q({"kind": "milestones", "last": "3d", "at": [1, 2, 3], "breakdown": "session",
         "breakdown_limit": 2})q",
    R"q({"kind": "milestones", "date": "DAY", "of": "active_day", "at": [4, 5, 6],
         "members": {"where": {"date": "DAY", "of": "active_day", "at": 5}, "of": "users"}})q",
    R"q({"kind": "profile", "user": "USER", "events": 3})q",
    R"q({"kind": "profile", "user": "USER", "year": 2026, "rfm": false,
         "where": {"channel": "seo"}})q",
    R"q({"kind": "response", "campaign": "spring", "runs": {"one": "BEGIN", "two": "MIDDLE"},
         "horizons": [1, 3, 7], "returned": "visit", "converted": "purchase", "contact": "visit",
         "cost_per_contact": "0.05"})q",
    R"q({"kind": "response", "campaign": "spring", "runs": {"two": "MIDDLE"},
         "among": "did(visit)"})q",
    R"q({"kind": "segment", "segment": {"any": [
         {"variant": "seo", "of": {"exposure": "visit", "variant": "channel",
                                   "metric": {"retention_day": 1}}},
         {"variant": "a", "of": {"variants": {"a": "did(purchase)", "b": "not did(purchase)"},
                                 "from": "MIDDLE", "metric": {"retention_day": 1}}}]}})q"};

}  // namespace

std::vector<RichQuestion> rich_questions(UserKind user_kind, Day last) {
  std::vector<RichQuestion> questions;
  for (const std::string_view text : kRichQuestions) {
    std::string json(text);
    const std::string user = user_kind == UserKind::kInteger ? "1" : "user 1";
    for (const auto& [word, text_of] :
         {std::pair<std::string_view, std::string>("DAY", to_string(last)),
          std::pair<std::string_view, std::string>("BEGIN", to_string(last - 8)),
          std::pair<std::string_view, std::string>("MIDDLE", to_string(last - 5)),
          std::pair<std::string_view, std::string>("USER", user)}) {
      for (std::size_t at = json.find(word); at != std::string::npos; at = json.find(word)) {
        json.replace(at, word.size(), text_of);
      }
    }
    const std::string kind = nlohmann::json::parse(json).at("kind");
    questions.push_back({kind, std::move(json)});
  }
  return questions;
}

Result<std::vector<AudienceInfo>> freeze_rich_audiences(Engine& engine) {
  std::vector<AudienceInfo> frozen;
  for (const char* const run : {"one", "two"}) {
    AudienceRequest request;
    request.name = {"spring", run};
    request.users = *parse_segment("did(*)");
    request.classes = {{"buyers", *parse_segment("did(purchase)")}};
    request.holdout = "0.4";
    request.draw = "spring";
    ROLLCALL_ASSIGN_OR_RETURN(frozen.emplace_back(), engine.freeze(request));
  }
  return frozen;
}

std::vector<std::string_view> kinds_without_rich_questions() {
  const std::vector<RichQuestion> questions = rich_questions(UserKind::kString, {});
  std::vector<std::string_view> kinds;
  for (const QueryKind& kind : query_kinds()) {
    if (std::ranges::count(questions, kind.name, &RichQuestion::kind) < 2) {
      kinds.push_back(kind.name);
    }
  }
  return kinds;
}

StoreSettings rich_settings(UserKind user_kind) {
  StoreSettings settings;
  settings.user_kind = user_kind;
  settings.partition_count = 1;
  settings.dimensions = {"channel"};
  settings.kept_properties = {"session"};
  return settings;
}

std::vector<NaiveEvent> rich_events(UserKind user_kind, std::uint64_t users, std::int32_t days,
                                    Day last) {
  constexpr std::string_view kChannels[] = {"ads", "seo", "mail"};
  std::vector<NaiveEvent> events;
  for (std::int32_t back = 0; back < days; ++back) {
    const TimeUs midnight = std::int64_t{(last - back).value} * kRichDay;
    for (std::uint64_t user = 0; user < users; ++user) {
      const std::uint64_t mixed = user * 7 + static_cast<std::uint64_t>((last - back).value) * 3;
      if (mixed % 5 > 2) continue;
      NaiveEvent event;
      if (user_kind == UserKind::kInteger) {
        event.user = user;
      } else {
        event.user = fmt::format("user {}", user);
      }
      event.event = "visit";
      event.time = midnight + static_cast<TimeUs>(mixed * 97 % (24 * 60 - 10)) * kRichMinute;
      event.properties = {{"channel", std::string(kChannels[mixed % 3])},
                          {"session", fmt::format("s{}", mixed % 4)}};
      events.push_back(event);
      if (mixed % 2 != 0) continue;
      event.event = "purchase";
      event.time += 5 * kRichMinute;
      event.value = static_cast<Amount>(mixed % 9 + 1) * 1'000'000;
      events.push_back(std::move(event));
    }
  }
  return events;
}

}  // namespace rollcall::testing
