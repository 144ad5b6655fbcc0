// These flags set the limits that files are read under; this header also says what is said of the
// rows they refuse.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "rollcall/file_source.h"
#include "rollcall/options.h"
#include "rollcall/status.h"

namespace rollcall::tools {

// They are not set if they are not on the command line.
struct LimitFlags {
  std::optional<std::uint32_t> days_ahead;
  std::optional<std::string> not_before;
  std::size_t line_bytes_max = 0;  // 0: not on the command line
};

void add_limit_flags(CLI::App& command, LimitFlags& flags);

// Sets the limit of rows in `options`, which decides how much of a file is looked at.
void set_row_limit(const LimitFlags& flags, SourceOptions& options);

// Sets the limits of times in `options`, as instants of now and of the store's zone.
//   kInvalidArgument  --not-before is no date
Status set_limits(const LimitFlags& flags, const StoreSettings& settings, SourceOptions& options);

// Says what to give to take in rows that are refused as of this kind; the text is empty if no limit
// does.
std::string_view limit_advice(RejectKind kind);

// Returns how many rows of the files limits with a flag keep out.
std::uint64_t rows_kept_out(const IngestReport& report);

// Says what limits did to a file's rows, and keep out of all files, in lines for people.
std::string admitted_text(const FileReport& file);
std::string kept_out_text(const IngestReport& report, const LimitFlags& flags);

// Returns the flag of a limit, by which reports name it.
std::string_view flag_of(SourceLimit limit);

}  // namespace rollcall::tools
