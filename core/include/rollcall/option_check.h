// Checks options before anything is opened. The calls that take these options make the same checks
// first.
#pragma once

#include "rollcall/options.h"
#include "rollcall/source_options.h"
#include "rollcall/status.h"

namespace rollcall {

//   kInvalidArgument  a value that no file could be read with; the hint names the option
Status check_source_options(const SourceOptions& options);

// Checks the settings of a store that is to be made.
//   kInvalidArgument  a value that no store can have; the hint names the option
//   kUnsupported      the time zone database of this machine cannot be read
Status check_store_settings(const StoreSettings& settings);

}  // namespace rollcall
