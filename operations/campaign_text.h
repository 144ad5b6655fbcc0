// Reads definitions of campaigns of which several come from one text.
#pragma once

#include <string_view>

#include "rollcall/campaign.h"
#include "rollcall/status.h"

namespace rollcall {

// Reads the fields that campaigns may have in common, over those of `campaign`.
//   kInvalidArgument  as parse_campaign, and a field that is each campaign's own
Status read_common_fields(std::string_view json, std::string_view time_zone, Campaign& campaign);

}  // namespace rollcall
