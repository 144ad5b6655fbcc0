#include "tools/commands/source_flags.h"

#include <map>
#include <optional>
#include <string>

#include "rollcall/message_text.h"
#include "tools/commands/option_kinds.h"

namespace rollcall::tools {
namespace {

const std::string kGroup =
    "How files are read (whatever is left out is guessed, and the guess said)";

void add_columns(CLI::App& command, SourceOptions& options) {
  command.add_option("--user", options.user, "Column of the user id")
      ->type_name("COLUMN")
      ->group(kGroup);
  command.add_option("--time", options.time, "Column of the time")
      ->type_name("COLUMN")
      ->group(kGroup);
  CLI::Option* event = command.add_option("--event", options.event, "Column of the event's name")
                           ->type_name("COLUMN")
                           ->group(kGroup);
  command
      .add_option("--event-name", options.event_name, "Name of every event, instead of a column")
      ->excludes(event)
      ->type_name("NAME")
      ->group(kGroup);
  command.add_option("--value", options.value, "Column of the value; \"\" for none")
      ->type_name("COLUMN")
      ->group(kGroup);
}

void add_format(CLI::App& command, SourceOptions& options) {
  add_choice<std::optional<FileFormat>>(command, "--format", options.format,
                                        {{"csv", FileFormat::kDelimited},
                                         {"ndjson", FileFormat::kNdjson},
                                         {"native", FileFormat::kNative}},
                                        "csv with any delimiter, ... (default: by the file's name)")
      ->group(kGroup);
  command
      .add_option_function<std::string>(
          "--delimiter",
          [&options](const std::string& text) {
            const std::map<std::string, char> names = {{"\\t", '\t'},      {"tab", '\t'},
                                                       {"space", ' '},     {"comma", ','},
                                                       {"semicolon", ';'}, {"pipe", '|'}};
            const auto named = names.find(text);
            if (named == names.end() && text.size() != 1) {
              throw CLI::ValidationError("--delimiter",
                                         quoted_excerpt(text) +
                                             " (allowed: one character, tab, space, comma, "
                                             "semicolon, pipe)");
            }
            options.delimiter = named == names.end() ? text[0] : named->second;
          },
          "One character, tab or space; space stands for any run of blanks")
      ->type_name("CHAR")
      ->group(kGroup);
  command
      .add_option("--columns", options.columns,
                  "Names of the columns, such as user,date,amount, of files without a header line")
      ->delimiter(',')
      ->type_name("NAME,NAME,...")
      ->group(kGroup);
  CLI::Option* header = command
                            .add_flag_callback(
                                "--header", [&options] { options.header = true; },
                                "The first line holds names (default, unless --columns is given)")
                            ->group(kGroup);
  command
      .add_flag_callback(
          "--no-header", [&options] { options.header = false; }, "The first line is a row")
      ->excludes(header)
      ->group(kGroup);
}

void add_time_format(CLI::App& command, SourceOptions& options) {
  command.add_option("--time-format", options.time_format, "Form of times, such as %Y%m%d")
      ->type_name("FORMAT")
      ->group(kGroup);
  add_choice<TimeUnit>(command, "--time-unit", options.time_unit,
                       {{"auto", TimeUnit::kGuess},
                        {"s", TimeUnit::kSeconds},
                        {"ms", TimeUnit::kMilliseconds},
                        {"us", TimeUnit::kMicroseconds},
                        {"ns", TimeUnit::kNanoseconds}},
                       "Unit of numeric times (auto: by their size)")
      ->group(kGroup);
}

}  // namespace

void add_source_flags(CLI::App& command, SourceOptions& options) {
  add_columns(command, options);
  add_format(command, options);
  add_time_format(command, options);
  command
      .add_flag("--again", options.again,
                "Count files again that were read before with other columns or times")
      ->group(kGroup);
}

}  // namespace rollcall::tools
