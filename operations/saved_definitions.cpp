#include "rollcall/saved_definitions.h"

#include "operations/alert_definition.h"
#include "operations/campaign_text.h"
#include "rollcall/alert.h"
#include "rollcall/campaign.h"
#include "rollcall/message_text.h"

namespace rollcall {

Status check_definitions(std::span<const SavedObject> objects, std::string_view time_zone) {
  for (const SavedObject& object : objects) {
    if (object.kind != ObjectKind::kAlert) continue;
    const Status status = parse_alert(object.definition).status();
    if (!status.ok()) return status.within("alert " + quoted_excerpt(object.name));
  }
  return check_campaigns(objects, time_zone);
}

std::vector<DefinitionField> definition_fields(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kCampaign:
      return campaign_fields();
    case ObjectKind::kAlert:
      return alert_fields();
    case ObjectKind::kSegment:
    case ObjectKind::kQuestion:
      break;
  }
  return {};
}

}  // namespace rollcall
