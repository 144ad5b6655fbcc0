// rollcall ingest reads files of events into a store.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "rollcall/file_source.h"
#include "rollcall/message_text.h"
#include "rollcall/option_check.h"
#include "tools/commands/command.h"
#include "tools/commands/limit_flags.h"
#include "tools/commands/option_flags.h"
#include "tools/commands/option_kinds.h"
#include "tools/commands/output_flags.h"
#include "tools/commands/settings_flags.h"
#include "tools/commands/source_flags.h"
#include "tools/commands/store_access.h"
#include "tools/file_place.h"
#include "tools/interrupt.h"
#include "tools/made_store.h"
#include "tools/progress_line.h"
#include "tools/reject_file.h"
#include "tools/terminal.h"
#include "tools/text.h"

namespace rollcall::tools {
namespace {

using Json = nlohmann::ordered_json;

struct IngestFlags {
  StoreFlags store;
  SettingsFlags settings;
  SourceOptions source;
  LimitFlags limits;
  OutputFlags output;
  std::optional<std::string> rejects;
  bool strict = false;
  std::vector<std::string> paths;
};

// Files are the caller's to repair, damaged ones too, because no store is damaged.
Status of_file(const Status& status) {
  return status.code() == StatusCode::kCorruption ? status.as(StatusCode::kInvalidArgument)
                                                  : status;
}

// Says how files are read: what was guessed and what is left out, in one line each, once for all
// files that are alike.
class SchemaVoice {
 public:
  // `more_guesses` says what was guessed for the store; it is said with the first file.
  SchemaVoice(std::vector<std::string> more_guesses, bool has_history)
      : more_guesses_(std::move(more_guesses)), has_history_(has_history) {}

  void tell(const std::string& file, SourceSchema schema) {
    std::vector<std::string>& guessed = schema.guessed;
    const bool first = told_.empty();
    if (first) guessed.insert(guessed.end(), more_guesses_.begin(), more_guesses_.end());
    std::vector<std::string> lines;
    for (HintedText& column : schema.passed_over) {
      lines.push_back(with_flags(std::move(column.text), column.hint));
    }
    if (!guessed.empty()) lines.push_back(fmt::format("guessed: {}", fmt::join(guessed, ", ")));
    if (!schema.ignored.empty()) {
      lines.push_back(fmt::format("ignored columns: {} ({})", excerpts(schema.ignored),
                                  has_history_ ? "--keep NAME keeps one from now on, --dimension "
                                                 "NAME in a new store"
                                               : "--dimension NAME keeps one, in a new store"));
    }
    if (!schema.absent.empty()) {
      lines.push_back(fmt::format("columns that are not there, and count as empty: {}",
                                  excerpts(schema.absent)));
    }
    if (!told_.insert(lines).second) return;
    for (const std::string& line : lines) say(first ? line : file + ": " + line);
  }

 private:
  std::vector<std::string> more_guesses_;
  const bool has_history_;
  std::set<std::vector<std::string>> told_;
};

// Holds the store, and what was guessed to make it.
struct OpenedStore {
  std::unique_ptr<Engine> engine;
  std::optional<MadeStore> made;  // unset: it was there
  // This exists from before the store is made, so that what a signal leaves is taken back.
  std::unique_ptr<Interrupt> interrupt;
  std::vector<std::string> guessed;
};

bool is_pipe(const std::string& path) {
  std::error_code ignored;
  return path == "-" || (std::filesystem::exists(path, ignored) &&
                         !std::filesystem::is_regular_file(path, ignored) &&
                         !std::filesystem::is_directory(path, ignored));
}

// Opens the store, or makes it with what the flags and the first rows say. Standard input and pipes
// say nothing, because they can be read only once.
Result<OpenedStore> open_store(const IngestFlags& flags) {
  OpenedStore opened;
  const auto settings = [&]() -> Result<StoreSettings> {
    StoreSettings chosen = new_settings(flags.settings);
    if (!is_pipe(flags.paths.front())) {
      const Status looked_at =
          inspect_source(flags.paths, flags.source, chosen.properties()).status();
      if (!looked_at.ok()) return of_file(looked_at);
      ROLLCALL_RETURN_IF_ERROR(
          of_file(check_properties(flags.paths, flags.source, chosen.dimensions)));
      if (!flags.settings.user_kind) {
        ROLLCALL_ASSIGN_OR_RETURN(chosen.user_kind, guess_user_kind(flags.paths, flags.source));
        opened.guessed = {fmt::format("user-type = {}", name_of(chosen.user_kind))};
      }
    }
    opened.interrupt = std::make_unique<Interrupt>();
    opened.made.emplace(flags.store.directory);
    return chosen;
  };
  const std::vector<std::string>& keep = flags.settings.keep;
  if (!is_pipe(flags.paths.front())) {
    ROLLCALL_RETURN_IF_ERROR(of_file(check_properties(flags.paths, flags.source, keep)));
  }
  ROLLCALL_ASSIGN_OR_RETURN(opened.engine, open_for_writing(flags.store, keep, settings));
  if (opened.made) {
    ROLLCALL_RETURN_IF_ERROR(opened.made->note_made());
    say(fmt::format("made {}: {}", flags.store.directory, describe(opened.engine->settings())));
  } else {
    ROLLCALL_RETURN_IF_ERROR(check_settings(flags.settings, opened.engine->settings()));
    // Until here, a signal ends the process at once, because nothing has been read.
    opened.interrupt = std::make_unique<Interrupt>();
  }
  return opened;
}

std::string place(const RejectedRow& row) {
  return row.column == 0 ? fmt::format("{}:{}", row.file, row.line)
                         : fmt::format("{}:{}:{}", row.file, row.line, row.column);
}

std::string list(const std::vector<WordCount>& counts) {
  constexpr std::size_t kShown = 10;
  std::string text;
  for (std::size_t i = 0; i < std::min(counts.size(), kShown); ++i) {
    text += fmt::format("{}{} ({} {})", i == 0 ? "" : ", ", printable(counts[i].word),
                        with_commas(counts[i].rows), counts[i].rows == 1 ? "row" : "rows");
  }
  if (counts.size() > kShown) text += fmt::format(" and {} more", counts.size() - kShown);
  return text;
}

std::string names_text(const std::vector<std::string>& names) {
  return names.size() == 1 ? names.front()
                           : fmt::format("{} and {} more", names.front(), names.size() - 1);
}

// Says what becomes of advice about files of which rows are in; the text is empty if there is none.
// `rejects` is the file that has the rejected rows, if any.
std::string other_reading_text(const IngestReport& report,
                               const std::optional<std::string>& rejects) {
  std::vector<std::string> of_rows, of_columns;
  for (const FileReport& file : report.files) {
    const std::string name = file.path == "-" ? "standard input" : printable(file.path);
    if (file.rows_want_other_reading) {
      of_rows.push_back(name);
    } else if (file.columns_want_other_reading) {
      of_columns.push_back(name);
    }
  }
  std::string text;
  if (!of_columns.empty()) {
    text += fmt::format(
        "{}: rows are in that would count twice, so another reading, by an advised flag, is for a "
        "new store (--db NEW)\n",
        names_text(of_columns));
  }
  if (of_rows.empty()) return text;
  const std::string kept = !rejects ? "--rejects FILE keeps them when a new store reads the file"
                           : *rejects == "-" ? "which are on standard output"
                                             : printable(*rejects) + " has them";
  return text + fmt::format(
                    "{}: rows are in that would count twice, so another reading, by an advised "
                    "flag or after a conversion, is for a new store (--db NEW), or for the "
                    "rejected rows as a file of their own ({})\n",
                    names_text(of_rows), kept);
}

std::string report_text(const IngestReport& report, const IngestFlags& flags, double elapsed_s) {
  std::string text;
  for (const HintedText& note : report.notes) {
    text += printable(with_flags(note.text, note.hint)) + "\n";
  }
  for (const FileReport& file : report.files) {
    text += admitted_text(file);
    if (file.outcome == FileReport::Outcome::kKnown && file.admitted.empty()) {
      text += fmt::format("{}: already ingested; nothing to do\n", printable(file.path));
    } else if (file.outcome == FileReport::Outcome::kResumed && file.rows_known > 0) {
      text += fmt::format("{}: resumed after {} rows\n", printable(file.path),
                          with_commas(file.rows_known));
    }
  }
  text += fmt::format("rows read      {:>15} in {} ({} rows/s)\n", with_commas(report.rows_read),
                      duration_text(elapsed_s),
                      rate_text(static_cast<double>(report.rows_read) / std::max(elapsed_s, 1e-3)));
  text += fmt::format("rows ingested  {:>15}\n", with_commas(report.rows_ingested));
  text += fmt::format("rows rejected  {:>15}\n", with_commas(report.rows_rejected));
  for (const RejectCount& count : report.rejected_by_kind) {
    text += fmt::format("  {:>28}  {}\n", with_commas(count.rows), to_string(count.kind));
  }
  constexpr std::size_t kExamplesShown = 3;
  for (std::size_t i = 0; i < std::min(report.examples.size(), kExamplesShown); ++i) {
    const RejectedRow& row = report.examples[i];
    text += fmt::format("  {}: {}\n", printable(place(row)),
                        printable(with_flags(row.reason, row.hint)));
  }
  text += other_reading_text(report, flags.rejects);
  if (!report.null_values.empty()) {
    text += fmt::format("values that say there is none: {}; they count as no value\n",
                        list(report.null_values));
  }
  if (!report.null_users.empty()) {
    text += fmt::format(
        "users that may be nobody: {}; each counts as a user (--null-users reject "
        "leaves them out, in a new store)\n",
        list(report.null_users));
  }
  const auto add_odd_users = [&](std::string_view what, const WordCount& odd,
                                 std::string_view consequence) {
    if (odd.rows == 0) return;
    text += fmt::format("users {}: {} {}, such as {}; {}\n", what, with_commas(odd.rows),
                        odd.rows == 1 ? "row" : "rows", quoted_excerpt(odd.word), consequence);
  };
  add_odd_users("with blanks around their id", report.padded_users,
                "each is another user than the one without");
  add_odd_users("whose id a spreadsheet may have rounded", report.rounded_users,
                "several may have become one, which only a new export as text mends");
  if (report.rows_forgotten > 0) {
    text += fmt::format("rows left out  {:>15} of users who are forgotten\n",
                        with_commas(report.rows_forgotten));
  }
  return text + kept_out_text(report, flags.limits);
}

std::string report_json(const IngestReport& report, double elapsed_s) {
  Json json = {{"rows_read", report.rows_read},
               {"rows_ingested", report.rows_ingested},
               {"rows_rejected", report.rows_rejected},
               {"elapsed_s", elapsed_s}};
  json["rejected"] = Json::array();
  for (const RejectCount& count : report.rejected_by_kind) {
    json["rejected"].push_back({{"reason", to_string(count.kind)}, {"rows", count.rows}});
  }
  json["examples"] = Json::array();
  for (const RejectedRow& row : report.examples) {
    json["examples"].push_back({{"file", row.file},
                                {"line", row.line},
                                {"column", row.column},
                                {"reason", with_flags(row.reason, row.hint)},
                                {"row", row.row}});
  }
  const auto counts_of = [](const std::vector<WordCount>& counts) {
    Json list = Json::array();
    for (const WordCount& count : counts) {
      list.push_back({{"word", count.word}, {"rows", count.rows}});
    }
    return list;
  };
  json["null_users"] = counts_of(report.null_users);
  json["null_values"] = counts_of(report.null_values);
  const auto odd_users = [](const WordCount& odd) {
    return Json{{"first", odd.word}, {"rows", odd.rows}};
  };
  json["padded_users"] = odd_users(report.padded_users);
  json["rounded_users"] = odd_users(report.rounded_users);
  json["rows_forgotten"] = report.rows_forgotten;
  json["notes"] = Json::array();
  for (const HintedText& note : report.notes) {
    json["notes"].push_back(with_flags(note.text, note.hint));
  }
  json["failures"] = Json::array();
  for (const Status& failure : report.failures) {
    json["failures"].push_back(with_flags(failure.message(), failure.hint()));
  }
  const auto rows_by_flag = [](const std::vector<LimitCount>& counts) {
    auto rows = Json::object();
    for (const LimitCount& count : counts) {
      const std::string flag(flag_of(count.limit));
      if (!flag.empty()) rows[flag] = count.rows;
    }
    return rows;
  };
  json["files"] = Json::array();
  for (const FileReport& file : report.files) {
    const char* outcome = file.outcome == FileReport::Outcome::kKnown     ? "known"
                          : file.outcome == FileReport::Outcome::kResumed ? "resumed"
                                                                          : "read";
    json["files"].push_back({{"path", file.path},
                             {"outcome", outcome},
                             {"rows_read", file.rows_read},
                             {"rows_known", file.rows_known},
                             {"rows_want_other_reading", file.rows_want_other_reading},
                             {"columns_want_other_reading", file.columns_want_other_reading},
                             {"admitted", rows_by_flag(file.admitted)},
                             {"kept_out", rows_by_flag(file.refused)}});
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

// Returns the file that a name or an open descriptor leads to, if it is one on a disk.
std::optional<std::pair<dev_t, ino_t>> file_behind(const std::string& path, int standard) {
  struct stat facts {};
  const int failed = path == "-" ? ::fstat(standard, &facts) : ::stat(path.c_str(), &facts);
  if (failed != 0 || !S_ISREG(facts.st_mode)) return {};
  return std::pair(facts.st_dev, facts.st_ino);
}

// Checks that rejected rows may be written to where `flags` say: not over what is read, nor to
// where it would be read the next time, nor among the files of the store.
Status check_rejects_path(const IngestFlags& flags) {
  const std::string& rejects = *flags.rejects;
  const auto target = file_behind(rejects, STDOUT_FILENO);
  for (const std::string& path : flags.paths) {
    if (target && target == file_behind(path, STDIN_FILENO)) {
      return Status::invalid_argument(
          fmt::format("--rejects {}: is read itself (allowed: another file)", rejects));
    }
    std::error_code ignored;
    if (path == "-" || rejects == "-" || !std::filesystem::is_directory(path, ignored)) continue;
    if (lies_beneath(rejects, path)) {
      return Status::invalid_argument(fmt::format(
          "--rejects {}: lies in {}, which is read (allowed: a file elsewhere)", rejects, path));
    }
  }
  if (rejects == "-") return {};
  const std::string store =
      lies_beneath(rejects, flags.store.directory) ? flags.store.directory : store_around(rejects);
  if (store.empty()) return {};
  return Status::invalid_argument(
      fmt::format("--rejects {}: lies in {}, {}store (allowed: a file elsewhere)", rejects, store,
                  store == flags.store.directory ? "the " : "a "));
}

// Says what to do if all rows were rejected, mostly as of that kind.
std::string_view advice_for(RejectKind kind) {
  if (const std::string_view advice = limit_advice(kind); !advice.empty()) return advice;
  switch (kind) {
    case RejectKind::kUserNotUtf8:
    case RejectKind::kEventNotUtf8:
    case RejectKind::kPropertyNotUtf8:
      return "iconv makes UTF-8 of other texts, such as iconv -f LATIN1";
    case RejectKind::kColumnType:
      return "--user, --time, --event and --value name other columns, --value \"\" none";
    case RejectKind::kQuoteNotClosed:
    case RejectKind::kQuoteFollowedByBytes:
      return "--no-quotes takes quotes as text";
    case RejectKind::kTimeAmbiguous:
      return "--time-unit or --time-format says what they are";
    case RejectKind::kTimeMissing:
    case RejectKind::kTimeMalformed:
    case RejectKind::kTimeDate:
    case RejectKind::kTimeClock:
    case RejectKind::kTimeOutOfRange:
      return "--time names their column, --time-format their form";
    case RejectKind::kValueMalformed:
    case RejectKind::kValueOutOfRange:
      return "--value names their column, \"\" for none; --decimal, --grouping, --currency and "
             "--round-values say how they are written";
    case RejectKind::kUserMissing:
    case RejectKind::kUserNotInteger:
    case RejectKind::kUserTooLong:
      return "--user names their column, --user-type what they are";
    case RejectKind::kEventMissing:
    case RejectKind::kEventTooLong:
      return "--event names their column";
    default:
      return "--delimiter and --format say how rows are read";
  }
}

Status nothing_ingested(const IngestReport& report) {
  const RejectKind kind = report.rejected_by_kind.front().kind;
  return Status::invalid_argument(fmt::format("no row could be ingested, mostly as {} ({})",
                                              to_string(kind), advice_for(kind)));
}

Status outcome_of(const IngestReport& report) {
  for (std::size_t i = 1; i < report.failures.size(); ++i) {
    say(with_flags(report.failures[i].message(), report.failures[i].hint()));
  }
  if (!report.failures.empty()) return of_file(report.failures.front());
  const bool all_new = std::all_of(report.files.begin(), report.files.end(),
                                   [](const FileReport& file) { return file.rows_known == 0; });
  if (!all_new || report.rows_read == 0 || report.rows_ingested > 0) return {};
  const Status nothing = nothing_ingested(report);
  // An exit code of its own says that some may yet come in.
  if (rows_kept_out(report) == 0) return nothing;
  say(nothing.message());
  return {};
}

// Says what became of an ingest that was stopped. `status` is that of all that came after the stop.
Status interrupted(const std::vector<std::string>& paths, const Status& status) {
  if (!status.ok()) {
    return {StatusCode::kCancelled,
            "interrupted; what the last checkpoint has is kept: " + status.message()};
  }
  const bool any_pipe = std::any_of(paths.begin(), paths.end(), is_pipe);
  return {
      StatusCode::kCancelled,
      fmt::format("interrupted; what was read is kept, and the same command goes on from there{}",
                  any_pipe ? ", but for pipes, which count anew" : "")};
}

// Reads the files, with a progress line, rejected rows into their file, and a report at the end.
// Sets `rows_refused` if limits keep some rows out.
Status read_files(const IngestFlags& flags, Engine& engine, SchemaVoice& voice,
                  std::optional<RejectFile>& rejects, const Interrupt& interrupt, bool& stopped,
                  bool& rows_refused) {
  const auto begin = std::chrono::steady_clock::now();
  std::optional<IngestReport> summary;
  ProgressLine progress;
  IngestHooks hooks;
  hooks.strict = flags.strict;
  hooks.progress = [&progress](const IngestProgress& now) { progress.show(now); };
  hooks.stop = interrupt.token();
  hooks.schema = [&](const std::string& name, const SourceSchema& schema) {
    progress.wipe();
    voice.tell(name, schema);
  };
  if (rejects) hooks.reject = [&rejects](const RejectedRow& row) { return rejects->add(row); };
  hooks.summary = [&summary](const IngestReport& report) { summary = report; };
  SourceOptions source = flags.source;
  ROLLCALL_RETURN_IF_ERROR(set_limits(flags.limits, engine.settings(), source));
  Status status = ingest_files(engine, flags.paths, source, hooks).status();
  stopped = summary && summary->stopped;
  progress.wipe();
  if (rejects) {
    const Status closed = rejects->close();
    if (status.ok()) status = closed;
  }
  const bool nothing_read = summary && summary->rows_read == 0 && summary->files.empty();
  if (!summary) return status;
  if (nothing_read && !status.ok() && summary->failures.size() < 2) {
    return summary->failures.empty() ? status : of_file(status);
  }

  const double elapsed_s =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const std::string text = flags.output.format == OutputFormat::kJson
                               ? report_json(*summary, elapsed_s)
                               : report_text(*summary, flags, elapsed_s);
  if (flags.rejects == "-") {
    write_standard_error(text);
  } else {
    ROLLCALL_RETURN_IF_ERROR(write_standard_output(text));
  }
  rows_refused = rows_kept_out(*summary) > 0;
  const Status outcome = outcome_of(*summary);
  // An error that belongs to no file has ended the run early.
  const bool ended_early = !status.ok() && summary->failures.empty();
  return !outcome.ok() && !ended_early ? outcome : status;
}

// Takes back a store that this ingest made, and that nothing came into.
Status take_back(OpenedStore& store, const std::string& directory) {
  ROLLCALL_RETURN_IF_ERROR(store.made->hide());
  store.engine.reset();
  ROLLCALL_ASSIGN_OR_RETURN(std::vector<std::string> left, store.made->remove());
  if (left.empty()) {
    say(fmt::format("nothing was ingested, and {} is not kept: the next ingest may choose anew",
                    directory));
    return {};
  }
  constexpr std::size_t kShown = 3;
  const std::string more =
      left.size() > kShown ? fmt::format(" and {} more", left.size() - kShown) : "";
  left.resize(std::min(left.size(), kShown));
  say(
      fmt::format("nothing was ingested, and the store in {} is not kept; the directory stays, as "
                  "it holds what no store makes: {}{}",
                  directory, fmt::join(left, ", "), more));
  return {};
}

Status ingest(const IngestFlags& flags, bool& rows_refused) {
  std::optional<RejectFile> rejects;
  if (flags.rejects) {
    ROLLCALL_RETURN_IF_ERROR(check_rejects_path(flags));
    ROLLCALL_ASSIGN_OR_RETURN(rejects, RejectFile::open(*flags.rejects));
  }
  ROLLCALL_ASSIGN_OR_RETURN(OpenedStore store, open_store(flags));
  SchemaVoice voice(std::move(store.guessed), store.engine->settings().history);
  const Interrupt& interrupt = *store.interrupt;
  const std::stop_callback notice(interrupt.token(), [] {
    say("stopping, and keeping what was read; a second signal ends it at once");
  });
  bool stopped = false;
  const Status status =
      read_files(flags, *store.engine, voice, rejects, interrupt, stopped, rows_refused);
  const bool pins_nothing = store.made && store.engine->info().event_count == 0;
  if (pins_nothing) {
    const Status taken_back = take_back(store, flags.store.directory);
    if (!status.ok() && !taken_back.ok()) say(taken_back.message());
    const Status outcome = !status.ok() ? status : taken_back;
    if (!stopped || !outcome.ok()) return outcome;
    return {StatusCode::kCancelled, "interrupted, before anything was ingested"};
  }
  const Status closed = store.engine->close();  // keeps what was read before an error, too
  const Status outcome = !status.ok() ? status : closed;
  return stopped ? interrupted(flags.paths, outcome) : outcome;
}

}  // namespace

void add_ingest_command(CLI::App& app, Action& chosen, const ReadParquet& read_parquet,
                        bool& rows_refused) {
  CLI::App* command = app.add_subcommand(
      "ingest", "Read files of events into a store, each exactly once; makes the store if need be");
  const auto flags = std::make_shared<IngestFlags>();
  add_store_flags(*command, flags->store);
  add_history_flag(*command, flags->store);
  flags->source.read_parquet = read_parquet;
  add_source_flags(*command, flags->source);
  add_limit_flags(*command, flags->limits);
  add_settings_flags(*command, flags->settings);
  command
      ->add_option("--rejects", flags->rejects,
                   "Write rows that were not ingested to this file, - for standard output")
      ->type_name("FILE");
  command->add_flag("--strict", flags->strict, "Stop at the first row that cannot be ingested");
  add_report_output_flag(*command, flags->output);
  command
      ->add_option("FILE", flags->paths,
                   "Files, directories, or - for standard input, which counts anew each time")
      ->required()
      ->type_name("");
  command->callback([flags, &chosen, &rows_refused] {
    const Status source = check_source_options(flags->source);
    if (!source.ok()) throw CLI::ValidationError(with_flags_at_fault(source));
    check_new_settings(flags->settings);
    set_row_limit(flags->limits, flags->source);
    chosen = [flags, &rows_refused] { return ingest(*flags, rows_refused); };
  });
}

}  // namespace rollcall::tools
