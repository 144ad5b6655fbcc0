#include "tools/commands/output_flags.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "rollcall/roaring.h"
#include "tools/commands/option_kinds.h"
#include "tools/output_file.h"
#include "tools/text.h"

namespace rollcall::tools {
namespace {

const std::string kOutputGroup = "Output";

void add_when(CLI::App& command, const std::string& name, When& when, const std::string& help) {
  add_choice<When>(command, name, when,
                   {{"auto", When::kAuto}, {"always", When::kAlways}, {"never", When::kNever}},
                   help)
      ->group(kOutputGroup);
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
      ->group(kOutputGroup);
  command
      .add_option("--output-file", flags.file,
                  "Where -o roaring writes to, instead of standard output; if ids are texts, "
                  "dictionary.jsonl in the same directory explains it")
      ->type_name("FILE")
      ->group(kOutputGroup);
  add_choice<Shape>(
      command, "--shape", flags.shape,
      {{"auto", Shape::kAuto}, {"long", Shape::kLong}, {"wide", Shape::kWide}},
      "A row per cell, or a matrix (auto: a matrix in tables of cohorts and of hours of the week)")
      ->group(kOutputGroup);
  command
      .add_option("--cells", flags.cells,
                  "What a matrix shows: a column of the answer, such as rate (default: its count)")
      ->type_name("COLUMN")
      ->group(kOutputGroup);
  command
      .add_flag("--escape-formulas", flags.escape_formulas,
                "In CSV, put ' before texts that a spreadsheet would run: = + - @ begin them")
      ->group(kOutputGroup);
  add_when(command, "--color", flags.color,
           "Colours (auto: on a terminal, unless NO_COLOR is set)");
  add_when(command, "--chart", flags.chart, "Boxes, bars and heat maps (auto: on a terminal)");
}

void add_report_output_flag(CLI::App& command, OutputFlags& flags) {
  add_choice<OutputFormat>(command, "-o,--output", flags.format,
                           {{"table", OutputFormat::kTable}, {"json", OutputFormat::kJson}},
                           "Form of the report")
      ->group(kOutputGroup);
}

Style style_of(const OutputFlags& flags) { return standard_output_style(flags.chart, flags.color); }

void print_note(const std::string& text) {
  write_standard_error("rollcall: note: " + shortened(printable(text)) + "\n");
}

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

Status PagedOutput::add(QueryResult page) {
  const bool is_first = !first_;
  if (is_first) {
    first_ = page;
    first_->rows.clear();
    first_->next.reset();
  } else {
    first_->stats.elapsed_us += page.stats.elapsed_us;
  }
  if (flags_.format == OutputFormat::kJson) return add_json(std::move(page), is_first);
  if (is_first) return print(page, flags_, user_kind_);
  ROLLCALL_ASSIGN_OR_RETURN(std::string text, text_of(page, flags_, user_kind_));
  for (std::size_t line = 0; line < head_lines(); ++line) text.erase(0, text.find('\n') + 1);
  return write(text, flags_);
}

std::size_t PagedOutput::head_lines() const {
  switch (flags_.format) {
    case OutputFormat::kCsv:
      return 1;
    case OutputFormat::kMarkdown:
      return 2;
    case OutputFormat::kTable:
      return style_of(flags_).pretty ? 0 : 1;  // each page is a box of its own
    default:
      return 0;
  }
}

// The text around the rows is the same on every page, so that cutting off as much leaves the rows.
Status PagedOutput::add_json(QueryResult page, bool is_first) {
  if (is_first) print_notes(page);
  ROLLCALL_ASSIGN_OR_RETURN(const Around around, around_rows());
  std::vector<std::vector<Cell>> rows = std::move(page.rows);
  page = *first_;
  page.rows = std::move(rows);
  ROLLCALL_ASSIGN_OR_RETURN(const std::string text, text_of(page, flags_, user_kind_));
  const std::size_t rows_bytes = text.size() - around.head.size() - around.tail.size();
  if (is_first) ROLLCALL_RETURN_IF_ERROR(write(around.head, flags_));
  if (rows_bytes == 0) return {};
  if (std::exchange(has_rows_, true)) ROLLCALL_RETURN_IF_ERROR(write(", ", flags_));
  return write(std::string_view(text).substr(around.head.size(), rows_bytes), flags_);
}

Result<PagedOutput::Around> PagedOutput::around_rows() const {
  constexpr std::string_view kNoRows = R"("rows": [])";
  ROLLCALL_ASSIGN_OR_RETURN(const std::string text, text_of(*first_, flags_, user_kind_));
  const std::size_t end = text.rfind(kNoRows) + kNoRows.size() - 1;
  return Around{text.substr(0, end), text.substr(end)};
}

Status PagedOutput::end() {
  if (flags_.format != OutputFormat::kJson) return {};
  ROLLCALL_ASSIGN_OR_RETURN(const Around around, around_rows());
  return write(around.tail, flags_);
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
