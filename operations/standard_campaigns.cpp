// Makes the campaigns of the usual churn windows.
#include <array>
#include <cstdint>
#include <utility>

#include "operations/campaign_text.h"
#include "rollcall/campaign.h"

namespace rollcall {
namespace {

// Says who has churned: those who were active in the period `base_ago` units before the one that
// holds as_of, and in none after it. A run's as_of is the end of a period, so this base is the
// latest that is followed by as many periods as the rule of the window looks at.
struct ChurnWindow {
  const char* name;
  RelativeDate::Unit unit;
  std::int32_t base_ago;
  Period every;
};

constexpr std::array<ChurnWindow, 5> kWindows = {
    {{"next-day", RelativeDate::Unit::kDay, 1, Period::kDay},
     {"7-day", RelativeDate::Unit::kDay, 7, Period::kDay},
     {"natural-week", RelativeDate::Unit::kWeek, 1, Period::kWeek},
     {"natural-month", RelativeDate::Unit::kMonth, 1, Period::kMonth},
     {"quarter", RelativeDate::Unit::kQuarter, 1, Period::kQuarter}}};

constexpr std::int32_t kRestDays = 3;
constexpr const char* kHoldoutGroup = "standard";

Segment churned_of(const ChurnWindow& window) {
  const auto date = [&window](std::int32_t ago) {
    return DateText(RelativeDate{.unit = window.unit, .ago = ago});
  };
  Segment base;
  base.range.from = date(window.base_ago);
  base.range.to = date(window.base_ago);
  Segment since;
  since.range.from = date(window.base_ago - 1);
  Segment gone;
  gone.kind = Segment::Kind::kNot;
  gone.parts.push_back(std::move(since));
  Segment churned;
  churned.kind = Segment::Kind::kAll;
  churned.parts.push_back(std::move(base));
  churned.parts.push_back(std::move(gone));
  return churned;
}

}  // namespace

Result<std::vector<Campaign>> standard_campaigns(std::string_view json,
                                                 std::string_view time_zone) {
  Campaign common;
  if (!json.empty()) {
    const Status status = read_common_fields(json, time_zone, common);
    if (!status.ok()) return status.within("campaigns");
  }
  std::vector<Campaign> campaigns;
  for (const ChurnWindow& window : kWindows) {
    Campaign& campaign = campaigns.emplace_back(common);
    campaign.name = window.name;
    campaign.audience = churned_of(window);
    campaign.every = window.every;
    campaign.rest_days = kRestDays;
    campaign.holdout_group = kHoldoutGroup;
  }
  return campaigns;
}

}  // namespace rollcall
