// rollcall ingest: reads files of events into a store.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "rollcall/file_source.h"
#include "rollcall/message_text.h"
#include "tools/commands/command.h"
#include "tools/commands/option_kinds.h"
#include "tools/commands/output_flags.h"
#include "tools/commands/settings_flags.h"
#include "tools/commands/source_flags.h"
#include "tools/commands/store_access.h"
#include "tools/interrupt.h"
#include "tools/progress_line.h"
#include "tools/reject_file.h"
#include "tools/terminal.h"
#include "tools/text.h"

namespace rollcall::tools {
namespace {

// One wrong clock must not move the end of the data past all others: what is known by then would be
// asked of the future. Two days leave room for time zones, and for bare dates.
constexpr std::uint32_t kDaysAhead = 2;

struct IngestFlags {
  StoreFlags store;
  SettingsFlags settings;
  SourceOptions source;
  OutputFlags output;
  std::optional<std::string> rejects;
  bool strict = false;
  std::vector<std::string> paths;
};

void say(const std::string& line) {
  write_standard_error("rollcall: " + shortened(printable(line)) + "\n");
}

// Files are the caller's to repair, damaged ones too: it is no store that is damaged.
Status of_file(const Status& status) {
  return status.code() == StatusCode::kCorruption ? Status::invalid_argument(status.message())
                                                  : status;
}

// Says how files are read: what was guessed and what is left out, in one line each, once for all
// files that are alike.
class SchemaVoice {
 public:
  // `more_guesses`: what was guessed for the store, said with the first file.
  explicit SchemaVoice(std::vector<std::string> more_guesses)
      : more_guesses_(std::move(more_guesses)) {}

  void tell(const std::string& file, SourceSchema schema) {
    std::vector<std::string>& guessed = schema.guessed;
    const bool first = told_.empty();
    if (first) guessed.insert(guessed.end(), more_guesses_.begin(), more_guesses_.end());
    std::vector<std::string> lines;
    if (!guessed.empty()) lines.push_back(fmt::format("guessed: {}", fmt::join(guessed, ", ")));
    if (!schema.ignored.empty()) {
      lines.push_back(fmt::format("ignored columns: {} (--dimension NAME keeps one)",
                                  excerpts(schema.ignored)));
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
  std::set<std::vector<std::string>> told_;
};

// The store, and what was guessed to make it.
struct OpenedStore {
  std::unique_ptr<Engine> engine;
  std::vector<std::string> guessed;
};

// Opens the store, or makes it with what the flags and the first rows say. Standard input and pipes
// say nothing, since they can be read only once.
Result<OpenedStore> open_store(const IngestFlags& flags) {
  OpenedStore opened;
  bool made = false;
  const auto settings = [&]() -> Result<StoreSettings> {
    StoreSettings chosen = new_settings(flags.settings);
    std::error_code ignored;
    const std::filesystem::path first = flags.paths.front();
    const bool is_pipe = std::filesystem::exists(first, ignored) &&
                         !std::filesystem::is_regular_file(first, ignored) &&
                         !std::filesystem::is_directory(first, ignored);
    if (first != "-" && !is_pipe) {
      const Result<SourceSchema> schema =
          inspect_source(flags.paths, flags.source, chosen.dimensions);
      if (!schema.ok()) return of_file(schema.status());
      ROLLCALL_RETURN_IF_ERROR(
          of_file(check_dimensions(flags.paths, flags.source, chosen.dimensions)));
      if (!flags.settings.user_kind) {
        chosen.user_kind = schema->user_kind;
        opened.guessed = {fmt::format("user-type = {}", name_of(schema->user_kind))};
      }
    }
    made = true;
    return chosen;
  };
  ROLLCALL_ASSIGN_OR_RETURN(opened.engine, open_for_writing(flags.store, settings));
  if (made) {
    say(fmt::format("made {}: {}", flags.store.directory, describe(opened.engine->settings())));
  } else {
    ROLLCALL_RETURN_IF_ERROR(check_settings(flags.settings, opened.engine->settings()));
  }
  return opened;
}

std::string place(const RejectedRow& row) {
  return row.column == 0 ? fmt::format("{}:{}", row.file, row.line)
                         : fmt::format("{}:{}:{}", row.file, row.line, row.column);
}

std::string report_text(const IngestReport& report, double elapsed_s) {
  std::string text;
  for (const std::string& note : report.notes) text += printable(note) + "\n";
  for (const FileReport& file : report.files) {
    if (file.outcome == FileReport::Outcome::kKnown) {
      text += fmt::format("{}: already ingested; nothing to do\n", printable(file.path));
    } else if (file.outcome == FileReport::Outcome::kResumed) {
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
    text += fmt::format("  {:>28}  {}\n", with_commas(count.rows), printable(count.kind));
  }
  constexpr std::size_t kExamplesShown = 3;
  for (std::size_t i = 0; i < std::min(report.examples.size(), kExamplesShown); ++i) {
    const RejectedRow& row = report.examples[i];
    text += fmt::format("  {}: {}\n", printable(place(row)), printable(row.reason));
  }
  return text;
}

std::string report_json(const IngestReport& report, double elapsed_s) {
  using Json = nlohmann::ordered_json;
  Json json = {{"rows_read", report.rows_read},
               {"rows_ingested", report.rows_ingested},
               {"rows_rejected", report.rows_rejected},
               {"elapsed_s", elapsed_s}};
  json["rejected"] = Json::array();
  for (const RejectCount& count : report.rejected_by_kind) {
    json["rejected"].push_back({{"reason", count.kind}, {"rows", count.rows}});
  }
  json["examples"] = Json::array();
  for (const RejectedRow& row : report.examples) {
    json["examples"].push_back({{"file", row.file},
                                {"line", row.line},
                                {"column", row.column},
                                {"reason", row.reason},
                                {"row", row.row}});
  }
  json["notes"] = report.notes;
  json["failures"] = Json::array();
  for (const Status& failure : report.failures) json["failures"].push_back(failure.message());
  json["files"] = Json::array();
  for (const FileReport& file : report.files) {
    const char* outcome = file.outcome == FileReport::Outcome::kKnown     ? "known"
                          : file.outcome == FileReport::Outcome::kResumed ? "resumed"
                                                                          : "read";
    json["files"].push_back({{"path", file.path},
                             {"outcome", outcome},
                             {"rows_read", file.rows_read},
                             {"rows_known", file.rows_known}});
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

// Whether rejected rows may be written to `rejects`: not over what is read, nor to where it would
// be read the next time.
Status check_rejects_path(const std::string& rejects, const std::vector<std::string>& paths) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const fs::path target = fs::weakly_canonical(rejects, ignored);
  for (const std::string& path : paths) {
    if (path == "-") continue;
    if (fs::equivalent(rejects, path, ignored)) {
      return Status::invalid_argument(
          fmt::format("--rejects {}: is read itself (allowed: another file)", rejects));
    }
    if (!fs::is_directory(path, ignored)) continue;
    const fs::path directory = fs::weakly_canonical(path, ignored);
    const auto [end, rest] =
        std::mismatch(directory.begin(), directory.end(), target.begin(), target.end());
    if (end == directory.end()) {
      return Status::invalid_argument(fmt::format(
          "--rejects {}: lies in {}, which is read (allowed: a file elsewhere)", rejects, path));
    }
  }
  return {};
}

// Why all rows were rejected, as far as a flag may help.
Status nothing_ingested(const IngestReport& report) {
  const std::string& kind = report.rejected_by_kind.front().kind;
  const char* const advice =
      kind == "time is later than any that is plausible" ? "--days-ahead takes more of the future"
      : kind.starts_with("time")  ? "--time names their column, --time-format their form"
      : kind.starts_with("value") ? "--value names their column, \"\" for none"
      : kind.starts_with("user")  ? "--user names their column, --user-type what they are"
      : kind.starts_with("event") ? "--event names their column"
                                  : "--delimiter and --format say how rows are read";
  return Status::invalid_argument(
      fmt::format("no row could be ingested, mostly as {} ({})", kind, advice));
}

Status outcome_of(const IngestReport& report) {
  for (std::size_t i = 1; i < report.failures.size(); ++i) say(report.failures[i].message());
  if (!report.failures.empty()) return of_file(report.failures.front());
  const bool all_new = std::all_of(report.files.begin(), report.files.end(),
                                   [](const FileReport& file) { return file.rows_known == 0; });
  if (all_new && report.rows_read > 0 && report.rows_ingested == 0) return nothing_ingested(report);
  return {};
}

// Ends an ingest that is interrupted: asks it to stop, and waits for it to come to its end. One
// that waits for a pipe does not come, and is left where it stands.
class Interruption {
 public:
  explicit Interruption(Engine& engine) : engine_(engine) {}

  bool stop() const { return stop_; }

  // All that was read is durable.
  void set_ended() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    ended_or_not_.notify_all();
  }

  // On another thread.
  void leave() {
    stop_ = true;
    Status status;
    {
      std::unique_lock lock(mutex_);
      if (!ended_or_not_.wait_for(lock, kPatience, [this] { return ended_; })) {
        lock.unlock();
        status = engine_.checkpoint();
        std::fflush(nullptr);  // rejected rows
      }
    }
    write_standard_error(status.ok() ? "\nrollcall: interrupted; what was read is kept, and the "
                                       "same command goes on from there\n"
                                     : "\nrollcall: interrupted; the last checkpoint is kept: " +
                                           printable(status.message()) + "\n");
  }

 private:
  static constexpr auto kPatience = std::chrono::seconds(2);
  Engine& engine_;
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::condition_variable ended_or_not_;
  bool ended_ = false;
};

// Reads the files, with a progress line, rejected rows into their file, and a report at the end.
Status read_files(const IngestFlags& flags, Engine& engine, SchemaVoice& voice,
                  std::optional<RejectFile>& rejects, const Interruption& interruption) {
  const auto begin = std::chrono::steady_clock::now();
  std::optional<IngestReport> summary;
  ProgressLine progress;
  IngestHooks hooks;
  hooks.strict = flags.strict;
  hooks.progress = [&progress](const IngestProgress& now) { progress.show(now); };
  hooks.stop = [&interruption] { return interruption.stop(); };
  hooks.schema = [&](const std::string& name, const SourceSchema& schema) {
    progress.wipe();
    voice.tell(name, schema);
  };
  if (rejects) hooks.reject = [&rejects](const RejectedRow& row) { rejects->add(row); };
  hooks.summary = [&summary](const IngestReport& report) { summary = report; };
  const Status status = ingest_files(engine, flags.paths, flags.source, hooks).status();
  progress.wipe();
  if (rejects) ROLLCALL_RETURN_IF_ERROR(rejects->close());
  const bool nothing_read = summary && summary->rows_read == 0 && summary->files.empty();
  if (!summary) return status;
  if (nothing_read && !status.ok() && summary->failures.size() < 2) {
    return summary->failures.empty() ? status : of_file(status);
  }

  const double elapsed_s =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const std::string text = flags.output.format == OutputFormat::kJson
                               ? report_json(*summary, elapsed_s)
                               : report_text(*summary, elapsed_s);
  if (flags.rejects == "-") {
    write_standard_error(text);
  } else {
    ROLLCALL_RETURN_IF_ERROR(write_standard_output(text));
  }
  const Status outcome = outcome_of(*summary);
  return !outcome.ok() ? outcome : status;
}

Status ingest(const IngestFlags& flags) {
  InterruptGuard guard;
  std::optional<RejectFile> rejects;
  if (flags.rejects) {
    ROLLCALL_RETURN_IF_ERROR(check_rejects_path(*flags.rejects, flags.paths));
    ROLLCALL_ASSIGN_OR_RETURN(rejects, RejectFile::open(*flags.rejects));
  }
  ROLLCALL_ASSIGN_OR_RETURN(OpenedStore store, open_store(flags));
  SchemaVoice voice(std::move(store.guessed));
  Interruption interruption(*store.engine);
  guard.watch([&interruption] { interruption.leave(); });
  const Status status = read_files(flags, *store.engine, voice, rejects, interruption);
  interruption.set_ended();
  guard.rest();
  const Status closed = store.engine->close();  // keeps what was read before an error, too
  return !status.ok() ? status : closed;
}

}  // namespace

void add_ingest_command(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "ingest", "Read files of events into a store, each exactly once; makes the store if need be");
  const auto flags = std::make_shared<IngestFlags>();
  add_store_flags(*command, flags->store);
  add_source_flags(*command, flags->source);
  add_settings_flags(*command, flags->settings);
  command
      ->add_option("--rejects", flags->rejects,
                   "Write rows that were not ingested to this file, - for standard output")
      ->type_name("FILE");
  flags->store.days_ahead = kDaysAhead;
  command
      ->add_option(
          "--days-ahead", flags->store.days_ahead,
          fmt::format("Reject events later than so many days from now (default {})", kDaysAhead))
      ->check(whole_number(0, kSpanDaysMax))
      ->type_name("N");
  command->add_flag("--strict", flags->strict, "Stop at the first row that cannot be ingested");
  add_report_output_flag(*command, flags->output);
  command
      ->add_option("FILE", flags->paths,
                   "Files, directories, or - for standard input, which counts anew each time")
      ->required()
      ->type_name("");
  command->callback([flags, &chosen] { chosen = [flags] { return ingest(*flags); }; });
}

}  // namespace rollcall::tools
