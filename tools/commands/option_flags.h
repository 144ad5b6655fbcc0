// These are the options of the library as flags of the command line.
#pragma once

#include <string>
#include <string_view>

#include "rollcall/option_hint.h"
#include "rollcall/status.h"

namespace rollcall::tools {

// Returns the flag of an option, such as "--time-unit", or "" if the command line has none.
std::string_view flag_of(Option option);

// Returns the flags that a hint names, as people type them: "--decimal , --grouping . or --value
// price". It is "" if there are none.
std::string flags_text(const OptionHint& hint);

// Returns the text, and which flags would have it otherwise: "...; try --time-format".
std::string with_flags(std::string text, const OptionHint& hint);

// Returns the error of an option that the command line was given: "...; see --time-format".
std::string with_flags_at_fault(const Status& status);

// Says what each flag of a hint does, for a line of its own: "--again counts all of it again".
std::string advice_text(const OptionHint& hint);

}  // namespace rollcall::tools
