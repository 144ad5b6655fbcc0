#include "tools/commands/output_flags.h"

#include <algorithm>
#include <string>
#include <variant>

#include <fmt/format.h>

#include "rollcall/roaring.h"
#include "tools/commands/option_kinds.h"
#include "tools/output_file.h"
#include "tools/text.h"

namespace rollcall::tools {
namespace {

const std::string kGroup = "Output";

void add_when(CLI::App& command, const std::string& name, When& when, const std::string& help) {
  add_choice<When>(command, name, when,
                   {{"auto", When::kAuto}, {"always", When::kAlways}, {"never", When::kNever}},
                   help)
      ->group(kGroup);
}

Result<std::string> text_of(const QueryResult& result, const OutputFlags& flags,
                            UserKind user_kind) {
  return print_result(result, {.format = flags.format,
                               .shape = flags.shape,
                               .cells = flags.cells,
                               .escape_formulas = flags.escape_formulas,
                               .style = style_of(flags),
                               .user_kind = user_kind});
}

// A table has escapes of ours, and cells that are fit for where it goes.
Status write(std::string_view text, const OutputFlags& flags) {
  return flags.format == OutputFormat::kTable ? draw_on_standard_output(text)
                                              : write_standard_output(text);
}

// Says whether a set is asked for where it can be written.
Status check_set(const OutputFlags& flags, UserKind user_kind) {
  const bool is_set = flags.format == OutputFormat::kRoaring;
  if (!flags.file.empty()) {
    if (is_set) return check_output_place(flags.file);
    return Status::invalid_argument(
        "--output-file: goes with -o roaring (allowed: > FILE, which takes any form)");
  }
  if (!is_set || user_kind == UserKind::kInteger) return {};
  return Status::invalid_argument(
      "-o roaring: the ids are texts, and a set of them needs a dictionary beside it "
      "(--output-file FILE writes both)");
}

// Lists of members may be read back, so the reader is told of ids that are written as other ids.
void note_escaped(const QueryResult& result, const OutputFlags& flags) {
  const bool is_list = result.columns.size() == 1 && result.columns.front().name == "user";
  if (!flags.escape_formulas || flags.format != OutputFormat::kCsv || !is_list) return;
  const auto escaped = std::count_if(result.rows.begin(), result.rows.end(), [](const auto& row) {
    const auto* const id = std::get_if<std::string>(&row.front());
    return id != nullptr && without_formula(*id) != *id;
  });
  if (escaped == 0) return;
  write_standard_error(
      fmt::format("rollcall: note: {} with a ' in front, for a spreadsheet: read back as a list, "
                  "{} other users (without --escape-formulas the list is right)\n",
                  escaped == 1 ? "1 id is written" : fmt::format("{} ids are written", escaped),
                  escaped == 1 ? "it names" : "they name"));
}

}  // namespace

void add_output_flags(CLI::App& command, OutputFlags& flags) {
  add_choice<OutputFormat>(command, "-o,--output", flags.format,
                           {{"table", OutputFormat::kTable},
                            {"csv", OutputFormat::kCsv},
                            {"json", OutputFormat::kJson},
                            {"jsonl", OutputFormat::kJsonLines},
                            {"markdown", OutputFormat::kMarkdown},
                            {"roaring", OutputFormat::kRoaring}},
                           "Form of the answer; roaring: the users that --members lists, as a set")
      ->group(kGroup);
  command
      .add_option("--output-file", flags.file,
                  "Where -o roaring writes to, instead of standard output; if ids are texts, "
                  "dictionary.jsonl in the same directory explains it")
      ->type_name("FILE")
      ->group(kGroup);
  add_choice<Shape>(
      command, "--shape", flags.shape,
      {{"auto", Shape::kAuto}, {"long", Shape::kLong}, {"wide", Shape::kWide}},
      "A row per cell, or a matrix (auto: a matrix in tables of cohorts and of hours of the week)")
      ->group(kGroup);
  command
      .add_option("--cells", flags.cells,
                  "What a matrix shows: a column of the answer, such as rate (default: its count)")
      ->type_name("COLUMN")
      ->group(kGroup);
  command
      .add_flag("--escape-formulas", flags.escape_formulas,
                "In CSV, put ' before texts that a spreadsheet would run: = + - @ begin them")
      ->group(kGroup);
  add_when(command, "--color", flags.color,
           "Colours (auto: on a terminal, unless NO_COLOR is set)");
  add_when(command, "--chart", flags.chart, "Boxes, bars and heat maps (auto: on a terminal)");
}

void add_report_output_flag(CLI::App& command, OutputFlags& flags) {
  add_choice<OutputFormat>(command, "-o,--output", flags.format,
                           {{"table", OutputFormat::kTable}, {"json", OutputFormat::kJson}},
                           "Form of the report")
      ->group(kGroup);
}

Style style_of(const OutputFlags& flags) { return standard_output_style(flags.chart, flags.color); }

void print_notes(const QueryResult& result) {
  for (const std::string& note : result.notes) {
    write_standard_error("rollcall: note: " + printable(note) + "\n");
  }
}

Status print(const QueryResult& result, const OutputFlags& flags, UserKind user_kind) {
  ROLLCALL_RETURN_IF_ERROR(check_set(flags, user_kind));
  print_notes(result);
  note_escaped(result, flags);
  if (!flags.file.empty()) return write_roaring_file(result, user_kind, flags.file);
  ROLLCALL_ASSIGN_OR_RETURN(const std::string text, text_of(result, flags, user_kind));
  return write(text, flags);
}

Status print_page(const QueryResult& result, const OutputFlags& flags, UserKind user_kind,
                  bool is_first) {
  if (is_first) return print(result, flags, user_kind);
  ROLLCALL_ASSIGN_OR_RETURN(std::string text, text_of(result, flags, user_kind));
  if (flags.format == OutputFormat::kCsv) text.erase(0, text.find('\n') + 1);
  return write(text, flags);
}

Status print(const std::vector<QueryResult>& results, const OutputFlags& flags,
             UserKind user_kind) {
  if (flags.format == OutputFormat::kRoaring) {
    if (results.size() == 1) return print(results.front(), flags, user_kind);
    return Status::invalid_argument(
        fmt::format("-o roaring: writes the set of one question, found {}", results.size()));
  }
  ROLLCALL_RETURN_IF_ERROR(check_set(flags, user_kind));
  const bool is_json = flags.format == OutputFormat::kJson;
  std::string text = is_json ? "[" : "";
  for (const QueryResult& result : results) {
    print_notes(result);
    note_escaped(result, flags);
    ROLLCALL_ASSIGN_OR_RETURN(std::string one, text_of(result, flags, user_kind));
    if (is_json) one.pop_back();  // the end of its line
    if (text.size() > 1) text += is_json ? ",\n" : "\n";
    text += one;
  }
  return write(text + (is_json ? "]\n" : ""), flags);
}

}  // namespace rollcall::tools
