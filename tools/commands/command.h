// A subcommand has its flags, and what it does once they are read.
//
// Each `add_*_command` adds one to `app` and sets `chosen` when the command line names it. A fault
// of the flags is thrown as a CLI::ParseError (exit code 2); what goes wrong later is the action's
// Status (exit code 1). The commands of the kinds of questions are in question.h.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

#include "rollcall/parquet.h"
#include "rollcall/status.h"

namespace rollcall::tools {

using Action = std::function<Status()>;

void add_init_command(CLI::App& app, Action& chosen);
// Parquet files are opened by `read_parquet`. Sets `rows_refused` if limits keep rows of the files
// out, which has an exit code of its own.
void add_ingest_command(CLI::App& app, Action& chosen, const ReadParquet& read_parquet,
                        bool& rows_refused);
void add_query_command(CLI::App& app, Action& chosen);
void add_segment_command(CLI::App& app, Action& chosen);
// Sets `alarmed` if an alert fires or is stale, which has an exit code of its own.
void add_alert_command(CLI::App& app, Action& chosen, bool& alarmed);
void add_campaign_command(CLI::App& app, Action& chosen);
void add_saved_command(CLI::App& app, Action& chosen);
void add_explain_command(CLI::App& app, Action& chosen);
void add_report_command(CLI::App& app, Action& chosen);
void add_forget_command(CLI::App& app, Action& chosen);
void add_info_command(CLI::App& app, Action& chosen);
void add_verify_command(CLI::App& app, Action& chosen);
void add_backup_command(CLI::App& app, Action& chosen);
void add_restore_command(CLI::App& app, Action& chosen);
void add_compact_command(CLI::App& app, Action& chosen);
void add_generate_command(CLI::App& app, Action& chosen);
void add_completions_command(CLI::App& app, Action& chosen);

}  // namespace rollcall::tools
