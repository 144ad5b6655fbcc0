// This tests definitions of campaigns: what each field sets, and what is refused.
#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "rollcall/campaign.h"
#include "rollcall/query.h"

namespace rollcall::testing {
namespace {

Campaign read(const std::string& json) {
  const Result<Campaign> campaign = parse_campaign("c", json);
  EXPECT_TRUE(campaign.ok()) << campaign.status().to_string();
  return campaign.ok() ? *campaign : Campaign();
}

std::string error_of(const std::string& json, const std::string& name = "c") {
  const Status status = parse_campaign(name, json).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << json;
  return status.message();
}

// Returns the error of a definition that has one more field.
std::string error_with(const std::string& field) {
  return error_of(R"j({"audience": "did(*)", )j" + field + "}");
}

Selector event_named(const std::string& name) {
  Selector selector;
  selector.match = Selector::Names::kAnyOf;
  selector.names = {name};
  return selector;
}

TEST(CampaignText, HasDefaults) {
  const Campaign campaign = read(R"j({"audience": "not did(*, 7d)"})j");
  EXPECT_EQ(campaign.name, "c");
  EXPECT_EQ(to_string(campaign.audience), "not did(*, 7d)");
  EXPECT_TRUE(campaign.classes.empty());
  EXPECT_FALSE(campaign.by_favourite);
  EXPECT_EQ(campaign.holdout, "0.1");
  EXPECT_EQ(campaign.holdout_group, "");
  EXPECT_FALSE(campaign.at);
  EXPECT_FALSE(campaign.contact);
  EXPECT_EQ(campaign.cost_per_contact, "");
  EXPECT_EQ(campaign.returned, Selector());
  EXPECT_FALSE(campaign.converted);
  EXPECT_EQ(campaign.horizons, (std::vector<std::int32_t>{1, 3, 7, 14, 30}));
  EXPECT_EQ(campaign.rest_days, 0);
  EXPECT_FALSE(campaign.every);
  EXPECT_FALSE(campaign.has_ended);
  EXPECT_EQ(to_json(campaign),
            R"j({"name":"c","audience":"not did(*, 7d)","holdout":"0.1","holdout_group":"c",)j"
            R"j("returned":"*","horizons":[1,3,7,14,30],"rest_days":0})j");
}

TEST(CampaignText, ReadsEveryField) {
  const std::string json = R"j({
    "name": "c", "audience": {"not": {"did": "*", "last": "7d"}},
    "classes": [{"name": "payers", "segment": "did(buy)"},
                {"name": "readers", "segment": {"did": "read"}}],
    "holdout": 0.25, "holdout_group": "all", "at": "2026-01-05T08:00:00+02:00",
    "contact": "sent", "cost_per_contact": "0.05", "returned": ["read", "buy"],
    "converted": {"event": "buy", "where": {"plan": "pro"}}, "horizons": [2, 4],
    "rest_days": 3, "every": "week", "ended": true
})j";
  const Campaign campaign = read(json);
  ASSERT_EQ(campaign.classes.size(), 2u);
  EXPECT_EQ(campaign.classes[0].name, "payers");
  EXPECT_EQ(to_string(campaign.classes[0].users), "did(buy)");
  EXPECT_EQ(campaign.classes[1].name, "readers");
  EXPECT_EQ(campaign.holdout, "0.25");
  EXPECT_EQ(campaign.holdout_group, "all");
  EXPECT_EQ(campaign.at, AsOf(TimeUs{1'767'592'800'000'000}));
  EXPECT_EQ(campaign.contact, event_named("sent"));
  EXPECT_EQ(campaign.cost_per_contact, "0.05");
  EXPECT_EQ(campaign.returned.names, (std::vector<std::string>{"read", "buy"}));
  EXPECT_EQ(campaign.converted->names, (std::vector<std::string>{"buy"}));
  EXPECT_EQ(campaign.converted->where[0].property, "plan");
  EXPECT_EQ(campaign.horizons, (std::vector<std::int32_t>{2, 4}));
  EXPECT_EQ(campaign.rest_days, 3);
  EXPECT_EQ(campaign.every, Period::kWeek);
  EXPECT_TRUE(campaign.has_ended);
  // It is read back as it was.
  EXPECT_EQ(read(to_json(campaign)), campaign);
  EXPECT_EQ(
      to_json(campaign),
      R"j({"name":"c","audience":"not did(*, 7d)","classes":[{"name":"payers","segment":)j"
      R"j("did(buy)"},{"name":"readers","segment":"did(read)"}],"holdout":"0.25",)j"
      R"j("holdout_group":"all","at":"2026-01-05T06:00:00Z","contact":"sent",)j"
      R"j("cost_per_contact":"0.05","returned":["read","buy"],)j"
      R"j("converted":{"event":"buy","where":{"plan":"pro"}},"horizons":[2,4],"rest_days":3,)j"
      R"j("every":"week","ended":true})j");
}

TEST(CampaignText, ClassesMayGoByFavourite) {
  const Campaign campaign = read(
      R"j({"audience": "did(*)",
          "classes": {
  "by" : { "favourite" : "category", "of" : "read", "last" : "90d" }}})j");
  ASSERT_TRUE(campaign.by_favourite);
  EXPECT_EQ(campaign.by_favourite->kind, Segment::Kind::kFavourite);
  EXPECT_EQ(campaign.by_favourite->favourite.property, "category");
  EXPECT_EQ(campaign.by_favourite->favourite.value, "");
  EXPECT_EQ(campaign.by_favourite->event, event_named("read"));
  EXPECT_EQ(campaign.by_favourite->range.last->count, 90);
  EXPECT_EQ(read(to_json(campaign)), campaign);
}

TEST(CampaignText, InstantsAreThoseOfTheStore) {
  const Campaign campaign = *parse_campaign(
      "c", R"j({"audience": "did(*)", "at": "2026-01-05 08:00:00"})j", "Asia/Shanghai");
  EXPECT_EQ(campaign.at, AsOf(TimeUs{1'767'571'200'000'000}));
  EXPECT_EQ(read(R"j({"audience": "did(*)", "at": "2026-01-05"
  })j")
                .at,
            AsOf(Day{20'458}));
}

TEST(CampaignText, PeriodsAreDaysOrLonger) {
  for (const auto& [name, period] :
       {std::pair("day", Period::kDay), std::pair("week", Period::kWeek),
        std::pair("fortnight", Period::kFortnight), std::pair("month", Period::kMonth),
        std::pair("quarter", Period::kQuarter)}) {
    EXPECT_EQ(read(R"j({"audience": "did(*)", "every"
                     : ")j" +
                   std::string(name) + "\"}")
                  .every,
              period);
  }
  EXPECT_EQ(error_with(R"j("every": "hour")j"),
            "campaign \"c\": every: must be one of day, week, fortnight, month, quarter, found "
            "\"hour\"");
}

TEST(CampaignText, NamesWhatIsWrong) {
  EXPECT_EQ(error_of("[]"), "campaign \"c\": the definition: must be a JSON object, found \"[]\"");
  EXPECT_EQ(error_of("{"),
            "campaign \"c\": the definition: 1:2: malformed JSON: syntax error while parsing "
            "object key - "
            "unexpected end of input; expected string literal");
  EXPECT_EQ(error_of(std::string(300, '[')),
            "campaign \"c\": the definition: nested too deeply, allowed: 256 levels");
  EXPECT_EQ(error_of("{}"), "campaign \"c\": missing field \"audience\"");
  EXPECT_EQ(error_of(R"j({"audience": "did(*)"
  })j",
                     ""),
            "campaign: name: has 0 bytes (allowed: 1 to "
            "200)");
  EXPECT_EQ(error_with(R"j("name": "d")j"), "campaign \"c\": name: must be \"c\", found \"d\"");
  EXPECT_EQ(error_with(R"("holdot": 0.2)"),
            "campaign \"c\": unknown field \"holdot\" (did you mean \"holdout\"?), allowed: name, "
            "audience, classes, holdout, at, contact, cost_per_contact, returned, converted, "
            "horizons, holdout_group, rest_days, every, ended");
  EXPECT_EQ(
      error_of(R"j({"audience": "did("})j"),
      "campaign \"c\": audience: column 5: must be the name of an event, \"!\" and a name, or "
      "\"*\", found the end");
  EXPECT_EQ(error_with(R"j("at": "noon")j"),
            "campaign \"c\": at: must be a date or an instant such as \"2026-01-31\", "
            "\"yesterday\", \"2026-01-31T23:59:59Z\" or \"2026-01-31 23:59:59\", found \"noon\"");
  EXPECT_EQ(error_with(R"j("ended": "yes")j"),
            "campaign \"c\": ended: must be true or false, found \"yes\"");
}

TEST(CampaignText, NamesWhatIsWrongWithClasses) {
  const std::string allowed =
      "a list such as [{\"name\": \"payers\", \"segment\": \"did(purchase)\"}], or {\"by\": "
      "{\"favourite\": \"category\", \"of\": \"read\"}}";
  EXPECT_EQ(error_with(R"j("classes": {})j"),
            "campaign \"c\": classes: must be " + allowed + ", found {}");
  EXPECT_EQ(error_with(R"j("classes": [{"name": "a"}])j"),
            "campaign \"c\": classes: must be " + allowed + ", found {\"name\":\"a\"}");
  EXPECT_EQ(error_with(R"j("classes": [{"name": "", "segment": "did(*)"
  }])j"),
            "campaign \"c\": classes: name: has 0 bytes (allowed: 1 to 200)");
  for (const char* const names : {"other", "a"}) {
    const std::string two = R"j("classes": [{"name": "a", "segment": "did(*)"
  }, {"name": ")j" + std::string(names) +
                            R"j(", "segment": "did(*)"}])j";
    EXPECT_EQ(error_with(two), "campaign \"c\": classes: name: \"" + std::string(names) +
                                   "\" is there twice, or is that of the rest (allowed: other "
                                   "names, once each)");
  }
  EXPECT_EQ(error_with(R"j("classes": [{"name": "a", "segment": "did()"}])j"),
            "campaign \"c\": classes: \"a\": column 5: must be the name of an event, \"!\" and a "
            "name, or \"*\", found \")\"");
  std::string many;
  for (int i = 0; i < 1'001; ++i) {
    many += (i == 0 ? "" : ", ") + std::string(R"j({"name": "c)j") + std::to_string(i) +
            R"j(", "segment": "did(*)"})j";
  }
  EXPECT_EQ(error_with("\"classes\": [" + many + "]"),
            "campaign \"c\": classes: there are 1001 (allowed: up to 1000)");
}

TEST(CampaignText, NamesWhatIsWrongWithNumbers) {
  for (const char* const share :
       {"1.5", "-0.1", "\"a\"", "1.01", "\"0.\"", "null", "[]", "\"0.1234567890123456789\""}) {
    EXPECT_EQ(error_with("\"holdout\": " + std::string(share)),
              "campaign \"c\": holdout: must be a decimal number from 0 to 1 such as \"0.1\", of "
              "at most 18 decimals, found " +
                  std::string(share));
  }
  for (const char* const share : {"0", "1", "0.5", "\"1.00\"", "\"0.123456789012345678\""}) {
    EXPECT_TRUE(
        parse_campaign("c", R"j({"audience": "did(*)", "holdout": )j" + std::string(share) + "}")
            .ok())
        << share;
  }
  for (const char* const days : {"-1", "36601", "1.5", "\"3\""}) {
    EXPECT_EQ(error_with("\"rest_days\": " + std::string(days)),
              "campaign \"c\": rest_days: must be a whole number from 0 to 36600, found " +
                  std::string(days));
  }
  EXPECT_EQ(error_with(R"j("horizons": [3, 3])j"),
            "campaign \"c\": response: horizons: must ascend, found 3 after 3");
  EXPECT_EQ(
      error_with(R"j("cost_per_contact": "-1")j"),
      "campaign \"c\": response: cost_per_contact: must be a decimal number not below 0 such as "
      "\"0.05\", of at most 18 digits, found \"-1\"");
  EXPECT_EQ(error_with(R"j("holdout_group": "")j"),
            "campaign \"c\": holdout_group: has 0 bytes (allowed: 1 to 200)");
}

TEST(CampaignText, ObjectsAreCheckedAsAWhole) {
  const std::vector<SavedObject> objects = {
      {ObjectKind::kAlert, "c", "{}"},
      {ObjectKind::kCampaign, "c", R"j({"audience": "did(*)"})j"},
      {ObjectKind::kCampaign, "d", R"j({"audience": "did(*)", "rest_days": -1})j"}};
  EXPECT_TRUE(check_campaigns(std::span(objects).first(2), "UTC").ok());
  EXPECT_EQ(check_campaigns(objects, "UTC").message(),
            "campaign \"d\": rest_days: must be a whole number from 0 to 36600, found -1");
}

TEST(StandardCampaigns, HaveWhatIsAskedForInCommon) {
  const std::vector<Campaign> campaigns =
      *standard_campaigns(R"j({"converted": "buy", "holdout": "0.2"})j");
  ASSERT_EQ(campaigns.size(), 5u);
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"next-day", "did(*, yesterday..yesterday) and not did(*, today..)"},
      {"7-day", "did(*, 7 days ago..7 days ago) and not did(*, 6 days ago..)"},
      {"natural-week", "did(*, last week..last week) and not did(*, this week..)"},
      {"natural-month", "did(*, last month..last month) and not did(*, this month..)"},
      {"quarter", "did(*, last quarter..last quarter) and not did(*, this quarter..)"}};
  const std::vector<Period> every = {Period::kDay, Period::kDay, Period::kWeek, Period::kMonth,
                                     Period::kQuarter};
  for (std::size_t i = 0; i < campaigns.size(); ++i) {
    const Campaign& campaign = campaigns[i];
    EXPECT_EQ(campaign.name, expected[i].first);
    EXPECT_EQ(campaign.audience, *parse_segment(expected[i].second)) << campaign.name;
    EXPECT_EQ(campaign.every, every[i]);
    EXPECT_EQ(campaign.rest_days, 3);
    EXPECT_EQ(campaign.holdout, "0.2");
    EXPECT_EQ(campaign.holdout_group, "standard");
    EXPECT_EQ(campaign.converted, event_named("buy"));
    EXPECT_EQ(*parse_campaign("", to_json(campaign)), campaign);
  }
  EXPECT_EQ(standard_campaigns("")->size(), 5u);
  EXPECT_EQ(standard_campaigns(R"j({"every": "day"})j").status().message(),
            "campaigns: unknown field \"every\", allowed: classes, holdout, at, contact, "
            "cost_per_contact, returned, converted, horizons");
}

}  // namespace
}  // namespace rollcall::testing
