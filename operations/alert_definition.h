// Lists the fields of definitions of alerts, beside what reads them.
#pragma once

#include <vector>

#include "rollcall/saved_definitions.h"

namespace rollcall {

// Returns what `definition_fields` does for alerts.
std::vector<DefinitionField> alert_fields();

}  // namespace rollcall
