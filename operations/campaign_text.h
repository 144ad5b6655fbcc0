// Reads definitions of campaigns of which several come from one text, and what reports ask.
#pragma once

#include <string_view>
#include <vector>

#include "rollcall/campaign.h"
#include "rollcall/question.h"
#include "rollcall/saved_definitions.h"
#include "rollcall/status.h"

namespace rollcall {

// Reads the fields that campaigns may have in common, over those of `campaign`.
//   kInvalidArgument  as parse_campaign, and a field that is each campaign's own
Status read_common_fields(std::string_view json, std::string_view time_zone, Campaign& campaign);

// Returns the question that a report asks, without the runs that it is about.
ResponseQuery report_without_runs(const Campaign& campaign);

// Returns what `definition_fields` does for campaigns.
std::vector<DefinitionField> campaign_fields();

}  // namespace rollcall
