// The command line is read here, runs what it names, and turns the outcome into an exit code: 0 if
// it is done, 1 if it went wrong, 2 if the command line is not one, 3 if it is done but limits keep
// some rows out or an alert fires, and 128 + n if signal n ended it (docs/command_line.md).
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <new>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "rollcall/command_line.h"
#include "rollcall/kinds.h"
#include "rollcall/standard_descriptors.h"
#include "rollcall/status.h"
#include "tools/commands/command.h"
#include "tools/commands/examples.h"
#include "tools/commands/option_flags.h"
#include "tools/commands/question.h"
#include "tools/commands/question_limits.h"
#include "tools/commands/usage_error.h"
#include "tools/interrupt.h"
#include "tools/terminal.h"
#include "tools/text.h"

namespace rollcall::tools {
namespace {

constexpr int kFailure = 1;
constexpr int kUsage = 2;
constexpr int kRowsRefused = 3;  // ingest: by limits, and wider ones would take them in
constexpr int kAlarmed = 3;      // alert check: one fires or is stale

constexpr std::string_view kExamples = R"(Examples:
  rollcall ingest --db shop.db --timezone Europe/London --dimension channel events.csv.gz
  rollcall active --db shop.db --window-days 7 --last 30d
  rollcall retention --db shop.db --period week --cohort-event signup --return-event login
  rollcall churn --db shop.db --gap-days 7 -o csv
  rollcall churn --db shop.db --members churned --at date=2026-01-03 -o csv > users.csv
  rollcall retention --explain | rollcall query --db shop.db -)";

// Says what to do about an error of a command, if one can tell; the text is empty otherwise.
std::string hint_for(const Status& status, std::string_view command) {
  if (std::string advice = advice_text(status.hint()); !advice.empty()) return advice;
  switch (status.code()) {
    case StatusCode::kBusy:
      return "one process writes to a store at a time; queries may run meanwhile, and what keeps a "
             "definition takes --wait";
    case StatusCode::kCorruption:
      if (command == "verify") return {};
      return "rollcall verify names every damaged page; nothing has been repaired or dropped";
    case StatusCode::kResourceExhausted:
      // How much a store keeps by name is bounded, whatever the memory is.
      if (command == "saved") return {};
      return "a larger --memory may help";
    case StatusCode::kDeadlineExceeded:
      return "a longer --timeout, or a narrower question, may get an answer";
    default:
      return {};
  }
}

int report_failure(const Status& status, std::string_view command) {
  const std::optional<int> interrupted = interrupted_exit_code();
  const bool is_of_reader = has_lost_reader() && !interrupted;
  if (status.code() == StatusCode::kCancelled && is_of_reader) return kFailure;
  std::string text = "rollcall: " + shortened(printable(status.message())) + "\n";
  if (const std::string hint = hint_for(status, command); !hint.empty()) {
    text.append("hint: ").append(printable(hint)).append("\n");
  }
  write_standard_error(text);
  return status.code() == StatusCode::kCancelled && interrupted ? *interrupted : kFailure;
}

// Help and versions are no errors: they were asked for.
int print_asked(const CLI::App& app, const CLI::ParseError& error) {
  std::ostringstream text;
  app.exit(error, text, text);
  const Status status = write_standard_output(text.str());
  return status.ok() ? EXIT_SUCCESS : report_failure(status, "");
}

int report_usage(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return print_asked(app, error);
  write_standard_error(usage_error_text(app, error));
  return kUsage;
}

// What was written may yet fail to arrive, as on a full disk that is far away. A reader that went
// away ends the process now, once its work is done, as it ends others.
int ended(int code, std::string_view command) {
  if (has_lost_reader()) {
    std::signal(SIGPIPE, SIG_DFL);
    std::raise(SIGPIPE);
  }
  const bool is_done = code == EXIT_SUCCESS || code == kRowsRefused || code == kAlarmed;
  if (const Status status = close_standard_output(); !status.ok() && is_done) {
    return report_failure(status, command);
  }
  return has_lost_errors() && is_done ? kFailure : code;
}

int run(int argc, char** argv, const ReadParquet& read_parquet) {
  CLI::App app("Takes the roll: who was active, when, and who came back.", "rollcall");
  app.set_version_flag("--version", "rollcall " ROLLCALL_VERSION);
  Action action;
  bool rows_refused = false;
  bool alarmed = false;
  add_init_command(app, action);
  add_ingest_command(app, action, read_parquet, rows_refused);
  add_query_command(app, action);
  for (const QueryKind& kind : query_kinds()) {
    // The command of segments keeps them by name, too.
    if (kind.name == "segment") {
      add_segment_command(app, action);
    } else {
      add_kind_command(app, std::string(kind.name), kind, action);
    }
  }
  add_campaign_command(app, action);
  add_saved_command(app, action);
  add_alert_command(app, action, alarmed);
  add_explain_command(app, action);
  add_report_command(app, action);
  add_forget_command(app, action);
  add_info_command(app, action);
  add_verify_command(app, action);
  add_backup_command(app, action);
  add_restore_command(app, action);
  add_compact_command(app, action);
  add_generate_command(app, action);
  add_completions_command(app, action);
  set_examples_of_commands(app);
  app.footer(std::string(kExamples));  // commands made after it would have it, too
  try {
    app.parse(argc, argv);
    if (app.get_subcommands().empty()) throw CLI::RequiredError("a command");
  } catch (const CLI::ParseError& error) {
    return ended(report_usage(app, error), "");
  }
  const std::string command = app.get_subcommands().front()->get_name();
  const Status status = action();
  const int code = !status.ok()   ? report_failure(status, command)
                   : rows_refused ? kRowsRefused
                   : alarmed      ? kAlarmed
                                  : EXIT_SUCCESS;
  return ended(code, command);
}

// No exception leaves it.
int run_to_its_end(int argc, char** argv, const ReadParquet& read_parquet) {
  try {
    return run(argc, argv, read_parquet);
  } catch (const std::bad_alloc&) {
    write_standard_error(
        "rollcall: out of memory\nhint: the system gave less than --memory allows; set what it "
        "has\n");
  } catch (const std::exception& error) {
    write_standard_error("rollcall: internal error: " + printable(error.what()) + "\n");
  }
  return kFailure;
}

}  // namespace
}  // namespace rollcall::tools

int rollcall::run_command_line(int argc, char** argv, const ReadParquet& read_parquet) {
  const Status descriptors = open_standard_descriptors();
  if (!descriptors.ok()) return tools::report_failure(descriptors, "");
  // This is for the width of characters alone; numbers keep their point.
  if (std::setlocale(LC_CTYPE, "C.UTF-8") == nullptr) std::setlocale(LC_CTYPE, "");
  // A reader that goes away must not end what is being written to a store; a file that may not grow
  // any more (ulimit -f) is an error of the write, which says which file it is.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  const int code = tools::run_to_its_end(argc, argv, read_parquet);
  if (tools::has_abandoned_work()) std::_Exit(code);
  return code;
}
