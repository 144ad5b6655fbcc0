#include "tools/commands/source_flags.h"

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>

#include "rollcall/message_text.h"
#include "tools/commands/option_kinds.h"

namespace rollcall::tools {
namespace {

const std::string kSourceGroup =
    "How files are read (whatever is left out is guessed, and the guess said)";

void add_columns(CLI::App& command, SourceOptions& options) {
  command.add_option("--user", options.user, "Column of the user id")
      ->type_name("COLUMN")
      ->group(kSourceGroup);
  command.add_option("--time", options.time, "Column of the time")
      ->type_name("COLUMN")
      ->group(kSourceGroup);
  CLI::Option* event = command.add_option("--event", options.event, "Column of the event's name")
                           ->type_name("COLUMN")
                           ->group(kSourceGroup);
  command
      .add_option("--event-name", options.event_name, "Name of every event, instead of a column")
      ->excludes(event)
      ->type_name("NAME")
      ->group(kSourceGroup);
  command.add_option("--value", options.value, "Column of the value; \"\" for none")
      ->type_name("COLUMN")
      ->group(kSourceGroup);
}

void add_format(CLI::App& command, SourceOptions& options) {
  add_choice<std::optional<FileFormat>>(command, "--format", options.format,
                                        {{"csv", FileFormat::kDelimited},
                                         {"ndjson", FileFormat::kNdjson},
                                         {"native", FileFormat::kNative},
                                         {"parquet", FileFormat::kParquet}},
                                        "csv with any delimiter, ... (default: by the file's name)")
      ->group(kSourceGroup);
  command
      .add_option_function<std::string>(
          "--delimiter",
          [&options](const std::string& text) {
            const std::map<std::string, std::string> names = {{"\\t", "\t"},      {"tab", "\t"},
                                                              {"space", " "},     {"comma", ","},
                                                              {"semicolon", ";"}, {"pipe", "|"}};
            const auto named = names.find(text);
            options.delimiter = named == names.end() ? text : named->second;
          },
          "What separates fields: one or more characters, tab or space; space stands for any run "
          "of blanks")
      ->type_name("TEXT")
      ->group(kSourceGroup);
  CLI::Option* quotes =
      command
          .add_flag_callback(
              "--quotes", [&options] { options.quotes = QuoteRule::kFields; },
              "A quote that opens a field must be closed, on that line or a later one (default, "
              "unless tabs separate fields)")
          ->group(kSourceGroup);
  command
      .add_flag_callback(
          "--no-quotes", [&options] { options.quotes = QuoteRule::kText; },
          "Quotes are text, like any other character")
      ->excludes(quotes)
      ->group(kSourceGroup);
  command
      .add_option("--skip-lines", options.skip_lines, "Pass over so many lines before the header")
      ->check(whole_number(0, std::numeric_limits<std::uint32_t>::max()))
      ->type_name("N")
      ->group(kSourceGroup);
  command
      .add_option("--comment", options.comment, "Pass over lines that begin with MARK, such as #")
      ->type_name("MARK")
      ->group(kSourceGroup);
  add_choice<NestedValues>(command, "--nested", options.nested,
                           {{"text", NestedValues::kText}, {"other", NestedValues::kOther}},
                           "What an array or object in a dimension becomes: its JSON text, or "
                           "$other")
      ->group(kSourceGroup);
  command
      .add_option("--columns", options.columns,
                  "Names of the columns, such as user,date,amount, of files without a header line")
      ->delimiter(',')
      ->type_name("NAME,NAME,...")
      ->group(kSourceGroup);
  CLI::Option* header = command
                            .add_flag_callback(
                                "--header", [&options] { options.header = true; },
                                "The first line holds names (default, unless --columns is given)")
                            ->group(kSourceGroup);
  command
      .add_flag_callback(
          "--no-header", [&options] { options.header = false; }, "The first line is a row")
      ->excludes(header)
      ->group(kSourceGroup);
}

void add_time_format(CLI::App& command, SourceOptions& options) {
  CLI::Option* const format =
      command.add_option("--time-format", options.time_format, "Form of times, such as %Y%m%d")
          ->type_name("FORMAT")
          ->group(kSourceGroup);
  add_choice<TimeUnit>(command, "--time-unit", options.time_unit,
                       {{"auto", TimeUnit::kGuess},
                        {"s", TimeUnit::kSeconds},
                        {"ms", TimeUnit::kMilliseconds},
                        {"us", TimeUnit::kMicroseconds},
                        {"ns", TimeUnit::kNanoseconds},
                        {"excel-days", TimeUnit::kExcelDays},
                        {"excel-days-1904", TimeUnit::kExcelDays1904}},
                       "Unit of numeric times (auto: by their size, from 1990 to 2099)")
      ->excludes(format)
      ->group(kSourceGroup);
}

void add_amount_form(CLI::App& command, SourceOptions& options) {
  command
      .add_option_function<std::string>(
          "--decimal",
          [&options](const std::string& text) {
            if (text.size() != 1) {
              throw CLI::ValidationError("--decimal",
                                         "\"" + text + "\" (allowed: one character, such as ,)");
            }
            options.decimal = text[0];
          },
          "What stands before decimals (default .)")
      ->type_name("CHAR")
      ->group(kSourceGroup);
  command
      .add_option_function<std::string>(
          "--grouping",
          [&options](const std::string& text) {
            const std::map<std::string, std::string> names = {
                {"comma", ","}, {"space", " "}, {"nbsp", "\u00a0"}, {"nnbsp", "\u202f"}};
            const auto named = names.find(text);
            options.grouping = named == names.end() ? text : named->second;
          },
          "What stands between groups of three digits: one character, space, or the "
          "unbroken nbsp or nnbsp")
      ->type_name("CHAR")
      ->group(kSourceGroup);
  command
      .add_option("--currency", options.currency,
                  "Sign or word that may stand before or after values, such as EUR")
      ->type_name("SIGN")
      ->group(kSourceGroup);
  command
      .add_flag("--round-values", options.round_values,
                "Round values to the store's decimals, halves away from zero")
      ->group(kSourceGroup);
}

}  // namespace

void add_source_flags(CLI::App& command, SourceOptions& options) {
  add_columns(command, options);
  add_format(command, options);
  add_time_format(command, options);
  add_amount_form(command, options);
  add_choice<bool>(command, "--null-users", options.reject_null_users,
                   {{"keep", false}, {"reject", true}},
                   "Users such as NULL, undefined or the UUID of zeros: keep (default) or reject")
      ->group(kSourceGroup);
  command
      .add_flag(
          "--again", options.again,
          "Count files again that were read before with other columns or times, or that may be "
          "the beginning of a longer one")
      ->group(kSourceGroup);
}

}  // namespace rollcall::tools
