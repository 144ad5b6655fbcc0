#include "rollcall/saved_definitions.h"

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

}  // namespace rollcall
