// How a source is to be read, told from its first rows.
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

// Whether a content that begins with `head`, and ends with it if `complete`, is empty but for blank
// lines and a byte order mark.
bool holds_nothing(std::string_view head, bool complete);

// What has to be seen of a source named `name` before it is inspected: its first rows, which may be
// long; of a slow one, no more than says how it is to be read. What is wrong with it is not waited
// for. The arguments outlive the result.
HeadWanted head_to_inspect(const std::string& name, const SourceOptions& options,
                           const std::vector<std::string>& dimensions);

// The same as inspect_source, for a source named `name` whose content begins with `head`, and ends
// with it if `complete`.
Result<SourceSchema> inspect_head(std::string_view name, std::string_view head, bool complete,
                                  const SourceOptions& options,
                                  const std::vector<std::string>& dimensions);

// The times of the first rows that inspect_head looked at to find `schema`. None: of the native
// format.
Result<std::vector<std::string>> first_times(std::string_view name, std::string_view head,
                                             bool complete, const SourceOptions& options,
                                             const SourceSchema& schema);

// What `options` say of how amounts are written.
AmountForm amount_form(const SourceOptions& options);

// The names, as normalized_name writes them, by which a column would have been guessed to be the
// user, the time, the event or the value of NDJSON, had the first rows had it. None of those that
// are chosen.
std::vector<std::string> awaited_names(const SourceOptions& options);

// What such a column would have been: kUser, kTime, kEvent or kValue.
Option role_of_awaited(std::string_view column);

// Which columns are used for what.
struct ColumnPlan {
  std::vector<std::string> slot_columns;          // by slot (row.h); "": none
  std::vector<BatchShape::Dimension> dimensions;  // those that the source has
};
ColumnPlan plan_columns(const SourceSchema& schema, const std::vector<std::string>& dimensions);

// The columns of a dimension: its own or, if none of `columns` has its name, those that it joins
// with '+'.
std::vector<std::string> dimension_parts(const std::string& dimension,
                                         const std::vector<std::string>& columns);

}  // namespace rollcall
