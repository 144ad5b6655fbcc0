// Reads the options of stores and of files from what Python gives by name.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "given.h"
#include "held_engine.h"
#include "rollcall/source_options.h"

namespace rollcall::python {

// Returns what to open. The names are those of the fields of StoreSettings, EngineOptions and
// RocksStoreOptions.
//   kInvalidArgument  an option is not of its type
Opening read_opening(std::string directory, bool in_memory, const Given& given);

// Checks that a store that exists was made with the settings that are given.
//   kInvalidArgument  it was made with another one; the text has both
Status check_given_settings(const Given& given, const StoreSettings& wanted,
                            const StoreSettings& found);

// Returns how to read files. The names are those of the fields of SourceOptions.
//   kInvalidArgument  an option is not of its type
SourceOptions read_source_options(const Given& given);

// Returns the limits of a question; the timeout is in seconds.
QueryLimits limits_of(std::optional<double> timeout, std::stop_token stop);

// Returns the words of settings, as `read_opening` takes them.
std::string word_of(UserKind kind);
std::string word_of(WeekStart start);

}  // namespace rollcall::python
