// Checks what is to be kept in a store under a name, and lists what it may say. The engine itself
// keeps definitions of campaigns and alerts as they are.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/saved_object.h"
#include "rollcall/status.h"

namespace rollcall {

// Checks the definitions of campaigns and alerts among objects that are to be saved. `time_zone` is
// that of the store.
//   kInvalidArgument  as parse_campaign and parse_alert; the text names the object
Status check_definitions(std::span<const SavedObject> objects, std::string_view time_zone);

// Is a field that a definition may have.
struct DefinitionField {
  // Has a dot before each field of an object within: "condition.against.mean_of". The objects of a
  // list go by the name of the list: "classes.segment".
  std::string name;
  std::vector<std::string> words;  // those that its value may be; empty: it is no word of a list
};

// Returns every field that the definition of a campaign or an alert may have, in the order in which
// errors list them. What is read as a part of a question has no fields here: kinds.h lists those.
// Definitions of segments and questions are nothing else, so none is returned for them.
std::vector<DefinitionField> definition_fields(ObjectKind kind);

}  // namespace rollcall
