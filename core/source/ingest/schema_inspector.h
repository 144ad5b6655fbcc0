// Determines from its first rows how a source is to be read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/source/files/content_reader.h"
#include "core/source/ingest/batch_builder.h"
#include "rollcall/file_source.h"
#include "rollcall/status.h"

namespace rollcall {

// Returns whether a content that begins with `head`, and ends with it if `complete`, is empty
// except for blank lines and a byte order mark.
bool holds_nothing(std::string_view head, bool complete);

// Returns what has to be seen of a source named `name` before it is inspected: its first rows,
// which may be long, or for a slow source only enough to tell how to read it. It does not wait for
// faults to show. The arguments outlive the result.
HeadWanted head_to_inspect(const std::string& name, const SourceOptions& options,
                           const std::vector<std::string>& properties);

// Does the same as inspect_source for a source named `name` whose content begins with `head`, and
// ends with it if `complete`.
Result<SourceSchema> inspect_head(std::string_view name, std::string_view head, bool complete,
                                  const SourceOptions& options,
                                  const std::vector<std::string>& properties);

// Returns the times of the first rows that inspect_head looked at to find `schema`; none for the
// native format.
Result<std::vector<std::string>> first_times(std::string_view name, std::string_view head,
                                             bool complete, const SourceOptions& options,
                                             const SourceSchema& schema);

// Returns what `options` say about how amounts are written.
AmountForm amount_form(const SourceOptions& options);

// Returns the names, as normalized_name writes them, by which an NDJSON column would have been
// guessed to be the user, the time, the event or the value if the first rows had had it. Excludes
// roles that are chosen.
std::vector<std::string> awaited_names(const SourceOptions& options);

// Returns what such a column would have been: kUser, kTime, kEvent or kValue.
Option role_of_awaited(std::string_view column);

// Says which columns are used for what.
struct ColumnPlan {
  std::vector<std::string> slot_columns;         // by slot (row.h); "": none
  std::vector<BatchShape::Property> properties;  // those that the source has
};
ColumnPlan plan_columns(const SourceSchema& schema, const std::vector<std::string>& properties);

// Returns the columns of a property: its own or, if none of `columns` has its name, those that it
// joins with '+'.
std::vector<std::string> property_parts(const std::string& property,
                                        const std::vector<std::string>& columns);

}  // namespace rollcall
