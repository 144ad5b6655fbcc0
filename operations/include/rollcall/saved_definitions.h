// Checks what is to be kept in a store under a name. The engine itself keeps definitions of
// campaigns and alerts as they are.
#pragma once

#include <span>
#include <string_view>

#include "rollcall/saved_object.h"
#include "rollcall/status.h"

namespace rollcall {

// Checks the definitions of campaigns and alerts among objects that are to be saved. `time_zone` is
// that of the store.
//   kInvalidArgument  as parse_campaign and parse_alert; the text names the object
Status check_definitions(std::span<const SavedObject> objects, std::string_view time_zone);

}  // namespace rollcall
