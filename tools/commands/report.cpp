// rollcall report writes a page about a store, for people who only open a file.
#include <algorithm>
#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include "rollcall/report.h"
#include "tools/commands/command.h"
#include "tools/commands/option_kinds.h"
#include "tools/commands/question_limits.h"
#include "tools/commands/store_access.h"
#include "tools/output_file.h"

namespace rollcall::tools {
namespace {

namespace fs = std::filesystem;

struct ReportFlags {
  StoreFlags store;
  Timeout timeout;
  ReportOptions options;
  std::string output = "-";
};

Status write_page(const std::string& page, const std::string& path) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<OutputFile> file, OutputFile::open(path));
  ROLLCALL_RETURN_IF_ERROR(file->append(page));
  return file->close();
}

// Writes the page beside the file and then puts it in its place, so that whoever opens the file
// sees a whole page. A pipe or a device is no file that can be replaced.
Status replace_page(const std::string& page, const std::string& output) {
  std::error_code error;
  const fs::file_status there = fs::status(output, error);
  if (output == "-" || (fs::exists(there) && !fs::is_regular_file(there))) {
    return write_page(page, output);
  }
  ROLLCALL_RETURN_IF_ERROR(check_output_place(output));
  const fs::path path(output);
  const fs::path beside = path.parent_path() / (".part." + path.filename().string());
  Status status = write_page(page, beside.string()).within(output);
  if (status.ok()) {
    fs::rename(beside, path, error);
    if (error) status = Status::io_error(output + ": " + error.message());
  }
  if (!status.ok()) fs::remove(beside, error);
  return status;
}

// Elsewhere, -o takes the form of the answer. A report has one form, and a file of such a name is
// most likely a slip.
Status check_not_form(const std::string& output) {
  constexpr std::string_view kForms[] = {"table",    "csv",     "json", "jsonl",
                                         "markdown", "roaring", "html"};
  if (std::ranges::find(kForms, output) == std::end(kForms)) return {};
  return Status::invalid_argument(
      fmt::format("-o {0}: is the file that the page is written to, not its form, which is always "
                  "HTML (allowed: report.html, - for standard output, or ./{0})",
                  output));
}

Status report(const ReportFlags& flags) {
  ROLLCALL_RETURN_IF_ERROR(check_not_form(flags.output));
  const QuestionGuard guard(flags.timeout);
  ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, open_for_reading(flags.store));
  ReportOptions options = flags.options;
  options.directory = flags.store.directory;
  ROLLCALL_ASSIGN_OR_RETURN(const std::string page, report_html(*engine, options, guard.limits()));
  return replace_page(page, flags.output);
}

}  // namespace

void add_report_command(CLI::App& app, Action& chosen) {
  CLI::App* command =
      app.add_subcommand("report", "A page of HTML about a store, with pictures and tables");
  const auto flags = std::make_shared<ReportFlags>();
  add_store_flags(*command, flags->store);
  add_lists_flag(*command, flags->store);
  add_timeout_flag(*command, flags->timeout);
  command
      ->add_option("-o,--output", flags->output,
                   "The file to write, such as report.html, and not a form of the answer; - is "
                   "standard output")
      ->type_name("FILE");
  add_choice<Language>(*command, "--lang", flags->options.language,
                       {{"en", Language::kEnglish}, {"zh", Language::kChinese}},
                       "The language of the page");
  command->add_option("--title", flags->options.title, "The title of the page")->type_name("TEXT");
  command->add_flag("--users", flags->options.users,
                    "List the ids of users who are about to leave (default: no id is in the page)");
  command->callback([flags, &chosen] { chosen = [flags] { return report(*flags); }; });
}

}  // namespace rollcall::tools
