// Reads and writes the definitions of campaigns. Segments, events and instants in them are read and
// written as parts of questions.
#include "operations/campaign_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "operations/json_object.h"
#include "rollcall/message_text.h"
#include "rollcall/query.h"

namespace rollcall {
namespace {

constexpr std::size_t kDecimalsMax = 18;
constexpr std::array<Period, 5> kPeriods = {Period::kDay, Period::kWeek, Period::kFortnight,
                                            Period::kMonth, Period::kQuarter};

Status field_fault(std::string_view field, std::string_view allowed, const Json& found) {
  return Status::invalid_argument(
      fmt::format("{}: must be {}, found {}", field, allowed, excerpt(found.text())));
}

// Returns the question as JSON, which its own reader has just written.
Json question_json(const Query& query) { return *parse_written_json(to_json(query)); }

Json segment_json(const Segment& segment) {
  Query query;
  query.ask = SegmentQuery{segment};
  return question_json(query).at("segment");
}

Json report_json(const Campaign& campaign) {
  ResponseQuery ask = report_without_runs(campaign);
  ask.runs.push_back({"at", campaign.at.value_or(AsOf())});
  Query query;
  query.ask = std::move(ask);
  return question_json(query);
}

Status read_text_field(std::string_view field, const Json& json, std::string& out) {
  if (!json.is_string()) return field_fault(field, "a text", json);
  out = json.get<std::string>();
  return {};
}

Status check_name(std::string_view field, const std::string& name) {
  if (!name.empty() && name.size() <= AudienceName::kBytesMax) return {};
  return Status::invalid_argument(fmt::format("{}: has {} bytes (allowed: 1 to {})", field,
                                              name.size(), AudienceName::kBytesMax));
}

// Returns whether a text is a decimal from 0 to 1.
bool is_holdout_share(std::string_view text) {
  const std::size_t point = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, point);
  const std::string_view decimals = text.substr(std::min(point + 1, text.size()));
  const bool are_digits =
      std::ranges::all_of(decimals, [](char c) { return '0' <= c && c <= '9'; });
  const bool has_decimals = point == text.size() || !decimals.empty();
  if (!are_digits || !has_decimals || decimals.size() > kDecimalsMax) return false;
  return whole == "0" ||
         (whole == "1" && std::ranges::all_of(decimals, [](char c) { return c == '0'; }));
}

Status read_holdout(const Json& json, std::string& out) {
  const std::string text = json.is_string() ? json.get<std::string>() : json.text();
  if ((!json.is_string() && !json.is_number()) || !is_holdout_share(text)) {
    return field_fault(
        "holdout",
        fmt::format("a decimal number from 0 to 1 such as \"0.1\", of at most {} decimals",
                    kDecimalsMax),
        json);
  }
  out = text;
  return {};
}

Status read_every(const Json& json, std::optional<Period>& out) {
  std::vector<std::string> names;
  for (const Period period : kPeriods) {
    names.push_back(to_string(period));
    if (json.is_string() && json.get<std::string>() == names.back()) out = period;
  }
  if (out) return {};
  return field_fault("every", fmt::format("one of {}", fmt::join(names, ", ")), json);
}

Status read_rest_days(const Json& json, std::int32_t& out) {
  const bool is_number =
      json.is_number_unsigned() && std::cmp_less_equal(json.get<std::uint64_t>(), kRestDaysMax);
  if (!is_number) {
    return field_fault("rest_days", fmt::format("a whole number from 0 to {}", kRestDaysMax), json);
  }
  out = json.as<std::int32_t>();
  return {};
}

Status read_flag_field(std::string_view field, const Json& json, bool& out) {
  if (!json.is_boolean()) return field_fault(field, "true or false", json);
  out = json.get<bool>();
  return {};
}

constexpr std::string_view kClassesAllowed =
    "a list such as [{\"name\": \"payers\", \"segment\": \"did(purchase)\"}], or {\"by\": "
    "{\"favourite\": \"category\", \"of\": \"read\"}}";

constexpr std::string_view kClassFields[] = {"name", "segment"};
constexpr std::string_view kByFavourite = "by";

Status read_class_list(const Json& list, std::vector<AudienceClass>& out) {
  if (list.size() > AudienceClass::kCountMax) {
    return Status::invalid_argument(fmt::format("classes: there are {} (allowed: up to {})",
                                                list.size(), AudienceClass::kCountMax));
  }
  std::set<std::string> names = {AudienceRequest::kRest};
  for (const Json& json : list.elements()) {
    const bool is_class = json.is_object() && json.size() == std::size(kClassFields) &&
                          std::ranges::all_of(kClassFields, [&json](std::string_view field) {
                            return json.contains(field);
                          });
    if (!is_class) return field_fault("classes", kClassesAllowed, json);
    AudienceClass& added = out.emplace_back();
    ROLLCALL_RETURN_IF_ERROR(read_text_field("classes: name", json.at("name"), added.name));
    ROLLCALL_RETURN_IF_ERROR(check_name("classes: name", added.name));
    if (!names.insert(added.name).second) {
      return Status::invalid_argument(
          fmt::format("classes: name: {} is there twice, or is that of the rest (allowed: other "
                      "names, once each)",
                      quoted_excerpt(added.name)));
    }
    const std::string field = fmt::format("classes: {}", quoted_excerpt(added.name));
    ROLLCALL_ASSIGN_OR_RETURN(added.users, parse_segment_json(json.at("segment").text(), field));
  }
  return {};
}

Status read_classes(const Json& json, Campaign& campaign) {
  if (json.is_array()) return read_class_list(json, campaign.classes);
  const bool is_by = json.is_object() && json.size() == 1 && json.contains(kByFavourite) &&
                     json.at(kByFavourite).is_object() &&
                     json.at(kByFavourite).contains("favourite") &&
                     !json.at(kByFavourite).contains("is");
  if (!is_by) return field_fault("classes", kClassesAllowed, json);
  Json::Object favourite = json.at(kByFavourite).fields();
  favourite.emplace_back("is", "any");
  ROLLCALL_ASSIGN_OR_RETURN(campaign.by_favourite,
                            parse_segment_json(Json(std::move(favourite)).text(), "classes: by"));
  campaign.by_favourite->favourite.value.clear();
  return {};
}

Json classes_json(const Campaign& campaign) {
  if (campaign.by_favourite) {
    Segment any = *campaign.by_favourite;
    any.favourite.value = "any";
    Json::Object by = segment_json(any).fields();
    std::erase_if(by, [](const auto& field) { return field.first == "is"; });
    return Json(Json::Object{{std::string(kByFavourite), Json(std::move(by))}});
  }
  return Json::list(campaign.classes, [](const AudienceClass& one) {
    return Json::Object{{"name", Json(one.name)}, {"segment", Json(to_string(one.users))}};
  });
}

// Is a definition while it is read.
struct CampaignReading {
  const Json& object;
  std::string_view time_zone;
  Campaign& campaign;
  std::string own_name = {};
};

enum class CampaignPart : std::uint8_t {
  kOwn,     // each campaign has its own
  kCommon,  // several campaigns may have it in common
  kReport,  // likewise; it is for the report, and is read as a field of its question
};

struct CampaignField {
  std::string_view name;
  CampaignPart part;
  Status (*read)(const Json& value, CampaignReading& reading);
};

Status read_report(const Json& value, CampaignReading& reading);

Status read_audience(const Json& json, CampaignReading& reading) {
  ROLLCALL_ASSIGN_OR_RETURN(reading.campaign.audience, parse_segment_json(json.text(), "audience"));
  return {};
}

Status read_at(const Json& json, CampaignReading& reading) {
  ROLLCALL_ASSIGN_OR_RETURN(reading.campaign.at,
                            parse_as_of_json(json.text(), "at", reading.time_zone));
  return {};
}

Status read_holdout_group(const Json& json, CampaignReading& reading) {
  std::string& group = reading.campaign.holdout_group;
  ROLLCALL_RETURN_IF_ERROR(read_text_field("holdout_group", json, group));
  return check_name("holdout_group", group);
}

// These are all the fields of a definition: what is not here is refused, and what is here is listed
// by `campaign_fields`.
constexpr CampaignField kCampaignFields[] = {
    {"name", CampaignPart::kOwn,
     [](const Json& j, CampaignReading& r) { return read_text_field("name", j, r.own_name); }},
    {"audience", CampaignPart::kOwn, read_audience},
    {"classes", CampaignPart::kCommon,
     [](const Json& j, CampaignReading& r) { return read_classes(j, r.campaign); }},
    {"holdout", CampaignPart::kCommon,
     [](const Json& j, CampaignReading& r) { return read_holdout(j, r.campaign.holdout); }},
    {"at", CampaignPart::kCommon, read_at},
    {"contact", CampaignPart::kReport, read_report},
    {"cost_per_contact", CampaignPart::kReport, read_report},
    {"returned", CampaignPart::kReport, read_report},
    {"converted", CampaignPart::kReport, read_report},
    {"horizons", CampaignPart::kReport, read_report},
    {"holdout_group", CampaignPart::kOwn, read_holdout_group},
    {"rest_days", CampaignPart::kOwn,
     [](const Json& j, CampaignReading& r) { return read_rest_days(j, r.campaign.rest_days); }},
    {"every", CampaignPart::kOwn,
     [](const Json& j, CampaignReading& r) { return read_every(j, r.campaign.every); }},
    {"ended", CampaignPart::kOwn, [](const Json& j, CampaignReading& r) {
       return read_flag_field("ended", j, r.campaign.has_ended);
     }}};

// Copies the fields of the report that `from` has.
void copy_report_fields(const Json& from, Json::Object& to) {
  for (const CampaignField& field : kCampaignFields) {
    if (field.part != CampaignPart::kReport) continue;
    if (const Json* const value = from.find(field.name)) to.emplace_back(field.name, *value);
  }
}

// Reads all fields of the report: its question checks them together.
Status read_report(const Json& /*value*/, CampaignReading& reading) {
  Json::Object question = {{"kind", Json("response")},
                           {"campaign", Json("campaign")},
                           {"runs", Json(Json::Object{{"at", Json("today")}})}};
  copy_report_fields(reading.object, question);
  ROLLCALL_ASSIGN_OR_RETURN(Query query,
                            parse_query(Json(std::move(question)).text(), reading.time_zone));
  const auto ask = std::get<ResponseQuery>(std::move(query.ask));
  reading.campaign.horizons = ask.horizons;
  reading.campaign.returned = ask.returned;
  reading.campaign.converted = ask.converted;
  reading.campaign.contact = ask.contact;
  reading.campaign.cost_per_contact = ask.cost_per_contact;
  return {};
}

// Reads every field that the object has, of those that `is_allowed`.
template <typename Predicate>
Status read_campaign(CampaignReading& reading, Predicate is_allowed) {
  std::vector<std::string> names;
  for (const CampaignField& field : kCampaignFields) {
    if (is_allowed(field)) names.emplace_back(field.name);
  }
  for (const auto& [name, value] : reading.object.fields()) {
    const auto* const found = std::ranges::find(kCampaignFields, name, &CampaignField::name);
    if (found == std::end(kCampaignFields) || !is_allowed(*found)) {
      return Status::invalid_argument(unknown_name("field", name, names));
    }
    ROLLCALL_RETURN_IF_ERROR(found->read(value, reading));
  }
  return {};
}

Status read_definition(std::string_view json, std::string_view time_zone, Campaign& campaign) {
  ROLLCALL_ASSIGN_OR_RETURN(const Json object, parse_json_object("the definition", json));
  CampaignReading reading{object, time_zone, campaign};
  ROLLCALL_RETURN_IF_ERROR(read_campaign(reading, [](const CampaignField&) { return true; }));
  if (!object.contains("audience")) {
    return Status::invalid_argument("missing field \"audience\"");
  }
  if (campaign.name.empty()) campaign.name = reading.own_name;
  if (object.contains("name") && reading.own_name != campaign.name) {
    return Status::invalid_argument(fmt::format("name: must be {}, found {}",
                                                quoted_excerpt(campaign.name),
                                                quoted_excerpt(reading.own_name)));
  }
  return check_name("name", campaign.name);
}

}  // namespace

ResponseQuery report_without_runs(const Campaign& campaign) {
  ResponseQuery ask;
  ask.campaign = campaign.name;
  ask.horizons = campaign.horizons;
  ask.returned = campaign.returned;
  ask.converted = campaign.converted;
  ask.contact = campaign.contact;
  ask.cost_per_contact = campaign.cost_per_contact;
  return ask;
}

bool operator==(const Campaign& a, const Campaign& b) { return to_json(a) == to_json(b); }

Result<Campaign> parse_campaign(std::string_view name, std::string_view json,
                                std::string_view time_zone) {
  Campaign campaign;
  campaign.name = name;
  const Status status = read_definition(json, time_zone, campaign);
  if (status.ok()) return campaign;
  return status.within(campaign.name.empty() ? "campaign"
                                             : "campaign " + quoted_excerpt(campaign.name));
}

Status read_common_fields(std::string_view json, std::string_view time_zone, Campaign& campaign) {
  ROLLCALL_ASSIGN_OR_RETURN(const Json object, parse_json_object("the definition", json));
  CampaignReading reading{object, time_zone, campaign};
  return read_campaign(reading,
                       [](const CampaignField& field) { return field.part != CampaignPart::kOwn; });
}

std::string to_json(const Campaign& campaign) {
  const Json report = report_json(campaign);
  Json::Object json = {{"name", Json(campaign.name)},
                       {"audience", Json(to_string(campaign.audience))}};
  if (campaign.by_favourite || !campaign.classes.empty()) {
    json.emplace_back("classes", classes_json(campaign));
  }
  json.emplace_back("holdout", campaign.holdout);
  json.emplace_back("holdout_group",
                    campaign.holdout_group.empty() ? campaign.name : campaign.holdout_group);
  if (campaign.at) json.emplace_back("at", report.at("runs").at("at"));
  copy_report_fields(report, json);
  json.emplace_back("rest_days", campaign.rest_days);
  if (campaign.every) json.emplace_back("every", to_string(*campaign.every));
  if (campaign.has_ended) json.emplace_back("ended", true);
  return Json(std::move(json)).text();
}

std::vector<DefinitionField> campaign_fields() {
  std::vector<DefinitionField> fields;
  for (const CampaignField& field : kCampaignFields) {
    fields.push_back({std::string(field.name), {}});
    if (field.name == "classes") {
      for (const std::string_view part : kClassFields) {
        fields.push_back({fmt::format("classes.{}", part), {}});
      }
      fields.push_back({fmt::format("classes.{}", kByFavourite), {}});
    }
    if (field.name == "every") {
      for (const Period period : kPeriods) fields.back().words.push_back(to_string(period));
    }
  }
  return fields;
}

Status check_campaigns(std::span<const SavedObject> objects, std::string_view time_zone) {
  for (const SavedObject& object : objects) {
    if (object.kind != ObjectKind::kCampaign) continue;
    ROLLCALL_RETURN_IF_ERROR(parse_campaign(object.name, object.definition, time_zone).status());
  }
  return {};
}

}  // namespace rollcall
