// Has the row of the kind that asks what the users of a campaign did.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/query/kinds/kind_rows.h"
#include "core/query/kinds/response_plan.h"
#include "core/query/text/decimal_text.h"
#include "core/query/text/explanation.h"
#include "core/query/text/query_validation.h"
#include "core/query/text/selector_json.h"
#include "rollcall/audience.h"

namespace rollcall {
namespace {

constexpr QueryField kResponseFields[] = {
    {.name = "campaign", .type = FieldType::kText, .meaning = "The campaign", .is_required = true},
    {.name = "runs",
     .type = FieldType::kInstants,
     .meaning = "A run of it, and the instant after which its time begins",
     .is_required = true},
    {.name = "horizons",
     .type = FieldType::kIntegers,
     .meaning = "Times of so many days of 24 hours in which events count",
     .default_json = "[1, 3, 7, 14, 30]",
     .min = 1,
     .max = kSpanDaysMax},
    field_of_event("returned", "Event by which users return"),
    {.name = "converted",
     .type = FieldType::kEvent,
     .meaning = "Event by which users convert: adds who did"},
    {.name = "contact",
     .type = FieldType::kEvent,
     .meaning = "Event that says that a user was reached: adds who was"},
    {.name = "cost_per_contact", .type = FieldType::kText, .meaning = "What a contact costs"}};

constexpr std::string_view kRunsAllowed =
    "an object with the instant of each run, such as {\"2026-01-05\": \"2026-01-04\"}";
// Sums of so many costs are within the numbers that tables hold.
constexpr std::size_t kCostDigitsMax = 18;

bool is_contact_cost(std::string_view text) {
  const auto number = parse_decimal_text(text);
  return number && !number->is_negative &&
         number->whole.size() + number->fraction.size() <= kCostDigitsMax;
}

Status read_runs(const Json& value, const std::string& path, std::string_view time_zone,
                 std::vector<ResponseQuery::Run>& out) {
  if (!value.is_object()) return unexpected(path, kRunsAllowed, value);
  for (const auto& [name, at] : value.get<Json::Object>()) {
    ResponseQuery::Run& run = out.emplace_back();
    run.name = name;
    ROLLCALL_RETURN_IF_ERROR(
        read_as_of(at, fmt::format("{}: {}", path, quoted_excerpt(name)), time_zone, run.at));
  }
  return {};
}

Status parse(const QueryObject& object, ResponseQuery& ask) {
  for (const std::string_view field : {"campaign", "runs"}) {
    if (!object.has(field)) return object.fault(fmt::format("missing field \"{}\"", field));
  }
  const FieldReader runs = {"runs", [&](const Json& value, const std::string& path) {
                              return read_runs(value, path, object.time_zone(), ask.runs);
                            }};
  const FieldReader horizons = {"horizons", [&ask](const Json& value, const std::string& path) {
                                  return read_integers(value, path, ask.horizons);
                                }};
  const auto optional_event = [](std::string_view name, std::optional<Selector>& out) {
    return FieldReader{name, [&out](const Json& value, const std::string& path) {
                         return read_selector(value, path, out.emplace());
                       }};
  };
  const FieldReader cost = {"cost_per_contact", [&ask](const Json& value, const std::string& path) {
                              return read_decimal(value, path, ask.cost_per_contact);
                            }};
  return object.read({string_field("campaign", ask.campaign), runs, horizons,
                      selector_field("returned", ask.returned),
                      optional_event("converted", ask.converted),
                      optional_event("contact", ask.contact), cost});
}

JsonFields write(const ResponseQuery& ask) {
  JsonFields runs;
  for (const ResponseQuery::Run& run : ask.runs) {
    runs.emplace_back(run.name, quote(as_of_text(run.at)));
  }
  JsonFields fields = {{"campaign", quote(ask.campaign)},
                       {"runs", to_object(runs)},
                       {"horizons", integer_list(ask.horizons)},
                       {"returned", selector_json(ask.returned)}};
  if (ask.converted) fields.emplace_back("converted", selector_json(*ask.converted));
  if (ask.contact) fields.emplace_back("contact", selector_json(*ask.contact));
  if (!ask.cost_per_contact.empty()) {
    fields.emplace_back("cost_per_contact", quote(ask.cost_per_contact));
  }
  return fields;
}

Status check(const ResponseQuery& ask) {
  if (ask.campaign.empty()) {
    return Status::invalid_argument("campaign: must be the name of a campaign, found \"\"");
  }
  std::set<std::string_view> names;
  for (const ResponseQuery::Run& run : ask.runs) {
    if (names.insert(run.name).second) continue;
    return Status::invalid_argument(
        fmt::format("runs: {} is there twice", quoted_excerpt(run.name)));
  }
  if (ask.runs.empty()) return Status::invalid_argument("runs: must not be empty");
  if (ask.horizons.empty()) return Status::invalid_argument("horizons: must not be empty");
  for (std::size_t i = 0; i < ask.horizons.size(); ++i) {
    ROLLCALL_RETURN_IF_ERROR(check_whole_number("horizons", ask.horizons[i], 1, kSpanDaysMax));
    if (i > 0 && ask.horizons[i] <= ask.horizons[i - 1]) {
      return Status::invalid_argument(fmt::format("horizons: must ascend, found {} after {}",
                                                  ask.horizons[i], ask.horizons[i - 1]));
    }
  }
  ROLLCALL_RETURN_IF_ERROR(check_selector("returned", ask.returned));
  if (ask.converted) ROLLCALL_RETURN_IF_ERROR(check_selector("converted", *ask.converted));
  if (ask.contact) ROLLCALL_RETURN_IF_ERROR(check_selector("contact", *ask.contact));
  if (ask.cost_per_contact.empty() || is_contact_cost(ask.cost_per_contact)) return {};
  return Status::invalid_argument(fmt::format(
      "cost_per_contact: must be a decimal number not below 0 such as \"0.05\", of at most {} "
      "digits, found {}",
      kCostDigitsMax, quoted_excerpt(ask.cost_per_contact)));
}

std::string describe(const ResponseQuery& ask) {
  std::string text = fmt::format(
      "For the users of the campaign {}, those contacted and those held out to compare with, in "
      "the first {} days after each run: who returned with {}",
      quoted_excerpt(ask.campaign), fmt::join(ask.horizons, ", "), event_words(ask.returned));
  if (ask.converted) text += fmt::format(", who converted with {}", event_words(*ask.converted));
  text += ", and what their amounts add up to.";
  if (ask.contact) text += fmt::format(" Those with {} were reached.", event_words(*ask.contact));
  if (!ask.cost_per_contact.empty()) {
    text += fmt::format(" A contact costs {}.", ask.cost_per_contact);
  }
  return text + " The uplift says by how much the contacted did better than those held out.";
}

}  // namespace

const KindRow<ResponseQuery>& row_of(std::type_identity<ResponseQuery>) {
  static constexpr std::string_view kExamples[] = {
      R"({"kind": "response", "campaign": "win_back", )"
      R"("runs": {"2026-01-19": "2026-01-18T23:59:59Z"}, "horizons": [1, 7]})"};
  static constexpr KindRow<ResponseQuery> kRow = {
      .kind = {.name = "response",
               .summary = "What the users of a campaign did, against those held out",
               .fields = kResponseFields,
               .examples = kExamples,
               .takes_range = false},
      .no_range = "its runs say when",
      .parse = parse,
      .write = write,
      .check = check,
      .describe = describe,
      .plan = plan_response};
  return kRow;
}

}  // namespace rollcall
