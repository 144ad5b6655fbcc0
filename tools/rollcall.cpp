// The command line: reads it, runs what it names, and turns the outcome into an exit code:
// 0 done, 1 it went wrong, 2 the command line is not one, 128 + n it was ended by signal n.
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <new>
#include <optional>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include "rollcall/status.h"
#include "tools/commands/command.h"
#include "tools/interrupt.h"
#include "tools/terminal.h"
#include "tools/text.h"

namespace rollcall::tools {
namespace {

constexpr int kFailure = 1;
constexpr int kUsage = 2;

constexpr std::string_view kExamples = R"(Examples:
  rollcall ingest --db shop.db --timezone Europe/London --dimension channel events.csv.gz
  rollcall active --db shop.db --window-days 7 --last 30d
  rollcall retention --db shop.db --period week --cohort-event signup --return-event login
  rollcall churn --db shop.db --gap-days 7 -o csv
  rollcall churn --db shop.db --members churned --at date=2026-01-03 -o csv > users.csv
  rollcall retention --explain | rollcall query --db shop.db -)";

// What to do about an error, where one can tell and its text does not; empty otherwise.
std::string_view hint_for(const Status& status) {
  if (status.message().find("--accept-rollback") != std::string::npos) return {};
  switch (status.code()) {
    case StatusCode::kBusy:
      return "one process writes to a store at a time; queries may run meanwhile";
    case StatusCode::kCorruption:
      return "rollcall verify names every damaged page; nothing has been repaired or dropped";
    case StatusCode::kResourceExhausted:
      return "a larger --memory may help";
    case StatusCode::kDeadlineExceeded:
      return "a longer --timeout, or a narrower question, may get an answer";
    default:
      return {};
  }
}

int report_failure(const Status& status) {
  std::string text = "rollcall: " + printable(status.message()) + "\n";
  if (const std::string_view hint = hint_for(status); !hint.empty()) {
    text.append("hint: ").append(hint).append("\n");
  }
  write_standard_error(text);
  const std::optional<int> interrupted = interrupted_exit_code();
  return status.code() == StatusCode::kCancelled && interrupted ? *interrupted : kFailure;
}

int report_usage(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return app.exit(error);  // --help and --version
  std::string command = "rollcall";
  for (const CLI::App* chosen : app.get_subcommands()) command += " " + chosen->get_name();
  write_standard_error("rollcall: " + printable(error.what()) + "\nhint: " + command +
                       " --help shows what is allowed\n");
  return kUsage;
}

CLI::ValidationError unknown_command(const CLI::App& app, const std::string& name) {
  std::string names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.append(names.empty() ? "" : ", ").append(command->get_name());
  }
  return CLI::ValidationError("unknown command \"" + name + "\" (allowed: " + names + ")");
}

int run(int argc, char** argv) {
  CLI::App app("Takes the roll: who was active, when, and who came back.", "rollcall");
  app.set_version_flag("--version", "rollcall " ROLLCALL_VERSION);
  app.footer(std::string(kExamples));
  Action action;
  add_init_command(app, action);
  add_ingest_command(app, action);
  add_query_command(app, action);
  add_active_command(app, action);
  add_retention_command(app, action);
  add_churn_command(app, action);
  add_idle_command(app, action);
  add_counts_command(app, action);
  add_lifecycle_command(app, action);
  add_stickiness_command(app, action);
  add_segment_command(app, action);
  add_explain_command(app, action);
  add_forget_command(app, action);
  add_info_command(app, action);
  add_verify_command(app, action);
  add_backup_command(app, action);
  add_restore_command(app, action);
  add_compact_command(app, action);
  add_generate_command(app, action);
  add_completions_command(app, action);
  try {
    app.parse(argc, argv);
    if (app.get_subcommands().empty()) throw CLI::RequiredError("a command");
  } catch (const CLI::ExtrasError& error) {
    if (!app.get_subcommands().empty()) return report_usage(app, error);
    return report_usage(app, unknown_command(app, argv[1]));
  } catch (const CLI::ParseError& error) {
    return report_usage(app, error);
  }
  const Status status = action();
  return status.ok() ? EXIT_SUCCESS : report_failure(status);
}

}  // namespace
}  // namespace rollcall::tools

int main(int argc, char** argv) {
  // For the width of characters alone; numbers keep their point.
  if (std::setlocale(LC_CTYPE, "C.UTF-8") == nullptr) std::setlocale(LC_CTYPE, "");
  // A reader that goes away ends the process quietly, whatever the parent had set.
  std::signal(SIGPIPE, SIG_DFL);
  try {
    return rollcall::tools::run(argc, argv);
  } catch (const std::bad_alloc&) {
    rollcall::tools::write_standard_error(
        "rollcall: out of memory\nhint: the system gave less than --memory allows; set what it "
        "has\n");
    return rollcall::tools::kFailure;
  } catch (const std::exception& error) {
    rollcall::tools::write_standard_error(
        "rollcall: internal error: " + rollcall::tools::printable(error.what()) + "\n");
    return rollcall::tools::kFailure;
  }
}
